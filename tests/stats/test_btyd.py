"""Buy till you die, against published tables, plain sums and numerical slopes."""

import time

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from jalon.stats.btyd import (
    BGNBD,
    SBG,
    FitError,
    _bgnbd_likelihood,
    fit_bgnbd,
    fit_gamma_gamma,
    fit_sbg,
)

#: Survivors of Fader and Hardie (2007), per cent, years 0 to 7.
HIGH = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1]
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
PUBLISHED = BGNBD(0.243, 4.414, 0.793, 2.426, -9582.4)


@pytest.fixture
def cdnow(shared_data):
    return np.genfromtxt(
        shared_data / "cdnow" / "cdnow_customers_summary.csv", delimiter=",", names=True
    )


def simulated(seed, n, model):
    """Customers drawn from a BG/NBD, followed for 30 to 60 units."""
    draw = np.random.default_rng(seed)
    rate, leave = draw.gamma(model.r, 1 / model.alpha, n), draw.beta(model.a, model.b, n)
    age, stays = draw.uniform(30, 60, n), draw.geometric(leave)
    frequency, recency = np.zeros(n), np.zeros(n)
    for i in range(n):
        at = np.cumsum(draw.exponential(1 / rate[i], min(stays[i], 400)))
        at = at[at <= age[i]]
        frequency[i], recency[i] = at.size, at[-1] if at.size else 0
    return frequency, recency, age


def test_the_parameters_published_for_cdnow(cdnow):
    data = cdnow
    found = fit_bgnbd(data["frequency"], data["recency"], data["T"])
    assert found.r == pytest.approx(0.243, abs=5e-4)
    assert found.alpha == pytest.approx(4.414, abs=5e-4)
    assert found.a == pytest.approx(0.793, abs=5e-4)
    assert found.b == pytest.approx(2.426, abs=5e-4)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert found.expected(39) == pytest.approx(1.195, abs=5e-4)
    assert found.to_come(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)
    assert found.alive(2, 30.43, 38.86) == pytest.approx(0.727, abs=5e-4)


def test_cdnow_is_fitted_in_a_fraction_of_a_second(cdnow):
    data = cdnow
    start = time.perf_counter()
    fit_bgnbd(data["frequency"], data["recency"], data["T"])
    assert time.perf_counter() - start < 0.5


def test_the_gradient_is_the_slope_of_the_likelihood():
    frequency, recency, age = simulated(1, 300, PUBLISHED)
    at = _bgnbd_likelihood(frequency, recency, age, np.ones(300))
    for point in ([0.3, 5.0, 0.9, 2.0], [1.2, 2.0, 0.4, 3.0]):
        numeric = approx_fprime(np.array(point), lambda each: at(each)[0], 1e-7)
        np.testing.assert_allclose(at(np.array(point))[1], numeric, rtol=1e-4, atol=1e-3)


def test_the_parameters_of_drawn_customers_are_found_again():
    truth = BGNBD(0.9, 6.0, 1.5, 4.0, 0.0)
    found = fit_bgnbd(*simulated(2, 8000, truth))
    assert found.r == pytest.approx(truth.r, rel=0.1)
    assert found.alpha == pytest.approx(truth.alpha, rel=0.12)
    assert found.a / (found.a + found.b) == pytest.approx(1.5 / 5.5, rel=0.12)


def test_equal_customers_may_be_counted_together_and_their_order_does_not_matter():
    frequency, recency, age = (np.round(each) for each in simulated(3, 2000, PUBLISHED))
    whole = fit_bgnbd(frequency, recency, age)
    rows, count = np.unique(np.stack((frequency, recency, age)), axis=1, return_counts=True)
    merged = fit_bgnbd(*rows[:, ::-1], count[::-1])
    for name in ("r", "alpha", "a", "b", "log_likelihood"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-4)


def test_purchases_to_come_are_those_of_drawn_customers():
    """Of customers drawn and watched twice as long, by number of repeats."""
    draw, n = np.random.default_rng(4), 60_000
    model = BGNBD(0.9, 6.0, 1.5, 4.0, 0.0)
    rate, leave = draw.gamma(model.r, 1 / model.alpha, n), draw.beta(model.a, model.b, n)
    stays = draw.geometric(leave)
    at = np.cumsum(draw.exponential(1 / rate[:, None], (n, 60)), axis=1)
    bought = (at <= 30) & (np.arange(60) < stays[:, None])
    later = ((at > 30) & (at <= 60) & (np.arange(60) < stays[:, None])).sum(axis=1)
    frequency = bought.sum(axis=1)
    recency = np.where(bought, at, 0).max(axis=1)
    wanted = model.to_come(30, frequency, recency, np.full(n, 30.0))
    for x in (0, 1, 2, 4):
        among = frequency == x
        assert later[among].mean() == pytest.approx(wanted[among].mean(), rel=0.06)
    assert (frequency + later).mean() == pytest.approx(float(model.expected(60)), rel=0.03)


def test_nobody_without_repeat_is_said_to_have_left():
    assert PUBLISHED.alive(0, 0, 1000) == 1


def test_amounts_give_back_the_law_that_drew_them():
    draw, n = np.random.default_rng(5), 20_000
    p, q, v = 6.25, 3.74, 15.45
    scale = draw.gamma(q, 1 / v, n)
    frequency = draw.integers(1, 8, n)
    amount = draw.gamma(p * frequency, 1 / (scale * frequency))
    found = fit_gamma_gamma(frequency, amount)
    assert found.p == pytest.approx(p, rel=0.05)
    assert found.q == pytest.approx(q, rel=0.05)
    assert found.v == pytest.approx(v, rel=0.08)
    assert found.mean == pytest.approx(p * v / (q - 1), rel=0.02)
    # A customer's mean is drawn towards that of all, the less the more it has bought.
    near, far = found.expected([1, 20], [100, 100])
    assert found.mean < near < far < 100


def test_the_renewals_of_fader_and_hardie():
    high, regular = fit_sbg(np.array(HIGH) * 10), fit_sbg(np.array(REGULAR) * 10)
    assert (high.alpha, high.beta) == pytest.approx((0.668, 3.806), abs=5e-4)
    assert (regular.alpha, regular.beta) == pytest.approx((0.704, 1.182), abs=5e-4)
    assert high.log_likelihood == pytest.approx(-1611.2, abs=0.05)
    assert regular.log_likelihood == pytest.approx(-1680.3, abs=0.05)
    years = np.arange(1, 13)
    assert np.round(100 * high.survival(years), 1).tolist() == [
        85.1, 74.7, 67.0, 61.0, 56.2, 52.2, 48.9, 46.0, 43.6, 41.4, 39.5, 37.8,
    ]  # fmt: skip
    assert np.round(100 * regular.survival(years), 1).tolist() == [
        62.7, 47.4, 38.8, 33.2, 29.2, 26.2, 23.9, 22.0, 20.4, 19.1, 18.0, 17.0,
    ]  # fmt: skip
    assert np.round(regular.retention(np.arange(1, 5)), 3).tolist() == [0.627, 0.756, 0.819, 0.856]
    four = fit_sbg([1000, 631, 468, 382, 326])
    assert (four.alpha, four.beta) == pytest.approx((0.764, 1.296), abs=5e-4)
    assert np.round(1000 * four.survival(np.arange(5, 9))).tolist() == [284, 254, 230, 210]


def test_discounted_tenures_as_published_and_as_summed():
    high, regular = SBG(0.668, 3.806, 0), SBG(0.704, 1.182, 0)
    assert high.tenure(0.1) == pytest.approx(5.923, abs=5e-4)
    assert regular.tenure(0.1) == pytest.approx(3.695, abs=5e-4)
    assert high.tenure(0.1, 7) == pytest.approx(7.345, abs=5e-4)
    assert high.tenure(0.1, 8) == pytest.approx(7.530, abs=5e-4)
    t = np.arange(3000)
    assert high.tenure(0.1) == pytest.approx((high.survival(t) / 1.1**t).sum(), rel=1e-9)
    after = t[t >= 7]
    summed = (high.survival(after) / high.survival(6) / 1.1 ** (after - 7.0)).sum()
    assert high.tenure(0.1, 7) == pytest.approx(summed, rel=1e-9)


def test_without_customers_there_is_no_fit():
    with pytest.raises(FitError):
        fit_bgnbd([], [], [])
    with pytest.raises(FitError):
        fit_sbg([0, 0])
