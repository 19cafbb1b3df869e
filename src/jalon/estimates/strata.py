"""Adjusted differences: two groups of rows compared within strata."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Estimator, Figures, Histogram, Shape, parts_of
from jalon.stats.interval import normal_quantile
from jalon.stats.segments import sums
from jalon.stats.strata import stratified_difference

#: Under so many rows of either kind in strata that have both, nothing is said.
LEAST = 20
#: Under so many rows, or so many exposed, what could be seen at all is said.
ROWS, EXPOSED = 600, 100
#: Standard errors from 0 of an effect found four times in five, tested at 5 % (1.96 + 0.84).
SEEN = 2.8


class AdjustedGap(Estimator):
    """The share of ``success`` of rows ``exposed`` less that of the others, within ``strata``.

    In points. ``strata`` are values after semicolons; one with a single kind of rows says nothing
    and is counted out. Nothing is given under twenty rows of either kind in the others.
    """

    name = "adjusted_gap"
    shape = Shape.HISTOGRAM
    fields = {
        "success": "condition",
        "exposed": "condition",
        "strata": "values",
        "among": "condition",
    }
    optional = frozenset({"among"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by kind, success and stratum."""
        keys = {
            "exposed": f"case when {fields['exposed']} then 1 else 0 end",
            "success": f"case when {fields['success']} then 1 else 0 end",
        }
        for place, (_, column) in enumerate(parts_of("values", fields["strata"])):
            keys[f"stratum{place}"] = column
        return keys

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Points, with Sato's interval; an interval that holds 0 is no conclusion."""
        count, exposed = histogram.count, histogram.keys["exposed"] == 1
        success = histogram.keys["success"] == 1
        told = [values for name, values in histogram.keys.items() if name.startswith("stratum")]
        rows = np.column_stack([histogram.group, *told])
        strata, place = np.unique(rows, axis=0, return_inverse=True)
        place = place.reshape(-1).astype(np.int64)
        size = len(strata)
        group, groups = strata[:, 0].astype(np.int64), histogram.groups
        n1, n0 = sums(count * exposed, place, size), sums(count * ~exposed, place, size)
        k1 = sums(count * (exposed & success), place, size)
        k0 = sums(count * (~exposed & success), place, size)
        found = stratified_difference(k1, n1, k0, n0, group, groups, level)
        usable = (n1 > 0) & (n0 > 0)
        arms = [sums(np.where(usable, each, 0), group, groups) for each in (n1, n0)]
        enough = np.minimum(*arms) >= LEAST
        n = arms[0] + arms[1]
        whole = sums(count, histogram.group, groups)
        missing = np.where(whole > 0, np.where(enough, "", "few_both_ways"), "no_rows")
        value, low, high = (
            np.where(enough, 100 * side, np.nan) for side in (found.value, found.low, found.high)
        )
        figures = Figures(value, low, high, n, missing=missing.astype(object))
        facts = {"out": int(whole.sum() - n.sum()), "rows": int(whole.sum())}
        figures.notes.append(("strata_of_one_kind", facts, whole > n))
        figures.notes.append(("no_conclusion", {}, enough & (low <= 0) & (high >= 0)))
        few = enough & ((n < ROWS) | (arms[0] < EXPOSED))
        if groups == 1 and few[0]:
            error = (high[0] - low[0]) / 2 / normal_quantile(level)
            seen = {"points": round(SEEN * error), "rows": int(n[0]), "exposed": int(arms[0][0])}
            figures.notes.append(("gap_to_be_seen", seen, few))
        return figures
