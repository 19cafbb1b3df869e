import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.stats.compound import signed_total, total
from jalon.stats.poisson import garwood

amounts = st.lists(st.floats(0.01, 1e7), min_size=1, max_size=60).map(np.array)


def sums(values):
    return values.size, values.sum(), (values**2).sum()


def coverage(interval_of, mean_number, replications=3000):
    rng = np.random.default_rng(20)
    sizes = rng.poisson(mean_number, replications)
    values = np.exp(rng.standard_normal(sizes.sum()))
    of = np.repeat(np.arange(replications), sizes)
    found = interval_of(sizes, np.bincount(of, values), np.bincount(of, values**2))
    truth = mean_number * np.exp(0.5)
    return ((found.low <= truth) & (truth <= found.high)).mean()


def test_equal_amounts_have_the_exact_interval_of_their_count():
    found, exact = total(7, 700, 70_000), garwood(7)
    assert found.low == pytest.approx(100 * exact.low)
    assert found.high == pytest.approx(100 * exact.high)


def test_a_large_total_has_the_normal_interval():
    found = total(10**6, 3e6, 1.2e7)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * np.sqrt(1.2e7), rel=1e-3)


def test_no_row_is_zero_with_nothing_to_bound_it_above():
    found = total(0, 0, 0)
    assert (found.value, found.low, found.high) == (0, 0, np.inf)
    signed = signed_total(0, 0, 0)
    assert (signed.low, signed.high) == (-np.inf, np.inf)


def test_rows_that_are_all_zero_add_up_to_zero_surely():
    found = total(5, 0, 0)
    assert (found.low, found.high) == (0, 0)


def test_credit_notes_widen_a_total():
    plain, noted = signed_total(2, 300, 50_000), signed_total(3, 200, 60_000)
    assert noted.high - noted.low > plain.high - plain.low
    assert noted.high - noted.low == pytest.approx(2 * 1.959964 * np.sqrt(60_000))


@pytest.mark.parametrize(("mean_number", "least"), [(10, 0.89), (30, 0.92), (100, 0.935)])
def test_a_total_covers_its_expectation_better_than_the_normal_interval(mean_number, least):
    covered = coverage(total, mean_number)
    assert covered >= least
    assert covered > coverage(signed_total, mean_number)


@given(amounts, st.floats(0.5, 0.98))
def test_a_total_holds_its_sum_and_widens_with_the_level(values, level):
    narrow, wide = total(*sums(values), level), total(*sums(values), level + 0.015)
    assert 0 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high
