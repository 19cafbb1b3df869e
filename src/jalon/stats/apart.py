"""Which of several groups differ from all the others together, and not by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from jalon.stats.fdr import benjamini_hochberg
from jalon.stats.interval import Bools, Floats, floats

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
