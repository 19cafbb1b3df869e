"""Another period beside this one: the difference, its interval, and whether it can be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jalon.measure.figure import Answer, Comparison
from jalon.measure.question import Question
from jalon.model.periods import Grain, Period, floor, shift
from jalon.stats.proportion import difference_of

#: Cohorts whose maturity differs by more than this are shown, not compared.
MATURITY_GAP = 0.1
#: Mean lifetimes over horizons further apart than this, in months, are not of the same thing.
HORIZON_GAP = 0.5

Ask = Callable[[Question], Answer]
Place = tuple[Answer, int]


def compared(answer: Answer, question: Question, last: dt.date | None, ask: Ask) -> Answer:
    """An answer with the same figures for another period beside its own.

    ``last``: the last day observed; a period that is not over is compared with the same days of
    the other. ``ask`` answers the question for that other period.
    """
    if answer.missing:
        return answer
    periods = {
        now: former(_stretch(now, question), question.compare or "", last) for now in answer.periods
    }
    places: dict[tuple[Period, tuple[Any, ...]], Place] = {}
    for now, then in periods.items():
        asked = replace(
            question,
            kpis=(answer.kpi,),
            part=answer.part,
            grain=Grain.NONE,
            period=then,
            compare=None,
        )
        found = ask(asked)
        for row in range(len(found)):
            places[now, _group(found, row)] = (found, row)
    beside = [places.get((answer.periods[row], _group(answer, row))) for row in range(len(answer))]
    return replace(answer, compare=_comparison(answer, beside, periods))


def compared_with(now: Period, question: Question, last: dt.date | None) -> Period:
    """The period that one of an answer's is compared with. ``last``: the last day observed."""
    return former(_stretch(now, question), question.compare or "", last)


def _stretch(now: Period, question: Question) -> Period:
    """The period that a state ends, from its first day: of what was asked, or of the grain."""
    if now.start is not None or now.end is None:
        return now
    if question.grain is Grain.NONE:
        return replace(now, start=question.period.start)
    last = now.end - dt.timedelta(days=1)
    return replace(now, start=floor(last, question.grain, question.fiscal_month))


def former(now: Period, compare: str, last: dt.date | None) -> Period:
    """The period to compare with, cut at the same day where this one is not over."""
    then = shift(now, compare)
    if now.start is None or now.end is None or then.start is None or then.end is None:
        return then
    if last is None or not now.start <= last < now.end - dt.timedelta(days=1):
        return then
    elapsed = last - now.start + dt.timedelta(days=1)
    return Period(then.start, min(then.start + elapsed, then.end))


def _group(answer: Answer, row: int) -> tuple[Any, ...]:
    return tuple(labels[row] for labels in answer.groups.values())


def _comparison(
    answer: Answer, beside: list[Place | None], periods: Mapping[Period, Period]
) -> Comparison:
    figures = answer.figures
    value, low, high = (_column(beside, name) for name in ("value", "low", "high"))
    difference = difference_of(figures.value, figures.low, figures.high, value, low, high)
    comparable = _comparable(answer, beside)
    with np.errstate(invalid="ignore"):
        told = comparable & ((difference.low > 0) | (difference.high < 0))
    if not comparable.all():
        figures.notes.append(("maturity_differs", {}, ~comparable))
    return Comparison(
        [periods[each] for each in answer.periods],
        value,
        low,
        high,
        figures.value - value,
        difference.low,
        difference.high,
        told,
    )


def _column(beside: list[Place | None], name: str) -> np.ndarray:
    return np.array(
        [np.nan if each is None else getattr(each[0].figures, name)[each[1]] for each in beside]
    )


def _comparable(answer: Answer, beside: list[Place | None]) -> np.ndarray:
    """Whether the two cohorts are about as mature, and followed for as long."""
    alike = np.ones(len(answer), dtype=bool)
    for row, place in enumerate(beside):
        if place is None:
            continue
        other, there = place
        if answer.maturity is not None and other.maturity is not None:
            alike[row] = not abs(answer.maturity[row] - other.maturity[there]) > MATURITY_GAP
        alike[row] &= not abs(_followed(answer, row) - _followed(other, there)) > HORIZON_GAP
    return alike


def _followed(answer: Answer, row: int) -> float:
    """The months over which a mean lifetime is taken; 0 for other figures."""
    for code, facts, rows in answer.figures.notes:
        if code == "lifetime_horizon" and (rows is None or rows[row]):
            return float(facts["months"])
    return 0.0
