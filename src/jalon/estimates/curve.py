"""Curves: the chance of an end by several ages, and what share of those at a step goes further."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Estimator, Figures, Histogram, Shape, empty
from jalon.stats.competing import aalen_johansen, incidence_at
from jalon.stats.proportion import wilson
from jalon.stats.segments import sums

#: Under so many ends of the kind followed, a curve is only a sketch.
FEW_ENDS = 30


class Curve(Estimator):
    """The chance of having ``won`` by each age of ``at`` (days: one, or several after commas).

    By Aalen and Johansen's cumulative incidence of ``duration``: a row that is ``lost`` ended
    otherwise, one that is neither is still open and stays at risk, silent or not. Several ages are
    as many classes, ``day``.
    """

    name = "curve"
    shape = Shape.HISTOGRAM
    censored = True
    fields = {
        "duration": "number",
        "won": "condition",
        "lost": "condition",
        "among": "condition",
        "at": "word",
    }
    optional = frozenset({"among"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by duration and kind of end."""
        cause = f"case when {fields['won']} then 1 when {fields['lost']} then 2 else 0 end"
        return {"duration": fields["duration"], "cause": cause}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """A share at each age, with the point-wise interval on the log-log scale."""
        group, groups, count = histogram.group, histogram.groups, histogram.count
        cause = histogram.keys["cause"].astype(np.int64)
        curve = aalen_johansen(histogram.keys["duration"], cause, count, group=group, groups=groups)
        days = [int(each) for each in fields["at"].split(",")]
        at = [incidence_at(curve, day, level) for day in days]
        value, low, high = (
            np.stack([getattr(each, side) for each in at], axis=1).ravel()
            for side in ("value", "low", "high")
        )
        n = np.repeat(sums(count, group, groups), len(days))
        ends = np.repeat(sums(count * (cause == 1), group, groups), len(days))
        unseen = np.where(np.isnan(value), "not_followed", "")
        missing = np.where(n > 0, unseen, "no_rows").astype(object)
        figures = Figures(value, low, high, n, missing=missing)
        known = missing == ""
        facts = {"least": FEW_ENDS}
        figures.notes.append(("few_ends", facts, known & (ends < FEW_ENDS)))
        if len(days) > 1:
            figures.spread = ("day", days)
        return figures


class Steps(Estimator):
    """Of the rows of ``among`` that reached each step, those that reached a later one, or ``won``.

    ``value`` is the number of the highest step that a row reached: one that skipped a step has
    reached it all the same, and one that came back to it counts once. The steps are as many
    classes, ``stage``; of the last, those that went further are those ``won``.
    """

    name = "steps"
    shape = Shape.HISTOGRAM
    fields = {"value": "number", "won": "condition", "among": "condition"}
    optional = frozenset({"among"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by highest step and by success."""
        return {"step": fields["value"], "won": f"case when {fields['won']} then 1 else 0 end"}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Reached later / reached, by step, with Wilson's interval."""
        steps = np.unique(histogram.keys["step"])
        won = histogram.keys["won"] == 1
        if steps.size and won[histogram.keys["step"] == steps[-1]].all():
            # A last step where all are won is the success itself, not a step before it.
            steps = steps[:-1]
        if not steps.size:
            nothing = empty(histogram.groups)
            why = np.full(histogram.groups, "no_rows", dtype=object)
            return Figures(nothing, nothing, nothing, np.zeros(histogram.groups), missing=why)
        # Row i of the table is who reached step i; those won reached them all.
        reached = (histogram.keys["step"] >= steps[:, None]) | won
        onward = np.vstack([reached[1:], won])
        group, groups = histogram.group, histogram.groups
        n, k = (
            np.stack([sums(histogram.count * each, group, groups) for each in which], 1).ravel()
            for which in (reached, onward)
        )
        found = wilson(k, n, level)
        missing = np.where(n > 0, "", "no_rows").astype(object)
        figures = Figures(found.value, found.low, found.high, n, k, n, missing=missing)
        figures.spread = ("stage", [int(each) for each in steps])
        return figures
