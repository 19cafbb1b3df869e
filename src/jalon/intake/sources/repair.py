"""One record that is not written as the others are: read otherwise where one way alone fits."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from jalon.intake.sources.dialect import USUAL, Dialect, lines_in
from jalon.intake.sources.header import filled_count, typed

#: Ways of reading one record that are tried, at most.
TRIES = 1_000
#: A longer record is read as it stands, or set apart.
LONGEST = 20_000


@dataclass(frozen=True)
class Mended:
    """The cells of a record, and what was done to it: ``padded``, ``reread`` or nothing; or, where
    it cannot be read, the ``code`` that says why."""

    cells: list[str]
    how: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Repair:
    """What the records of a table are like: their dialect, their width, and the columns of which
    nearly all cells are numbers, dates or addresses."""

    dialect: Dialect
    width: int
    columns: frozenset[int]

    def mend(self, text: str) -> Mended:
        """The cells of a record that is not plainly one of the table's."""
        cells = _strict(text, self.dialect)
        if cells is not None and len(cells) == self.width:
            return Mended(cells)
        if cells is not None and self._cut(cells):
            return Mended(cells[: self.width])
        other = self._otherwise(text, cells is None) if len(text) <= LONGEST else None
        if other is not None:
            return Mended(other, "reread")
        if cells is None:
            return Mended([], code="unclosed_quote")
        if len(cells) > self.width:
            return Mended(cells, code="too_many_cells")
        padded = [*cells, *[""] * (self.width - len(cells))]
        # One long cell is no record of several: its marks may not have been understood.
        if self._fits(padded, doubtful=False):
            return Mended(padded, "padded")
        return Mended(cells, code="too_few_cells")

    def _cut(self, cells: Sequence[str]) -> bool:
        """Whether a record is longer by blank cells at its end alone."""
        return len(cells) > self.width and not filled_count(cells[self.width :])

    def _fits(self, cells: Sequence[str], *, doubtful: bool) -> bool:
        """Whether the cells of columns of figures are figures; ``doubtful``: where none says so."""
        told = [cells[index].strip() for index in self.columns if cells[index].strip()]
        return all(map(typed, told)) and (bool(told) or not doubtful)

    def _otherwise(self, text: str, unclosed: bool) -> list[str] | None:
        """The one other way of reading the record that gives its width, in figures too."""
        for ways in (self._dialects(text), self._literal(text) if unclosed else []):
            found = [each for each in ways if len(each) == self.width]
            fitting = [each for each in found if self._fits(each, doubtful=True)]
            distinct = {tuple(each) for each in fitting or found}
            if len(distinct) == 1:
                return list(distinct.pop())
            if distinct:
                return None
        return None

    def _dialects(self, text: str) -> Iterator[list[str]]:
        """The record as each other usual dialect has it."""
        own = self.dialect
        others = [replace(own, quote=quote, escape=None) for quote in ("'", '"')]
        others += [replace(own, escape="\\")]
        others += [replace(own, delimiter=mark) for mark in USUAL]
        for other in others:
            if other != own and (cells := _strict(text, other)) is not None:
                yield cells

    def _literal(self, text: str) -> list[list[str]]:
        """The readings that take the fewest quotes for letters."""
        return list(_readings(text.rstrip("\r\n"), self.dialect, self.width))


def _strict(text: str, dialect: Dialect) -> list[str] | None:
    """The cells of a text that is one well-formed record, else None."""
    try:
        rows = list(dialect.reader(lines_in(text), strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and not _stray(rows[0], text, dialect) else None


def _stray(cells: Sequence[str], text: str, dialect: Dialect) -> bool:
    """Whether a quote in the middle of a cell may have hidden the end of one."""
    quote = dialect.quote
    if quote is None or dialect.escape is not None or text.count(quote) % 2 == 0:
        return False
    return len(cells) > 1


def _readings(text: str, dialect: Dialect, width: int) -> Iterator[list[str]]:
    """The ways of cutting a record into ``width`` cells that take the fewest quotes for letters."""
    mark, quote = dialect.delimiter or ",", dialect.quote or '"'
    # The least cost first, then the furthest in the text.
    left = [(0, 0, 0, list[str]())]
    least: int | None = None
    for number in range(1, TRIES):
        if not left or (least is not None and left[0][0] > least):
            return
        cost, place, _, cells = heappop(left)
        place = -place
        if place > len(text):
            least = cost
            yield cells
            continue
        for cell, end, literal in _cells(text, place, mark, quote):
            made = [*cells, cell]
            if end == len(text) and len(made) == width:
                heappush(left, (cost + literal, -len(text) - 1, number, made))
            elif end < len(text) and len(made) < width:
                heappush(left, (cost + literal, -end - len(mark), number, made))


def _cells(text: str, place: int, mark: str, quote: str) -> Iterator[tuple[str, int, int]]:
    """The cells that may begin at a place, their ends, and 1 where a quote in one is a letter."""
    end = text.find(mark, place)
    end = len(text) if end < 0 else end
    plain = text[place:end]
    yield plain, end, int(quote in plain)
    if not text.startswith(quote, place):
        return
    letters = 0
    closing = text.find(quote, place + 1)
    while closing >= 0:
        after = closing + 1
        if text.startswith(quote, after):
            closing = text.find(quote, after + 1)
            continue
        if after == len(text) or text.startswith(mark, after):
            yield text[place + 1 : closing].replace(quote * 2, quote), after, letters
        letters += 1
        closing = text.find(quote, after)
