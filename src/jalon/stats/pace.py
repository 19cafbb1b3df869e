"""Reaching a target from a run rate: the rest of a period, with the rate's uncertainty."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from jalon.stats.interval import Floats


def chance(rates: Floats, days: Floats, ahead: float, needed: float) -> float:
    """The probability that the ``ahead`` working days to come bring at least ``needed``.

    ``rates`` are what former stretches brought a working day, ``days`` their working days (two or
    more, of about one length). Days being alike and independent, the rest has mean ``m·ahead`` and
    variance ``s²·d·ahead + s²·ahead² / k``: what the days draw, then what k stretches of d days
    leave unknown of the rate; Student's law with k - 1 degrees of freedom. Without days ahead it is
    0 or 1. NaN under two stretches.
    """
    if ahead <= 0:
        return float(needed <= 0)
    k = rates.size
    if k < 2:
        return float("nan")
    mean, spread = float(rates.mean()), float(rates.var(ddof=1))
    error = np.sqrt(spread * (float(days.mean()) * ahead + ahead**2 / k))
    if error == 0:
        return float(mean * ahead >= needed)
    return float(stdtr(k - 1, (mean * ahead - needed) / error))
