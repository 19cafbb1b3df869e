"""The same figure by other rules: those by which another tool may count.

A reading is a measure whose conditions can be changed one by one; a change is one rule otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlglot
from sqlglot import exp

from jalon.catalogue.definition import Measure, TimeKind
from jalon.estimates.estimator import both
from jalon.model.periods import ALWAYS, Period
from jalon.model.tables import TABLES
from jalon.relations.columns import named
from jalon.relations.expression import names_in

#: Rates of VAT that a French invoice may bear.
VAT = (0.2, 0.1, 0.055)
#: By table, rows that other tools often count alone.
ALONE = {"deal": "outcome in ('won', 'lost')", "spend": "kind = 'media'"}


@dataclass(frozen=True)
class Reading:
    """One way to count. ``conditions``: those of the rows, "" where one is left out. ``chosen``:
    the company's own exclusions hold. ``converted``: amounts are in one currency. ``times``: what
    the figure is multiplied by."""

    measure: Measure
    conditions: tuple[str, ...]
    period: Period
    chosen: bool = True
    converted: bool = True
    times: float = 1.0

    @classmethod
    def of(cls, measure: Measure, period: Period) -> Reading:
        """As the definition says."""
        return cls(measure, _conjuncts(measure.field("among") or ""), period)

    def built(self) -> Measure:
        """The measure with these conditions."""
        return with_field(self.measure, "among", both(*self.conditions))


@dataclass(frozen=True)
class Change:
    """A rule otherwise. ``code`` and ``facts`` say it; of one ``group`` at most one is made.

    ``alone``: beside others it would tell too much by chance."""

    code: str
    group: str
    make: Callable[[Reading], Reading]
    facts: tuple[tuple[str, Any], ...] = ()
    alone: bool = False


def changes(reading: Reading, excluded: str | None, currencies: bool) -> list[Change]:
    """The rules that could be otherwise. ``excluded``: the condition of the rows that the company
    leaves out by its settings; ``currencies``: amounts of several were changed into one."""
    left_out = excluded if "invalid" in named(reading.measure.table) else None
    kept = f"not coalesce({left_out}, false)" if left_out else ""
    found = [*_conditions(reading, kept), *_dates(reading), *_values(reading)]
    if left_out:
        found.append(Change("counts_excluded", "excluded", _unchosen(kept)))
    if currencies:
        found.append(
            Change("adds_currencies", "currency", lambda each: replace(each, converted=False))
        )
    return found


def _unchosen(kept: str) -> Callable[[Reading], Reading]:
    """Without the company's own exclusions, those that a changed condition kept included."""

    def make(reading: Reading) -> Reading:
        conditions = tuple("" if each == kept else each for each in reading.conditions)
        return replace(reading, chosen=False, conditions=conditions)

    return make


def with_field(measure: Measure, name: str, value: str | None) -> Measure:
    """A measure with one field otherwise; without it where there is no value."""
    fields = {**dict(measure.fields), name: value or ""}
    return replace(
        measure, fields=tuple(sorted((key, text) for key, text in fields.items() if text))
    )


def _conjuncts(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    tree = sqlglot.parse_one(text, into=exp.Condition, dialect="duckdb")
    parts = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return tuple(each.sql("duckdb") for each in parts)


# -- conditions ------------------------------------------------------------------------------------


def _conditions(reading: Reading, kept: str) -> Iterator[Change]:
    """``kept``: what remains of "not invalid" where a company leaves more out by its settings."""
    for place, text in enumerate(reading.conditions):
        group = f"among.{place}"
        tree = sqlglot.parse_one(text, into=exp.Condition, dialect="duckdb")
        listed = _listed(tree, reading.measure.table)
        if listed is None:
            invalid = text.casefold() == "not invalid"
            made = _conditioned(place, kept if invalid else "")
            code = "counts_invalid" if invalid else "without"
            yield Change(code, group, made, (("condition", text),))
            continue
        column, others = listed
        of = ("column", column)
        for value in others if len(others) > 1 else ():
            wider = _conditioned(place, f"({text}) or {column} = '{value}'")
            yield Change("counts_also", group, wider, (of, ("value", value)))
        every = (of, ("values", tuple(others)))
        yield Change("counts_all", group, _conditioned(place, ""), every)
    narrow = ALONE.get(reading.measure.table)
    read = {name for text in reading.conditions for name in names_in(text)}
    if narrow and not names_in(narrow) & read:
        group = f"among.{len(reading.conditions)}"
        yield Change("counts_only", group, _narrowed(narrow), (("condition", narrow),))


def _narrowed(text: str) -> Callable[[Reading], Reading]:
    return lambda each: replace(each, conditions=(*each.conditions, text))


def _conditioned(place: int, text: str) -> Callable[[Reading], Reading]:
    def make(reading: Reading) -> Reading:
        changed = list(reading.conditions)
        changed[place] = text
        return replace(reading, conditions=tuple(changed))

    return make


def _listed(tree: exp.Expr, table: str) -> tuple[str, list[str]] | None:
    """A column that must have one of some values, and its other values; None for other tests."""
    if isinstance(tree, exp.EQ) and isinstance(tree.this, exp.Column):
        kept = [tree.expression]
    elif isinstance(tree, exp.In) and isinstance(tree.this, exp.Column):
        kept = tree.expressions
    else:
        return None
    if table not in TABLES or tree.this.name not in TABLES[table]:
        return None
    values = TABLES[table].column(tree.this.name).values
    named_values = {each.name for each in kept if isinstance(each, exp.Literal)}
    others = [each for each in values if each not in named_values]
    return (tree.this.name, others) if others else None


# -- dates -----------------------------------------------------------------------------------------


def _dates(reading: Reading) -> Iterator[Change]:
    measure, period = reading.measure, reading.period
    if measure.time is TimeKind.STOCK or measure.date is None or period == ALWAYS:
        return
    table = TABLES.get(measure.table)
    for column in table.columns if table else ():
        if column.event and column.name != measure.date and not measure.horizon:
            facts = (("column", column.name), ("date", measure.date))
            yield Change("dates_by", "date", _dated(column.name), facts)
    yield Change("ignores_period", "period", lambda each: replace(each, period=ALWAYS))
    if not measure.horizon:
        yield Change("counts_undated", "period", _undated, (("date", measure.date),))
    for code, first, last in (("lacks_last_day", 0, -1), ("lacks_first_day", 1, 0)):
        shorter = _shorter(period, first, last)
        if shorter is not None:
            yield Change(code, "period", _during(shorter), alone=True)


def _shorter(period: Period, first: int, last: int) -> Period | None:
    """A period with its ends moved by days; None where it has no such end, or no day is left."""
    if period.start is None or period.end is None:
        return None
    start, end = period.start + dt.timedelta(days=first), period.end + dt.timedelta(days=last)
    return Period(start, end) if start < end else None


def _dated(column: str) -> Callable[[Reading], Reading]:
    return lambda each: replace(each, measure=replace(each.measure, date=column))


def _during(period: Period) -> Callable[[Reading], Reading]:
    return lambda each: replace(each, period=period)


def _undated(reading: Reading) -> Reading:
    """Rows without a date are counted with those of the period."""
    date, period = reading.measure.date, reading.period
    tests = [f"{date} >= '{period.start}'"] if period.start else []
    tests += [f"{date} < '{period.end}'"] if period.end else []
    among = f"{date} is null or ({' and '.join(tests)})"
    return replace(
        reading,
        measure=replace(reading.measure, date=None),
        conditions=(*reading.conditions, among),
        period=ALWAYS,
    )


# -- values ----------------------------------------------------------------------------------------


def _values(reading: Reading) -> Iterator[Change]:
    measure = reading.measure
    value = measure.field("value") or ""
    if value == "net_amount":
        yield Change("adds_credits", "value", _valued("abs(amount)"))
        ignored = "case when kind = 'credit_note' then 0 else amount end"
        yield Change("ignores_credits", "value", _valued(ignored))
    tree = sqlglot.parse_one(value, into=exp.Condition, dialect="duckdb") if value else None
    if isinstance(tree, exp.Mul) and "amount" in value:
        yield Change("unweighted", "value", _valued("amount"))
    if measure.unit == "money" and measure.table == "invoice":
        for rate in VAT:
            facts = (("rate", rate),)
            yield Change("with_vat", "vat", _times(1 + rate), facts, alone=rate != VAT[0])


def _valued(text: str) -> Callable[[Reading], Reading]:
    return lambda each: replace(each, measure=with_field(each.measure, "value", text))


def _times(factor: float) -> Callable[[Reading], Reading]:
    return lambda each: replace(each, times=factor)
