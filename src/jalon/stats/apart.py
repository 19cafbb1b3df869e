"""Which of several groups differ from all the others together, and not by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from jalon.stats.fdr import benjamini_hochberg
from jalon.stats.interval import Bools, Floats, Ints, floats

#: Below this expected count in a cell the normal approximation gives way to Fisher's exact test.
EXPECTED = 5


def apart_from_rest(k: ArrayLike, n: ArrayLike, q: float = 0.05) -> Bools:
    """The groups whose rate ``k / n`` differs from that of all the others together.

    Two-sided score test of two proportions (Fisher's exact test where an expected count is under
    five), the false discovery rate over the groups kept at ``q`` (Benjamini and Hochberg 1995).
    One dimension; a group without rows, or alone, is never told apart.
    """
    k, n = floats(k), floats(n)
    return floats(benjamini_hochberg(_p_values(k, n))) <= q


def sides(k: ArrayLike, n: ArrayLike, q: float = 0.05) -> Ints:
    """Which side of all the others together each group surely lies on: 1 above, -1 below, else 0.

    Surely: :func:`apart_from_rest`, and the groups are not all alike (:func:`homogeneity` at most
    ``q``). Both are asked: each alone lets a few draws in a hundred more than announced through.
    Where all are zero, the groups cannot be told apart.
    """
    k, n = floats(k), floats(n)
    found = np.zeros(n.shape, dtype=np.int64)
    if homogeneity(k, n) <= q:
        told = np.flatnonzero(apart_from_rest(k, n, q))
        found[told] = np.sign(k[told] * (n.sum() - n[told]) - (k.sum() - k[told]) * n[told])
    return found


def homogeneity(k: ArrayLike, n: ArrayLike) -> float:
    """The p-value of "all groups have the same rate": Pearson's chi-square, Fisher's for two.

    1 where fewer than two groups have trials, or where all or none succeed.
    """
    tried = floats(n) > 0
    k, n = floats(k)[tried], floats(n)[tried]
    if n.size < 2 or k.sum() in (0, n.sum()):
        return 1.0
    if n.size == 2:
        table = np.array([k, n - k]).astype(np.int64)
        return float(stats.fisher_exact(table).pvalue)
    rate = k.sum() / n.sum()
    distance = ((k - n * rate) ** 2 / (n * rate * (1 - rate))).sum()
    return float(stats.chi2.sf(distance, n.size - 1))


def _p_values(k: Floats, n: Floats) -> Floats:
    rest_k, rest_n = k.sum() - k, n.sum() - n
    tested = (n > 0) & (rest_n > 0)
    found = np.full(n.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = k.sum() / n.sum()
        error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / rest_n))
        z = np.abs(k / n - rest_k / rest_n) / error
        least = np.minimum(n, rest_n) * min(pooled, 1 - pooled)
    found[tested] = np.where(error[tested] > 0, 2 * stats.norm.sf(z[tested]), 1.0)
    for row in np.flatnonzero(tested & (least < EXPECTED)):
        table = [[k[row], n[row] - k[row]], [rest_k[row], rest_n[row] - rest_k[row]]]
        found[row] = stats.fisher_exact(np.array(table).astype(np.int64)).pvalue
    return found
