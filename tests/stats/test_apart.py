"""Groups told apart from the others: against reference tests, and under no difference."""

from __future__ import annotations

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from jalon.stats.apart import _p_values, apart_from_rest


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
