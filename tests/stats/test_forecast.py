"""Bias and mean error of forecasts: by hand, against scipy, and how often the intervals hold."""

import numpy as np
import pytest
from scipy import stats

from jalon.stats.forecast import bias, mean_absolute_error


def test_the_bias_is_that_of_the_sums_and_the_error_that_of_each_period():
    forecast, actual = np.array([[600.0, 500, 200]]), np.array([[1200.0, 400, 0]])
    assert bias(forecast, actual).value[0] == pytest.approx(-300 / 1600)
    error = mean_absolute_error(forecast, actual)
    assert error.value[0] == pytest.approx((0.5 + 0.25) / 2)


def test_without_actuals_nothing_is_defined():
    forecast, actual = np.array([[5.0, 3]]), np.zeros((1, 2))
    assert np.isnan(bias(forecast, actual).value).all()
    assert np.isnan(mean_absolute_error(forecast, actual).value).all()


def test_the_error_has_students_interval_where_one_is_exact():
    forecast, actual = np.array([[100.0, 150, 80, 120]]), np.full((1, 4), 100.0)
    found = mean_absolute_error(forecast, actual)
    errors = np.array([0, 0.5, 0.2, 0.2])
    low, high = stats.t.interval(0.95, 3, errors.mean(), stats.sem(errors))
    assert found.high[0] == pytest.approx(high)
    assert found.low[0] == pytest.approx(max(low, 0))


def test_the_bias_never_passes_under_all_lost():
    draw = np.random.default_rng(2)
    actual = draw.lognormal(0, 1, (200, 6))
    forecast = actual * draw.uniform(0, 0.1, (200, 6))
    found = bias(forecast, actual)
    bounded = np.isfinite(found.low)
    assert (found.low[bounded] >= -1).all()


@pytest.mark.parametrize(("n", "deviation"), [(6, 0.3), (12, 0.6), (24, 1.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(n, deviation):
    draw = np.random.default_rng(1)

    def periods(*shape):
        actual = draw.lognormal(0, deviation, shape)
        return 1.2 * actual**0.7 * draw.lognormal(0, 0.4, shape), actual

    forecast, actual = periods(500_000)
    truths = (forecast - actual).mean() / actual.mean(), np.abs(forecast / actual - 1).mean()
    many = periods(4000, n)
    for truth, found, most in (
        (truths[0], bias(*many), 97.5),
        (truths[1], mean_absolute_error(*many), 99.2),
    ):
        held = 100 * np.mean((found.low <= truth) & (truth <= found.high))
        assert 92 <= held <= most
