"""Calls and messages to the leads, and the requests for a quote."""

from __future__ import annotations

import numpy as np

from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Floats, Ints, Texts, keyed, labels, numbered
from jalon.demo.flow import Flow
from jalon.demo.pipeline import Deals
from jalon.demo.team import NAMES

KINDS = ("Appel", "E-mail", "Demande de devis")
CALLS = ("Argumenté", "Abouti", "Sans réponse", "Messagerie", "Numéro invalide")
CALL_WEIGHTS = (0.22, 0.16, 0.36, 0.21, 0.05)
MAILS = ("Distribué", "Rebond définitif", "Rebond temporaire")
MAIL_WEIGHTS = (0.94, 0.04, 0.02)
OUTCOMES = (*CALLS, *MAILS, "Reçue")
DIRECTIONS = ("inbound", "outbound")
TRIED = 0.78
"""The share of leads that somebody tries to reach."""


def activities(
    seed: int, flow: Flow, deals: Deals, reps: Ints, refs: tuple[Texts, Texts]
) -> Columns:
    """The table of the activities: tries by lead, then the customers' requests for a quote."""
    leads, keys = refs
    draws = Draws(seed, "activities")
    lead, minutes = _tries(draws, flow)
    asks = np.flatnonzero(deals.quoted & (deals.requested <= LAST))
    n, m = len(lead), len(asks)
    kind = np.concatenate([draws.pick((0.75, 0.25), n), np.full(m, 2)])
    deal = np.concatenate([np.full(n, -1), asks])
    when = np.concatenate([minutes, deals.requested[asks] * 1440 + 8 * 60 + 40])
    return {
        "source_id": numbered("ACT", n + m),
        "lead": keyed(leads, np.concatenate([lead, deals.lead[asks]])),
        "deal": keyed(keys, deal),
        "owner": labels(NAMES, np.concatenate([reps[lead], deals.rep[asks]])),
        "kind": labels(KINDS, kind),
        "direction": labels(DIRECTIONS, (kind != 2).astype(np.int64)),
        "outcome": labels(OUTCOMES, _outcomes(draws, kind)),
        "happened_at": stamp(np.zeros_like(when), when),
    }


def _tries(draws: Draws, flow: Flow) -> tuple[Ints, Ints]:
    """One to three tries a lead, the first after some hours or days."""
    eager: Floats = np.where(flow.to_deal, 1.0, TRIED)
    tried = np.flatnonzero(draws.chance(eager, flow.size) & (flow.day >= 0))
    count = draws.whole(1, 3, len(tried))
    rows = np.repeat(tried, count)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    born = flow.day * 1440 + flow.minute
    first = born + 20 + draws.exponential(30 * 60, flow.size).astype(np.int64)
    minutes = first[rows] + turn * (2 * 1440 + 95)
    seen = minutes < (LAST + 1) * 1440
    return rows[seen], minutes[seen]


def _outcomes(draws: Draws, kind: Ints) -> Ints:
    n = len(kind)
    call, mail = draws.pick(CALL_WEIGHTS, n), len(CALLS) + draws.pick(MAIL_WEIGHTS, n)
    return np.where(kind == 0, call, np.where(kind == 1, mail, len(OUTCOMES) - 1))
