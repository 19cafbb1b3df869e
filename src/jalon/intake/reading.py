"""A file as Jalon understands it, before any mapping: each table as text and typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.intake import parse
from jalon.intake.profile import Profile, profile
from jalon.intake.sources import ReadOptions, read
from jalon.intake.text_table import Content, Evidence, TextTable
from jalon.model.problems import Problem, Where

BEYOND_MONEY = 10.0**14


@dataclass(frozen=True)
class ReadTable:
    """A table of a file: its cells as found, the same typed, and what was decided to type them.

    ``quarantine`` has the rows that are no records, and the cells that could not be read: those
    are NULL in ``table``, and in ``text`` as found. ``lines`` are the physical lines of the rows.
    """

    file: str
    sheet: str | None
    table: pa.Table
    lines: pa.ChunkedArray
    columns: tuple[Profile, ...]
    evidence: tuple[Evidence, ...]
    quarantine: tuple[Problem, ...]
    rows: int
    _cells: Callable[[], pa.Table] = field(repr=False, compare=False)

    @cached_property
    def text(self) -> pa.Table:
        """Every cell as found, blank ones as NULL."""
        return self._cells()


def read_typed(
    path: Path | str, engine: DuckDB, options: ReadOptions | None = None
) -> list[ReadTable]:
    """The tables of a file, as text and typed; the text is asked of the engine when it is wanted.

    The engine is to be closed by nobody: it ends with the last of the tables.
    """
    options = options or ReadOptions()
    return [_typed(table, engine, options) for table in read(path, engine, options)]


def _typed(table: TextTable, engine: DuckDB, options: ReadOptions) -> ReadTable:
    columns = profile(table, engine, options.decimal, options.date_order)
    cells = [exp.column(f"c{one.index}") for one in columns]
    values = [_value(cell, one) for cell, one in zip(cells, columns, strict=True)]
    typed = _select(engine, table, values).rename_columns(list(table.headers))
    unread = [
        problem
        for one, value, made in zip(columns, values, typed.columns, strict=True)
        if len(made) - made.null_count < one.filled
        for problem in _unreadable(engine, table, one, value)
    ]
    unread.sort(key=lambda problem: problem.where.row or 0)
    evidence = [*table.evidence, *(item for one in columns for item in one.evidence)]
    return ReadTable(
        file=table.file,
        sheet=table.sheet,
        table=typed,
        lines=_select(engine, table, [exp.column("_line")]).column(0),
        columns=tuple(columns),
        evidence=tuple(evidence),
        quarantine=(*table.rejected, *unread),
        rows=table.rows,
        _cells=lambda: _select(engine, table, cells).rename_columns(list(table.headers)),
    )


def _value(cell: exp.Expr, column: Profile) -> exp.Expr:
    """The typed cell; text where how to read it is not settled."""
    if column.content is Content.DATE and not column.date_choices:
        moment = parse.moment(cell, column)
        timed = column.precision in ("second", "minute")
        return moment if timed else exp.cast(moment, "DATE")
    if column.content is Content.DECIMAL and "ambiguous" not in column.marks:
        if "percent" in column.marks:
            return parse.share(cell, column)
        exact = (column.largest or 0) < BEYOND_MONEY
        return parse.money(cell, column) if exact else parse.number(cell, column)
    if column.content is Content.INTEGER:
        return parse.integer(cell, column)
    if column.content is Content.FLAG:
        return parse.flag(cell, column)
    return cell.copy()


def _select(engine: DuckDB, table: TextTable, values: Sequence[exp.Expr]) -> pa.Table:
    kept = engine.kept(table.relation)
    found = {
        index: kept.column(value.name)
        for index, value in enumerate(values)
        if kept is not None and isinstance(value, exp.Column)
    }
    asked = [index for index in range(len(values)) if index not in found]
    if asked:
        named = [exp.alias_(values[index].copy(), f"v{index}") for index in asked]
        query = exp.select(*named).from_(table.relation).sql(dialect=engine.dialect)
        found |= dict(zip(asked, engine.run(query).columns, strict=True))
    places = range(len(values))
    return pa.table([found[index] for index in places], [f"v{index}" for index in places])


def _unreadable(
    engine: DuckDB, table: TextTable, column: Profile, value: exp.Expr
) -> Iterator[Problem]:
    """The cells of a column that say something and have no typed value."""
    cell = exp.column(f"c{column.index}")
    query = (
        exp.select("_line", cell.copy())
        .from_(table.relation)
        .where(parse.unreadable(cell, value))
        .sql(dialect=engine.dialect)
    )
    for line, text in engine.rows(query):
        where = Where(table.file, table.sheet, line, column.header, text)
        yield Problem("unreadable_cell", {"expected": column.content.value}, where)
