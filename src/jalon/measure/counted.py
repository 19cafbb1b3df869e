"""Rows counted by group and by keys: what a histogram query answered, rolled up without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jalon.estimates.estimator import Histogram
from jalon.measure.summary import Codes, Summary, added, encode, floats, grouping, numbered

#: Combinations of keys are merged through a table of all that may be, where it is at most so many
#: times longer than the rows; else by sorting.
ROOM = 16
#: Combinations are numbered below this.
LARGEST = 2**62


@dataclass(frozen=True)
class Counted:
    """``groups``: the labels of the groups, without statistics; ``histogram``: their rows."""

    groups: Summary
    histogram: Histogram

    @classmethod
    def of(cls, table: pa.Table, keys: Sequence[str], summed: Sequence[str]) -> Counted:
        """From an engine's answer; rows of which a key is not known are left out."""
        known = reduce(pc.and_, (pc.is_valid(table.column(name)) for name in keys))
        if not pc.all(known).as_py():
            table = table.filter(known)
        names = [name for name in table.column_names if name not in (*keys, *summed, "count")]
        coded = {name: encode(table.column(name)) for name in names}
        group, first, count = grouping(list(coded.values()), table.num_rows)
        labels = {name: (codes[first], texts) for name, (codes, texts) in coded.items()}
        histogram = Histogram(
            group,
            count,
            numbered({name: table.column(name) for name in keys}),
            floats(table.column("count")),
            {name: floats(table.column(name)) for name in summed},
        )
        return cls(Summary(labels, {}, count), histogram)

    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
        held = self.histogram
        columns = [held.group, held.count, *held.keys.values(), *held.sums.values()]
        return sum(each.nbytes for each in columns) + self.groups.nbytes

    def rolled(
        self, names: Sequence[str], coarser: Mapping[str, Callable[[Any], Any]] | None = None
    ) -> Counted:
        """The same rows by fewer groups, or coarser ones."""
        groups, moved = self.groups.moved(names, coarser)
        return Counted(groups, _merged(self.histogram, moved, groups.groups))


def _merged(histogram: Histogram, moved: Codes, groups: int) -> Histogram:
    """The rows under their new groups, those of equal keys as one."""
    group = moved[histogram.group]
    place, first, count = _places([group, *histogram.keys.values()], len(group))
    return Histogram(
        group[first],
        groups,
        {name: values[first] for name, values in histogram.keys.items()},
        added(place, histogram.count, count),
        {name: added(place, values, count) for name, values in histogram.sums.items()},
    )


def _places(keys: Sequence[NDArray[Any]], rows: int) -> tuple[Codes, Codes, int]:
    """Number the distinct combinations of keys, in order: of each row, and a row of each."""
    combined, room = np.zeros(rows, np.int64), 1
    for values in keys:
        codes, span = _codes(values)
        if room * span >= LARGEST:
            combined, room = _codes(combined)
        combined, room = combined * span + codes, room * span
    if room > ROOM * max(rows, 1):
        _, first, place = np.unique(combined, return_index=True, return_inverse=True)
        return place.astype(np.int64), first.astype(np.int64), len(first)
    row = np.full(room, -1, np.int64)
    row[combined] = np.arange(rows)
    there = np.flatnonzero(row >= 0)
    number = np.empty(room, np.int64)
    number[there] = np.arange(len(there))
    return number[combined], row[there], len(there)


def _codes(values: NDArray[Any]) -> tuple[Codes, int]:
    """Whole numbers from 0, in the order of the values, and how many there may be."""
    if not len(values):
        return np.zeros(0, np.int64), 1
    low, high = values.min(), values.max()
    if high - low < ROOM * len(values) and not (values % 1).any():
        return (values - low).astype(np.int64), int(high - low) + 1
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), len(distinct)
