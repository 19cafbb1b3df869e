"""Rows of many groups laid end to end, each group in one run: sums, running sums, searches.

``starts`` has one entry a group and one more: group g owns rows ``starts[g]`` to
``starts[g + 1]``, possibly none.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from jalon.stats.interval import Bools, Floats, Ints, floats

#: Groups are laid out as the lines of one table where it has at most so many times their cells.
SPARSE = 4


def starts_of(group: Ints, groups: int) -> Ints:
    """Where each group's run starts, for ascending codes 0 to ``groups`` - 1."""
    return np.searchsorted(group, np.arange(groups + 1)).astype(np.int64)


def running(
    values: Floats, starts: Ints, step: Callable[..., Floats] = np.add.accumulate
) -> Floats:
    """Running sums (or another ufunc's ``accumulate``) that begin anew with each group.

    Never a running total over all groups less that of the earlier ones, which would lose the
    digits of a large group behind small ones.
    """
    lengths = np.diff(starts)
    width = int(lengths.max(initial=0))
    if len(lengths) * width <= SPARSE * values.size:
        own = np.arange(width) < lengths[:, None]
        laid = np.zeros(own.shape)
        laid[own] = values
        return floats(step(laid, axis=1)[own])
    out = np.empty(values.shape)
    for begin, end in pairwise(starts.tolist()):
        if end > begin:
            step(values[begin:end], out=out[begin:end])
    return out


def sums(values: Floats, group: Ints, groups: int) -> Floats:
    """The sum of each group, 0 where it has no rows."""
    return floats(np.bincount(group, weights=values, minlength=groups))


def first_where(true: Bools, starts: Ints) -> Ints:
    """The first row of each group where ``true`` holds, -1 where there is none."""
    rows = np.append(np.flatnonzero(true), true.size)
    found = rows[np.searchsorted(rows, starts[:-1])]
    return np.where(found < starts[1:], found, -1)


def last_where(true: Bools, starts: Ints) -> Ints:
    """The last row of each group where ``true`` holds, -1 where there is none."""
    rows = np.append(-1, np.flatnonzero(true))
    found = rows[np.searchsorted(rows, starts[1:]) - 1]
    return np.where(found >= starts[:-1], found, -1)


def take(values: Floats, rows: Ints, missing: float | Floats = np.nan) -> Floats:
    """The values at these rows, ``missing`` at row -1."""
    padded = np.append(values, np.nan)
    return np.where(rows >= 0, padded[rows], missing)
