"""The flat current tables kept true: in whole, or only the rows that an import touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Set

from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import GROUPED, TABLES, Kind, Table
from jalon.relations.columns import dimensions
from jalon.relations.flat import Present, flat_query, parted, stored
from jalon.relations.grouped import grouped_query
from jalon.store.schema import quoted
from jalon.store.standing import gone_tables

#: Above this share of rows touched, writing the whole table anew is faster.
WHOLE = 0.2


def refresh(engine: DuckDB, touched: Set[str], relinked: Set[str]) -> None:
    """Bring the flat tables up to date, in the import's own transaction.

    ``touched``: tables with new versions (their ids in ``touched_<table>``); ``relinked``: tables
    that known references now resolve differently to.
    """
    for name in touched:
        note_filled(engine, name)
    known = present(engine)
    existing = _flat_tables(engine)
    for table in TABLES.values():
        if not known.has(table.name):
            if table.name in existing:
                drop(engine, table.name)
            continue
        around = _around(table)
        if table.name in existing and not (around & (touched | relinked)):
            continue
        partial = table.name in existing and not (around & relinked)
        if not (partial and _refresh_rows(engine, table, known, touched)):
            _write(engine, table.name, flat_query(table.name, known))
    _expire(engine, touched | relinked)


def present(engine: DuckDB) -> Present:
    """Which columns of which tables hold anything."""
    found: dict[str, set[str]] = {}
    for table, column, filled, total in engine.rows("FROM meta.filled"):
        if total:
            found.setdefault(table, set())
        if filled:
            found.setdefault(table, set()).add(column)
    revised = {
        name
        for name, table in TABLES.items()
        if table.revisions
        and engine.value(f"SELECT 1 FROM version.{quoted(name)} WHERE _until IS NOT NULL LIMIT 1")
    }
    return Present(found, gone_tables(engine), revised)


def note_filled(engine: DuckDB, name: str) -> None:
    """Count the filled cells of each column of the rows in force."""
    columns = [each.name for each in TABLES[name].columns]
    counts = ", ".join(f"count({quoted(each)})" for each in columns)
    row = engine.rows(
        f"SELECT count(*), {counts} FROM version.{quoted(name)} WHERE _until IS NULL"
    )[0]
    engine.execute('DELETE FROM meta.filled WHERE "table" = ?', [name])
    total, *filled = row
    engine.connection.executemany(
        "INSERT INTO meta.filled VALUES (?, ?, ?, ?)",
        [[name, column, count, total] for column, count in zip(columns, filled, strict=True)],
    )


def ensure_grouped(engine: DuckDB, name: str) -> bool:
    """Make a grouped table if an import has outdated it; False where nothing can fill it."""
    group = GROUPED[name]
    known = present(engine)
    if not known.has(group.of):
        return False
    if is_fresh(engine, name):
        return True
    query = grouped_query(group, stored("flat", group.of), set(dimensions(group.of)))
    with engine.transaction():
        _write(engine, name, query)
        engine.execute('DELETE FROM meta.stale WHERE "table" = ?', [name])
    return True


def is_fresh(engine: DuckDB, name: str) -> bool:
    """Whether a grouped table is there, and no import has outdated it."""
    stale = engine.value('SELECT count(*) FROM meta.stale WHERE "table" = ?', [name])
    return not stale and name in _flat_tables(engine)


def _expire(engine: DuckDB, changed: Set[str]) -> None:
    for group in GROUPED.values():
        if _around(TABLES[group.of]) & changed:
            engine.execute("INSERT INTO meta.stale VALUES (?)", [group.name])


def _flat_tables(engine: DuckDB) -> set[str]:
    rows = engine.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'current'")
    return {row[0] for row in rows}


def drop(engine: DuckDB, name: str) -> None:
    """Remove a flat table and its view."""
    engine.execute(f"DROP VIEW IF EXISTS flat.{quoted(name)}")
    engine.execute(f"DROP TABLE IF EXISTS current.{quoted(name)}")


def drop_all(engine: DuckDB) -> None:
    """Remove all flat tables."""
    for name in _flat_tables(engine):
        drop(engine, name)


def _write(engine: DuckDB, name: str, query: exp.Select) -> None:
    """Write a flat table whole: what holds nothing is not written, the view says it is NULL."""
    held, empty = parted(query)
    sql = held.sql(engine.dialect)
    engine.execute(f"CREATE OR REPLACE TABLE current.{quoted(name)} AS {sql}")
    view = exp.select("*", *empty).from_(stored("current", name))
    engine.execute(f"CREATE OR REPLACE VIEW flat.{quoted(name)} AS {view.sql(engine.dialect)}")


def _around(table: Table) -> set[str]:
    """The tables that a flat table reads: itself, those its references reach, its children."""
    found = {table.name} | {each.to or "" for each in table.references()}
    for steps in _steps(table):
        found.add(_end(table, steps))
    for child in table.children:
        found |= {child.table, *(each.to or "" for each in TABLES[child.table].references())}
    for earliest in table.earliest:
        found |= _around(TABLES[earliest.table])
    return found


def _steps(table: Table) -> Iterator[tuple[str, ...]]:
    """The references that the table's paths follow, each once."""
    paths: Iterable[str] = (
        path for each in (*table.paths.values(), table.customer) for path in each
    )
    seen: set[tuple[str, ...]] = {(each.name,) for each in table.references()}
    yield from seen
    for path in paths:
        *steps, _ = path.split(".")
        for length in range(1, len(steps) + 1):
            prefix = tuple(steps[:length])
            if prefix not in seen:
                seen.add(prefix)
                yield prefix


def _end(table: Table, steps: tuple[str, ...]) -> str:
    name = table.name
    for step in steps:
        name = TABLES[name].column(step).to or ""
    return name


def _refresh_rows(engine: DuckDB, table: Table, known: Present, touched: Set[str]) -> bool:
    """Replace only the rows that the import reaches; False where they are too many."""
    queries = list(_reached(table, known, touched))
    if not queries:
        return True
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE reached AS SELECT DISTINCT _row FROM ("
        + " UNION ALL ".join(queries)
        + ") WHERE _row IS NOT NULL"
    )
    count = int(engine.value("SELECT count(*) FROM reached"))
    target = f"current.{quoted(table.name)}"
    total = int(engine.value(f"SELECT count(*) FROM {target}"))
    query, _ = parted(flat_query(table.name, known, rows="reached"))
    columns = engine.run(f"SELECT * FROM {target} LIMIT 0").column_names
    if count > WHOLE * total or set(columns) != {each.alias_or_name for each in query.selects}:
        return False
    engine.execute(f"DELETE FROM {target} WHERE _row IN (FROM reached)")
    engine.execute(f"INSERT INTO {target} BY NAME {query.sql(engine.dialect)}")
    return True


def _reached(table: Table, known: Present, touched: Set[str]) -> Iterator[str]:
    """Queries for the rows of a table that depend on rows touched."""
    if table.name in touched:
        yield f"SELECT _row FROM {quoted('touched_' + table.name)}"
    for steps in _steps(table):
        if _end(table, steps) in touched and _filled(table, steps, known):
            yield _through(table, steps)
    for child in {(each.table, each.by) for each in table.children}:
        name, by = child
        if name in touched and known.has(name, by):
            yield (
                f"SELECT k.key AS _row FROM version.{quoted(name)} c "
                f"JOIN meta.resolved k ON c.{quoted(by)} = k.id "
                f"WHERE c._row IN (SELECT _row FROM {quoted('touched_' + name)})"
            )
    for earliest in table.earliest:
        if known.has(earliest.table, earliest.by):
            for query in _reached(TABLES[earliest.table], known, touched):
                yield (
                    f"SELECT k.key AS _row FROM version.{quoted(earliest.table)} c "
                    f"JOIN meta.resolved k ON c.{quoted(earliest.by)} = k.id "
                    f"WHERE c._row IN (SELECT _row FROM ({query}))"
                )
    for each in table.references():
        if each.to == table.name and table.name in touched and known.has(table.name, each.name):
            yield _up_the_chain(table.name, each.name)


def _up_the_chain(name: str, by: str) -> str:
    """The rows that rows touched follow on, however far back: a chain is told by its end."""
    step = (
        f"SELECT k.key AS _row FROM version.{quoted(name)} c "
        f"JOIN meta.resolved k ON c.{quoted(by)} = k.id"
    )
    return (
        f"SELECT _row FROM (WITH RECURSIVE up AS ({step} "
        f"WHERE c._row IN (SELECT _row FROM {quoted('touched_' + name)}) "
        f"UNION {step} JOIN up ON c._row = up._row) FROM up)"
    )


def _filled(table: Table, steps: tuple[str, ...], known: Present) -> bool:
    name = table.name
    for step in steps:
        if not known.has(name, step):
            return False
        name = TABLES[name].column(step).to or ""
    return True


def _through(table: Table, steps: tuple[str, ...]) -> str:
    """The rows that these references lead from to a row touched."""
    sql = f"SELECT t0._row FROM version.{quoted(table.name)} t0"
    name = table.name
    for depth, step in enumerate(steps):
        sql += f" JOIN meta.resolved r{depth} ON t{depth}.{quoted(step)} = r{depth}.id"
        name = TABLES[name].column(step).to or ""
        if depth + 1 < len(steps):
            sql += (
                f" JOIN version.{quoted(name)} t{depth + 1} "
                f"ON t{depth + 1}._row = r{depth}.key AND t{depth + 1}._until IS NULL"
            )
    last = len(steps) - 1
    return (
        sql + f" WHERE t0._until IS NULL AND r{last}.key IN "
        f"(SELECT _row FROM {quoted('touched_' + name)})"
    )


def note_through(
    engine: DuckDB, touched: Set[str], limit: str, told: Mapping[str, dt.date]
) -> None:
    """For each source, the last event not later than the import: the data goes no further.

    ``told``: by source, the user's word, which wins.
    """
    _note_last_events(engine, touched, limit)
    for name, day in told.items():
        engine.execute("UPDATE meta.origin SET through = ? WHERE name = ?", [day, name])


def _note_last_events(engine: DuckDB, touched: Set[str], limit: str) -> None:
    parts = []
    for name in touched:
        columns = TABLES[name].columns
        events = [each for each in columns if each.event and each.kind is Kind.MOMENT]
        parts += [
            f"SELECT _origin, max({quoted(event.name)}) AS last FROM version.{quoted(name)} "
            f"WHERE _until IS NULL AND {quoted(event.name)} <= TIMESTAMP '{limit}' "
            f"AND ({event.event_if or 'true'}) GROUP BY 1"
            for event in events
        ]
    if not parts:
        return
    engine.execute(
        "UPDATE meta.origin o SET through = greatest(coalesce(o.through, n.last), n.last) FROM "
        "(SELECT _origin, date_trunc('day', max(last)) AS last FROM ("
        + " UNION ALL ".join(parts)
        + ") GROUP BY 1) n WHERE n._origin = o.id AND n.last IS NOT NULL"
    )
