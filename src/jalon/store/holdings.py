"""What the database holds: rows and dates by table, rows refused, references to settle."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import TABLES
from jalon.store.link import UNLINKED
from jalon.store.schema import quoted
from jalon.store.store import Store


@dataclass(frozen=True)
class Holding:
    """A table that has rows: how many, from when to when, from which sources."""

    table: str
    rows: int
    first: dt.date | None
    last: dt.date | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """A row set apart, with the cell and the code of the reason."""

    file: str
    sheet: str | None
    table: str | None
    row: int | None
    header: str | None
    value: str | None
    reason: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Pending:
    """What awaits a person: rows refused by the imports in force, references that lead nowhere,
    likely links to confirm; ``number`` is the last import that refused rows."""

    rows: int
    unlinked: int
    proposals: int
    number: int | None


def holdings(store: Store) -> list[Holding]:
    """Every table that has rows, in the order of the model."""
    return [_holding(store.engine, name) for name in TABLES if store.present().has(name)]


def _holding(engine: DuckDB, name: str) -> Holding:
    table = TABLES[name]
    dates = [each.name for each in table.columns if each.event]
    bounds = ", ".join(f"min({quoted(each)}), max({quoted(each)})" for each in dates)
    rows = engine.rows(
        f"SELECT count(*), list(DISTINCT o.name ORDER BY o.name){', ' + bounds if bounds else ''} "
        f"FROM version.{quoted(name)} v LEFT JOIN meta.origin o ON o.id = v._origin "
        "WHERE _until IS NULL"
    )[0]
    count, sources, *ends = rows
    firsts = [each.date() for each in ends[0::2] if each]
    lasts = [each.date() for each in ends[1::2] if each]
    named = tuple(each for each in sources or () if each)
    return Holding(name, count, min(firsts, default=None), max(lasts, default=None), named)


def pending(engine: DuckDB) -> Pending:
    """What awaits a person."""
    rows, number = engine.rows(
        'SELECT count(DISTINCT (import, file, sheet, "row")), max(import) FROM meta.quarantine '
        "WHERE coalesce(state, 'waiting') = 'waiting'"
    )[0]
    unlinked = engine.value(
        "SELECT count(*) FROM (SELECT DISTINCT target, text "
        f"{UNLINKED} AND text NOT IN (SELECT text FROM meta.proposal))"
    )
    proposals = engine.value("SELECT count(*) FROM meta.proposal")
    return Pending(rows, int(unlinked or 0), int(proposals or 0), number)


def refused(
    engine: DuckDB, number: int, limit: int | None = None, offset: int = 0
) -> tuple[list[Refused], int]:
    """The cells for which an import refused rows, in the order of its files; and how many."""
    total = engine.value("SELECT count(*) FROM meta.quarantine WHERE import = ?", [number])
    tail = f"LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
    rows = engine.rows(
        'SELECT file, sheet, "table", "row", header, value, reason, facts FROM meta.quarantine '
        f'WHERE import = ? ORDER BY file, sheet, "row", header {tail}',
        [number],
    )
    found = [Refused(*cells, _facts(facts)) for *cells, facts in rows]  # type: ignore[call-arg]
    return found, int(total)


def proposals(engine: DuckDB) -> list[tuple[str, str, str]]:
    """Likely links: the table, the text found, the name that it resembles."""
    rows = engine.rows(
        "SELECT target, text, candidate FROM meta.proposal ORDER BY score DESC, text LIMIT 50"
    )
    return [(target, text, candidate) for target, text, candidate in rows]


def _facts(text: str | None) -> Mapping[str, Any]:
    """The facts of a reason, kept as the text of a dictionary of plain values."""
    try:
        found = ast.literal_eval(text or "{}")
    except (ValueError, SyntaxError):
        return {}
    return found if isinstance(found, dict) else {}
