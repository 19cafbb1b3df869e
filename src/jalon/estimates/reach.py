"""A share of persons or companies rather than of rows: leads reached among the leads tried."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import (
    Aggregate,
    Estimator,
    Figures,
    Floats,
    Shape,
    both,
    where_empty,
)
from jalon.stats.proportion import wilson


class DistinctProportion(Estimator):
    """The different values of ``value`` with a row that meets ``success``, among those with a row
    of ``among``; Wilson's interval on their number. How many rows each has is said.

    It does not merge: somebody tried in two months is one person tried over both.
    """

    name = "distinct_proportion"
    shape = Shape.DISTINCT
    fields = {"value": "any", "success": "condition", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The distinct values that succeed, those counted, and the rows."""
        value = fields["value"]
        among = both(fields.get("among"), f"{value} is not null")
        return {
            "rows": Aggregate("count", among=among),
            "k": Aggregate("distinct", value, among=both(among, fields["success"])),
            "n": Aggregate("distinct", value, among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """k / n."""
        k, n, rows = sums["k"], sums["n"], sums["rows"]
        found = wilson(k, n, level)
        figures = Figures(found.value, found.low, found.high, n, k, n, missing=where_empty(n))
        for index in np.flatnonzero(rows > n):
            facts = {"times": round(float(rows[index] / n[index]), 1)}
            figures.notes.append(("times_each", facts, np.arange(n.size) == index))
        return figures
