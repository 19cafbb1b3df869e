"""How rows divide among classes: each class's share of the whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, both
from jalon.stats.interval import ratio
from jalon.stats.proportion import wilson


class Shares(Estimator):
    """The share of each class among the rows of ``among``; shares add up to 1.

    ``value``: in amount instead of number. The classes are those of the definition's ``classes``;
    the whole is that of the other dimensions.
    """

    name = "distribution"
    fields = {"among": "condition", "value": "number"}
    optional = frozenset({"among", "value"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n, or Σx, by class; the plan adds the wholes as ``whole_n`` and ``whole_sum``."""
        value, among = fields.get("value"), fields.get("among")
        if not value:
            return {"n": Aggregate("count", among=among)}
        among = both(among, f"{value} is not null")
        return {
            "n": Aggregate("count", among=among),
            "sum": Aggregate("sum", value, among=among),
            "square": Aggregate("square", value, among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Each class over the whole: Wilson in number; in amount no interval is claimed."""
        n, whole = sums["n"], sums["whole_n"]
        found = wilson(n, whole, level)
        missing = np.where(whole > 0, "", "no_rows").astype(object)
        if "sum" not in sums:
            return Figures(found.value, found.low, found.high, whole, n, whole, missing=missing)
        value = ratio(sums["sum"], sums["whole_sum"])
        low, high = self._amount_bounds(sums, value, level)
        missing = np.where(np.isnan(value), "all_amounts_zero", missing)
        return Figures(value, low, high, whole, sums["sum"], sums["whole_sum"], missing=missing)

    def _amount_bounds(
        self, sums: Mapping[str, Floats], value: Floats, level: float
    ) -> tuple[Floats, Floats]:
        """Wilson's, on as many deals as the amounts are worth: (Σx)² / Σx²."""
        worth = ratio(sums["whole_sum"] ** 2, sums["whole_square"])
        found = wilson(value * worth, worth, level)
        return found.low, found.high
