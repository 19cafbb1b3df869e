import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_waltons
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from jalon.stats.survival import (
    band,
    horizon,
    kaplan_meier,
    median,
    restricted_mean,
    survival_at,
)

SIX_MP = (
    [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
    [1] * 9 + [0] * 12,
)
CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

rows = st.lists(
    st.tuples(st.integers(0, 12), st.booleans(), st.integers(1, 5)), min_size=1, max_size=25
)


def random_world(seed, n=300):
    rng = np.random.default_rng(seed)
    life, lost = rng.exponential(30, n).round() + 1, rng.integers(5, 60, n)
    entry = np.where(rng.random(n) < 0.5, 0, rng.integers(0, 25, n))
    duration, ended = np.minimum(life, lost), life <= lost
    seen = entry < duration
    return duration[seen], ended[seen], entry[seen]


def assert_same(found, expected):
    for name in ("times", "at_risk", "events", "survival", "greenwood"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-12)


def test_kaplan_meier_reproduces_the_6_mp_patients():
    curve = kaplan_meier(*SIX_MP)
    found = dict(zip(curve.times, curve.survival, strict=True))
    expected = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert {t: found[t] for t in expected} == pytest.approx(expected, abs=5e-5)
    assert median(curve).value == [23]


def test_restricted_means_reproduce_the_6_mp_patients():
    treated, control = kaplan_meier(*SIX_MP), kaplan_meier(CONTROL, np.ones(21))
    for curve, end, mean, error in (
        (treated, 23, 17.909, 1.553),
        (control, 23, 8.667, 1.377),
        (treated, 35, 23.287, 2.828),
    ):
        found = restricted_mean(curve, end)
        assert found.value == pytest.approx(mean, abs=5e-4)
        assert found.error == pytest.approx(error, abs=6e-4)


def test_the_restricted_mean_of_mir_137_equals_survrm2():
    flies = load_waltons().query("group == 'miR-137'")
    found = restricted_mean(kaplan_meier(flies["T"], flies["E"]), 10)
    assert found.value == pytest.approx(9.7941, abs=5e-5)
    assert found.error == pytest.approx(0.1232, abs=5e-5)


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_curve_and_interval_equal_lifelines(seed, truncated):
    duration, ended, entry = random_world(seed)
    entry = entry if truncated else None
    curve = kaplan_meier(duration, ended, entry=entry)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = KaplanMeierFitter().fit(duration, ended, entry=entry)
    expected = peer.survival_function_.loc[curve.times].to_numpy()[:, 0]
    assert curve.survival == pytest.approx(expected, abs=1e-9)
    bounds, inside = band(curve), (curve.survival > 0) & (curve.survival < 1)
    low, high = peer.confidence_interval_.loc[curve.times].to_numpy().T
    assert bounds.low[inside] == pytest.approx(low[inside], abs=1e-9)
    assert bounds.high[inside] == pytest.approx(high[inside], abs=1e-9)


@pytest.mark.parametrize("seed", [4, 5])
def test_medians_and_restricted_means_equal_lifelines(seed):
    duration, ended, _ = random_world(seed)
    curve, peer = kaplan_meier(duration, ended), KaplanMeierFitter().fit(duration, ended)
    found = median(curve)
    low, high = median_survival_times(peer.confidence_interval_).to_numpy()[0]
    assert [found.value[0], found.low[0], found.high[0]] == [peer.median_survival_time_, low, high]
    expected = restricted_mean_survival_time(peer, t=40)
    assert restricted_mean(curve, 40).value == pytest.approx(expected, abs=1e-9)


def test_someone_who_enters_at_a_time_is_not_yet_at_risk_at_it():
    curve = kaplan_meier([3, 5, 8], [True, True, True], entry=[0, 3, 2])
    assert curve.at_risk.tolist() == [2, 2, 1]


def test_someone_gone_before_entering_was_never_seen():
    seen = kaplan_meier([3, 5], [True, False], entry=[0, 1])
    assert_same(kaplan_meier([3, 5, 4], [True, False, True], entry=[0, 1, 4]), seen)


def test_late_entry_ignored_would_lengthen_lives():
    rng = np.random.default_rng(9)
    life, age = rng.exponential(20, 20_000), rng.uniform(0, 60, 20_000)
    seen = life > age
    curve = kaplan_meier(life[seen], np.ones(seen.sum()), entry=age[seen])
    naive = kaplan_meier(life[seen], np.ones(seen.sum()))
    assert survival_at(curve, 20).value == pytest.approx(np.exp(-1), abs=0.03)
    assert survival_at(naive, 20).value > 0.6


@given(rows, st.randoms())
def test_the_order_and_the_merging_of_rows_do_not_matter(histogram, random):
    shuffled = [(t, e, 1) for t, e, c in histogram for _ in range(c)]
    random.shuffle(shuffled)
    one, two = (kaplan_meier(*map(np.array, zip(*h, strict=True))) for h in (histogram, shuffled))
    assert_same(one, two)


@given(st.lists(rows, min_size=1, max_size=4))
def test_many_groups_at_once_equal_each_alone(samples):
    code = np.repeat(np.arange(len(samples)) + 1, [len(s) for s in samples])
    columns = [np.array(c) for c in zip(*(r for s in samples for r in s), strict=True)]
    together = kaplan_meier(*columns, group=code, groups=len(samples) + 2)
    means, middles = restricted_mean(together), median(together)
    for i, sample in enumerate(samples, start=1):
        alone = kaplan_meier(*map(np.array, zip(*sample, strict=True)))
        assert_same(together.only(i), alone)
        for found, expected in ((means, restricted_mean(alone)), (middles, median(alone))):
            for side in ("value", "low", "high"):
                one, other = getattr(found, side)[i], getattr(expected, side)[0]
                assert one == pytest.approx(other, nan_ok=True)
    assert np.isnan(means.value[[0, -1]]).all()
    assert np.isnan(middles.value[[0, -1]]).all()


@given(rows, st.floats(0.5, 0.98))
def test_intervals_hold_their_value_and_widen_with_the_level(histogram, level):
    curve = kaplan_meier(*map(np.array, zip(*histogram, strict=True)))
    for estimate in (band, median, restricted_mean):
        narrow, wide = estimate(curve, level=level), estimate(curve, level=level + 0.015)
        known = ~np.isnan(narrow.low) & ~np.isnan(narrow.high)
        for smaller, larger in (
            (wide.low, narrow.low), (narrow.low, narrow.value),
            (narrow.value, narrow.high), (narrow.high, wide.high),
        ):  # fmt: skip
            assert (smaller[known] <= larger[known] + 1e-9).all()


def test_no_interval_is_given_where_no_event_was_seen():
    curve = kaplan_meier([3, 9], [False, False], [40, 60])
    for found in (band(curve), survival_at(curve, 5), median(curve), restricted_mean(curve)):
        assert np.isnan(found.low).all()
        assert np.isnan(found.high).all()
    assert median(curve).value == [np.inf]
    assert restricted_mean(curve).value == [9]
    assert survival_at(curve, 5).value == [1]


def test_an_event_after_the_horizon_gives_it_no_interval():
    curve = kaplan_meier([3, 9], [False, True], [40, 60])
    assert np.isnan(restricted_mean(curve, 5).low).all()
    assert np.isfinite(kaplan_meier([3, 9], [True, True], [40, 60]).greenwood).all()


def test_a_median_not_reached_lies_beyond_the_last_time():
    found = median(kaplan_meier([3, 24], [True, False], [5, 95]))
    assert (found.value, found.low, found.high) == ([np.inf], [24], [np.inf])


def test_nothing_is_said_after_the_last_time_seen():
    curve = kaplan_meier([3, 9], [True, False], [4, 6])
    assert np.isnan(survival_at(curve, 10).value).all()
    assert np.isnan(restricted_mean(curve, 10).value).all()
    ended = kaplan_meier([3, 9], [True, True], [4, 6])
    assert survival_at(ended, 10).value == [0]
    assert restricted_mean(ended, 10).value == pytest.approx([0.4 * 3 + 0.6 * 9])


def test_a_curve_at_zero_keeps_the_upper_bound_of_the_row_before():
    found = band(kaplan_meier([3, 9], [True, True], [4, 6]))
    assert found.low[1] == 0
    assert found.high[1] == found.high[0] < 1


def test_a_whole_group_that_ends_at_once_has_a_survival_without_interval():
    found = band(kaplan_meier([3], [True], [8]))
    assert found.value == [0]
    assert np.isnan([found.low, found.high]).all()


def test_the_horizon_is_the_last_time_with_ten_at_risk():
    curve = kaplan_meier(
        [1, 2, 3, 1], [True, True, False, True], [5, 6, 9, 3], group=[0, 0, 0, 1], groups=2
    )
    assert horizon(curve).tolist() == pytest.approx([2, np.nan], nan_ok=True)
    assert horizon(curve, least=9).tolist() == pytest.approx([3, np.nan], nan_ok=True)


def test_no_rows_make_an_empty_curve():
    empty = kaplan_meier([], [], [], groups=2)
    assert empty.groups == 2
    assert np.isnan(restricted_mean(empty).value).all()
    assert np.isnan(survival_at(empty, 3).value).all()
    assert np.isnan(median(empty).value).all()


@pytest.mark.parametrize(("n", "worlds"), [(30, 4000), (60, 4000), (500, 2000)])
def test_restricted_mean_and_median_cover(n, worlds):
    rng = np.random.default_rng(10)
    life = rng.exponential(20, (worlds, n)).ravel()
    lost = rng.uniform(5, 60, life.size)
    code = np.repeat(np.arange(worlds), n)
    curves = kaplan_meier(np.minimum(life, lost), life <= lost, group=code, groups=worlds)
    end = horizon(curves)
    truth, found = 20 * (1 - np.exp(-end / 20)), restricted_mean(curves, end)
    cover = ((found.low <= truth) & (truth <= found.high))[~np.isnan(found.low)].mean()
    assert 0.93 <= cover <= 0.975
    middle, half = median(curves), 20 * np.log(2)
    assert 0.935 <= ((middle.low <= half) & (half <= middle.high)).mean() <= 0.975
