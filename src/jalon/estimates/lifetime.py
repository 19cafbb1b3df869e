"""Durations of which some are not over: how long a customer stays, how long a sale takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Aggregate, Estimator, Figures, Floats, Histogram, Shape
from jalon.model.periods import MONTH_DAYS
from jalon.stats.competing import aalen_johansen, median_of_incidence
from jalon.stats.segments import sums
from jalon.stats.survival import horizon, kaplan_meier, median, restricted_mean, survival_at

LEAST_AT_RISK = 10


class Lifetime(Estimator):
    """The restricted mean of ``duration`` (days), those not ``ended`` being still alive; in months.

    The horizon is the longest time with at least ten at risk, and is said. ``give: median`` gives
    the median instead ("at least" the longest time seen where it is not reached); ``at: 365`` the
    share still alive at that age.
    """

    name = "lifetime"
    shape = Shape.HISTOGRAM
    fields = {
        "duration": "number",
        "ended": "condition",
        "among": "condition",
        "give": "word",
        "at": "word",
    }
    optional = frozenset({"among", "give", "at"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows."""
        return {"n": Aggregate("count", among=fields.get("among"))}

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by duration and end."""
        ended = f"case when {fields['ended']} then 1 else 0 end"
        return {"duration": fields["duration"], "ended": ended}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Months, from Kaplan and Meier's curve of each group."""
        group, groups = histogram.group, histogram.groups
        duration, ended = histogram.keys["duration"], histogram.keys["ended"]
        curves = kaplan_meier(duration, ended > 0, histogram.count, group=group, groups=groups)
        n = sums(histogram.count, group, groups)
        ends = sums(histogram.count * (ended > 0), group, groups)
        missing = np.where(n > 0, "", "no_rows").astype(object)
        if fields.get("give") == "median":
            return self._median(curves, level, n, ends, missing)
        if fields.get("at"):
            found = survival_at(curves, float(fields["at"]), level)
            return Figures(found.value, found.low, found.high, n, missing=missing)
        end = horizon(curves, LEAST_AT_RISK)
        figure = restricted_mean(curves, np.nan_to_num(end), level)
        value = np.where(np.isnan(end), np.nan, figure.value / MONTH_DAYS)
        low, high = figure.low / MONTH_DAYS, figure.high / MONTH_DAYS
        missing = np.where((n > 0) & np.isnan(end), "too_few_at_risk", missing)
        result = Figures(value, low, high, n, ends, n, missing=missing)
        for index in np.flatnonzero(~np.isnan(end)):
            facts = {"months": round(float(end[index]) / MONTH_DAYS, 1)}
            result.notes.append(("lifetime_horizon", facts, np.arange(groups) == index))
        result.notes.append(("no_end_seen", {}, (n > 0) & (ends == 0)))
        return result

    def _median(
        self, curves: object, level: float, n: Floats, ends: Floats, missing: np.ndarray
    ) -> Figures:
        found = median(curves, level)  # type: ignore[arg-type]
        unreached = np.isinf(found.value)
        result = Figures(
            np.where(unreached, np.nan, found.value / MONTH_DAYS),
            found.low / MONTH_DAYS,
            found.high / MONTH_DAYS,
            n,
            ends,
            n,
            missing=np.where(unreached, "median_not_reached", missing),
        )
        result.notes.append(("at_least", {}, unreached))
        return result


class Wait(Estimator):
    """The median ``duration`` until ``ended``, in the unit of the duration, those that still wait
    being followed to date; "at least" the longest time seen where half have not ended.
    """

    name = "wait"
    shape = Shape.HISTOGRAM
    fields = {"duration": "number", "ended": "condition", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows."""
        return {"n": Aggregate("count", among=fields.get("among"))}

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by duration and end."""
        ended = f"case when {fields['ended']} then 1 else 0 end"
        return {"duration": fields["duration"], "ended": ended}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """From Kaplan and Meier's curve of each group."""
        group, groups, count = histogram.group, histogram.groups, histogram.count
        ended = histogram.keys["ended"] > 0
        curves = kaplan_meier(histogram.keys["duration"], ended, count, group=group, groups=groups)
        found = median(curves, level)
        n, ends = sums(count, group, groups), sums(count * ended, group, groups)
        unreached = (n > 0) & ~np.isfinite(found.value)
        missing = np.where(unreached, "median_not_reached", np.where(n > 0, "", "no_rows"))
        value = np.where(np.isfinite(found.value), found.value, np.nan)
        result = Figures(value, found.low, found.high, n, ends, n, missing=missing.astype(object))
        result.notes.append(("at_least", {}, unreached))
        return result


class Cycle(Estimator):
    """The median ``duration`` (days) to ``won``, among all rows of ``among``.

    By the cumulative incidence of winning: rows neither ``won`` nor ``lost`` are still open, a loss
    is a competing end.
    """

    name = "cycle"
    shape = Shape.HISTOGRAM
    fields = {
        "duration": "number",
        "won": "condition",
        "lost": "condition",
        "among": "condition",
    }
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows."""
        return {"n": Aggregate("count", among=fields.get("among"))}

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by duration and kind of end."""
        cause = f"case when {fields['won']} then 1 when {fields['lost']} then 2 else 0 end"
        return {"duration": fields["duration"], "cause": cause}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Days, from Aalen and Johansen's curve of each group."""
        group, groups = histogram.group, histogram.groups
        cause = histogram.keys["cause"].astype(np.int64)
        curve = aalen_johansen(
            histogram.keys["duration"], cause, histogram.count, group=group, groups=groups
        )
        found = median_of_incidence(curve, level)
        n = sums(histogram.count, group, groups)
        won = sums(histogram.count * (cause == 1), group, groups)
        missing = np.where(won > 0, "", np.where(n > 0, "no_win", "no_rows")).astype(object)
        return Figures(found.value, found.low, found.high, n, won, n, missing=missing)
