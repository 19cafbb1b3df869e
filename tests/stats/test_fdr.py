import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from jalon.stats.fdr import benjamini_hochberg

PUBLISHED = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262,
    0.5719, 0.6528, 0.759, 1,
]  # fmt: skip
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


def test_it_reproduces_benjamini_and_hochberg_1995():
    found = benjamini_hochberg(PUBLISHED)
    assert (found <= 0.05).sum() == 4
    assert found[:5] == pytest.approx([0.0015, 0.0030, 0.0095, 0.0356, 0.0603], abs=5.1e-5)


@given(p_values)
def test_it_equals_statsmodels(p):
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


@given(p_values, st.randoms())
def test_order_does_not_matter(p, random):
    order = list(range(p.size))
    random.shuffle(order)
    assert benjamini_hochberg(p[order]) == pytest.approx(benjamini_hochberg(p)[order])


def test_what_was_not_tested_counts_for_nothing():
    found = benjamini_hochberg([0.01, np.nan, 0.04])
    assert np.isnan(found[1])
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])


def test_nothing_tested_gives_nothing():
    assert benjamini_hochberg([]).size == 0
