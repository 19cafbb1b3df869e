"""Stages that deals were seen to enter, from one import to the next.

Where a source tells no stage history of a deal, two versions of it do: it entered its stage between
the import of the one and of the other. Such a row of ``stage_change`` is dated by the later import
and says ``how = 'observed'``; it ends as soon as the source tells that deal's history itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Set

from jalon.engines.duckdb import DuckDB
from jalon.relations.flat import folded
from jalon.store.schema import quoted

TABLE = "stage_change"


def observe(engine: DuckDB, number: int, at: dt.datetime, touched: Set[str]) -> bool:
    """Write the entries seen by import ``number``, once its rows are loaded; whether any changed.

    What is touched goes to the temporary table ``touched_stage_change``.
    """
    seen = _seen(engine, number) if "deal" in touched else 0
    told = _told(engine, number) if TABLE in touched else 0
    if not (seen or told):
        return False
    engine.execute(f"CREATE TEMP TABLE IF NOT EXISTS {quoted('touched_' + TABLE)} (_row BIGINT)")
    if told:
        _end(engine, number)
    if seen:
        _write(engine, number, at)
    return True


def _seen(engine: DuckDB, number: int) -> int:
    """The temporary table ``seen``: deals whose stage is not that of their former version."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT n._origin, n.source_id, n.stage FROM version.deal n
        JOIN version.deal f ON f._row = n._row AND f._until = {number}
        WHERE n._import = {number} AND n._until IS NULL
          AND n.stage <> f.stage AND (n._origin, n.source_id) NOT IN (
            SELECT (r.origin, r.text) FROM version.{TABLE} s JOIN meta.reference r ON r.id = s.deal
            WHERE s._until IS NULL AND s.how IS DISTINCT FROM 'observed')
        """
    )
    return int(engine.value("SELECT count(*) FROM seen"))


def _told(engine: DuckDB, number: int) -> int:
    """The temporary table ``superseded``: entries observed of deals whose history is told now."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE superseded AS
        SELECT _row FROM version.{TABLE} WHERE _until IS NULL AND how = 'observed' AND deal IN (
            SELECT deal FROM version.{TABLE}
            WHERE _import = {number} AND how IS DISTINCT FROM 'observed')
        """
    )
    return int(engine.value("SELECT count(*) FROM superseded"))


def _end(engine: DuckDB, number: int) -> None:
    engine.execute(
        f"UPDATE version.{TABLE} SET _until = {number} "
        "WHERE _until IS NULL AND _row IN (FROM superseded)"
    )
    engine.execute(f"INSERT INTO {quoted('touched_' + TABLE)} FROM superseded")


def _write(engine: DuckDB, number: int, at: dt.datetime) -> None:
    engine.execute(
        f"""
        INSERT INTO meta.reference
        SELECT (SELECT coalesce(max(id), 0) FROM meta.reference) + row_number() OVER (),
               'deal', _origin, source_id, {folded("source_id")}
        FROM seen ANTI JOIN (SELECT origin, text FROM meta.reference WHERE target = 'deal') r
          ON r.origin = seen._origin AND r.text = seen.source_id
        """
    )
    last = int(engine.value(f"SELECT coalesce(max(_row), 0) FROM version.{TABLE}"))
    engine.execute(
        f"""
        INSERT INTO version.{TABLE} BY NAME
        SELECT {last} + row_number() OVER (ORDER BY s._origin, s.source_id) AS _row, s._origin,
               concat_ws('|', s.source_id, s.stage, 'import {number}') AS source_id, r.id AS deal,
               s.stage, $at AS entered_at, 'observed' AS how, {number} AS _import, true AS _first
        FROM seen s JOIN meta.reference r
          ON r.target = 'deal' AND r.origin = s._origin AND r.text = s.source_id
        """,
        {"at": at},
    )
    engine.execute(
        f"INSERT INTO {quoted('touched_' + TABLE)} "
        f"SELECT _row FROM version.{TABLE} WHERE _import = {number} AND how = 'observed'"
    )
