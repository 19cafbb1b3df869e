"""What the keys of each source's rows are made of, remembered so that they never change by chance.

Each import that settles it otherwise than the one before leaves a line in ``meta.key``: the line in
force is the last, and an undo takes back those of the imports that it undoes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import TABLES
from jalon.store.schema import quoted
from jalon.store.stage import Stage

#: The key of rows that came before keys were remembered.
UNTOLD = "untold"


@dataclass(frozen=True)
class Key:
    """What made the keys of a source's rows at its last import.

    ``how``: ``source_id`` (a column is the identifier), ``declared`` (a mapping says it),
    ``natural`` (columns that name a row to a person), ``digest`` (all its cells), or ``untold``.
    ``columns``: the headers of those declared, the fields of a natural key.
    """

    how: str
    columns: tuple[str, ...] = ()


def remembered(engine: DuckDB) -> Mapping[tuple[str, str], Key]:
    """By source and table, the key that its rows have."""
    known = {(origin, table): Key(UNTOLD) for origin, table in _held(engine)}
    rows = engine.rows('SELECT origin, "table", how, columns FROM meta.key ORDER BY since')
    return known | {(origin, table): Key(how, tuple(c)) for origin, table, how, c in rows}


def _held(engine: DuckDB) -> list[tuple[str, str]]:
    """The sources and tables that have rows."""
    filled = engine.rows('SELECT DISTINCT "table" FROM meta.filled WHERE total > 0')
    parts = [
        f"SELECT DISTINCT _origin AS id, '{table}' AS name FROM version.{quoted(table)}"
        for (table,) in filled
        if table in TABLES
    ]
    if not parts:
        return []
    return [
        (origin, table)
        for origin, table in engine.rows(
            f"SELECT o.name, r.name FROM ({' UNION ALL '.join(parts)}) r "
            "JOIN meta.origin o ON o.id = r.id"
        )
    ]


def remember_key(engine: DuckDB, stage: Stage, number: int) -> None:
    """Keep what the keys of a stage are made of, where the last import said otherwise."""
    told = (stage.key_how, list(stage.key), list(stage.fields))
    if stage.key_how and _last(engine, stage) != told:
        engine.execute(
            "INSERT INTO meta.key VALUES (?, ?, ?, ?, ?, ?)",
            [stage.origin, stage.table, *told, number],
        )


def alike(engine: DuckDB, stage: Stage) -> bool:
    """Whether the source's last file for that table had the same fields."""
    last = _last(engine, stage)
    return last is None or last[2] == list(stage.fields)


def _last(engine: DuckDB, stage: Stage) -> tuple[str, list[str], list[str]] | None:
    rows = engine.rows(
        'SELECT how, columns, fields FROM meta.key WHERE origin = ? AND "table" = ? '
        "ORDER BY since DESC, rowid DESC LIMIT 1",
        [stage.origin, stage.table],
    )
    return rows[0] if rows else None
