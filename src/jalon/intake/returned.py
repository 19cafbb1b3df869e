"""Rows of the quarantine that come back, corrected: read as their import read them.

They come from a page, or in a file that ``jalon quarantine --out`` wrote: a column of it
(:data:`MARK`) says of each row which one it is (``<import>/<number>``), and its other columns are
those of the file that the row came from, with the reason and the physical row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.intake import words
from jalon.intake.guess import Guess
from jalon.intake.mapping import TableMap
from jalon.intake.profile import Profile, profile
from jalon.intake.readings import Reading
from jalon.intake.rules import Rules, columns_of, emptied, ruled
from jalon.intake.staging import Staged
from jalon.intake.sums import added, totals
from jalon.intake.text_table import Content, TextTable
from jalon.model.problems import Problem, Where
from jalon.model.tables import TABLES, Column, Kind
from jalon.store.quarantine import SetAside
from jalon.store.schema import quoted

MARK = "jalon_row"
#: The name of an import of corrected rows.
NAME = "quarantaine de {file}"
#: No file has so many lines.
_BEYOND = 10**12

#: What a person may write around a number, whatever the rest of the column has.
USUAL = frozenset({"null_word", "space", "groups: ", "currency"})
ISO = ("%Y-%m-%d",)
#: The key of a row that has none of its own: a digest, and its place among equal rows.
DIGEST = r"^[0-9a-f]{32}#[0-9]+$"

Cells = Mapping[str, str | None]

_NUMBER = count(1)


@dataclass(frozen=True)
class Returned:
    """What is known of rows that come back: ``imported`` and ``reading`` say where from,
    ``numbers`` by line which they are, ``said`` the cells that a person corrected.

    ``rest`` is the query of the typed rows that the rest of their file brought; ``lines`` that of
    its order lines (``source_id``, ``row``, ``cells``).
    """

    imported: int
    reading: int
    numbers: Mapping[int, int] = field(default_factory=dict)
    said: Mapping[int, Cells] = field(default_factory=dict)
    rest: str = ""
    lines: str = ""


@dataclass(frozen=True)
class Again:
    """A table of rows that come back, and how it is read."""

    table: TextTable
    profiles: tuple[Profile, ...]
    guess: Guess
    returned: Returned


def again(
    engine: DuckDB, reading: Reading, rows: Sequence[SetAside], rules: Rules, said: Returned
) -> Again:
    """The table of these rows, to be read as ``reading`` was; ``said`` has the corrected cells."""
    lines = _lines(rows)
    said = replace(said, numbers={line: row.number or 0 for line, row in lines.items()})
    table = _put(engine, reading, lines, said)
    mapped = ruled(reading.map, rules, reading.headers)
    empty = columns_of([mapped], table.headers)
    table = emptied(engine, table, empty) if empty else table
    own = profile(table, engine)
    profiles = tuple(
        _readable(one, other) for one, other in zip(reading.profiles, own, strict=True)
    )
    mapped = _meaning(engine, table, mapped)
    return Again(table, profiles, Guess(table, (mapped,), None, ()), said)


def cells_of(row: SetAside, headers: Sequence[str], said: Cells) -> list[str | None]:
    """The cells of a row as corrected, in the order of its file."""
    found = {**(row.cells or {}), **row.said, **said}
    texts = (found.get(header) or "" for header in headers)
    return [text if text.strip() else None for text in texts]


def _lines(rows: Sequence[SetAside]) -> dict[int, SetAside]:
    """The rows by their physical line; where several have the same, it tells only the first."""
    found: dict[int, SetAside] = {}
    for row in rows:
        line = row.row or 0
        found[line if line not in found else _BEYOND + (row.number or 0)] = row
    return found


def _put(
    engine: DuckDB, reading: Reading, lines: Mapping[int, SetAside], said: Returned
) -> TextTable:
    rows = list(lines.values())
    name = f"again_{next(_NUMBER)}"
    cells = [cells_of(row, reading.headers, said.said.get(row.number or 0, {})) for row in rows]
    columns = {"_line": pa.array(list(lines), pa.int64())}
    for index in range(len(reading.headers)):
        columns[f"c{index}"] = pa.array([each[index] for each in cells], pa.string())
    with engine.lend("rows_again", pa.table(columns)):
        engine.execute(f"CREATE TEMP TABLE {name} AS FROM rows_again")
    file = NAME.format(file=reading.file)
    return TextTable(file, reading.sheet, name, reading.headers, 1, len(rows))


def _readable(former: Profile, own: Profile) -> Profile:
    """The profile of the column in its own file; what that did not tell, the rows that come back
    do. None of its cells is known to be filled, so that a row without a key gets a digest."""
    marks = former.marks | USUAL
    found = replace(former, filled=0, agreement=0.0, marks=marks)
    if former.decimal is None and own.decimal is not None:
        decimal = {"decimal": own.decimal, "thousands": own.thousands}
        found = replace(found, marks=marks | own.marks, **decimal)  # type: ignore[arg-type]
    if former.content is Content.DATE or former.date_formats:
        return replace(found, date_formats=tuple(dict.fromkeys((*former.date_formats, *ISO))))
    if own.date_order is not None:
        dates = {"date_order": own.date_order, "date_formats": own.date_formats}
        return replace(found, **dates)  # type: ignore[arg-type]
    return replace(found, date_formats=ISO)


def _meaning(engine: DuckDB, table: TextTable, mapped: TableMap) -> TableMap:
    """The mapping with the meaning of values that its file did not have."""
    values = {name: dict(by) for name, by in mapped.values.items()}
    for each in mapped.fields:
        if each.field not in TABLES[mapped.table] or not words.has_values(mapped.table, each.field):
            continue
        known = values.setdefault(each.field, {})
        for index in each.columns:
            rows = engine.rows(f"SELECT DISTINCT c{index} FROM {table.relation}")
            for (text,) in rows:
                meant = text and words.canonical_value(mapped.table, each.field, text)
                if meant:
                    known.setdefault(words.fold_value(text), meant)
    return replace(mapped, values={name: by for name, by in values.items() if by})


# -- their place among the rows of their file ----------------------------------------------------


def rejoined(engine: DuckDB, staged: Staged, returned: Returned) -> Staged:
    """The stage of rows that come back, with the keys that they would have had in their file.

    Equal rows without an id are numbered after those of the file; order lines are added to those
    that were taken in; a key that the file has with other values is refused.
    """
    relation = f"rejoined_{next(_NUMBER)}"
    if staged.map.lines:
        query = _with_lines(staged, returned)
    else:
        query = _numbered(f"SELECT * FROM {quoted(staged.stage.relation)}", returned.rest)
    engine.execute(f"CREATE TEMP TABLE {relation} AS {query}")
    # Nothing is known of the other rows of the file: what comes back confirms none of them.
    plain = {"signature": "", "text": "", "rows": "", "prints": "", "spared": (), "unkeyed": 0}
    stage = replace(staged.stage, relation=relation, full=False, **plain)  # type: ignore[arg-type]
    found = replace(staged, stage=stage, whole=None)
    return found if staged.map.lines else _apart_twice(engine, found, returned)


def _apart_twice(engine: DuckDB, staged: Staged, returned: Returned) -> Staged:
    """The stage without the rows whose key the file has with other values."""
    relation = staged.stage.relation
    differs = " OR ".join(
        f"s.{quoted(name)} IS DISTINCT FROM r.{quoted(name)}" for name in staged.stage.fields
    )
    twice = engine.rows(
        f"SELECT DISTINCT s._line, s.source_id FROM {relation} s JOIN ({returned.rest}) r "
        f"USING (source_id) WHERE {differs or 'false'}"
    )
    if not twice:
        return staged
    listed = ", ".join(str(line) for line, _ in twice)
    engine.execute(f"DELETE FROM {relation} WHERE _line IN ({listed})")
    every = (
        f"(SELECT * REPLACE (CASE WHEN _line IN ({listed}) THEN -1 ELSE _bad END AS _bad) "
        f"FROM {staged.every})"
    )
    problems = [
        Problem(
            "key_twice", {"key": key}, Where(staged.table.file, staged.table.sheet, line, None, key)
        )
        for line, key in twice
    ]
    fields = staged.stage.fields
    money = [n for n in fields if TABLES[staged.stage.table].column(n).kind is Kind.MONEY]
    known = replace(
        staged.apart,
        relation=staged.apart.relation or staged.table.relation,
        sums=added(staged.apart.sums, totals(engine, f"{every} WHERE _bad = -1", money)),
    )
    refused = (*staged.refused, *problems)
    return replace(staged, refused=refused, every=every, apart=known)


def _numbered(query: str, rest: str) -> str:
    last = (
        "SELECT split_part(source_id, '#', 1) AS digest, "
        f"max(split_part(source_id, '#', 2)::INTEGER) AS nth FROM ({rest}) "
        f"WHERE regexp_matches(source_id, '{DIGEST}') GROUP BY 1"
    )
    nth = "split_part(s.source_id, '#', 2)::INTEGER + coalesce(k.nth, 0)"
    return (
        f"SELECT s.* REPLACE (CASE WHEN regexp_matches(s.source_id, '{DIGEST}') THEN "
        f"split_part(s.source_id, '#', 1) || '#' || ({nth}) ELSE s.source_id END AS source_id) "
        f"FROM ({query}) s LEFT JOIN ({last}) k ON k.digest = split_part(s.source_id, '#', 1)"
    )


def _with_lines(staged: Staged, returned: Returned) -> str:
    """The orders of lines that come back, with their other lines."""
    table = TABLES[staged.stage.table]
    columns = [table.column(name) for name in staged.stage.fields]
    kept = ", ".join(
        f"json_extract_string(cells, '$.\"{each.name}\"')::{_typed(each)} AS {quoted(each.name)}"
        for each in columns
    )
    names = ", ".join(quoted(each.name) for each in columns)
    values = [
        f"sum({quoted(each.name)})::DECIMAL(18,4) AS {quoted(each.name)}"
        if each.kind is Kind.MONEY and each.name in ("amount", "cost")
        else f"arg_min({quoted(each.name)}, _line) AS {quoted(each.name)}"
        for each in columns
    ]
    back = f"SELECT _line, source_id, {names}, true AS _back FROM {staged.lines} WHERE _bad IS NULL"
    former = (
        f"SELECT row AS _line, source_id, {kept}, false AS _back FROM ({returned.lines}) "
        f"WHERE source_id IN (SELECT source_id FROM ({back}))"
    )
    return (
        "SELECT min(_line) AS _line, count(*) FILTER (WHERE _back) AS _lines, source_id, "
        f"{', '.join(values)} FROM ({back} UNION ALL BY NAME {former}) GROUP BY source_id"
    )


def _typed(column: Column) -> str:
    """The type of a column in a stage, where references are texts still."""
    return "VARCHAR" if column.kind is Kind.REFERENCE else column.kind.sql


# -- files that we wrote -------------------------------------------------------------------------


def marked(engine: DuckDB, table: TextTable) -> dict[str, dict[int, Cells]]:
    """The rows of a file that we wrote: by import, by number, their cells by header.

    A leading apostrophe that keeps a spreadsheet from reading a formula is taken away.
    """
    columns = ", ".join(f"c{index}" for index in range(len(table.headers)))
    place = table.headers.index(MARK)
    found: dict[str, dict[int, Cells]] = {}
    for cells in engine.rows(f"SELECT {columns} FROM {table.relation} ORDER BY _line"):
        told = re.fullmatch(r"(\S{1,60})/([0-9]{1,9})", (cells[place] or "").strip())
        if told:
            by_header = {h: _bare(c) for h, c in zip(table.headers, cells, strict=True)}
            found.setdefault(told[1], {})[int(told[2])] = by_header
    return found


def numbered(cells: Cells, reading: Reading) -> Cells:
    """The cells of a workbook's row: its numbers with the decimal mark of their column's file."""
    commas = {each.header for each in reading.profiles if each.decimal == ","}
    return {
        header: cell.replace(".", ",")
        if cell and header in commas and re.fullmatch(r"-?\d+\.\d+", cell)
        else cell
        for header, cell in cells.items()
    }


def _bare(cell: str | None) -> str | None:
    return re.sub(r"^'(?=[=+\-@])", "", cell) if cell else cell
