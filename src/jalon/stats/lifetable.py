"""Durations laid out by time: who was at risk, who ended and of what, for many groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Bools, Floats, Ints, floats
from jalon.stats.segments import starts_of, sums


@dataclass(frozen=True, slots=True)
class LifeTable:
    """One row for each distinct time of each group, ascending; groups laid end to end.

    ``at_risk`` counts those under observation just before the time, ``ends`` has one line a cause:
    how many ended then of that cause.
    """

    starts: Ints
    group: Ints
    times: Floats
    at_risk: Floats
    ends: Floats


@dataclass(frozen=True, slots=True)
class _Rows:
    group: Ints
    duration: Floats
    cause: Ints
    count: Floats
    entry: Floats

    def taken(self, kept: Bools | Ints) -> _Rows:
        return _Rows(
            self.group[kept],
            self.duration[kept],
            self.cause[kept],
            self.count[kept],
            self.entry[kept],
        )


def life_table(
    duration: ArrayLike,
    cause: ArrayLike,
    count: ArrayLike,
    *,
    causes: int = 1,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    groups: int = 1,
) -> LifeTable:
    """A life table from a histogram of durations.

    One row of the arguments is ``count`` units (whole) of a group (codes 0 to ``groups`` - 1) that
    lasted ``duration`` and then ended of ``cause`` 1 to ``causes``, or were last seen alive (0).
    Rows in any order, fastest when sorted by group and duration.

    ``entry`` is the age at which a unit came under observation (left truncation): it is at risk
    at the times t with ``entry < t <= duration``; an entry of 0 or less is there from the
    beginning; a unit whose entry is not before its duration was never seen and is left out. At one
    time, those who end go before those lost from sight.
    """
    rows = _sorted(_rows(duration, cause, count, entry, group))
    change = (np.diff(rows.group) != 0) | (np.diff(rows.duration) != 0)
    first = np.flatnonzero(np.append(rows.count.size > 0, change))
    codes, times = rows.group[first], rows.duration[first]
    starts = starts_of(codes, groups)
    left_before = np.append(0.0, np.cumsum(rows.count))[first]
    at_risk = _entered(rows, codes, times, groups) - left_before
    ends = [_summed(rows.count * (rows.cause == one), first) for one in range(1, causes + 1)]
    return LifeTable(starts, codes, times, at_risk, np.stack(ends))


def greenwood_steps(at_risk: Floats, ends: Floats) -> Floats:
    """Greenwood's ``d / (n (n - d))`` of each row, 0 where all ended (the curve stops there)."""
    room = at_risk * (at_risk - ends)
    return np.divide(ends, room, out=np.zeros(room.shape), where=room > 0)


def _rows(
    duration: ArrayLike,
    cause: ArrayLike,
    count: ArrayLike,
    entry: ArrayLike | None,
    group: ArrayLike | None,
) -> _Rows:
    length = floats(duration)
    entered = np.full(length.shape, -np.inf) if entry is None else floats(entry)
    entered = np.where(entered <= 0, -np.inf, entered)
    code = np.zeros(length.size, np.int64) if group is None else np.asarray(group, np.int64)
    weight = np.broadcast_to(floats(count), length.shape)
    rows = _Rows(code, length, np.asarray(cause).astype(np.int64), weight, entered)
    return rows.taken((weight > 0) & (entered < length))


def _sorted(rows: _Rows) -> _Rows:
    step = np.diff(rows.group)
    ready = (step > 0) | ((step == 0) & (np.diff(rows.duration) >= 0))
    return rows if ready.all() else rows.taken(np.lexsort((rows.duration, rows.group)))


def _summed(values: Floats, first: Ints) -> Floats:
    return np.add.reduceat(values, first) if first.size else np.empty(0)


def _entered(rows: _Rows, codes: Ints, times: Floats, groups: int) -> Floats:
    """How many of all groups up to this one had come in before each time."""
    late = np.isfinite(rows.entry)
    if not late.any():
        return np.cumsum(sums(rows.count, rows.group, groups))[codes]
    group = np.concatenate((codes, rows.group))
    moment = np.concatenate((times, rows.entry))
    count = np.concatenate((np.zeros(times.size), rows.count))
    # At equal moments a time is read before the entries: who enters at t is not yet at risk at t.
    order = np.lexsort((np.arange(group.size) >= times.size, moment, group))
    entered = np.empty(group.size)
    entered[order] = np.cumsum(count[order])
    return entered[: times.size]
