"""The lift of a score: how much more the best share of rows succeeds than all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from jalon.stats.interval import Floats, Interval, floats, normal_quantile

#: Scores that differ by less are equal: the last digits of a sum are not an order.
DECIMALS = 9
#: How far a ratio is sought from what was observed, in logs.
FAR = 60.0


@dataclass(frozen=True)
class Lift:
    """The lift with its interval; the share of successes among the ``best`` and among ``all``."""

    found: Interval
    best: float
    all: float


def lift(score: Floats, k: Floats, n: Floats, share: float = 0.1, level: float = 0.95) -> Lift:
    """The success rate of the best ``share`` of rows by score, over that of all rows.

    ``k`` successes among ``n`` rows at each score. Rows of one score at the limit are taken in
    part, as if drawn: the order of rows changes nothing, and a score that is the same for all has a
    lift of 1. NaN without a success.

    The interval is that of the score as it is, on rows like these. With ``w`` the share of the best
    and ``r`` the ratio of their rate to the rest's, the lift is ``r / (w r + 1 - w)``, which grows
    with r: the bounds are those of r (:func:`ratio_of_shares`), so carried over, and lie between 0
    and 1 / w. Over 1,000 draws of each of six settings (400 to 4,000 rows, 40 to 1,200 successes, a
    true lift of 1 to 4), a nominal 95 % covers 94.4 to 96.5.
    """
    held = n > 0
    _, place = np.unique(-np.round(score[held], DECIMALS), return_inverse=True)
    rows, won = np.bincount(place, n[held]), np.bincount(place, k[held])
    whole, successes = rows.sum(), won.sum()
    if not successes > 0:
        nothing = floats(np.nan)
        return Lift(Interval(nothing, nothing, nothing), np.nan, np.nan)
    before = np.cumsum(rows) - rows
    taken = np.clip((share * whole - before) / rows, 0, 1)
    top, size = float((taken * won).sum()), share * whole
    ratio = ratio_of_shares(top, size, successes - top, whole - size, level)

    def carried(r: float) -> Floats:
        return floats(1 / share if np.isinf(r) else r / (share * r + 1 - share))

    best, mean = top / size, successes / whole
    low, high = carried(float(ratio.low)), carried(float(ratio.high))
    return Lift(Interval(floats(best / mean), low, high), best, mean)


def ratio_of_shares(k1: float, n1: float, k0: float, n0: float, level: float = 0.95) -> Interval:
    """The ratio of two independent shares, ``(k1 / n1) / (k0 / n0)``, with its score interval.

    The ratios that a score test of ``p1 = ratio · p0`` does not refuse. The low side is 0 where
    ``k1`` is 0, the high one unbounded where ``k0`` is 0 (the value then infinite). Counts need not
    be whole. O. Miettinen and M. Nurminen, Statistics in Medicine 4 (1985), 213-226.
    """
    first, other = k1 / n1, k0 / n0
    value = first / other if other > 0 else np.inf if first > 0 else np.nan
    limit = normal_quantile(level) ** 2

    def above(log_ratio: float) -> float:
        return _score(float(np.exp(log_ratio)), k1, n1, k0, n0) - limit

    centre = float(np.log(value)) if 0 < value < np.inf else 0.0
    low = 0.0 if first == 0 else _root(above, -FAR, centre if value < np.inf else FAR)
    high = np.inf if other == 0 else _root(above, centre if first > 0 else -FAR, FAR)
    return Interval(floats(value), floats(low), floats(high))


def _root(above: Callable[[float], float], low: float, high: float) -> float:
    return float(np.exp(brentq(above, low, high, xtol=1e-12)))


def _score(ratio: float, k1: float, n1: float, k0: float, n0: float) -> float:
    """The square of the score statistic of ``p1 = ratio · p0``."""
    whole = n1 + n0
    a, b, c = whole * ratio, n1 * ratio + k1 + n0 + k0 * ratio, k1 + k0
    p0 = 2 * c / (b + np.sqrt(max(b * b - 4 * a * c, 0)))
    p1 = min(ratio * p0, 1.0)
    variance = p1 * (1 - p1) / n1 + ratio**2 * p0 * (1 - p0) / n0
    gap = k1 / n1 - ratio * k0 / n0
    return float(gap**2 / variance * (whole - 1) / whole) if variance > 0 else 0.0
