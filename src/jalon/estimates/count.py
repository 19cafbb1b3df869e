"""How many rows, or how much they add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, both, empty
from jalon.stats.compound import signed_total, total
from jalon.stats.poisson import garwood


class Count(Estimator):
    """The number of rows of ``among``, with Garwood's exact Poisson interval.

    ``certain: yes`` for a state rather than a flow (the accounts of a file): no interval.
    """

    name = "count"
    fields = {"among": "condition", "certain": "word"}
    optional = frozenset({"among", "certain"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n."""
        return {"n": Aggregate("count", among=fields.get("among"))}

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """n."""
        n = sums["n"]
        if fields.get("certain"):
            return Figures(n, empty(n.size), empty(n.size), n, n)
        found = garwood(n, level)
        return Figures(found.value, found.low, found.high, n, n)


class Amount(Estimator):
    """The sum of ``value`` over ``among``, as one draw of a compound Poisson total.

    ``certain: yes`` for what was decided rather than drawn (a spend): no interval.
    """

    name = "sum"
    fields = {"value": "number", "among": "condition", "certain": "word"}
    optional = frozenset({"among", "certain"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n, Σx, Σx², and the rows below zero."""
        value = fields["value"]
        among = both(fields.get("among"), f"{value} is not null")
        found = {"n": Aggregate("count", among=among), "sum": Aggregate("sum", value, among=among)}
        if not fields.get("certain"):
            found["square"] = Aggregate("square", value, among=among)
            found["negative"] = Aggregate("count", among=both(among, f"{value} < 0"))
        return found

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σx; without rows it is 0, and nothing bounds it."""
        n, value = sums["n"], sums["sum"]
        if fields.get("certain"):
            return Figures(value, empty(n.size), empty(n.size), n, value)
        positive = total(n, value, sums["square"], level)
        signed = signed_total(n, value, sums["square"], level)
        mixed = sums["negative"] > 0
        low = np.where(mixed, signed.low, positive.low)
        high = np.where(mixed, signed.high, positive.high)
        known = n > 0
        return Figures(value, np.where(known, low, np.nan), np.where(known, high, np.nan), n, value)


class Distinct(Estimator):
    """How many different values of ``value`` the rows of ``among`` hold; a state, no interval.

    ``share: repeated`` gives instead the share of rows that repeat one: 1 − distinct / rows.
    """

    name = "distinct"
    fields = {"value": "any", "among": "condition", "share": "word"}
    optional = frozenset({"among", "share"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n and the distinct count."""
        value = fields["value"]
        among = both(fields.get("among"), f"{value} is not null")
        return {
            "n": Aggregate("count", among=among),
            "distinct": Aggregate("distinct", value, among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """The count, or the repeated share."""
        n, distinct = sums["n"], sums["distinct"]
        nothing = empty(n.size)
        if fields.get("share") != "repeated":
            return Figures(distinct, nothing, nothing, n, distinct)
        value = np.divide(n - distinct, n, out=empty(n.size), where=n > 0)
        return Figures(
            value,
            nothing,
            nothing,
            n,
            n - distinct,
            n,
            missing=np.where(n > 0, "", "no_rows").astype(object),
        )
