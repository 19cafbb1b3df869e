"""Rows that a source no longer has: told of, and marked gone where the file is said to be whole.

A row is gone from the import that says so: its last version ends there and none follows, and
``meta.gone`` keeps from when to when. Nothing is deleted: a question about an earlier day still
reads it, what refers to it still finds its name, and a later import that has it brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import TABLES, Kind
from jalon.store.keys import alike
from jalon.store.load import Absence, Loaded
from jalon.store.schema import quoted
from jalon.store.stage import Stage

#: Keys shown of absent rows.
SHOWN = 5


def mark(
    engine: DuckDB, number: int, stages: Sequence[Stage], loaded: Sequence[Loaded]
) -> list[Absence | None]:
    """For each stage just loaded as import ``number``, the rows that its source has no more.

    Where the stage is ``full`` they are marked gone. Several stages of one table and source are
    judged together, and told of with the last.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for place, stage in enumerate(stages):
        groups.setdefault((stage.table, stage.origin), []).append(place)
    found: list[Absence | None] = [None] * len(stages)
    for places in groups.values():
        several = [(stages[place], loaded[place]) for place in places]
        found[places[-1]] = _absence(engine, number, several)
    return found


def foreseen(engine: DuckDB, stages: Sequence[Stage]) -> Absence | None:
    """The rows in force of a source that these stages of one table of it do not have.

    Nothing is loaded; ``gone`` says whether loading them would mark those rows.
    """
    origin = engine.value("SELECT id FROM meta.origin WHERE name = ?", [stages[0].origin])
    if origin is None:
        return None
    _find(engine, int(origin), stages)
    known = _in_force(engine, stages[0].table, int(origin))
    found = _told(engine, stages[0].table)
    if found is None:
        return None
    if any(stage.full for stage in stages):
        unread = sum(stage.unkeyed for stage in stages)
        return replace(found, gone=not unread, unread=unread)
    rows = sum(int(engine.value(f"SELECT count(*) FROM {quoted(s.relation)}")) for s in stages)
    again = 2 * (known - found.count) >= rows and all(alike(engine, each) for each in stages)
    return found if again else None


def _absence(
    engine: DuckDB, number: int, several: Sequence[tuple[Stage, Loaded]]
) -> Absence | None:
    stages = [stage for stage, _ in several]
    table, full = stages[0].table, any(stage.full for stage in stages)
    origin = int(engine.value("SELECT id FROM meta.origin WHERE name = ?", [stages[0].origin]))
    known = _in_force(engine, table, origin)
    # All keys of a stage are in force once it is loaded: what is beyond them is absent.
    if len(several) == 1 and several[0][1].keys == known:
        return None
    met = sum(each.updated + each.unchanged for _, each in several)
    again = met >= sum(each.added for _, each in several)
    if not full and not (again and all(alike(engine, stage) for stage in stages)):
        return None
    _find(engine, origin, stages)
    found = _told(engine, table)
    unread = sum(stage.unkeyed for stage in stages)
    if found is None or not full or unread:
        return replace(found, unread=unread if full else 0) if found else None
    _mark(engine, table, number)
    return replace(found, gone=True)


def _in_force(engine: DuckDB, table: str, origin: int) -> int:
    return int(
        engine.value(
            f"SELECT count(*) FROM version.{quoted(table)} "
            f"WHERE _origin = {origin} AND _until IS NULL AND {_brought(table)}"
        )
    )


def _brought(table: str) -> str:
    """The condition of the rows that a file brought: what was only observed is not in any."""
    return "how IS DISTINCT FROM 'observed'" if table == "stage_change" else "true"


def _find(engine: DuckDB, origin: int, stages: Sequence[Stage]) -> None:
    """The temporary table ``absent``: rows in force whose key no stage has."""
    keys = [f"SELECT source_id FROM {quoted(stage.relation)}" for stage in stages]
    keys += [f"SELECT source_id FROM {quoted(stage.keys)}" for stage in stages if stage.rests_on]
    spared = [key for stage in stages for key in stage.spared]
    with engine.lend("spared", pa.table({"source_id": pa.array(spared, pa.string())})):
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE absent AS SELECT v._row, v.source_id "
            f"FROM version.{quoted(stages[0].table)} v ANTI JOIN "
            f"({' UNION ALL '.join(keys)} UNION ALL FROM spared) s USING (source_id) "
            f"WHERE v._origin = {origin} AND v._until IS NULL AND {_brought(stages[0].table)}"
        )


def _told(engine: DuckDB, table: str) -> Absence | None:
    count = int(engine.value("SELECT count(*) FROM absent"))
    if not count:
        return None
    keys = engine.rows(f"SELECT source_id FROM absent ORDER BY source_id LIMIT {SHOWN}")
    money = [each.name for each in TABLES[table].columns if each.kind is Kind.MONEY]
    rows = f"version.{quoted(table)} v SEMI JOIN absent a USING (_row) WHERE v._until IS NULL"
    sums = {}
    if money:
        row = engine.rows(f"SELECT {', '.join(f'sum({quoted(m)})' for m in money)} FROM {rows}")[0]
        sums = {name: each for name, each in zip(money, row, strict=True) if each is not None}
    outcomes = (
        dict(engine.rows(f"SELECT coalesce(outcome, 'open'), count(*) FROM {rows} GROUP BY 1"))
        if table == "deal"
        else {}
    )
    return Absence(count, tuple(key for (key,) in keys), by_outcome=outcomes, sums=sums)


def _mark(engine: DuckDB, table: str, number: int) -> None:
    engine.execute(
        f"UPDATE version.{quoted(table)} SET _until = {number} "
        "WHERE _until IS NULL AND _row IN (SELECT _row FROM absent)"
    )
    engine.execute(f"INSERT INTO meta.gone SELECT '{table}', _row, {number}, NULL FROM absent")
    engine.execute(f"INSERT INTO {quoted('touched_' + table)} SELECT _row FROM absent")
