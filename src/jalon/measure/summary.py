"""Statistics by group, as columns: what an engine answered, kept and rolled up without it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """``keys``: for each key, the code of each group and the labels codes stand for (None: not
    known). ``sums``: the statistics, one element a group."""

    keys: Mapping[str, tuple[Codes, list[Any]]]
    sums: Mapping[str, Floats]
    groups: int

    @classmethod
    def of(cls, table: pa.Table, keys: Sequence[str]) -> Summary:
        """From an engine's answer."""
        coded = {name: encode(table.column(name)) for name in keys}
        sums = {name: floats(table.column(name)) for name in table.column_names if name not in keys}
        return cls(coded, sums, table.num_rows)

    def labels(self, name: str) -> list[Any]:
        """The label of each group for a key."""
        codes, labels = self.keys[name]
        return [labels[code] for code in codes.tolist()]

    def spread(self, name: str, classes: Sequence[Any]) -> Summary:
        """Each group divided into classes, in order, its statistics said of each."""
        keys = {
            each: (np.repeat(codes, len(classes)), labels)
            for each, (codes, labels) in self.keys.items()
        }
        keys[name] = (np.tile(np.arange(len(classes)), self.groups), list(classes))
        sums = {each: np.repeat(values, len(classes)) for each, values in self.sums.items()}
        return Summary(keys, sums, self.groups * len(classes))

    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
        codes = sum(codes.nbytes for codes, _ in self.keys.values())
        return codes + sum(values.nbytes for values in self.sums.values())

    def moved(
        self, names: Sequence[str], coarser: Mapping[str, Callable[[Any], Any]] | None = None
    ) -> tuple[Summary, Codes]:
        """The groups by fewer keys, or coarser ones, and the one into which each group goes."""
        keys = {}
        for name in names:
            codes, labels = self.keys[name]
            change = (coarser or {}).get(name)
            keys[name] = (
                _relabel(codes, [change(each) for each in labels]) if change else (codes, labels)
            )
        group, first, count = grouping([keys[name] for name in names], self.groups)
        moved = {name: (codes[first], labels) for name, (codes, labels) in keys.items()}
        return Summary(moved, {}, count), group

    def rolled(
        self, names: Sequence[str], coarser: Mapping[str, Callable[[Any], Any]] | None = None
    ) -> Summary:
        """The same statistics by fewer keys, or coarser ones: sums of sums, no other scan."""
        moved, group = self.moved(names, coarser)
        sums = {
            name: added(group, values, moved.groups) if self.groups else np.zeros(moved.groups)
            for name, values in self.sums.items()
        }
        return Summary(moved.keys, sums, moved.groups)


def added(group: Codes, values: Floats, count: int) -> Floats:
    """The sum of the values of each group."""
    return np.asarray(np.bincount(group, values, count), dtype=np.float64)


def grouping(keys: Sequence[tuple[Codes, list[Any]]], rows: int) -> tuple[Codes, Codes, int]:
    """Number the distinct combinations of keys: the number of each row, the first row of each.

    Without keys there is one group, even of no row.
    """
    if not keys:
        return np.zeros(rows, np.int64), np.zeros(0, np.int64), 1
    combined = np.zeros(rows, np.int64)
    for codes, labels in keys:
        combined = combined * max(len(labels), 1) + codes
    _, first, group = np.unique(combined, return_index=True, return_inverse=True)
    return group.astype(np.int64), first.astype(np.int64), len(first)


def encode(values: pa.ChunkedArray) -> tuple[Codes, list[Any]]:
    """A column as codes and labels; what is not known is a label of its own, None."""
    whole = values.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], values.type)
    encoded = pc.dictionary_encode(whole, null_encoding="encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def floats(values: pa.ChunkedArray) -> Floats:
    """A column as floats, NaN where not known."""
    if pa.types.is_temporal(values.type) or pa.types.is_string(values.type):
        return np.zeros(len(values))
    if pa.types.is_decimal(values.type):
        # Arrow multiplies by a power of ten, which is off by the last digit.
        return np.array([np.nan if each is None else float(each) for each in values.to_pylist()])
    cast = pc.cast(values, pa.float64(), safe=False)
    return np.asarray(cast.to_numpy(), dtype=np.float64)


def numbered(columns: Mapping[str, pa.ChunkedArray]) -> dict[str, Floats]:
    """Columns as floats; texts are numbered, the same number for equal texts of any of them.

    A text without anything has the number 0.
    """
    found: dict[str, Floats] = {}
    places: dict[Any, int] = {"": 0}
    for name, values in columns.items():
        if not pa.types.is_string(values.type):
            found[name] = floats(values)
            continue
        codes, labels = encode(values)
        numbers = [places.setdefault(each, len(places)) for each in labels]
        found[name] = np.array(numbers, dtype=np.float64)[codes] if labels else np.zeros(0)
    return found


def _relabel(codes: Codes, labels: list[Any]) -> tuple[Codes, list[Any]]:
    places: dict[Any, int] = {}
    moved = np.array([places.setdefault(each, len(places)) for each in labels], dtype=np.int64)
    return (moved[codes] if len(labels) else codes), list(places)


def order(summary: Summary, names: Sequence[str]) -> Codes:
    """The groups sorted by their keys' labels, in the order of ``names``; unknown last."""

    def rank(name: str) -> Codes:
        codes, labels = summary.keys[name]
        ranked = sorted(range(len(labels)), key=lambda i: (labels[i] is None, _sortable(labels[i])))
        places = np.empty(len(labels), np.int64)
        places[ranked] = np.arange(len(labels))
        return places[codes]

    if not names:
        return np.arange(summary.groups)
    return np.lexsort([rank(name) for name in reversed(names)])


@lru_cache(maxsize=16384, typed=True)
def _sortable(label: Any) -> Any:
    if isinstance(label, (dt.date, dt.datetime, int, float, bool)):
        return (0, str(label) if isinstance(label, dt.date) else float(label), "")
    plain = unicodedata.normalize("NFKD", str(label)).casefold()
    return (1, "".join(each for each in plain if not unicodedata.combining(each)), str(label))
