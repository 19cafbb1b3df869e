"""How much of a cohort is settled, and which cohorts are too unequal in that to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jalon.catalogue.definition import Measure
from jalon.estimates.estimator import Histogram
from jalon.estimates.registry import estimators
from jalon.measure.figure import Answer
from jalon.measure.scan import maturing, name_of, whole
from jalon.measure.summary import Summary, added
from jalon.model.periods import Period

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Cohorts whose maturity differs by more than this are shown, not compared.
MATURITY_GAP = 0.1
#: Shares that differ by the gap itself, but for the last digit, do not differ by more.
SLACK = 1e-9

#: The name under which a histogram adds up its settled rows.
SETTLED = "settled"


def settled_key(measure: Measure) -> dict[str, str]:
    """What a histogram adds up beside its counts, for the maturity of each group."""
    if not measure.mature:
        return {}
    return {SETTLED: f"case when {measure.mature} then 1 else 0 end"}


def with_settled(measure: Measure, histogram: Histogram, summary: Summary) -> Summary:
    """The groups of a histogram with what :func:`maturity_of` reads."""
    if not measure.mature:
        return summary
    found = (histogram.sums[SETTLED], histogram.count)
    settled, every = (added(histogram.group, each, histogram.groups) for each in found)
    sums = {name_of(maturing(measure)): settled, name_of(whole(measure)): every}
    return Summary(summary.keys, sums, summary.groups)


def maturity_of(measure: Measure, summary: Summary) -> Floats | None:
    """The settled share of each group; None where a measure does not say what is settled."""
    settled = summary.sums.get(name_of(maturing(measure))) if measure.mature else None
    if settled is None:
        return None
    every = summary.sums[name_of(whole(measure))]
    unknown = np.full(len(every), np.nan)
    share: Floats = np.divide(settled, every, out=unknown, where=every > 0)
    return share


def lent(answer: Answer, other: Answer) -> Answer:
    """An answer with the maturity that another KPI has for the same groups and periods."""
    if answer.missing or other.missing or other.maturity is None:
        return answer
    known = {_key(other, row): float(share) for row, share in enumerate(other.maturity)}
    found = [known.get(_key(answer, row), np.nan) for row in range(len(answer))]
    answer.maturity = np.array(found)
    return answer


def follows(answer: Answer) -> bool:
    """Whether what is not settled is followed to date: unequal maturity is then allowed for."""
    known = estimators().get(answer.estimate)
    return known is not None and known.censored


def alike(maturity: Floats, n: Floats, among: Bools) -> Bools:
    """The groups of ``among`` that are about as mature: of those within the gap, the most rows.

    A group whose maturity is not known is one of them.
    """
    known = among & np.isfinite(maturity)
    if not known.any():
        return among
    highest = maturity + MATURITY_GAP + SLACK
    windows = known & (maturity >= maturity[:, None]) & (maturity <= highest[:, None])
    heaviest = int(np.argmax(np.where(known, windows @ np.where(known, n, 0), -1)))
    found: Bools = windows[heaviest] | (among & ~known)
    return found


def say_unequal(answer: Answer, by: Sequence[str]) -> None:
    """Say which groups are settled by so much less than the others that they do not compare."""
    if answer.maturity is None or answer.missing or not by:
        return
    behind = _behind(answer, by)
    if behind and follows(answer):
        answer.figures.notes.append(("maturity_adjusted", {}, None))
        return
    for row, others in behind.items():
        group = ", ".join(str(answer.groups[name][row]) for name in by)
        facts = {"group": group, "share": float(answer.maturity[row]), "others": others}
        answer.figures.notes.append(("maturity_behind", facts, np.arange(len(answer)) == row))


def _behind(answer: Answer, by: Sequence[str]) -> dict[int, float]:
    """The rows that are behind, and the maturity of all the others of their period and class."""
    assert answer.maturity is not None
    n, share = answer.figures.n, answer.maturity
    beside: dict[tuple[Period, tuple[Any, ...]], list[int]] = defaultdict(list)
    for row in range(len(answer)):
        named = all(answer.groups[name][row] is not None for name in by)
        if named and n[row] > 0 and np.isfinite(share[row]):
            classes = {name: each for name, each in answer.groups.items() if name not in by}
            beside[answer.periods[row], _labels(classes, row)].append(row)
    found = {}
    for rows in beside.values():
        every, settled = n[rows].sum(), (n[rows] * share[rows]).sum()
        for row in rows if len(rows) > 1 else ():
            others = float((settled - n[row] * share[row]) / (every - n[row]))
            if share[row] < others - MATURITY_GAP - SLACK:
                found[row] = others
    return found


def _key(answer: Answer, row: int) -> tuple[Period, tuple[Any, ...]]:
    return answer.periods[row], _labels(answer.groups, row)


def _labels(groups: Mapping[str, list[Any]], row: int) -> tuple[Any, ...]:
    return tuple(labels[row] for labels in groups.values())
