"""Periods: half-open in code, inclusive on screen; months, fiscal quarters and ISO weeks."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from jalon.model.problems import RequestError, Where

#: Mean length of a month, in days: durations in months are days divided by this.
MONTH_DAYS = 30.4375


class Grain(StrEnum):
    """The length of the periods of a series."""

    NONE = "none"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True)
class Period:
    """From ``start`` to the day before ``end``; None where it is open."""

    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def last(self) -> dt.date | None:
        """The last day, as shown on screen."""
        return self.end - dt.timedelta(days=1) if self.end else None


ALWAYS = Period()

_RELATIVE = re.compile(
    r"^(?P<count>\d{1,3})\s+(?:derniers?|dernières?|last)?\s*"
    r"(?P<unit>jours?|semaines?|mois|trimestres?|ans?|années?|days?|weeks?|months?|quarters?|years?)$"
    r"|^last\s+(?P<count_en>\d{1,3})\s+(?P<unit_en>days?|weeks?|months?|quarters?|years?)$"
)
_UNITS = {
    "j": ("day", 1),
    "d": ("day", 1),
    "s": ("week", 1),
    "w": ("week", 1),
    "m": ("month", 1),
    "t": ("month", 3),
    "q": ("month", 3),
    "a": ("month", 12),
    "y": ("month", 12),
}


def parse_day(
    text: str, option: str, *, end: bool = False, today: dt.date | None = None
) -> dt.date:
    """A day as the user writes it: ``2026-03-31``, ``31/03/2026``, ``2026-03``, ``T1 2026``.

    ``end``: the last day of what is named is wanted. A relative start (``12 derniers mois``) counts
    back from today. Raises RequestError ``wrong_date``.
    """
    text = text.strip().casefold()
    relative = _RELATIVE.match(text)
    if relative:
        count = int(relative["count"] or relative["count_en"])
        unit, times = _UNITS[(relative["unit"] or relative["unit_en"])[0]]
        return back(today or dt.date.today(), unit, count * times) + dt.timedelta(days=1)
    named = _named(text)
    if named is None:
        raise RequestError.of("wrong_date", Where(value=text), option=option, value=text)
    return named[1] if end else named[0]


def named(text: str) -> Period | None:
    """The day, month, quarter or year that a text names (``2026-03``, ``2026-T1``); else None."""
    found = _named(text.strip().casefold())
    return Period(found[0], found[1] + dt.timedelta(days=1)) if found else None


def _named(text: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of the day, month, quarter or year that a text names."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = dt.datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        return day, day
    quarter = re.match(r"^(?:[tq]([1-4])[ -]?(\d{4})|(\d{4})[ -]?[tq]([1-4]))$", text)
    if quarter:
        year, number = int(quarter[2] or quarter[3]), int(quarter[1] or quarter[4])
        first = dt.date(year, 3 * number - 2, 1)
        return first, forward(first, 3) - dt.timedelta(days=1)
    if re.match(r"^\d{4}-(0[1-9]|1[0-2])$", text):
        first = dt.date(int(text[:4]), int(text[5:]), 1)
        return first, forward(first, 1) - dt.timedelta(days=1)
    if re.match(r"^(19|20)\d{2}$", text):
        return dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
    return None


def forward(day: dt.date, months: int) -> dt.date:
    """The same day, months later (or earlier); the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    next_first = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(
        dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1),
        next_first - dt.timedelta(days=1),
    )


def back(day: dt.date, unit: str, count: int) -> dt.date:
    """The day ``count`` units before."""
    if unit == "month":
        return forward(day, -count)
    return day - dt.timedelta(days=count * (7 if unit == "week" else 1))


@lru_cache(maxsize=4096)
def floor(day: dt.date, grain: Grain, fiscal_month: int = 1) -> dt.date:
    """The first day of the period that holds ``day``; years begin in ``fiscal_month``."""
    if grain is Grain.DAY:
        return day
    if grain is Grain.WEEK:
        return day - dt.timedelta(days=day.weekday())
    if grain is Grain.MONTH:
        return day.replace(day=1)
    length = 3 if grain is Grain.QUARTER else 12
    return forward(day.replace(day=1), -((day.month - fiscal_month) % length))


@lru_cache(maxsize=4096)
def following(first: dt.date, grain: Grain) -> dt.date:
    """The first day of the next period, from the first of this one."""
    if grain in (Grain.DAY, Grain.WEEK):
        return first + dt.timedelta(days=7 if grain is Grain.WEEK else 1)
    return forward(first, {Grain.MONTH: 1, Grain.QUARTER: 3}.get(grain, 12))


def split(period: Period, grain: Grain, fiscal_month: int = 1) -> list[Period]:
    """The periods of a bounded stretch, the first and the last cut at its ends."""
    if period.start is None or period.end is None:
        raise ValueError("only a bounded period is split")
    if grain is Grain.NONE:
        return [period]
    periods, first = [], floor(period.start, grain, fiscal_month)
    while first < period.end:
        after = following(first, grain)
        periods.append(Period(max(first, period.start), min(after, period.end)))
        first = after
    return periods


def shift(period: Period, compare: str, grain: Grain = Grain.NONE) -> Period:
    """The period to compare with: the one before, of equal length, or a year earlier.

    A period of whole months is shifted by months, so that March is compared with February.
    """
    if period.start is None or period.end is None:
        raise RequestError.of("compare_needs_period", compare=compare)
    if compare == "last-year":
        return Period(forward(period.start, -12), forward(period.end, -12))
    if period.start.day == 1 and period.end.day == 1:
        months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
        return Period(forward(period.start, -months), period.start)
    return Period(period.start - (period.end - period.start), period.start)
