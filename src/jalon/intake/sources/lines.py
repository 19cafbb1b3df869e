"""A text and the decisions on how it is cut; its lines all read at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from jalon.engines.duckdb import DuckDB, EngineError, OutOfMemory
from jalon.intake.sources.dialect import Dialect
from jalon.intake.sources.encoding import Survey
from jalon.intake.sources.header import Header, Record, filled_count, typed_columns
from jalon.intake.sources.held import held, may_hold
from jalon.intake.sources.index import Index
from jalon.intake.sources.relation import Batch, Cells, filled_or_null, put, unique_name
from jalon.model.problems import InputError, Problem, Where

BATCH = 50_000
#: With more columns the engine's reader takes longer than ours.
WIDEST = 1_000
ROWS_JUDGED = 300


@dataclass(frozen=True)
class Text:
    """A table in a text file, and the decisions on how it is cut.

    ``below``: the cells of the first records under the header. ``part``: the lines of a table that
    is not the first of its file (``40:60``), numbered from ``begin`` up to ``end``, excluded; from
    the header's end to the end of the file where they are None.
    """

    survey: Survey
    dialect: Dialect
    header: Header
    width: int
    name: str
    below: tuple[tuple[str, ...], ...] = ()
    part: str | None = None
    end: int | None = None

    @property
    def simple(self) -> bool:
        """Whether the engine can read lines: one delimiter of one byte, quotes, not too wide."""
        mark = self.dialect.delimiter
        if mark is None or self.width > WIDEST:
            return False
        return mark.isascii() and len(mark) == 1 and not self.dialect.blanks

    @cached_property
    def columns(self) -> frozenset[int]:
        """The columns of which nearly all cells are numbers, dates or addresses."""
        rows = [list(row) for row in self.below[:ROWS_JUDGED] if len(row) == self.width]
        return typed_columns(rows)


@dataclass
class Found:
    """The cells of a table, and what was found besides them, as counts of rows."""

    text: Text
    cells: Cells
    rejected: list[Problem] = field(default_factory=list)
    padded: int = 0
    reread: int = 0
    blank: int = 0


@dataclass(frozen=True)
class Whole:
    """All lines as the engine's reader gives them; ``sure`` where each line is one row."""

    text: Text
    cells: Cells
    rows: int
    sure: bool

    def numbered(self, lines: Index, engine: DuckDB) -> Cells | None:
        """The rows beside the lines where records begin by our own count of quotes; None where the
        two do not count the same records."""
        quotes = np.concatenate(([0], np.cumsum(lines.quotes)[:-1]))
        starts = np.flatnonzero((quotes % 2 == 0) & ~lines.blank) + 1
        starts = starts[starts >= self.text.header.first]
        if len(starts) != self.rows:
            return None
        found = Cells(f"{self.cells.name.removesuffix('_cells')}n_cells", self.text.width, "_line")
        with engine.lend(f"{found.name}_lines", pa.table({"_line": starts})) as lent:
            engine.execute(
                f"CREATE TEMP TABLE {found.name} AS"
                f" SELECT {lent}._line, {', '.join(found.columns)}"
                f" FROM {lent} POSITIONAL JOIN {self.cells.name}"
            )
        self.drop(engine)
        return found

    def drop(self, engine: DuckDB) -> None:
        """Free the rows."""
        engine.free(self.cells.name)


def lines_of(path: Path, first: int = 1) -> Iterator[str]:
    """The physical lines of a file from one on, with their ends."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from itertools.islice(file, first - 1, None)


def read_whole(text: Text, engine: DuckDB) -> Whole | None:
    """All lines by the engine's reader; None where it refuses one."""
    lines = text.survey.lines
    regular = text.width == len(text.header.cells) and not text.dialect.spaced
    if lines is None or not regular:
        return None
    skip = text.header.first - 1
    name = f"{unique_name()}_cells"
    rows = read_plain(text, engine, text.survey.path, name, lines - skip, skip)
    if rows is None:
        return None
    line = f"rowid + {skip + 1}" if engine.kept(name) is None else "_line"
    cells = Cells(name, text.width, line)
    return Whole(text, cells, rows, rows == lines - skip)


def read_plain(
    text: Text, engine: DuckDB, path: Path, name: str, lines: int, skip: int = 0
) -> int | None:
    """Rows of as many cells as the table is wide, under that name; how many, or None where the
    engine refuses one of them. ``lines``: how many follow those skipped."""
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(text.width))
    blanks = text.survey.blanks
    texts = ", ".join(filled_or_null(f"c{index}", blanks) for index in range(text.width))
    dialect = text.dialect
    file = (
        f"read_csv($path, auto_detect=false, header=false, skip={skip}, delim=$mark, quote=$quote,"
        f" escape=$escape, nullstr='', columns={{{columns}}}, compression='none')"
    )
    quote = dialect.quote or ""
    marks = {"mark": dialect.delimiter, "quote": quote, "escape": dialect.escape or quote}
    given = {"path": literal(path), **marks}
    try:
        if may_hold(dialect, path):
            # Counting is how the engine refuses a row; another reader then makes texts of cells.
            rows = int(engine.value(f"SELECT count(*) FROM {file}", given))
            breaks = rows != lines
            table = held(dialect, path, text.width, skip, blanks=blanks, breaks=breaks)
            if table is not None and table.num_rows == rows:
                engine.keep(name, table)
                return rows
        engine.execute(f"CREATE TEMP TABLE {name} AS SELECT {texts} FROM {file}", given)
    except OutOfMemory:
        # Our own reader would take far more.
        raise InputError.of("too_large", Where(file=text.name), reason="memory") from None
    except EngineError:
        return None
    return int(engine.value(f"SELECT count(*) FROM {name}"))


def literal(path: Path) -> str:
    """A path that the engine does not take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def put_records(text: Text, engine: DuckDB, found: Iterable[Record]) -> Found:
    """Records as they come; those that are wider than the table set apart."""
    made = Found(text, Cells("", text.width, "_line"))
    kept = _kept(text, made, found)
    made.cells = put(engine, text.width, batches(kept, text.width))
    return made


def batches(found: Iterable[Record], width: int) -> Iterator[Batch]:
    """Records as columns, as many as can be handled at a time."""
    left = iter(found)
    while batch := list(itertools.islice(left, BATCH)):
        rows = [record.cells for record in batch]
        if any(len(row) != width for row in rows):
            rows = [(row + [""] * width)[:width] for row in rows]
        yield [record.line for record in batch], list(zip(*rows, strict=True))


def _kept(text: Text, made: Found, found: Iterable[Record]) -> Iterator[Record]:
    for record in found:
        if not filled_count(record.cells):
            continue
        if filled_count(record.cells[text.width :]):
            made.rejected.append(too_many(record, text))
            continue
        made.padded += len(record.cells) < text.width
        yield record


def too_many(record: Record, text: Text) -> Problem:
    """A record with more cells than the table has columns."""
    facts = {"cells": len(record.cells), "expected": text.width}
    raw = (text.dialect.delimiter or "").join(record.cells)
    return Problem("too_many_cells", facts, Where(row=record.line, value=raw))
