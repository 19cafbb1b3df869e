"""The rows set apart, kept whole until they are corrected, loaded again or left out.

``meta.quarantine`` has a row for each, named by its import and its ``number`` in it. ``reading`` is
the place of the stage that refused it; ``cells`` its cells as found and ``said`` those that a
person has corrected (JSON texts by header; where the row could not be cut into cells, ``value`` has
its text); ``key`` its key where that can be read. ``state`` is one of :data:`STATES`, and
``settled`` the import that corrected or replaced it; undone, it makes the row wait again.

Personal data: ``value``, ``key``, ``cells`` and ``said`` may name people. The first three lie in
``stages/<import>/refused.jsonl`` too, from which they come back when an import is loaded again.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.store.schema import quoted

#: ``waiting`` for a person, ``corrected`` and taken in, ``replaced`` by the same row of a later
#: import, ``left_out``: no record, by its form or by the user's word.
STATES = ("waiting", "corrected", "replaced", "left_out")
#: Rows kept of an import; the others are counted.
MOST = 100_000

#: Two rows without a readable key that say the same.
_SAME_TEXT = (
    "q.key IS NULL AND n.key IS NULL AND q.reason = n.reason AND q.value = n.value "
    "AND q.cells IS NOT DISTINCT FROM n.cells"
)
_COLUMNS = (
    'import, number, reading, file, sheet, "table", row, source, key, header, value, reason, '
    "facts, cells, said, coalesce(state, 'waiting'), settled"
)


@dataclass(frozen=True)
class SetAside:
    """A row set apart. ``imported`` and ``settled`` are numbers of imports."""

    imported: int
    number: int | None
    reading: int | None
    file: str
    sheet: str | None
    table: str | None
    row: int | None
    source: str | None
    key: str | None
    header: str | None
    value: str | None
    reason: str
    facts: Mapping[str, Any]
    cells: Mapping[str, str | None] | None
    said: Mapping[str, str | None]
    state: str
    settled: int | None


@dataclass(frozen=True)
class Lot:
    """Rows set apart for one reason: of an import, a table of a file, a column and a state."""

    imported: int
    reading: int | None
    file: str
    sheet: str | None
    table: str | None
    reason: str
    header: str | None
    state: str
    count: int
    facts: Mapping[str, Any]


def lots(engine: DuckDB, number: int | None = None) -> list[Lot]:
    """Every lot, or those of an import: the last imports first, then the largest."""
    where = "" if number is None else f"WHERE import = {int(number)}"
    rows = engine.rows(
        'SELECT import, reading, file, sheet, "table", reason, header, '
        "coalesce(state, 'waiting') AS s, count(*) AS n, min(facts) FROM meta.quarantine "
        f"{where} GROUP BY ALL ORDER BY import DESC, n DESC, file, sheet, reason, header, s"
    )
    return [Lot(*cells, _facts(facts)) for *cells, facts in rows]  # type: ignore[call-arg]


def set_aside(
    engine: DuckDB,
    number: int | None = None,
    *,
    states: Sequence[str] = ("waiting",),
    lot: Lot | None = None,
    only: Sequence[int] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[SetAside]:
    """Rows set apart, in the order of their files: of an import, of a lot, or of these numbers."""
    conditions = [f"coalesce(state, 'waiting') IN ({_listed(states)})"]
    values: list[Any] = list(states)
    given: list[tuple[str, Any]] = [] if number is None else [("import", number)]
    if lot:
        given += [("import", lot.imported), ("reading", lot.reading), ("file", lot.file)]
        given += [("sheet", lot.sheet), ("reason", lot.reason), ("header", lot.header)]
    for name, value in given:
        conditions.append(f"{name} IS NOT DISTINCT FROM ?")
        values.append(value)
    if only is not None:
        conditions.append(f"number IN ({_listed(only) or 'NULL'})")
        values += list(only)
    tail = "" if limit is None else f"LIMIT {int(limit)} OFFSET {int(offset)}"
    rows = engine.rows(
        f"SELECT {_COLUMNS} FROM meta.quarantine WHERE {' AND '.join(conditions)} "
        f"ORDER BY import, file, sheet, row, number {tail}",
        values,
    )
    return [_row(each) for each in rows]


def leave_out(engine: DuckDB, number: int, rows: Iterable[int]) -> int:
    """Mark waiting rows as no record; how many were."""
    found = engine.rows(
        "UPDATE meta.quarantine SET state = 'left_out' WHERE import = ? AND number IN "
        "(SELECT unnest(?::INTEGER[])) AND coalesce(state, 'waiting') = 'waiting' RETURNING number",
        [number, list(rows)],
    )
    return len(found)


def wait_again(engine: DuckDB, number: int, rows: Iterable[int]) -> int:
    """Take back the word that rows are no record; how many wait again."""
    found = engine.rows(
        "UPDATE meta.quarantine SET state = 'waiting' WHERE import = ? AND number IN "
        "(SELECT unnest(?::INTEGER[])) AND state = 'left_out' RETURNING number",
        [number, list(rows)],
    )
    return len(found)


def correct(engine: DuckDB, number: int, settled: int, rows: Iterable[int]) -> None:
    """Mark rows as taken in by import ``settled``."""
    engine.execute(
        "UPDATE meta.quarantine SET state = 'corrected', settled = ? "
        "WHERE import = ? AND number IN (SELECT unnest(?::INTEGER[]))",
        [settled, number, list(rows)],
    )


def say(engine: DuckDB, number: int, said: Mapping[int, Mapping[str, str | None]]) -> None:
    """Keep the cells that a person has corrected, by row."""
    changed = {row: cells for row, cells in said.items() if cells}
    if not changed:
        return
    table = pa.table(
        {
            "number": pa.array(list(changed), pa.int32()),
            "said": [json.dumps(dict(cells), ensure_ascii=False) for cells in changed.values()],
        }
    )
    with engine.lend("told_cells", table):
        engine.execute(
            "UPDATE meta.quarantine q SET said = t.said FROM told_cells t "
            f"WHERE q.import = {int(number)} AND q.number = t.number"
        )


def refuse_again(engine: DuckDB, number: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give rows that are still wrong their new ``reason``, ``facts``, ``header`` and ``value``."""
    if not rows:
        return
    names = ("header", "value", "reason", "facts")
    table = pa.table(
        {
            "number": pa.array([each["number"] for each in rows], pa.int32()),
            **{name: pa.array([each[name] for each in rows], pa.string()) for name in names},
        }
    )
    with engine.lend("still_wrong", table):
        engine.execute(
            "UPDATE meta.quarantine q SET header = t.header, value = t.value, reason = t.reason, "
            f"facts = t.facts FROM still_wrong t WHERE q.import = {int(number)} "
            "AND q.number = t.number"
        )


def returned(engine: DuckDB, record: Mapping[str, Any], settled: int | None) -> None:
    """What became of rows that came back: see :func:`jalon.store.details.write_returned`.

    ``settled`` is the import that took them in, if any was.
    """
    number = int(record["import"])
    say(engine, number, {int(row): cells for row, cells in record["said"].items()})
    refuse_again(engine, number, record["wrong"])
    if settled is not None:
        correct(engine, number, settled, record["corrected"])


def replace_former(engine: DuckDB, number: int, table: str, origin: str, relation: str) -> None:
    """The rows that waited and come again, taken in, in a stage of import ``number``.

    ``relation`` has the keys of that stage as ``source_id``.
    """
    engine.execute(
        "UPDATE meta.quarantine SET state = 'replaced', settled = $number "
        "WHERE import < $number AND coalesce(state, 'waiting') = 'waiting' AND \"table\" = $table "
        f"AND source = $origin AND key IN (SELECT source_id FROM {quoted(relation)})",
        {"number": number, "table": table, "origin": origin},
    )


def replace_refused(engine: DuckDB, number: int) -> None:
    """The rows that waited and are refused again in import ``number``: the new ones wait in their
    place, unless a person had left them out as they are."""
    for same in ("q.key = n.key", _SAME_TEXT):
        where = (
            f'n.import = {int(number)} AND q.import < n.import AND q."table" = n."table" '
            f"AND q.source = n.source AND {same}"
        )
        engine.execute(
            "UPDATE meta.quarantine n SET state = 'left_out' FROM meta.quarantine q "
            f"WHERE {where} AND n.state = 'waiting' AND q.state = 'left_out' "
            "AND q.cells IS NOT DISTINCT FROM n.cells"
        )
        engine.execute(
            f"UPDATE meta.quarantine q SET state = 'replaced', settled = {int(number)} "
            f"FROM meta.quarantine n WHERE {where} "
            "AND coalesce(q.state, 'waiting') = 'waiting'"
        )


def forget(engine: DuckDB, number: int) -> None:
    """Drop the rows of an import taken back, and make those that it settled wait again."""
    engine.execute("DELETE FROM meta.quarantine WHERE import = ?", [number])
    engine.execute(
        "UPDATE meta.quarantine SET state = 'waiting', settled = NULL WHERE settled = ?", [number]
    )


def _row(cells: Sequence[Any]) -> SetAside:
    *first, facts, found, said, state, settled = cells
    whole = json.loads(found) if found else None
    last = (_facts(facts), whole, json.loads(said or "{}"), state, settled)
    return SetAside(*first, *last)  # type: ignore[call-arg]


def _facts(text: str | None) -> Mapping[str, Any]:
    """The facts of a reason, kept as the text of a dictionary of plain values."""
    try:
        found = ast.literal_eval(text or "{}")
    except (ValueError, SyntaxError):
        return {}
    return found if isinstance(found, dict) else {}


def _listed(values: Sequence[Any]) -> str:
    return ", ".join("?" for _ in values)
