"""Means: of amounts, of shares, and quotients of two sums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import (
    Aggregate,
    Estimator,
    Figures,
    Floats,
    both,
    columns,
    where_empty,
)
from jalon.stats.mean import lognormal, student
from jalon.stats.poisson import rate_inverse
from jalon.stats.ratio import ratio_of_sums


class Mean(Estimator):
    """The mean of ``value`` over ``among``.

    Its interval is Cox's for log-normal amounts where all are positive and the mean lies inside it,
    else Student's (a mean outside shows that the amounts are not log-normal); said in a note.
    ``bounded: share`` for values between 0 and 1: Student's, cut at these; ``bounded: count`` for
    whole numbers, cut at 0; ``bounded: 1 7`` for notes of a scale.
    """

    name = "mean"
    fields = {"value": "number", "among": "condition", "bounded": "word"}
    optional = frozenset({"among", "bounded"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n, Σx, Σx², and for amounts Σlog x, Σ(log x)² and the count of those above zero."""
        value = fields["value"]
        among = both(fields.get("among"), f"{value} is not null")
        found = {
            "n": Aggregate("count", among=among),
            "sum": Aggregate("sum", value, among=among),
            "square": Aggregate("square", value, among=among),
        }
        if not fields.get("bounded"):
            found["log"] = Aggregate("log", value, among=among)
            found["log_square"] = Aggregate("log_square", value, among=among)
            found["positive"] = Aggregate("count", among=both(among, f"{value} > 0"))
        return found

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σx / n."""
        n, total, square = columns(sums, ("n", "sum", "square"))
        found = student(n, total, square, level)
        low, high = found.low, found.high
        figures = Figures(found.value, low, high, n, total, n, missing=where_empty(n))
        if fields.get("bounded"):
            least, most = _scale(fields["bounded"])
            figures.low, figures.high = np.maximum(low, least), np.minimum(high, most)
            return figures
        amounts = lognormal(n, total, sums["log"], sums["log_square"], level)
        inside = (amounts.low < found.value) & (found.value < amounts.high)
        lognormal_fits = (sums["positive"] == n) & (n > 1) & inside
        figures.low = np.where(lognormal_fits, amounts.low, low)
        figures.high = np.where(lognormal_fits, amounts.high, high)
        figures.notes.append(("interval_lognormal", {}, lognormal_fits))
        figures.notes.append(("interval_student", {}, ~lognormal_fits & (n > 1)))
        return figures


def _scale(bounded: str) -> tuple[float, float]:
    """The least and the largest value that there can be."""
    if bounded == "share":
        return 0.0, 1.0
    if bounded == "count":
        return 0.0, np.inf
    least, most = bounded.split()
    return float(least), float(most)


class Ratio(Estimator):
    """Σ ``numerator`` / Σ ``denominator`` over ``among``, with Fieller's interval.

    ``bounded: share`` where the numerator is a part of the denominator: cut at 0 and 1.
    ``never_zero: condition`` names rows whose numerator must not all be zero: a file that writes 0
    on every lost deal tells nothing about value.
    """

    name = "ratio"
    fields = {
        "numerator": "number",
        "denominator": "number",
        "among": "condition",
        "bounded": "word",
        "never_zero": "condition",
    }
    optional = frozenset({"among", "bounded", "never_zero"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """n, Σx, Σy, Σx², Σy², Σxy."""
        x, y = fields["numerator"], fields["denominator"]
        among = both(fields.get("among"), f"{x} is not null", f"{y} is not null")
        found = {
            "n": Aggregate("count", among=among),
            "x": Aggregate("sum", x, among=among),
            "y": Aggregate("sum", y, among=among),
            "xx": Aggregate("square", x, among=among),
            "yy": Aggregate("square", y, among=among),
            "xy": Aggregate("cross", x, y, among=among),
        }
        if fields.get("never_zero"):
            told = both(among, fields["never_zero"])
            found["told"] = Aggregate("count", among=told)
            found["told_sum"] = Aggregate("sum", y, among=told)
        return found

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σx / Σy; unbounded where the denominator is not told apart from zero, and said."""
        n, x, y, xx, yy, xy = columns(sums, ("n", "x", "y", "xx", "yy", "xy"))
        found = ratio_of_sums(n, x, y, xx, yy, xy, level)
        figures = Figures(found.value, found.low, found.high, n, x, y, missing=where_empty(n))
        with np.errstate(invalid="ignore"):
            figures.notes.append(("interval_unbounded", {}, found.g >= 1))
        if fields.get("bounded"):
            figures.low = np.maximum(found.low, 0)
            figures.high = np.minimum(found.high, 1)
        if "told" in sums and figures.missing is not None:
            untold = (sums["told"] > 0) & (sums["told_sum"] == 0)
            figures.missing = np.where(untold, "all_amounts_zero", figures.missing)
            for side in (figures.value, figures.low, figures.high):
                side[untold] = np.nan
        return figures


class Cost(Estimator):
    """Σ ``value`` / Σ ``units``: a known cost over a counted number, exact Poisson interval."""

    name = "cost"
    fields = {"value": "number", "units": "number", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """Σ cost and Σ units."""
        among = fields.get("among")
        return {
            "n": Aggregate("count", among=among),
            "cost": Aggregate("sum", fields["value"], among=among),
            "units": Aggregate("sum", fields["units"], among=among),
        }

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Σ cost / Σ units; without a unit there is a lower bound and no value."""
        cost, units = sums["cost"], sums["units"]
        found = rate_inverse(cost, units, level)
        missing = np.where(units > 0, "", "no_customer").astype(object)
        return Figures(found.value, found.low, found.high, units, cost, units, missing=missing)
