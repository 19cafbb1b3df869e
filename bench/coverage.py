"""How often each interval holds the truth: the tables of ``docs/methods/intervalles.md``.

Exact sums where the data are counts, seeded simulations elsewhere, all of them at once where the
statistics take groups. ``--page`` puts each table back in its place in the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, gamma, multinomial, poisson

from jalon.estimates.count import Amount
from jalon.estimates.lifetime import LEAST_AT_RISK
from jalon.estimates.mean import Mean
from jalon.measure.algebra import Estimate
from jalon.stats.agreement import cohen_kappa
from jalon.stats.competing import aalen_johansen, incidence_at, median_of_incidence
from jalon.stats.effects import adjusted_effects
from jalon.stats.interval import Interval, floats
from jalon.stats.mean import student
from jalon.stats.median import ranks
from jalon.stats.net import net_score
from jalon.stats.poisson import garwood
from jalon.stats.proportion import newcombe_difference, wilson
from jalon.stats.ratio import ratio_of_sums
from jalon.stats.strata import stratified_difference
from jalon.stats.survival import horizon, kaplan_meier, median, restricted_mean, survival_at
from jalon.stats.truncation import entries
from jalon.stats.worth import lifetime_value, worth_by_age

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Row = Sequence[object]
#: Heads, then rows.
Table = Iterator[Row]

#: Estimates of each line: under 2,000, a perfect method is refused too often.
SEEDS = 2000
SIZES = (10, 30, 100, 300)
LOG_SPREADS = (0.8, 1.2, 1.8)
#: Answers to a survey: shares of promoters and of detractors.
ANSWERS = (
    (0.3, 0.3), (0.5, 0.2), (0.6, 0.1), (0.1, 0.5), (0.8, 0.05),
    (0.7, 0.1), (0.35, 0.25), (0.2, 0.6), (0.05, 0.9), (0.9, 0.02),
)  # fmt: skip
#: Months of history, and the mean stays of the two halves of the customers.
HISTORY, STAYS = 60.0, (60.0, 8.0)


def run(seeds: int = SEEDS, page: Path | None = None) -> None:
    """Print every table; write them into ``page`` where it is given."""
    text = page.read_text(encoding="utf-8") if page else ""
    for name, table in TABLES.items():
        written = _markdown(table(seeds))
        print(f"\n### {name}\n\n{written}", flush=True)
        begin, end = f"<!-- {name} -->\n", f"<!-- / {name} -->"
        place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        text = place.sub(begin + written + end, text)
    if page:
        page.write_text(text, encoding="utf-8")


def _markdown(table: Table) -> str:
    heads, *rows = table
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.1f}".replace(".", ",") if isinstance(value, float) else str(value)


def _covered(found: Interval | Estimate, truth: float | Floats) -> float:
    """In hundredths, among the estimates that have an interval."""
    held = ((found.low <= truth) & (truth <= found.high))[~np.isnan(found.low)]
    return 100 * float(np.mean(held))


def _codes(seeds: int, n: int) -> Ints:
    return np.repeat(np.arange(seeds), n)


# -- Exact sums ------------------------------------------------------------------------------------


def rates(_: int) -> Table:
    """Wilson, over all rates from 5 to 95 %; the lowest just beside the bounds, where it falls."""
    yield "n", "moyenne", "la plus basse"
    for n in SIZES:
        found = wilson(np.arange(n + 1), n)
        edges = np.concatenate([found.low - 1e-9, found.high + 1e-9])
        even = _rate_covered(found, n, np.linspace(0.05, 0.95, 2001))
        beside = _rate_covered(found, n, edges[(edges >= 0.05) & (edges <= 0.95)])
        yield n, float(even.mean()), float(min(even.min(), beside.min()))


def _rate_covered(found: Interval, n: int, rates: Floats) -> Floats:
    """In hundredths, at each true rate; the intervals are those of 0 to n successes."""
    p = rates[:, None]
    inside = (found.low <= p) & (p <= found.high)
    return np.asarray(100 * (binom.pmf(np.arange(n + 1), n, p) * inside).sum(axis=1))


def differences(_: int) -> Table:
    """Newcombe, over the pairs of rates from 5 to 95 % by 5."""
    yield "n des deux groupes", "moyenne", "la plus basse"
    p = np.arange(1, 20) / 20
    for one, two in ((10, 10), (30, 30), (30, 100), (100, 100), (300, 300)):
        k1, k2 = np.arange(one + 1), np.arange(two + 1)
        found = newcombe_difference(k1[:, None], one, k2, two)
        first, second = binom.pmf(k1, one, p[:, None]), binom.pmf(k2, two, p[:, None])
        covers = [
            first[i] @ ((found.low <= p[i] - p[j]) & (p[i] - p[j] <= found.high)) @ second[j]
            for i in range(p.size)
            for j in range(p.size)
        ]
        yield f"{one} et {two}", float(100 * np.mean(covers)), float(100 * np.min(covers))


def medians(seeds: int) -> Table:
    """The median's ranks: exact for amounts, simulated for durations in whole days."""
    yield "n", "montants (exact)", "durées en jours entiers"
    days = np.arange(400)
    truth = float(days[np.searchsorted(gamma.cdf(days, 3, scale=15), 0.5)])
    draw = np.random.default_rng(1)
    for n in (10, 20, 30, 60, 100, 300):
        low, high = (int(each) for each in ranks(n))
        exact = 100 * (binom.cdf(high - 1, n, 0.5) - binom.cdf(low - 1, n, 0.5))
        drawn = np.sort(np.ceil(draw.gamma(3, 15, (seeds, n))), axis=1)
        bounds = Interval(drawn[:, 0], drawn[:, low - 1], drawn[:, high - 1])
        yield n, float(exact), _covered(bounds, truth)


def counts(_: int) -> Table:
    """Garwood, over the means of an interval: costs per customer have the same."""
    yield "nombre attendu", "moyenne", "la plus basse"
    for least, most in ((1, 10), (10, 30), (30, 100), (100, 300)):
        mean, k = np.linspace(least, most, 2000)[:, None], np.arange(3 * most + 40)
        found = garwood(k)
        inside = (found.low <= mean) & (mean <= found.high)
        cover = 100 * (poisson.pmf(k, mean) * inside).sum(axis=1)
        yield f"{least} à {most}", float(cover.mean()), float(cover.min())


def net_scores(_: int) -> Table:
    """Bonett and Price, over ten shapes of answers."""
    yield "réponses", "moyenne", "la plus basse", "la plus haute"
    for n in SIZES[:3]:
        up, down = (each.ravel() for each in np.indices((n + 1, n + 1)))
        up, down = up[up + down <= n], down[up + down <= n]
        found, cells = net_score(up, down, n), np.stack([up, down, n - up - down], axis=1)
        covers = [
            100 * multinomial.pmf(cells, n, [p, d, 1 - p - d])[
                (found.low <= 100 * (p - d)) & (100 * (p - d) <= found.high)
            ].sum()
            for p, d in ANSWERS
        ]  # fmt: skip
        yield n, float(np.mean(covers)), float(np.min(covers)), float(np.max(covers))


# -- Amounts ---------------------------------------------------------------------------------------


def means(seeds: int) -> Table:
    """What ``mean`` prints (Cox, or Student where it does not fit), and Student alone."""
    spreads = [f"écart des log {_cell(each)}" for each in LOG_SPREADS]
    student_alone = [f"Student seul, {_cell(each)}" for each in LOG_SPREADS]
    yield "n", *spreads, *student_alone, "loi gamma (forme 1)"
    draw = np.random.default_rng(2)
    for n in SIZES:
        ours, theirs = [], []
        for spread in LOG_SPREADS:
            amounts = draw.lognormal(0, spread, (seeds, n))
            truth = np.exp(spread**2 / 2)
            ours.append(_mean(amounts, truth))
            alone = student(n, amounts.sum(axis=1), (amounts**2).sum(axis=1))
            theirs.append(_covered(alone, truth))
        yield n, *ours, *theirs, _mean(draw.exponential(1, (seeds, n)), 1.0)


def _mean(amounts: Floats, truth: float) -> float:
    logs, n = np.log(amounts), np.full(len(amounts), float(amounts.shape[1]))
    sums = {
        "n": n, "positive": n,
        "sum": amounts.sum(axis=1), "square": (amounts**2).sum(axis=1),
        "log": logs.sum(axis=1), "log_square": (logs**2).sum(axis=1),
    }  # fmt: skip
    found = Mean().finish(sums, 0.95, {})
    return _covered(Interval(found.value, found.low, found.high), truth)


def sums_of_money(seeds: int) -> Table:
    """Compound Poisson totals: amounts above zero, then with one credit note in ten."""
    spreads = [f"écart des log {_cell(each)}" for each in LOG_SPREADS]
    yield "nombre attendu", *spreads, "un avoir sur dix, écart 0,8"
    draw = np.random.default_rng(3)
    for mean_number in SIZES:
        plain = [_total(draw, seeds, mean_number, spread, 0) for spread in LOG_SPREADS]
        yield mean_number, *plain, _total(draw, seeds, mean_number, 0.8, 0.1)


def _total(
    draw: np.random.Generator, seeds: int, mean_number: int, spread: float, credited: float
) -> float:
    sizes = draw.poisson(mean_number, seeds)
    amounts = draw.lognormal(0, spread, sizes.sum())
    amounts = np.where(draw.random(amounts.size) < credited, -0.5 * amounts, amounts)
    of = np.repeat(np.arange(seeds), sizes)
    sums = {
        "n": sizes.astype(np.float64),
        "sum": floats(np.bincount(of, amounts, seeds)),
        "square": floats(np.bincount(of, amounts**2, seeds)),
        "negative": floats(np.bincount(of, (amounts < 0).astype(np.float64), seeds)),
    }
    found = Amount().finish(sums, 0.95, {})
    truth = mean_number * np.exp(spread**2 / 2) * (1 - 1.5 * credited)
    return _covered(Interval(found.value, found.low, found.high), truth)


def ratios(seeds: int) -> Table:
    """Fieller on sums over rows, and how often it bounds nothing."""
    yield "n", "dénominateur régulier", "non borné", "présent une fois sur dix", "non borné"
    draw = np.random.default_rng(4)
    for n in SIZES:
        line: list[object] = [n]
        for rare in (False, True):
            y = draw.gamma(3, 1, (seeds, n))
            y = np.where(draw.random(y.shape) < 0.1, y, 0) if rare else y
            x = 2 * y * draw.gamma(4, 0.25, y.shape)
            parts = (each.sum(axis=1) for each in (x, y, x * x, y * y, x * y))
            found = ratio_of_sums(n, *parts)
            known = y.sum(axis=1) > 0
            line += [_covered(found, 2.0), 100 * float((found.g[known] >= 1).mean())]
        yield line


def combined(seeds: int) -> Table:
    """Formulas (MOVER): of two counts, a product and a quotient; of two mean amounts, likewise."""
    yield "n", "nombres, quotient", "moyennes, différence", "moyennes, quotient", "taux × moyenne"
    draw = np.random.default_rng(5)
    for n in SIZES:
        count = [_estimate(garwood(draw.poisson(n, seeds))) for _ in range(2)]
        one, two = (_amounts(draw, seeds, n) for _ in range(2))
        rate = _estimate(wilson(draw.binomial(n, 0.3, seeds), n))
        mean = np.exp(0.32)
        yield (
            n, _covered(count[0] / count[1], 1.0), _covered(one - two, 0.0),
            _covered(one / two, 1.0), _covered(rate * two, 0.3 * mean),
        )  # fmt: skip


def _amounts(draw: np.random.Generator, seeds: int, n: int) -> Estimate:
    logs = draw.normal(0, 0.8, (seeds, n))
    amounts, size = np.exp(logs), np.full(seeds, float(n))
    sums = {
        "n": size, "positive": size,
        "sum": amounts.sum(axis=1), "square": (amounts**2).sum(axis=1),
        "log": logs.sum(axis=1), "log_square": (logs**2).sum(axis=1),
    }  # fmt: skip
    found = Mean().finish(sums, 0.95, {})
    return Estimate(found.value, found.low, found.high)


def _estimate(found: Interval) -> Estimate:
    return Estimate(found.value, found.low, found.high)


# -- Durations -------------------------------------------------------------------------------------


def lifetimes(seeds: int) -> Table:
    """The restricted mean: a whole history, then one cut half-way and found so without being told.

    Bias is in hundredths of the true restricted mean at the printed horizon.
    """
    yield (
        "clients", "historique entier", "biais", "historique coupé", "biais",
        "biais, coupure connue", "biais, coupure ignorée", "chiffre donné",
        "coupure trouvée", "trouvée à tort",
    )  # fmt: skip
    for n in (20, 30, 60, 120, 500):
        whole, cut = (_lives(n, began, min(seeds, 2000)) for began in (0.0, HISTORY / 2))
        yield (
            n, whole["covers"], whole["bias"], cut["covers"], cut["bias"], cut["told"],
            cut["ignored"], cut["given"], cut["found"], whole["found"],
        )  # fmt: skip


def _lives(n: int, cut: float, runs: int) -> Mapping[str, float]:
    """Coverage, bias with the entries found, known and ignored, and how often a cut was found."""
    draw, held, found = np.random.default_rng(6), [], 0
    errors: dict[str, list[float]] = {"bias": [], "told": [], "ignored": []}
    for _ in range(runs):
        duration, ended, followed = customers(draw, n, cut)
        entry, since = entries(duration, ended, followed)
        found += since is not None
        known = np.maximum(followed - 30 * (HISTORY - cut), 0)
        ways = {"bias": entry, "told": known, "ignored": np.zeros(n)} if cut else {"bias": entry}
        for name, at in ways.items():
            curve = kaplan_meier(duration, ended, entry=at)
            end = horizon(curve)
            # As printed: a cut history needs ten customers seen from their beginning.
            if np.isnan(end[0]) or (at.any() and (at == 0).sum() < LEAST_AT_RISK):
                continue
            mean, truth = restricted_mean(curve, end), true_mean(end[0])
            errors[name].append(mean.value[0] / truth - 1)
            if name == "bias" and np.isfinite(mean.low[0]):
                held.append(bool(mean.low[0] <= truth <= mean.high[0]))
    biases = {name: 100 * float(np.mean(each)) for name, each in errors.items() if each}
    shares = {"found": found / runs, "given": len(held) / runs, "covers": float(np.mean(held))}
    return {**biases, **{name: 100 * each for name, each in shares.items()}}


def customers(draw: np.random.Generator, n: int, cut: float) -> tuple[Floats, Bools, Floats]:
    """n customers known to a system that began at month ``cut``: days lived, ends, days followed.

    They begin evenly over the history; half stay long, half not; those gone before are unknown.
    """
    began = draw.uniform(0, HISTORY, 20 * n)
    lasted = draw.exponential(np.where(draw.random(20 * n) < 0.5, *STAYS))
    kept = np.flatnonzero(began + lasted >= cut)[:n]
    followed = HISTORY - began[kept]
    lived = np.minimum(lasted[kept], followed)
    return np.ceil(30 * lived), lasted[kept] < followed, np.ceil(30 * followed)


def true_mean(days: float) -> float:
    """The mean days lived up to so many days."""
    return float(sum(15 * stay * (1 - np.exp(-days / 30 / stay)) for stay in STAYS))


def survivals(seeds: int) -> Table:
    """The share alive at twelve months and the median, followed for 5 to 60 months."""
    yield "clients", "encore là à 12 mois", "durée médiane"
    draw = np.random.default_rng(7)
    for n in (20, 30, 60, 120, 300):
        life, seen = draw.exponential(20, seeds * n), draw.uniform(5, 60, seeds * n)
        shown = np.minimum(life, seen)
        curves = kaplan_meier(shown, life <= seen, group=_codes(seeds, n), groups=seeds)
        alive, middle = survival_at(curves, 12), median(curves)
        yield n, _covered(alive, np.exp(-0.6)), _covered(middle, 20 * np.log(2))


def win_curves(seeds: int) -> Table:
    """Aalen-Johansen by ages and the median of the cycle; deals still open, some for ever."""
    yield "affaires", "gagnées à 90 jours", "à 180", "à 365", "cycle médian"
    draw = np.random.default_rng(8)
    for n in (30, 60, 200, 1000):
        runs = min(seeds, 2000) if n > 200 else seeds
        won = draw.random(runs * n) < 0.35
        delay = np.where(won, draw.gamma(3, 30, won.size), draw.exponential(120, won.size))
        seen = np.minimum(draw.uniform(0, 600, won.size), 400)
        cause = np.where(delay <= seen, np.where(won, 1, 2), 0)
        curve = aalen_johansen(np.minimum(delay, seen), cause, group=_codes(runs, n), groups=runs)
        at = [
            _covered(incidence_at(curve, day), 0.35 * gamma.cdf(day, 3, scale=30))
            for day in (90, 180, 365)
        ]
        last = np.minimum(curve.times[curve.starts[1:] - 1], 400)
        truth = gamma.ppf(0.5 * gamma.cdf(last, 3, scale=30), 3, scale=30)
        yield n, *at, _covered(median_of_incidence(curve), truth)


def lifetime_values(seeds: int) -> Table:
    """Value over twelve months: log-normal margins, a tenth leaving each month."""
    yield "clients", "valeur d'un client"
    months, runs = 12, min(seeds, 2000)
    alive, ages = 0.9 ** np.arange(months), np.arange(months)
    truth = float((alive * 1.1 ** (-(ages + 0.5) / 12)).sum() * 50 * np.exp(0.32))
    for n in (30, 60, 200):
        draw, held = np.random.default_rng(9), []
        for _ in range(runs):
            stay, followed = draw.geometric(0.1, n), draw.integers(12, 36, n)
            values = 50 * draw.lognormal(0, 0.8, (n, months))
            who, age = np.nonzero(ages < stay[:, None])
            worth = worth_by_age(who, age, values[who, age], followed, months)
            found = lifetime_value(worth, 0.1)
            held.append(bool(found.low <= truth <= found.high))
        yield n, 100 * float(np.mean(held))


# -- Comparisons -----------------------------------------------------------------------------------


def kappas(seeds: int) -> Table:
    """Stated and true reasons of loss, right 40 % of the time, five reasons."""
    yield "cas", "kappa"
    truth = np.array([0.16, 0.3, 0.24, 0.2, 0.1])
    wrong = np.array([0.45, 0.2, 0.15, 0.12, 0.08])
    p = 0.6 * np.outer(wrong, truth) + 0.4 * np.diag(truth)
    expected = float(cohen_kappa(p * 1e9).value)
    draw = np.random.default_rng(10)
    for n in (30, 60, 100, 300):
        drawn = draw.multinomial(n, p.ravel(), seeds).reshape(-1, 5, 5)
        yield n, _covered(cohen_kappa(drawn), expected)


def team_gaps(seeds: int) -> Table:
    """Two ways of selling within twelve strata, the hard ones sold by teams; true gap 8 points."""
    yield "affaires", "écart à deux ou seul"
    draw, size = np.random.default_rng(11), 12
    base, share = np.linspace(0.6, 0.15, size), np.linspace(0.15, 0.75, size)
    for rows in (100, 200, 600, 2000):
        n = draw.multinomial(rows, np.full(size, 1 / size), seeds)
        n1 = draw.binomial(n, share)
        n0 = n - n1
        k1, k0 = draw.binomial(n1, base + 0.08), draw.binomial(n0, base)
        k1, n1, k0, n0 = (each.ravel() for each in (k1, n1, k0, n0))
        found = stratified_difference(k1, n1, k0, n0, _codes(seeds, size), seeds)
        yield rows, _covered(found, 0.08)


def effects(seeds: int) -> Table:
    """Factors of winning held apart: one true effect of 10 points, two of none, big deals hard."""
    yield "affaires", "effets d'un facteur (trois ensemble)"
    truth = np.array([0.1, 0, 0])
    for deals in (300, 600):
        draw, held = np.random.default_rng(12), []
        for _ in range(min(seeds // 3, 700)):
            found = adjusted_effects(*_sales(draw, deals)).found
            held.append((found.low <= truth) & (truth <= found.high))
        yield deals, 100 * float(np.mean(held))


def _sales(draw: np.random.Generator, deals: int) -> tuple[Floats, Floats, Floats, list[Ints]]:
    """Outcomes, factors, sizes, then sectors and reps."""
    log_size = draw.normal(9, 1, deals)
    sector, rep = draw.integers(0, 4, deals), draw.integers(0, 6, deals)
    team = draw.random(deals) < 0.15 + 0.55 / (1 + np.exp(-1.5 * (log_size - 9)))
    factors = np.column_stack([team, draw.random((deals, 2)) < 0.35]).astype(np.float64)
    slope = np.array([-0.12, -0.05, 0.04, -0.09])[sector]
    chance = 0.42 + slope * (log_size - 9) + 0.02 * (rep - 2.5) + 0.1 * team
    won = (draw.random(deals) < np.clip(chance, 0.02, 0.98)).astype(np.float64)
    return won, factors, np.exp(log_size), [sector, rep]


#: By the name of their place in the page.
TABLES: Mapping[str, Callable[[int], Table]] = {
    "taux": rates,
    "differences": differences,
    "medianes": medians,
    "moyennes": means,
    "nombres": counts,
    "sommes": sums_of_money,
    "rapports": ratios,
    "formules": combined,
    "nps": net_scores,
    "durees": lifetimes,
    "survie": survivals,
    "courbe": win_curves,
    "valeur": lifetime_values,
    "accord": kappas,
    "equipe": team_gaps,
    "facteurs": effects,
}
