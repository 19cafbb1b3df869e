"""How groups stand beside each other: rates drawn to what they share, and which may be ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.measure.figure import Answer
from jalon.measure.maturity import alike
from jalon.stats.apart import sides
from jalon.stats.interval import Bools, Floats, Interval, Ints
from jalon.stats.shrinkage import MOST, shrunk

#: Below this probability nobody is called the best.
SURE = 0.9


@dataclass(frozen=True)
class Standing:
    """The groups of one dimension, row by row of their answer.

    ``named``: the rows that are judged: groups (their label is known, and they have trials) about
    as mature as each other; ``left``: the groups whose maturity keeps them out of that. ``rate``:
    the shrunk rate of each; ``best``: the probability that its true rate is the most favourable;
    ``above``: at row a and column b, that a's is above b's. ``side``: 1 surely above all the others
    together, -1 surely below, 0 not told from them. ``leader``: the row of the best, where one is
    told apart and surely so. ``comparable``: whether two groups at least are about as mature; where
    none are, all are named and none is told apart. NaN and 0 for rows that are not named.
    """

    dimension: str
    named: Bools
    rate: Interval
    best: Floats
    above: Floats
    side: Ints
    leader: int | None
    left: Bools
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
    judged = named if answer.maturity is None else alike(answer.maturity, found.n, named)
    comparable = bool(judged.sum() > 1)
    left = named & ~judged if comparable else np.zeros_like(named)
    named &= ~left
    n = np.where(named, found.n, 0)
    k = np.where(named, found.numerator, 0)
    drawn = shrunk(k, n, answer.level)
    # The lowest rate of successes is the highest of failures.
    best = shrunk(n - k, n, answer.level).best if answer.better == "lower" else drawn.best
    side = sides(k, n) if comparable else np.zeros(len(answer), dtype=np.int64)
    first = int(np.nanargmax(best))
    leader = first if side.any() and best[first] > SURE else None
    return Standing(dimension, named, drawn.rate, best, drawn.above, side, leader, left, comparable)
