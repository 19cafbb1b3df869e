"""Ridge logistic regression, by Newton's method on counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.stats.interval import Floats

#: Newton's steps at most, and the gradient that is small enough for a row.
STEPS, SMALL = 60, 1e-10


@dataclass(frozen=True)
class Logistic:
    """``P(success) = 1 / (1 + exp(-(intercept + x · slopes)))``."""

    intercept: float
    slopes: Floats

    def log_odds(self, x: Floats) -> Floats:
        """The log odds of each row of ``x``."""
        odds: Floats = self.intercept + x @ self.slopes
        return odds


def ridge_logistic(x: Floats, k: Floats, n: Floats, penalty: float = 1.0) -> Logistic:
    """The slopes that minimise ``-log likelihood + penalty / 2 · Σ slopes²``.

    ``x``: a row for each profile and a column for each feature; of ``n`` rows of that profile ``k``
    are successes (some, not all, over all profiles). The intercept is not penalised, so that
    fitted and observed successes add up alike. S. le Cessie and J. C. van Houwelingen, Applied
    Statistics 41 (1992), 191-201.
    """
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0
    share = k.sum() / n.sum()
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(share / (1 - share))
    loss = _loss(design, k, n, ridge, beta)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (n * p - k) + ridge * beta
        if np.abs(gradient).max() < SMALL * n.sum():
            break
        curvature = (design.T * (n * p * (1 - p))) @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        tried = _loss(design, k, n, ridge, beta - step)
        while tried > loss and np.abs(step).max() > SMALL:
            step = step / 2
            tried = _loss(design, k, n, ridge, beta - step)
        beta, loss = beta - step, tried
    return Logistic(float(beta[0]), beta[1:])


def _loss(design: Floats, k: Floats, n: Floats, ridge: Floats, beta: Floats) -> float:
    odds = design @ beta
    return float((n * np.logaddexp(0, odds) - k * odds).sum() + (ridge * beta**2).sum() / 2)
