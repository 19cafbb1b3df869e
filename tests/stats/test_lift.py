"""The lift of a score: ties, bounds, and how often its interval holds the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from jalon.stats.lift import lift, ratio_of_shares


@pytest.mark.parametrize("counts", [(12, 40, 30, 360), (5, 50, 60, 500), (1, 40, 39, 360)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_ratio_of_two_shares_has_the_score_interval_of_statsmodels(counts, level):
    wanted = confint_proportions_2indep(
        *counts, compare="ratio", method="score", correction=True, alpha=1 - level
    )
    found = ratio_of_shares(*counts, level)
    assert [float(found.low), float(found.high)] == pytest.approx(wanted, rel=1e-6)


def test_a_ratio_is_open_where_one_share_has_no_success():
    none_above, none_below = ratio_of_shares(0, 40, 12, 360), ratio_of_shares(12, 40, 0, 360)
    assert none_above.low == none_above.value == 0
    assert 0 < none_above.high < np.inf
    assert none_below.high == np.inf
    assert none_below.low > 1


def test_the_best_tenth_by_hand():
    # 100 rows, 20 successes: 6 of them among the ten best.
    score = np.array([2.0, 1.0])
    found = lift(score, np.array([6.0, 14]), np.array([10.0, 90]))
    assert (found.best, found.all) == (0.6, 0.2)
    assert found.found.value == pytest.approx(3)
    ratio = ratio_of_shares(6, 10, 14, 90)
    assert found.found.low == pytest.approx(ratio.low / (0.1 * ratio.low + 0.9))


def test_rows_of_one_score_are_taken_in_part():
    # Ten best rows: five with the best score (3 won), then 5 of the 20 that follow (8 won).
    found = lift(np.array([3.0, 2, 1]), np.array([3.0, 8, 9]), np.array([5.0, 20, 75]))
    assert found.best == pytest.approx((3 + 5 * 8 / 20) / 10)


def test_the_best_of_all_has_a_lift_that_no_other_passes():
    found = lift(np.array([1.0, 0]), np.array([10.0, 0]), np.array([10.0, 90])).found
    assert found.value == pytest.approx(10)
    assert found.high == 10
    assert found.low > 5


def test_without_a_success_there_is_no_lift():
    assert np.isnan(lift(np.array([1.0, 0]), np.zeros(2), np.array([10.0, 90])).found.value)


ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=10, max_size=60)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_how_they_are_counted_change_nothing(rows, shuffler):
    rows = [*rows, (3, True)]

    def of(listed):
        score = np.array([each for each, _ in listed], float)
        return lift(score, np.array([w for _, w in listed], float), np.ones(len(listed)))

    found = of(rows)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    other = of(shuffled)
    scores = np.arange(7.0)
    counted = lift(
        scores,
        np.array([sum(w for s, w in rows if s == each) for each in scores], float),
        np.array([sum(s == each for s, _ in rows) for each in scores], float),
    )
    for each in (other, counted):
        assert each.best == pytest.approx(found.best)
        assert each.found.low == pytest.approx(found.found.low)
    assert 0 <= found.found.low <= found.found.value + 1e-9
    assert found.found.value <= found.found.high + 1e-9


def test_a_score_that_is_the_same_for_all_has_a_lift_of_one():
    found = lift(np.full(50, 0.3), np.repeat([1.0, 0], 25), np.ones(50)).found
    assert found.value == pytest.approx(1)
    assert found.low < 1 < found.high


@pytest.mark.parametrize(("rows", "base", "slope"), [(400, 0.1, 0.0), (1000, 0.05, 0.8)])
def test_the_interval_holds_the_truth_as_often_as_it_says(rows, base, slope):
    draw = np.random.default_rng(1)
    odds = np.log(base / (1 - base))
    every = draw.normal(0, 1, 400_000)
    chance = 1 / (1 + np.exp(-(odds + slope * every)))
    truth = chance[every >= np.quantile(every, 0.9)].mean() / chance.mean()
    held = 0
    for _ in range(600):
        score = draw.normal(0, 1, rows)
        p = 1 / (1 + np.exp(-(odds + slope * score)))
        found = lift(score, (draw.random(rows) < p).astype(float), np.ones(rows)).found
        held += found.low <= truth <= found.high
    assert 92.5 <= held / 6 <= 98
