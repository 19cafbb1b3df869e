"""Periods compared over as many working days, and what is said of their days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.measure.comparison import Stand, former
from jalon.model.calendar import FRANCE
from jalon.model.periods import Period
from jalon.views.wording import headline

from .deals import workspace_of

MAY_2026 = Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1))
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))


def _each_day(first: dt.date, last: dt.date) -> list[dict]:
    days = (first + dt.timedelta(days=each) for each in range((last - first).days + 1))
    sectors = ("Bio", "Tech")
    return [
        {"outcome": "won", "day": day, "sector": sectors[day.toordinal() % 2]}
        for day in days
        if FRANCE.worked(day)
    ]


def test_the_month_under_way_stops_at_the_same_working_day_of_the_other() -> None:
    # May 2026: the 1st, 8th and 14th (Ascension) are off; the 20th is its 11th working day.
    # April 2026: Easter Monday is the 6th; its 11th working day is the 16th.
    then = former(MAY_2026, "previous", Stand(dt.date(2026, 5, 20), flow=True))
    assert then == Period(dt.date(2026, 4, 1), dt.date(2026, 4, 17))
    # May 2025: the 1st, 8th and 29th are off; its 11th working day is Monday the 19th.
    then = former(MAY_2026, "last-year", Stand(dt.date(2026, 5, 20), flow=True))
    assert then == Period(dt.date(2025, 5, 1), dt.date(2025, 5, 20))


def test_a_state_under_way_is_compared_at_the_same_day() -> None:
    then = former(MAY_2026, "previous", Stand(dt.date(2026, 5, 20)))
    assert then == Period(dt.date(2026, 4, 1), dt.date(2026, 4, 21))


def test_a_weekend_reached_is_a_weekend_compared() -> None:
    march = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
    # Sunday 8 March follows the 5th working day; so does the weekend of 7 and 8 February 2026.
    then = former(march, "previous", Stand(dt.date(2026, 3, 8), flow=True))
    assert then == Period(dt.date(2026, 2, 1), dt.date(2026, 2, 9))
    then = former(march, "previous", Stand(dt.date(2026, 3, 6), flow=True))
    assert then == Period(dt.date(2026, 2, 1), dt.date(2026, 2, 7))


def test_before_any_working_day_the_calendar_decides() -> None:
    january = Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1))
    then = former(january, "previous", Stand(dt.date(2026, 1, 1), flow=True))
    assert then == Period(dt.date(2025, 12, 1), dt.date(2025, 12, 2))


def test_a_period_that_is_over_is_compared_whole() -> None:
    # Saturday and Sunday alone are left after the 29th.
    for last in (dt.date(2026, 5, 29), dt.date(2026, 5, 31), dt.date(2026, 7, 3), None):
        then = former(MAY_2026, "last-year", Stand(last, flow=True))
        assert then == Period(dt.date(2025, 5, 1), dt.date(2025, 6, 1))


@given(DAYS, st.integers(1, 80), st.integers(0, 3))
def test_a_rank_is_reached_by_as_many_working_days(start: dt.date, rank: int, idle: int) -> None:
    end = start + dt.timedelta(days=200)
    after = FRANCE.up_to_rank(start, end, rank, idle)
    assert FRANCE.working_days(start, after) == rank
    assert FRANCE.working_days(start, FRANCE.up_to_rank(start, end, rank)) == rank
    assert not any(map(FRANCE.worked, _days(FRANCE.up_to_rank(start, end, rank), after)))


def _days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(days=each) for each in range((end - start).days)]


@pytest.fixture
def workspace(tmp_path: Path):
    return workspace_of(
        tmp_path,
        _each_day(dt.date(2025, 4, 1), dt.date(2025, 6, 30))
        + _each_day(dt.date(2026, 4, 1), dt.date(2026, 5, 20)),
    )


@pytest.mark.parametrize("compare", ["previous", "last-year"])
def test_one_sale_a_working_day_never_seems_to_move(workspace, compare: str) -> None:
    asked = {"start": "2026-05-01", "end": "2026-05-31", "compare": compare}
    for kpi in ("won_deals", "win_rate"):
        answer = workspace.measure([kpi], **asked)[kpi]
        assert answer.compare is not None
        assert answer.compare.difference.tolist() == [0]
    answer = workspace.measure(["won_deals"], **asked)["won_deals"]
    assert answer.compare.value.tolist() == [11]
    (note,) = [each for each in answer.notes(0) if each.code == "cut_at_working_day"]
    assert note.facts["rank"] == 11 and note.facts["day"] == dt.date(2026, 5, 20)
    said = headline(answer, "fr")
    assert said is not None and said.change is not None
    assert said.change.against.endswith("au même jour ouvré")


def test_whole_months_of_unequal_working_days_say_so_and_keep_their_figures(workspace) -> None:
    asked = {"start": "2025-05-01", "end": "2025-05-31", "compare": "previous"}
    answer = workspace.measure(["won_deals"], **asked)["won_deals"]
    assert (answer.figures.value[0], answer.compare.value[0]) == (19, 21)
    facts = {each.code: each.facts for each in answer.notes(0)}
    assert facts["working_days_differ"] == {"days": 19, "former": 21}
    assert facts["pace_in_noise"]["change"] == pytest.approx(0)
    rate = workspace.measure(["win_rate"], **asked)["win_rate"]
    assert "working_days_differ" not in {each.code for each in rate.notes(0)}


def test_by_group_days_are_said_and_no_pace(workspace) -> None:
    asked = {"start": "2025-05-01", "end": "2025-05-31", "compare": "previous", "by": "sector"}
    answer = workspace.measure(["won_deals"], **asked)["won_deals"]
    assert len(answer) == 2
    for row in range(2):
        codes = {each.code for each in answer.notes(row)}
        assert "working_days_differ" in codes and "pace_in_noise" not in codes


def test_a_pace_that_surely_rose_is_not_called_noise(tmp_path: Path) -> None:
    tripled = 3 * _each_day(dt.date(2025, 5, 1), dt.date(2025, 5, 31))
    workspace = workspace_of(
        tmp_path, _each_day(dt.date(2025, 4, 1), dt.date(2025, 4, 30)) + tripled
    )
    asked = {"start": "2025-05-01", "end": "2025-05-31", "compare": "previous"}
    answer = workspace.measure(["won_deals"], **asked)["won_deals"]
    facts = {each.code: each.facts for each in answer.notes(0)}
    assert facts["pace_by_working_day"]["change"] == pytest.approx(2)
