"""Ridge logistic regression against scipy's minimiser and statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from jalon.stats.logistic import ridge_logistic


def drawn(seed, rows=300, columns=5):
    draw = np.random.default_rng(seed)
    x = draw.normal(0, 1, (rows, columns))
    n = draw.integers(1, 6, rows).astype(float)
    p = 1 / (1 + np.exp(-(-1 + x @ draw.normal(0, 1, columns))))
    return x, draw.binomial(n.astype(int), p).astype(float), n


@pytest.mark.parametrize("penalty", [0.1, 1.0, 30.0])
def test_it_is_the_minimum_that_a_general_minimiser_finds(penalty):
    x, k, n = drawn(1)

    def loss(beta):
        odds = beta[0] + x @ beta[1:]
        return (n * np.logaddexp(0, odds) - k * odds).sum() + penalty / 2 * (beta[1:] ** 2).sum()

    wanted = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
    found = ridge_logistic(x, k, n, penalty)
    assert [found.intercept, *found.slopes] == pytest.approx(wanted, abs=1e-5)


def test_almost_without_penalty_it_is_the_maximum_of_likelihood():
    x, k, n = drawn(2)
    family = sm.families.Binomial()
    wanted = sm.GLM(np.column_stack([k, n - k]), sm.add_constant(x), family=family).fit().params
    found = ridge_logistic(x, k, n, 1e-9)
    assert [found.intercept, *found.slopes] == pytest.approx(wanted, abs=1e-6)


def test_rows_counted_together_are_the_same_rows_apart():
    x, k, n = drawn(3)
    each = np.repeat(np.arange(len(n)), n.astype(int))
    place = np.concatenate([np.arange(int(size)) for size in n])
    won = (place < k[each]).astype(float)
    apart = ridge_logistic(x[each], won, np.ones(len(each)))
    found = ridge_logistic(x, k, n)
    assert found.slopes == pytest.approx(apart.slopes, abs=1e-8)


def test_successes_that_a_feature_tells_apart_have_finite_slopes():
    x = np.repeat([[0.0], [1.0]], 50, axis=0)
    found = ridge_logistic(x, x[:, 0].copy(), np.ones(100))
    assert 0 < found.slopes[0] < 20
    fitted = 1 / (1 + np.exp(-found.log_odds(x)))
    assert fitted.sum() == pytest.approx(50)
