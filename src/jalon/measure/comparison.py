"""Another period beside this one: the difference, its interval, and whether it can be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jalon.measure.figure import Answer, Comparison
from jalon.measure.maturity import MATURITY_GAP, follows
from jalon.measure.question import Question
from jalon.model.calendar import FRANCE, Calendar
from jalon.model.periods import Grain, Period, floor, shift
from jalon.stats.proportion import difference_of

#: Mean lifetimes over horizons further apart than this, in months, are not of the same thing.
HORIZON_GAP = 0.5

Ask = Callable[[Question], Answer]
Place = tuple[Answer, int]
Note = tuple[str, dict[str, Any], NDArray[np.bool_] | None]


@dataclass(frozen=True)
class Stand:
    """What a comparison stands on.

    ``last``: the last day observed; None where not known. ``flow``: whether things happen during
    the period (else it ends in a state): flows are compared over as many working days. ``adds``:
    whether they add up over days (a number, a sum). ``calendar``: the days that are worked.
    """

    last: dt.date | None
    flow: bool = False
    adds: bool = False
    calendar: Calendar = FRANCE


def compared(answer: Answer, question: Question, stand: Stand, ask: Ask) -> Answer:
    """An answer with the same figures for another period beside its own.

    A period that is not over is compared with as much of the other (:func:`former`). ``ask``
    answers the question for that other period.
    """
    if answer.missing:
        return answer
    periods = {now: compared_with(now, question, stand) for now in answer.periods}
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
    against = replace(answer, compare=_comparison(answer, beside, periods))
    if stand.flow:
        for now, then in periods.items():
            _say_days(against, now, then, stand)
    return against


def compared_with(now: Period, question: Question, stand: Stand) -> Period:
    """The period that one of an answer's is compared with."""
    return former(_stretch(now, question), question.compare or "", stand)


def _stretch(now: Period, question: Question) -> Period:
    """The period that a state ends, from its first day: of what was asked, or of the grain."""
    if now.start is not None or now.end is None:
        return now
    if question.grain is Grain.NONE:
        return replace(now, start=question.period.start)
    last = now.end - dt.timedelta(days=1)
    return replace(now, start=floor(last, question.grain, question.fiscal_month))


def former(now: Period, compare: str, stand: Stand) -> Period:
    """The period to compare with; where this one is not over, as much of it.

    Of a flow as many working days; of a state, or where no working day has passed yet, as many days
    of the calendar.
    """
    then = shift(now, compare)
    elapsed = _elapsed(now, stand)
    if elapsed is None or then.start is None or then.end is None:
        return then
    rank = stand.calendar.working_days(*elapsed) if stand.flow else 0
    if not rank:
        return Period(then.start, min(then.start + (elapsed[1] - elapsed[0]), then.end))
    idle = _idle(*elapsed, stand.calendar)
    return Period(then.start, stand.calendar.up_to_rank(then.start, then.end, rank, idle))


def _elapsed(now: Period, stand: Stand) -> tuple[dt.date, dt.date] | None:
    """The part of a period that has passed, half-open; None where it is over or not bounded.

    A flow's is over when no working day is left of it: data that end on the last Friday of a month
    are of the whole month.
    """
    if now.start is None or now.end is None or stand.last is None:
        return None
    after = stand.last + dt.timedelta(days=1)
    if not now.start < after < now.end:
        return None
    if stand.flow and not stand.calendar.working_days(after, now.end):
        return None
    return now.start, after


def _idle(start: dt.date, end: dt.date, calendar: Calendar) -> int:
    """The days off with which a stretch ends."""
    last = end - dt.timedelta(days=1)
    while last >= start and not calendar.worked(last):
        last -= dt.timedelta(days=1)
    return (end - last).days - 1


def _say_days(answer: Answer, now: Period, then: Period, stand: Stand) -> None:
    """Say at which working day both periods are cut, or that they have not as many."""
    if now.start is None or now.end is None or then.start is None or then.end is None:
        return
    rows = np.array([each == now for each in answer.periods])
    elapsed = _elapsed(now, stand)
    here = stand.calendar.working_days(*(elapsed or (now.start, now.end)))
    there = stand.calendar.working_days(then.start, then.end)
    if elapsed and here == there:
        facts: dict[str, Any] = {"rank": here, "day": stand.last, "former": then.last}
        answer.figures.notes.append(("cut_at_working_day", facts, rows))
    elif here != there and stand.adds and here and there:
        days = {"days": here, "former": there}
        answer.figures.notes.append(("working_days_differ", days, rows))
        if rows.sum() == 1:
            answer.figures.notes += _pace(answer, int(np.flatnonzero(rows)[0]), here, there)


def _pace(answer: Answer, row: int, here: int, there: int) -> list[Note]:
    """How much more there is a working day, as a share, and whether that is more than chance."""
    beside, figures = answer.compare, answer.figures
    assert beside is not None
    now = [float(each[row]) / here for each in (figures.value, figures.low, figures.high)]
    then = [float(each[row]) / there for each in (beside.value, beside.low, beside.high)]
    if not then[0] > 0 or not np.isfinite(now[0]):
        return []
    gap = difference_of(*now, *then)
    noise = bool(gap.low <= 0 <= gap.high)
    code = "pace_in_noise" if noise else "pace_by_working_day"
    return [(code, {"change": now[0] / then[0] - 1}, np.arange(len(answer)) == row)]


def _group(answer: Answer, row: int) -> tuple[Any, ...]:
    return tuple(labels[row] for labels in answer.groups.values())


def _comparison(
    answer: Answer, beside: list[Place | None], periods: Mapping[Period, Period]
) -> Comparison:
    figures = answer.figures
    value, low, high = (_column(beside, name) for name in ("value", "low", "high"))
    difference = difference_of(figures.value, figures.low, figures.high, value, low, high)
    unequal, comparable = _unequal(answer, beside), _as_long(answer, beside)
    if follows(answer):
        if unequal.any():
            figures.notes.append(("maturity_adjusted", {}, unequal))
    else:
        comparable &= ~unequal
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


def _unequal(answer: Answer, beside: list[Place | None]) -> NDArray[np.bool_]:
    """Whether the two cohorts are settled by shares too far apart."""
    apart = np.zeros(len(answer), dtype=bool)
    for row, place in enumerate(beside):
        ours, theirs = answer.maturity, place[0].maturity if place else None
        if place is not None and ours is not None and theirs is not None:
            apart[row] = abs(ours[row] - theirs[place[1]]) > MATURITY_GAP
    return apart


def _as_long(answer: Answer, beside: list[Place | None]) -> NDArray[np.bool_]:
    """Whether both were followed for as long."""
    alike = np.ones(len(answer), dtype=bool)
    for row, place in enumerate(beside):
        if place is not None:
            alike[row] = not abs(_followed(answer, row) - _followed(*place)) > HORIZON_GAP
    return alike


def _followed(answer: Answer, row: int) -> float:
    """The months over which a mean lifetime is taken; 0 for other figures."""
    for code, facts, rows in answer.figures.notes:
        if code == "lifetime_horizon" and (rows is None or rows[row]):
            return float(facts["months"])
    return 0.0
