"""Figures about units that have several rows each: customers and their invoices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, Shape, empty
from jalon.estimates.mean import Mean, Ratio
from jalon.stats.interval import ratio

#: What the rows of a unit add up to, under this name.
TOTAL = "total"
_MEAN, _RATIO = Mean(), Ratio()


class MeanPerUnit(Estimator):
    """The mean, over the units ``per`` of the rows of ``among``, of their Σ ``value``.

    Its interval is that of a mean of amounts, the units being the draws (:class:`Mean`).
    """

    name = "mean_per"
    shape = Shape.UNITS
    fields = {"per": "any", "value": "number", "among": "condition"}
    optional = frozenset({"among"})

    def by_unit(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What a unit adds up to."""
        return {TOTAL: fields["value"]}

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """Those of a mean, over units."""
        return _MEAN.aggregates({"value": TOTAL})

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σx / units."""
        return _MEAN.finish(sums, level, {"value": TOTAL})


class RatioPerUnit(Estimator):
    """Σ ``numerator`` / Σ ``denominator`` over the units ``per``, which are the draws.

    Fieller's interval (:class:`Ratio`). ``only: there`` leaves out the units without denominator,
    and what they have of the numerator: a customer who was not there at the start is not retained.
    """

    name = "ratio_per"
    shape = Shape.UNITS
    fields = {
        "per": "any",
        "numerator": "number",
        "denominator": "number",
        "among": "condition",
        "bounded": "word",
        "only": "word",
    }
    optional = frozenset({"among", "bounded", "only"})

    def by_unit(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Both sides of a unit."""
        return {"above": fields["numerator"], "below": fields["denominator"]}

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """Those of a ratio, over units."""
        return _RATIO.aggregates(_sides(fields))

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σx / Σy."""
        return _RATIO.finish(sums, level, _sides(fields))


def _sides(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a plain ratio over units."""
    found = {"numerator": "above", "denominator": "below"}
    if fields.get("only"):
        found["among"] = "below > 0"
    if "bounded" in fields:
        found["bounded"] = fields["bounded"]
    return found


class Concentration(Estimator):
    """The share that the ten largest units ``per`` have of Σ ``value``, over units above 0.

    ``give: squares`` gives Σ share² instead (Herfindahl and Hirschman: 1 for a single unit, 1/n for
    n equal ones). It describes all the units there are, drawn from nothing: no interval.
    """

    name = "concentration"
    shape = Shape.UNITS
    fields = {"per": "any", "value": "number", "among": "condition", "give": "word"}
    optional = frozenset({"among", "give"})

    def by_unit(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What a unit adds up to."""
        return {TOTAL: fields["value"]}

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """Units, their whole, their squares, and the ten largest."""
        positive = f"{TOTAL} > 0"
        return {
            "n": Aggregate("count", among=positive),
            "sum": Aggregate("sum", TOTAL, among=positive),
            "square": Aggregate("square", TOTAL, among=positive),
            "top": Aggregate("top", TOTAL, among=positive),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Top over whole, or Σx² / (Σx)²."""
        n, whole, nothing = sums["n"], sums["sum"], empty(len(sums["n"]))
        missing = np.where(n > 0, "", "no_rows").astype(object)
        if fields.get("give") == "squares":
            value = ratio(sums["square"], whole**2)
            return Figures(value, nothing, nothing, n, missing=missing)
        value = ratio(sums["top"], whole)
        return Figures(value, nothing, nothing, n, sums["top"], whole, missing=missing)
