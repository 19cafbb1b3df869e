"""Runs scans on a source, and keeps what was answered for as long as the data do not change."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from jalon.catalogue.definition import Limit, Measure, TimeKind
from jalon.estimates.estimator import Aggregate, both
from jalon.measure import compile as compiler
from jalon.measure.compile import PERIOD, Compiled, Scan
from jalon.measure.counted import Counted
from jalon.measure.kept import Kept, Key, Told
from jalon.measure.money import Exchange, Money
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.scan import as_table, bare, parameters_of, refines, scan_of
from jalon.measure.summary import Summary
from jalon.model.periods import Grain, Period, floor, forward, split
from jalon.relations.clock import Clock
from jalon.relations.flat import Present

#: Facts kept, at most: counts of rows, bounds of columns.
KEPT = 512
#: Bytes of statistics kept, at most.
ROOM = 128 * 2**20
#: The columns of the table of ranks that a query of values reads.
RANKS = ("n", "low", "middle", "next", "high")


class Source(Protocol):
    """What a measure reads from: the store, or an engine that we do not own."""

    def relation(self, name: str, clock: Clock) -> tuple[str, str] | None:
        """Schema and name of a flat table under a clock; None where it has no row."""

    def present(self) -> Present:
        """Which tables and columns hold anything."""

    def changes(self, name: str) -> list[tuple[int, dt.datetime]]:
        """The imports that changed a table's rows, in order: number, and when it was made."""

    def version(self) -> int:
        """What changes whenever the data do."""

    def answer(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        lent: Mapping[str, pa.Table],
        *,
        large: bool = False,
    ) -> pa.Table:
        """Run a query, with tables lent to it. ``large``: it may answer many rows."""


class Reader:
    """One source, what it answered, and the SQL of the question under way (``sql``)."""

    def __init__(self, source: Source, money: Money | None = None, own: Own | None = None) -> None:
        self.source, self.own = source, own or Own()
        self.exchange = Exchange(self, money or Money())
        self.kept: dict[tuple[Any, ...], Any] = {}
        self.answers = Kept(ROOM)
        self.sql: list[str] = []
        self._version = -1

    def begin(self) -> None:
        """A new question: its SQL is noted afresh; answers about former data are dropped."""
        self.sql = []
        version = self.source.version()
        if version != self._version:
            self.kept.clear()
            self.answers.clear()
            self._version = version

    def forget(self) -> None:
        """Drop the statistics kept; plans stay compiled."""
        self.answers.clear()

    def keep(self, key: tuple[Any, ...], value: Any) -> Any:
        """Keep a fact, the oldest giving way."""
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
        values = self._values(scan, measure, question)
        key = ("sums", scan, values)
        kept = self.answers.get(key)
        if kept is not None and aggregates.keys() <= kept.value.sums.keys():
            again: Summary = self._again(kept)
            return again
        plain = {name: each for name, each in aggregates.items() if each.does != "distinct"}
        distinct = {name: each for name, each in aggregates.items() if each.does == "distinct"}

        def enough(other: Key, told: Summary) -> bool:
            return other[::2] == key[::2] and aggregates.keys() <= told.sums.keys()

        if not distinct:
            rolled: Summary | None = self._rolled(scan, enough)
            if rolled is not None:
                return rolled
        noted = len(self.sql)
        summary = self.ask(scan, plain or distinct, measure, question)
        if plain and distinct:
            summary = _beside(summary, self.ask(scan, distinct, measure, question))
        self.answers.put(key, summary, tuple(self.sql[noted:]))
        return summary

    def histogram(
        self,
        scan: Scan,
        keys: tuple[tuple[str, str], ...],
        among: str | None,
        summed: tuple[tuple[str, str], ...],
        measure: Measure,
        question: Question,
    ) -> Counted:
        """The rows of a scan counted by keys: kept, rolled up from finer ones kept, or asked."""
        values = self._values(scan, measure, question)
        key = ("histogram", scan, (values, keys, among, summed))
        kept = self.answers.get(key)
        rolled: Counted | None = self._again(kept) if kept is not None else None
        if rolled is not None:
            return rolled
        rolled = self._rolled(scan, lambda other, _: other[::2] == key[::2])
        if rolled is None:
            compiled = compiler.histogram(scan, keys, among, summed)
            table = self.run(compiled, scan, measure, question)
            rolled = Counted.of(table, [name for name, _ in keys], [name for name, _ in summed])
        self.answers.put(key, rolled, (self.sql[-1],))
        return rolled

    def told(
        self,
        key: Key,
        scan: Scan,
        measure: Measure,
        question: Question,
        asked: Callable[[], pa.Table],
    ) -> pa.Table:
        """What a query of a scan that does not roll up answered; ``key`` tells it from others."""
        whole = (*key, scan, self._values(scan, measure, question))
        kept = self.answers.get(whole)
        if kept is not None:
            again: pa.Table = self._again(kept)
            return again
        noted = len(self.sql)
        table = asked()
        self.answers.put(whole, table, tuple(self.sql[noted:]))
        return table

    def _values(self, scan: Scan, measure: Measure, question: Question) -> Key:
        """The values of a scan's parameters and, of states, the days they are of."""
        state = tuple(self.periods(scan, question)) if scan.stock else ()
        return (tuple(sorted(self._given(measure, question).items())), state)

    def _again(self, kept: Told) -> Any:
        """What was kept, its SQL noted."""
        self.sql += kept.sql
        return kept.value

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
        return self.counts(measure, (among,), question)[0]

    def counts(
        self, measure: Measure, conditions: Sequence[str | None], question: Question
    ) -> list[int]:
        """The same for several conditions, those not known yet in one query."""
        keys = {
            among: ("count", measure.table, among, question.clock, question.where)
            for among in conditions
        }
        known = {among: self.kept[key] for among, key in keys.items() if key in self.kept}
        unknown = [among for among in keys if among not in known]
        if unknown:
            scan = bare(self.plain(measure, question))
            asked = {f"n{at}": Aggregate("count", among=each) for at, each in enumerate(unknown)}
            sums = self.ask(scan, asked, measure, question).sums
            for at, among in enumerate(unknown):
                known[among] = self.keep(keys[among], int(sums[f"n{at}"][0]))
        return [known[among] for among in conditions]

    def limit(self, measure: Measure, limit: Limit, question: Question) -> float | None:
        """The number that a measure's rows give for ``:limit``; None where they are too few.

        A habit of the company: that of all its rows, whatever the filter.
        """
        question = without_filter(question)
        key = ("limit", measure.table, limit, question.clock)
        if key not in self.kept:
            # Its own rows say in which currency it is, not those that it is to limit.
            fields = (("among", limit.among), ("value", limit.value))
            measure = replace(measure, estimate="median", fields=fields, time=TimeKind.EVENT)
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

    def _rolled(self, scan: Scan, fits: Callable[[Key, Any], bool]) -> Any:
        """The same from a finer scan already answered, if there is one that fits."""
        if scan.stock:
            return None
        for key, told in self.answers.items():
            if not fits(key, told.value) or not refines(key[1], scan):
                continue
            names = [name for name, _ in scan.dims]
            coarser = {}
            if scan.grain is not Grain.NONE:
                names.insert(0, PERIOD)
                coarser[PERIOD] = lambda day: floor(day, scan.grain, scan.fiscal_month)
            return self._again(told).rolled(names, coarser)
        return None

    def run(
        self,
        compiled: Compiled,
        scan: Scan,
        measure: Measure,
        question: Question,
        lent: Mapping[str, pa.Table] | None = None,
        *,
        large: bool = False,
    ) -> pa.Table:
        """Run a compiled query with its values. ``large``: it may answer many rows."""
        self.sql.append(compiled.sql)
        given = self._given(measure, question)
        used = {name: value for name, value in given.items() if name in compiled.parameters}
        tables = dict(lent or {})
        if scan.stock:
            tables["periods"] = as_table(self.periods(scan, question))
        if scan.changed:
            tables["rates"] = self.exchange.table(question.clock)
        return self.source.answer(compiled.sql, used, tables, large=large)

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
