"""Durations of which some are not over: how long a customer stays, how long a sale takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jalon.estimates.estimator import Estimator, Figures, Floats, Histogram, Shape
from jalon.model.periods import MONTH_DAYS
from jalon.stats.competing import aalen_johansen, median_of_incidence
from jalon.stats.proportion import wilson
from jalon.stats.segments import sums
from jalon.stats.survival import (
    Curves,
    horizon,
    kaplan_meier,
    median,
    restricted_mean,
    survival_at,
)
from jalon.stats.truncation import entries

LEAST_AT_RISK = 10
Reasons = NDArray[np.object_]


class Lifetime(Estimator):
    """The restricted mean of ``duration`` (days), those not ``ended`` being still alive; in months.

    The horizon is the longest time with at least ten at risk, and is said. ``give: median`` gives
    the median instead ("at least" the longest time seen where it is not reached); ``at: 365`` the
    share still alive at that age.

    ``followed``, the days from a row's beginning to the end of observation, lets a history that was
    cut at some date be found: rows then count from their age at that date on (``at``: only rows
    that began later count), and it is said (:mod:`jalon.stats.truncation`).
    """

    name = "lifetime"
    shape = Shape.HISTOGRAM
    censored = True
    fields = {
        "duration": "number",
        "ended": "condition",
        "followed": "number",
        "among": "condition",
        "give": "word",
        "at": "word",
    }
    optional = frozenset({"among", "give", "at", "followed"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by duration, end and beginning."""
        ended = f"case when {fields['ended']} then 1 else 0 end"
        found = {"duration": fields["duration"], "ended": ended}
        return {**found, "followed": fields["followed"]} if "followed" in fields else found

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Months, from Kaplan and Meier's curve of each group."""
        group, groups = histogram.group, histogram.groups
        duration, ended = histogram.keys["duration"], histogram.keys["ended"] > 0
        followed, count = histogram.keys.get("followed"), histogram.count
        entry, cut = np.zeros(count.size), None
        if followed is not None:
            entry, cut = entries(duration, ended, followed, count)
        if fields.get("at"):
            whole = histogram if entry is None or cut is None else _kept(histogram, entry == 0)
            return _told(_share(whole, float(fields["at"]), level), cut)
        curves = kaplan_meier(duration, ended, count, entry=entry, group=group, groups=groups)
        n = sums(count, group, groups)
        ends = sums(count * ended, group, groups)
        missing = np.where(n > 0, "", "no_rows").astype(object)
        if cut is not None:
            begun = sums(count * (entry == 0), group, groups)
            missing = np.where((n > 0) & (begun < LEAST_AT_RISK), "too_few_begun", missing)
        if fields.get("give") == "median":
            return _told(self._median(curves, level, n, ends, missing), cut)
        return _told(self._mean(curves, level, n, ends, missing), cut)

    def _mean(
        self, curves: Curves, level: float, n: Floats, ends: Floats, missing: Reasons
    ) -> Figures:
        end = np.where(missing == "too_few_begun", np.nan, horizon(curves, LEAST_AT_RISK))
        figure = restricted_mean(curves, np.nan_to_num(end), level)
        value = np.where(np.isnan(end), np.nan, figure.value / MONTH_DAYS)
        low, high = figure.low / MONTH_DAYS, figure.high / MONTH_DAYS
        missing = np.where((n > 0) & (missing == "") & np.isnan(end), "too_few_at_risk", missing)
        result = Figures(value, low, high, n, ends, n, missing=missing)
        for index in np.flatnonzero(~np.isnan(end)):
            facts = {"months": round(float(end[index]) / MONTH_DAYS, 1)}
            result.notes.append(("lifetime_horizon", facts, np.arange(n.size) == index))
        result.notes.append(("no_end_seen", {}, (n > 0) & (ends == 0)))
        return result

    def _median(
        self, curves: Curves, level: float, n: Floats, ends: Floats, missing: Reasons
    ) -> Figures:
        found, told = median(curves, level), missing == ""
        unreached = np.isinf(found.value) & told
        result = Figures(
            np.where(unreached | ~told, np.nan, found.value / MONTH_DAYS),
            np.where(told, found.low / MONTH_DAYS, np.nan),
            np.where(told, found.high / MONTH_DAYS, np.nan),
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
    censored = True
    fields = {"duration": "number", "ended": "condition", "among": "condition"}
    optional = frozenset({"among"})

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


def _kept(histogram: Histogram, kept: NDArray[np.bool_]) -> Histogram:
    """The rows of a histogram that meet a condition."""
    keys = {name: values[kept] for name, values in histogram.keys.items()}
    return Histogram(histogram.group[kept], histogram.groups, keys, histogram.count[kept])


def _share(histogram: Histogram, age: float, level: float) -> Figures:
    """The share alive at an age: counted where all were followed so long, else by the curve."""
    group, groups, count = histogram.group, histogram.groups, histogram.count
    duration, ended = histogram.keys["duration"], histogram.keys["ended"] > 0
    n = sums(count, group, groups)
    missing = np.where(n > 0, "", "no_rows").astype(object)
    k = sums(count * (duration >= age), group, groups)
    counted = wilson(k, n, level)
    early = sums(count * (~ended & (duration < age)), group, groups)
    curves = kaplan_meier(duration, ended, count, group=group, groups=groups)
    # Who ends at that age was alive until then.
    curve = survival_at(curves, np.nextafter(age, 0), level)
    told = np.where(early > 0, curve.value, counted.value)
    low = np.where(early > 0, curve.low, counted.low)
    high = np.where(early > 0, curve.high, counted.high)
    missing = np.where((n > 0) & np.isnan(told), "too_few_at_risk", missing)
    whole = early == 0
    k, among = np.where(whole, k, np.nan), np.where(whole, n, np.nan)
    return Figures(told, low, high, n, k, among, missing=missing)


def _told(figures: Figures, cut: float | None) -> Figures:
    """The figures, with how long ago the history was cut."""
    if cut is not None:
        facts = {"months": round(cut / MONTH_DAYS, 1)}
        figures.notes.append(("history_cut", facts, figures.n > 0))
    return figures


class Cycle(Estimator):
    """The median ``duration`` (days) to ``won``, among all rows of ``among``.

    By the cumulative incidence of winning: rows neither ``won`` nor ``lost`` are still open, a loss
    is a competing end.
    """

    name = "cycle"
    shape = Shape.HISTOGRAM
    censored = True
    fields = {
        "duration": "number",
        "won": "condition",
        "lost": "condition",
        "among": "condition",
    }
    optional = frozenset({"among"})

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
