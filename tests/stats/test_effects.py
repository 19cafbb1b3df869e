"""Adjusted effects against another library, and on worlds of known truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from jalon.stats.effects import _basis, adjusted_effects
from jalon.stats.fdr import benjamini_hochberg


def world(rng, deals, effect):
    """Big deals are won less, bent by sector, and get the first factor more often."""
    size = np.exp(rng.normal(9, 1, deals))
    z = (np.log(size) - 9) / 1
    sector, rep = rng.integers(0, 4, deals), rng.integers(0, 6, deals)
    team = rng.random(deals) < 0.15 + 0.55 / (1 + np.exp(-1.5 * z))
    other = rng.random((deals, 2)) < 0.35
    slope = np.array([-0.12, -0.05, 0.04, -0.09])[sector]
    chance = np.clip(0.42 + slope * z + 0.02 * (rep - 2.5) + effect * team, 0.02, 0.98)
    won = (rng.random(deals) < chance).astype(float)
    factors = np.column_stack([team, other]).astype(float)
    return won, factors, size, [sector, rep]


def test_values_and_errors_are_those_of_statsmodels_hc3():
    won, factors, size, categories = world(np.random.default_rng(2), 400, 0.1)
    found = adjusted_effects(won, factors, size, categories)
    fitted = sm.OLS(won, np.hstack([factors, _basis(size, categories)])).fit(
        cov_type="HC3", use_t=True
    )
    assert_allclose(found.found.value, fitted.params[:3], rtol=1e-8)
    assert_allclose(found.found.low, fitted.conf_int()[:3, 0], rtol=1e-7)
    assert_allclose(found.p, fitted.pvalues[:3], rtol=1e-6)


def test_a_factor_that_the_rest_determines_has_no_effect():
    won, factors, size, categories = world(np.random.default_rng(3), 300, 0.1)
    same = np.column_stack([factors, categories[1] == 2]).astype(float)
    found = adjusted_effects(won, same, size, categories)
    assert np.isnan(found.found.value).tolist() == [False, False, False, True]


def test_what_size_confounds_is_removed_and_the_interval_covers():
    rng = np.random.default_rng(7)
    worlds = [world(rng, 400, 0.1) for _ in range(700)]
    raw = [w[f[:, 0] == 1].mean() - w[f[:, 0] == 0].mean() for w, f, *_ in worlds]
    found = [adjusted_effects(*each) for each in worlds]
    values = np.array([each.found.value for each in found])
    truth = np.array([0.1, 0, 0])
    low = np.array([each.found.low for each in found])
    high = np.array([each.found.high for each in found])
    # 2,100 estimates: three factors in 700 worlds.
    assert 93.5 <= 100 * np.mean((low <= truth) & (truth <= high)) <= 98
    assert np.mean(raw) < 0.07
    assert values[:, 0].mean() == pytest.approx(0.1, abs=0.01)


def test_a_study_without_a_cause_seldom_declares_one():
    rng = np.random.default_rng(9)
    studies = [adjusted_effects(*world(rng, 300, 0.0)).p for _ in range(1000)]
    declared = np.mean([(benjamini_hochberg(p) <= 0.05).any() for p in studies])
    assert declared <= 0.07
