"""How groups stand beside each other: rates drawn to what they share, and which may be ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.measure.figure import Answer
from jalon.measure.maturity import MATURITY_GAP
from jalon.stats.apart import sides
from jalon.stats.interval import Bools, Floats, Interval, Ints
from jalon.stats.shrinkage import MOST, shrunk

#: Below this probability nobody is called the best.
SURE = 0.9


@dataclass(frozen=True)
class Standing:
    """The groups of one dimension, row by row of their answer.

    ``named``: the rows that are a group (their label is known, and they have trials). ``rate``: the
    shrunk rate of each; ``best``: the probability that its true rate is the most favourable;
    ``above``: at row a and column b, that a's is above b's. ``side``: 1 surely above all the others
    together, -1 surely below, 0 not told from them. ``leader``: the row of the best, where one is
    told apart and surely so. ``comparable``: whether the groups' cohorts are about as mature; where
    they are not, none is told apart. NaN and 0 for rows that are no group.
    """

    dimension: str
    named: Bools
    rate: Interval
    best: Floats
    above: Floats
    side: Ints
    leader: int | None
    comparable: bool = True

    @property
    def told(self) -> bool:
        """Whether any group can be told from the others."""
        return bool(self.side.any())


def standing(answer: Answer) -> Standing | None:
    """How the groups of an answer stand; None where it is not a share by one dimension.

    One period, two groups at least and :data:`~jalon.stats.shrinkage.MOST` at most. Rows whose
    label is not known are no group: nothing is said of them.
    """
    found = answer.figures
    if answer.missing or answer.estimate != "proportion" or len(answer.groups) != 1:
        return None
    if found.numerator is None or len(set(answer.periods)) != 1:
        return None
    ((dimension, labels),) = answer.groups.items()
    named = np.array([each is not None for each in labels]) & (found.n > 0)
    named &= np.isfinite(found.value)
    if not 2 <= named.sum() <= MOST:
        return None
    n = np.where(named, found.n, 0)
    k = np.where(named, found.numerator, 0)
    drawn = shrunk(k, n, answer.level)
    # The lowest rate of successes is the highest of failures.
    best = shrunk(n - k, n, answer.level).best if answer.better == "lower" else drawn.best
    comparable = _as_mature(answer, named)
    side = sides(k, n) if comparable else np.zeros(len(answer), dtype=np.int64)
    first = int(np.nanargmax(best))
    leader = first if side.any() and best[first] > SURE else None
    return Standing(dimension, named, drawn.rate, best, drawn.above, side, leader, comparable)


def _as_mature(answer: Answer, named: Bools) -> bool:
    if answer.maturity is None:
        return True
    known = answer.maturity[named & np.isfinite(answer.maturity)]
    return known.size == 0 or bool(np.ptp(known) <= MATURITY_GAP)
