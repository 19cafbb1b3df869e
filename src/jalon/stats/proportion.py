"""Shares and differences of shares: Wilson, Newcombe, and the rule that makes any difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Interval, floats, holding, normal_quantile, ratio


def wilson(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """A proportion ``k / n`` with Wilson's score interval.

    Bounds are the roots p of ``(k/n - p)² = z² p (1 - p) / n``:
    ``(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)``.

    ``k`` successes among ``n`` trials, broadcast together; results are fractions in [0, 1]. All
    three are NaN where ``n`` is 0.

    E. B. Wilson, JASA 22 (1927); method 3 of R. G. Newcombe, Statistics in Medicine 17 (1998a).
    """
    n, z2 = floats(n), normal_quantile(level) ** 2
    share = ratio(k, n)
    centre = ratio(floats(k) + z2 / 2, n + z2)
    spread = np.sqrt(np.maximum(n * share * (1 - share) + z2 / 4, 0))
    half = ratio(np.sqrt(z2) * spread, n + z2)
    return holding(share, np.maximum(centre - half, 0), np.minimum(centre + half, 1))


def newcombe_difference(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, level: float = 0.95
) -> Interval:
    """The difference of two independent proportions ``k1/n1 - k2/n2``, in fractions.

    Newcombe's method 10: the two Wilson intervals squared and added (:func:`difference_of`).
    NaN where either ``n`` is 0. R. G. Newcombe, Statistics in Medicine 17 (1998b), 873-890.
    """
    first, second = wilson(k1, n1, level), wilson(k2, n2, level)
    return difference_of(first.value, first.low, first.high, second.value, second.low, second.high)


def difference_of(
    value1: ArrayLike,
    low1: ArrayLike,
    high1: ArrayLike,
    value2: ArrayLike,
    low2: ArrayLike,
    high2: ArrayLike,
) -> Interval:
    """The difference ``value1 - value2`` of any two independent estimates, from their intervals.

    Square-and-add (MOVER): ``low = d - √((value1 - low1)² + (high2 - value2)²)`` and
    ``high = d + √((high1 - value1)² + (value2 - low2)²)``, at the level of the intervals given.

    Same shape and unit as the estimates. An unbounded side stays unbounded; all three are NaN
    where a value is NaN or infinite, a bound where a bound that it needs is NaN.

    G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008), 1693-1702.
    """
    value1, value2 = floats(value1), floats(value2)
    known = np.isfinite(value1) & np.isfinite(value2)
    one, two = np.where(known, value1, np.nan), np.where(known, value2, np.nan)
    difference = floats(one - two)
    down = np.hypot(one - floats(low1), floats(high2) - two)
    up = np.hypot(floats(high1) - one, two - floats(low2))
    return Interval(difference, floats(difference - down), floats(difference + up))
