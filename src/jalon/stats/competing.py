"""Several ways to end: Aalen-Johansen cumulative incidence and the median time of one cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from jalon.stats.interval import Floats, Interval, Ints, floats, normal_quantile
from jalon.stats.lifetable import LifeTable, greenwood_steps, life_table
from jalon.stats.median import ranks
from jalon.stats.segments import first_where, last_where, running, sums, take


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of one cause, one curve a group, laid end to end.

    Group g owns rows ``starts[g]`` to ``starts[g + 1]``, one for each distinct time. ``events``
    are the ends of the cause of interest at that time, ``others`` those of any other cause;
    ``alive`` is the all-cause survival just before; ``incidence`` the probability of having ended
    of the cause of interest by that time, ``variance`` its variance.
    """

    starts: Ints
    group: Ints
    times: Floats
    at_risk: Floats
    events: Floats
    others: Floats
    alive: Floats
    incidence: Floats
    variance: Floats

    @property
    def groups(self) -> int:
        """The number of groups, empty ones too."""
        return self.starts.size - 1


def aalen_johansen(
    duration: ArrayLike,
    cause: ArrayLike,
    count: ArrayLike = 1.0,
    *,
    interest: int = 1,
    entry: ArrayLike | None = None,
    group: ArrayLike | None = None,
    groups: int = 1,
) -> Incidence:
    """Cumulative incidence ``F(t) = Σ over t_i <= t of S(t_i-) d1_i / n_i`` from histograms.

    One row of the arguments is ``count`` units (whole numbers) of a group that lasted ``duration``
    and then ended of ``cause`` (1, 2, …; 0: still open); ``interest`` is the cause followed, all
    others compete. ``entry`` and ``group`` as in :func:`jalon.stats.survival.kaplan_meier`. Causes
    tied at one time are taken together, with no jitter (lifelines draws one).

    The variance is the delta-method one that lifelines prints (Marubini and Valsecchi 1995; D.
    Collett, Modelling Survival Data in Medical Research, 3rd ed., p. 411):
    ``Σ (F(t) - F_i)² d_i / (n_i (n_i - d_i)) + Σ S(t_i-)² d1_i (n_i - d1_i) / n_i³
    - 2 Σ (F(t) - F_i) S(t_i-) d1_i / n_i²``.

    O. O. Aalen and S. Johansen, Scandinavian Journal of Statistics 5 (1978), 141-150.
    """
    kind = np.asarray(cause)
    two = np.where(kind == interest, 1, np.where(kind == 0, 0, 2))
    table = life_table(duration, two, count, causes=2, entry=entry, group=group, groups=groups)
    events, others, n = table.ends[0], table.ends[1], table.at_risk
    alive = _alive_before(1 - (events + others) / n, table.starts)
    curve = running(alive * events / n, table.starts)
    variance = _variance(table, alive, curve)
    return Incidence(
        table.starts, table.group, table.times, n, events, others, alive, curve, variance
    )


def band(curve: Incidence, level: float = 0.95) -> Interval:
    """The incidence of each row with its point-wise log-log interval, ``F^exp(± z se / F log F)``.

    Fractions, one entry a row; bounds are NaN where the incidence is 0 or 1. J. Choudhury,
    Statistics in Medicine 21 (2002), 1129-1144; equal to lifelines where nothing is tied.
    """
    inside = (curve.incidence > 0) & (curve.incidence < 1)
    share = np.where(inside, curve.incidence, np.nan)
    log = np.log(share)
    reach = normal_quantile(level) * np.sqrt(np.maximum(curve.variance, 0)) / (share * -log)
    low, high = np.exp(log * np.exp(reach)), np.exp(log * np.exp(-reach))
    return Interval(curve.incidence, low, high)


def incidence_at(curve: Incidence, time: ArrayLike, level: float = 0.95) -> Interval:
    """The incidence of each group at one time (or one a group), with its :func:`band`.

    0 before the first row, without bounds. All three are NaN without rows and after the last time
    seen, where the curve is not known unless none was left.
    """
    time = np.broadcast_to(floats(time), (curve.groups,))
    last = np.where(np.diff(curve.starts) > 0, curve.starts[1:] - 1, -1)
    gone = take(curve.at_risk - curve.events - curve.others, last) == 0
    seen = (last >= 0) & ((time <= take(curve.times, last)) | gone)
    row = np.where(seen, last_where(curve.times <= time[curve.group], curve.starts), -1)
    found = band(curve, level)
    value = take(found.value, row, np.where(seen, 0.0, np.nan))
    return Interval(value, take(found.low, row), take(found.high, row))


def median_of_incidence(curve: Incidence, level: float = 0.95) -> Interval:
    """The median time to the cause of interest among those who end in it by the last time.

    The first t with ``F(t) >= F(τ) / 2``, F(τ) being each group's last observed incidence; in the
    unit of the times. The interval inverts the test of ``D(t) = F(t) - F(τ) / 2 = 0``: it runs over
    the times with ``|D(t)| <= z sd(D(t))``, the variance being the delta-method one of D itself
    (F(t) and F(τ) move together). With no open unit this is the sign test of the plain median.

    Measured coverage at 95 %: 93 to 95 with 30 to 100 units and up to a quarter of them open, 93
    to 94 with 40 % open; 90 with 57 % open, or with 15 units (where it is rarely given).

    Without an end of the cause all is NaN; bounds are NaN where there are too few (under 6 at 95 %)
    for even the plain median to have an interval (:func:`jalon.stats.median.ranks`).
    """
    total = sums(curve.alive * curve.events / curve.at_risk, curve.group, curve.groups)
    gap = curve.incidence - total[curve.group] / 2
    reach = normal_quantile(level) * np.sqrt(np.maximum(_gap_variance(curve, total), 0))
    wins = sums(curve.events, curve.group, curve.groups)
    # Half of the total, computed on two ways of adding, may differ by the last digit.
    slack = 1e-12 * total[curve.group]
    value, low, high = (
        first_where((wins[curve.group] > 0) & (side >= -slack), curve.starts)
        for side in (gap, gap + reach, gap - reach)
    )
    enough = ranks(wins, 0.5, level)[0] > 0
    low, high = np.where(enough, low, -1), np.where(enough, high, -1)
    return Interval(*(take(curve.times, row) for row in (value, low, high)))


def _alive_before(step: Floats, starts: Ints) -> Floats:
    after = running(step, starts, np.multiply.accumulate)
    before = np.append(1.0, after[:-1])
    before[starts[:-1][np.diff(starts) > 0]] = 1.0
    return before


def _variance(table: LifeTable, alive: Floats, curve: Floats) -> Floats:
    """The three sums of the variance, the square (F(t) - F_i)² opened into running sums."""
    starts, n, events = table.starts, table.at_risk, table.ends[0]
    hazard, lead = greenwood_steps(n, table.ends.sum(axis=0)), alive * events / n**2
    squares = running(curve**2 * hazard + alive**2 * events * (n - events) / n**3, starts)
    crossed = running(curve * hazard, starts)
    spread = curve**2 * running(hazard, starts) - 2 * curve * crossed + squares
    drift = curve * running(lead, starts) - running(curve * lead, starts)
    return np.maximum(spread - 2 * drift, 0)


def _gap_variance(curve: Incidence, total: Floats) -> Floats:
    """The variance of ``F(t) - F(τ) / 2`` at each row.

    With g = d / n(n - d), e = S d1 / n² and c = F(τ)/2 - F(t), units that ended up to t weigh
    ``(F_i/2 + c)² g + (F_i/2 + c) e``, later ones ``((F(τ) - F_i)/2)² g - (F(τ) - F_i)/2 · e``, and
    all of them ``S² d1 (n - d1) / 4n³``.
    """
    n, done, events = curve.at_risk, curve.incidence, curve.events
    g, e = greenwood_steps(n, events + curve.others), curve.alive * events / n**2
    end = total[curve.group]
    c, rest = end / 2 - done, (end - done) / 2
    past = running(done**2 * g / 4 + done * e / 2, curve.starts)
    past += c * running(done * g + e, curve.starts) + c**2 * running(g, curve.starts)
    later = rest**2 * g - rest * e
    own = curve.alive**2 * events * (n - events) / (4 * n**3)
    whole = sums(own + later, curve.group, curve.groups)[curve.group]
    return past + whole - running(later, curve.starts)
