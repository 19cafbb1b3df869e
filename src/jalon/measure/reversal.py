"""A warning before two groups are ranked: their order reverses inside another dimension.

Said only when both orders are more than chance (:func:`reversals`): the groups' own difference, and
the opposite one once both are given the same mix of that dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from jalon.measure.figure import Answer
from jalon.measure.standing import Standing
from jalon.model.periods import Period
from jalon.stats.fdr import benjamini_hochberg
from jalon.stats.interval import Floats
from jalon.stats.standardised import Mix, Standardised, mix, standardised

#: The largest groups, whose pairs are looked at.
LARGEST = 8
#: The probability from which one group is taken to be above another.
ABOVE = 0.975
#: Both groups must have most of their rows in strata that both have.
COVERED = 0.8
#: False discoveries over all pairs and dimensions looked at.
FALSE = 0.05

#: Successes and trials by label of the other dimension.
Counts = dict[Any, tuple[float, float]]
Strata = Mapping[Any, tuple[float, float]]
#: The same KPI by these dimensions; over another period where one is given.
Ask = Callable[[tuple[str, ...], Period | None], Answer]


@dataclass(frozen=True)
class Reversal:
    """Two groups whose order reverses inside ``inside``.

    ``first``: the label of the one whose raw rate is higher, ``second`` of the other; ``raw``:
    their rates. ``found``: the same over one mix. ``mix``: what most explains it, ``stratum`` its
    label.
    """

    inside: str
    first: Any
    second: Any
    raw: tuple[float, float]
    found: Standardised
    mix: Mix
    stratum: Any


def reversals(
    answer: Answer, standing: Standing, dimensions: Sequence[str], ask: Ask
) -> list[Reversal]:
    """The pairs of groups of an answer that another of ``dimensions`` puts the other way round.

    Looked at: pairs of the largest groups whose order is surely known. Said: where the standardised
    difference is of the other sign, its 95 % interval without 0, in strata that hold most of the
    rows, with the false discovery rate over all that was looked at kept at 5 %. One a pair. One
    query a dimension, none where no pair is surely ordered.
    """
    pairs = _ordered(answer, standing)
    tested: list[Reversal] = []
    for inside in dimensions if pairs else ():
        if inside != standing.dimension:
            cells = _cells(ask((standing.dimension, inside), None), standing.dimension, inside)
            tested += [
                _looked(inside, *pair, cells.get(pair[0], {}), cells.get(pair[1], {}))
                for pair in pairs
            ]
    return _surely(tested)


def over_time(answer: Answer, dimensions: Sequence[str], ask: Ask) -> list[Reversal]:
    """The same for the period of an answer beside the one that it is compared with.

    Labels are the two periods. Two queries a dimension, none where the two do not surely differ.
    """
    beside = answer.compare
    if beside is None or answer.estimate != "proportion" or answer.groups or len(answer) != 1:
        return []
    if not beside.conclusive[0]:
        return []
    now, then = answer.periods[0], beside.periods[0]
    pair = (now, then) if beside.difference[0] > 0 else (then, now)
    tested = [
        _looked(inside, *pair, *(_strata(ask((inside,), each), inside) for each in pair))
        for inside in dimensions
    ]
    return _surely(tested)


def _ordered(answer: Answer, standing: Standing) -> list[tuple[Any, Any]]:
    """The labels of the pairs surely ordered, the higher rate first."""
    labels = answer.groups[standing.dimension]
    size = np.where(standing.named, answer.figures.n, -1)
    largest = [row for row in np.argsort(-size, kind="stable")[:LARGEST] if standing.named[row]]
    ordered = [
        pair if standing.above[pair] >= 0.5 else pair[::-1] for pair in combinations(largest, 2)
    ]
    return [(labels[a], labels[b]) for a, b in ordered if standing.above[a, b] >= ABOVE]


def _looked(inside: str, first: Any, second: Any, one: Strata, two: Strata) -> Reversal:
    """How two groups stand over one mix."""
    labels = list(dict.fromkeys((*one, *two))) or [None]
    k1, n1, k2, n2 = (
        np.array([side.get(each, (0.0, 0.0))[place] for each in labels])
        for side in (one, two)
        for place in (0, 1)
    )
    found = standardised(k1, n1, k2, n2)
    if not (n1.sum() and n2.sum()):
        return Reversal(inside, first, second, (np.nan, np.nan), found, Mix(0, 0, 0, 0, 0), None)
    differing = mix(k1, n1, k2, n2)
    raw = (k1.sum() / n1.sum(), k2.sum() / n2.sum())
    return Reversal(inside, first, second, raw, found, differing, labels[differing.row])


def _surely(tested: Sequence[Reversal]) -> list[Reversal]:
    """Those that hold, the surest first, one a pair."""
    chances = [each.found.p if each.found.difference.value < 0 else 1.0 for each in tested]
    adjusted: Floats = benjamini_hochberg(chances)
    kept: dict[tuple[Any, Any], Reversal] = {}
    for row in np.argsort(adjusted, kind="stable"):
        each = tested[row]
        held = adjusted[row] <= FALSE and each.found.difference.high < 0
        wide = each.found.covered >= COVERED and each.found.against > 0.5
        if held and wide:
            kept.setdefault((each.first, each.second), each)
    return list(kept.values())


def _cells(answer: Answer, dimension: str, inside: str) -> dict[Any, Counts]:
    """Successes and trials by group, then by label of the other dimension."""
    found: dict[Any, Counts] = {}
    if answer.missing or answer.figures.numerator is None:
        return found
    rows = zip(
        answer.groups[dimension],
        answer.groups[inside],
        answer.figures.numerator.tolist(),
        answer.figures.n.tolist(),
        strict=True,
    )
    for group, label, k, n in rows:
        found.setdefault(group, {})[label] = (k, n)
    return found


def _strata(answer: Answer, inside: str) -> Counts:
    if answer.missing or answer.figures.numerator is None:
        return {}
    pairs = zip(answer.figures.numerator.tolist(), answer.figures.n.tolist(), strict=True)
    return dict(zip(answer.groups[inside], pairs, strict=True))
