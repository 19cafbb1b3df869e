"""Targets: the last version of each, and where the KPI that it names stands against it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Measure, TimeKind
from jalon.estimates.estimator import Figures, empty
from jalon.measure.figure import Answer
from jalon.measure.question import Question
from jalon.model.calendar import Calendar
from jalon.model.periods import Grain, Period, floor, following, forward, named
from jalon.model.problems import Problem
from jalon.stats.pace import chance

#: What is read of the table of targets.
COLUMNS = ("kpi", "segment", "period", "value", "set_at")
#: Months of run rate before the period, and the fewest that tell a chance.
HISTORY, LEAST_HISTORY = 12, 6
#: Under so many rows in all of them a chance is said in a word; the words begin there.
FEW_ROWS, LIKELY, UNLIKELY = 60, 0.8, 0.2

#: Measures a question: one answer.
Ask = Callable[[Question], Answer]
#: Value, bounds, n, numerator and denominator of a target, and why it has no value.
Row = tuple[float, float, float, float, float, float, str]


@dataclass(frozen=True)
class Target:
    """A target in its last version: ``segment`` by dimension, ``former`` the value before."""

    kpi: str
    segment: tuple[tuple[str, str], ...]
    period: Period
    value: float
    former: float | None = None
    set_at: dt.date | None = None


@dataclass(frozen=True)
class Actual:
    """What a KPI has done for a target."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: float = 0.0


def targets_of(rows: pa.Table, catalogue: Catalogue) -> list[Target]:
    """The last version of each target of a known KPI and period; the others have no meaning here.

    A target is the same one when it names the same KPI, segment and period; the version set last
    stands, and keeps the value that it replaced.
    """
    found: dict[tuple[Any, ...], Target] = {}
    lines = rows.to_pylist()
    lines.sort(key=lambda line: line["set_at"] or dt.datetime.min)
    known = set(catalogue.public())
    for line in lines:
        period, segment = named(line["period"] or ""), _segment(line["segment"])
        if line["kpi"] not in known or period is None or segment is None or line["value"] is None:
            continue
        key = (line["kpi"], tuple((name, each.casefold()) for name, each in segment), period)
        before = found.get(key)
        day = line["set_at"].date() if line["set_at"] else None
        former = before.value if before and before.value != line["value"] else None
        found[key] = Target(line["kpi"], segment, period, float(line["value"]), former, day)
    return list(found.values())


def _segment(text: str | None) -> tuple[tuple[str, str], ...] | None:
    """``owner=Claire; team=Nord`` by dimension, in order of names; None where it is not so."""
    pairs = [each.split("=", 1) for each in (text or "").split(";") if each.strip()]
    if any(len(each) != 2 for each in pairs):
        return None
    return tuple(sorted((name.strip(), value.strip()) for name, value in pairs))


def _asked(target: Target, question: Question, catalogue: Catalogue) -> bool:
    names = {name for name, _ in target.segment}
    if names != set(question.by) or not names <= set(catalogue[target.kpi].dimensions):
        return False
    grain, period = grain_of(target.period), question.period
    if question.grain is not Grain.NONE and grain is not question.grain:
        return False
    first, end = target.period.start, target.period.end
    assert first is not None and end is not None
    return (not period.start or first >= period.start) and (not period.end or end <= period.end)


def grain_of(period: Period) -> Grain:
    """The grain of a period that is a day, a month, a quarter or a year."""
    assert period.start is not None
    grains = (Grain.DAY, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
    ends = {following(period.start, grain): grain for grain in reversed(grains)}
    return ends.get(period.end or period.start, Grain.NONE)


class Standing:
    """The KPIs' own figures, measured once for all the targets of a KPI and length.

    ``last``: the last day observed of what an answer is measured on.
    """

    def __init__(
        self,
        measure: Measure,
        question: Question,
        ask: Ask,
        last: Callable[[Answer], dt.date | None],
        catalogue: Catalogue,
        calendar: Calendar,
    ) -> None:
        self.measure, self.question, self.ask = measure, question, ask
        self.last, self.catalogue, self.calendar = last, catalogue, calendar
        self.actuals: dict[tuple[str, Grain], tuple[Answer, Mapping[Any, Actual]]] = {}

    def against(self, targets: Iterable[Target]) -> Answer:
        """One row for each target asked: of the dimensions, the grain and within the period."""
        kept = [each for each in targets if self.asked(each)]
        return self.answer(
            sorted(kept, key=lambda each: (each.period.start, each.kpi, each.segment))
        )

    def asked(self, target: Target) -> bool:
        """Whether a target is one of those that the question is about."""
        return _asked(target, self.question, self.catalogue)

    def answer(self, targets: Sequence[Target]) -> Answer:
        """The answer on these targets, in order."""
        if not targets:
            return self.lacking(Problem("no_target"))
        self._measure_all(targets)
        rows = [self.row(each) for each in targets]
        nothing = empty(len(rows))
        figures = Figures(nothing, nothing.copy(), nothing.copy(), nothing.copy())
        for place, name in enumerate(("value", "low", "high", "n", "numerator", "denominator")):
            setattr(figures, name, np.array([row[place] for row in rows], dtype=np.float64))
        figures.missing = np.array([row[6] for row in rows], dtype=object)
        for place, target in enumerate(targets):
            self.say(figures, np.arange(len(targets)) == place, target)
        units = {self.of(each)[0].unit for each in targets}
        unit = self.measure.unit if self.measure.unit != "number" else min(units, default="number")
        groups = {"kpi": [each.kpi for each in targets]}
        groups |= {
            name: [dict(each.segment)[name] for each in targets] for name in self.question.by
        }
        return Answer(
            self.measure.kpi,
            self.measure.part,
            self.measure.basis,
            unit if len(units) == 1 else self.measure.unit,
            self.question.level,
            groups,
            [each.period for each in targets],
            figures,
        )

    def lacking(self, why: Problem) -> Answer:
        """The answer where nothing can be said, and why."""
        of = self.measure
        return Answer.lacking(of.kpi, of.part, of.unit, self.question.level, why)

    def _measure_all(self, targets: Sequence[Target]) -> None:
        """One question for each KPI and length of period, whatever the number of targets."""
        grouped: dict[tuple[str, Grain], list[Period]] = defaultdict(list)
        for each in targets:
            grouped[each.kpi, grain_of(each.period)].append(each.period)
        for (kpi, grain), periods in grouped.items():
            whole = Period(
                min(each.start for each in periods if each.start),
                max(each.end for each in periods if each.end),
            )
            self.actuals[kpi, grain] = self.measured(kpi, grain, whole)

    def measured(
        self, kpi: str, grain: Grain, period: Period
    ) -> tuple[Answer, Mapping[Any, Actual]]:
        """A KPI over a period, and what it has done by end of period and segment."""
        question = replace(
            self.question,
            kpis=(kpi,),
            grain=grain,
            period=period,
            part=None,
            compare=None,
            fiscal_month=1,
        )
        answer = self.ask(replace(question, basis=None))
        found: dict[Any, Actual] = {}
        if answer.missing is None:
            figures = answer.figures
            for row in range(len(answer)):
                segment = tuple(
                    sorted(
                        (name, str(each[row]).casefold()) for name, each in answer.groups.items()
                    )
                )
                found[answer.periods[row].end, segment] = Actual(
                    *(
                        float(each[row])
                        for each in (figures.value, figures.low, figures.high, figures.n)
                    )
                )
        return answer, found

    def of(self, target: Target) -> tuple[Answer, Mapping[Any, Actual]]:
        """The KPI that a target names, measured as it is needed."""
        return self.actuals[target.kpi, grain_of(target.period)]

    def _adds(self, kpi: str) -> bool:
        """Whether a KPI adds up over days: a rate has no pace."""
        rule = self.catalogue[kpi].rules()[0]
        return rule.estimate in ("count", "sum") and rule.time is TimeKind.EVENT

    def actual(self, target: Target) -> Actual:
        """What the KPI of a target has done: 0 where it adds up and has no row, else not known."""
        answer, found = self.of(target)
        if answer.missing is not None:
            return Actual()
        return found.get(key_of(target), Actual(0.0) if self._adds(target.kpi) else Actual())

    def row(self, target: Target) -> Row:
        """The figure of a target, what it is made of, and why it has none."""
        actual = self.actual(target)
        nan, n = np.nan, actual.n
        if np.isnan(actual.value):
            return nan, nan, nan, n, nan, target.value, "no_actual"
        give = self.measure.field("give")
        if give == "attainment":
            if target.value <= 0:
                return nan, nan, nan, n, actual.value, target.value, "target_not_positive"
            shares = [each / target.value for each in (actual.value, actual.low, actual.high)]
            return shares[0], shares[1], shares[2], n, actual.value, target.value, ""
        if not self._adds(target.kpi):
            return nan, nan, nan, n, actual.value, target.value, "not_cumulative"
        if give == "gap":
            share, why = self._elapsed(target)
            gap = nan if why else actual.value - target.value * share
            return gap, nan, nan, n, actual.value, target.value, why
        value, why = self._chance(target, actual.value)
        return value, nan, nan, n, actual.value, target.value, why

    def _today(self, target: Target) -> dt.date:
        """The day after the last one observed, within the period."""
        start, end = target.period.start, target.period.end
        assert start is not None and end is not None
        last = self.last(self.of(target)[0]) or end
        return min(max(last + dt.timedelta(days=1), start), end)

    def _elapsed(self, target: Target) -> tuple[float, str]:
        """The share of a target that was to be reached by now."""
        start, end, today = target.period.start, target.period.end, self._today(target)
        assert start is not None and end is not None
        if self.measure.field("profile") != "seasonal":
            due = self.calendar.working_days(start, end)
            return self.calendar.working_days(start, today) / max(due, 1), ""
        year = [forward(each, -12) for each in (start, today, end)]
        whole = self.measured(target.kpi, Grain.NONE, Period(year[0], year[2]))[1]
        so_far = self.measured(target.kpi, Grain.NONE, Period(year[0], year[1]))[1]
        segment = key_of(target)[1]
        total = whole.get((year[2], segment), Actual(0.0)).value
        if not total > 0:
            return np.nan, "no_former_year"
        return so_far.get((year[1], segment), Actual(0.0)).value / total, ""

    def _chance(self, target: Target, actual: float) -> tuple[float, str]:
        start, end, today = target.period.start, target.period.end, self._today(target)
        assert start is not None and end is not None
        ahead = self.calendar.working_days(today, end)
        if ahead == 0:
            return float(actual >= target.value), ""
        until = floor(start, Grain.MONTH)
        history = Period(forward(until, -HISTORY), until)
        found = self.measured(target.kpi, Grain.MONTH, history)[1]
        segment = key_of(target)[1]
        first = forward(min((end for end, _ in found), default=forward(until, 1)), -1)
        months = [Period(m, forward(m, 1)) for m in _months(first, until)]
        if len(months) < LEAST_HISTORY:
            return np.nan, "too_little_history"
        each = [found.get((month.end, segment), Actual(0.0)) for month in months]
        worked = self.calendar.working_days
        days = np.array([worked(m.start, m.end) for m in months if m.start and m.end], float)
        rates = np.array([one.value for one in each]) / days
        value = chance(rates, days, ahead, target.value - actual)
        if sum(one.n for one in each) >= FEW_ROWS:
            return value, ""
        word = "likely" if value >= LIKELY else "unlikely" if value <= UNLIKELY else "open"
        return np.nan, {"likely": "hit_likely", "unlikely": "hit_unlikely"}.get(word, "hit_open")

    def say(self, figures: Figures, where: np.ndarray, target: Target) -> None:
        """Note what must be said of a target, at its place in the figures."""
        if target.former is not None:
            facts = {"former": target.former, "day": target.set_at}
            figures.notes.append(("target_changed", facts, where))
        today = self._today(target)
        if target.period.end and today < target.period.end:
            begun = today != target.period.start
            last = self.last(self.of(target)[0]) or today - dt.timedelta(days=1)
            code = "period_running" if begun else "period_to_come"
            figures.notes.append((code, {"day": last}, where))


def key_of(target: Target) -> tuple[dt.date | None, tuple[tuple[str, str], ...]]:
    """The end of a target's period (a state has no beginning), and its segment as compared."""
    return target.period.end, tuple((name, each.casefold()) for name, each in target.segment)


def _months(first: dt.date, until: dt.date) -> list[dt.date]:
    found = []
    while first < until:
        found.append(first)
        first = forward(first, 1)
    return found
