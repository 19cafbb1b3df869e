"""Quantiles with exact intervals, from order statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from jalon.stats.interval import Floats, Interval, Ints, floats, holding, normal_quantile, tail
from jalon.stats.segments import starts_of


def ranks(n: ArrayLike, q: float = 0.5, level: float = 0.95) -> tuple[Ints, Ints]:
    """The ranks, from 1, of the two order statistics that bound the q-quantile of n values.

    With B binomial(n, q): ``low`` is the largest r with ``P(B <= r - 1) <= α/2``, ``high`` the
    smallest s with ``P(B >= s) <= α/2``; so the interval from the low-th to the high-th value holds
    the quantile with probability ``level`` or more, whatever the distribution.

    ``n`` of any shape, whole numbers. Both are 0 where n is too small to bound both sides (under 6
    for the median at 95 %). W. R. Thompson, Annals of Mathematical Statistics 7 (1936), 122-128.
    """
    n = floats(n)
    below, above = _bounding(n, q, level), _bounding(n, 1 - q, level)
    exist = (below > 0) & (above > 0)
    high = np.where(exist, n + 1 - above, 0)
    return np.where(exist, below, 0).astype(np.int64), high.astype(np.int64)


def from_histogram(
    values: ArrayLike,
    counts: ArrayLike,
    *,
    q: float = 0.5,
    level: float = 0.95,
    group: ArrayLike | None = None,
    groups: int = 1,
) -> Interval:
    """The q-quantile and its exact interval (:func:`ranks`) from value histograms.

    ``values`` and ``counts`` are one row a value, ascending within each group; ``group`` gives the
    rows' group codes, 0 to ``groups`` - 1, ascending (one group without it). A result has
    ``groups`` entries in the unit of the values. Between two order statistics the quantile is
    interpolated (the usual median). NaN where a group is empty; bounds NaN where it is too small.
    """
    values, counts = floats(values), floats(counts)
    codes = np.zeros(values.size, np.int64) if group is None else np.asarray(group, np.int64)
    ends = np.append(0.0, np.cumsum(counts))
    edges = ends[starts_of(codes, groups)]
    n = np.diff(edges)
    low, high = ranks(n, q, level)
    return holding(
        _quantile(values, ends, edges[:-1], n, q),
        _ranked(values, ends, edges[:-1], low),
        _ranked(values, ends, edges[:-1], high),
    )


def _bounding(n: Floats, q: float, level: float) -> Floats:
    """The largest r with ``P(B <= r - 1) <= α/2``, 0 if none: a close guess, then single steps."""
    z, side, sd = normal_quantile(level), tail(level), np.sqrt(n * q * (1 - q))
    guess = np.floor(n * q - z * sd + (z * z - 1) * (1 - 2 * q) / 6 + 0.5)
    rank = np.clip(guess, 0, n)
    while (over := (rank > 0) & (_at_most(rank - 1, n, q) > side)).any():
        rank = rank - over
    while (under := (rank < n) & (_at_most(rank, n, q) <= side)).any():
        rank = rank + under
    return rank


def _at_most(k: Floats, n: Floats, q: float) -> Floats:
    return np.where(k < 0, 0.0, betainc(np.maximum(n - k, 1e-300), np.maximum(k, 0) + 1, 1 - q))


def _quantile(values: Floats, ends: Floats, before: Floats, n: Floats, q: float) -> Floats:
    place = np.maximum(n - 1, 0) * q
    whole = np.where(n > 0, np.floor(place) + 1, 0)
    here = _ranked(values, ends, before, whole)
    after = _ranked(values, ends, before, np.minimum(whole + 1, n))
    return floats(here + (after - here) * (place - np.floor(place)))


def _ranked(values: Floats, ends: Floats, before: Floats, rank: Floats | Ints) -> Floats:
    row = np.searchsorted(ends, before + rank) - 1
    return np.where(rank > 0, np.append(values, np.nan)[row], np.nan)
