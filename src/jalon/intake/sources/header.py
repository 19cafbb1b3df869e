"""Which records of a table are its header: one row, several, or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jalon.model.problems import InputError, Where

TYPED = re.compile(
    r"\s*([-+(]?[€$£]?\s?\d[\d\s\u00a0\u202f.,']*([eE][-+]?\d+)?\s?[€$£%)]?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d\d(:\d\d)?|[^@\s]+@[^@\s]+\.[a-z]+)\s*"
)
YEAR = re.compile(r"\s*(19|20)\d\d\s*")
#: Names that say nothing without the group above them.
PARTIAL = re.compile(
    r"ht|ttc|tva|n|n-1|n\+1|(19|20)\d\d|[tq][1-4]|nb|nombre|valeur|%|réel|prévu|total"
)
#: A longer cell is text, whatever it is made of.
LONG = 120
ROWS = 3
BELOW = 100
MOSTLY = 0.8


class Record(NamedTuple):
    """The cells of a record and the physical line where it begins."""

    line: int
    cells: list[str]
    lines: int = 1
    broken: bool = False


@dataclass(frozen=True)
class Header:
    """The header's place: ``line`` 0 where the file has none; ``first`` is the line after it.

    ``rows``: of how many records its names are made.
    """

    line: int
    first: int
    cells: list[str]
    skipped: int
    certainty: float
    because: str
    rows: int = 1


def find_header(sample: Sequence[Record], given: int | None) -> Header:
    """The first record as wide as the table, unless it looks like the data below it; with the
    record above it where that names groups of columns, and those below it that are names too."""
    if given is not None:
        return _given_header(sample, given)
    width = _usual(filled_count(record.cells) for record in sample)
    wide = (at for at, record in enumerate(sample) if filled_count(record.cells) * 2 > width)
    position = next((at for at in wide if not _stands_apart(sample, at, width)), 0)
    header = sample[position]
    contrast, alike = _compared(header.cells, [one.cells for one in _below(sample, position)])
    if alike and not contrast:
        return Header(0, header.line, [""] * len(header.cells), position, 0.7, "first_row_is_data")
    top = position - 1 if position and _groups(sample[position - 1], header) else position
    last = _last_of_header(sample, position, width)
    parts = sample[top : last + 1]
    because = "names_above_values" if contrast else "first_full_row"
    because = "several_header_rows" if len(parts) > 1 else because
    certainty = 0.95 if contrast else 0.7
    after = parts[-1].line + parts[-1].lines
    return Header(parts[0].line, after, _names(parts), top, certainty, because, len(parts))


def _stands_apart(sample: Sequence[Record], at: int, width: int) -> bool:
    """Whether a record is of the parameters of a report: blank lines part it from a row of names
    as wide as the table."""
    record, after = sample[at], sample[at + 1 : at + 2]
    if filled_count(record.cells) >= width or not after or _touches(record, after[0]):
        return False
    return filled_count(after[0].cells) >= width and not any(map(typed, after[0].cells))


def _touches(above: Record, record: Record) -> bool:
    return above.line + above.lines == record.line


def filled_count(cells: Sequence[str]) -> int:
    """How many cells are not blank."""
    return sum(1 for cell in cells if cell and not cell.isspace())


def typed(cell: str) -> bool:
    """Whether a cell is a number, a date or an address rather than words."""
    return len(cell) <= LONG and TYPED.fullmatch(cell) is not None


def typed_columns(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns of which nearly all filled cells are numbers, dates or addresses."""
    width = max(map(len, rows), default=0)
    return frozenset(index for index in range(width) if _is_typed(index, rows))


def _is_typed(index: int, rows: Sequence[Sequence[str]]) -> bool:
    column = [row[index] for row in rows if index < len(row) and row[index].strip()]
    return bool(column) and sum(map(typed, column)) >= MOSTLY * len(column)


def looks_like_header(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row is of names, all filled, above values of another kind."""
    if filled_count(cells) < len(cells) or len(cells) < 2 or any(map(typed, cells)):
        return False
    return _compared(cells, below)[0] > 0


def _below(sample: Sequence[Record], position: int) -> Sequence[Record]:
    return sample[position + 1 : position + 1 + BELOW]


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
    columns = typed_columns(below)
    for index, cell in enumerate(header):
        if index not in columns:
            continue
        if typed(cell) and not YEAR.fullmatch(cell):
            alike += 1
        elif cell.strip():
            contrast += 1
    return contrast, alike


def _last_of_header(sample: Sequence[Record], position: int, width: int) -> int:
    """The last of the records that are names: rows of words over the columns of figures."""
    last = position
    while last + 1 < min(len(sample) - 1, position + ROWS):
        above, row = sample[last].cells, sample[last + 1].cells
        columns = typed_columns([one.cells for one in _below(sample, last + 1)])
        named = [index for index in columns if index < len(row) and row[index].strip()]
        if row == above or not _touches(sample[last], sample[last + 1]):
            return last
        if not named or any(typed(row[index]) for index in named):
            return last
        full = filled_count(row) * 2 > width and len(named) > 1
        if not full and not _completes(row, above):
            return last
        last += 1
    return last


def _completes(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row names columns that the one above leaves blank, beside those it groups."""
    names = [*above, *[""] * (len(row) - len(above))]
    return any(cell.strip() and not name.strip() for cell, name in zip(row, names, strict=False))


def _groups(above: Record, header: Record) -> bool:
    """Whether the record above names groups of columns whose own names do not say enough: some are
    blank, alike, or words such as HT and TTC."""
    filled = [index for index, cell in enumerate(above.cells) if cell.strip()]
    if not _touches(above, header) or not any(filled):
        return False
    if any(typed(above.cells[index]) for index in filled) or filled[-1] >= len(header.cells):
        return False
    names = [name.strip().casefold() for name in header.cells]
    lacking = any(not names[index] for index in filled)
    return lacking or len(set(names)) < len(names) or any(map(PARTIAL.fullmatch, names))


def _names(parts: Sequence[Record]) -> list[str]:
    """The names of columns over several rows: a blank cell of a group row takes its left one's."""
    if len(parts) == 1:
        return parts[0].cells
    width = max(len(part.cells) for part in parts)
    rows = [[*part.cells, *[""] * (width - len(part.cells))] for part in parts]
    spread = [_spread(row, rows[at + 1 :]) for at, row in enumerate(rows[:-1])]
    return [_name(column) for column in zip(*spread, rows[-1], strict=True)]


def _spread(row: Sequence[str], under: Sequence[Sequence[str]]) -> list[str]:
    made: list[str] = []
    for index, cell in enumerate(row):
        left = made[-1] if made and any(one[index].strip() for one in under) else ""
        made.append(cell if cell.strip() else left)
    return made


def _name(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))


def _usual(counts: Iterable[int]) -> int:
    tally = Counter(counts)
    most = max(tally.values(), default=0)
    return max((count for count, times in tally.items() if times == most), default=0)
