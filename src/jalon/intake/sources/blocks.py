"""The tables of a sheet: one, or several one under the other or side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jalon.intake.sources.header import (
    YEAR,
    Header,
    Record,
    filled_count,
    find_header,
    typed,
    typed_columns,
)
from jalon.intake.sources.relation import TAIL, ends_report

SAMPLE = 2000
HEAD = 60
#: More gaps than this are blank rows of one table.
MAX_GAPS = 2000
#: Sides of one table reach the same rows, to this share.
ALIGNED = 0.9
TITLES = 3
LONGEST_NAME = 100
NO_NAME = re.compile(
    r"(?i)[\W\d_]*|n/?[acd]|nsp|null|none|nul|néant|vide|oui|non|yes|no|true|false"
)

#: The runs of columns merged into one cell (first, last), by the number of their row.
Labels = Mapping[int, Sequence[tuple[int, int]]]
Names = frozenset[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class Block:
    """A table of a sheet: ``text`` has ``_line`` and its columns, under their names in the sheet.

    ``header.cells`` are of these columns. ``blank``: the columns dropped from inside it, without
    name or value. ``aside``: the filled columns beside it that are no table.
    """

    text: pa.Table
    header: Header
    blank: int = 0
    aside: int = 0

    @property
    def columns(self) -> list[int]:
        """The places of its columns, from 0 where the sheet's first filled one is."""
        return [int(name[1:]) for name in self.text.column_names[1:]]

    @property
    def last(self) -> int:
        """The number of its last row."""
        return int(self.text.column(0)[-1].as_py())


def find_blocks(
    text: pa.Table, labels: Labels, given: int | None, whole: bool = False
) -> list[Block]:
    """The tables of a sheet in the order of its rows; one only where the header's row is given or
    ``whole`` is said.

    Blank rows or a blank column part two tables only where what lies beyond has a header of its
    own. ``labels`` counts columns as ``text`` does.
    """
    text = _filled_rows(text)
    if not text.num_rows:
        return []
    if given is not None or whole:
        return _sides(text, labels, given)[:1]
    found = list(_cut(text, labels))
    return sorted(found, key=lambda one: (one.header.line or one.header.first, one.columns[0]))


def sample_of(text: pa.Table, count: int = SAMPLE) -> list[Record]:
    """The first rows as records."""
    lines, *columns = (column.to_pylist() for column in text.slice(0, count).columns)
    rows = zip(*columns, strict=True) if columns else iter(())
    return [
        Record(line, [cell or "" for cell in cells])
        for line, cells in zip(lines, rows, strict=True)
    ]


def _cut(text: pa.Table, labels: Labels) -> Iterator[Block]:
    bands = _bands(text, labels)
    if len(bands) > 1:
        for band in bands:
            yield from _cut(band, labels)
        return
    blocks = _sides(text, labels, None)
    if len(blocks) == 1:
        yield blocks[0]
        return
    for block in blocks:
        for part in _cut(block.text, labels):
            same = part.text.num_rows == block.text.num_rows
            yield replace(part, blank=block.blank, aside=block.aside) if same else part


# One under the other


def _bands(text: pa.Table, labels: Labels) -> list[pa.Table]:
    """The rows cut where a header of its own follows blank rows."""
    lines = text.column(0).to_numpy()
    cuts = [0, *(np.flatnonzero(np.diff(lines) > 1) + 1).tolist(), len(lines)]
    if not 2 < len(cuts) <= MAX_GAPS:
        return [text]
    segments = [text.slice(a, b - a) for a, b in pairwise(cuts)]
    starts = _starts(segments, _header(sample_of(text), labels, text, None))
    ends = [*starts[1:], len(segments)]
    return [pa.concat_tables(segments[a:b]) for a, b in zip(starts, ends, strict=True)]


def _starts(segments: Sequence[pa.Table], header: Header) -> list[int]:
    main, starts = header.line or header.first, list[int]()
    current: Names = frozenset()
    values: list[set[str]] = []
    for index, segment in enumerate(segments):
        first, last = segment.column(0)[0].as_py(), segment.column(0)[-1].as_py()
        is_main = first <= main <= last
        if is_main:
            own = _named(header.cells)
        else:
            own = _own_names(segment, current, values, first > main)
        if (own and own != current) or (is_main and not current):
            starts.append(index)
            current, values = own, _values(segment, own)
    return [0, *(_with_titles(segments, start) for start in starts[1:])]


def _own_names(segment: pa.Table, current: Names, values: Sequence[set[str]], below: bool) -> Names:
    """The names of a segment that is a table of its own, none where it is not.

    Above the main table, pairs of a name and a value are the parameters of a report. In the place
    of the table above, words over one column of figures may as well be a row of it: they are
    names if they are none of its values, and all begin alike.
    """
    sample = sample_of(segment, HEAD)
    cells = header_cells(sample)
    names = _named(cells)
    if any(cell in seen for cell, seen in zip(cells, values, strict=False) if cell):
        return frozenset()
    if not below and len(names) < 3:
        return frozenset()
    if {at for at, _ in names} == {at for at, _ in current}:
        figures = typed_columns([row.cells for row in sample[1:]])
        capitals = {cell.strip()[0].isupper() for cell in cells if cell.strip()}
        return names if len(figures) > 1 or len(capitals) == 1 else frozenset()
    return names


def _with_titles(segments: Sequence[pa.Table], start: int) -> int:
    """A title that blank rows part from its table goes with it."""
    while start > 1 and all(
        filled_count(row.cells) == 1 for row in sample_of(segments[start - 1], TITLES + 1)
    ):
        if segments[start - 1].num_rows > TITLES:
            break
        start -= 1
    return start


def _values(segment: pa.Table, names: Names) -> list[set[str]]:
    """What the columns of a table hold besides its names."""
    columns = zip(*(record.cells for record in sample_of(segment)), strict=True)
    return [
        {cell for cell in column if (index, _folded(cell)) not in names}
        for index, column in enumerate(columns)
    ]


# Side by side


@dataclass(frozen=True, eq=False)
class _Side:
    """Columns that touch: their places in the region, their rows, and the header these have."""

    places: tuple[int, ...]
    text: pa.Table
    header: Header

    @property
    def names(self) -> set[str]:
        return {name for _, name in _named(self.header.cells)}

    @property
    def first(self) -> int:
        return self.header.first

    @property
    def last(self) -> int:
        """The number of its last row, the end of a report left out."""
        end = self.text.slice(max(0, self.text.num_rows - TAIL))
        lines, *columns = (column.to_pylist() for column in end.columns)
        for line, *row in reversed(list(zip(lines, *columns, strict=True))):
            if len(row) == 1 or not ends_report(row):
                return int(line)
        return int(self.text.column(0)[-1].as_py())

    @property
    def rows(self) -> int:
        lines = self.text.column(0).to_numpy()
        return len(lines) - int(np.searchsorted(lines, self.first))


def _sides(text: pa.Table, labels: Labels, given: int | None) -> list[Block]:
    """The columns cut where a table of its own follows a blank column."""
    header = _header(sample_of(text), labels, text, given)
    sides = [_side(text, places, labels, given) for places in _touching(text, header)]
    kept: list[list[_Side]] = [sides[:1]]
    aside = 0
    for side in sides[1:]:
        main = kept[-1]
        if _goes_on(main, side):
            main.append(side)
        elif given is None and _stands_alone(main, side):
            kept.append([side])
        elif len(main[0].places) == 1 < len(side.places) and len(main) == 1:
            aside += 1
            kept[-1] = [side]
        else:
            aside += len(side.places)
    blocks = [_joined(text, parts, labels, given) for parts in kept]
    return [replace(blocks[0], aside=aside), *blocks[1:]]


def _touching(text: pa.Table, header: Header) -> list[tuple[int, ...]]:
    """The runs of columns that have a cell from the header down."""
    below = text.slice(np.searchsorted(text.column(0).to_numpy(), header.line or header.first))
    filled = [
        place
        for place in range(1, text.num_columns)
        if below.column(place).null_count < below.num_rows
    ]
    runs: list[list[int]] = []
    for place in filled:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [tuple(run) for run in runs]


def _side(text: pa.Table, places: Sequence[int], labels: Labels, given: int | None) -> _Side:
    part = _filled_rows(text.select([0, *places]))
    return _Side(tuple(places), part, _header(sample_of(part), labels, part, given))


def _joined(text: pa.Table, parts: Sequence[_Side], labels: Labels, given: int | None) -> Block:
    places = [place for part in parts for place in part.places]
    side = _side(text, places, labels, given) if len(parts) > 1 else parts[0]
    return Block(side.text, side.header, blank=places[-1] - places[0] + 1 - len(places))


def _goes_on(main: Sequence[_Side], side: _Side) -> bool:
    """Whether columns after a blank one belong to the table: other names on the same row, and as
    many rows."""
    first = main[0]
    named = filled_count(side.header.cells) == len(side.places)
    if not named or side.header.line != first.header.line or not side.header.line:
        return False
    if any(part.names & side.names for part in main):
        return False
    shared = min(first.last, side.last) - max(first.first, side.first) + 1
    reached = max(first.last, side.last) - min(first.first, side.first) + 1
    return shared >= ALIGNED * reached and side.rows * 2 >= first.rows > 0


def _stands_alone(main: Sequence[_Side], side: _Side) -> bool:
    """Whether columns after a blank one are a table: its own header, and other rows or the same
    names again."""
    cells = header_cells(sample_of(side.text, HEAD), plain=True)
    if filled_count(cells) < 2:
        return False
    first = main[0]
    repeats = any(part.names & side.names for part in main)
    return repeats or side.header.line != first.header.line or abs(side.rows - first.rows) > 1


def _filled_rows(text: pa.Table) -> pa.Table:
    """Without the rows that have no cell in these columns."""
    columns = text.columns[1:]
    if not columns:
        return text.slice(0, 0)
    # One column without a hole is enough, and most tables have one.
    if any(column.null_count == 0 for column in columns):
        return text
    mask = pc.is_valid(columns[0])
    for column in columns[1:]:
        mask = pc.or_(mask, pc.is_valid(column))
    return text.filter(mask)


# Headers


def header_cells(rows: Sequence[Record], plain: bool = False) -> list[str]:
    """The header at the head of rows where it surely is one, below a short title; else empty.

    ``plain``: three names over three rows of words are one too.
    """
    at = next((at for at, row in enumerate(rows) if filled_count(row.cells) > 1), TITLES + 1)
    if at > TITLES:
        return []
    cells, below = rows[at].cells, [row.cells for row in rows[at + 1 :]]
    filled = [index for index, cell in enumerate(cells) if cell.strip()]
    used = [index for index in range(len(cells)) if any(row[index].strip() for row in below)]
    if len(below) < (1 if len(filled) > 2 else 2) or not set(used) <= set(filled):
        return []
    if not _are_names([cells[index] for index in filled]):
        return []
    if any(_recurs(cells[index], [row[index] for row in below]) for index in filled):
        return []
    figures = [index for index in typed_columns(below) if not _of_years(index, below)]
    is_sure = any(cells[index].strip() for index in figures)
    return cells if is_sure or (plain and min(len(filled), len(below)) > 2) else []


def _are_names(cells: Sequence[str]) -> bool:
    """Whether all are words, each once, or years that follow each other."""
    years = [int(cell) for cell in cells if YEAR.fullmatch(cell)]
    words = [cell.strip() for cell in cells if not YEAR.fullmatch(cell)]
    if not words or len(set(words)) < len(words) or len(years) == 1:
        return False
    if years and years != list(range(years[0], years[0] + len(years))):
        return False
    return not any(typed(w) or NO_NAME.fullmatch(w) or len(w) > LONGEST_NAME for w in words)


def _recurs(name: str, below: Sequence[str]) -> bool:
    """Whether a name is a value like those below it: the same, or a code of the same form."""
    form = re.sub(r"\d+", "0", name)
    return name in below or (form != name and form in (re.sub(r"\d+", "0", one) for one in below))


def _of_years(index: int, rows: Sequence[Sequence[str]]) -> bool:
    return all(YEAR.fullmatch(row[index]) for row in rows if row[index].strip())


def _named(cells: Sequence[str]) -> Names:
    return frozenset((at, _folded(cell)) for at, cell in enumerate(cells) if cell.strip())


def _folded(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _header(sample: Sequence[Record], labels: Labels, text: pa.Table, given: int | None) -> Header:
    """The header, a row of merged labels and the names beneath it taken for one."""
    header = find_header(sample, given)
    if given == 0 or not labels:
        return header
    places = [int(name[1:]) for name in text.column_names[1:]]
    for at, record in enumerate(sample[:-1]):
        if record.line > max(header.line, 1):
            break
        cells = _under_labels(record, sample[at + 1], labels.get(record.line, ()), places)
        if cells:
            joined = Record(record.line, cells, sample[at + 1].line - record.line + 1)
            return find_header([*sample[:at], joined, *sample[at + 2 :]], given)
    return header


def _under_labels(
    top: Record, under: Record, across: Sequence[tuple[int, int]], places: Sequence[int]
) -> list[str]:
    """The names of columns of which some stand under a label merged over several of them.

    A title is alone on its row, from the first column on: it is no label.
    """
    filled = [index for index, cell in enumerate(top.cells) if cell.strip()]
    if not across or under.line != top.line + 1 or filled in ([], [0]):
        return []
    labels = list(top.cells)
    for first, last in across:
        inside = [index for index, place in enumerate(places) if first <= place <= last]
        for index in inside:
            labels[index] = top.cells[inside[0]]
            if not under.cells[index].strip() or typed(under.cells[index]):
                return []
    if any(typed(label) and not YEAR.fullmatch(label) for label in labels):
        return []
    pairs = zip(labels, under.cells, strict=True)
    return [
        " ".join(dict.fromkeys(" ".join(w.split()) for w in pair if w.strip())) for pair in pairs
    ]
