"""Which versions of a table's rows are the last: those in force, and those of rows gone."""

from __future__ import annotations

from jalon.engines.duckdb import DuckDB


def gone_tables(engine: DuckDB) -> frozenset[str]:
    """The tables with rows that are gone now, or were under some clock."""
    return frozenset(row[0] for row in engine.rows('SELECT DISTINCT "table" FROM meta.gone'))


def standing(table: str, some_gone: bool) -> str:
    """The condition of the last versions of a table's rows, those that are gone too."""
    if not some_gone:
        return "_until IS NULL"
    return (
        "(_until IS NULL OR (_row, _until) IN (SELECT (row, since) FROM meta.gone "
        f"WHERE \"table\" = '{table}' AND until IS NULL))"
    )
