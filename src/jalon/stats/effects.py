"""Effects held apart: least squares on a bent size and on categories, errors that need no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from jalon.stats.interval import Floats, Interval, Ints

#: Where the spline of size bends: quantiles of F. Harrell for four knots.
KNOTS = (0.05, 0.35, 0.65, 0.95)


@dataclass(frozen=True)
class Effects:
    """One element a factor: the change in the outcome, its interval and the p-value of none."""

    found: Interval
    p: Floats


def adjusted_effects(
    outcome: Floats, factors: Floats, size: Floats, categories: list[Ints], level: float = 0.95
) -> Effects:
    """The change in ``outcome`` (0 or 1) with each column of ``factors`` (0 or 1), in fractions.

    All factors at once, by least squares on a natural cubic spline of log ``size`` (above zero)
    times the first of ``categories``, and on the others; the errors are HC3 (J. G. MacKinnon and
    H. White, Journal of Econometrics 29 (1985), 305-325), the interval Student's at the degrees of
    freedom left. A factor that the rest determines has no effect to show: NaN.
    """
    basis = _basis(size, categories)
    design = np.hstack([factors, basis])
    u, s, vt = np.linalg.svd(design, full_matrices=False)
    kept = s > s[0] * max(design.shape) * np.finfo(float).eps * 8
    u, s, vt = u[:, kept], s[kept], vt[kept]
    inverse = (vt.T[: factors.shape[1]] / s) @ u.T
    residual = outcome - u @ (u.T @ outcome)
    leverage = np.minimum((u**2).sum(axis=1), 1 - 1e-6)
    value = inverse @ outcome
    error = np.sqrt((inverse**2) @ (residual / (1 - leverage)) ** 2)
    # What the kept directions do not give back whole was determined by the other columns.
    told = np.abs(np.diagonal(inverse @ factors) - 1) < 1e-6
    free = max(len(outcome) - int(kept.sum()), 1)
    reach = float(stats.t.ppf((1 + level) / 2, free)) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(value / error), free)
    value, reach, p = (np.where(told, each, np.nan) for each in (value, reach, p))
    return Effects(Interval(value, value - reach, value + reach), p)


def _basis(size: Floats, categories: list[Ints]) -> Floats:
    """The spline within each class of the first category, and a column for each other class."""
    curve = np.column_stack([np.ones(len(size)), _spline(np.log(size))])
    blocks = [curve]
    for place, codes in enumerate(categories):
        for each in np.unique(codes)[1:]:
            inside = (codes == each).astype(np.float64)[:, None]
            blocks.append(curve * inside if place == 0 else inside)
    return np.hstack(blocks)


def _spline(x: Floats) -> Floats:
    """A natural cubic spline: straight beyond the outer knots; straight alone where all is equal.

    The restricted cubic basis of C. J. Stone and C. Y. Koo (1985).
    """
    spread = x.std()
    x = (x - x.mean()) / spread if spread > 0 else x * 0
    knots = np.unique(np.quantile(x, KNOTS))
    columns = [x]
    if knots.size == len(KNOTS):
        last, former = knots[-1], knots[-2]
        cube = [np.maximum(x - knot, 0) ** 3 for knot in knots]
        for place, knot in enumerate(knots[:-2]):
            columns.append(
                cube[place]
                - cube[-2] * (last - knot) / (last - former)
                + cube[-1] * (former - knot) / (last - former)
            )
    return np.column_stack(columns)
