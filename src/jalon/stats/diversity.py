"""How evenly a whole divides among classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def evenness(counts: Floats) -> Floats:
    """Shannon's entropy over its largest value (E. C. Pielou, J. Theor. Biol. 13 (1966), 131-144).

    ``counts``: one row a group, one column a class. 0 where there is one class; NaN for a group
    without rows.
    """
    share = _shares(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, share * np.log(share), 0.0)
        found = -terms.sum(axis=1) / max(np.log(counts.shape[1]), np.finfo(float).tiny)
    return np.where(np.isnan(share).any(axis=1), np.nan, np.abs(found))


def simpson(counts: Floats) -> Floats:
    """1 - the sum of the squares of the shares (E. H. Simpson, Nature 163 (1949), 688): the chance
    that two rows drawn with replacement are not of one class. ``counts`` as in :func:`evenness`."""
    found: Floats = 1 - (_shares(counts) ** 2).sum(axis=1)
    return found


def _shares(counts: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares
