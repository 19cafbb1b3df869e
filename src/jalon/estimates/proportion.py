"""A share of rows: wins among closings, answers among sends."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, both, where_empty
from jalon.stats.proportion import wilson


class Proportion(Estimator):
    """The rows of ``among`` that meet ``success``, with Wilson's interval."""

    name = "proportion"
    fields = {"success": "condition", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """k and n."""
        among = fields.get("among")
        return {
            "k": Aggregate("count", among=both(among, fields["success"])),
            "n": Aggregate("count", among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """k / n."""
        k, n = sums["k"], sums["n"]
        found = wilson(k, n, level)
        return Figures(found.value, found.low, found.high, n, k, n, missing=where_empty(n))
