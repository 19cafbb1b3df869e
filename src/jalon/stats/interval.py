"""A figure with its interval, for all groups at once, and what every interval shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Interval:
    """Estimates and their bounds: three float arrays of one shape, one entry a group.

    NaN means "not defined" (no rows, or too few to bound); ``-inf`` and ``inf`` are sides that the
    data do not bound. A bound may be known where the value is not (a cost without a customer).
    """

    value: Floats
    low: Floats
    high: Floats


def floats(values: ArrayLike) -> Floats:
    """The values as a float array; a scalar becomes an array without dimension."""
    return np.asarray(values, dtype=np.float64)


def tail(level: float) -> float:
    """The probability left on each side of an interval of this level: 0.025 for 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, not {level}")
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """The half-width of a two-sided normal interval, in standard errors: 1.96 for 0.95."""
    return float(-ndtri(tail(level)))


def student_quantile(freedom: ArrayLike, level: float) -> Floats:
    """The same for Student's t, by degrees of freedom; NaN where there are none."""
    freedom = floats(freedom)
    return np.where(freedom > 0, -stdtrit(np.maximum(freedom, 1), tail(level)), np.nan)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """The quotient, NaN (never infinite) where the denominator is zero."""
    above, below = np.broadcast_arrays(floats(numerator), floats(denominator))
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def around(value: ArrayLike, half_width: ArrayLike) -> Interval:
    """The symmetric interval ``value ± half_width``."""
    value, half_width = floats(value), floats(half_width)
    return Interval(value, floats(value - half_width), floats(value + half_width))


def holding(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> Interval:
    """The bounds, widened where they would leave the value out; NaN bounds stay NaN."""
    value = floats(value)
    return Interval(value, np.minimum(low, value), np.maximum(high, value))


def where(kept: ArrayLike, interval: Interval) -> Interval:
    """The interval with its bounds, but not its value, made NaN where not ``kept``."""
    return Interval(
        interval.value,
        np.where(kept, interval.low, np.nan),
        np.where(kept, interval.high, np.nan),
    )
