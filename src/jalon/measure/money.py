"""In which currency a measure adds: that of its rows, or the company's at the rates of their days.

Several currencies are never added in silence: either each has a rate on each row's day, or there is
no figure and the sentence says what is lacking.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import pyarrow as pa

from jalon.catalogue.definition import Measure, TimeKind
from jalon.estimates.estimator import Aggregate, both, parts_of
from jalon.estimates.registry import estimators
from jalon.measure import compile as compiler
from jalon.measure.compile import Scan
from jalon.measure.question import Question
from jalon.measure.scan import bare, timeless
from jalon.measure.summary import Summary
from jalon.model.periods import Grain
from jalon.model.problems import Problem
from jalon.model.tables import GROUPED, Kind
from jalon.relations.clock import Clock
from jalon.relations.columns import readable
from jalon.relations.expression import names_in

#: A rate that no later one replaces holds for ever; one without a date has always held.
FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)


@dataclass(frozen=True)
class Money:
    """``currency``: the company's. ``rates``: what one unit of another is worth in it, where no
    table of rates says so day by day. ``mixed``: amounts of all currencies are added as they are,
    which only a question about another tool's figure wants."""

    currency: str = "EUR"
    rates: tuple[tuple[str, float], ...] = ()
    mixed: bool = False


@dataclass(frozen=True)
class Tender:
    """How the amounts of a measure add: in ``currency`` as they are, or ``changed`` into it from
    others; or not at all, and ``why``."""

    currency: str
    changed: tuple[str, ...] = ()
    why: Problem | None = None


class Asker(Protocol):
    """What answers questions about rows, and keeps the answers."""

    kept: dict[tuple[Any, ...], Any]
    source: Any

    def keep(self, key: tuple[Any, ...], value: Any) -> Any:
        """Keep an answer."""

    def plain(self, measure: Measure, question: Question) -> Scan:
        """The scan of a measure, amounts as they are."""

    def ask(
        self,
        scan: Scan,
        aggregates: Mapping[str, Aggregate],
        measure: Measure,
        question: Question,
    ) -> Summary:
        """The statistics of a scan."""

    def count(self, measure: Measure, among: str | None, question: Question) -> int:
        """How many rows of a measure's table meet a condition."""


class Exchange:
    """The currencies and rates of one source."""

    def __init__(self, asker: Asker, money: Money) -> None:
        self.asker, self.money = asker, money

    def tender(self, measure: Measure, question: Question) -> Tender:
        """How the amounts of a measure add; in the company's currency where it reads none."""
        if self.money.mixed or not reads_amounts(measure):
            return Tender(self.money.currency)
        key = ("tender", measure, question.clock, question.where, _state(measure, question))
        if key not in self.asker.kept:
            self.asker.keep(key, self._tender(measure, question))
        found: Tender = self.asker.kept[key]
        return found

    def table(self, clock: Clock) -> pa.Table:
        """The rates to lend to a query: ``currency``, from ``start`` to ``end``, ``rate``."""
        rows = self._rates(clock)
        return pa.table(
            {
                "currency": pa.array([row[0] for row in rows], pa.string()),
                "start": pa.array([row[1] for row in rows], pa.timestamp("us")),
                "end": pa.array([row[2] for row in rows], pa.timestamp("us")),
                "rate": pa.array([row[3] for row in rows], pa.float64()),
            }
        )

    def _tender(self, measure: Measure, question: Question) -> Tender:
        found = self._currencies(measure, replace(question, where=None))
        if len(found) > 1 and question.where:
            found = self._currencies(measure, question)
        others = tuple(each for each in found if each != self.money.currency)
        starts = {name: start for name, start, _, _ in reversed(self._rates(question.clock))}
        unknown = [each for each in others if each not in starts]
        if len(found) < 2 and (unknown or not others):
            return Tender(found[0] if found else self.money.currency)
        if unknown or measure.table in GROUPED:
            several = Problem("several_currencies", {"currencies": unknown or list(found)})
            return Tender(self.money.currency, why=several)
        why = self._too_early(measure, question, others, starts)
        return Tender(self.money.currency, () if why else others, why)

    def _too_early(
        self,
        measure: Measure,
        question: Question,
        others: tuple[str, ...],
        starts: Mapping[str, dt.datetime],
    ) -> Problem | None:
        """Rows older than the first rate of their currency."""
        for each in others:
            if measure.date is None or starts[each] == FIRST:
                continue
            before = f"currency = '{each}' and {measure.date} < '{starts[each].date()}'"
            among = both(timeless(measure.field("among")), before)
            rows = self.asker.count(measure, among, question)
            if rows:
                first = starts[each].date().isoformat()
                return Problem("rate_too_late", {"currency": each, "first": first, "rows": rows})
        return None

    def _currencies(self, measure: Measure, question: Question) -> tuple[str, ...]:
        """The currencies of the rows that count; of a state, those it holds."""
        group = GROUPED.get(measure.table)
        if group:
            measure = replace(
                measure, table=group.of, date=None, time=TimeKind.EVENT, fields=(), mature=None
            )
        if "currency" not in readable(measure.table):
            return ()
        if not self.asker.source.present().has(measure.table, "currency"):
            return ()
        stock = measure.time is TimeKind.STOCK
        whole = replace(question, grain=Grain.NONE, by=())
        scan = self.asker.plain(measure, whole)
        scan = replace(scan if stock else bare(scan), dims=(("currency", "currency"),))
        asked = {"n": Aggregate("count", among=measure.field("among"))}
        summary = self.asker.ask(scan, asked, measure, whole)
        counted = zip(summary.labels("currency"), summary.sums["n"], strict=True)
        return tuple(sorted({label or self.money.currency for label, n in counted if n > 0}))

    def _rates(self, clock: Clock) -> list[tuple[str, dt.datetime, dt.datetime, float]]:
        """Each rate with the days that it holds for, by currency and day."""
        key = ("rates", clock)
        if key not in self.asker.kept:
            self.asker.keep(key, self._read_rates(clock))
        found: list[tuple[str, dt.datetime, dt.datetime, float]] = self.asker.kept[key]
        return found

    def _read_rates(self, clock: Clock) -> list[tuple[str, dt.datetime, dt.datetime, float]]:
        place = self.asker.source.relation("exchange_rate", clock)
        told: dict[str, list[tuple[dt.datetime, float]]] = {}
        if place is not None:
            compiled = compiler.columns(place, ("currency", "happened_at", "rate"))
            for row in self.asker.source.answer(compiled.sql, {}, {}).to_pylist():
                if row["rate"] and row["happened_at"]:
                    told.setdefault(row["currency"], []).append((row["happened_at"], row["rate"]))
        for name, rate in self.money.rates:
            told.setdefault(name, [(FIRST, rate)])
        found = []
        for name, days in sorted(told.items()):
            ordered = sorted(dict(days).items())
            ends = [*(day for day, _ in ordered[1:]), LAST]
            paired = zip(ordered, ends, strict=True)
            found += [(name, day, end, rate) for (day, rate), end in paired]
        return found


@lru_cache(maxsize=4096)
def reads_amounts(measure: Measure) -> bool:
    """Whether a measure reads a column of money."""
    if measure.estimate not in estimators():
        return False
    kinds = readable(measure.table)
    expressions = estimators()[measure.estimate].fields
    read = [parts_of(expressions.get(name, "word"), text) for name, text in measure.fields]
    known = set().union(*(names_in(text) for parts in read for _, text in parts))
    return any(kinds.get(name) is Kind.MONEY for name in known)


def _state(measure: Measure, question: Question) -> object:
    return question.period if measure.time is TimeKind.STOCK else None
