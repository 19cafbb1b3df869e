"""The net score: promoters less detractors."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, both, where_empty
from jalon.stats.net import net_score


class Net(Estimator):
    """100 × (rows that meet ``plus`` − rows that meet ``minus``) / rows of ``among``, in points."""

    name = "net"
    fields = {"plus": "condition", "minus": "condition", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """Promoters, detractors, n."""
        among = fields.get("among")
        return {
            "plus": Aggregate("count", among=both(among, fields["plus"])),
            "minus": Aggregate("count", among=both(among, fields["minus"])),
            "n": Aggregate("count", among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """The score, with the adjusted Wald interval."""
        plus, minus, n = sums["plus"], sums["minus"], sums["n"]
        found = net_score(plus, minus, n, level)
        return Figures(
            found.value, found.low, found.high, n, plus - minus, n, missing=where_empty(n)
        )
