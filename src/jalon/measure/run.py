"""From a question to answers: choose bases, scan once for each table and date, finish."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import sqlglot
from numpy.typing import NDArray
from sqlglot import exp

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Definition, Measure, TimeKind
from jalon.estimates.estimator import Aggregate, Figures, Histogram, Shape, both
from jalon.estimates.registry import estimators
from jalon.measure import compile as compiler
from jalon.measure.algebra import Estimate
from jalon.measure.compile import PERIOD, Compiled, Scan
from jalon.measure.figure import Answer, Comparison, Results
from jalon.measure.question import Question
from jalon.measure.summary import Summary, encode, floats, grouping, order
from jalon.model.periods import Grain, Period, floor, following, forward, shift, split
from jalon.model.problems import Problem, RequestError
from jalon.relations.clock import Clock
from jalon.relations.columns import readable
from jalon.relations.expression import condition, unknown
from jalon.relations.flat import Present
from jalon.stats.median import ranks as median_ranks
from jalon.stats.proportion import difference_of

#: A KPI rests on a basis whose required columns are filled at least so far.
FILLED = 0.8
#: Above this share of undated rows, a figure by period is not given.
UNDATED = 0.2
#: Cohorts whose maturity differs by more than this are shown, not compared.
MATURITY_GAP = 0.1
#: Answers of scans kept.
KEPT = 256


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


@dataclass(frozen=True)
class _Task:
    """One answer to make: the definition, and what is measured."""

    definition: Definition
    measure: Measure


class Measurer:
    """Measures KPIs on one source. Summaries are kept for as long as the data do not change."""

    def __init__(
        self,
        source: Source,
        catalogue: Catalogue,
        bases: Mapping[str, str] | None = None,
        currency: str = "EUR",
    ) -> None:
        self.source, self.catalogue, self.currency = source, catalogue, currency
        self.bases = dict(bases or {})
        self._kept: dict[Any, Any] = {}
        self._version = -1
        self.sql: list[str] = []

    def measure(self, question: Question) -> Results:
        """All answers to a question.

        Raises RequestError for an unknown KPI, part, dimension, or a wrong ``where``.
        """
        self._forget_if_changed()
        self.sql = []
        answers = self._answers(question)
        if question.compare:
            answers = [self._compared(each, question) for each in answers]
        as_of = question.clock.as_of.isoformat() if question.clock.as_of else None
        return Results(answers, as_of, question.by, tuple(dict.fromkeys(self.sql)))

    def forget(self) -> None:
        """Drop the answers kept; plans stay compiled."""
        self._kept = {key: value for key, value in self._kept.items() if key[0] != "sums"}

    def _forget_if_changed(self) -> None:
        version = self.source.version()
        if version != self._version:
            self._kept.clear()
            self._version = version

    def lacks(self, kpi: str) -> Problem | None:
        """What a KPI would need to be measured here; None where nothing."""
        self._forget_if_changed()
        task = self._task(self.catalogue[kpi], Question((kpi,)))
        return task.missing if isinstance(task, Answer) else None

    # -- what is measured ------------------------------------------------------------------------

    def _answers(self, question: Question) -> list[Answer]:
        tasks: list[_Task | Answer] = []
        for kpi in question.kpis:
            definition = self.catalogue[kpi]
            _check_part(definition, question.part)
            _check_dimensions(definition, question.by)
            tasks.append(self._task(definition, question))
        scanned = self._scan_all([each for each in tasks if isinstance(each, _Task)], question)
        return [
            each if isinstance(each, Answer) else self._answer(each, question, scanned)
            for each in tasks
        ]

    def _task(self, definition: Definition, question: Question) -> _Task | Answer:
        part = question.part if question.part in definition.parts else None
        lacking: Problem | None = None
        rules = definition.rules(part)
        wanted = question.basis or self.bases.get(definition.id) or self.bases.get("*")
        rules = [each for each in rules if each.basis == wanted] or rules
        for by in dict.fromkeys((question.by, ())):
            for measure in rules:
                why = self._lacks(measure, question, by)
                if why is None:
                    return _Task(definition, measure)
                lacking = lacking or why
        assert lacking is not None
        first = rules[0]
        return Answer.lacking(definition.id, first.part, first.unit, question.level, lacking)

    def _lacks(
        self, measure: Measure, question: Question, by: tuple[str, ...] = ()
    ) -> Problem | None:
        """What keeps a basis from being used; None where nothing does.

        ``by``: dimensions that must hold something there, for the basis to answer by them.
        """
        if measure.estimate == "formula":
            return self._formula_lacks(measure, question, by)
        known = readable(measure.table)
        strange = next((name for name in question.by if name not in known), None)
        if strange is not None:
            return self._lacking_column(measure, strange, 0, 0)
        key = ("lacks", measure, question.clock, by)
        if key not in self._kept:
            self._keep(key, self._why_lacking(measure, question.clock, by))
        found: Problem | None = self._kept[key]
        return found

    def _formula_lacks(
        self, measure: Measure, question: Question, by: tuple[str, ...]
    ) -> Problem | None:
        for name in self.catalogue.operands(measure.formula or ""):
            task = self._operand(name, measure, question)
            if isinstance(task, Answer):
                return task.missing
            why = self._lacks(task.measure, question, by)
            if why is not None:
                return why
        return None

    def _operand(self, name: str, measure: Measure, question: Question) -> _Task | Answer:
        """An operand on the basis of its formula, where it has a choice."""
        definition = self.catalogue[name]
        basis = measure.basis or None
        return self._task(definition, replace(question, part=None, basis=basis))

    def _why_lacking(self, measure: Measure, clock: Clock, by: tuple[str, ...]) -> Problem | None:
        if self.source.relation(measure.table, clock) is None:
            return Problem("needs_table", {"table": measure.basis or measure.table})
        for name in self._all_null(measure, (*measure.some, *by), clock):
            return self._lacking_column(measure, name, 0, self._count(measure, None, clock))
        if not measure.needs:
            return None
        among = _timeless(measure.field("among"))
        n = self._count(measure, among, clock)
        if n == 0:
            return Problem("needs_rows", {"table": measure.basis or measure.table})
        for name in measure.needs:
            filled = self._count(measure, both(among, f"{name} is not null"), clock)
            if filled < FILLED * n:
                return self._lacking_column(measure, name, filled, n)
        return None

    def _all_null(self, measure: Measure, names: Iterable[str], clock: Clock) -> Iterable[str]:
        """The columns among these that hold nothing at all."""
        for name in names:
            if self._count(measure, f"{name} is not null", clock) == 0:
                yield name

    def _count(self, measure: Measure, among: str | None, clock: Clock) -> int:
        key = ("count", measure.table, among, clock)
        if key not in self._kept:
            asked = {"n": Aggregate("count", among=among)}
            self._keep(
                key, int(self._ask(self._bare(measure, clock), asked, {}, None).sums["n"][0])
            )
        found: int = self._kept[key]
        return found

    def _lacking_column(self, measure: Measure, name: str, filled: int, rows: int) -> Problem:
        facts = {"table": measure.table, "column": name, "filled": filled, "rows": rows}
        return Problem("needs_column", facts)

    def _bare(self, measure: Measure, clock: Clock, where: str | None = None) -> Scan:
        source = self.source.relation(measure.table, clock)
        assert source is not None
        return Scan(measure.table, source, None, False, (), Grain.NONE, 1, (False, False), where)

    # -- scans -----------------------------------------------------------------------------------

    def _scan(self, measure: Measure, question: Question) -> Scan:
        source = self.source.relation(measure.table, question.clock)
        assert source is not None
        dims = tuple((name, name) for name in question.by) + tuple(
            (name, column) for name, column in measure.classes if name not in question.by
        )
        if question.where:
            condition(question.where, readable(measure.table))
        stock = measure.time is TimeKind.STOCK
        return Scan(
            measure.table,
            source,
            measure.date,
            stock,
            dims,
            question.grain,
            question.fiscal_month,
            (question.period.start is not None, question.period.end is not None),
            question.where,
            measure.horizon,
        )

    def _scan_all(self, tasks: Sequence[_Task], question: Question) -> dict[Scan, Summary]:
        """One query for each table and date, whatever the number of KPIs."""
        asked: dict[Scan, dict[str, Aggregate]] = defaultdict(dict)
        for task in self._leaves(tasks, question):
            measure = task.measure
            estimator = estimators()[measure.estimate]
            if estimator.shape not in (Shape.SUMS, Shape.DISTINCT):
                continue
            scan = self._scan(measure, question)
            for aggregate in _aggregates(measure).values():
                asked[scan][_name(aggregate)] = aggregate
        found: dict[Scan, Summary] = {}
        for scan, aggregates in asked.items():
            found[scan] = self._run_sums(scan, aggregates, self._bounds(scan, question), question)
        return found

    def _leaves(self, tasks: Iterable[_Task], question: Question) -> Iterable[_Task]:
        for task in tasks:
            if task.measure.estimate != "formula":
                yield task
                continue
            for name in self.catalogue.operands(task.measure.formula or ""):
                operand = self._operand(name, task.measure, question)
                if isinstance(operand, _Task):
                    yield from self._leaves([operand], question)

    def _bounds(self, scan: Scan, question: Question) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        if question.period.start:
            bounds["start"] = _midnight(question.period.start)
        if question.period.end:
            bounds["end"] = _midnight(question.period.end)
        return bounds

    def _run_sums(
        self,
        scan: Scan,
        aggregates: Mapping[str, Aggregate],
        bounds: Mapping[str, Any],
        question: Question | None = None,
    ) -> Summary:
        """The statistics of a scan: kept, rolled up from finer ones kept, or asked."""
        key = (scan, tuple(sorted(bounds.items())), self._stock_key(scan, question))
        kept = self._kept.get(("sums", key))
        if kept is not None and aggregates.keys() <= kept.sums.keys():
            return kept  # type: ignore[no-any-return]
        additive = all(each.does != "distinct" for each in aggregates.values())
        if additive and not scan.stock:
            rolled = self._rolled(scan, aggregates, bounds)
            if rolled is not None:
                return rolled
        plain = {name: each for name, each in aggregates.items() if each.does != "distinct"}
        distinct = {name: each for name, each in aggregates.items() if each.does == "distinct"}
        summary = self._ask(scan, plain or distinct, bounds, question)
        if plain and distinct:
            summary = _beside(summary, self._ask(scan, {**distinct}, bounds, question))
        self._keep(("sums", key), summary)
        return summary

    def _stock_key(self, scan: Scan, question: Question | None) -> Any:
        if not scan.stock or question is None:
            return None
        return tuple(self._periods(scan, question))

    def _ask(
        self,
        scan: Scan,
        aggregates: Mapping[str, Aggregate],
        bounds: Mapping[str, Any],
        question: Question | None,
    ) -> Summary:
        compiled = compiler.sums(scan, tuple(aggregates.items()))
        table = self._execute(compiled, scan, bounds, question)
        keys = [name for name in table.column_names if name not in aggregates]
        return Summary.of(table, keys)

    def _rolled(
        self, scan: Scan, aggregates: Mapping[str, Aggregate], bounds: Mapping[str, Any]
    ) -> Summary | None:
        """The same statistics from a finer scan already answered, if there is one."""
        for (kind, key), summary in self._kept_sums():
            finer, finer_bounds, _ = key
            if kind != "sums" or finer_bounds != tuple(sorted(bounds.items())):
                continue
            if not (aggregates.keys() <= summary.sums.keys()) or not _refines(finer, scan):
                continue
            names = [name for name, _ in scan.dims]
            coarser = {}
            if scan.grain is not Grain.NONE:
                names.insert(0, PERIOD)
                month = scan.fiscal_month
                coarser[PERIOD] = lambda day, g=scan.grain, m=month: floor(day, g, m)
            return summary.rolled(names, coarser)
        return None

    def _kept_sums(self) -> list[tuple[Any, Summary]]:
        return [
            (key, value)
            for key, value in self._kept.items()
            if isinstance(key, tuple) and key[0] == "sums"
        ]

    def _keep(self, key: Any, value: Any) -> None:
        if len(self._kept) >= KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = value

    def _execute(
        self,
        compiled: Compiled,
        scan: Scan,
        bounds: Mapping[str, Any],
        question: Question | None,
        lent: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        self.sql.append(compiled.sql)
        given: dict[str, Any] = {**bounds}
        if question and question.clock.instant:
            given["as_of"] = question.clock.instant
        used = {name: value for name, value in given.items() if name in compiled.parameters}
        tables = dict(lent or {})
        if scan.stock and question is not None:
            tables["periods"] = _as_table(self._periods(scan, question))
        return self.source.answer(compiled.sql, used, tables)

    # -- periods ---------------------------------------------------------------------------------

    def _periods(self, scan: Scan, question: Question) -> list[Period]:
        """The states to look at: one for each period asked, or the present one."""
        asked = question.period
        last = question.clock.as_of or self._observed(scan)
        end = asked.end or last + dt.timedelta(days=1)
        start = asked.start or (
            forward(end, -12) if question.grain is Grain.NONE else self._earliest(scan, end)
        )
        whole = Period(start, max(end, start + dt.timedelta(days=1)))
        periods = split(whole, question.grain, question.fiscal_month)
        return [each for each in periods if each.start and each.start <= last] or periods[:1]

    def _observed(self, scan: Scan) -> dt.date:
        """The last day that the table's sources tell about; today where they do not say."""
        key = ("observed", scan.source)
        if key not in self._kept:
            bare = replace(scan, date=None, stock=False, dims=(), where=None, horizon=None)
            compiled = compiler.rows(bare, None, ("observed_at",))
            sql = f"SELECT max(observed_at) AS last FROM ({compiled.sql})"
            last = self.source.answer(sql, {}, {}).column("last")[0].as_py()
            self._kept[key] = last.date() if last else dt.date.today()
        day: dt.date = self._kept[key]
        return day

    def _earliest(self, scan: Scan, end: dt.date) -> dt.date:
        if not scan.date:
            return forward(end, -12)
        bare = replace(
            scan,
            stock=False,
            dims=(),
            where=None,
            horizon=None,
            grain=Grain.NONE,
            bounded=(False, False),
        )
        compiled = compiler.rows(bare, None, (scan.date,))
        sql = f'SELECT min("{scan.date}") AS first FROM ({compiled.sql})'
        first = self.source.answer(sql, {}, {}).column("first")[0].as_py()
        return first.date() if first else forward(end, -12)

    # -- answers ---------------------------------------------------------------------------------

    def _answer(self, task: _Task, question: Question, scanned: Mapping[Scan, Summary]) -> Answer:
        measure = task.measure
        if measure.estimate == "formula":
            return self._formula(task, question, scanned)
        shape = estimators()[measure.estimate].shape
        scan = self._scan(measure, question)
        if shape is Shape.HISTOGRAM:
            summary, figures = self._histogram(measure, scan, question)
        elif shape is Shape.RANKS:
            summary, figures = self._ranks(measure, scan, question)
        else:
            summary, figures = self._sums(measure, scan, question, scanned[scan])
        answer = self._assembled(task, scan, question, summary, figures)
        self._caution(answer, measure, question)
        if measure.unit == "money":
            self._say_currency(answer, measure, question)
        return answer

    def _sums(
        self, measure: Measure, scan: Scan, question: Question, summary: Summary
    ) -> tuple[Summary, Figures]:
        estimator = estimators()[measure.estimate]
        asked = _aggregates(measure)
        sums = {name: summary.sums[_name(each)] for name, each in asked.items()}
        if measure.estimate == "distribution":
            sums |= _wholes(summary, sums, [PERIOD, *question.by])
        figures = estimator.finish(sums, question.level, dict(measure.fields))
        return summary, figures

    def _histogram(
        self, measure: Measure, scan: Scan, question: Question
    ) -> tuple[Summary, Figures]:
        estimator = estimators()[measure.estimate]
        fields = dict(measure.fields)
        keys = tuple(estimator.keys(fields).items())
        compiled = compiler.histogram(scan, keys, fields.get("among"))
        table = self._execute(compiled, scan, self._bounds(scan, question), question)
        names = [name for name in table.column_names if name not in (*dict(keys), "count")]
        coded = {name: encode(table.column(name)) for name in names}
        group, first, groups = grouping(list(coded.values()), table.num_rows)
        summary = Summary(
            {name: (codes[first], labels) for name, (codes, labels) in coded.items()}, {}, groups
        )
        histogram = Histogram(
            group,
            groups,
            {name: floats(table.column(name)) for name, _ in keys},
            floats(table.column("count")),
        )
        return summary, estimator.finish_histogram(histogram, question.level, fields)

    def _ranks(self, measure: Measure, scan: Scan, question: Question) -> tuple[Summary, Figures]:
        among = both(measure.field("among"), f"{measure.field('value')} is not null")
        bounds = self._bounds(scan, question)
        sizes = self._execute(compiler.group_sizes(scan, among), scan, bounds, question)
        n = np.array([each for each in sizes.column("n").to_pylist() if each], dtype=np.int64)
        low, high = median_ranks(n, 0.5, question.level)
        ranks = pa.table(
            {"n": n, "low": low, "middle": (n + 1) // 2, "next": n // 2 + 1, "high": high}
        )
        compiled = compiler.values(scan, measure.field("value") or "", among)
        table = self._execute(compiled, scan, bounds, question, {"ranks": ranks})
        names = [
            each
            for each in table.column_names
            if each not in ("rows", "low", "middle", "next", "high")
        ]
        summary = Summary.of(table, names)
        sums = summary.sums
        value = (sums["middle"] + sums["next"]) / 2
        figures = Figures(
            value,
            sums["low"],
            sums["high"],
            sums["rows"],
            missing=np.full(summary.groups, "", dtype=object),
        )
        if not names and summary.groups == 0:
            nothing = np.full(1, np.nan)
            figures = Figures(
                nothing, nothing, nothing, np.zeros(1), missing=np.array(["no_rows"], dtype=object)
            )
            summary = Summary({}, {}, 1)
        return summary, figures

    def _assembled(
        self, task: _Task, scan: Scan, question: Question, summary: Summary, figures: Figures
    ) -> Answer:
        measure = task.measure
        names = [name for name in summary.keys if name != PERIOD]
        periods = self._row_periods(measure, scan, question, summary)
        answer = Answer(
            measure.kpi,
            measure.part,
            measure.basis,
            measure.unit,
            question.level,
            {name: summary.labels(name) for name in names},
            periods,
            figures,
            self._maturity(measure, summary, figures),
        )
        kept = order(summary, [name for name in (PERIOD, *names) if name in summary.keys])
        if question.by and question.grain is Grain.NONE:
            found = figures.n if figures.numerator is None else figures.n + abs(figures.numerator)
            kept = kept[found[kept] > 0]
        if measure.classes:
            shares = measure.estimate == "distribution"
            counted = figures.numerator if shares and figures.numerator is not None else figures.n
            kept = kept[counted[kept] > 0]
            if not question.by and question.grain is Grain.NONE and len(measure.classes) == 1:
                kept = kept[np.argsort(-counted[kept], kind="stable")]
        return answer.take(kept)

    def _maturity(
        self, measure: Measure, summary: Summary, figures: Figures
    ) -> NDArray[np.float64] | None:
        if not measure.mature:
            return None
        mature = summary.sums.get(_name(_maturing(measure)))
        if mature is None:
            return None
        among = summary.sums[_name(Aggregate("count", among=measure.field("among")))]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(among > 0, mature / among, np.nan)

    def _row_periods(
        self, measure: Measure, scan: Scan, question: Question, summary: Summary
    ) -> list[Period]:
        asked = question.period
        if PERIOD not in summary.keys:
            return [asked] * summary.groups
        if scan.stock:
            by_start = {
                _midnight(each.start): each for each in self._periods(scan, question) if each.start
            }
            found = [by_start.get(label, asked) for label in summary.labels(PERIOD)]
            return found if _uses_start(measure) else [Period(None, each.end) for each in found]
        return [
            _cut(_day(label), question) if label is not None else asked
            for label in summary.labels(PERIOD)
        ]

    def _caution(self, answer: Answer, measure: Measure, question: Question) -> None:
        """Notes of the basis, and the undated rows, which are in no period."""
        if measure.note:
            answer.figures.notes.append((measure.note, {}, None))
        if measure.time is TimeKind.STOCK or not measure.date:
            return
        undated, total = self._undated(measure, question)
        if not undated or measure.horizon:
            return
        by_period = question.grain is not Grain.NONE or question.period.is_bounded
        by_period = by_period or question.period != Period()
        facts = {"undated": int(undated), "rows": int(total), "column": measure.date}
        if by_period and undated > UNDATED * total:
            nothing = np.full(len(answer), np.nan)
            answer.figures.value = answer.figures.low = answer.figures.high = nothing
            answer.missing = Problem("mostly_undated", facts)
        else:
            code = "undated_left_out" if by_period else "undated_counted"
            answer.figures.notes.append((code, facts, None))

    def _say_currency(self, answer: Answer, measure: Measure, question: Question) -> None:
        """The unit is the rows' currency; several of them are never summed in silence."""
        found = self._currencies(measure, question)
        if len(found) > 1:
            nothing = np.full(len(answer), np.nan)
            answer.figures.value = answer.figures.low = answer.figures.high = nothing
            answer.missing = Problem("several_currencies", {"currencies": found})
        answer.unit = found[0] if len(found) == 1 else self.currency

    def _currencies(self, measure: Measure, question: Question) -> list[str]:
        if "currency" not in readable(measure.table):
            return []
        if not self.source.present().has(measure.table, "currency"):
            return []
        stock = measure.time is TimeKind.STOCK
        state = question.period if stock else None
        key = ("currencies", measure, question.clock, question.where, state)
        if key not in self._kept:
            asked = {"n": Aggregate("count", among=measure.field("among"))}
            whole = replace(question, grain=Grain.NONE)
            bare = self._bare(measure, question.clock, question.where)
            scan = replace(
                self._scan(measure, whole) if stock else bare, dims=(("currency", "currency"),)
            )
            summary = self._ask(scan, asked, {}, whole)
            counted = zip(summary.labels("currency"), summary.sums["n"], strict=True)
            codes = {label or self.currency for label, n in counted if n > 0}
            self._kept[key] = sorted(codes)
        found: list[str] = self._kept[key]
        return found

    def _undated(self, measure: Measure, question: Question) -> tuple[float, float]:
        among = measure.field("among")
        scan = self._bare(measure, question.clock, question.where)
        asked = {
            "n": Aggregate("count", among=among),
            "undated": Aggregate("count", among=both(among, f"{measure.date} is null")),
        }
        key = ("undated", measure, question.clock, question.where)
        if key not in self._kept:
            row = self._ask(scan, asked, {}, question).sums
            self._kept[key] = (float(row["undated"][0]), float(row["n"][0]))
        found: tuple[float, float] = self._kept[key]
        return found

    # -- formulas --------------------------------------------------------------------------------

    def _formula(self, task: _Task, question: Question, scanned: Mapping[Scan, Summary]) -> Answer:
        measure = task.measure
        operands: dict[str, Answer] = {}
        for name in self.catalogue.operands(measure.formula or ""):
            operand = self._operand(name, measure, question)
            if isinstance(operand, Answer):
                return Answer.lacking(
                    measure.kpi,
                    measure.part,
                    measure.unit,
                    question.level,
                    operand.missing or Problem("not_defined"),
                )
            operands[name] = self._answer(operand, replace(question, part=None), scanned)
            if operands[name].missing:
                why = operands[name].missing or Problem("not_defined")
                return Answer.lacking(measure.kpi, measure.part, measure.unit, question.level, why)
        return _combined(measure, operands, question)

    # -- rows ------------------------------------------------------------------------------------

    def rows(
        self, question: Question, limit: int | None = 100, offset: int = 0
    ) -> tuple[pa.Table, int]:
        """The rows behind a figure, and how many there are: its plan without its aggregates.

        The rows are those among which the KPI counts (the denominator); of a formula, those of its
        first operand.
        """
        self._forget_if_changed()
        self.sql = []
        definition = self.catalogue[question.kpis[0]]
        _check_part(definition, question.part)
        task = self._task(definition, question)
        while isinstance(task, _Task) and task.measure.estimate == "formula":
            operand = self.catalogue.operands(task.measure.formula or "")[0]
            task = self._operand(operand, task.measure, question)
        if isinstance(task, Answer):
            raise RequestError(task.missing or Problem("not_defined"))
        return self._rows_of(task.measure, question, limit, offset)

    def _rows_of(
        self, measure: Measure, question: Question, limit: int | None, offset: int
    ) -> tuple[pa.Table, int]:
        asked = replace(question, by=(), grain=Grain.NONE)
        scan = replace(self._scan(measure, asked), dims=())
        estimator = estimators()[measure.estimate]
        aggregates = estimator.aggregates(dict(measure.fields))
        among = aggregates["n"].among if "n" in aggregates else measure.field("among")
        bounds = self._bounds(scan, asked)
        counted = self._execute(compiler.count(scan, among), scan, bounds, asked)
        total = int(counted.column(0)[0].as_py())
        compiled = compiler.rows(scan, among, tuple(self._shown(measure, question.clock)))
        tail = f" LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
        paged = Compiled(compiled.sql + tail, compiled.parameters)
        return self._execute(paged, scan, bounds, asked), total

    def _shown(self, measure: Measure, clock: Clock) -> list[str]:
        """The columns of a table that hold something."""
        names = list(readable(measure.table))
        source = self.source.relation(measure.table, clock)
        assert source is not None
        counts = ", ".join(f'count("{name}") AS "{name}"' for name in names)
        sql = f'SELECT {counts} FROM "{source[0]}"."{source[1]}"'
        row = self.source.answer(sql, {}, {}).to_pylist()[0]
        hidden = {"customer", "observed_at"}
        return [name for name in names if row[name] and name not in hidden]

    # -- comparisons -----------------------------------------------------------------------------

    def _compared(self, answer: Answer, question: Question) -> Answer:
        """The same figures for another period beside these."""
        assert question.compare is not None
        if answer.missing:
            return answer
        definition = self.catalogue[answer.kpi]
        index: dict[tuple[Any, ...], tuple[Answer, int]] = {}
        shifted: list[Period] = []
        for now in dict.fromkeys(answer.periods):
            then = self._former(now, answer, definition, question)
            asked = replace(
                question,
                kpis=(answer.kpi,),
                part=answer.part,
                grain=Grain.NONE,
                period=then,
                compare=None,
            )
            former = self._answers(asked)[0]
            for row in range(len(former)):
                group = tuple(labels[row] for labels in former.groups.values())
                index[now, group] = (former, row)
            shifted.append(then)
        periods = dict(zip(dict.fromkeys(answer.periods), shifted, strict=True))
        return replace(answer, compare=_comparison(answer, index, periods))

    def _former(
        self, now: Period, answer: Answer, definition: Definition, question: Question
    ) -> Period:
        """The period to compare with, cut at the same day where this one is not over."""
        then = shift(now, question.compare or "previous")
        task = self._task(definition, replace(question, part=answer.part))
        if isinstance(task, Answer) or task.measure.estimate == "formula":
            return then
        last = question.clock.as_of or self._observed(self._scan(task.measure, question))
        if now.start and now.end and then.start and then.end and now.start <= last < now.last:  # type: ignore[operator]
            elapsed = last - now.start + dt.timedelta(days=1)
            return Period(then.start, min(then.start + elapsed, then.end))
        return then


def _comparison(
    answer: Answer,
    index: Mapping[tuple[Any, ...], tuple[Answer, int]],
    periods: Mapping[Period, Period],
) -> Comparison:
    rows = len(answer)
    value, low, high = (np.full(rows, np.nan) for _ in range(3))
    comparable = np.ones(rows, dtype=bool)
    for row in range(rows):
        group = tuple(labels[row] for labels in answer.groups.values())
        found = index.get((answer.periods[row], group))
        if found is None:
            continue
        former, other = found
        value[row] = former.figures.value[other]
        low[row], high[row] = former.figures.low[other], former.figures.high[other]
        if answer.maturity is not None and former.maturity is not None:
            gap = abs(answer.maturity[row] - former.maturity[other])
            comparable[row] = not gap > MATURITY_GAP
    figures = answer.figures
    found_difference = difference_of(figures.value, figures.low, figures.high, value, low, high)
    below, above = found_difference.low, found_difference.high
    with np.errstate(invalid="ignore"):
        conclusive = comparable & ((below > 0) | (above < 0))
    if not comparable.all():
        figures.notes.append(("maturity_differs", {}, ~comparable))
    return Comparison(
        [periods[each] for each in answer.periods],
        value,
        low,
        high,
        figures.value - value,
        below,
        above,
        conclusive,
    )


def _combined(measure: Measure, operands: Mapping[str, Answer], question: Question) -> Answer:
    """A formula over answers, row by row of the groups that any of them has."""
    places: dict[tuple[Any, ...], int] = {}
    for answer in operands.values():
        for row in range(len(answer)):
            places.setdefault(_key(answer, row, question), len(places))
    columns = {name: _aligned(each, places, question) for name, each in operands.items()}
    tree = sqlglot.parse_one(measure.formula or "", into=exp.Condition, dialect="duckdb")
    result = _evaluate(tree, columns)
    rows = len(places)
    n = np.full(rows, np.inf)
    notes: list[Any] = []
    drawn = [each for each in operands.values() if not np.isnan(each.figures.low).all()]
    for answer in operands.values():
        notes += [(code, facts, None) for code, facts, mask in answer.figures.notes if mask is None]
    for answer in drawn or operands.values():
        counted = np.zeros(rows)
        for row in range(len(answer)):
            counted[places[_key(answer, row, question)]] = answer.figures.n[row]
        n = np.minimum(n, counted)
    missing = np.where(np.isnan(result.value), "formula_undefined", "").astype(object)
    figures = Figures(result.value, result.low, result.high, n, notes=notes, missing=missing)
    if isinstance(tree, exp.Div):
        figures.numerator = _evaluate(tree.this, columns).value
        figures.denominator = _evaluate(tree.expression, columns).value
    keys = list(places)
    groups = {name: [key[1][i] for key in keys] for i, name in enumerate(question.by)}
    units = [each.unit for each in operands.values() if each.unit.isupper()]
    unit = units[0] if measure.unit == "money" and units else measure.unit
    answer = Answer(
        measure.kpi,
        measure.part,
        measure.basis or None,
        unit,
        question.level,
        groups,
        [key[0] for key in keys],
        figures,
    )
    ranked = sorted(
        range(rows),
        key=lambda i: (
            keys[i][0].start or dt.date.min,
            tuple((each is None, str(each)) for each in keys[i][1]),
        ),
    )
    return answer.take(np.array(ranked, dtype=np.int64))


def _key(answer: Answer, row: int, question: Question) -> tuple[Any, ...]:
    group = tuple(answer.groups[name][row] for name in question.by)
    period = answer.periods[row] if question.grain is not Grain.NONE else question.period
    return period, group


def _aligned(answer: Answer, places: Mapping[tuple[Any, ...], int], question: Question) -> Estimate:
    """The figures of an operand at the places of the formula; a flow that is not there is 0."""
    absent = 0.0 if answer.figures.missing is None else np.nan
    columns = [np.full(len(places), absent), *(np.full(len(places), np.nan) for _ in range(2))]
    for row in range(len(answer)):
        place = places[_key(answer, row, question)]
        for column, values in zip(
            columns, (answer.figures.value, answer.figures.low, answer.figures.high), strict=True
        ):
            column[place] = values[row]
    return Estimate(*columns)


def _evaluate(tree: exp.Expr, columns: Mapping[str, Estimate]) -> Estimate:
    if isinstance(tree, exp.Paren):
        return _evaluate(tree.this, columns)
    if isinstance(tree, exp.Column):
        return columns[tree.name]
    if isinstance(tree, exp.Literal):
        rows = len(next(iter(columns.values())).value)
        return Estimate.exact(np.full(rows, float(tree.this)))
    left, right = _evaluate(tree.this, columns), _evaluate(tree.expression, columns)
    if isinstance(tree, exp.Add):
        return left + right
    if isinstance(tree, exp.Sub):
        return left - right
    return left * right if isinstance(tree, exp.Mul) else left / right


def _aggregates(measure: Measure) -> dict[str, Aggregate]:
    """The statistics of a measure, with what its maturity needs."""
    estimator = estimators()[measure.estimate]
    asked = estimator.aggregates(dict(measure.fields))
    if measure.mature and estimator.shape in (Shape.SUMS, Shape.DISTINCT):
        asked["mature"] = _maturing(measure)
        asked["whole"] = Aggregate("count", among=measure.field("among"))
    return asked


def _maturing(measure: Measure) -> Aggregate:
    return Aggregate("count", among=both(measure.field("among"), measure.mature))


def _name(aggregate: Aggregate) -> str:
    """One name for equal aggregates, whichever KPI asks."""
    parts = (aggregate.does, aggregate.of or "", aggregate.by or "", aggregate.among or "")
    return "|".join(parts)


def _wholes(
    summary: Summary, sums: Mapping[str, np.ndarray], names: Sequence[str]
) -> dict[str, np.ndarray]:
    """The sums over all classes, at each class's place."""
    keys = [summary.keys[name] for name in names if name in summary.keys]
    group, _, count = grouping(keys, summary.groups)
    return {
        f"whole_{name}": np.bincount(group, values, count)[group] if summary.groups else values
        for name, values in sums.items()
    }


def _beside(summary: Summary, other: Summary) -> Summary:
    """Statistics of two queries over the same groups, as one."""
    names = list(summary.keys)
    places = {
        tuple(row): i
        for i, row in enumerate(zip(*(other.labels(name) for name in names), strict=True))
    } or {(): 0}
    rows = list(zip(*(summary.labels(name) for name in names), strict=True)) or [()]
    found = [places.get(tuple(row), -1) for row in rows][: summary.groups]
    taken = {
        name: np.array([values[i] if i >= 0 else 0.0 for i in found])
        for name, values in other.sums.items()
    }
    return Summary(summary.keys, {**summary.sums, **taken}, summary.groups)


def _refines(finer: Scan, scan: Scan) -> bool:
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


def _timeless(among: str | None) -> str | None:
    """A condition without its periods: what a basis is judged on."""
    return None if among and (":start" in among or ":end" in among) else among


def _uses_start(measure: Measure) -> bool:
    """Whether a state looks back over its period; else it is that of the last day alone."""
    return any(":start" in text for _, text in measure.fields)


def _check_part(definition: Definition, part: str | None) -> None:
    if part and part not in definition.parts:
        raise unknown(part, definition.parts, "unknown_part", kpi=definition.id)


def _check_dimensions(definition: Definition, by: Sequence[str]) -> None:
    for name in by:
        if name not in definition.dimensions:
            raise unknown(name, definition.dimensions, "unknown_dimension", kpi=definition.id)
    if len(set(by)) != len(by):
        raise RequestError.of("dimension_twice", kpi=definition.id)


def _cut(first: dt.date, question: Question) -> Period:
    """The period that begins there, cut at the ends of what was asked."""
    end = following(first, question.grain)
    asked = question.period
    return Period(
        max(first, asked.start) if asked.start else first,
        min(end, asked.end) if asked.end else end,
    )


def _day(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())


def _as_table(periods: Sequence[Period]) -> pa.Table:
    return pa.table(
        {
            "start": pa.array(
                [_midnight(each.start) for each in periods if each.start], pa.timestamp("us")
            ),
            "end": pa.array(
                [_midnight(each.end) for each in periods if each.end], pa.timestamp("us")
            ),
        }
    )
