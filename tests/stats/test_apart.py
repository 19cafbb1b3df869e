"""Groups told apart from the others: against reference tests, and under no difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from jalon.stats.apart import _p_values, apart_from_rest, homogeneity, sides


def test_a_large_group_has_the_p_value_of_the_two_sample_score_test() -> None:
    k, n = np.array([60.0, 200.0, 90.0]), np.array([200.0, 900.0, 400.0])
    _, expected = proportions_ztest([60, 290], [200, 1300])
    assert np.isclose(_p_values(k, n)[0], expected)


def test_a_small_group_has_the_p_value_of_fishers_exact_test() -> None:
    k, n = np.array([4.0, 200.0]), np.array([5.0, 900.0])
    expected = stats.fisher_exact([[4, 1], [200, 700]]).pvalue
    assert np.isclose(_p_values(k, n)[0], expected)


def test_equal_groups_are_seldom_told_apart() -> None:
    draws = np.random.default_rng(7)
    n = np.array([188.0, 112, 271, 88, 176, 131, 31, 38])
    named = [apart_from_rest(draws.binomial(n.astype(int), 0.26), n).any() for _ in range(600)]
    assert np.mean(named) < 0.08


def test_a_group_that_differs_is_told_apart_and_the_others_are_not() -> None:
    told = apart_from_rest([90, 52, 50, 49], [200, 200, 200, 200])
    assert told.tolist() == [True, False, False, False]


def test_empty_groups_one_group_and_no_variation_tell_nothing() -> None:
    assert not apart_from_rest([3, 0], [9, 0]).any()
    assert not apart_from_rest([3], [9]).any()
    assert not apart_from_rest([0, 0], [50, 60]).any()


def test_homogeneity_is_pearsons_chi_square_and_fishers_exact_test_of_two() -> None:
    k, n = np.array([30.0, 41, 22]), np.array([100.0, 120, 90])
    expected = stats.chi2_contingency([k, n - k], correction=False).pvalue
    assert np.isclose(homogeneity(k, n), expected)
    assert np.isclose(homogeneity([3, 9], [10, 11]), stats.fisher_exact([[3, 9], [7, 2]]).pvalue)


def test_a_group_stands_on_its_side_of_the_others() -> None:
    assert sides([120, 60, 58, 20], [200, 200, 200, 200]).tolist() == [1, 0, 0, -1]
    assert sides([20, 60], [100, 100]).tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("groups", "least", "most", "rate"),
    [
        (2, 20, 150, 0.25),
        (4, 20, 150, 0.25),
        (4, 3, 9, 0.5),
        (11, 10, 100, 0.25),
        (40, 20, 100, 0.3),
    ],
)
def test_equal_groups_cannot_be_told_apart_in_95_draws_of_100(
    groups: int, least: int, most: int, rate: float
) -> None:
    draw = np.random.default_rng(6)
    silent = []
    for _ in range(1000):
        n = draw.integers(least, most, groups)
        silent.append(not sides(draw.binomial(n, rate), n).any())
    assert np.mean(silent) >= 0.95


def test_nothing_to_tell_says_nothing() -> None:
    for k, n in (([3], [9]), ([3, 0], [9, 0]), ([0, 0, 0], [5, 6, 7]), ([5, 6], [5, 6]), ([], [])):
        assert not sides(k, n).any()
