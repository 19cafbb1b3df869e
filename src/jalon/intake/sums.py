"""The sums of money columns before and after: what was read, taken in and set apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.intake.staging import NO_RECORDS, Staged
from jalon.model.tables import TABLES, Kind
from jalon.store.load import Loaded

#: Of order lines, the amounts that add up; the others are those of the first line.
ADDED = ("amount", "cost")

Totals = Mapping[str, Decimal]


@dataclass(frozen=True)
class Sums:
    """By money field, exact: ``taken`` + ``quarantined`` = ``read``.

    ``read``: all records whose amount can be read, rows that come again the same counted once;
    ``doubled``: what those add to the column of the file. ``unread``: how many amounts of refused
    rows could not be read. Totals, repeated headers and footers are in none of them.
    """

    read: Totals
    taken: Totals
    quarantined: Totals
    doubled: Totals
    unread: Mapping[str, int]


def sums(engine: DuckDB, staged: Staged, outcome: Loaded) -> Sums:
    """The sums of a table of a file, once loaded."""
    table = TABLES[staged.stage.table]
    money = [each for each in staged.stage.fields if table.column(each).kind is Kind.MONEY]
    if not money:
        return Sums({}, {}, {}, {}, {})
    if staged.map.lines:
        return _of_lines(engine, staged, money)
    bad = "_bad IS NULL" if staged.apart.relation else "true"
    every, taken = _two(engine, staged.every, money, bad)
    quarantined: Totals = staged.apart.sums
    doubled: Totals = {}
    if outcome.repeated or outcome.doubled:
        taken, repeated, doubled = _once(engine, staged, outcome, money, bad)
        quarantined = added(quarantined, repeated)
    read = added(every, {name: -total for name, total in doubled.items()})
    return Sums(read, taken, quarantined, doubled, _unread(staged, money))


def _of_lines(engine: DuckDB, staged: Staged, money: Sequence[str]) -> Sums:
    """Order lines: the amounts of a key's lines make its own."""
    lines = [each for each in money if each in ADDED]
    every, taken = _two(engine, staged.every, lines, "_bad IS NULL") if lines else ({}, {})
    others = [each for each in money if each not in ADDED]
    taken |= totals(engine, staged.stage.relation, others)
    quarantined = staged.apart.sums
    read = {**added(taken, quarantined), **every}
    return Sums(read, taken, quarantined, {}, _unread(staged, money))


def _two(
    engine: DuckDB, relation: str, money: Sequence[str], readable: str
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The sums of all rows and of those that are readable, in one pass."""
    figures = ", ".join(f'sum("{n}"), sum("{n}") FILTER (WHERE {readable})' for n in money)
    row = engine.rows(f"SELECT {figures} FROM {relation}")[0]
    return _known(money, row[0::2]), _known(money, row[1::2])


def _once(
    engine: DuckDB, staged: Staged, outcome: Loaded, money: Sequence[str], readable: str
) -> tuple[dict[str, Decimal], dict[str, Decimal], dict[str, Decimal]]:
    """Of keys that come twice: the first rows, those that differ from them, and those that do
    not."""
    place = (
        "CASE WHEN _nth = 1 THEN 0 WHEN _line IN (SELECT line FROM differing_lines) THEN 1 "
        "ELSE 2 END"
    )
    nth = "row_number() OVER (PARTITION BY source_id ORDER BY _line) AS _nth"
    lines = pa.table({"line": pa.array([line for line, _ in outcome.repeated], pa.int64())})
    figures = ", ".join(
        f'sum("{name}") FILTER (WHERE _place = {which})' for which in range(3) for name in money
    )
    with engine.lend("differing_lines", lines):
        row = engine.rows(
            f"SELECT {figures} FROM (SELECT *, {place} AS _place FROM "
            f"(SELECT *, {nth} FROM {staged.every} WHERE {readable}))"
        )[0]
    width = len(money)
    first, differing, same = (row[at : at + width] for at in range(0, 3 * width, width))
    return _known(money, first), _known(money, differing), _known(money, same)


def _unread(staged: Staged, money: Sequence[str]) -> dict[str, int]:
    """Of the amounts of refused rows; those of a row that could not be cut into cells too."""
    uncut = sum(each.code not in NO_RECORDS for each in staged.table.rejected)
    counts = {name: staged.apart.unread.get(name, 0) + uncut for name in money}
    return {name: count for name, count in counts.items() if count}


def totals(engine: DuckDB, relation: str, money: Sequence[str]) -> dict[str, Decimal]:
    """The exact sums of these columns of a relation, where it has a value."""
    if not money:
        return {}
    figures = ", ".join(f'sum("{name}")' for name in money)
    return _known(money, engine.rows(f"SELECT {figures} FROM {relation}")[0])


def _known(money: Sequence[str], row: Sequence[Decimal | None]) -> dict[str, Decimal]:
    return {name: total for name, total in zip(money, row, strict=True) if total is not None}


def added(one: Totals, other: Totals) -> dict[str, Decimal]:
    """The sums of two, column by column."""
    zero = Decimal(0)
    return {name: one.get(name, zero) + other.get(name, zero) for name in {**one, **other}}
