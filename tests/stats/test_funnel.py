"""Control limits: how often groups that are alike lie outside, and their ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jalon.stats.funnel import control_limits


@pytest.mark.parametrize("level", [0.95, 0.998])
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.8])
def test_a_count_lies_beyond_where_its_mid_p_is_under_the_tail(rate: float, level: float) -> None:
    for n in (1, 5, 20, 75, 400):
        low, high = (float(each[0]) for each in control_limits(rate, [n], level))
        counts = np.arange(n + 1)
        chance = stats.binom.pmf(counts, n, rate)
        below = np.cumsum(chance) - chance / 2
        above = 1 - below
        under = np.minimum(below, above) < (1 - level) / 2 - 1e-12
        outside = (counts / n < low - 1e-12) | (counts / n > high + 1e-12)
        assert (under == outside).all()


def test_failures_have_the_mirror_of_the_limits_of_successes() -> None:
    n = np.arange(1, 120)
    low, high = control_limits(0.2, n, 0.95)
    other_low, other_high = control_limits(0.8, n, 0.95)
    assert np.allclose(low, 1 - other_high) and np.allclose(high, 1 - other_low)


def test_large_groups_have_the_normal_limits() -> None:
    low, high = control_limits(0.3, [40_000], 0.95)
    error = 1.96 * np.sqrt(0.3 * 0.7 / 40_000)
    assert low[0] == pytest.approx(0.3 - error, abs=3e-5)
    assert high[0] == pytest.approx(0.3 + error, abs=3e-5)


def test_limits_close_in_hold_the_rate_and_stay_fractions() -> None:
    n = np.arange(1, 400)
    low, high = control_limits(0.25, n, 0.95)
    wide_low, wide_high = control_limits(0.25, n, 0.998)
    assert (wide_low <= low).all() and (high <= wide_high).all()
    assert (low[5:] <= 0.25).all() and (high[5:] >= 0.25).all()
    assert (wide_low >= 0).all() and (wide_high <= 1).all()
    assert high[300] - low[300] < high[30] - low[30]


def test_no_trial_has_no_limit_and_sure_rates_none_apart() -> None:
    low, _ = control_limits(0.4, [0], 0.95)
    assert np.isnan(low).all()
    for rate in (0.0, 1.0):
        low, high = control_limits(rate, [10], 0.95)
        assert (low <= rate).all() and (high >= rate).all()
