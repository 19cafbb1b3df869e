"""Where the lines of a text file begin, and which of them are plainly one record each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jalon.intake.sources.dialect import Dialect

IntArray = npt.NDArray[np.int64]
FlagArray = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
BLOCK = 1 << 25
FEED, RETURN, SPACE = 10, 13, 32


@dataclass(frozen=True)
class Index:
    """The lines of a UTF-8 file, numbered from 0: ``bounds`` has the byte where each begins, and
    the file's size at the end.

    ``quotes`` counts the quotes of each line, ``marks`` its delimiters outside quotes, were it a
    record of its own; ``odd`` tells the lines with a quote that neither opens nor closes a cell.
    """

    path: Path
    bounds: IntArray
    quotes: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    odd: FlagArray
    blank: FlagArray

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @cached_property
    def content(self) -> Bytes:
        """The bytes of the file."""
        return np.memmap(self.path, dtype="u1", mode="r")

    def text(self, first: int, last: int | None = None) -> str:
        """The text from a line to another, with the ends of lines."""
        end = (first if last is None else last) + 1
        found = self.content[self.bounds[first] : self.bounds[end]].tobytes()
        return found.decode("utf-8", "replace").removeprefix("\ufeff")

    def plain(self, width: int) -> FlagArray:
        """The lines that are each a well-formed record of that many cells."""
        closed = (self.quotes % 2 == 0) & ~self.odd
        found: FlagArray = closed & (self.marks == width - 1) & ~self.blank
        return found

    def copy(self, chosen: FlagArray, target: Path) -> None:
        """Write the chosen lines to a file of their own, each with its end."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False]))))
        with target.open("wb") as out:
            for first, end in edges.reshape(-1, 2):
                out.write(self.content[self.bounds[first] : self.bounds[end]].data)
                if end == len(self):
                    out.write(b"\n")


def index(path: Path, dialect: Dialect) -> Index:
    """The index of a UTF-8 file in a dialect whose delimiter is one byte."""
    content: Bytes = np.memmap(path, dtype="u1", mode="r")
    parts = [_indexed(content[a:b], dialect) for a, b in _blocks(content)]
    offsets = np.cumsum([0, *(len(block) for block in (content[a:b] for a, b in _blocks(content)))])
    bounds = [part[0] + offset for part, offset in zip(parts, offsets, strict=False)]
    joined = [np.concatenate(each) for each in zip(*(part[1:] for part in parts), strict=True)]
    return Index(path, np.concatenate([*bounds, [len(content)]]).astype("i8"), *joined)


def _blocks(content: Bytes) -> Iterator[tuple[int, int]]:
    """Whole lines, about as many bytes at a time."""
    begin = 0
    while begin < len(content):
        end = min(begin + BLOCK, len(content))
        while end < len(content) and content[end - 1] != FEED:
            found = np.flatnonzero(content[end : end + BLOCK] == FEED)
            end = end + int(found[0]) + 1 if len(found) else min(end + BLOCK, len(content))
        yield begin, end
        begin = end


def _indexed(
    block: Bytes, dialect: Dialect
) -> tuple[IntArray, IntArray, IntArray, FlagArray, FlagArray]:
    starts, ends = _lines(block)
    quotes = _quotes(block, dialect)
    marks = np.flatnonzero(block == ord(dialect.delimiter or ","))
    counted = np.diff(np.searchsorted(quotes, np.append(starts, len(block))))
    if len(quotes):
        before = (
            np.searchsorted(quotes, marks)
            - np.searchsorted(quotes, starts)[np.searchsorted(starts, marks, side="right") - 1]
        )
        marks = marks[before % 2 == 0]
    outside = np.diff(np.searchsorted(marks, np.append(starts, len(block))))
    return (
        starts,
        counted.astype("i4"),
        outside.astype("i4"),
        _odd(block, quotes, starts, dialect),
        _blank(block, starts, ends),
    )


def _lines(block: Bytes) -> tuple[IntArray, IntArray]:
    """Where lines begin and where their text ends: a lone carriage return ends one too."""
    ends = block == FEED
    returns = np.flatnonzero(block == RETURN)
    lone = returns[block[np.minimum(returns + 1, len(block) - 1)] != FEED]
    ends[lone] = True
    found = np.flatnonzero(ends)
    if not len(found) or found[-1] != len(block) - 1:
        found = np.append(found, len(block))
    return np.concatenate(([0], found[:-1] + 1)).astype("i8"), found


def _quotes(block: Bytes, dialect: Dialect) -> IntArray:
    """The places of quotes, those after the mark of escape aside."""
    if dialect.quote is None:
        return np.empty(0, dtype="i8")
    found: IntArray = np.flatnonzero(block == ord(dialect.quote))
    if dialect.escape is None or not len(found):
        return found
    escape = ord(dialect.escape)
    before = block[np.maximum(found - 1, 0)] == escape
    doubled = block[np.maximum(found - 2, 0)] == escape
    kept: IntArray = found[~(before & ~doubled)]
    return kept


def _odd(block: Bytes, quotes: IntArray, starts: IntArray, dialect: Dialect) -> FlagArray:
    found = np.zeros(len(starts), dtype=bool)
    if not len(quotes):
        return found
    around = [ord(dialect.delimiter or ","), FEED, RETURN, ord(dialect.quote or '"')]
    opening = np.array([*around, SPACE] if dialect.spaced else around, dtype="u1")
    left = np.isin(block[np.maximum(quotes - 1, 0)], opening) | (quotes == 0)
    right = np.isin(block[np.minimum(quotes + 1, len(block) - 1)], around)
    right |= quotes == len(block) - 1
    # The mark of UTF-8 stands before the first quote of some files.
    left |= (quotes == 3) & (block[0] == 0xEF)
    wrong = quotes[~left & ~right]
    found[np.searchsorted(starts, wrong, side="right") - 1] = True
    return found


def _blank(block: Bytes, starts: IntArray, ends: IntArray) -> FlagArray:
    """The lines without any character but blanks: the empty ones, and those looked into."""
    sizes = ends - starts
    empty: FlagArray = (sizes <= 0) | (
        (sizes == 1) & (block[np.minimum(starts, len(block) - 1)] == RETURN)
    )
    space = block[np.minimum(starts, len(block) - 1)] == SPACE
    for line in np.flatnonzero(space & ~empty & (sizes < BLOCK)):
        empty[line] = not bytes(block[starts[line] : ends[line]]).strip()
    return empty
