import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from scipy.stats import gamma

from jalon.stats.competing import aalen_johansen, band, incidence_at, median_of_incidence
from jalon.stats.median import from_histogram
from jalon.stats.survival import kaplan_meier

BY_HAND = ([1, 2, 2, 3, 4, 5, 6, 7], [1, 2, 0, 1, 2, 0, 1, 0])
rows = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=25
)


def columns(histogram):
    return [np.array(column) for column in zip(*histogram, strict=True)]


def deals(seed, n, worlds, open_until):
    """Wins after a gamma delay (35 %), losses after an exponential one, some still open."""
    rng, size = np.random.default_rng(seed), n * worlds
    won = rng.random(size) < 0.35
    delay = np.where(won, rng.gamma(3, 30, size), rng.exponential(120, size))
    seen = np.minimum(rng.uniform(0, open_until, size), 400)
    cause = np.where(delay <= seen, np.where(won, 1, 2), 0)
    return np.minimum(delay, seen), cause, np.repeat(np.arange(worlds), n)


def test_it_reproduces_the_table_by_hand():
    won, lost = aalen_johansen(*BY_HAND), aalen_johansen(*BY_HAND, interest=2)
    assert incidence_at(won, 1).value == pytest.approx([0.125])
    assert incidence_at(won, 3).value == pytest.approx([0.275])
    assert incidence_at(won, 6).value == pytest.approx([0.5])
    assert incidence_at(lost, 2).value == pytest.approx([0.125])
    assert incidence_at(lost, 4).value == pytest.approx([0.275])


@pytest.mark.parametrize("seed", [1, 2])
def test_incidence_variance_and_interval_equal_lifelines(seed):
    duration, cause, _ = deals(seed, 200, 1, 500)
    found, peer = aalen_johansen(duration, cause), AalenJohansenFitter()
    peer.fit(duration, cause, event_of_interest=1)
    expected = peer.cumulative_density_.loc[found.times].to_numpy()[:, 0]
    assert found.incidence == pytest.approx(expected, abs=1e-9)
    variance = peer.variance_.loc[found.times].to_numpy()
    defined = np.isfinite(variance)
    assert found.variance[defined] == pytest.approx(variance[defined], abs=1e-9)
    bounds, inside = band(found), (found.incidence > 0) & defined
    upper, lower = peer.confidence_interval_.loc[found.times].to_numpy().T
    assert bounds.low[inside] == pytest.approx(np.minimum(lower, upper)[inside], abs=1e-9)
    assert bounds.high[inside] == pytest.approx(np.maximum(lower, upper)[inside], abs=1e-9)


def test_with_nothing_open_the_variance_is_the_binomial_one():
    found = aalen_johansen([1, 2, 3, 4], [1, 2, 1, 2], [30, 20, 15, 35])
    share = found.incidence
    assert found.variance == pytest.approx(share * (1 - share) / 100, rel=1e-12)


@given(rows)
def test_the_incidences_and_the_survival_add_up_to_one(histogram):
    duration, cause, count = columns(histogram)
    one, two = (aalen_johansen(duration, cause, count, interest=i) for i in (1, 2))
    alive = kaplan_meier(duration, cause > 0, count).survival
    assert one.incidence + two.incidence + alive == pytest.approx(1)


@given(rows, st.randoms())
def test_the_order_and_the_merging_of_rows_do_not_matter(histogram, random):
    units = [(t, cause, 1) for t, cause, count in histogram for _ in range(count)]
    random.shuffle(units)
    one, two = aalen_johansen(*columns(histogram)), aalen_johansen(*columns(units))
    assert one.incidence == pytest.approx(two.incidence)
    assert one.variance == pytest.approx(two.variance)


@given(st.lists(rows, min_size=1, max_size=4))
def test_many_groups_at_once_equal_each_alone(samples):
    code = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    together = aalen_johansen(
        *columns([row for sample in samples for row in sample]),
        group=code,
        groups=len(samples) + 1,
    )
    middles, shares = median_of_incidence(together), incidence_at(together, 6)
    for i, sample in enumerate(samples):
        alone = aalen_johansen(*columns(sample))
        for found, expected in (
            (middles, median_of_incidence(alone)), (shares, incidence_at(alone, 6)),
        ):  # fmt: skip
            for side in ("value", "low", "high"):
                one, other = getattr(found, side)[i], getattr(expected, side)[0]
                assert one == pytest.approx(other, nan_ok=True)
    assert np.isnan([middles.value[-1], shares.value[-1]]).all()


@given(rows, st.floats(0.5, 0.98))
def test_intervals_hold_their_value_and_widen_with_the_level(histogram, level):
    curve = aalen_johansen(*columns(histogram))
    for estimate in (band, median_of_incidence):
        narrow, wide = estimate(curve, level), estimate(curve, level + 0.015)
        known = ~np.isnan(narrow.low) & ~np.isnan(wide.low)
        for smaller, larger in (
            (wide.low, narrow.low), (narrow.low, narrow.value),
            (narrow.value, narrow.high), (narrow.high, wide.high),
        ):  # fmt: skip
            assert (smaller[known] <= larger[known] + 1e-9).all()


def test_with_nothing_open_the_median_is_that_of_the_won_deals():
    duration, cause, _ = deals(3, 401, 1, 1e9)
    closed = np.where(cause == 0, 2, cause)
    found = median_of_incidence(aalen_johansen(duration, closed))
    won = np.sort(duration[closed == 1])
    exact = from_histogram(won, np.ones(won.size))
    assert found.value == won[(won.size - 1) // 2]
    ranked = np.searchsorted(won, [found.low[0], found.high[0]])
    assert ranked == pytest.approx(np.searchsorted(won, [exact.low[0], exact.high[0]]), abs=1)


def test_open_deals_lengthen_the_cycle_that_won_ones_alone_shorten():
    duration, cause, _ = deals(4, 20_000, 1, 300)
    found = median_of_incidence(aalen_johansen(duration, cause)).value[0]
    truth = gamma.ppf(0.5 * gamma.cdf(300, 3, scale=30), 3, scale=30)
    assert np.median(duration[cause == 1]) < 0.92 * truth
    assert found == pytest.approx(truth, rel=0.05)


def test_few_wins_have_a_median_without_interval():
    found = median_of_incidence(aalen_johansen(*BY_HAND))
    assert found.value == [3]
    assert np.isnan([found.low, found.high]).all()


def test_no_win_has_no_median():
    found = median_of_incidence(aalen_johansen([3, 4], [2, 0], [5, 5]))
    assert np.isnan([found.value, found.low, found.high]).all()


def test_nothing_is_said_after_the_last_time_unless_none_was_left():
    still_open = aalen_johansen([3, 4], [1, 0], [5, 5])
    assert np.isnan(incidence_at(still_open, 5).value).all()
    closed = aalen_johansen([3, 4], [1, 2], [5, 5])
    assert incidence_at(closed, 5).value == [0.5]
    assert incidence_at(closed, 1).value == [0]


def test_no_rows_make_an_empty_curve():
    empty = aalen_johansen([], [], [], groups=2)
    assert np.isnan(median_of_incidence(empty).value).all()
    assert np.isnan(incidence_at(empty, 3).value).all()


CONDITIONS = [(30, 1e9), (30, 600), (60, 450), (100, 600), (100, 250)]


@pytest.mark.parametrize(("n", "open_until"), CONDITIONS)
def test_the_median_of_the_incidence_covers(n, open_until):
    duration, cause, code = deals(n, n, 2500, open_until)
    curve = aalen_johansen(duration, cause, group=code, groups=2500)
    found = median_of_incidence(curve)
    last = np.minimum(curve.times[curve.starts[1:] - 1], 400)
    truth = gamma.ppf(0.5 * gamma.cdf(last, 3, scale=30), 3, scale=30)
    given_one = ~np.isnan(found.low)
    cover = ((found.low <= truth) & (truth <= found.high))[given_one].mean()
    assert given_one.mean() > 0.85
    assert 0.925 <= cover <= 0.975


@pytest.mark.parametrize("n", [60, 200])
def test_the_interval_of_the_incidence_covers(n):
    duration, cause, code = deals(5, n, 2500, 600)
    found = incidence_at(aalen_johansen(duration, cause, group=code, groups=2500), 90)
    truth = 0.35 * gamma.cdf(90, 3, scale=30)
    cover = ((found.low <= truth) & (truth <= found.high))[~np.isnan(found.low)].mean()
    assert 0.93 <= cover <= 0.975
