"""Satisfaction surveys: the loyal answer more often, and better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from jalon.demo.contracts import Contracts
from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, blanked, labels, numbered
from jalon.demo.pipeline import Deals

NPS_WEIGHTS = (
    (0.02, 0.02, 0.03, 0.05, 0.06, 0.10, 0.12, 0.18, 0.20, 0.13, 0.09),
    (0.0, 0.0, 0.01, 0.01, 0.01, 0.03, 0.05, 0.12, 0.22, 0.27, 0.28),
)
"""How likely the scores 0 to 10 are, of the others and of the loyal."""
CSAT_WEIGHTS = (0.04, 0.08, 0.20, 0.43, 0.25)
CES_WEIGHTS = (0.03, 0.06, 0.10, 0.18, 0.26, 0.24, 0.13)
ANSWERS = (0.27, 0.45)
"""The chance of an answer, of the others and of the loyal."""
_COMMENTS = (
    "Équipe à l'écoute, chantier propre.",
    "Délais tenus, merci.",
    "Deux relances pour obtenir une date…",
    "Le technicien connaît bien le site.",
    "Facturation peu claire ; à revoir.",
    "Très satisfaits, nous recommandons.",
)


@dataclass(frozen=True)
class _Sends:
    company: Ints
    kind: Ints
    day: Ints
    score: Ints
    chance: Ints


def true_nps(segment: int) -> float:
    """The NPS of the loyal (1) or of the others (0), in points."""
    weights = NPS_WEIGHTS[segment]
    return 100 * (sum(weights[9:]) - sum(weights[:7])) / sum(weights)


def surveys(seed: int, deals: Deals, found: Contracts, accounts: Texts) -> Columns:
    """The table of the surveys sent, answered or not."""
    draws = Draws(seed, "surveys")
    sends = _sorted([_nps(draws, found), _csat(draws, deals), _ces(draws, found)])
    n = len(sends.day)
    replied = sends.day + draws.whole(0, 12, n)
    answered = (draws.uniform(n) * 100 < sends.chance) & (replied <= LAST)
    told = answered & draws.chance(0.3, n)
    return {
        "source_id": numbered("ENQ", n),
        "account": accounts[sends.company],
        "kind": labels(("nps", "csat", "ces"), sends.kind),
        "sent_at": stamp(sends.day),
        "answered_at": stamp(replied, where=answered),
        "score": blanked(sends.score.astype(object), ~answered),
        "comment": blanked(labels(_COMMENTS, draws.whole(0, len(_COMMENTS) - 1, n)), ~told),
    }


def _sorted(parts: Sequence[_Sends]) -> _Sends:
    whole = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Sends)}
    rows = np.lexsort((whole["company"], whole["day"]))
    rows = rows[(whole["day"][rows] <= LAST) & (whole["day"][rows] >= 0)]
    return _Sends(**{name: column[rows] for name, column in whole.items()})


def _nps(draws: Draws, found: Contracts) -> _Sends:
    """Every six months, while the contract lasts."""
    last = np.minimum(found.end, LAST + 1)
    count = np.maximum((last - found.start - 90) // 182 + 1, 0)
    rows = np.repeat(np.arange(found.size), count)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    loyal = found.loyal[rows]
    scores = [draws.pick(weights, len(rows)) for weights in NPS_WEIGHTS]
    day = found.start[rows] + 90 + 182 * turn
    return _sends(found.company[rows], 0, day, np.where(loyal, scores[1], scores[0]), loyal)


def _csat(draws: Draws, deals: Deals) -> _Sends:
    """A month after each deal won."""
    rows = np.flatnonzero(deals.won)
    score = 1 + draws.pick(CSAT_WEIGHTS, len(rows))
    kind = draws.chance(0.5, len(rows))
    return _sends(deals.company[rows], 1, deals.decided[rows] + 30, score, kind)


def _ces(draws: Draws, found: Contracts) -> _Sends:
    """After a call for repair, for some."""
    rows = np.flatnonzero((found.end > found.start + 200) & draws.chance(0.6, found.size))
    score = 1 + draws.pick(CES_WEIGHTS, len(rows))
    return _sends(found.company[rows], 2, found.start[rows] + 150, score, found.loyal[rows])


def _sends(company: Ints, kind: int, day: Ints, score: Ints, eager: Flags) -> _Sends:
    percent = np.array([round(100 * share) for share in ANSWERS])[eager.astype(np.int64)]
    return _Sends(company, np.full(len(day), kind), day, score, percent)
