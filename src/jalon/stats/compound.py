"""Sums of amounts when their number is random too: compound Poisson totals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Interval, around, floats, holding, normal_quantile, ratio
from jalon.stats.poisson import garwood


def total(n: ArrayLike, amount: ArrayLike, squares: ArrayLike, level: float = 0.95) -> Interval:
    """A sum of positive amounts, as one draw of a compound Poisson total.

    The variance of such a total is estimated by ``Σx²``. The sum is read as a scaled count: steps
    of ``w = Σx² / Σx``, of which there were ``(Σx)² / Σx²``, and that effective count has its exact
    Poisson interval (:func:`jalon.stats.poisson.garwood`). It has the same first-order variance
    as the normal interval ``Σx ± z √Σx²``, cannot pass below 0, and is exact for equal amounts.

    From ``n``, ``Σx`` and ``Σx²``, broadcast; unit of x. Without rows the value is 0 and the high
    side unbounded: nothing says how large an amount would have been.

    Coverage with log-normal amounts, log sd 1, of a mean number of 10, 30, 100: 90, 93, 95 %
    (normal interval: 83, 89, 93). After M. P. Fay and E. J. Feuer, Statistics in Medicine 16
    (1997), with the step of the amounts themselves in place of the largest.
    """
    amount, squares = floats(amount), floats(squares)
    step = ratio(squares, amount)
    counted = garwood(ratio(amount, step), level)
    empty = (floats(n) == 0) | (squares == 0)
    return holding(
        amount,
        np.where(empty, 0.0, step * counted.low),
        np.where(empty, np.where(floats(n) == 0, np.inf, 0.0), step * counted.high),
    )


def signed_total(
    n: ArrayLike, amount: ArrayLike, squares: ArrayLike, level: float = 0.95
) -> Interval:
    """A sum that has negative parts (credit notes), as one draw of a compound Poisson total.

    ``Σx ± z √Σx²``: the variance of a compound Poisson total is λ E[x²], estimated by ``Σx²``. A
    normal approximation, short of its level under some 30 rows (89 % at 30 for 95 with log-normal
    amounts, log sd 1); may pass below 0, since such a sum can.

    From ``n``, ``Σx`` and ``Σx²``, broadcast; unit of x. Without rows the value is 0 and both sides
    are unbounded.
    """
    error = np.sqrt(np.where(floats(n) == 0, np.inf, floats(squares)))
    return around(amount, normal_quantile(level) * error)
