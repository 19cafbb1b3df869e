"""The chance to reach a target, and worth by age, against plain draws and arithmetic."""

import datetime as dt

import numpy as np
import pytest

from jalon.model.calendar import FRANCE, easter, holidays
from jalon.stats.pace import chance
from jalon.stats.worth import lifetime_value, payback, worth_by_age


def test_a_chance_said_comes_true_as_often():
    """Calibration: chances of 2,000 drawn companies against what happened, by fifths."""
    draw = np.random.default_rng(5)
    said, came = [], []
    for _ in range(2000):
        days, ahead = np.full(12, 21.0), int(draw.integers(1, 21))
        mean = draw.uniform(5, 60)
        rates = draw.poisson(mean * days) / days
        target = mean * ahead * draw.uniform(0.9, 1.1)
        said.append(chance(rates, days, ahead, target))
        came.append(draw.poisson(mean * ahead) >= target)
    said, came = np.array(said), np.array(came)
    for low in (0, 0.2, 0.4, 0.6, 0.8):
        among = (said >= low) & (said <= low + 0.2)
        assert came[among].mean() == pytest.approx(said[among].mean(), abs=0.08)


def test_without_days_ahead_it_is_known():
    rates, days = np.array([1.0, 2.0]), np.array([20.0, 20.0])
    assert chance(rates, days, 0, 0) == 1
    assert chance(rates, days, 0, 1) == 0


def test_values_by_age_count_those_who_left_and_not_those_too_young():
    worth = worth_by_age(
        np.array([0, 1, 1, 2]), np.array([0, 0, 1, 0]), np.array([10.0, 20, 30, 99]),
        np.array([2, 2, 0]), 12, least=1,
    )  # fmt: skip
    assert worth.mean.tolist() == [15, 15]
    assert worth.followed.tolist() == [2, 2]
    assert lifetime_value(worth, 0.0).value == 30
    assert payback(worth, 22.5) == 1.5
    assert payback(worth, 31) == np.inf


def test_lifetime_values_are_covered_with_customers_followed_for_unequal_times():
    """2,000 companies of 60 customers, log-normal margins, a tenth leaving each month."""
    draw, held, truth = np.random.default_rng(6), 0, None
    months, customers = 12, 60
    alive = 0.9 ** np.arange(months)
    weight = 1.1 ** (-(np.arange(months) + 0.5) / 12)
    truth = (alive * weight).sum() * 50 * np.exp(0.5 * 0.8**2)
    for _ in range(2000):
        stay = draw.geometric(0.1, customers)
        followed = draw.integers(12, 36, customers)
        values = 50 * draw.lognormal(0, 0.8, (customers, months))
        ages = np.arange(months)
        kept = (ages < stay[:, None]) & (ages < followed[:, None])
        who, age = np.nonzero(kept)
        found = lifetime_value(worth_by_age(who, age, values[kept], followed, months), 0.1)
        held += found.low <= truth <= found.high
    assert 0.925 <= held / 2000 <= 0.975


@pytest.mark.parametrize(
    ("year", "day"),
    [(1961, "04-02"), (2000, "04-23"), (2024, "03-31"), (2025, "04-20"), (2038, "04-25")],
)
def test_easter_falls_where_the_almanacs_say(year, day):
    assert easter(year) == dt.date.fromisoformat(f"{year}-{day}")


def test_working_days_leave_out_week_ends_and_holidays():
    assert len(holidays(2025)) == 11
    assert FRANCE.working_days(dt.date(2025, 1, 1), dt.date(2025, 2, 1)) == 22
    assert FRANCE.working_days(dt.date(2025, 5, 1), dt.date(2025, 6, 1)) == 19
    assert FRANCE.working_days(dt.date(2025, 2, 1), dt.date(2025, 1, 1)) == 0
    # In 2008 Ascension fell on the first of May: one day off, not two.
    assert len(holidays(2008)) == 10
