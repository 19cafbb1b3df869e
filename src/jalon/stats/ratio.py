"""Ratios of two estimated quantities: Fieller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import (
    Floats,
    Interval,
    floats,
    normal_quantile,
    ratio,
    student_quantile,
    where,
)


@dataclass(frozen=True, slots=True)
class RatioInterval(Interval):
    """A ratio with Fieller's interval and its ``g``.

    ``g = z² var(b) / b²``: where it is 1 or more, the denominator is not told apart from zero and
    the interval is the whole line, which must be said.
    """

    g: Floats


def fieller(
    a: ArrayLike,
    var_a: ArrayLike,
    b: ArrayLike,
    var_b: ArrayLike,
    covariance: ArrayLike = 0.0,
    level: float = 0.95,
) -> RatioInterval:
    """The ratio ``a / b`` of two normal estimates with known variances and covariance.

    Bounds are the roots r of ``(a - r b)² = z² (var_a - 2 r covariance + r² var_b)``.

    Shapes broadcast; unit of a over unit of b. Where ``g >= 1`` the bounds are -inf and inf; the
    value is NaN where ``b`` is 0.

    E. C. Fieller, JRSS B 16 (1954), 175-185.
    """
    above, below = (floats(a), floats(var_a)), (floats(b), floats(var_b))
    return _roots(above, below, floats(covariance), floats(normal_quantile(level)))


def ratio_of_sums(
    n: ArrayLike,
    sum_x: ArrayLike,
    sum_y: ArrayLike,
    sum_xx: ArrayLike,
    sum_yy: ArrayLike,
    sum_xy: ArrayLike,
    level: float = 0.95,
) -> RatioInterval:
    """The ratio ``Σx / Σy`` over n independent rows, by Fieller on the two means.

    Variances and covariance are those of the means, and Student's quantile with n - 1 degrees of
    freedom takes the place of z, as Fieller's theorem has it.

    Shapes broadcast; unit of x over unit of y. Bounds are NaN under 2 rows, infinite where
    ``g >= 1``; the value is NaN where ``Σy`` is 0.
    """
    n, sum_x, sum_y = floats(n), floats(sum_x), floats(sum_y)
    x, y = ratio(sum_x, n), ratio(sum_y, n)
    pairs = np.where(n > 1, n * (n - 1), np.nan)
    var_x = np.maximum((floats(sum_xx) - x * sum_x) / pairs, 0)
    var_y = np.maximum((floats(sum_yy) - y * sum_y) / pairs, 0)
    covariance = (floats(sum_xy) - x * sum_y) / pairs
    found = _roots((x, var_x), (y, var_y), covariance, student_quantile(n - 1, level))
    bounded = where(n > 1, found)
    return RatioInterval(bounded.value, bounded.low, bounded.high, found.g)


def _roots(
    above: tuple[Floats, Floats], below: tuple[Floats, Floats], covariance: Floats, z: Floats
) -> RatioInterval:
    (a, var_a), (b, var_b) = above, below
    z2, value = z**2, ratio(a, b)
    g = np.where(b == 0, np.inf, ratio(z2 * var_b, b**2))
    square, cross = b**2 - z2 * var_b, a * b - z2 * covariance
    spread = np.sqrt(np.maximum(cross**2 - square * (a**2 - z2 * var_a), 0))
    low, high = ratio(cross - spread, square), ratio(cross + spread, square)
    whole = g >= 1
    return RatioInterval(
        value,
        np.where(whole, -np.inf, np.minimum(low, value)),
        np.where(whole, np.inf, np.maximum(high, value)),
        g,
    )
