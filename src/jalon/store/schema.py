"""The tables of the workspace's database, made from the model's declaration.

``version.<table>`` has every version of every row: ``_row`` (an integer for each origin and
``source_id``), the imported columns (references as the integer of their interned text), ``_import``
(the number of the import that brought it), ``_until`` (of the one that replaced it) and ``_first``.
``current.<table>`` has the rows in force with the columns that hold something; the view
``flat.<table>`` adds the others as NULL, and is what expressions read. ``meta`` has the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import GROUPED, TABLES, Table

#: Changes with the layout of the tables below.
FORMAT = 3

META = f"""
CREATE SCHEMA IF NOT EXISTS version;
CREATE SCHEMA IF NOT EXISTS current;
CREATE SCHEMA IF NOT EXISTS flat;
CREATE SCHEMA IF NOT EXISTS meta;
CREATE TABLE IF NOT EXISTS meta.format (number INTEGER);
INSERT INTO meta.format SELECT {FORMAT} WHERE NOT EXISTS (FROM meta.format);
CREATE TABLE IF NOT EXISTS meta.import (
    number INTEGER, id VARCHAR, made_at TIMESTAMP, report VARCHAR
);
CREATE TABLE IF NOT EXISTS meta.origin (id INTEGER, name VARCHAR, through TIMESTAMP);
CREATE TABLE IF NOT EXISTS meta.reference (
    id INTEGER, target VARCHAR, origin INTEGER, text VARCHAR, folded VARCHAR
);
CREATE TABLE IF NOT EXISTS meta.link (
    reference INTEGER, row BIGINT, how VARCHAR, score DOUBLE, since INTEGER, until INTEGER
);
CREATE TABLE IF NOT EXISTS meta.proposal (
    target VARCHAR, text VARCHAR, candidate VARCHAR, score DOUBLE
);
CREATE TABLE IF NOT EXISTS meta.resolved (id INTEGER, key BIGINT, label VARCHAR);
CREATE TABLE IF NOT EXISTS meta.quarantine (
    import INTEGER, file VARCHAR, sheet VARCHAR, "table" VARCHAR,
    row BIGINT, header VARCHAR, value VARCHAR, reason VARCHAR, facts VARCHAR
);
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS number INTEGER;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS reading INTEGER;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS source VARCHAR;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS key VARCHAR;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS cells VARCHAR;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS said VARCHAR;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS state VARCHAR;
ALTER TABLE meta.quarantine ADD COLUMN IF NOT EXISTS settled INTEGER;
CREATE TABLE IF NOT EXISTS meta.line (
    import INTEGER, "table" VARCHAR, origin INTEGER, source_id VARCHAR, row BIGINT, cells VARCHAR
);
CREATE TABLE IF NOT EXISTS meta.filled (
    "table" VARCHAR, "column" VARCHAR, filled BIGINT, total BIGINT
);
CREATE TABLE IF NOT EXISTS meta.print_set (
    id INTEGER, "table" VARCHAR, origin VARCHAR, signature VARCHAR, place VARCHAR
);
CREATE TABLE IF NOT EXISTS meta.fingerprint (set INTEGER, key UBIGINT, print UBIGINT);
CREATE TABLE IF NOT EXISTS meta.gone ("table" VARCHAR, row BIGINT, since INTEGER, until INTEGER);
CREATE TABLE IF NOT EXISTS meta.key (
    origin VARCHAR, "table" VARCHAR, how VARCHAR, columns VARCHAR[], fields VARCHAR[], since INTEGER
);
CREATE TABLE IF NOT EXISTS meta.stale ("table" VARCHAR);
CREATE TABLE IF NOT EXISTS meta.model (digest VARCHAR);
CREATE TABLE IF NOT EXISTS meta.counter (number BIGINT);
INSERT INTO meta.counter SELECT 0 WHERE NOT EXISTS (FROM meta.counter);
"""


def quoted(name: str) -> str:
    """An identifier between double quotes."""
    return '"' + name.replace('"', '""') + '"'


def create(engine: DuckDB, widened: Callable[[], None] = lambda: None) -> None:
    """Make what is missing of the database's tables, and of their columns: all or nothing.

    ``widened`` is called, in the same transaction, where the model has changed since the database
    was made or last opened: columns that it has gained hold nothing until their rows come again,
    what it works out of others is worked out anew.
    """
    with engine.transaction():
        engine.execute(META)
        known = _columns(engine)
        for table in TABLES.values():
            engine.execute(_versions(table))
        lacking = [(t, c) for t in known for c in TABLES[t].columns if c.name not in known[t]]
        for name, column in lacking:
            engine.execute(
                f"ALTER TABLE version.{quoted(name)} "
                f"ADD COLUMN {quoted(column.name)} {column.kind.sql}"
            )
        told, digest = engine.value("SELECT digest FROM meta.model"), _digest()
        if known and (lacking or told != digest):
            widened()
        if told != digest:
            engine.execute("DELETE FROM meta.model")
            engine.execute("INSERT INTO meta.model VALUES ($digest)", {"digest": digest})


def _digest() -> str:
    """What changes whenever the declaration of the tables does."""
    return hashlib.sha256(repr((TABLES, GROUPED)).encode()).hexdigest()


def _columns(engine: DuckDB) -> dict[str, set[str]]:
    """The columns of the model's tables that the database has."""
    found: dict[str, set[str]] = {}
    for table, column in engine.rows(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'version'"
    ):
        if table in TABLES:
            found.setdefault(table, set()).add(column)
    return found


def format_of(engine: DuckDB) -> int | None:
    """The format of a database; None where it is new."""
    known = engine.value(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name = 'format'"
    )
    return int(engine.value("SELECT number FROM meta.format")) if known else None


def _versions(table: Table) -> str:
    columns = ", ".join(f"{quoted(each.name)} {each.kind.sql}" for each in table.columns)
    return (
        f"CREATE TABLE IF NOT EXISTS version.{quoted(table.name)} ("
        f"_row BIGINT, _origin INTEGER, source_id VARCHAR, {columns}, "
        "_import INTEGER, _until INTEGER, _first BOOLEAN)"
    )
