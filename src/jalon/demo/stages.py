"""The history of the stages of each deal, and the stage it is in at the end."""

from __future__ import annotations

import numpy as np

from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, blanked, labels, numbered
from jalon.demo.pipeline import LOST, NO_DECISION, WON, Deals

STAGES = ("Nouveau", "Qualifié", "Proposition", "Négociation", "Gagné", "Perdu", "Sans suite")
PROBABILITY = np.array([0.10, 0.25, 0.50, 0.70, 1.0, 0.0, 0.0])
_END = np.array([4, 5, 6])
_RANKED = 5
"""Lost and dropped deals have no rank: they went no further."""


def steps(seed: int, deals: Deals) -> tuple[Ints, Ints, Ints]:
    """Who entered which stage on which day, in that order of deals and days."""
    draws = Draws(seed, "stages")
    n = deals.size
    bargained = deals.sent + (0.4 * (deals.decided - deals.sent)).astype(np.int64)
    looked_at = deals.quoted | (draws.chance(0.4, n) & (deals.requested < deals.decided))
    entered = (
        (0, deals.created, np.ones(n, dtype=np.bool_)),
        (1, deals.requested, looked_at),
        (2, deals.sent, deals.quoted),
        (3, bargained, deals.quoted & draws.chance(0.7, n)),
        (_END[deals.fate], deals.decided, deals.closed),
    )
    deal = np.concatenate([np.flatnonzero(_seen(day, where)) for _, day, where in entered])
    stage = np.concatenate([np.broadcast_to(s, n)[_seen(day, where)] for s, day, where in entered])
    days = np.concatenate([day[_seen(day, where)] for _, day, where in entered])
    order = np.lexsort((stage, days, deal))
    return deal[order], stage[order], days[order]


def _seen(day: Ints, where: Flags) -> Flags:
    return where & (day <= LAST)


def current(deal: Ints, stage: Ints) -> Ints:
    """The last stage of each deal, from its steps in order."""
    last = np.flatnonzero(np.append(deal[1:] != deal[:-1], True))
    return stage[last]


def history(deals: Deals, keys: Texts, found: tuple[Ints, Ints, Ints]) -> Columns:
    """The table of the stage changes."""
    deal, stage, days = found
    return {
        "source_id": numbered("ETA", len(deal)),
        "deal": keys[deal],
        "stage": labels(STAGES, stage),
        "rank": blanked((stage + 1).astype(object), stage >= _RANKED),
        "entered_at": stamp(days),
    }


def outcomes(deals: Deals) -> Texts:
    """What the CRM shows of each deal."""
    names = {WON: "won", LOST: "lost", NO_DECISION: "no_decision"}
    shown = labels([names[fate] for fate in sorted(names)], deals.fate)
    return np.where(deals.closed, shown, "open")
