"""Deals: what makes them won or lost, how long they take, and what the CRM shows at the end.

The chance of winning is a plain sum, so that every effect is the same number of points for all
and a comparison that holds the rest fixed must find it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from jalon.demo.channels import EXISTING, FLOWS, RETRY, SOURCE_EFFECT
from jalon.demo.companies import SECTORS, Companies
from jalon.demo.days import LAST
from jalon.demo.draws import Draws, Flags, Floats, Ints, lognormal
from jalon.demo.flow import Flow
from jalon.demo.team import LEAVES_OPEN, SKILL, SLOWNESS

BASE = 0.47
SIZE_EFFECT = -0.15
"""Of a standard score of the amount, cut at 1.5."""
LATE_EFFECT = -0.10
TEAM_EFFECT = 0.08
JOINT_SHARE, JOINT_SLOPE = 0.36, 0.27
"""How often a first visit is made by a team, and how much more for bigger deals."""
LATE_AFTER = 7
"""Days from request to quote after which it is late."""
MEDIAN_AMOUNT = 8_000.0
SPREAD = 1.1774100225
"""The log-normal spread whose mean is twice its median: √(2 ln 2)."""
LEFT_OPEN = 0.06
LEFT_OPEN_BY_ONE = 0.70
"""The share of not-won deals that a seller never closes: all, and the one who leaves them."""
WON, LOST, NO_DECISION = 0, 1, 2
REACHES_QUOTE = 0.88


@dataclass(frozen=True)
class Deals:
    """Deals, one an index; days count from the first. ``company`` and ``lead`` are indexes.

    ``quoted``: it lives until a quote. ``met``: a first meeting was held, ``joint`` by a team.
    ``requested``, ``sent``: days of the request and of the quote. ``decided``: the day of the true
    decision, ``fate`` which. ``closed``: the CRM shows it. ``p``: the true chance of winning.
    """

    company: Ints
    lead: Ints
    source: Ints
    campaign: Ints
    rep: Ints
    sector: Ints
    created: Ints
    score: Floats
    amount: Floats
    discount: Floats
    quoted: Flags
    met: Flags
    joint: Flags
    late: Flags
    requested: Ints
    sent: Ints
    decided: Ints
    fate: Ints
    closed: Flags
    p: Floats

    @property
    def size(self) -> int:
        """How many deals there are."""
        return len(self.company)

    @property
    def won(self) -> Flags:
        """Whether the CRM shows the deal as won."""
        return np.asarray(self.closed & (self.fate == WON))

    @property
    def lost(self) -> Flags:
        """Whether the CRM shows the deal as lost."""
        return np.asarray(self.closed & (self.fate == LOST))


@dataclass(frozen=True)
class _Start:
    """What a deal begins with."""

    company: Ints
    lead: Ints
    source: Ints
    campaign: Ints
    created: Ints


_Any = TypeVar("_Any", "Deals", "_Start")


def deals(seed: int, companies: Companies, leads: Flow) -> Deals:
    """All the deals: one for each lead that becomes one, then the later ones."""
    first = _pipeline(Draws(seed, "first deals"), companies, _from_leads(leads))
    again = _again(Draws(seed, "later deals"), first)
    old = _old_customers(Draws(seed, "old customers' deals"), companies, leads.size)
    later = _pipeline(Draws(seed, "later pipeline"), companies, _joined(again, old))
    return _joined(first, later)


def _joined(one: _Any, other: _Any) -> _Any:
    values = {
        f.name: np.concatenate([getattr(one, f.name), getattr(other, f.name)]) for f in fields(one)
    }
    return type(one)(**values)


def _from_leads(leads: Flow) -> _Start:
    rows = np.flatnonzero(leads.to_deal)
    return _Start(rows, rows, leads.source[rows], leads.campaign[rows], leads.deal_day[rows])


def _again(draws: Draws, first: Deals) -> _Start:
    """Customers buy again, lost companies are tried again."""
    room = first.closed & (first.decided < LAST - 75)
    keen = draws.chance(np.where(first.fate == WON, 0.85, 0.68), first.size)
    rows = np.flatnonzero(room & keen)
    created = draws.whole(first.decided[rows] + 45, np.full(len(rows), LAST - 1), len(rows))
    source = np.where(first.fate[rows] == WON, EXISTING, RETRY)
    none = np.full(len(rows), -1)
    return _Start(first.company[rows], none, source, none, created)


def _old_customers(draws: Draws, companies: Companies, leads: int) -> _Start:
    rows = np.arange(leads, len(companies.sector))
    rows = rows[draws.chance(0.7, len(rows))]
    none = np.full(len(rows), -1)
    created = draws.whole(0, LAST - 60, len(rows))
    return _Start(rows, none, np.full(len(rows), EXISTING), none, created)


def _pipeline(draws: Draws, companies: Companies, start: _Start) -> Deals:
    n = len(start.company)
    rep, sector = companies.rep[start.company], companies.sector[start.company]
    score = 0.5 * companies.size[start.company] + np.sqrt(0.75) * draws.normal(n)
    cut = np.clip(score, -1.5, 1.5)
    quoted = draws.chance(REACHES_QUOTE, n)
    met = quoted & draws.chance(0.9, n)
    joint = met & draws.chance(JOINT_SHARE + JOINT_SLOPE * cut, n)
    late = quoted & draws.chance(0.40 + 0.08 * cut + SLOWNESS[rep], n)
    base = _before(cut, sector, start.source, rep)
    p = np.where(quoted, _chance(base, joint, late), 0.0)
    fate = _fates(draws, p)
    requested, sent, decided = _days(draws, start, quoted, late)
    return Deals(
        start.company, start.lead, start.source, start.campaign, rep, sector, start.created,
        score, np.round(lognormal(MEDIAN_AMOUNT, SPREAD, score), -1),
        np.round(0.04 + 0.03 * (cut + 1.5) + 0.06 * draws.uniform(n), 3),
        quoted, met, joint, late, requested, sent, decided, fate,
        _shown(draws, rep, fate, decided), p,
    )  # fmt: skip


def _before(cut: Floats, sector: Ints, source: Ints, rep: Ints) -> Floats:
    by_sector = np.array([each.effect for each in SECTORS])
    total = BASE + SIZE_EFFECT * cut + by_sector[sector] + SOURCE_EFFECT[source] + SKILL[rep]
    return np.asarray(total)


def _chance(base: Floats, joint: Flags, late: Flags) -> Floats:
    """The true chance that a quoted deal is won."""
    return np.asarray(np.clip(base + TEAM_EFFECT * joint + LATE_EFFECT * late, 0.02, 0.95))


def _fates(draws: Draws, p: Floats) -> Ints:
    n = len(p)
    missed = np.where(draws.chance(np.where(p > 0, 0.16, 0.40), n), NO_DECISION, LOST)
    return np.where(draws.chance(p, n), WON, missed).astype(np.int64)


def _days(draws: Draws, start: _Start, quoted: Flags, late: Flags) -> tuple[Ints, Ints, Ints]:
    n = len(start.created)
    means = np.array([*(flow.decides for flow in FLOWS), 30, 30, 40])[start.source]
    requested = start.created + draws.whole(6, 20, n)
    wait = np.where(late, draws.whole(LATE_AFTER + 1, 25, n), draws.whole(1, LATE_AFTER, n))
    sent = requested + wait
    early = start.created + 11 + draws.waiting(25, n)
    decided = np.where(quoted, sent + 4 + draws.waiting(means - 4, n), early)
    return requested, sent, decided


def _shown(draws: Draws, rep: Ints, fate: Ints, decided: Ints) -> Flags:
    share = np.where(rep == LEAVES_OPEN, LEFT_OPEN_BY_ONE, LEFT_OPEN)
    left = (fate != WON) & draws.chance(share, len(rep))
    return np.asarray((decided <= LAST) & ~left)
