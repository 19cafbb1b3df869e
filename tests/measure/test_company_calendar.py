"""The days worked are those of the company: of France where it says nothing."""

import datetime as dt

from jalon.measure.own import own_of
from jalon.model.calendar import FRANCE, Calendar
from jalon.state.settings import Settings

MAY = (dt.date(2026, 5, 1), dt.date(2026, 6, 1))


def calendar(**said) -> Calendar:
    return own_of(Settings.model_validate({"working_days": said})).calendar


def test_a_company_that_says_nothing_works_as_france_does():
    assert own_of(Settings()).calendar == FRANCE
    # May 2026: 21 weekdays, less the 1st, the 8th, Ascension the 14th, Whit Monday the 25th.
    assert FRANCE.working_days(*MAY) == 17


def test_each_setting_moves_the_count():
    assert calendar(holidays=False).working_days(*MAY) == 21
    assert calendar(week=[2, 3, 4, 5, 6]).working_days(*MAY) == 19
    # A closed day that was not worked counts once.
    assert calendar(closed=["2026-05-15", "2026-05-16"]).working_days(*MAY) == 16
    assert calendar(week=[7], holidays=False).working_days(*MAY) == 5


def test_no_day_lies_between_reversed_ends():
    assert FRANCE.working_days(MAY[1], MAY[0]) == 0
