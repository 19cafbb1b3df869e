"""Runs scans on a source, and keeps what was answered for as long as the data do not change."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from jalon.catalogue.definition import Limit, Measure
from jalon.estimates.estimator import Aggregate, both
from jalon.measure import compile as compiler
from jalon.measure.compile import PERIOD, Compiled, Scan
from jalon.measure.money import Exchange, Money
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.scan import as_table, bare, parameters_of, refines, scan_of
from jalon.measure.summary import Summary
from jalon.model.periods import Grain, Period, floor, forward, split
from jalon.relations.clock import Clock
from jalon.relations.flat import Present

#: Answers kept, at most.
KEPT = 512
#: The columns of the table of ranks that a query of values reads.
RANKS = ("n", "low", "middle", "next", "high")


class Source(Protocol):
    """What a measure reads from: the store, or an engine that we do not own."""

    def relation(self, name: str, clock: Clock) -> tuple[str, str] | None:
        """Schema and name of a flat table under a clock; None where it has no row."""

    def present(self) -> Present:
        """Which tables and columns hold anything."""

    def version(self) -> int:
        """What changes whenever the data do."""

    def answer(
        self, sql: str, parameters: Mapping[str, Any], lent: Mapping[str, pa.Table]
    ) -> pa.Table:
        """Run a query, with tables lent to it."""


class Reader:
    """One source, what it answered, and the SQL of the question under way (``sql``)."""

    def __init__(self, source: Source, money: Money | None = None, own: Own | None = None) -> None:
        self.source, self.own = source, own or Own()
        self.exchange = Exchange(self, money or Money())
        self.kept: dict[tuple[Any, ...], Any] = {}
        self.sql: list[str] = []
        self.asked: dict[tuple[Any, ...], list[str]] = {}
        self._version = -1

    def begin(self) -> None:
        """A new question: its SQL is noted afresh; answers about former data are dropped."""
        self.sql = []
        version = self.source.version()
        if version != self._version:
            self.kept.clear()
            self.asked.clear()
            self._version = version

    def forget(self) -> None:
        """Drop the statistics kept; plans stay compiled."""
        self.kept = {key: value for key, value in self.kept.items() if key[0] != "sums"}

    def keep(self, key: tuple[Any, ...], value: Any) -> Any:
        """Keep an answer, the oldest giving way."""
        if len(self.kept) >= KEPT:
            self.kept.pop(next(iter(self.kept)))
        self.kept[key] = value
        return value

    def scan(self, measure: Measure, question: Question) -> Scan:
        """The scan that answers a measure, on a table that has rows, in one currency."""
        scan = self.plain(measure, question)
        tender = self.exchange.tender(measure, question)
        return replace(scan, changed=tender.currency) if tender.changed else scan

    def plain(self, measure: Measure, question: Question) -> Scan:
        """The same, amounts as they are."""
        source = self.source.relation(measure.table, question.clock)
        assert source is not None, measure.table
        return scan_of(measure, source, question, self.own.columns(measure.table))

    # -- statistics ------------------------------------------------------------------------------

    def sums(
        self,
        scan: Scan,
        aggregates: Mapping[str, Aggregate],
        measure: Measure,
        question: Question,
    ) -> Summary:
        """The statistics of a scan: kept, rolled up from finer ones kept, or asked."""
        state = tuple(self.periods(scan, question)) if scan.stock else ()
        values = (tuple(sorted(self._given(measure, question).items())), state)
        key = ("sums", scan, values)
        kept: Summary | None = self.kept.get(key)
        if kept is not None and aggregates.keys() <= kept.sums.keys():
            self.sql += self.asked[key]
            return kept
        plain = {name: each for name, each in aggregates.items() if each.does != "distinct"}
        distinct = {name: each for name, each in aggregates.items() if each.does == "distinct"}
        if not distinct and not scan.stock:
            rolled = self._rolled(scan, aggregates, values)
            if rolled is not None:
                return rolled
        noted = len(self.sql)
        summary = self.ask(scan, plain or distinct, measure, question)
        if plain and distinct:
            summary = _beside(summary, self.ask(scan, distinct, measure, question))
        self.keep(key, summary)
        self.asked[key] = self.sql[noted:]
        return summary

    def _given(self, measure: Measure, question: Question) -> dict[str, Any]:
        """The values of the parameters of a measure's scans."""
        return parameters_of(measure, question, self.own.columns(measure.table))

    def ask(
        self,
        scan: Scan,
        aggregates: Mapping[str, Aggregate],
        measure: Measure,
        question: Question,
    ) -> Summary:
        """The statistics of a scan, asked of the engine."""
        compiled = compiler.sums(scan, tuple(aggregates.items()))
        table = self.run(compiled, scan, measure, question)
        return Summary.of(table, [each for each in table.column_names if each not in aggregates])

    def count(self, measure: Measure, among: str | None, question: Question) -> int:
        """How many rows of a measure's table meet a condition, whatever their date."""
        key = ("count", measure.table, among, question.clock, question.where)
        if key not in self.kept:
            scan = bare(self.plain(measure, question))
            asked = {"n": Aggregate("count", among=among)}
            self.keep(key, int(self.ask(scan, asked, measure, question).sums["n"][0]))
        found: int = self.kept[key]
        return found

    def limit(self, measure: Measure, limit: Limit, question: Question) -> float | None:
        """The number that a measure's rows give for ``:limit``; None where they are too few."""
        key = ("limit", measure.table, limit, question.clock, question.where)
        if key not in self.kept:
            scan = bare(self.scan(measure, question))
            among = both(limit.among, f"{limit.value} is not null")
            sizes = self.run(compiler.group_sizes(scan, among), scan, measure, question)
            rows = int(sizes.column("n")[0].as_py())
            rank = math.ceil(limit.at * rows - 1e-9)
            ranks = pa.table({name: [rows if name == "n" else rank] for name in RANKS})
            compiled = compiler.values(scan, limit.value, among)
            found = self.run(compiled, scan, measure, question, {"ranks": ranks})
            enough = rows >= limit.least and found.num_rows > 0
            self.keep(key, float(found.column("middle")[0].as_py()) if enough else None)
        number: float | None = self.kept[key]
        return number

    def _rolled(
        self, scan: Scan, aggregates: Mapping[str, Aggregate], values: tuple[Any, ...]
    ) -> Summary | None:
        """The same statistics from a finer scan already answered, if there is one."""
        for key, summary in self.kept.items():
            if key[0] != "sums" or key[2] != values:
                continue
            if not aggregates.keys() <= summary.sums.keys() or not refines(key[1], scan):
                continue
            names = [name for name, _ in scan.dims]
            coarser = {}
            if scan.grain is not Grain.NONE:
                names.insert(0, PERIOD)
                coarser[PERIOD] = lambda day: floor(day, scan.grain, scan.fiscal_month)
            self.sql += self.asked[key]
            rolled: Summary = summary.rolled(names, coarser)
            return rolled
        return None

    def run(
        self,
        compiled: Compiled,
        scan: Scan,
        measure: Measure,
        question: Question,
        lent: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Run a compiled query with the values that it takes."""
        self.sql.append(compiled.sql)
        given = self._given(measure, question)
        used = {name: value for name, value in given.items() if name in compiled.parameters}
        tables = dict(lent or {})
        if scan.stock:
            tables["periods"] = as_table(self.periods(scan, question))
        if scan.changed:
            tables["rates"] = self.exchange.table(question.clock)
        return self.source.answer(compiled.sql, used, tables)

    # -- periods ---------------------------------------------------------------------------------

    def periods(self, scan: Scan, question: Question) -> list[Period]:
        """The states to look at: one for each period asked, or the present one."""
        asked = question.period
        last = self.last(scan, question.clock)
        end = asked.end or last + dt.timedelta(days=1)
        start = asked.start or (
            forward(end, -12) if question.grain is Grain.NONE else self._earliest(scan, end)
        )
        whole = Period(start, max(end, start + dt.timedelta(days=1)))
        periods = split(whole, question.grain, question.fiscal_month)
        return [each for each in periods if each.start and each.start <= last] or periods[:1]

    def last(self, scan: Scan, clock: Clock) -> dt.date:
        """The last day observed: that of the sources' data, or of a past clock if it is earlier."""
        through = self.bound(scan, "max", "observed_at") or dt.date.today()
        return min(through, clock.as_of) if clock.as_of else through

    def _earliest(self, scan: Scan, end: dt.date) -> dt.date:
        first = self.bound(scan, "min", scan.date) if scan.date else None
        return first or forward(end, -12)

    def bound(self, scan: Scan, which: str, column: str) -> dt.date | None:
        """The first or last day of a column of the whole table."""
        key = ("bound", scan.source, which, column)
        if key not in self.kept:
            compiled = compiler.extreme(scan.source, which, column)
            found = self.source.answer(compiled.sql, {}, {}).column(0)[0].as_py()
            self.keep(key, found.date() if found else None)
        day: dt.date | None = self.kept[key]
        return day

    def filled(self, measure: Measure, clock: Clock, names: list[str]) -> list[str]:
        """The columns of a measure's table that hold something."""
        source = self.source.relation(measure.table, clock)
        assert source is not None, measure.table
        table = self.source.answer(compiler.filled(source, tuple(names)).sql, {}, {})
        counts = table.to_pylist()[0]
        return [name for name in names if counts[name]]


def _beside(summary: Summary, other: Summary) -> Summary:
    """Statistics of two queries over the same groups, as one."""
    names = list(summary.keys)
    found = zip(*(other.labels(name) for name in names), strict=True)
    places = {tuple(row): i for i, row in enumerate(found)} or {(): 0}
    rows = list(zip(*(summary.labels(name) for name in names), strict=True)) or [()]
    order = [places.get(tuple(row), -1) for row in rows][: summary.groups]
    taken = {
        name: np.array([values[i] if i >= 0 else 0.0 for i in order])
        for name, values in other.sums.items()
    }
    return Summary(summary.keys, {**summary.sums, **taken}, summary.groups)


def without_filter(question: Question) -> Question:
    """The same question without its filter."""
    return replace(question, where=None)
