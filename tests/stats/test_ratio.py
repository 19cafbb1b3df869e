import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from jalon.stats.ratio import fieller, ratio_of_sums


def sums(x, y):
    return x.size, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()


def test_fieller_reproduces_ten_thousand_for_fifty():
    found = fieller(10_000, 500**2, 50, 50)
    assert found.value == 200
    assert (found.low, found.high) == pytest.approx((153.22, 280.06), abs=0.005)
    assert found.g == pytest.approx(0.0768, abs=5e-5)


def test_a_denominator_not_told_from_zero_leaves_the_ratio_unbounded():
    found = fieller(2, 0.04, 0.3, 0.04)
    assert found.g == pytest.approx(1.71, abs=0.005)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert found.value == pytest.approx(20 / 3)


def test_a_zero_denominator_has_no_value():
    found = fieller(1, 1, 0, 0)
    assert np.isnan(found.value)
    assert (found.low, found.high, found.g) == (-np.inf, np.inf, np.inf)


def test_a_known_denominator_only_rescales_the_numerator():
    found = fieller(10, 4, 5, 0)
    assert (found.low, found.high) == pytest.approx((2 - 0.783986, 2 + 0.783986), abs=1e-6)


def test_bounds_are_where_the_test_of_the_ratio_reaches_its_level():
    rng = np.random.default_rng(7)
    y = rng.gamma(4, 1, 25)
    x = 3 * y + rng.normal(0, 2, 25)
    found = ratio_of_sums(*sums(x, y))
    for bound in (found.low, found.high):
        assert stats.ttest_1samp(x - bound * y, 0).pvalue == pytest.approx(0.05, abs=1e-9)


def test_the_ratio_of_sums_covers_at_thirty():
    rng = np.random.default_rng(8)
    y = rng.gamma(3, 1, (4000, 30))
    x = 2 * y * rng.gamma(4, 0.25, y.shape)
    parts = (x, y, x * x, y * y, x * y)
    found = ratio_of_sums(30, *(part.sum(axis=1) for part in parts))
    assert 0.93 <= ((found.low <= 2) & (found.high >= 2)).mean() <= 0.965


@pytest.mark.parametrize("n", [0, 1])
def test_under_two_rows_a_ratio_has_no_bounds(n):
    found = ratio_of_sums(n, 4.0 * n, 2.0 * n, 16.0 * n, 4.0 * n, 8.0 * n)
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(found.value) == (n == 0)


estimates = st.tuples(st.floats(-100, 100), st.floats(0.01, 50))
divisors = st.tuples(st.floats(0.1, 100), st.floats(0.01, 50))


@given(estimates, divisors, st.floats(-0.99, 0.99), st.floats(0.5, 0.98))
def test_fieller_holds_its_value_and_widens_with_the_level(above, below, r, level):
    (a, var_a), (b, var_b) = above, below
    covariance = r * np.sqrt(var_a * var_b)
    narrow = fieller(a, var_a, b, var_b, covariance, level)
    wide = fieller(a, var_a, b, var_b, covariance, level + 0.015)
    assume(abs(narrow.g - 1) > 1e-6 and abs(wide.g - 1) > 1e-6)
    slack = 1e-9 * (1 + abs(narrow.value) + abs(narrow.high - narrow.low if narrow.g < 1 else 0))
    assert narrow.low <= narrow.value <= narrow.high
    assert wide.low <= narrow.low + slack
    assert wide.high >= narrow.high - slack
