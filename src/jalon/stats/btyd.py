"""Buy till you die: repeat purchases, their amounts and renewals, projected from simple laws.

Models fitted by maximum likelihood with exact gradients, on histograms: a row stands for ``count``
customers alike. Times are in the unit that the caller chose, and parameters follow it; in days
rather than whole weeks, which bias alpha by 7 to 10 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1, psi

from jalon.stats.interval import Floats, floats

#: The log-likelihood and its gradient, at parameters above 0.
Likelihood = Callable[[Floats], tuple[float, Floats]]
#: Precision asked of the maximum: the gradient, a customer, in log parameters.
CLOSE = 1e-6


class FitError(ValueError):
    """No maximum was found: too few customers, or all alike."""


@dataclass(frozen=True, slots=True)
class BGNBD:
    """Beta-geometric/NBD: purchases at a gamma(``r``, ``alpha``) rate until a customer drops out,
    after any purchase, with a beta(``a``, ``b``) probability. ``log_likelihood`` of the sample.

    P. S. Fader, B. G. S. Hardie and K. L. Lee, Marketing Science 24 (2005), 275-284.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def expected(self, time: ArrayLike) -> Floats:
        """E[X(t)]: the repeat purchases of a customer chosen at random, ``time`` after its first.

        For ``a`` other than 1, as below.
        """
        t = floats(time)
        series = hyp2f1(self.r, self.b, self.a + self.b - 1, t / (self.alpha + t))
        kept = (self.alpha / (self.alpha + t)) ** self.r * series
        return floats((self.a + self.b - 1) / (self.a - 1) * (1 - kept))

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """The probability that a customer is still active at its ``age``.

        1 for one without repeat: the model lets nobody leave before a first repeat purchase, so it
        says nothing of them.
        """
        return floats(1 / (1 + self._gone(floats(frequency), floats(recency), floats(age))))

    def to_come(
        self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """The purchases expected of a customer in the next ``time``, given its past."""
        t, x, last, total = (floats(each) for each in (time, frequency, recency, age))
        since = self.alpha + total
        series = hyp2f1(self.r + x, self.b + x, self.a + self.b + x - 1, t / (since + t))
        kept = (since / (since + t)) ** (self.r + x) * series
        wanted = (self.a + self.b + x - 1) / (self.a - 1) * (1 - kept)
        return floats(wanted / (1 + self._gone(x, last, total)))

    def _gone(self, x: Floats, last: Floats, total: Floats) -> Floats:
        """The odds that a customer has dropped out; 0 without a repeat."""
        longer = ((self.alpha + total) / (self.alpha + last)) ** (self.r + x)
        return np.where(x > 0, self.a / (self.b + np.maximum(x, 1) - 1) * longer, 0.0)


def fit_bgnbd(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, count: ArrayLike = 1.0
) -> BGNBD:
    """The BG/NBD of customers: ``frequency`` repeat purchases (whole), the last ``recency`` after
    the first (0 without repeat), observed for ``age``.

    Raises FitError where no maximum is found.
    """
    x, last, total = (floats(each).ravel() for each in (frequency, recency, age))
    weight = np.broadcast_to(floats(count), x.shape)
    kept = weight > 0
    likelihood = _bgnbd_likelihood(x[kept], last[kept], total[kept], weight[kept])
    longest = float(total.max(initial=1e-6))
    start = np.array([0.5, longest / 4, 1.0, 2.0])
    found, value = _maximum(likelihood, start, float(weight.sum()))
    r, alpha, a, b = found.tolist()
    return BGNBD(r, alpha, a, b, value)


def _bgnbd_likelihood(x: Floats, last: Floats, total: Floats, weight: Floats) -> Likelihood:
    """What depends on the frequency alone is worked out once for each frequency: they are few."""
    times, place = np.unique(x, return_inverse=True)
    of_times = np.bincount(place, weights=weight)
    customers = float(weight.sum())
    repeat = np.flatnonzero(x > 0)
    nth, w_repeat = place[repeat], weight[repeat]
    x_repeat, last_repeat = x[repeat], last[repeat]

    def at(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        by_times = gammaln(r + times) + betaln(a, b + times)
        fixed = r * np.log(alpha) - gammaln(r) - betaln(a, b)
        longest = np.log(alpha + total)
        until = np.log(alpha + last_repeat)
        # The log odds that a repeat buyer has dropped out after the last purchase.
        leave = np.log(a / (b + np.maximum(times, 1) - 1))[nth]
        odds = leave + (r + x_repeat) * (longest[repeat] - until)
        gone = 1 / (1 + np.exp(-odds))
        value = of_times @ by_times + customers * fixed - weight @ ((r + x) * longest)
        value += w_repeat @ np.logaddexp(0, odds)
        w_gone = w_repeat * gone
        ages = 1 / (alpha + total)
        both = psi(a + b) - psi(a + b + times)
        slope_r = of_times @ psi(r + times) + customers * (np.log(alpha) - psi(r))
        slope_r += w_gone @ (longest[repeat] - until) - weight @ longest
        slope_alpha = customers * r / alpha - weight @ ((r + x) * ages)
        slope_alpha += w_gone @ ((r + x_repeat) * (ages[repeat] - 1 / (alpha + last_repeat)))
        slope_a = of_times @ both + w_gone.sum() / a
        slope_b = of_times @ (both + psi(b + times)) - customers * psi(b)
        slope_b -= np.bincount(nth, weights=w_gone, minlength=times.size) @ (
            1 / (b + np.maximum(times, 1) - 1)
        )
        return float(value), np.array([slope_r, slope_alpha, slope_a, slope_b])

    return at


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Amounts that vary around each customer's own mean, itself from one customer to the next:
    gamma(``p``, ν) with ν gamma(``q``, ``v``).

    Independent of how often a customer buys: look at their correlation first (under 0.2).
    P. S. Fader and B. G. S. Hardie, note "The gamma-gamma model of monetary value" (2013).
    """

    p: float
    q: float
    v: float
    log_likelihood: float

    @property
    def mean(self) -> float:
        """The mean amount over customers; for ``q`` above 1."""
        return self.p * self.v / (self.q - 1)

    def expected(self, frequency: ArrayLike, amount: ArrayLike) -> Floats:
        """The mean amount to come of a customer, given its number of purchases and their mean."""
        x, mean = floats(frequency), floats(amount)
        return floats(self.p * (self.v + x * mean) / (self.p * x + self.q - 1))


def fit_gamma_gamma(frequency: ArrayLike, amount: ArrayLike, count: ArrayLike = 1.0) -> GammaGamma:
    """The law of the amounts of customers with ``frequency`` purchases of mean ``amount``.

    Only rows with both above 0 enter. Raises FitError where no maximum is found.
    """
    x, mean = floats(frequency).ravel(), floats(amount).ravel()
    weight = np.broadcast_to(floats(count), x.shape)
    kept = (x > 0) & (mean > 0) & (weight > 0)
    x, mean, weight = x[kept], mean[kept], weight[kept]

    def at(parameters: Floats) -> tuple[float, Floats]:
        p, q, v = parameters
        px, whole = p * x, np.log(x * mean + v)
        each = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)
        each += (px - 1) * np.log(mean) + px * np.log(x) - (px + q) * whole
        more = psi(px + q)
        slopes = (
            x * (more - psi(px) + np.log(x * mean) - whole),
            more - psi(q) + np.log(v) - whole,
            q / v - (px + q) / (x * mean + v),
        )
        return float(weight @ each), np.array([weight @ slope for slope in slopes])

    start = np.array([2.0, 3.0, float(np.median(mean)) if mean.size else 1.0])
    found, value = _maximum(at, start, float(weight.sum()))
    p, q, v = found.tolist()
    return GammaGamma(p, q, v, value)


@dataclass(frozen=True, slots=True)
class SBG:
    """Shifted beta-geometric: at each renewal a customer leaves with a probability of its own,
    beta(``alpha``, ``beta``).

    P. S. Fader and B. G. S. Hardie, Journal of Interactive Marketing 21 (2007), 76-90.
    """

    alpha: float
    beta: float
    log_likelihood: float

    def survival(self, renewals: ArrayLike) -> Floats:
        """The share still there after so many renewals."""
        t = floats(renewals)
        return floats(np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta)))

    def retention(self, renewal: ArrayLike) -> Floats:
        """The share of those there before a renewal (1 is the first) who renew then."""
        t = floats(renewal)
        return floats((self.beta + t - 1) / (self.alpha + self.beta + t - 1))

    def tenure(self, discount: float, periods: int = 0) -> float:
        """The discounted periods to come of a customer who has been there for ``periods``.

        0: from the start, ``Σ S(t) / (1 + d)^t`` over t from 0, the first period being 1. After n
        periods (the first contract and n - 1 renewals), those that hang on the n-th renewal, which
        is due now: ``Σ S(t) / S(n - 1) / (1 + d)^(t - n)`` over t from n. Public code that counts
        the renewals without the first contract prints the next one.
        """
        n, kept = periods, 1 / (1 + discount)
        series = float(hyp2f1(1, self.beta + n, self.alpha + self.beta + n, kept))
        return series * float(self.retention(n)) if n else series


def fit_sbg(alive: ArrayLike) -> SBG:
    """The law of renewals of a cohort: how many were ``alive`` at the start and after each renewal.

    Raises FitError where no maximum is found.
    """
    still = floats(alive).ravel()
    lost, renewals = -np.diff(still), np.arange(1, still.size, dtype=np.float64)

    def at(parameters: Floats) -> tuple[float, Floats]:
        alpha, beta = parameters
        end = renewals[-1]
        left = betaln(alpha + 1, beta + renewals - 1)
        value = lost @ left + still[-1] * betaln(alpha, beta + end)
        value -= still[0] * betaln(alpha, beta)
        whole = psi(alpha + beta)
        each = psi(alpha + beta + renewals)
        slope_alpha = lost @ (psi(alpha + 1) - each) + still[-1] * (psi(alpha) - each[-1])
        slope_beta = lost @ (psi(beta + renewals - 1) - each)
        slope_beta += still[-1] * (psi(beta + end) - each[-1])
        slope_alpha -= still[0] * (psi(alpha) - whole)
        slope_beta -= still[0] * (psi(beta) - whole)
        return float(value), np.array([slope_alpha, slope_beta])

    found, value = _maximum(at, np.ones(2), float(still[0]))
    alpha, beta = found.tolist()
    return SBG(alpha, beta, value)


def _maximum(likelihood: Likelihood, start: Floats, customers: float) -> tuple[Floats, float]:
    """The parameters of the highest likelihood, searched on the scale of logarithms."""
    if not customers > 0:
        raise FitError("no customer")

    def cost(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, slope = likelihood(parameters)
        return -value / customers, -slope * parameters / customers

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = minimize(cost, np.log(start), jac=True, method="BFGS", options={"gtol": CLOSE})
    # BFGS also stops where rounding keeps it from a better point: that is a maximum too.
    steep = float(np.abs(found.jac).max())
    if not np.isfinite(found.fun) or not steep < 1e-4 or np.abs(found.x).max() > 25:
        raise FitError(f"no maximum: {found.message}")
    return np.exp(found.x), -float(found.fun) * customers
