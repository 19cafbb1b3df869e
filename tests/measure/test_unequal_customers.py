"""Customers who stay for unequal times, most of them new: a known truth for their lifetime."""

import datetime as dt

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import MONTH_DAYS, Grain, Period

CATALOGUE = built_in()
FIRST, MONTHS, CUSTOMERS = dt.date(2021, 1, 1), 48, 2000
#: Shares and mean stays, in months: most leave soon, some hardly ever.
KINDS = ((0.75, 3.0), (0.25, 120.0))
#: Of the customers, those who came in the last six months of four years.
RECENT = 0.85
LAST_MONTHS = Period(dt.date(2024, 7, 1), dt.date(2025, 1, 1))


def truth(months):
    """The mean of what a customer lives of its first so many months."""
    return sum(share * stay * (1 - np.exp(-months / stay)) for share, stay in KINDS)


def company(seed):
    """Contracts begun over four years, most in the last six months, ended or still running."""
    draw = np.random.default_rng(seed)
    span = MONTHS * MONTH_DAYS
    recent = draw.random(CUSTOMERS) < RECENT
    begun = span * np.where(
        recent, draw.uniform(0.875, 1, CUSTOMERS), draw.uniform(0, 0.875, CUSTOMERS)
    )
    shares, stays = zip(*KINDS, strict=True)
    stay = draw.exponential(draw.choice(stays, CUSTOMERS, p=shares)) * MONTH_DAYS
    last = FIRST + dt.timedelta(days=int(span))
    rows = []
    for number, (start, length) in enumerate(zip(begun, stay, strict=True)):
        started = FIRST + dt.timedelta(days=int(start))
        ended = started + dt.timedelta(days=max(int(np.ceil(length)) - 1, 0))
        rows.append(
            {
                "account": f"Client {number}",
                "started_at": started,
                "ended_at": ended if ended < last else None,
            }
        )
    return Measurer(fill({"contract": rows}), CATALOGUE)


@pytest.fixture(scope="module")
def companies():
    return [company(seed) for seed in range(4)]


def lifetime(measurer):
    """Value, bounds and horizon, in months."""
    answer = measurer.measure(Question(("customer_lifetime",))).answers[0]
    facts = {each.code: each.facts for each in answer.notes(0)}
    figures = answer.figures
    return (
        figures.value[0],
        figures.low[0],
        figures.high[0],
        facts["lifetime_horizon"]["months"],
    )


def monthly_churn(measurer):
    asked = Question(("churn_rate",), grain=Grain.MONTH, period=LAST_MONTHS)
    figures = measurer.measure(asked).answers[0].figures
    return figures.numerator.sum() / figures.denominator.sum()


def test_the_lifetime_is_within_3_percent_of_the_truth_and_covered(companies):
    found = [lifetime(each) for each in companies]
    errors = [value / truth(horizon) - 1 for value, _, _, horizon in found]
    assert abs(np.mean(errors)) < 0.03
    assert all(low <= truth(horizon) <= high for _, low, high, horizon in found)


def test_one_over_churn_gives_half(companies):
    for each in companies:
        _, _, _, horizon = lifetime(each)
        assert 1 / monthly_churn(each) < 0.6 * truth(horizon)
