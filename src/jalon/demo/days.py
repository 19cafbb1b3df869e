"""The demo's calendar: days counted from the first one, months, season and growth."""

from __future__ import annotations

import numpy as np

from jalon.demo.draws import Draws, Flags, Floats, Ints, Moments

START = np.datetime64("2023-10-01", "D")
END = np.datetime64("2026-09-30", "D")
LAST = int((END - START).astype(np.int64))
"""The last day of the observation; day 0 is `START`."""
MONTHS = 36
MONTH_DAYS = 30.4375
SEASON = (0.95, 1.00, 1.10, 1.05, 1.08, 1.20, 0.90, 0.45, 1.15, 1.15, 1.07, 0.80)
"""The weight of each month of the year, January first: August is low, June high."""


def month_starts() -> Ints:
    """The first day of each month, and of the one after the last."""
    first = START.astype("datetime64[M]")
    months = first + np.arange(MONTHS + 1)
    return np.asarray((months.astype("datetime64[D]") - START).astype(np.int64))


def season(days: Ints) -> Floats:
    """The weight of the season on these days."""
    months = (START + days).astype("datetime64[M]").astype(np.int64) % 12
    return np.array(SEASON)[months]


def profile(growth: float, *, seasonal: bool) -> Floats:
    """The share of each month in three years of activity that grows."""
    weights = (1 + growth) ** np.arange(MONTHS)
    if seasonal:
        weights = weights * season(month_starts()[:-1])
    return np.asarray(weights / weights.sum())


def day_in(draws: Draws, months: Ints) -> Ints:
    """A day in each of these months."""
    starts = month_starts()
    return draws.whole(starts[months], starts[months + 1] - 1, len(months))


def stamp(days: Ints, minutes: int | Ints = 0, where: Flags | None = None) -> Moments:
    """The moments of these days, minutes after midnight, and none where not ``where``."""
    total = np.asarray(days).astype(np.int64) * 1440 + minutes
    moments = START.astype("datetime64[s]") + total.astype("timedelta64[m]")
    return moments if where is None else np.where(where, moments, np.datetime64("NaT", "s"))
