"""How far what was forecast was from what came."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Shape


class Forecast(Estimator):
    """What the KPI ``forecast`` said before each period, against the KPI ``actual`` over it.

    Measured by :mod:`jalon.measure.forecast`: the forecast as it was known at the last import
    before the period, the actual as it is known now. ``give``: ``bias`` or ``mape``. The rows of
    ``among`` are those of the actual.
    """

    name = "forecast"
    shape = Shape.SNAPSHOTS
    fields = {"give": "word", "forecast": "kpis", "actual": "kpis", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The rows of the actual."""
        return {"n": Aggregate("count", among=fields.get("among"))}
