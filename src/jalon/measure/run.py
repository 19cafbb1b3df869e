"""From a question to answers: choose bases, scan once for each table and date, finish."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Measure, TimeKind
from jalon.estimates.estimator import Aggregate, Figures, Shape, both
from jalon.estimates.registry import estimators
from jalon.measure import compile as compiler
from jalon.measure.basis import Bases, Lacking, Task
from jalon.measure.caution import add_cautions
from jalon.measure.comparison import Stand, compared, compared_with
from jalon.measure.compile import PERIOD, Compiled, Scan
from jalon.measure.coverage import Coverage
from jalon.measure.figure import Answer, Results
from jalon.measure.forecast import History, accuracy
from jalon.measure.formula import combine, operands_in_order
from jalon.measure.lagged import moved, over_lags, shifted
from jalon.measure.maturity import lent, maturity_of, say_unequal, settled_key, with_settled
from jalon.measure.money import Money
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.reach import reach
from jalon.measure.reader import Reader, Source
from jalon.measure.scan import aggregates_of, looks_back, midnight, name_of, shared
from jalon.measure.summary import Summary, added, grouping, order
from jalon.measure.target import COLUMNS, Standing, targets_of
from jalon.model.periods import ALWAYS, Grain, Period, floor, following, forward
from jalon.model.problems import Problem, RequestError
from jalon.relations.columns import readable
from jalon.relations.expression import unknown
from jalon.stats.median import ranks as median_ranks

Scanned = Mapping[Scan, Summary]


class Measurer:
    """Measures KPIs on one source. Statistics are kept for as long as the data do not change."""

    def __init__(
        self,
        source: Source,
        catalogue: Catalogue,
        bases: Mapping[str, str] | None = None,
        money: Money | None = None,
        own: Own | None = None,
    ) -> None:
        self.reader = Reader(source, money, own)
        self.bases = Bases(self.reader, catalogue, dict(bases or {}))

    def measure(self, question: Question) -> Results:
        """All answers to a question: those given to it before where the data have not changed.

        Raises RequestError for an unknown KPI, part, dimension, or a wrong ``where``.
        """
        self.reader.begin()
        key = ("said", question, dt.date.today())
        kept = self.reader.answers.get(key)
        results: Results = kept.value if kept else self._measured(question)
        if not kept:
            self.reader.answers.put(key, results, results.sql)
        return results

    def _measured(self, question: Question) -> Results:
        answers = self._answers(question)
        if question.compare:
            self._foresee(answers, question)
            answers = [self._compared(each, question) for each in answers]
        for each in answers:
            say_unequal(each, question.by or tuple(each.groups))
            each.version = self.bases.catalogue[each.kpi].version
        as_of = question.clock.as_of.isoformat() if question.clock.as_of else None
        return Results(answers, as_of, question.by, tuple(dict.fromkeys(self.reader.sql)))

    def lacks(self, kpi: str) -> Problem | None:
        """What a KPI would need to be measured here; None where nothing."""
        self.reader.begin()
        task = self.bases.task(kpi, Question((kpi,)))
        return task.why if isinstance(task, Lacking) else None

    def reach(self) -> tuple[dt.date, dt.date] | None:
        """The first day of any event and the last day that the data tell; None without data."""
        self.reader.begin()
        return reach(self.reader)

    def forget(self) -> None:
        """Drop the statistics kept; plans stay compiled."""
        self.reader.forget()

    def _answers(self, question: Question) -> list[Answer]:
        tasks = [self.bases.task(kpi, question) for kpi in question.kpis]
        able = [each for each in tasks if isinstance(each, Task)]
        scanned = self._scan_all(able, question)
        return [self._answer(each, question, scanned) for each in tasks]

    # -- scans -----------------------------------------------------------------------------------

    def _scan_all(self, tasks: Sequence[Task], question: Question) -> Scanned:
        """One query for each table and date, whatever the number of KPIs."""
        asked: dict[Scan, dict[str, Aggregate]] = defaultdict(dict)
        measures: dict[Scan, Measure] = {}
        for measure in self._leaves(tasks, question):
            if estimators()[measure.estimate].shape not in (Shape.SUMS, Shape.DISTINCT):
                continue
            scan = shared(self.reader.scan(measure, question))
            measures[scan] = measure
            asked[scan] |= {name_of(each): each for each in aggregates_of(measure).values()}
        return {
            scan: self.reader.sums(scan, aggregates, measures[scan], question)
            for scan, aggregates in asked.items()
        }

    def _leaves(self, tasks: Iterable[Task], question: Question) -> Iterator[Measure]:
        """What is measured, the operands of formulas in their place."""
        for task in tasks:
            if task.measure.estimate != "formula":
                yield task.measure
                continue
            found = [
                self.bases.operand(name, task.measure, question)
                for name in self.bases.operands(task.measure)
            ]
            yield from self._leaves([each for each in found if isinstance(each, Task)], question)

    # -- answers ---------------------------------------------------------------------------------

    def bare(self, measures: Sequence[Measure], question: Question) -> list[Answer]:
        """Answers to measures that no definition needs to hold, with nothing said beside them.

        For those of a table: no formula, no target.
        """
        self.reader.begin()
        tasks = [Task(self.bases.catalogue[each.kpi], each) for each in measures]
        scanned = self._scan_all(tasks, question)
        return [self._figured(each, question, scanned) for each in measures]

    def _answer(self, task: Task | Lacking, question: Question, scanned: Scanned) -> Answer:
        measure = task.measure
        if isinstance(task, Lacking):
            return _lacking(measure, question, task.why)
        answer = self._worked_out(task, question, scanned)
        if measure.matured_by and question.by:
            return self._matured(answer, measure, measure.matured_by, question)
        return answer

    def _matured(self, answer: Answer, measure: Measure, kpi: str, question: Question) -> Answer:
        """An answer with the maturity that another KPI has for its groups, where that can be asked.

        A filter on the columns of one table means nothing, or something else, in another.
        """
        if question.where and measure.estimate != "formula":
            return answer
        try:
            other = self._operand(kpi, replace(measure, basis=""), question)
        except RequestError:
            return answer
        return lent(answer, other)

    def _worked_out(self, task: Task, question: Question, scanned: Scanned) -> Answer:
        measure = task.measure
        if measure.estimate == "formula":
            return self._formula(measure, question, scanned)
        shape = estimators()[measure.estimate].shape
        if shape is Shape.TARGET:
            return self._targets(measure, question)
        if shape is Shape.SNAPSHOTS:
            return self._forecast(measure, question)
        answer = self._figured(measure, question, scanned)
        if measure.named and not answer.missing:
            self._name(answer, measure, question)
        add_cautions(answer, measure, question, self.reader)
        return answer

    def _figured(self, measure: Measure, question: Question, scanned: Scanned) -> Answer:
        """The figures of a measure of a table."""
        shape = estimators()[measure.estimate].shape
        scan = self.reader.scan(measure, question)
        if shape is Shape.HISTOGRAM:
            summary, figures = self._histogram(measure, scan, question)
        elif shape is Shape.RANKS:
            summary, figures = self._ranks(measure, scan, question)
        elif shape is Shape.UNITS:
            summary, figures = self._units(measure, scan, question)
        else:
            summary, figures = _sums(measure, question, scanned[shared(scan)])
        return self._assembled(measure, scan, question, summary, figures)

    def _formula(self, measure: Measure, question: Question, scanned: Scanned) -> Answer:
        if measure.lags:
            return self._over_lags(measure, measure.lags, question)
        if measure.settled:
            return self._settled(measure, measure.settled, question)
        asked = replace(question, part=None)
        tasks = {
            name: self.bases.operand(name, measure, question)
            for name in self.bases.operands(measure)
        }
        answers = {name: self._answer(task, asked, scanned) for name, task in tasks.items()}
        return combine(measure, answers, question)

    def _targets(self, measure: Measure, question: Question) -> Answer:
        if question.where:
            # What a filter leaves of the actuals is not what the target was set for.
            return _lacking(measure, question, Problem("target_filtered"))
        plain = replace(question, by=(), grain=Grain.NONE, period=ALWAYS, where=None)
        scan = self.reader.scan(measure, plain)
        table = self.reader.run(compiler.rows(scan, None, COLUMNS), scan, measure, plain)
        targets = targets_of(table, self.bases.catalogue)
        standing = (Coverage if measure.field("give") == "coverage" else Standing)(
            measure,
            question,
            lambda asked: self._answers(asked)[0],
            lambda answer: self._last(answer, replace(question, part=None, basis=None)),
            self.bases.catalogue,
            self.reader.own.calendar,
        )
        return standing.against(targets)

    def _forecast(self, measure: Measure, question: Question) -> Answer:
        scan = self.reader.plain(measure, question)
        history = History(
            self.reader.source.changes(measure.table),
            self.reader.bound(scan, "min", measure.date) if measure.date else None,
            self.reader.last(scan, question.clock),
        )
        return accuracy(measure, question, history, lambda asked: self._answers(asked)[0])

    def _over_lags(self, measure: Measure, lags: tuple[int, int], question: Question) -> Answer:
        unknown_lag = _lacking(measure, question, Problem("lag_needs_period", {"last": lags[1]}))
        if question.period.start is None or question.period.end is None:
            return unknown_lag
        first, *others = operands_in_order(measure.formula or "")
        alone = replace(measure, lags=None)
        known = self._since(first, alone, question)
        operands = {name: self._operand(name, alone, question) for name in others}

        def at(lag: int) -> Answer:
            earlier = replace(question, period=shifted(question.period, -lag))
            if lag and known and earlier.period.start and earlier.period.start < known:
                return unknown_lag
            spent = moved(self._operand(first, alone, earlier), lag)
            return combine(alone, {first: spent, **operands}, question)

        return over_lags(at, lags)

    def _settled(self, measure: Measure, months: int, question: Question) -> Answer:
        """A formula over the whole months that ended so long before the last day of each operand.

        The same months for all: a file of spend that stops earlier than that of leads is not
        divided by the customers of later ones.
        """
        alone = replace(measure, settled=None)
        names = operands_in_order(measure.formula or "")
        tasks = [self.bases.operand(name, alone, question) for name in names]
        able = [each for each in tasks if isinstance(each, Task)]
        days = [
            self.reader.last(self.reader.scan(t.measure, question), question.clock) for t in able
        ]
        end = forward(floor(min(days) + dt.timedelta(days=1), Grain.MONTH), -months)
        asked = question.period
        if asked.start and asked.start >= end:
            return _lacking(measure, question, Problem("not_settled", {"months": months}))
        kept = replace(question, period=replace(asked, end=min(asked.end or end, end)))
        operands = {name: self._operand(name, alone, kept) for name in names}
        return combine(alone, operands, kept)

    def _since(self, name: str, measure: Measure, question: Question) -> dt.date | None:
        """The month from which an operand is known."""
        task = self.bases.operand(name, measure, question)
        if not isinstance(task, Task) or not task.measure.date:
            return None
        scan = self.reader.scan(task.measure, question)
        first = self.reader.bound(scan, "min", task.measure.date)
        return floor(first, Grain.MONTH) if first else None

    def _operand(self, name: str, measure: Measure, question: Question) -> Answer:
        """An operand asked by itself, for a period that is not the formula's."""
        task = self.bases.operand(name, measure, question)
        asked = replace(question, part=None, compare=None)
        able = [task] if isinstance(task, Task) else []
        return self._answer(task, asked, self._scan_all(able, asked))

    def _histogram(
        self, measure: Measure, scan: Scan, question: Question
    ) -> tuple[Summary, Figures]:
        estimator, fields = estimators()[measure.estimate], dict(measure.fields)
        keys = estimator.keys(fields)
        among, added_up = fields.get("among"), estimator.added(fields) | settled_key(measure)
        counted = self.reader.histogram(
            scan, tuple(keys.items()), among, tuple(added_up.items()), measure, question
        )
        histogram = counted.histogram
        summary = with_settled(measure, histogram, counted.groups)
        if "against" in fields:
            other = self._beside(fields["against"], measure, question, summary)
            return summary, estimator.finish_against(histogram, question.level, fields, other)
        figures = estimator.finish_histogram(histogram, question.level, fields)
        return summary.spread(*figures.spread) if figures.spread else summary, figures

    def _beside(
        self, kpi: str, measure: Measure, question: Question, summary: Summary
    ) -> NDArray[np.float64]:
        """The value that another KPI has for each group of a summary; NaN where it has none."""
        answer = self._operand(kpi, replace(measure, basis=""), question)
        by_period = question.grain is not Grain.NONE

        def key(period: Any, labels: Iterable[Any]) -> tuple[Any, ...]:
            return (period if by_period else None, *labels)

        known = {
            key(answer.periods[row].start, (each[row] for each in answer.groups.values())): value
            for row, value in enumerate(answer.figures.value.tolist())
            if answer.missing is None
        }
        labels = [summary.labels(name) for name in question.by]
        starts = summary.labels(PERIOD) if by_period else [None] * summary.groups
        found = [
            known.get(key(start, (each[row] for each in labels)), np.nan)
            for row, start in enumerate(starts)
        ]
        return np.array(found, dtype=np.float64)

    def _ranks(self, measure: Measure, scan: Scan, question: Question) -> tuple[Summary, Figures]:
        value = measure.field("value") or ""
        among = both(measure.field("among"), f"{value} is not null")

        def asked() -> pa.Table:
            sizes = self.reader.run(compiler.group_sizes(scan, among), scan, measure, question)
            ranks = {"ranks": _rank_table(sizes, question.level)}
            compiled = compiler.values(scan, value, among)
            return self.reader.run(compiled, scan, measure, question, ranks)

        key = ("ranks", value, among, question.level)
        table = self.reader.told(key, scan, measure, question, asked)
        ranked = ("rows", "low", "middle", "next", "high")
        summary = Summary.of(table, [each for each in table.column_names if each not in ranked])
        if not summary.keys and summary.groups == 0:
            return Summary({}, {}, 1), _no_rows()
        sums = summary.sums
        middle = (sums["middle"] + sums["next"]) / 2
        found = Figures(middle, sums["low"], sums["high"], sums["rows"])
        found.missing = np.full(summary.groups, "", dtype=object)
        return summary, found

    def _units(self, measure: Measure, scan: Scan, question: Question) -> tuple[Summary, Figures]:
        estimator, fields = estimators()[measure.estimate], dict(measure.fields)
        compiled = compiler.units(
            scan,
            fields["per"],
            tuple(estimator.by_unit(fields).items()),
            fields.get("among"),
            tuple(estimator.aggregates(fields).items()),
        )
        table = self.reader.told(
            ("units", compiled.sql),
            scan,
            measure,
            question,
            lambda: self.reader.run(compiled, scan, measure, question),
        )
        groups = [each for each in table.column_names if each not in compiled.names]
        summary = Summary.of(table, groups)
        return summary, estimator.finish(summary.sums, question.level, fields)

    def _assembled(
        self,
        measure: Measure,
        scan: Scan,
        question: Question,
        summary: Summary,
        figures: Figures,
    ) -> Answer:
        names = [name for name in summary.keys if name != PERIOD]
        answer = Answer(
            measure.kpi,
            measure.part,
            measure.basis,
            measure.unit,
            question.level,
            {name: summary.labels(name) for name in names},
            self._row_periods(measure, scan, question, summary),
            figures,
            maturity_of(measure, summary),
            estimate=measure.estimate,
            better=self.bases.catalogue[measure.kpi].better,
        )
        sorting = [name for name in (PERIOD, *names) if name in summary.keys]
        return answer.take(_shown(measure, question, figures, order(summary, sorting)))

    def _name(self, answer: Answer, measure: Measure, question: Question) -> None:
        """Put in place of numbered classes the name that most rows of a table give to each."""
        assert measure.named is not None
        table, key, label = measure.named.table, measure.named.key, measure.named.label
        named = replace(measure, table=table, date=None, time=TimeKind.EVENT, fields=())
        plain = replace(question, by=(), grain=Grain.NONE, where=None, period=ALWAYS)
        scan = replace(self.reader.scan(named, plain), dims=((key, key), (label, label)))
        counted = self.reader.sums(scan, {"n": Aggregate("count")}, named, plain)
        rows = zip(counted.labels(key), counted.labels(label), counted.sums["n"], strict=True)
        names = {number: name for number, name, _ in sorted(rows, key=lambda row: row[2]) if name}
        for place in measure.named.classes:
            if place in answer.groups:
                shown = [names.get(each, each) for each in answer.groups[place]]
                answer.groups = {**answer.groups, place: shown}

    def _row_periods(
        self, measure: Measure, scan: Scan, question: Question, summary: Summary
    ) -> list[Period]:
        asked = question.period
        if PERIOD not in summary.keys:
            return [asked] * summary.groups
        codes, labels = summary.keys[PERIOD]
        if scan.stock:
            states = {
                midnight(each.start): each if looks_back(measure) else Period(None, each.end)
                for each in self.reader.periods(scan, question)
                if each.start
            }
            found = [states.get(label, asked) for label in labels]
        else:
            found = [_cut(label, question) if label is not None else asked for label in labels]
        return [found[code] for code in codes.tolist()]

    # -- comparisons -----------------------------------------------------------------------------

    def _foresee(self, answers: Sequence[Answer], question: Question) -> None:
        """Ask what several KPIs are compared with in one pass: each then finds it kept."""
        asked: dict[Period, list[str]] = defaultdict(list)
        for answer in answers:
            if answer.missing is None and len(set(answer.periods)) == 1:
                stand = self._stand(answer, question)
                asked[compared_with(answer.periods[0], question, stand)].append(answer.kpi)
        for period, kpis in asked.items():
            if len(kpis) > 1:
                whole = replace(question, kpis=tuple(kpis), grain=Grain.NONE, period=period)
                self._answers(replace(whole, compare=None))

    def _last(self, answer: Answer, question: Question) -> dt.date | None:
        """The last day observed of what an answer is measured on."""
        return self._observed(self._behind(answer, question), question)

    def _behind(self, answer: Answer, question: Question) -> list[Measure]:
        """What an answer is measured on."""
        task = self.bases.task(answer.kpi, replace(question, part=answer.part))
        return list(self._leaves([task] if isinstance(task, Task) else [], question))

    def _observed(self, measures: Iterable[Measure], question: Question) -> dt.date | None:
        scans = [self.reader.scan(each, question) for each in measures]
        return max((self.reader.last(each, question.clock) for each in scans), default=None)

    def _compared(self, answer: Answer, question: Question) -> Answer:
        stand = self._stand(answer, question)
        return compared(answer, question, stand, lambda asked: self._answers(asked)[0])

    def _stand(self, answer: Answer, question: Question) -> Stand:
        """What a comparison of an answer stands on."""
        leaves = self._behind(answer, question)
        flow = bool(leaves) and all(each.time is not TimeKind.STOCK for each in leaves)
        adds = flow and answer.estimate in ("count", "sum", "distinct")
        return Stand(self._observed(leaves, question), flow, adds, self.reader.own.calendar)

    # -- rows ------------------------------------------------------------------------------------

    def rows(
        self,
        question: Question,
        limit: int | None = 100,
        offset: int = 0,
        *,
        sort: str | None = None,
        only: bool = False,
    ) -> tuple[pa.Table, int]:
        """The rows behind a figure, and how many there are: its plan without its aggregates.

        The rows are those among which the KPI counts (the denominator), or its successes alone
        where ``only`` is asked; of a formula, those of its first operand. ``sort``: a column, after
        ``-`` the largest first. Raises RequestError where the KPI cannot be measured, or for a
        column that its rows do not have.
        """
        self.reader.begin()
        asked = replace(question, by=(), grain=Grain.NONE)
        task = self.bases.task(question.kpis[0], asked)
        while isinstance(task, Task) and task.measure.estimate == "formula":
            first = self.bases.operands(task.measure)[0]
            task = self.bases.operand(first, task.measure, asked)
        if isinstance(task, Lacking):
            raise RequestError(task.why)
        return self._rows_of(task.measure, asked, (limit, offset), sort, only)

    def _rows_of(
        self,
        measure: Measure,
        question: Question,
        page: tuple[int | None, int],
        sort: str | None,
        only: bool,
    ) -> tuple[pa.Table, int]:
        scan = replace(self.reader.scan(measure, question), dims=())
        estimator = estimators()[measure.estimate]
        among = measure.field("among")
        if estimator.shape is not Shape.UNITS:
            aggregates = estimator.aggregates(dict(measure.fields))
            among = aggregates["n"].among if "n" in aggregates else among
        if only:
            among = both(among, measure.field("success"))
        counted = self.reader.run(compiler.count(scan, among), scan, measure, question)
        hidden = {"customer", "observed_at"}
        names = [name for name in readable(measure.table) if name not in hidden]
        # Where nothing is known yet, a column says so: no row has none.
        filled = self.reader.filled(measure, question.clock, names) or names[:1]
        compiled = compiler.rows(scan, among, tuple(filled), _sorting(sort, filled))
        limit, offset = page
        tail = f" LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
        paged = Compiled(compiled.sql + tail, compiled.parameters)
        table = self.reader.run(paged, scan, measure, question, large=True)
        return table, int(counted.column(0)[0].as_py())


def _sorting(sort: str | None, names: Sequence[str]) -> tuple[str, bool] | None:
    """A column to sort by, and whether the largest come first."""
    if not sort:
        return None
    name = sort.removeprefix("-")
    if name not in names:
        raise unknown(name, names, "unknown_column", table="", option="sort")
    return name, sort.startswith("-")


def _lacking(measure: Measure, question: Question, why: Problem) -> Answer:
    return Answer.lacking(measure.kpi, measure.part, measure.unit, question.level, why)


def _sums(measure: Measure, question: Question, summary: Summary) -> tuple[Summary, Figures]:
    estimator, fields = estimators()[measure.estimate], dict(measure.fields)
    asked = aggregates_of(measure)
    sums = {name: summary.sums[name_of(each)] for name, each in asked.items()}
    if measure.estimate == "distribution":
        sums |= _wholes(summary, sums, [PERIOD, *question.by])
    return summary, estimator.finish(sums, question.level, fields)


def _wholes(
    summary: Summary, sums: Mapping[str, NDArray[np.float64]], names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """The sums over all classes, at each class's place."""
    keys = [summary.keys[name] for name in names if name in summary.keys]
    group, _, count = grouping(keys, summary.groups)
    return {
        f"whole_{name}": added(group, values, count)[group] if summary.groups else values
        for name, values in sums.items()
    }


def _rank_table(sizes: pa.Table, level: float) -> pa.Table:
    """The ranks of the median and of its interval, for each size of group."""
    n = np.array([each for each in sizes.column("n").to_pylist() if each], dtype=np.int64)
    low, high = median_ranks(n, 0.5, level)
    return pa.table({"n": n, "low": low, "middle": (n + 1) // 2, "next": n // 2 + 1, "high": high})


def _no_rows() -> Figures:
    nothing = np.full(1, np.nan)
    why = np.array(["no_rows"], dtype=object)
    return Figures(nothing, nothing, nothing, np.zeros(1), missing=why)


def _shown(
    measure: Measure, question: Question, figures: Figures, kept: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The groups to show, in order: none that is empty; classes alone by size."""
    alone = question.grain is Grain.NONE
    if question.by and alone:
        why = figures.missing if figures.missing is not None else np.full(len(figures.n), "")
        empty = (figures.n == 0) & ((why == "no_rows") | (why == ""))
        kept = kept[~empty[kept]]
    if measure.horizon and not alone:
        kept = kept[figures.n[kept] > 0]
    if not measure.classes:
        return kept
    shares = measure.estimate == "distribution" and figures.numerator is not None
    counted = figures.numerator if shares else figures.n
    assert counted is not None
    kept = kept[counted[kept] > 0]
    if alone and not question.by and len(measure.classes) == 1:
        kept = kept[np.argsort(-counted[kept], kind="stable")]
    return kept


def _cut(label: Any, question: Question) -> Period:
    """The period that begins on a day, cut at the ends of what was asked."""
    first = label.date() if isinstance(label, dt.datetime) else label
    end, asked = following(first, question.grain), question.period
    return Period(
        max(first, asked.start) if asked.start else first,
        min(end, asked.end) if asked.end else end,
    )
