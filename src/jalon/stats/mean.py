"""Mean amounts: the log-normal interval for positive amounts, Student's for the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import (
    Floats,
    Interval,
    around,
    floats,
    holding,
    ratio,
    student_quantile,
    where,
)


def student(n: ArrayLike, total: ArrayLike, squares: ArrayLike, level: float = 0.95) -> Interval:
    """The mean of n values with Student's interval, from ``n``, ``Σx`` and ``Σx²``.

    ``mean ± t(n - 1) · √(s² / n)``. Shapes broadcast; unit of x. The value is NaN without rows,
    the bounds under 2 rows. Student (W. S. Gosset), Biometrika 6 (1908), 1-25.
    """
    n, mean = floats(n), ratio(total, n)
    error = np.sqrt(_variance(n, floats(total), floats(squares)) / np.maximum(n, 1))
    return around(mean, student_quantile(n - 1, level) * error)


def lognormal(
    n: ArrayLike,
    total: ArrayLike,
    log_total: ArrayLike,
    log_squares: ArrayLike,
    level: float = 0.95,
) -> Interval:
    """The mean of n positive amounts with Cox's log-normal interval, Student's quantile.

    With m and s² the mean and variance of log x:
    ``exp(m + s²/2 ± t(n - 1) · √(s²/n + s⁴ / 2(n - 1)))``.

    From ``n``, ``Σx``, ``Σlog x`` and ``Σ(log x)²``, broadcast; unit of x. The value is the
    arithmetic mean ``Σx / n``, what a reader expects to find by hand; the interval is Cox's own,
    around ``exp(m + s²/2)``, which assumes log-normal amounts. Where the two disagree so much that
    the value falls outside, the bound is moved to the value: the interval only ever widens. The
    value is NaN without rows; bounds are NaN under 2 rows, or where a log is not finite (an amount
    of zero or less: use :func:`student`).

    C. E. Land, Technometrics 14 (1972), who gives it to D. R. Cox; with t and n - 1 by
    U. Olsson, Journal of Statistics Education 13 (2005).
    """
    n, logs = floats(n), floats(log_total)
    mean, centre = ratio(total, n), ratio(logs, n)
    spread = _variance(n, logs, floats(log_squares))
    error = np.sqrt(spread / np.maximum(n, 1) + spread**2 / (2 * np.maximum(n - 1, 1)))
    half = student_quantile(n - 1, level) * error
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = np.exp(centre + spread / 2 - half), np.exp(centre + spread / 2 + half)
    return where(np.isfinite(centre), holding(mean, low, high))


def _variance(n: Floats, total: Floats, squares: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        within = np.maximum(squares - ratio(total, n) * total, 0)
    return ratio(within, np.maximum(n - 1, 0))
