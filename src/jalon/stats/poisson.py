"""Counts, and amounts divided by a count, with exact Poisson intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv

from jalon.stats.interval import Floats, Interval, floats, ratio, tail


def garwood(count: ArrayLike, level: float = 0.95) -> Interval:
    """A count with the exact interval of the Poisson mean behind it.

    ``low`` is the α/2 quantile of a Gamma(count), ``high`` the 1 - α/2 quantile of a
    Gamma(count + 1): half the chi-square quantiles with 2·count and 2·count + 2 degrees of freedom.

    Any shape, in counts (a non-integer one is taken as an effective count). Zero has ``low`` 0 and
    a finite ``high`` (3.69 at 95 %); NaN or negative counts give NaN.

    F. Garwood, Biometrika 28 (1936), 437-442.
    """
    count, side = floats(count), tail(level)
    known = np.where(count >= 0, count, np.nan)
    low = np.where(known == 0, 0.0, gammaincinv(known, side))
    return Interval(known, floats(low), floats(gammainccinv(known + 1, side)))


def rate_inverse(amount: ArrayLike, count: ArrayLike, level: float = 0.95) -> Interval:
    """An amount for each one counted, ``amount / count``: a cost per customer won.

    The amount is taken as known and the count as Poisson: ``amount / high`` to ``amount / low`` of
    :func:`garwood`. Shapes broadcast; unit of the amount.

    With a count of 0 the value is NaN, one side is ``amount / 3.69`` (at 95 %), the other
    unbounded: "at least so much". An amount of 0 costs 0 for any count above zero.
    """
    amount, counted = floats(amount), garwood(count, level)
    near, far = ratio(amount, counted.high), _unbounded_ratio(amount, counted.low)
    return Interval(ratio(amount, counted.value), np.minimum(near, far), np.maximum(near, far))


def _unbounded_ratio(amount: ArrayLike, low: ArrayLike) -> Floats:
    limit = np.where(floats(amount) < 0, -np.inf, np.inf)
    return np.where(floats(low) == 0, limit, ratio(amount, low))
