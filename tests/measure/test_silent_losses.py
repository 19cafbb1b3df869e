"""A flow of known truth: won one time in four, growing, two losses in five never closed."""

import datetime as dt

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Period

CATALOGUE = built_in()
TRUE = 0.25
FIRST, LAST = dt.date(2023, 1, 1), dt.date(2025, 1, 1)
MATURE = Period(FIRST, dt.date(2024, 1, 1))


def flow(seed, silent=0.4, size=900):
    """Deals created over two years, ever more of them, followed until the last day."""
    rng = np.random.default_rng(seed)
    days = (LAST - FIRST).days
    # The density of creations grows threefold: the square root of a mix of uniforms does it.
    created = days * (np.sqrt(1 + 8 * rng.random(size)) - 1) / 2
    won = rng.random(size) < TRUE
    length = rng.gamma(3, 30, size)
    never = ~won & (rng.random(size) < silent)
    deals = []
    for start, gain, lasts, quiet in zip(created, won, length, never, strict=True):
        closed = not quiet and start + lasts <= days
        outcome = ("won" if gain else "lost") if closed else "open"
        deals.append(
            {
                "outcome": outcome,
                "created_at": FIRST + dt.timedelta(days=int(start)),
                "closed_at": FIRST + dt.timedelta(days=int(start + lasts)) if closed else None,
            }
        )
    return Measurer(fill({"deal": deals}), CATALOGUE)


def figure(measurer, kpi, **asked):
    answer = measurer.measure(Question((kpi,), **asked)).answers[0]
    codes = {each.code for each in answer.notes(0)}
    return answer.figures.value[0], answer.figures.low[0], answer.figures.high[0], codes


@pytest.fixture(scope="module")
def flows():
    return [flow(seed) for seed in range(20)]


def test_the_mature_cohorts_interval_covers_the_truth(flows):
    found = [figure(each, "created_win_rate", period=MATURE) for each in flows]
    assert sum(low <= TRUE <= high for _, low, high, _ in found) >= 18
    assert np.mean([value for value, *_ in found]) == pytest.approx(TRUE, abs=0.02)


def test_the_rate_of_closed_deals_reads_a_third_more_and_is_marked_as_biased(flows):
    for each in flows:
        value, low, _, codes = figure(each, "win_rate")
        assert value > TRUE * 1.15
        assert low > TRUE
        assert "closed_flatters" in codes


def test_where_losses_are_closed_nothing_is_marked():
    for seed in range(5):
        value, low, high, codes = figure(flow(seed, silent=0), "win_rate")
        assert "closed_flatters" not in codes
        assert low <= value <= high


def test_the_win_curve_reaches_the_truth_where_closed_deals_do_not(flows):
    for each in flows[:5]:
        answer = each.measure(Question(("win_curve",))).answers[0]
        by_day = dict(zip(answer.groups["day"], answer.figures.value, strict=True))
        assert by_day[365] == pytest.approx(TRUE, abs=0.05)
