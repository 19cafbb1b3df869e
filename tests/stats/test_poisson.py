import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, poisson

from jalon.stats.poisson import garwood, rate_inverse


def test_a_count_of_zero_has_a_finite_upper_bound():
    found = garwood(0)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(-np.log(0.025))


def test_garwood_is_half_the_chi_square_quantiles():
    counts = np.array([1, 2, 5, 10, 50, 400, 10**6])
    found = garwood(counts)
    assert found.low == pytest.approx(chi2.ppf(0.025, 2 * counts) / 2, rel=1e-9)
    assert found.high == pytest.approx(chi2.ppf(0.975, 2 * counts + 2) / 2, rel=1e-9)


def test_garwood_bounds_leave_half_of_the_error_on_each_side():
    found = garwood([3, 17], level=0.9)
    assert poisson.sf([2, 16], found.low) == pytest.approx(0.05)
    assert poisson.cdf([3, 17], found.high) == pytest.approx(0.05)


def test_garwood_never_covers_less_than_its_level():
    mean, k = np.linspace(0.5, 60, 2000)[:, None], np.arange(160)
    found = garwood(k)
    inside = (found.low <= mean) & (mean <= found.high)
    cover = (poisson.pmf(k, mean) * inside).sum(axis=1)
    assert cover.min() >= 0.95 - 1e-9
    assert cover.mean() == pytest.approx(0.967, abs=0.01)


def test_ten_thousand_for_fifty_customers_is_two_hundred_each():
    found = rate_inverse(10_000, 50)
    assert found.value == 200
    assert (found.low, found.high) == pytest.approx((151.70, 269.46), abs=0.005)


def test_cac_bounds_are_the_factors_of_the_methods_page():
    found = rate_inverse(1, [5, 10, 50, 100, 400])
    scaled = np.array([5, 10, 50, 100, 400])
    assert (found.low * scaled).round(2) == pytest.approx([0.43, 0.54, 0.76, 0.82, 0.91])
    assert (found.high * scaled).round(2) == pytest.approx([3.08, 2.09, 1.35, 1.23, 1.11])


def test_zero_customers_cost_at_least_so_much_each():
    found = rate_inverse(10_000, 0)
    assert np.isnan(found.value)
    assert found.low == pytest.approx(10_000 / 3.6889, rel=1e-4)
    assert found.high == np.inf


def test_a_refund_for_no_customer_is_unbounded_below():
    found = rate_inverse(-100, 0)
    assert (found.low, found.high) == (-np.inf, pytest.approx(-100 / 3.6889, rel=1e-4))


def test_unknown_and_negative_counts_have_no_interval():
    found = garwood([np.nan, -1])
    assert np.isnan([found.value, found.low, found.high]).all()


@given(st.integers(0, 10**7), st.floats(0.5, 0.98))
def test_garwood_holds_its_count_and_widens_with_the_level(count, level):
    narrow, wide = garwood(count, level), garwood(count, level + 0.015)
    assert wide.low <= narrow.low <= count <= narrow.high <= wide.high
