"""Rows that go on with the row above: blank but for the lines or participants they add.

Odoo writes so what has several children: the record with its first child, then a row for each
other child with the record's own columns left blank. The key is written again on each such row, so
that the rows of one key make one row; amounts are not, for they would count twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.relation import unique_name
from jalon.intake.text_table import Evidence, Shape, TextTable
from jalon.intake.words import listed, tokens

#: The mark between a record's child and the child's own column, in Odoo's headers.
OF = "/"
#: The share of records that have a value in a column of theirs.
FILLED = 0.8
#: Without marks in the headers: columns of the record, and rows that go on, at least.
OWN, MORE = 3, 2
#: A wider table is no export of records with their children.
WIDEST = 500
PEOPLE = frozenset({"participant", "participants", "attendee", "attendees", "invite", "invites"})


def recognises(table: TextTable, engine: DuckDB) -> bool:
    """Whether some rows have no key and only what a record may have several of."""
    if table.shape or table.lines or not 3 <= len(table.headers) <= WIDEST:
        return False
    blank = engine.rows(f"SELECT count(*) FROM {table.relation} WHERE c0 IS NULL")[0][0]
    return bool(blank) and bool(_children(table, engine, blank))


def reshape(table: TextTable, engine: DuckDB) -> list[TextTable]:
    """The records with their lines, each under its key; and the participants of meetings."""
    more = engine.rows(f"SELECT count(*) FROM {table.relation} WHERE c0 IS NULL")[0][0]
    children = _children(table, engine, more)
    keys = [i for i, name in enumerate(table.headers) if i == 0 or set(tokens(name)) & listed("id")]
    filled = [
        f"last_value(c{i} IGNORE NULLS) OVER (ORDER BY _line) AS c{i}"
        if i in keys and i not in children
        else f"c{i}"
        for i in range(len(table.headers))
    ]
    name = unique_name()
    engine.execute(
        f"CREATE TEMP TABLE {name} AS SELECT _line, {', '.join(filled)} FROM {table.relation}"
    )
    facts: dict[str, object] = {"rows": more, "columns": [table.headers[i] for i in children]}
    told = Evidence("rows_that_go_on", "joined", "blank_key", facts, 0.9)
    whole = replace(table, relation=name, lines=True, evidence=(*table.evidence, told))
    return [whole, *_people(whole, engine, children)]


def _children(table: TextTable, engine: DuckDB, blank: int) -> list[int]:
    """The columns of the children; none where the rows without a key are not such rows."""
    width = range(len(table.headers))
    beside = engine.rows(_counts(table, width, "c0 IS NULL"))[0]
    above = engine.rows(_counts(table, width, "c0 IS NOT NULL"))[0]
    records = above[0]
    own = [i for i in width if not beside[i]]
    children = [i for i in width if beside[i]]
    marked = [i for i in width if OF in table.headers[i]]
    if not records or not children:
        return []
    if marked:
        return children if set(children) <= set(marked) else []
    named = bool(set(tokens(table.headers[0])) & listed("id"))
    full = all(above[i] >= FILLED * records for i in own)
    many = len(own) >= max(OWN, len(children)) and blank >= MORE
    return children if named and full and many else []


def _counts(table: TextTable, columns: Sequence[int] | range, where: str) -> str:
    counted = ", ".join(f"count(c{i})" for i in columns)
    return f"SELECT {counted} FROM {table.relation} WHERE {where}"


def _people(table: TextTable, engine: DuckDB, children: Sequence[int]) -> list[TextTable]:
    """The participants, where the children are people at a meeting."""
    person = next((i for i in children if set(tokens(table.headers[i])) & PEOPLE), None)
    if person is None:
        return []
    name = unique_name()
    engine.execute(
        f"CREATE TEMP TABLE {name} AS SELECT _line, c0, c{person} AS c1"
        f" FROM {table.relation} WHERE c{person} IS NOT NULL"
    )
    rows = engine.rows(f"SELECT count(*) FROM {name}")[0][0]
    return [
        replace(
            table,
            relation=name,
            headers=("meeting", "person"),
            rows=rows,
            rejected=(),
            shape=Shape("meeting_attendee", "files"),
            lines=False,
        )
    ]
