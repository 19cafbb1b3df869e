"""The difference within strata: by hand, against a plain one, and by simulation."""

import numpy as np
import pytest

from jalon.stats.strata import stratified_difference


def test_by_hand_and_a_stratum_of_one_arm_counts_for_nothing():
    found = stratified_difference([6, 8, 5], [10, 10, 5], [3, 8, 0], [10, 15, 0], [0, 0, 0])
    assert found.value[0] == pytest.approx((5 * 0.3 + 6 * (0.8 - 8 / 15)) / 11)
    spread = (found.value[0] * -1.75 + 2.79) / 121
    assert (found.high - found.low)[0] == pytest.approx(2 * 1.959963984540054 * spread**0.5)


def test_one_stratum_is_the_plain_difference_with_nearly_its_variance():
    found = stratified_difference([60], [100], [45], [100], [0])
    assert found.value[0] == pytest.approx(0.15)
    wald = 1.959963984540054 * (0.6 * 0.4 / 100 + 0.45 * 0.55 / 100) ** 0.5
    assert (found.high - found.low)[0] / 2 == pytest.approx(wald, rel=0.02)


def test_no_stratum_of_two_arms_has_no_difference():
    found = stratified_difference([3], [5], [0], [0], [0], 2)
    assert np.isnan(found.value).all()


@pytest.mark.parametrize("rows", [200, 600])
def test_it_removes_what_strata_confound_and_covers_as_often_as_it_says(rows):
    rng = np.random.default_rng(17)
    draws, size = 3000, 12
    base = np.linspace(0.6, 0.15, size)
    share = np.linspace(0.15, 0.75, size)  # the hard strata get the teams
    n = rng.multinomial(rows, np.full(size, 1 / size), draws)
    n1 = rng.binomial(n, share)
    n0 = n - n1
    k1, k0 = rng.binomial(n1, base + 0.08), rng.binomial(n0, base)
    group = np.repeat(np.arange(draws), size)
    flat = (each.ravel() for each in (k1, n1, k0, n0))
    found = stratified_difference(*flat, group, draws)
    covered = 100 * np.mean((found.low <= 0.08) & (found.high >= 0.08))
    assert 93.5 <= covered <= 96.5
    assert np.nanmean(found.value) == pytest.approx(0.08, abs=0.006)
    raw = k1.sum(1) / n1.sum(1) - k0.sum(1) / n0.sum(1)
    assert raw.mean() < 0
