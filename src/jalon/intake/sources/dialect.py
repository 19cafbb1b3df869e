"""How a text is cut into records and cells, and which record is the header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jalon.model.problems import InputError, Where

BLANKS = " "
DELIMITERS = (";", "\t", "|", ",")
csv.field_size_limit(1 << 30)

TYPED = re.compile(
    r"\s*([-+(]?[€$£]?\s?\d[\d\s\u00a0\u202f.,']*([eE][-+]?\d+)?\s?[€$£%)]?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|[^@\s]+@[^@\s]+\.[a-z]+)\s*"
)
YEAR = re.compile(r"\s*(19|20)\d\d\s*")


class Record(NamedTuple):
    """The cells of a record and the physical line where it begins."""

    line: int
    cells: list[str]
    lines: int = 1
    broken: bool = False


@dataclass(frozen=True)
class Delimiter:
    """The mark between cells, the share of records that agree on their number, and that number.

    A ``mark`` of one blank stands for any run of blanks; None: no mark, the file has one column.
    """

    mark: str | None
    share: float
    width: int


@dataclass(frozen=True)
class Header:
    """The header's place: ``line`` 0 where the file has none; ``first`` is the line after it."""

    line: int
    first: int
    cells: list[str]
    skipped: int
    certainty: float
    because: str


def records(lines: Iterable[str], delimiter: str | None, first: int = 1) -> Iterator[Record]:
    """The records of a text whose first line is ``first``; blank lines are left out.

    ``broken``: a quote opened in it is not closed where a cell ends, so that it took other records.
    """
    if delimiter == BLANKS or delimiter is None:
        yield from _unquoted(lines, delimiter, first)
        return
    taken: list[str] = []
    reader = csv.reader(_taking(lines, taken), delimiter=delimiter)
    for cells in reader:
        count = len(taken)
        if count == 1:
            if cells:
                yield Record(first, cells)
        elif any(cells):
            yield Record(first, cells, count, not _closes(taken, delimiter))
        first += count
        taken.clear()


def find_delimiter(sample: Sequence[str]) -> Delimiter:
    """The mark that cuts the records of a sample into the most regular number of cells."""
    found = [_measured(sample, mark) for mark in DELIMITERS]
    best = max(found, key=lambda one: one.share * (1 - 1 / one.width) if one.width else 0)
    if best.width > 1 and best.share >= 0.5:
        return best
    blanks = _measured(sample, BLANKS)
    if blanks.width > 1 and blanks.share >= 0.95:
        return blanks
    return best if best.width > 1 and best.share >= 0.3 else Delimiter(None, 1.0, 1)


def find_header(sample: Sequence[Record], given: int | None) -> Header:
    """The first record as wide as the table, unless it looks like the data below it."""
    if given is not None:
        return _given_header(sample, given)
    width = _usual(filled_count(record.cells) for record in sample)
    position = next(
        (at for at, record in enumerate(sample) if filled_count(record.cells) * 2 > width), 0
    )
    header, below = sample[position], sample[position + 1 : position + 101]
    contrast, alike = _compared(header.cells, [record.cells for record in below])
    if alike and not contrast:
        return Header(0, header.line, [""] * len(header.cells), position, 0.7, "first_row_is_data")
    because = "names_above_values" if contrast else "first_full_row"
    certainty = 0.95 if contrast else 0.7
    after = header.line + header.lines
    return Header(header.line, after, header.cells, position, certainty, because)


def filled_count(cells: Sequence[str]) -> int:
    """How many cells are not blank."""
    return sum(1 for cell in cells if cell and not cell.isspace())


def _given_header(sample: Sequence[Record], given: int) -> Header:
    if given == 0:
        first = sample[0]
        return Header(0, first.line, [""] * len(first.cells), 0, 1.0, "given")
    position = next((at for at, record in enumerate(sample) if record.line >= given), None)
    if position is None:
        raise InputError.of("missing_header_row", Where(row=given))
    header = sample[position]
    return Header(header.line, header.line + header.lines, header.cells, position, 1.0, "given")


def _compared(header: Sequence[str], below: Sequence[Sequence[str]]) -> tuple[int, int]:
    """In how many columns the header differs in kind from the cells below, or is like them."""
    contrast = alike = 0
    for index, cell in enumerate(header):
        column = [row[index] for row in below if index < len(row) and row[index].strip()]
        typed = sum(1 for value in column if TYPED.fullmatch(value))
        if not column or typed * 10 < len(column) * 8:
            continue
        if TYPED.fullmatch(cell) and not YEAR.fullmatch(cell):
            alike += 1
        elif cell.strip():
            contrast += 1
    return contrast, alike


def _usual(counts: Iterable[int]) -> int:
    tally = Counter(counts)
    most = max(tally.values(), default=0)
    return max((count for count, times in tally.items() if times == most), default=0)


def _measured(sample: Sequence[str], mark: str) -> Delimiter:
    counts = Counter(len(record.cells) for record in records(sample, mark))
    wide = {width: times for width, times in counts.items() if width > 1}
    if not wide:
        return Delimiter(mark, 0.0, 0)
    width, times = max(wide.items(), key=lambda item: (item[1], item[0]))
    return Delimiter(mark, times / counts.total(), width)


def _unquoted(lines: Iterable[str], delimiter: str | None, first: int) -> Iterator[Record]:
    for line, text in enumerate(lines, start=first):
        cells = text.split() if delimiter else [text.rstrip("\r\n")]
        if any(cell.strip() for cell in cells):
            yield Record(line, cells)


def _taking(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _closes(lines: Iterable[str], delimiter: str) -> bool:
    """Whether the quotes of a record of several lines are where quotes belong."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True
