"""What may be said of the groups of a dimension: who stands apart, who cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon import locale
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.measure.standing import Standing
from jalon.views import wording
from jalon.views.parts import Shrunk

#: More groups than this on one side are counted, not named.
NAMED = 4


def told(answer: Answer, standing: Standing, lang: str) -> str:
    """Who stands above or below the others, false discoveries limited to 5 %, and who leads."""
    labels = names(answer, standing.dimension, lang)
    above, below = (
        [labels[row] for row in np.flatnonzero(standing.side == side)] for side in (1, -1)
    )
    dimension = standing.dimension
    words = {"groups": plural(dimension, lang), "apart": _apart(dimension, lang)}
    whole = int(standing.named.sum())
    if not standing.comparable:
        return locale.text("groups.immature", lang, n=spelled(whole, lang), **words)
    left = _left(labels, standing, words, lang)
    if not standing.told:
        return " ".join([locale.text("groups.none", lang, n=spelled(whole, lang), **words), *left])
    said = [_sides(above, below, words, lang)]
    if standing.leader is not None:
        share = numbers.percent(min(float(standing.best[standing.leader]), 0.99), lang)
        name = labels[standing.leader]
        said.append(locale.text("groups.leader", lang, name=name, share=share))
    rest = whole - len(above) - len(below)
    if rest > 1:
        said.append(locale.text("groups.rest", lang, n=spelled(rest, lang), **words))
    return " ".join([*said, *left])


def _left(labels: list[str], standing: Standing, words: Mapping[str, str], lang: str) -> list[str]:
    """The groups that are not compared, their maturity being too far from that of the others."""
    left = [labels[row] for row in np.flatnonzero(standing.left)]
    if not left:
        return []
    listed = wording.listing(left, lang) if len(left) <= NAMED else f"{len(left)} {words['groups']}"
    return [locale.text("groups.left", lang, listed=listed)]


def names(answer: Answer, dimension: str, lang: str) -> list[str]:
    """The name of each row's group, for a person."""
    return [wording.value_label(dimension, each, lang) for each in answer.groups[dimension]]


def shrunk(answer: Answer, row: int, standing: Standing, lang: str) -> Shrunk | None:
    """The shrunk rate of a row, worded; None for a row that is no group."""
    if not standing.named[row]:
        return None
    found = standing.rate
    value, low, high = (float(each[row]) for each in (found.value, found.low, found.high))
    between = wording.between(low, high, answer.unit, lang)
    text = wording.whole(value, answer.unit, lang)
    return Shrunk(value, low, high, float(standing.best[row]), text, between)


def plural(dimension: str, lang: str) -> str:
    """What the groups of a dimension are: ``commerciaux``; ``groupes`` of one of the company's."""
    said = locale.text(f"groups.{dimension}", lang)
    return locale.text("groups.default", lang) if said.startswith("groups.") else said


def spelled(count: int, lang: str) -> str:
    """A number in letters up to ten."""
    said = locale.text(f"number.{count}", lang)
    return numbers.count(count, lang) if said.startswith("number.") else said


def _apart(dimension: str, lang: str) -> str:
    """ "Told apart", agreeing in French with the name of the groups."""
    said = locale.text(f"groups.{dimension}.apart", lang)
    return locale.text("groups.default.apart", lang) if said.startswith("groups.") else said


def _sides(above: list[str], below: list[str], words: dict[str, str], lang: str) -> str:
    if max(len(above), len(below)) > NAMED:
        counts = {"above": str(len(above)), "below": str(len(below))}
        return wording.capital(locale.text("groups.many", lang, **counts, **words))
    listed = {"above": wording.listing(above, lang), "below": wording.listing(below, lang)}
    if above and below:
        return locale.text("groups.both", lang, **listed)
    side = "above" if above else "below"
    return locale.text(f"groups.{side}", lang, listed=listed[side])
