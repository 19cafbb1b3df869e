"""How far the rates of groups that are all alike may lie from that of all, by their size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from jalon.stats.interval import Floats, floats, tail


def control_limits(rate: float, n: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Exact binomial limits about ``rate`` for groups of ``n`` trials, as fractions.

    A group of ``k`` successes lies beyond where its mid-p (``P(X < k) + P(X = k) / 2``, or its
    mirror) is under the tail; between two counts, where the line that joins their mid-p crosses it,
    so that limits narrow smoothly. Within 0 and 1; NaN where ``n`` is 0.

    After D. J. Spiegelhalter, Statistics in Medicine 24 (2005), 1185-1202, whose limits are not
    each other's mirror.
    """
    n = floats(n)
    low, high = (_limit(rate, n, p) for p in (tail(level), 1 - tail(level)))
    return low, high


def _limit(rate: float, n: Floats, p: float) -> Floats:
    size = np.where(n > 0, n, 1)
    count = stats.binom.ppf(p, size, rate)
    count += _middle(count, size, rate) < p
    there, before = (_middle(each, size, rate) for each in (count, count - 1))
    part = np.divide(there - p, there - before, out=np.zeros(n.shape), where=there > before)
    return floats(np.where(n > 0, np.clip((count - part) / size, 0, 1), np.nan))


def _middle(count: Floats, size: Floats, rate: float) -> Floats:
    """The probability of fewer successes, and half that of as many."""
    cdf, pmf = stats.binom.cdf(count, size, rate), stats.binom.pmf(count, size, rate)
    return floats(cdf - pmf / 2)
