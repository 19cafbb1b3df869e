"""What is known of the rows of a table that were refused: their cells, keys and amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlglot import exp

from jalon.engines.duckdb import DuckDB

#: By money field, its value and the tests of an amount that cannot be read.
Money = Mapping[str, tuple[exp.Expr, Sequence[exp.Expr]]]


@dataclass(frozen=True)
class Apart:
    """Rows refused when they were typed.

    ``relation``: their cells as found, in the columns of the text table. ``keys``: by line, the key
    that each would have had. ``sums``: by money field, the exact sum of the amounts that can be
    read; ``unread``: how many cannot.
    """

    relation: str = ""
    keys: Mapping[int, str | None] = field(default_factory=dict)
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)


NOTHING = Apart()


def apart(engine: DuckDB, relation: str, keys: Mapping[int, str | None], money: Money) -> Apart:
    """What is known of the refused rows that lie in ``relation``."""
    if not money:
        return Apart(relation, keys)
    figures: list[exp.Expr] = []
    for value, tests in money.values():
        figures.append(exp.Sum(this=value.copy()))
        unread = exp.or_(*(test.copy() for test in tests)) if tests else exp.false()
        figures.append(exp.CountIf(this=unread))
    query = exp.select(*figures).from_(exp.to_table(relation))
    row = engine.rows(query.sql("duckdb"))[0]
    sums = dict(zip(money, row[0::2], strict=True))
    unread_counts = dict(zip(money, row[1::2], strict=True))
    return Apart(
        relation,
        keys,
        {name: total for name, total in sums.items() if total is not None},
        {name: int(count) for name, count in unread_counts.items() if count},
    )
