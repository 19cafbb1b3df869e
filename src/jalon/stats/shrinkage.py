"""Rates of several groups drawn towards what they share, and which may be ranked.

The raw rate of a group of ten rows is mostly luck. Here each group's true rate is drawn from a beta
distribution whose mean and spread are not known: every pair of them is weighed by how well it
explains all groups (a grid over both), and what is said of a group is averaged over the grid. The
interval thus carries what is not known of the spread, which plugging in one estimate of it leaves
out (that covers 70 to 92 % where 95 is announced).

Everything is summed on the grid: nothing is drawn at random, and no order of the groups matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, betaln, expit, logit

from jalon.stats.interval import Floats, Interval, floats, tail

#: The largest spread: that of a beta law with ``a + b = 2``, past which all laws have two horns.
WIDEST = np.sqrt(1 / 3)
#: The prior density of the spread grows as its fourth root: a spread of zero is not favoured. With
#: a flat one, intervals cover 93.6 % of 11 groups of 10 to 100 trials; growing as the square root,
#: 97.2 of 5 to 30 (``docs/methods/groups.md``).
GROWTH = 0.25
#: Ends of the grid of the mean, in its own standard errors on the scale of logits, and its nodes.
REACH, NODES = 4.5, 9
#: Steps of the spread: to find where it lies, then there.
WIDE, FINE = 40, 12
#: A spread whose weight is below this share of the best one's is left out.
NEGLIGIBLE = 1e-3
#: Points at which the distribution of a group is known, and all groups' together.
POINTS, SHARED = 121, 240
#: Posterior mass left outside of these points, on each side.
BEYOND = 1e-7
#: Beyond this number of groups no probability of being the best is worked out.
MOST = 120


@dataclass(frozen=True, slots=True)
class Shrunk:
    """``rate``: each group's mean and interval. ``best``: the probability that its true rate is the
    highest of all. ``above``: at row a and column b, that a's is above b's.

    NaN for a group without trials, everywhere where fewer than two groups have any; ``best`` and
    ``above`` also beyond :data:`MOST` groups.
    """

    rate: Interval
    best: Floats
    above: Floats


@dataclass(frozen=True, slots=True)
class _Grid:
    """Beta distributions (``a``, ``b``) that rates may come from, and the weight of each."""

    a: Floats
    b: Floats
    weight: Floats


def shrunk(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Shrunk:
    """The rates of groups with ``k`` successes in ``n`` trials, drawn towards their common law.

    Beta-binomial; prior uniform on the mean, that of the spread is :data:`GROWTH`'s, up to
    :data:`WIDEST`. The spread is
    ``√ρ`` with ``ρ = 1/(1 + a + b)``: the standard deviation of the true rates over the largest
    that their mean allows.
    Intervals are quantiles of the mixture of the groups' posteriors over the grid. Fractions; one
    dimension, in any order.
    """
    k, n = floats(k), floats(n)
    tried = np.flatnonzero(n > 0)
    nothing = np.full(n.shape, np.nan)
    rate = Interval(nothing, nothing.copy(), nothing.copy())
    best, above = nothing.copy(), np.full((n.size, n.size), np.nan)
    if tried.size < 2:
        return Shrunk(rate, best, above)
    k, n = k[tried], n[tried]
    grid = _grid(k, n)
    found, points = _rates(grid, k, n, level)
    for whole, part in zip((rate.value, rate.low, rate.high), found, strict=True):
        whole[tried] = part
    if tried.size <= MOST:
        best[tried], above[np.ix_(tried, tried)] = _ranks(grid, k, n, _shared(points))
    return Shrunk(rate, best, above)


def _grid(k: Floats, n: Floats) -> _Grid:
    """The laws that may have made these groups: first where the spread lies, then finely there."""
    spreads = np.linspace(np.log(0.1 / np.sqrt(n.max() + 1)), np.log(WIDEST), WIDE)
    _, weight = _weighed(k, n, spreads)
    by_spread = weight.sum(axis=1)
    kept = np.flatnonzero(by_spread > NEGLIGIBLE * by_spread.max())
    ends = spreads[max(kept[0] - 1, 0)], spreads[min(kept[-1] + 1, WIDE - 1)]
    laws, weight = _weighed(k, n, np.linspace(*ends, FINE))
    likely = weight > NEGLIGIBLE * weight.max()
    return _Grid(laws[0][likely], laws[1][likely], weight[likely] / weight[likely].sum())


def _weighed(k: Floats, n: Floats, spreads: Floats) -> tuple[tuple[Floats, Floats], Floats]:
    """Beta laws for each logarithm of a spread (rows) and mean (columns), and their weights.

    The means looked at are those around the best one for each spread, in its standard errors.
    """
    rho = np.exp(2 * spreads)[:, None]
    size = 1 / rho - 1
    told = n / (1 + (n - 1) * rho)
    total = told.sum(axis=1, keepdims=True) + 1
    centre = ((told * k / n).sum(axis=1, keepdims=True) + 0.5) / total
    error = 1 / np.sqrt(total * centre * (1 - centre))
    place = logit(centre) + error * np.linspace(-REACH, REACH, NODES)
    mean = np.clip(expit(place), 1e-12, 1 - 1e-12)
    a, b = mean * size, (1 - mean) * size
    fit = (betaln(a[..., None] + k, b[..., None] + n - k) - betaln(a, b)[..., None]).sum(axis=-1)
    # The steps are in logits and in logarithms, the prior is of means and spreads.
    scale = np.log(mean * (1 - mean)) + np.log(error) + (1 + GROWTH) * spreads[:, None]
    weight = fit + scale
    return (a, b), floats(np.exp(weight - weight.max()))


def _rates(
    grid: _Grid, k: Floats, n: Floats, level: float
) -> tuple[tuple[Floats, Floats, Floats], Floats]:
    """Mean and quantiles of each group, and the points (groups, :data:`POINTS`) that hold it."""
    up, down = grid.a[:, None] + k, grid.b[:, None] + n - k
    means = up / (up + down)
    mean = grid.weight @ means
    spread = grid.weight @ (means * (1 - means) / (up + down + 1) + (means - mean) ** 2)
    alike = mean * (1 - mean) / spread - 1
    first, last = (betaincinv(mean * alike, (1 - mean) * alike, at) for at in (BEYOND, 1 - BEYOND))
    ends = logit(np.clip(first, 1e-12, 1)), logit(np.clip(last, 0, 1 - 1e-12))
    points = np.linspace(*ends, POINTS, axis=1)
    density = np.zeros(points.shape)
    ones, zeros = -np.logaddexp(0, -points), -np.logaddexp(0, points)
    for weight, a, b in zip(grid.weight, up, down, strict=True):
        density += weight * np.exp(a[:, None] * ones + b[:, None] * zeros - betaln(a, b)[:, None])
    mass = np.cumsum((density[:, 1:] + density[:, :-1]) / 2, axis=1)
    share = np.pad(mass / mass[:, -1:], ((0, 0), (1, 0)))
    low, high = (
        expit([np.interp(at, each, where) for each, where in zip(share, points, strict=True)])
        for at in (tail(level), 1 - tail(level))
    )
    return (mean, np.minimum(low, mean), np.maximum(high, mean)), points


def _shared(points: Floats) -> Floats:
    """Points for all groups together, most where most groups are known best."""
    pooled = np.sort(points, axis=None)
    return np.unique(pooled[np.linspace(0, pooled.size - 1, SHARED).round().astype(np.int64)])


def _ranks(grid: _Grid, k: Floats, n: Floats, points: Floats) -> tuple[Floats, Floats]:
    """The probability that each is the best, and that each is above each other."""
    best, above = np.zeros(k.size), np.zeros((k.size, k.size))
    middle, width = (points[1:] + points[:-1]) / 2, np.diff(points)
    ones, zeros = -np.logaddexp(0, -middle), -np.logaddexp(0, middle)
    for weight, a, b in zip(grid.weight, grid.a, grid.b, strict=True):
        up, down = (a + k)[:, None], (b + n - k)[:, None]
        mass = np.exp(up * ones + down * zeros - betaln(up, down)) * width
        mass /= mass.sum(axis=1, keepdims=True)
        under = np.cumsum(mass, axis=1) - mass / 2
        above += weight * (mass @ under.T)
        all_under = np.prod(under, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            others = np.where(under > 0, all_under / under, 0)
        chance = (mass * others).sum(axis=1)
        best += weight * chance / chance.sum()
    np.fill_diagonal(above, np.nan)
    return best, above
