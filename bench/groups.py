"""What may be said of groups, judged on simulated ones: coverage, silence, power, time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from jalon.estimates.estimator import Figures
from jalon.measure.figure import Answer
from jalon.measure.reversal import reversals
from jalon.measure.standing import standing
from jalon.model.periods import Period
from jalon.stats.apart import sides
from jalon.stats.proportion import wilson
from jalon.stats.shrinkage import shrunk
from jalon.stats.standardised import standardised

Array = NDArray[np.float64]
#: Groups, trials from and to, mean rate, ``a + b`` of the law of true rates (None: all equal).
WORLDS = (
    (11, 10, 100, 0.25, 40), (11, 10, 100, 0.25, 100), (11, 5, 30, 0.10, 40),
    (20, 10, 100, 0.25, 200), (25, 20, 200, 0.30, 60), (40, 10, 120, 0.25, 40),
    (40, 10, 120, 0.25, 100), (4, 20, 150, 0.25, 40), (11, 10, 100, 0.25, None),
)  # fmt: skip
#: Estimates of each world, at least.
ESTIMATES = 4000
#: Groups that are alike: groups, trials from and to, rate.
ALIKE = (
    (2, 20, 150, 0.25), (4, 20, 150, 0.25), (4, 3, 9, 0.5), (4, 5, 20, 0.1), (11, 10, 100, 0.25),
    (20, 100, 1000, 0.05), (40, 10, 100, 0.25),
)  # fmt: skip
#: Groups that differ: trials from and to, true rates.
DIFFERENT = (
    (100, 200, (0.2, 0.2, 0.3, 0.3)), (100, 200, (0.2, 0.2, 0.2, 0.35)),
    (50, 100, (0.15, 0.25, 0.3, 0.4)), (200, 400, (0.2, 0.2, 0.2, 0.3)),
)  # fmt: skip
DRAWS = 1000
#: By how much the seller of the hard sectors wins more in each of them, and deals of each.
REVERSALS = (
    ("as good in every sector", 0.0, 300), ("the one ahead is better everywhere", -0.06, 300),
    ("the one ahead is worse by 8 points", 0.08, 300), ("by 8 points", 0.08, 600),
    ("by 8 points", 0.08, 1000),
)  # fmt: skip
#: The rates of the sectors, and how many of each hundred deals the two sellers have there.
SECTORS, EASY, HARD = (0.15, 0.25, 0.45, 0.55), (10, 15, 35, 40), (40, 35, 15, 10)


def run(_: int) -> None:
    """Print the tables of ``docs/methods/groups.md``."""
    print("| groups | trials | mean | a + b | covers % | error raw | shrunk (points) |")
    for world in WORLDS:
        print(_coverage(*world))
    print("\n| alike: groups | trials | rate | not told apart % | nobody called best % |")
    for groups, least, most, rate in ALIKE:
        alike = (np.full(groups, rate) for _ in range(DRAWS))
        silent, best, _ = _told(alike, least, most)
        print(f"| {groups} | {least}–{most} | {rate} | {silent:.1f} | {best:.1f} |")
    print("\n| differ: true rates | trials | told apart % | wrong side % |")
    for least, most, rates in DIFFERENT:
        silent, _, wrong = _told((np.array(rates) for _ in range(DRAWS)), least, most)
        print(f"| {rates} | {least}–{most} | {100 - silent:.1f} | {wrong:.1f} |")
    print("\n| standardised difference of two groups, 4 strata | covers % |")
    print(f"| mixes (60 25 12 40) and (15 50 30 10) | {_standardised():.1f} |")
    print("\n| reversals: 2 sellers, 4 sectors | deals each | said % |")
    for name, gap, cases in REVERSALS:
        print(f"| {name} | {cases} | {_reversed(gap, cases):.1f} |")
    print(f"\n40 groups: {_milliseconds(40):.0f} ms; 11 groups: {_milliseconds(11):.0f} ms")


def _coverage(groups: int, least: int, most: int, mean: float, size: float | None) -> str:
    draw = np.random.default_rng(11)
    held, raw, kept = [], [], []
    for _ in range(-(-ESTIMATES // groups)):
        n = draw.integers(least, most, groups)
        true = draw.beta(mean * size, (1 - mean) * size, groups) if size else np.full(groups, mean)
        k = draw.binomial(n, true)
        found = shrunk(k, n).rate
        held.append((found.low <= true) & (true <= found.high))
        raw.append((k / n - true) ** 2)
        kept.append((found.value - true) ** 2)
    errors = [100 * np.sqrt(np.mean(each)) for each in (raw, kept)]
    return (
        f"| {groups} | {least}–{most} | {mean} | {size or 'equal'} | {100 * np.mean(held):.1f} "
        f"| {errors[0]:.1f} | {errors[1]:.1f} |"
    )


def _told(worlds: Iterator[Array], least: int, most: int) -> tuple[float, float, float]:
    """In hundredths: nobody told apart; nobody the best; somebody on the wrong side."""
    draw = np.random.default_rng(6)
    silent, calm, wrong = [], [], []
    for true in worlds:
        n = draw.integers(least, most, true.size)
        k = draw.binomial(n, true)
        side = sides(k, n)
        silent.append(not side.any())
        # Nobody is called the best unless somebody is told apart: only then is it worked out.
        calm.append(not side.any() or bool(np.nanmax(shrunk(k, n).best) <= 0.9))
        rest = (true @ n - true * n) / (n.sum() - n)
        wrong.append(bool((side * np.sign(true - rest) < 0).any()))
    return 100 * np.mean(silent), 100 * np.mean(calm), 100 * np.mean(wrong)


def _standardised() -> float:
    draw = np.random.default_rng(2)
    n1, n2 = np.array([60, 25, 12, 40]), np.array([15, 50, 30, 10])
    one, two = np.array([0.1, 0.3, 0.5, 0.6]), np.array([0.2, 0.25, 0.5, 0.4])
    truth = float((n1 + n2) / (n1 + n2).sum() @ (one - two))
    held = 0
    for _ in range(ESTIMATES):
        found = standardised(draw.binomial(n1, one), n1, draw.binomial(n2, two), n2).difference
        held += bool(found.low <= truth <= found.high)
    return 100 * held / ESTIMATES


def _reversed(gap: float, cases: int) -> float:
    """How often in a hundred the order of two sellers is said to reverse inside their sectors."""
    draw, said = np.random.default_rng(9), 0
    n = np.array([EASY, HARD]) * cases // 100
    true = np.array(SECTORS) + np.array([[0], [gap]])
    for _ in range(DRAWS):
        k = draw.binomial(n, true)
        whole = _answer(k.sum(axis=1), n.sum(axis=1), owner=list("ab"))
        cells = _answer(k.ravel(), n.ravel(), owner=list("aaaabbbb"), sector=list("wxyzwxyz"))
        stood = standing(whole)
        assert stood is not None
        said += bool(reversals(whole, stood, ["sector"], lambda *_, cells=cells: cells))
    return 100 * said / DRAWS


def _answer(k: Array, n: Array, **labels: list[str]) -> Answer:
    found = wilson(k, n)
    figures = Figures(found.value, found.low, found.high, n, k, n)
    answer = Answer("", None, None, "percent", 0.95, labels, [Period()] * n.size, figures)
    answer.estimate = "proportion"
    return answer


def _milliseconds(groups: int) -> float:
    draw = np.random.default_rng(1)
    n = draw.integers(10, 150, groups)
    k = draw.binomial(n, draw.beta(20, 60, groups))
    return 1000 * min(_timed(lambda: shrunk(k, n)) for _ in range(5))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
