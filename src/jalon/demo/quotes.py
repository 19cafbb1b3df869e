"""Quotes: one or two versions a deal, the last accepted where it is won."""

from __future__ import annotations

import numpy as np

from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Ints, Texts, numbered
from jalon.demo.pipeline import Deals

SECOND_VERSION = 0.25


def quotes(seed: int, deals: Deals, keys: Texts) -> Columns:
    """The table of the quotes."""
    draws = Draws(seed, "quotes")
    again = _again(draws, deals)
    twice = deals.quoted & draws.chance(SECOND_VERSION, deals.size) & (again <= LAST)
    first = np.flatnonzero(deals.quoted & (deals.sent <= LAST))
    second = np.flatnonzero(twice)
    deal = np.concatenate([first, second])
    version = np.concatenate([np.ones(len(first)), np.full(len(second), 2)]).astype(np.int64)
    order = np.lexsort((version, deal))
    deal, version = deal[order], version[order]
    last = np.where(twice[deal], version == 2, True)
    accepted = deals.won[deal] & last
    full = deals.amount / (1 - deals.discount)
    return {
        "source_id": numbered("DEV", len(deal)),
        "deal": keys[deal],
        "version": version,
        "amount": np.round(np.where(last, deals.amount[deal], full[deal]), 2),
        "sent_at": stamp(np.where(version == 1, deals.sent[deal], again[deal])),
        "accepted_at": stamp(deals.decided[deal], where=accepted),
    }


def _again(draws: Draws, deals: Deals) -> Ints:
    """The day of the second version, before the decision."""
    room = deals.decided - deals.sent - 1
    return deals.sent + 1 + (draws.uniform(deals.size) * room).astype(np.int64)
