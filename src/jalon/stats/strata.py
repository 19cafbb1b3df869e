"""A difference of two shares within strata: what is left once the strata are held fixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Interval, floats, normal_quantile, ratio
from jalon.stats.segments import sums


def stratified_difference(
    k1: ArrayLike,
    n1: ArrayLike,
    k0: ArrayLike,
    n0: ArrayLike,
    group: ArrayLike,
    groups: int = 1,
    level: float = 0.95,
) -> Interval:
    """The difference ``k1/n1 - k0/n0`` weighted over the strata of each group, in fractions.

    One element a stratum. The weights are those of Mantel and Haenszel, ``w = n1 n0 / (n1 + n0)``:
    a stratum with one arm alone has none. The variance is that of T. Sato, Biometrics 45 (1989),
    1323-1324, right for few large strata as for many small ones: ``(δ Σ P + Σ Q) / (Σ w)²`` with
    ``P = (n1² k0 - n0² k1 + n1 n0 (n0 - n1) / 2) / N²`` and
    ``Q = (k1 (n0 - k0) + k0 (n1 - k1)) / 2N``.

    NaN for a group without a stratum of two arms. Bounds are cut at -1 and 1.
    """
    k1, n1, k0, n0 = floats(k1), floats(n1), floats(k0), floats(n0)
    place = np.asarray(group, dtype=np.int64)
    both = (n1 > 0) & (n0 > 0)
    whole = np.where(both, n1 + n0, 1)
    weight = np.where(both, n1 * n0 / whole, 0)
    gap = np.where(both, (k1 * n0 - k0 * n1) / whole, 0)
    p = (n1**2 * k0 - n0**2 * k1 + n1 * n0 * (n0 - n1) / 2) / whole**2
    q = (k1 * (n0 - k0) + k0 * (n1 - k1)) / (2 * whole)
    total = sums(weight, place, groups)
    value = ratio(sums(gap, place, groups), total)
    spread = value * sums(np.where(both, p, 0), place, groups)
    spread = spread + sums(np.where(both, q, 0), place, groups)
    reach = normal_quantile(level) * ratio(np.sqrt(np.maximum(spread, 0)), total)
    return Interval(value, np.maximum(value - reach, -1), np.minimum(value + reach, 1))
