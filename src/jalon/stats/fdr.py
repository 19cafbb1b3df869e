"""Many p-values at once: which may still be declared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Floats, floats


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p-values: declaring those at or under q keeps the false discovery rate at q.

    ``adjusted(i) = min over j >= i of p(j) · m / j``, at most 1, for p sorted ascending.

    One dimension, in the order given. A NaN was not tested: it stays NaN and is not in ``m``.

    Y. Benjamini and Y. Hochberg, JRSS B 57 (1995), 289-300.
    """
    p_values = floats(p_values)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested])]
    scaled = p_values[order] * (order.size / np.arange(1, order.size + 1))
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return adjusted
