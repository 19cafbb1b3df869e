"""How another KPI stands against the targets set for it."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Shape


class Target(Estimator):
    """The KPI that a target names, against the target: measured by :mod:`jalon.measure.target`.

    ``give``: ``attainment`` (actual / target), ``gap`` (actual less what was expected by now, in
    proportion of working days, or with ``profile: seasonal`` of the year before), ``chance`` (the
    probability to reach it) or ``coverage`` (:mod:`jalon.measure.coverage`: the KPI ``open`` due in
    the period / what remains of the target of a KPI of ``only``; ``stale`` and ``rate``: the KPIs
    of what sleeps in it and of the share that is won).
    """

    name = "target"
    shape = Shape.TARGET
    fields = {
        "give": "word",
        "profile": "word",
        "only": "kpis",
        "open": "kpis",
        "stale": "kpis",
        "rate": "kpis",
    }
    optional = frozenset({"profile", "only", "open", "stale", "rate"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The targets."""
        return {"n": Aggregate("count")}
