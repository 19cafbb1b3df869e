"""How evenly rows divide among classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from jalon.stats.diversity import evenness, simpson

COUNTS = st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=1, max_size=4).map(
    lambda rows: np.array(rows, dtype=float)
)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(COUNTS)
def test_evenness_is_scipys_entropy_over_its_largest_value(counts):
    for row, value in zip(counts, evenness(counts), strict=True):
        if row.sum() == 0:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(entropy(row) / np.log(3), abs=1e-12)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(COUNTS)
def test_simpson_lies_between_one_class_and_an_even_spread(counts):
    values = simpson(counts)
    known = counts.sum(axis=1) > 0
    assert (values[known] >= -1e-12).all()
    assert (values[known] <= 1 - 1 / 3 + 1e-12).all()


def test_one_class_is_no_diversity_and_an_even_spread_is_all():
    counts = np.array([[7.0, 0, 0], [2, 2, 2], [0, 0, 0]])
    np.testing.assert_allclose(evenness(counts), [0, 1, np.nan], atol=1e-12)
    np.testing.assert_allclose(simpson(counts), [0, 2 / 3, np.nan], atol=1e-12)
    assert evenness(np.array([[5.0]]))[0] == 0
