"""Forecast accuracy: what was forecast on the eve of each period, from the imports of then, against
what came, as it is known now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jalon.catalogue.definition import Measure
from jalon.estimates.estimator import Figures, Floats, empty
from jalon.measure.figure import Answer
from jalon.measure.question import Question
from jalon.measure.scan import midnight
from jalon.model.periods import Grain, Period, floor, following, forward, split
from jalon.model.problems import Problem
from jalon.relations.clock import Clock
from jalon.stats.forecast import bias, mean_absolute_error

#: Without a first day asked: at most so many periods, the last ones, within so many months.
LAST, MONTHS = 12, 12
#: The fewest periods that tell an interval.
LEAST = 6
#: Days by which a snapshot may come before its period without being said to be old.
OLD = 31

Group = tuple[Any, ...]


@dataclass(frozen=True)
class History:
    """What there is to judge: the ``imports`` that changed the table (number, when), the ``first``
    day of an actual, the ``last`` day observed."""

    imports: Sequence[tuple[int, dt.datetime]]
    first: dt.date | None
    last: dt.date

    def known(self, clock: Clock) -> History:
        """What a clock lets know of it: its imports, and no day after the last of these."""
        if clock.known_at is None:
            return self
        imports = [each for each in self.imports if each[0] <= (clock.known_at or 0)]
        ends = [at.date() for _, at in imports[-1:]]
        return replace(self, imports=imports, last=min([self.last, *ends]))


@dataclass
class _Told:
    """The forecasts found: period and what was forecast by group; and those that were not."""

    periods: list[Period] = field(default_factory=list)
    forecasts: list[Mapping[Group, float]] = field(default_factory=list)
    units: set[str] = field(default_factory=set)
    without: int = 0
    unknown: int = 0
    oldest: int = 0
    why: Problem | None = None


def accuracy(
    measure: Measure, question: Question, history: History, ask: Callable[[Question], Answer]
) -> Answer:
    """The answer: one row a group over all periods, or one a period and group by grain."""
    history = history.known(question.clock)
    grain = question.grain if question.grain is not Grain.NONE else Grain.MONTH
    finished = _finished(question, grain, history)
    if not finished:
        return _lacking(measure, question, Problem("no_finished_period"))
    told = _forecasts(measure, question, finished, history, ask)
    if not told.periods:
        return _lacking(measure, question, told.why or Problem("no_snapshot"))
    actual = ask(_actuals(measure, question, grain, told.periods))
    units = sorted({each for each in (actual.unit, *told.units) if each.isupper()})
    why = actual.missing
    if len(units) > 1:
        why = Problem("several_currencies", {"currencies": units})
    if why:
        return _lacking(measure, question, why)
    return _answer(measure, question, told, actual)


def _finished(question: Question, grain: Grain, history: History) -> list[Period]:
    """The periods asked that have been observed to their end, in order."""
    after, asked = history.last + dt.timedelta(days=1), question.period
    fiscal = question.fiscal_month
    start = asked.start
    if start is None:
        start = floor(forward(after, -MONTHS), grain, fiscal)
        start = max(start, floor(history.first or start, grain, fiscal))
    end = asked.end or following(floor(after, grain, fiscal), grain)
    if end <= start:
        return []
    every = split(Period(start, end), grain, fiscal)
    found = [each for each in every if each.end and each.end <= after]
    return found if asked.start else found[-LAST:]


def _forecasts(
    measure: Measure,
    question: Question,
    periods: Sequence[Period],
    history: History,
    ask: Callable[[Question], Answer],
) -> _Told:
    """What was forecast for each period on its eve; the periods without an import before are
    counted."""
    told = _Told()
    plain = replace(question, grain=Grain.NONE, part=None, compare=None, basis=None)
    for period in periods:
        assert period.start is not None
        before = [(n, at) for n, at in history.imports if at < midnight(period.start)]
        if not before:
            told.without += 1
            continue
        number, at = before[-1]
        clock = Clock(as_of=period.start - dt.timedelta(days=1), known_at=number)
        kpi = measure.field("forecast") or ""
        answer = ask(replace(plain, kpis=(kpi,), period=period, clock=clock))
        if answer.missing:
            told.unknown, told.why = told.unknown + 1, answer.missing
            continue
        told.periods.append(period)
        told.forecasts.append(_by_group(answer, range(len(answer))))
        told.units.add(answer.unit)
        told.oldest = max(told.oldest, (period.start - at.date()).days)
    return told


def _actuals(
    measure: Measure, question: Question, grain: Grain, periods: Sequence[Period]
) -> Question:
    whole = Period(periods[0].start, periods[-1].end)
    kpi = measure.field("actual") or ""
    asked = replace(question, kpis=(kpi,), grain=grain, period=whole)
    return replace(asked, part=None, compare=None, basis=None)


def _by_group(answer: Answer, rows: Sequence[int]) -> dict[Group, float]:
    columns = list(answer.groups.values())
    return {
        tuple(labels[row] for labels in columns): float(answer.figures.value[row]) for row in rows
    }


def _answer(measure: Measure, question: Question, told: _Told, actual: Answer) -> Answer:
    came = [
        _by_group(actual, [i for i, each in enumerate(actual.periods) if each.start == one.start])
        for one in told.periods
    ]
    groups = sorted(
        {group for each in (*told.forecasts, *came) for group in each} or {()},
        key=lambda group: [(each is None, str(each)) for each in group],
    )
    forecast = _table(groups, told.forecasts)
    actuals = _table(groups, came)
    periods = [question.period] * len(groups)
    if question.grain is not Grain.NONE:
        # One period a row: period by period, and within each group by group.
        forecast, actuals = (each.T.reshape(-1, 1) for each in (forecast, actuals))
        periods = [each for each in told.periods for _ in groups]
        groups = groups * len(told.periods)
    figures = _figures(measure, forecast, actuals, question.level)
    _say(figures, told, actual)
    return Answer(
        measure.kpi,
        measure.part,
        measure.basis,
        measure.unit,
        question.level,
        {name: [group[i] for group in groups] for i, name in enumerate(question.by)},
        periods,
        figures,
    )


def _table(groups: Sequence[Group], found: Sequence[Mapping[Group, float]]) -> Floats:
    """Amounts by group (rows) and period (columns); nothing there is 0."""
    return np.array([[each.get(group, 0.0) for each in found] for group in groups], dtype=float)


def _figures(measure: Measure, forecast: Floats, actual: Floats, level: float) -> Figures:
    """The bias or the mean error of each row; no interval under six periods."""
    gap, came = (forecast - actual).sum(axis=1), actual.sum(axis=1)
    told = actual != 0
    n = np.full(len(came), float(actual.shape[1]))
    if measure.field("give") == "bias":
        found = bias(forecast, actual, level)
        figures = Figures(found.value, found.low, found.high, n, gap, came)
        with np.errstate(invalid="ignore"):
            figures.notes.append(("interval_unbounded", {}, (n >= LEAST) & (found.g >= 1)))
    else:
        error = mean_absolute_error(forecast, actual, level)
        n = told.sum(axis=1).astype(float)
        figures = Figures(error.value, error.low, error.high, n)
        for count in sorted({int(each) for each in (~told).sum(axis=1)} - {0}):
            left = (~told).sum(axis=1) == count
            figures.notes.append(("forecast_zero_actuals", {"periods": count}, left & (n > 0)))
    few = n < LEAST
    figures.low, figures.high = (
        np.where(few, empty(len(n)), side) for side in (figures.low, figures.high)
    )
    if actual.shape[1] > 1:
        figures.notes.append(("forecast_few_periods", {"least": LEAST}, few & (n > 0)))
    figures.missing = np.where(np.isnan(figures.value), "forecast_no_actual", "").astype(object)
    return figures


def _say(figures: Figures, told: _Told, actual: Answer) -> None:
    """What was left out, and how old the snapshots are."""
    asked = len(told.periods) + told.without + told.unknown
    if told.without:
        facts = {"left": told.without, "periods": asked}
        figures.notes.append(("forecast_not_frozen", facts, None))
    if told.unknown:
        facts = {"left": told.unknown, "periods": asked}
        figures.notes.append(("forecast_unknown", facts, None))
    if told.oldest > OLD:
        figures.notes.append(("forecast_old", {"days": told.oldest}, None))
    figures.notes += [each for each in actual.figures.notes if each[2] is None]


def _lacking(measure: Measure, question: Question, why: Problem) -> Answer:
    return Answer.lacking(measure.kpi, measure.part, measure.unit, question.level, why)
