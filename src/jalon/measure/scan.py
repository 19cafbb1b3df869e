"""What a measure asks of a table: its scan, its statistics and their names; pure functions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlglot import exp

from jalon.catalogue.definition import Measure, TimeKind
from jalon.estimates.estimator import Aggregate, Shape, both
from jalon.estimates.registry import estimators
from jalon.measure.compile import Scan
from jalon.measure.own import OwnColumn
from jalon.measure.question import Question
from jalon.model.periods import Grain, Period
from jalon.relations.columns import readable
from jalon.relations.expression import condition

#: Whole numbers beyond this pass as floating point.
LARGEST = 10**18


def scan_of(
    measure: Measure, source: tuple[str, str], question: Question, own: tuple[OwnColumn, ...] = ()
) -> Scan:
    """The scan that answers a measure under a question."""
    dims = tuple((name, name) for name in question.by) + tuple(
        (name, column) for name, column in measure.classes if name not in question.by
    )
    return Scan(
        measure.table,
        source,
        measure.date,
        measure.time is TimeKind.STOCK,
        dims,
        question.grain,
        question.fiscal_month,
        (question.period.start is not None, question.period.end is not None),
        filter_of(measure.table, question.where, own)[0],
        measure.horizon,
        own=own,
    )


def bare(scan: Scan) -> Scan:
    """The same table and filter, without periods nor groups."""
    return replace(
        scan,
        date=None,
        stock=False,
        dims=(),
        grain=Grain.NONE,
        bounded=(False, False),
        horizon=None,
        changed=None,
    )


def shared(scan: Scan) -> Scan:
    """The scan whose statistics answer a measure: without its horizon, which they ask for."""
    return replace(scan, horizon=None)


def parameters_of(
    measure: Measure, question: Question, own: tuple[OwnColumn, ...] = ()
) -> dict[str, Any]:
    """The values of a scan's parameters: the ends of the period, the clock, the filter's values."""
    given = dict(filter_of(measure.table, question.where, own)[1])
    if question.period.start:
        given["start"] = midnight(question.period.start)
    if question.period.end:
        given["end"] = midnight(question.period.end)
    if question.clock.instant:
        given["as_of"] = question.clock.instant
    return given


@lru_cache(maxsize=1024)
def filter_of(
    table: str, where: str | None, own: tuple[OwnColumn, ...] = ()
) -> tuple[str | None, tuple[tuple[str, Any], ...]]:
    """A checked filter with its values taken out: its canonical SQL, and the values by name.

    A new value is then not a new plan. Raises RequestError where the filter is wrong.
    """
    if not where:
        return None, ()
    values: list[tuple[str, Any]] = []

    def taken(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Literal) or isinstance(node.parent, exp.Interval):
            return node
        name = f"w{len(values)}"
        values.append((name, _value(node)))
        return exp.Placeholder(this=name)

    kinds = {**readable(table), **{each.name: each.kind for each in own}}
    tree = condition(where, kinds).transform(taken)
    return tree.sql("duckdb"), tuple(values)


def _value(literal: exp.Literal) -> Any:
    if literal.is_string:
        return literal.this
    number = Decimal(literal.this)
    if abs(number) > LARGEST:
        return float(number)
    return int(number) if number == number.to_integral_value() else number


@lru_cache(maxsize=1024)
def aggregates_of(measure: Measure) -> Mapping[str, Aggregate]:
    """The statistics of a measure, with what its maturity needs.

    A horizon is a condition of theirs and not of the scan, which other measures then share.
    """
    estimator = estimators()[measure.estimate]
    asked = {
        name: replace(each, among=_followed(measure, each.among))
        for name, each in estimator.aggregates(dict(measure.fields)).items()
    }
    if measure.mature and estimator.shape in (Shape.SUMS, Shape.DISTINCT):
        asked["mature"] = maturing(measure)
        asked["whole"] = whole(measure)
    return asked


def whole(measure: Measure) -> Aggregate:
    """How many rows a cohort has."""
    return Aggregate("count", among=_followed(measure, measure.field("among")))


def maturing(measure: Measure) -> Aggregate:
    """How many of them are settled."""
    among = both(measure.field("among"), measure.mature)
    return Aggregate("count", among=_followed(measure, among))


def _followed(measure: Measure, among: str | None) -> str | None:
    """A condition on the rows that were followed for as long as the measure asks."""
    if not measure.horizon:
        return among
    return both(among, f"date_diff('day', {measure.date}, observed_at) >= {measure.horizon}")


@lru_cache(maxsize=4096)
def name_of(aggregate: Aggregate) -> str:
    """One name for equal aggregates, whichever KPI asks."""
    parts = (aggregate.does, aggregate.of or "", aggregate.by or "", aggregate.among or "")
    return "|".join(parts)


def refines(finer: Scan, scan: Scan) -> bool:
    """Whether a scan's groups are sums of those of a finer one."""
    same = replace(finer, dims=(), grain=Grain.NONE) == replace(scan, dims=(), grain=Grain.NONE)
    if not same or not set(scan.dims) <= set(finer.dims):
        return False
    if finer.grain is scan.grain:
        return True
    if scan.grain is Grain.NONE:
        return all(scan.bounded)
    ranks = {Grain.DAY: 0, Grain.MONTH: 1, Grain.QUARTER: 2, Grain.YEAR: 3}
    if scan.grain is Grain.WEEK:
        return finer.grain is Grain.DAY
    return finer.grain in ranks and ranks[finer.grain] < ranks[scan.grain]


def timeless(among: str | None) -> str | None:
    """A condition without its periods: what a basis is judged on."""
    return None if among and (":start" in among or ":end" in among) else among


def looks_back(measure: Measure) -> bool:
    """Whether a state looks back over its period; else it is that of the last day alone."""
    return any(":start" in text for _, text in measure.fields)


def midnight(day: dt.date) -> dt.datetime:
    """The first instant of a day."""
    return dt.datetime.combine(day, dt.time())


def as_table(periods: list[Period]) -> pa.Table:
    """Bounded periods as a table to lend to a query."""
    return pa.table(
        {
            "start": pa.array(
                [midnight(each.start) for each in periods if each.start], pa.timestamp("us")
            ),
            "end": pa.array(
                [midnight(each.end) for each in periods if each.end], pa.timestamp("us")
            ),
        }
    )
