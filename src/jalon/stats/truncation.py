"""Histories cut at some date: finding the date before which no end could have been seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Floats, floats
from jalon.stats.lifetable import life_table
from jalon.stats.segments import sums

#: A history is taken for cut where so few as no ends before the first one had this probability.
SURPRISE = 0.1


def entries(
    duration: ArrayLike, ended: ArrayLike, followed: ArrayLike, count: ArrayLike = 1.0
) -> tuple[Floats, float | None]:
    """The age at which each unit came under observation, and how long ago the history was cut.

    One row is ``count`` units that lasted ``duration``, ``ended`` or still alive, and began
    ``followed`` before the end of observation (all in the same time unit). A system put in service
    later than the first units keeps those alive then and forgets those gone: up to that date X no
    end is seen, and the old units have lived until X by construction. X is taken to be the first
    end seen; units enter the risk set at their age then (0 where they began later).

    The first end always comes some time after the first beginning, so X counts only where the
    silence before it is a surprise: with the cumulative hazard ``H`` found after X (Nelson and
    Aalen), ``Σ H(age at X)`` ends were to be expected before, and none had the probability
    ``exp(-Σ H)``, which must be under 10 %. Otherwise all entries are 0, without a cut (None).

    Beginning at an end loses that end, and nothing else: the counting process after one of its own
    times is the same process, so that the estimate stays unbiased (the strong Markov property).

    Half of the customers staying 60 months on average and half 8, over 60 months cut at the 30th,
    restricted mean at the horizon with ten at risk: bias 3.2, 0.9, 0.4, 0.1 % at 30, 60, 120, 500
    customers (entries known beforehand: 3.1, 0.7, 0.4, 0.1; ignored: 20 to 27 %), coverage 93.7,
    95.7, 94.9, 94.6 % (``docs/methods/intervalles.md``). A whole history is taken for cut in 10 %
    of cases, without harm to the mean.
    """
    duration, followed = floats(duration), floats(followed)
    ended = np.asarray(ended, dtype=np.bool_)
    weight = np.broadcast_to(floats(count), duration.shape)
    whole = np.zeros(duration.shape)
    gone = ended & (weight > 0)
    if not gone.any():
        return whole, None
    cut = float((followed - duration)[gone].max())
    entry = np.maximum(followed - cut, 0.0)
    table = life_table(duration, ended, weight, entry=entry)
    hazard = np.append(0.0, np.cumsum(table.ends[0] / table.at_risk))
    before = hazard[np.searchsorted(table.times, entry, side="right")]
    expected = float(sums(weight * before, np.zeros(duration.size, np.int64), 1)[0])
    if np.exp(-expected) >= SURPRISE:
        return whole, None
    return entry, cut
