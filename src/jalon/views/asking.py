"""The question in a page's address: period, comparison, filters, language.

``?period=2026-T3&compare=last-year&sector=Industrie&sector=Santé&owner=`` reads as the third
quarter of 2026 beside that of 2025, two sectors, and the deals whose owner is not known (an empty
value). Whatever the page does not know of is left alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from jalon import locale
from jalon.locale import numbers
from jalon.model.periods import ALWAYS, Grain, Period, floor, following, forward, parse_day
from jalon.model.problems import RequestError, Where
from jalon.relations.expression import unknown

#: Names of an address that are not dimensions.
RESERVED = frozenset(
    [
        "period",
        "from",
        "to",
        "compare",
        "as_of",
        "by",
        "grain",
        "part",
        "page",
        "sort",
        "lang",
        "add",
        "q",
        "table",
        "only",
        "level",
        "theirs",
    ]
)
COMPARISONS = ("last-year", "previous", "none")
EVERYTHING, YEAR_LONG = "all", "12m"
#: Below this number of days the period under way says nothing yet: the one before is shown.
ENOUGH_DAYS = 15
#: The years that a period may be of.
YEARS = (1900, 2200)

Filters = tuple[tuple[str, tuple[str | None, ...]], ...]


@dataclass(frozen=True)
class Span:
    """A period as named in an address, with its bounds."""

    name: str
    period: Period

    def label(self, lang: str) -> str:
        """Its name for a person."""
        if self.name == EVERYTHING:
            return locale.text("page.period.all", lang)
        if self.name == YEAR_LONG:
            return locale.text("page.period.12m", lang)
        week = re.fullmatch(r"(\d{4})-S(\d\d)", self.name)
        if week:
            return locale.text("page.period.week", lang, week=int(week[2]), year=week[1])
        return numbers.period(self.period, lang)


@dataclass(frozen=True)
class Asked:
    """What a page is asked. ``last``: the last day that the data tell about; today where there are
    none, and then not ``dated``."""

    lang: str
    span: Span
    last: dt.date
    compare: str = "last-year"
    filters: Filters = ()
    as_of: str | None = None
    chosen_period: bool = False
    dated: bool = True

    @property
    def where(self) -> str | None:
        """The filters as an expression."""
        return (
            " and ".join(f"({_condition(name, values)})" for name, values in self.filters) or None
        )

    def question(self) -> dict[str, Any]:
        """The words that a measure takes."""
        period = self.span.period
        return {
            "start": period.start,
            "end": period.last,
            "where": self.where,
            "as_of": self.as_of,
        }

    @property
    def comparison(self) -> str | None:
        """What to compare with; None where nothing, or where the period is not bounded."""
        bounded = self.span.period.start is not None and self.span.period.end is not None
        return self.compare if bounded and self.compare != "none" else None

    def taking(self, dimension: str, value: Any) -> Asked:
        """The same question on one value of a dimension."""
        others = tuple(each for each in self.filters if each[0] != dimension)
        taken = None if value is None else str(value)
        return replace(self, filters=(*others, (dimension, (taken,))))

    def during(self, period: Period, grain: Grain) -> Asked:
        """The same question over one period of a series."""
        return replace(self, span=named(period, grain), chosen_period=True)

    def pairs(self) -> list[tuple[str, str]]:
        """What of the question stands in an address: what is not by default."""
        found: list[tuple[str, str]] = []
        if self.chosen_period:
            bounds = self.span.period
            if self.span.name:
                found.append(("period", self.span.name))
            else:
                found += [("from", str(bounds.start))] if bounds.start else []
                found += [("to", str(bounds.last))] if bounds.last else []
        if self.compare != COMPARISONS[0]:
            found.append(("compare", self.compare))
        found += [(name, value or "") for name, values in self.filters for value in values]
        if self.as_of:
            found.append(("as_of", self.as_of))
        return found

    def href(self, path: str, **more: str | int | None) -> str:
        """An address on this site with this question, and more."""
        return address(path, [*self.pairs(), *((k, str(v)) for k, v in more.items() if v)])


def address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """An address on this site."""
    query = urlencode([(name, _encodable(value)) for name, value in pairs], quote_via=quote)
    return f"{path}?{query}" if query else path


def _encodable(text: str) -> str:
    """A lone surrogate has no bytes: it becomes U+FFFD."""
    return text.encode("utf-8", errors="replace").decode("utf-8").replace("\x00", "\ufffd")


def asked(
    query: Sequence[tuple[str, str]],
    lang: str,
    last: dt.date,
    known: Iterable[str],
    fiscal_month: int = 1,
) -> Asked:
    """The question of an address. ``known``: the dimensions.

    Raises RequestError for a period, a comparison or a filter that is not known.
    """
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    span, chosen = _span(given, last, fiscal_month)
    compare = _one(given, "compare") or COMPARISONS[0]
    if compare not in COMPARISONS:
        raise unknown(compare, COMPARISONS, "unknown_comparison")
    names = set(known)
    filters = tuple(
        (name, tuple(dict.fromkeys(value or None for value in values)))
        for name, values in given.items()
        if name in names and name not in RESERVED
    )
    return Asked(lang, span, last, compare, filters, _one(given, "as_of"), chosen)


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    return given[name][-1] or None if given.get(name) else None


def _span(given: Mapping[str, list[str]], last: dt.date, fiscal_month: int) -> tuple[Span, bool]:
    first, end = _one(given, "from"), _one(given, "to")
    if first or end:
        start = _day(first, "from") if first else None
        stop = _day(end, "to", end=True) if end else None
        if start and stop and stop < start:
            raise RequestError.of("period_reversed", start=start.isoformat(), end=stop.isoformat())
        return Span("", Period(start, stop + dt.timedelta(days=1) if stop else None)), True
    name = _one(given, "period")
    if name:
        return span(name, last), True
    return usual(last, fiscal_month), False


def _day(text: str, option: str, *, end: bool = False) -> dt.date:
    """A day that has years before it and after it, to compare with."""
    day = parse_day(text, option, end=end)
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise RequestError.of("wrong_date", Where(value=text), option=option, value=text)
    return day


def usual(last: dt.date, fiscal_month: int = 1) -> Span:
    """The quarter under way at the end of the data, or the one before where it has just begun."""
    start = floor(last, Grain.QUARTER, fiscal_month)
    if (last - start).days + 1 < ENOUGH_DAYS:
        start = forward(start, -3)
    return named(Period(start, following(start, Grain.QUARTER)), Grain.QUARTER)


def span(name: str, last: dt.date) -> Span:
    """The period of that name. Raises RequestError ``wrong_date``."""
    if name == EVERYTHING:
        return Span(name, ALWAYS)
    if name == YEAR_LONG:
        end = last + dt.timedelta(days=1)
        return Span(name, Period(forward(end, -12), end))
    week = re.fullmatch(r"(\d{4})-[SW](\d\d?)", name.strip().upper())
    try:
        if week:
            start = _day(str(dt.date.fromisocalendar(int(week[1]), int(week[2]), 1)), "period")
            return Span(f"{week[1]}-S{int(week[2]):02d}", Period(start, start + dt.timedelta(7)))
        start, stop = _day(name, "period"), _day(name, "period", end=True)
        return Span(name, Period(start, stop + dt.timedelta(days=1)))
    except (ValueError, OverflowError):
        raise RequestError.of(
            "wrong_date", Where(value=name), option="period", value=name
        ) from None


def named(period: Period, grain: Grain) -> Span:
    """A whole period of a grain under its name in an address."""
    start = period.start
    if start is None:
        return Span(EVERYTHING, ALWAYS)
    whole = start == floor(start, grain) and period.end == following(start, grain)
    if grain is Grain.YEAR and whole and start.month == 1:
        return Span(str(start.year), period)
    if grain is Grain.QUARTER and whole and start.month % 3 == 1:
        return Span(f"{start.year}-T{(start.month + 2) // 3}", period)
    if grain is Grain.MONTH and whole:
        return Span(f"{start:%Y-%m}", period)
    if grain is Grain.WEEK and whole:
        year, week, _ = start.isocalendar()
        return Span(f"{year}-S{week:02d}", period)
    return Span("", period)


def _condition(name: str, values: Sequence[str | None]) -> str:
    """An expression that holds for these values; None is what is not known."""
    texts = [each for each in values if each is not None]
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in texts)
    among = [f"{name} in ({listed})"] if texts else []
    return " or ".join([*among, *([f"{name} is null"] if None in values else [])])
