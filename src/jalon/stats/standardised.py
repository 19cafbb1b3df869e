"""Rates of two groups as they would be if both had the same mix, and when the order reverses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from jalon.stats.interval import Interval, floats, normal_quantile
from jalon.stats.proportion import wilson


@dataclass(frozen=True, slots=True)
class Standardised:
    """``first`` and ``second``: the rates over the pooled mix of both groups; ``difference``: the
    first less the second. ``covered``: the share of all trials in strata where both have some.
    ``against``: the share of those trials in strata whose own order is that of the difference, as
    ``agreeing`` of ``strata``. ``p``: that the true difference is 0 or of the other sign.

    NaN, and a ``p`` of 1, where no stratum has trials of both.
    """

    first: float
    second: float
    difference: Interval
    covered: float
    against: float
    agreeing: int
    strata: int
    p: float


def standardised(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, level: float = 0.95
) -> Standardised:
    """Two rates directly standardised: ``Σ w p`` over the strata, ``w`` the pooled trials.

    One element a stratum; those where one group has no trial are left out. Bounds of the difference
    by MOVER (G. Y. Zou and A. Donner 2008): ``d ± √(Σ w² (d1² + d2²))``, each term the distance
    from a rate to its Wilson bound, so that a stratum without success still weighs. ``p`` is read
    off the same bound.
    """
    k1, n1, k2, n2 = (floats(each) for each in (k1, n1, k2, n2))
    both = (n1 > 0) & (n2 > 0)
    total = float((n1 + n2).sum())
    if not both.any():
        nothing = floats(np.nan)
        return Standardised(np.nan, np.nan, Interval(nothing, nothing, nothing), 0, 0, 0, 0, 1.0)
    k1, n1, k2, n2 = (each[both] for each in (k1, n1, k2, n2))
    weight = (n1 + n2) / (n1 + n2).sum()
    one, two = wilson(k1, n1, level), wilson(k2, n2, level)
    first, second = float(weight @ one.value), float(weight @ two.value)
    gap = first - second
    down = float(np.sqrt((weight**2) @ ((one.value - one.low) ** 2 + (two.high - two.value) ** 2)))
    up = float(np.sqrt((weight**2) @ ((one.high - one.value) ** 2 + (two.value - two.low) ** 2)))
    order = np.sign(one.value - two.value) == np.sign(gap)
    toward_zero = down if gap > 0 else up
    surely = abs(gap) / toward_zero * normal_quantile(level) if toward_zero > 0 else np.inf
    return Standardised(
        first,
        second,
        Interval(floats(gap), floats(gap - down), floats(gap + up)),
        float((n1 + n2).sum()) / total,
        float(weight[order].sum()),
        int(order.sum()),
        int(both.sum()),
        float(ndtr(-surely)),
    )


@dataclass(frozen=True, slots=True)
class Mix:
    """The stratum that most explains why a raw order is not the standardised one.

    ``row``: which; ``first`` and ``second``: its share of each group; ``rate``: its pooled rate,
    and ``whole`` that of all strata together.
    """

    row: int
    first: float
    second: float
    rate: float
    whole: float


def mix(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> Mix:
    """Where two groups' mixes differ with the most effect: ``(share1 - share2)(rate - whole)``.

    The difference of mixes is taken in the direction that favours the first group; of equals, the
    stratum that it has more of.
    """
    k1, n1, k2, n2 = (floats(each) for each in (k1, n1, k2, n2))
    one, two = n1 / n1.sum(), n2 / n2.sum()
    pooled = np.divide(k1 + k2, n1 + n2, out=np.zeros(n1.shape), where=n1 + n2 > 0)
    whole = float((k1 + k2).sum() / (n1 + n2).sum())
    told = np.round((one - two) * (pooled - whole), 12)
    row = int(np.lexsort((two - one, -told))[0])
    return Mix(row, float(one[row]), float(two[row]), float(pooled[row]), whole)
