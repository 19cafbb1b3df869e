import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from jalon.stats.proportion import difference_of, newcombe_difference, wilson

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_reproduces_newcombe_1998a():
    found = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert found.low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert found.high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_newcombe_reproduces_the_table_of_1998b():
    found = newcombe_difference(
        [56, 9, 6, 5, 0, 0, 10, 10],
        [70, 10, 7, 56, 10, 10, 10, 10],
        [48, 3, 2, 0, 0, 0, 0, 0],
        [80, 10, 7, 29, 20, 10, 20, 10],
    )
    low = [0.0524, 0.1705, 0.0582, -0.0381, -0.1611, -0.2775, 0.6791, 0.6075]
    high = [0.3339, 0.8090, 0.8062, 0.1926, 0.2775, 0.2775, 1, 1]
    assert found.low == pytest.approx(low, abs=5.1e-5)
    assert found.high == pytest.approx(high, abs=5.1e-5)


def test_wilson_equals_statsmodels():
    k, n = np.arange(51), np.full(51, 50)
    found = wilson(k, n, level=0.9)
    low, high = proportion_confint(k, n, alpha=0.1, method="wilson")
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)


def test_wilson_covers_95_3_percent_on_average_at_30():
    k, p = np.arange(31), np.linspace(0.05, 0.95, 2001)[:, None]
    found = wilson(k, 30)
    cover = (binom.pmf(k, 30, p) * ((found.low <= p) & (p <= found.high))).sum(axis=1)
    assert cover.mean() == pytest.approx(0.953, abs=0.001)
    assert cover.min() == pytest.approx(0.924, abs=0.004)
    assert cover.max() == pytest.approx(0.980, abs=0.002)


def test_no_trial_has_no_proportion_and_no_bound():
    found = wilson([0, 1], [0, 2])
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
    assert found.value[1] == 0.5


def test_a_scalar_is_one_group_without_dimension():
    assert wilson(1, 2).low.shape == ()


@given(counts)
def test_wilson_holds_its_value_and_stays_within_0_and_1(pair):
    found = wilson(*pair)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(counts, st.floats(0.5, 0.98))
def test_a_wider_level_gives_a_wider_wilson_interval(pair, level):
    narrow, wide = wilson(*pair, level), wilson(*pair, level + 0.015)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(counts, counts)
def test_swapping_the_groups_mirrors_the_difference(one, two):
    there, back = newcombe_difference(*one, *two), newcombe_difference(*two, *one)
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high, abs=1e-12)
    assert there.low <= there.value <= there.high


def test_a_level_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        wilson(1, 2, level=95)


def test_symmetric_intervals_add_in_squares():
    found = difference_of(10, 7, 13, 4, 0, 8)
    assert (found.value, found.low, found.high) == (6, 1, 11)


def test_an_unbounded_side_stays_unbounded():
    found = difference_of(10, 9, np.inf, 4, 3, 5)
    assert found.high == np.inf
    assert np.isfinite(found.low)


@pytest.mark.parametrize("unknown", [np.nan, np.inf])
def test_a_difference_from_an_unknown_value_is_unknown(unknown):
    found = difference_of(unknown, 1, np.inf, 4, 3, 5)
    assert np.isnan([found.value, found.low, found.high]).all()
