"""Kappa against published figures, another library, and by simulation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.stats.inter_rater import cohens_kappa

from jalon.stats.agreement import cohen_kappa
from jalon.stats.interval import normal_quantile


@pytest.mark.parametrize(
    ("table", "kappa", "error"),
    [
        ([[20, 5], [10, 15]], 0.4000, 0.1270),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.4915, 0.0510),
    ],
)
def test_published_kappas_to_the_printed_digit(table, kappa, error):
    found = cohen_kappa(table)
    assert round(float(found.value), 4) == kappa
    half = (found.high - found.low) / 2 / normal_quantile(0.95)
    assert round(float(half), 4) == error


def test_the_published_interval():
    found = cohen_kappa([[20, 5], [10, 15]])
    assert_allclose([found.low, found.high], [0.151, 0.649], atol=5e-4)


def test_values_and_errors_are_those_of_statsmodels():
    rng = np.random.default_rng(5)
    tables = rng.integers(1, 40, (50, 4, 4))
    found = cohen_kappa(tables)
    other = [cohens_kappa(table) for table in tables]
    assert_allclose(found.value, [each.kappa for each in other], rtol=1e-12)
    assert_allclose(found.low, [each.kappa_low for each in other], rtol=1e-9)
    assert_allclose(found.high, [each.kappa_upp for each in other], rtol=1e-9)


def test_nothing_or_a_single_class_has_no_kappa():
    found = cohen_kappa([[[0, 0], [0, 0]], [[7, 0], [0, 0]], [[3, 0], [0, 4]]])
    assert np.isnan(found.value[:2]).all()
    assert found.value[2] == found.low[2] == found.high[2] == 1
    assert np.isnan(cohen_kappa(np.zeros((1, 0, 0))).value).all()


@pytest.mark.parametrize(("cases", "least"), [(30, 90), (60, 91.5), (100, 92), (300, 93.5)])
def test_the_interval_covers_nearly_as_often_as_it_says(cases, least):
    # Reps right 40 % of the time, the wrong ones leaning on the first reason of five.
    truth = np.array([0.16, 0.3, 0.24, 0.2, 0.1])
    wrong = np.array([0.45, 0.2, 0.15, 0.12, 0.08])
    p = 0.6 * np.outer(wrong, truth) + 0.4 * np.diag(truth)
    expected = float(cohen_kappa(p * 1e9).value)
    rng = np.random.default_rng(11)
    drawn = rng.multinomial(cases, p.ravel(), 4000).reshape(-1, 5, 5)
    found = cohen_kappa(drawn)
    covered = 100 * np.mean((found.low <= expected) & (expected <= found.high))
    assert least <= covered <= 97
