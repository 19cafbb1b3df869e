"""A formula whose first operand comes some months before: what it gives over a range of lags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jalon.measure.figure import Answer
from jalon.model.periods import Period, forward

#: A lag in months, and the formula's answer where the first operand is taken so long before.
AtLag = Callable[[int], Answer]


def shifted(period: Period, months: int) -> Period:
    """A bounded period, months later (earlier where negative)."""
    return Period(
        forward(period.start, months) if period.start else None,
        forward(period.end, months) if period.end else None,
    )


def moved(answer: Answer, months: int) -> Answer:
    """An answer, its periods told as if they were months later."""
    return replace(answer, periods=[shifted(each, months) for each in answer.periods])


def over_lags(at: AtLag, lags: tuple[int, int]) -> Answer:
    """The figure at the middle lag, its bounds the least and the largest of all lags.

    They are a range of assumptions, not an interval of confidence, and the note says so.
    """
    first, last = lags
    middle = (first + last) // 2
    found = {lag: at(lag) for lag in range(first, last + 1)}
    answer = found[middle]
    if answer.missing is not None:
        return answer
    values = [_values(each) for each in found.values() if each.missing is None]
    keys = list(_keys(answer))
    known = [[each[key] for each in values if not np.isnan(each.get(key, np.nan))] for key in keys]
    answer.figures.low = np.array([min(each, default=np.nan) for each in known])
    answer.figures.high = np.array([max(each, default=np.nan) for each in known])
    facts = {"months": middle, "first": first, "last": last}
    answer.figures.notes.append(("lag_assumed", facts, None))
    return answer


def _keys(answer: Answer) -> list[tuple[Any, ...]]:
    return [
        (answer.periods[row], *(labels[row] for labels in answer.groups.values()))
        for row in range(len(answer))
    ]


def _values(answer: Answer) -> Mapping[tuple[Any, ...], float]:
    return dict(zip(_keys(answer), answer.figures.value.tolist(), strict=True))
