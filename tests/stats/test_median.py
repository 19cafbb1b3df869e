import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from jalon.stats.median import from_histogram, ranks

whole = st.lists(st.integers(0, 40), min_size=1, max_size=80)


def histogram(values):
    return np.unique(values, return_counts=True)


def test_under_six_values_a_median_has_no_interval_at_95_percent():
    low, high = ranks([0, 1, 2, 5, 6])
    assert low.tolist() == [0, 0, 0, 0, 1]
    assert high.tolist() == [0, 0, 0, 0, 6]


def test_ranks_of_the_median_are_those_of_the_sign_test_tables():
    low, high = ranks([10, 20, 30, 100])
    assert low.tolist() == [2, 6, 10, 40]
    assert high.tolist() == [9, 15, 21, 61]


@pytest.mark.parametrize(("q", "level"), [(0.5, 0.95), (0.9, 0.95), (0.1, 0.9), (0.25, 0.99)])
def test_ranks_are_the_tightest_that_leave_half_of_the_error_on_each_side(q, level):
    n = np.append(np.arange(1, 400), [10**4, 10**6])
    low, high = ranks(n, q, level)
    n, low, high = (x[low > 0] for x in (n, low, high))
    side = (1 - level) / 2 + 1e-12
    assert (binom.cdf(low - 1, n, q) <= side).all()
    assert (binom.sf(high - 1, n, q) <= side).all()
    assert (binom.cdf(low, n, q) > side).all()
    assert (binom.sf(high - 2, n, q) > side).all()


@given(whole)
def test_a_median_from_a_histogram_is_the_median_of_the_values(values):
    found = from_histogram(*histogram(values))
    assert found.value[0] == np.median(values)
    low, high = ranks(len(values))
    if low > 0:
        ordered = np.sort(values)
        assert (found.low[0], found.high[0]) == (ordered[low - 1], ordered[high - 1])
    else:
        assert np.isnan([found.low[0], found.high[0]]).all()


@given(whole, st.floats(0.05, 0.95))
def test_a_quantile_from_a_histogram_is_that_of_numpy(values, q):
    found = from_histogram(*histogram(values), q=q)
    assert found.value[0] == pytest.approx(np.quantile(values, q), abs=1e-9)
    assert not found.low[0] > found.value[0]
    assert not found.high[0] < found.value[0]


@given(st.lists(whole, min_size=1, max_size=5))
def test_many_groups_at_once_equal_each_alone(samples):
    pieces = [histogram(sample) for sample in samples]
    code = np.repeat(np.arange(len(pieces)), [values.size for values, _ in pieces])
    found = from_histogram(
        np.concatenate([values for values, _ in pieces]),
        np.concatenate([counts for _, counts in pieces]),
        group=code,
        groups=len(pieces) + 1,
    )
    for i, piece in enumerate(pieces):
        alone = from_histogram(*piece)
        assert found.value[i] == alone.value[0]
        assert found.low[i] == pytest.approx(alone.low[0], nan_ok=True)
    assert np.isnan([found.value[-1], found.low[-1], found.high[-1]]).all()


def test_splitting_a_row_of_a_histogram_changes_nothing():
    whole_row = from_histogram([1, 2, 5], [4, 6, 3])
    split = from_histogram([1, 2, 2, 5], [4, 1, 5, 3])
    assert (whole_row.value, whole_row.low, whole_row.high) == (split.value, split.low, split.high)


def test_the_median_interval_covers_a_skewed_distribution():
    x = np.sort(np.random.default_rng(6).lognormal(0, 1.5, (4000, 30)), axis=1)
    low, high = ranks(30)
    cover = ((x[:, low - 1] <= 1) & (x[:, high - 1] >= 1)).mean()
    assert cover == pytest.approx(1 - 2 * binom.cdf(9, 30, 0.5), abs=0.01)
