"""The columns worked out of a checked one: its normal form and its state, in SQL.

The plainest values are told by an expression; each other different value is put to its check once,
and comes back through a table looked up.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import sqlglot
from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.intake.checks import HOME, Check, checks
from jalon.model.tables import Column

#: Different values put to a check at a time.
BATCH = 100_000
#: Invalid values shown of each column.
EXAMPLES = 3


@dataclass(frozen=True)
class Tally:
    """How many rows of a file have a value in each state, and the commonest invalid values."""

    valid: int
    invalid: int
    unchecked: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """The expressions of both columns; ``verdicts`` is the table they look in, joined ``on``."""

    normal: exp.Expr
    state: exp.Expr
    verdicts: str
    on: exp.Expr
    tally: Tally


def checked(
    engine: DuckDB,
    column: Column,
    value: exp.Expr,
    country: exp.Expr | None,
    relation: str,
    number: int,
) -> Checked:
    """Check a column of the rows of ``relation``, given the expressions of its value and country.

    The table of verdicts is made now, called after ``number``; its columns are called after the
    field alone, so that the same file is typed by the same query.
    """
    check = checks()[column.check or ""]
    place = country if check.by_country else None
    plain = _plain(check, value, place)
    verdicts = f"verdicts_{column.name}_{number}"
    _judge(engine, check, verdicts, _others(value, place, plain, relation), column.name)
    looked, state = _named("normal", column.name), _named("state", column.name)
    found = exp.Is(this=exp.paren(plain.copy()), expression=exp.Null())
    return Checked(
        exp.Coalesce(this=plain.copy(), expressions=[looked]),
        exp.Case().when(exp.not_(found), exp.Literal.string("valid")).else_(state),
        verdicts,
        _on(column.name, value, place),
        _tally(engine, verdicts, value, relation, column.name),
    )


def _plain(check: Check, value: exp.Expr, country: exp.Expr | None) -> exp.Expr:
    """The normal form where the value is plain, else NULL."""
    if check.plain is None:
        return exp.Null()
    told = sqlglot.parse_one(check.plain, dialect="duckdb")
    whole = told.transform(
        lambda each: (
            exp.paren(value.copy())
            if isinstance(each, exp.Column) and each.name == "value"
            else each
        )
    )
    if country is None:
        return whole
    from jalon.intake.checks.country import names_of  # noqa: PLC0415

    named = [exp.Literal.string(name) for name in names_of(HOME)]
    at_home = exp.In(this=exp.Lower(this=exp.Trim(this=country.copy())), expressions=named)
    blank = exp.Is(this=exp.paren(country.copy()), expression=exp.Null())
    return exp.Case().when(exp.or_(blank, at_home), whole)


def _others(
    value: exp.Expr, country: exp.Expr | None, plain: exp.Expr, relation: str
) -> exp.Select:
    """The different values that are not plain, each with its country and how often it stands."""
    query = exp.select(
        exp.alias_(value.copy(), "v"),
        exp.alias_(country.copy() if country else exp.cast(exp.Null(), "varchar"), "c"),
        exp.alias_(exp.Count(this=exp.Star()), "n"),
    )
    among = query.from_(exp.to_table(relation)).where(
        exp.not_(exp.Is(this=exp.paren(value.copy()), expression=exp.Null())),
        exp.Is(this=exp.paren(plain.copy()), expression=exp.Null()),
    )
    return among.group_by(exp.Literal.number(1), exp.Literal.number(2))


def _judge(engine: DuckDB, check: Check, verdicts: str, others: exp.Select, name: str) -> None:
    names = [f"_{part}_{name}" for part in ("value", "country", "normal", "state")]
    columns = ", ".join(f'"{each}" VARCHAR' for each in names)
    engine.execute(f'CREATE OR REPLACE TEMP TABLE {verdicts} ({columns}, "_rows_{name}" BIGINT)')
    from jalon.intake.checks.country import country_code  # noqa: PLC0415

    asked = engine.run(others.sql("duckdb"))
    for batch in asked.to_batches(max_chunksize=BATCH):
        values, countries = batch.column("v").to_pylist(), batch.column("c").to_pylist()
        codes = {each: country_code(each) for each in set(countries)}
        judged = [check.verdict(v, codes[c]) for v, c in zip(values, countries, strict=True)]
        normal, state = zip(*judged, strict=True)
        made = pa.table([values, countries, normal, state], names=names)
        texts = made.cast(pa.schema([(each, pa.string()) for each in names]))
        texts = texts.append_column(f"_rows_{name}", batch.column("n"))
        with engine.lend("judged", texts):
            engine.execute(f"INSERT INTO {verdicts} FROM judged")


def _tally(engine: DuckDB, verdicts: str, value: exp.Expr, relation: str, name: str) -> Tally:
    """The states of all rows: those that no verdict is about are plain, and valid."""
    filled = exp.select(exp.Count(this=value.copy())).from_(exp.to_table(relation))
    state, rows = f'"_state_{name}"', f'"_rows_{name}"'
    counts = dict(engine.rows(f"SELECT {state}, sum({rows}) FROM {verdicts} GROUP BY 1"))
    invalid, unchecked = int(counts.get("invalid", 0)), int(counts.get("unchecked", 0))
    shown = engine.rows(
        f"SELECT \"_value_{name}\" AS v FROM {verdicts} WHERE {state} = 'invalid' "
        f"GROUP BY v ORDER BY sum({rows}) DESC, v LIMIT {EXAMPLES}"
    )
    valid = int(engine.value(filled.sql("duckdb"))) - invalid - unchecked
    return Tally(valid, invalid, unchecked, tuple(each for (each,) in shown))


def _on(name: str, value: exp.Expr, country: exp.Expr | None) -> exp.Expr:
    same = exp.EQ(this=_named("value", name), expression=exp.paren(value.copy()))
    if country is None:
        return same
    there = exp.NullSafeEQ(this=_named("country", name), expression=exp.paren(country.copy()))
    return exp.and_(same, there)


def _named(part: str, name: str) -> exp.Column:
    return exp.column(exp.to_identifier(f"_{part}_{name}", quoted=True))
