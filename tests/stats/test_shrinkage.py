"""Rates drawn towards what groups share: laws, a second way of working them out, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from jalon.stats.shrinkage import GROWTH, MOST, WIDEST, shrunk

GROUPS = st.lists(
    st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=8,
)


def _by_importance(k: np.ndarray, n: np.ndarray, draws: int = 150_000) -> tuple[np.ndarray, ...]:
    """Mean and P(best) by weighing draws of the prior: no grid, no quadrature."""
    random = np.random.default_rng(8)
    mean = random.uniform(size=draws)
    spread = WIDEST * random.uniform(size=draws) ** (1 / (1 + GROWTH))
    size = 1 / spread**2 - 1
    a, b = (mean * size)[:, None], ((1 - mean) * size)[:, None]
    fit = stats.betabinom.logpmf(k, n, a, b).sum(axis=1)
    weight = np.exp(fit - fit.max())
    rates = random.beta(a + k, b + n - k)
    best = np.bincount(rates.argmax(axis=1), weights=weight, minlength=k.size) / weight.sum()
    return weight @ rates / weight.sum(), best


@pytest.mark.parametrize(
    ("k", "n"), [([3, 2, 1, 9], [10, 20, 9, 19]), ([30, 12], [90, 60]), ([5, 0, 2], [40, 6, 11])]
)
def test_means_and_chances_equal_those_of_weighted_draws(k: list[int], n: list[int]) -> None:
    mean, best = _by_importance(np.array(k), np.array(n))
    found = shrunk(k, n)
    assert np.allclose(found.rate.value, mean, atol=0.012)
    assert np.allclose(found.best, best, atol=0.025)


@settings(deadline=None, max_examples=40)
@given(GROUPS, st.randoms(use_true_random=False))
def test_no_order_of_the_groups_matters(groups: list[tuple[int, int]], draw: object) -> None:
    order = list(range(len(groups)))
    draw.shuffle(order)  # type: ignore[attr-defined]
    k, n = np.array(groups).T
    one, other = shrunk(k, n), shrunk(k[order], n[order])
    for name in ("value", "low", "high"):
        first, second = getattr(one.rate, name)[order], getattr(other.rate, name)
        assert np.allclose(first, second, atol=1e-9, equal_nan=True)
    assert np.allclose(one.best[order], other.best, atol=1e-9, equal_nan=True)
    assert np.allclose(one.above[np.ix_(order, order)], other.above, atol=1e-9, equal_nan=True)


@settings(deadline=None, max_examples=60)
@given(GROUPS)
def test_what_is_said_is_coherent(groups: list[tuple[int, int]]) -> None:
    k, n = np.array(groups).T
    tried = n > 0
    found = shrunk(k, n)
    if tried.sum() < 2:
        assert np.isnan(found.best).all() and np.isnan(found.rate.value).all()
        return
    rate = found.rate
    assert np.isnan(rate.value[~tried]).all()
    assert (rate.low[tried] <= rate.value[tried]).all()
    assert (rate.value[tried] <= rate.high[tried]).all()
    assert (rate.low[tried] >= 0).all() and (rate.high[tried] <= 1).all()
    assert np.isclose(found.best[tried].sum(), 1)
    pairs = found.above[np.ix_(tried, tried)]
    other = ~np.eye(int(tried.sum()), dtype=bool)
    assert np.allclose((pairs + pairs.T)[other], 1)


@settings(deadline=None, max_examples=40)
@given(GROUPS)
def test_failures_are_the_mirror_of_successes(groups: list[tuple[int, int]]) -> None:
    k, n = np.array(groups).T
    one, other = shrunk(k, n).rate, shrunk(n - k, n).rate
    assert np.allclose(one.value, 1 - other.value, atol=1e-6, equal_nan=True)
    assert np.allclose(one.low, 1 - other.high, atol=1e-4, equal_nan=True)


def test_equal_groups_have_equal_chances() -> None:
    found = shrunk([3, 3, 3, 3], [10, 10, 10, 10])
    assert np.allclose(found.best, 0.25)
    assert np.allclose(found.above[~np.eye(4, dtype=bool)], 0.5)


def test_small_groups_are_drawn_further_than_large_ones() -> None:
    raw = np.array([0.5, 0.5, 0.3, 0.25, 0.35])
    n = np.array([10, 400, 200, 200, 200])
    found = shrunk(raw * n, n).rate.value
    assert raw[0] - found[0] > 3 * (raw[1] - found[1]) > 0


def test_all_successes_and_none_keep_open_intervals() -> None:
    everything = shrunk([9, 4, 6], [9, 4, 6]).rate
    nothing = shrunk([0, 0, 0], [9, 4, 6]).rate
    assert (everything.low < 0.95).all() and (everything.high > 0.99).all()
    assert (nothing.high > 0.05).all() and (nothing.low < 0.01).all()


def test_a_million_trials_beside_five_are_known_as_well_as_alone() -> None:
    found = shrunk([300_000, 2], [1_000_000, 5]).rate
    assert np.isclose(found.value[0], 0.3, atol=1e-4)
    assert np.isclose(found.high[0] - found.low[0], 2 * 1.96 * np.sqrt(0.21 / 1e6), rtol=0.02)


def test_beyond_many_groups_rates_are_shrunk_and_nobody_is_ranked() -> None:
    n = np.full(MOST + 1, 20)
    found = shrunk(np.arange(MOST + 1) % 15, n)
    assert np.isfinite(found.rate.low).all() and np.isnan(found.best).all()


@pytest.mark.parametrize(("groups", "size", "worlds"), [(11, 40, 200), (40, 100, 55)])
def test_intervals_cover_as_announced(groups: int, size: float, worlds: int) -> None:
    draw = np.random.default_rng(4)
    held = []
    for _ in range(worlds):
        n = draw.integers(10, 120, groups)
        true = draw.beta(0.25 * size, 0.75 * size, groups)
        rate = shrunk(draw.binomial(n, true), n).rate
        held.append(((rate.low <= true) & (true <= rate.high)).mean())
    assert len(held) * groups >= 2000
    assert 0.93 <= np.mean(held) <= 0.97
