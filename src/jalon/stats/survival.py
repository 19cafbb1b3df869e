"""How long things last: Kaplan-Meier, its median and its restricted mean, for many groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from jalon.stats.interval import (
    Floats,
    Interval,
    Ints,
    floats,
    normal_quantile,
    ratio,
)
from jalon.stats.lifetable import greenwood_steps, life_table
from jalon.stats.segments import first_where, last_where, running, sums, take


@dataclass(frozen=True, slots=True)
class Curves:
    """Kaplan-Meier curves, one a group, laid end to end: one row for each distinct time.

    Group g owns rows ``starts[g]`` to ``starts[g + 1]`` (none: no rows were given for it);
    ``group`` is each row's code. ``at_risk`` just before the time, ``events`` and ``survival`` at
    it (1 before the first row), ``greenwood`` = running ``Σ d / (n (n - d))``, where a time at
    which all ended adds nothing. Times where units were only lost from sight have a row.
    """

    starts: Ints
    group: Ints
    times: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    greenwood: Floats

    @property
    def groups(self) -> int:
        """The number of groups, empty ones too."""
        return self.starts.size - 1

    def only(self, code: int) -> Curves:
        """The curve of one group, as group 0."""
        rows = slice(int(self.starts[code]), int(self.starts[code + 1]))
        columns = (self.times, self.at_risk, self.events, self.survival, self.greenwood)
        times, *rest = (column[rows] for column in columns)
        zeros = np.zeros(times.size, np.int64)
        return Curves(np.array([0, times.size]), zeros, times, *rest)


@dataclass(frozen=True, slots=True)
class RestrictedMean(Interval):
    """A restricted mean with its interval, its standard error and its horizon (time unit)."""

    error: Floats
    horizon: Floats


def kaplan_meier(
    duration: ArrayLike,
    ended: ArrayLike,
    count: ArrayLike = 1.0,
    *,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    groups: int = 1,
) -> Curves:
    """Kaplan-Meier curves from histograms: ``S(t) = Π over t_i <= t of (1 - d_i / n_i)``.

    One row of the arguments is ``count`` units (whole numbers) of a group that lasted ``duration``,
    ``ended`` or still alive then, seen from the age ``entry`` on (left truncation; at risk at t
    where ``entry < t``). ``group`` holds codes 0 to ``groups`` - 1. Rows in any order, fastest
    sorted by group and duration; equal rows may be merged or not.

    With late entries, a time where all of a small risk set end brings the curve to 0 for good: look
    at ``at_risk``. E. L. Kaplan and P. Meier, JASA 53 (1958), 457-481.
    """
    ended = np.asarray(ended, dtype=np.bool_)
    table = life_table(duration, ended, count, entry=entry, group=group, groups=groups)
    events = table.ends[0]
    survival = running(1 - events / table.at_risk, table.starts, np.multiply.accumulate)
    spread = running(greenwood_steps(table.at_risk, events), table.starts)
    return Curves(table.starts, table.group, table.times, table.at_risk, events, survival, spread)


def band(curves: Curves, level: float = 0.95) -> Interval:
    """The survival of each row with its point-wise log-log interval (exponential Greenwood).

    ``S^exp(± z √greenwood / log S)``: the complementary log-log scale, as R's ``log-log`` and
    lifelines. Fractions, one entry a row of the curves.

    Bounds are NaN before a group's first event. Where the survival is 0, Greenwood says nothing:
    ``low`` is 0 and ``high`` stays at the row before (NaN if there is none).

    J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data (1980).
    """
    living = (curves.survival > 0) & (curves.survival < 1)
    log = np.log(curves.survival, out=np.full(living.shape, np.nan), where=living)
    reach = normal_quantile(level) * np.sqrt(curves.greenwood) / -log
    low, high = np.exp(log * np.exp(reach)), np.exp(log * np.exp(-reach))
    dead = curves.survival == 0
    before = last_where(living, curves.starts)[curves.group]
    high = np.where(dead, take(high, before), high)
    return Interval(curves.survival, np.where(dead & (before >= 0), 0.0, low), high)


def survival_at(curves: Curves, time: ArrayLike, level: float = 0.95) -> Interval:
    """The survival of each group at one time (or one a group), with its :func:`band`.

    1 before the first row, without bounds. All three are NaN without rows, and after the last time
    seen unless the survival had reached 0 by then.
    """
    time = np.broadcast_to(floats(time), (curves.groups,))
    last = _last_row(curves)
    row = last_where(curves.times <= time[curves.group], curves.starts)
    seen = (last >= 0) & ((time <= take(curves.times, last)) | (take(curves.survival, last) == 0))
    found, row = band(curves, level), np.where(seen, row, -1)
    value = take(found.value, row, np.where(seen, 1.0, np.nan))
    return Interval(value, take(found.low, row), take(found.high, row))


def median(curves: Curves, level: float = 0.95) -> Interval:
    """The median of each group: the first time with ``S(t) <= 0.5``, in the unit of the times.

    Brookmeyer and Crowley's interval: the times whose log-log :func:`band` holds 0.5. The value and
    ``high`` are inf where not reached; a ``low`` not reached is the last time seen, since the
    median lies beyond it. Without rows all is NaN, without events the bounds.

    R. Brookmeyer and J. Crowley, Biometrics 38 (1982), 29-41.
    """
    found, last = band(curves, level), _last_row(curves)
    exists = np.where(last >= 0, np.inf, np.nan)
    bounded = np.where(_eventful(curves, np.inf), np.inf, np.nan)
    end = np.where(np.isinf(bounded), take(curves.times, last), np.nan)
    value, low, high = (
        first_where(side <= 0.5, curves.starts) for side in (found.value, found.low, found.high)
    )
    times = curves.times
    return Interval(take(times, value, exists), take(times, low, end), take(times, high, bounded))


def restricted_mean(
    curves: Curves, horizon: ArrayLike | None = None, level: float = 0.95
) -> RestrictedMean:
    """The mean time lived up to the horizon τ: ``∫ S(t) dt`` from 0 to τ, in the times' unit.

    Greenwood's variance: ``Σ over t_i <= τ of (∫ from t_i to τ of S)² d_i / (n_i (n_i - d_i))``.
    The interval is symmetric for ``logit(mean / τ)``, so that it stays within 0 and τ.

    ``horizon`` is one time or one a group; by default each group's last time. The value is NaN
    without rows, and where the curve ends before the horizon above 0. Bounds are NaN where no event
    was seen up to the horizon (the value is then τ itself).

    P. Meier (1975); P. Royston and M. K. B. Parmar, Statistics in Medicine 30 (2011), 2409-2421.
    """
    last = _last_row(curves)
    end = take(curves.times, last) if horizon is None else floats(horizon)
    end = np.broadcast_to(end, (curves.groups,))
    covered = (end <= take(curves.times, last)) | (take(curves.survival, last) == 0)
    mean, variance = _area(curves, end)
    mean = np.where(covered, mean, np.nan)
    error = np.sqrt(np.where(covered, variance, np.nan))
    low, high = _logit_bounds(mean, error, end, level)
    known = _eventful(curves, end)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    return RestrictedMean(mean, low, high, error, np.where(last >= 0, end, np.nan))


def horizon(curves: Curves, least: float = 10) -> Floats:
    """The longest time of each group with at least ``least`` units at risk; NaN where none.

    At risk at all times up to it: late entries may fill a risk set again after a gap about which
    nothing is known.
    """
    short = first_where(curves.at_risk < least, curves.starts)
    last = np.where(short < 0, _last_row(curves), short - 1)
    return take(curves.times, np.where(last >= curves.starts[:-1], last, -1))


def _last_row(curves: Curves) -> Ints:
    return np.where(np.diff(curves.starts) > 0, curves.starts[1:] - 1, -1)


def _eventful(curves: Curves, end: Floats | float) -> Floats:
    """Whether a group saw an event by the end given (1.0 or 0.0)."""
    end = np.broadcast_to(end, (curves.groups,))[curves.group]
    seen = (curves.events > 0) & (curves.times <= end)
    return (sums(seen.astype(np.float64), curves.group, curves.groups) > 0).astype(np.float64)


def _area(curves: Curves, end: Floats) -> tuple[Floats, Floats]:
    """The area under each curve up to its end, and its Greenwood variance."""
    until = end[curves.group]
    start = np.minimum(curves.times, until)
    after = np.append(start[1:], np.nan)
    rows = _last_row(curves)
    after[rows[rows >= 0]] = end[rows >= 0]
    piece = curves.survival * (after - start)
    first = np.minimum(take(curves.times, np.where(rows >= 0, curves.starts[:-1], -1)), end)
    area = sums(piece, curves.group, curves.groups)
    ahead = area[curves.group] - running(piece, curves.starts) + piece
    steps = greenwood_steps(curves.at_risk, curves.events)
    return first + area, sums(ahead**2 * steps, curves.group, curves.groups)


def _logit_bounds(mean: Floats, error: Floats, end: Floats, level: float) -> tuple[Floats, Floats]:
    share = ratio(mean, end)
    inside = np.where((share > 0) & (share < 1), share, np.nan)
    reach = normal_quantile(level) * error / (end * inside * (1 - inside))
    return floats(end * expit(logit(inside) - reach)), floats(end * expit(logit(inside) + reach))
