"""Figures that add, subtract, multiply and divide, and keep right intervals.

Two independent estimates combine by MOVER, the method of variance estimates recovery (G. Y. Zou and
A. Donner, Statistics in Medicine 27 (2008), 1693-1702; for ratios A. Donner and G. Y. Zou, 2012):
each bound is recovered from the bounds of both. An estimate without interval is taken as known
exactly, so that a spend over a count of customers keeps the count's exact interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.estimates.estimator import Floats


@dataclass(frozen=True)
class Estimate:
    """Values with bounds; NaN bounds mean exactly known."""

    value: Floats
    low: Floats
    high: Floats

    @classmethod
    def exact(cls, value: Floats) -> Estimate:
        """Known without error."""
        nothing = np.full(np.shape(value), np.nan)
        return cls(np.asarray(value, dtype=np.float64), nothing, nothing)

    def _bounds(self) -> tuple[Floats, Floats]:
        known = np.isnan(self.low) & np.isnan(self.high)
        return np.where(known, self.value, self.low), np.where(known, self.value, self.high)

    def _same(self, other: Estimate, value: Floats, low: Floats, high: Floats) -> Estimate:
        """No bounds where both were known exactly."""
        exact = (
            np.isnan(self.low) & np.isnan(self.high) & np.isnan(other.low) & np.isnan(other.high)
        )
        return Estimate(value, np.where(exact, np.nan, low), np.where(exact, np.nan, high))

    def __neg__(self) -> Estimate:
        return Estimate(-self.value, -self.high, -self.low)

    def __add__(self, other: Estimate) -> Estimate:
        (l1, h1), (l2, h2) = self._bounds(), other._bounds()
        value = self.value + other.value
        low = value - np.hypot(self.value - l1, other.value - l2)
        high = value + np.hypot(h1 - self.value, h2 - other.value)
        return self._same(other, value, low, high)

    def __sub__(self, other: Estimate) -> Estimate:
        return self + (-other)

    def __truediv__(self, other: Estimate) -> Estimate:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(other.value != 0, self.value / other.value, np.nan)
            low, high = _ratio_bounds(self, other)
        return self._same(other, value, low, high)

    def __mul__(self, other: Estimate) -> Estimate:
        """On the scale of logarithms, where a product is a sum; for values above zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = self._log() + other._log()
        value = self.value * other.value
        return self._same(other, value, np.exp(logs.low), np.exp(logs.high))

    def _log(self) -> Estimate:
        return Estimate(np.log(self.value), np.log(self.low), np.log(self.high))


def _ratio_bounds(above: Estimate, below: Estimate) -> tuple[Floats, Floats]:
    """Donner and Zou's limits; unbounded where the denominator may be zero."""
    (l1, h1), (l2, h2) = above._bounds(), below._bounds()
    v1, v2 = above.value, below.value
    product = v1 * v2
    low_root = product**2 - l1 * (2 * v1 - l1) * h2 * (2 * v2 - h2)
    high_root = product**2 - h1 * (2 * v1 - h1) * l2 * (2 * v2 - l2)
    constant_above = (l1 == v1) & (h1 == v1)
    low = (product - np.sqrt(np.maximum(low_root, 0))) / (h2 * (2 * v2 - h2))
    high = (product + np.sqrt(np.maximum(high_root, 0))) / (l2 * (2 * v2 - l2))
    low = np.where(constant_above, np.minimum(v1 / h2, v1 / l2), low)
    high = np.where(constant_above, np.maximum(v1 / h2, v1 / l2), high)
    constant_below = (l2 == v2) & (h2 == v2)
    low = np.where(constant_below, np.minimum(l1 / v2, h1 / v2), low)
    high = np.where(constant_below, np.maximum(l1 / v2, h1 / v2), high)
    free = (l2 <= 0) & (h2 >= 0) & ~constant_below
    safe = h2 * (2 * v2 - h2) > 0
    low = np.where(safe | constant_above | constant_below, low, np.nan)
    low = np.where(np.isnan(low) & ~np.isnan(v1 / v2), -np.inf, low)
    high = np.where(free, np.inf, high)
    return np.where(free & ~constant_above, -np.inf, low), high
