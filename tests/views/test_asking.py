"""The question in an address: read, kept, and carried on."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.model.periods import Grain, Period, floor, following
from jalon.model.problems import RequestError
from jalon.views.asking import asked, named, span, usual

LAST = dt.date(2026, 9, 30)
KNOWN = ("sector", "owner", "team")


@pytest.mark.parametrize(
    ("name", "start", "last"),
    [
        ("2026-T3", "2026-07-01", "2026-09-30"),
        ("2026-09", "2026-09-01", "2026-09-30"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-S01", "2025-12-29", "2026-01-04"),
        ("2020-S53", "2020-12-28", "2021-01-03"),
        ("12m", "2025-10-01", "2026-09-30"),
        ("2026-02-14", "2026-02-14", "2026-02-14"),
    ],
)
def test_a_period_is_read_by_its_name(name: str, start: str, last: str) -> None:
    period = span(name, LAST).period
    assert (str(period.start), str(period.last)) == (start, last)


@pytest.mark.parametrize("name", ["2026-T5", "2025-S53", "hier", "2026-13", "'; drop", "2026-S0"])
def test_a_period_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RequestError):
        span(name, LAST)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)), st.sampled_from(list(Grain)[2:]))
def test_a_period_keeps_its_name(day: dt.date, grain: Grain) -> None:
    start = floor(day, grain)
    found = named(Period(start, following(start, grain)), grain)
    assert span(found.name, LAST).period == found.period


def test_the_period_shown_first_is_the_quarter_of_the_last_day_once_it_has_run() -> None:
    assert usual(dt.date(2026, 9, 30)).name == "2026-T3"
    assert usual(dt.date(2026, 10, 14)).name == "2026-T3"
    assert usual(dt.date(2026, 10, 15)).name == "2026-T4"
    assert usual(dt.date(2017, 12, 31)).name == "2017-T4"


VALUES = st.lists(st.text(max_size=30) | st.none(), min_size=1, max_size=3, unique=True)


@given(VALUES, st.sampled_from(["last-year", "previous", "none"]))
def test_a_question_comes_back_from_its_address(values: list[str | None], compare: str) -> None:
    clean = [v and v.encode("utf-8", "replace").decode().replace("\x00", "\ufffd") for v in values]
    kept = list(dict.fromkeys(v or None for v in clean))
    query = [("period", "2026-T2"), ("compare", compare), *(("owner", v or "") for v in kept)]
    first = asked(query, "fr", LAST, KNOWN)
    again = parse_qsl(urlsplit(first.href("/x")).query, keep_blank_values=True)
    assert asked(again, "fr", LAST, KNOWN) == first
    assert first.filters == (("owner", tuple(kept)),)


def test_what_is_not_a_dimension_is_left_alone() -> None:
    found = asked([("utm_source", "mail"), ("page", "2"), ("sort", "x")], "fr", LAST, KNOWN)
    assert found.filters == ()
    assert found.href("/ventes") == "/ventes"


def test_a_quote_in_a_value_stays_in_the_value() -> None:
    found = asked([("owner", "O'Hara' or 1=1 --"), ("owner", "")], "fr", LAST, KNOWN)
    assert found.where == "(owner in ('O''Hara'' or 1=1 --') or owner is null)"


def test_dates_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(RequestError, match="period_reversed"):
        asked([("from", "2026-03-01"), ("to", "2026-02-01")], "fr", LAST, KNOWN)
