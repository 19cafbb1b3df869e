import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from jalon.stats.mean import lognormal, student

positive = st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50).map(np.array)


def log_sums(x):
    return x.size, x.sum(), np.log(x).sum(), (np.log(x) ** 2).sum()


def test_student_equals_scipy():
    x = np.random.default_rng(3).normal(5, 2, 40)
    found = student(x.size, x.sum(), (x**2).sum(), level=0.9)
    low, high = stats.t.interval(0.9, 39, x.mean(), stats.sem(x))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-10)


def test_the_lognormal_interval_is_cox_with_t():
    x = np.random.default_rng(4).lognormal(8, 1, 50)
    y = np.log(x)
    centre, s2 = y.mean() + y.var(ddof=1) / 2, y.var(ddof=1)
    half = stats.t.ppf(0.975, 49) * np.sqrt(s2 / 50 + s2**2 / 98)
    found = lognormal(*log_sums(x))
    assert found.value == pytest.approx(x.mean())
    assert (found.low, found.high) == pytest.approx(
        (np.exp(centre - half), np.exp(centre + half)), rel=1e-9
    )


def test_the_bound_moves_to_a_mean_that_falls_outside():
    x = np.array([1.0] * 40 + [1e6])
    found = lognormal(*log_sums(x))
    assert found.high == found.value == x.mean()


@pytest.mark.parametrize("n", [20, 30, 60])
def test_the_lognormal_interval_covers_at_small_n(n):
    y = np.random.default_rng(5).standard_normal((4000, n))
    x = np.exp(y)
    found = lognormal(n, x.sum(axis=1), y.sum(axis=1), (y**2).sum(axis=1))
    truth = np.exp(0.5)
    assert 0.935 <= ((found.low <= truth) & (truth <= found.high)).mean() <= 0.975


@pytest.mark.parametrize("n", [0, 1])
def test_under_two_rows_a_mean_has_no_bounds(n):
    for found in (student(n, 3.0 * n, 9.0 * n), lognormal(n, 3.0 * n, n, n)):
        assert np.isnan([found.low, found.high]).all()
        assert np.isnan(found.value) == (n == 0)


def test_an_amount_of_zero_leaves_the_mean_without_lognormal_bounds():
    found = lognormal(3, 10.0, -np.inf, np.inf)
    assert found.value == pytest.approx(10 / 3)
    assert np.isnan([found.low, found.high]).all()


@given(positive, st.floats(0.5, 0.98))
def test_mean_intervals_hold_their_value_and_widen_with_the_level(x, level):
    narrow, wide = lognormal(*log_sums(x), level), lognormal(*log_sums(x), level + 0.015)
    assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high
    plain = student(x.size, x.sum(), (x**2).sum(), level)
    assert plain.low <= plain.value <= plain.high
