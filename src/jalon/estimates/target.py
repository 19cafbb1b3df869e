"""How another KPI stands against the targets set for it."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Shape


class Target(Estimator):
    """The KPI that a target names, against the target: measured by :mod:`jalon.measure.target`.

    ``give``: ``attainment`` (actual / target), ``gap`` (actual less what was expected by now, in
    proportion of working days, or with ``profile: seasonal`` of the year before) or ``chance`` (the
    probability to reach it).
    """

    name = "target"
    shape = Shape.TARGET
    fields = {"give": "word", "profile": "word"}
    optional = frozenset({"profile"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The targets."""
        return {"n": Aggregate("count")}
