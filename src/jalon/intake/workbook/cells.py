"""The cells of a sheet as text, row by row: merged cells filled, error codes as they are shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jalon.intake.workbook.seen import Seen

# Controls other than tab and line ends, and the characters that are none.
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Row = list[str | None]
Span = tuple[int, int, int, int]


@dataclass
class Carried:
    """Values of cells merged over several rows, given to each row that has a cell of its own.

    ``starts``: by row, the columns where such a cell begins and its last row.
    """

    starts: dict[int, list[tuple[int, int]]]
    values: dict[int, tuple[str, int]] = field(default_factory=dict)

    def fill(self, line: int, row: Row) -> None:
        """Fill the row numbered ``line`` in place."""
        own = any(cell is not None for cell in row)
        for column, (value, last) in list(self.values.items()):
            if line > last:
                del self.values[column]
            elif own and column < len(row) and row[column] is None:
                row[column] = value
        for column, last in self.starts.get(line, ()):
            value_here = row[column] if column < len(row) else None
            if value_here is not None:
                self.values[column] = (value_here, last)


def carried(spans: Iterable[Span], left: int) -> Carried:
    """What merged cells give to the rows below; ``left``: the column of the first cell of a row."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for row, column, last, _ in spans:
        if last > row and column >= left:
            starts.setdefault(row, []).append((column - left, last))
    return Carried(starts)


def lines(
    rows: Iterable[list[Any]], width: int, left: int, seen: Seen
) -> Iterator[tuple[int, Row]]:
    """The rows that have a cell, each with its number from 1."""
    merged = carried(seen.spans or (), left)
    for line, values in enumerate(rows, start=1):
        row = [text(value) for value in values]
        row = (row + [None] * width)[:width]
        for column, error in seen.errors.get(line, {}).items():
            if 0 <= column - left < width:
                row[column - left] = row[column - left] or error
        if merged.starts:
            merged.fill(line, row)
        if any(cell is not None for cell in row):
            yield line, row


def text(value: Any) -> str | None:
    """A cell as text: dates as ISO, whole numbers without a fraction; None where it is blank."""
    if isinstance(value, str):
        return BAD_CHARACTERS.sub("\ufffd", value) if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, dt.timedelta):
        return _duration(value)
    return None if value is None else str(value)


def _duration(value: dt.timedelta) -> str:
    """Hours beyond a day stay hours: 36:00:00."""
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < dt.timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
