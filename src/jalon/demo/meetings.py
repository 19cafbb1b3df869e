"""Meetings: booked, moved, missed, cancelled or held, alone or in team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from jalon.demo.companies import PLACES, Companies
from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, keyed, labels, numbered, texts
from jalon.demo.pipeline import Deals
from jalon.demo.team import NAMES, colleague_of

STATUSES = ("booked", "held", "no_show", "cancelled_by_us", "cancelled_by_them", "rescheduled")
BOOKED, HELD, NO_SHOW, BY_US, BY_THEM, MOVED = range(len(STATUSES))
KINDS = ("Premier rendez-vous", "Rendez-vous de suivi")
FIRST_SLOT = (0.72, 0.16, 0.12)
"""First meetings held at once, moved then held, missed then held."""


@dataclass(frozen=True)
class Refs:
    """The identifiers of the deals, the leads and the accounts, by index."""

    deals: Texts
    leads: Texts
    accounts: Texts


@dataclass(frozen=True)
class _Slots:
    """Meetings, one an index; ``after``: the index, in the same slots, of the one it replaces."""

    deal: Ints
    booked: Ints
    due: Ints
    status: Ints
    after: Ints
    joint: Flags
    first: Flags

    def __len__(self) -> int:
        return len(self.deal)

    def __getitem__(self, rows: Flags) -> _Slots:
        place = np.append(np.where(rows, np.cumsum(rows) - 1, -1), -1)
        kept = {f.name: getattr(self, f.name)[rows] for f in fields(self)}
        return _Slots(**{**kept, "after": place[kept["after"]]})


def meetings(seed: int, deals: Deals, companies: Companies, refs: Refs) -> tuple[Columns, Columns]:
    """The tables of the meetings and of who attended them."""
    draws = Draws(seed, "meetings")
    slots = _known(_chained([_firsts(draws, deals), _missed(draws, deals), _seconds(draws, deals)]))
    ids = numbered("RDV", len(slots))
    table = _table(draws, slots, deals, companies, refs) | {"source_id": ids}
    return table, _attendees(draws, slots, deals, companies, ids)


def _chained(parts: Sequence[_Slots]) -> _Slots:
    starts = np.cumsum([0, *(len(each) for each in parts)])
    moved = [np.where(p.after < 0, -1, p.after + s) for p, s in zip(parts, starts, strict=False)]
    values = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Slots)}
    return _Slots(**{**values, "after": np.concatenate(moved)})


def _known(slots: _Slots) -> _Slots:
    """What is known on the last day: later meetings are only booked, later bookings not made."""
    ahead = slots.due > LAST
    status = np.where(ahead, BOOKED, slots.status)
    values = {f.name: getattr(slots, f.name) for f in fields(slots)}
    return _Slots(**{**values, "status": status})[slots.booked <= LAST]


def _firsts(draws: Draws, deals: Deals) -> _Slots:
    """The first meeting of each deal that had one, after a first slot that may have failed."""
    rows = np.flatnonzero(deals.met)
    room = deals.requested[rows] - deals.created[rows] - 2
    final = deals.created[rows] + 2 + (0.9 * room).astype(np.int64)
    early = deals.created[rows] + 1 + (0.5 * room).astype(np.int64)
    slot = draws.pick(FIRST_SLOT, len(rows))
    failed = slot > 0
    opening = _slots(rows[failed], deals.created[rows[failed]], early[failed], deals.joint)
    status = np.where(slot[failed] == 1, MOVED, NO_SHOW)
    after = np.where(failed, np.cumsum(failed) - 1, -1)
    booked = np.where(failed, early, deals.created[rows])
    held = _slots(rows, booked, final, deals.joint)
    return _in_two(_with(opening, status=status), _with(held, after=after))


def _slots(deal: Ints, booked: Ints, due: Ints, joint: Flags) -> _Slots:
    n = len(deal)
    status, none = np.full(n, HELD), np.full(n, -1)
    return _Slots(deal, booked, due, status, none, joint[deal], np.ones(n, dtype=np.bool_))


def _with(slots: _Slots, **values: Ints | Flags) -> _Slots:
    return _Slots(**{f.name: values.get(f.name, getattr(slots, f.name)) for f in fields(slots)})


def _in_two(opening: _Slots, following: _Slots) -> _Slots:
    """Slots and those that replace them; ``following.after`` counts in ``opening``."""
    values = {
        f.name: np.concatenate([getattr(opening, f.name), getattr(following, f.name)])
        for f in fields(_Slots)
    }
    return _Slots(**values)


def _missed(draws: Draws, deals: Deals) -> _Slots:
    """The first meeting that was never held, of deals that died early."""
    rows = np.flatnonzero(~deals.quoted & draws.chance(0.55, deals.size))
    due = deals.created[rows] + draws.whole(2, 10, len(rows))
    slots = _slots(rows, deals.created[rows], due, deals.joint)
    status = np.array([NO_SHOW, BY_THEM, BY_US])[draws.pick((0.45, 0.35, 0.20), len(rows))]
    return _with(slots, status=status)


def _seconds(draws: Draws, deals: Deals) -> _Slots:
    """A later meeting, between the quote and the decision."""
    room = deals.decided - deals.sent
    rows = np.flatnonzero(deals.met & (room >= 5) & draws.chance(0.55, deals.size))
    n = len(rows)
    due = deals.sent[rows] + draws.whole(1, room[rows] - 3, n)
    joint = deals.met & draws.chance(0.30, deals.size)
    states = np.array([HELD, NO_SHOW, BY_THEM, BY_US, MOVED])
    status = states[draws.pick((0.77, 0.07, 0.08, 0.03, 0.05), n)]
    later = {"first": np.zeros(n, dtype=np.bool_)}
    opening = _with(_slots(rows, deals.sent[rows], due, joint), status=status, **later)
    again = np.flatnonzero(status == MOVED)
    late = _slots(rows[again], due[again], due[again] + 2, joint)
    return _in_two(opening, _with(late, after=again, first=np.zeros(len(again), dtype=np.bool_)))


def _table(draws: Draws, slots: _Slots, deals: Deals, companies: Companies, refs: Refs) -> Columns:
    n = len(slots)
    company = deals.company[slots.deal]
    place = labels([each[1] for each in PLACES], companies.place[company])
    online = draws.chance(0.25, n) & ~slots.first
    return {
        "deal": refs.deals[slots.deal],
        "lead": keyed(refs.leads, deals.lead[slots.deal]),
        "account": refs.accounts[company],
        "owner": labels(NAMES, deals.rep[slots.deal]),
        "booked_at": stamp(slots.booked, _hour_booked(slots)),
        "due_at": stamp(slots.due, 60 * draws.whole(10, 15, n)),
        "status": labels(STATUSES, slots.status),
        "rescheduled_from": keyed(numbered("RDV", n), slots.after),
        "place": np.where(online, "Visioconférence", place),
        "kind": labels(KINDS, np.where(slots.first, 0, 1)),
    }


def _hour_booked(slots: _Slots) -> Ints:
    """A meeting that was missed is booked again in the evening, one that is moved, before it."""
    missed = (slots.after >= 0) & (slots.status[slots.after] == NO_SHOW)
    return np.where(missed, 16 * 60 + 10, 9 * 60 + 5)


def _attendees(
    draws: Draws, slots: _Slots, deals: Deals, companies: Companies, ids: Texts
) -> Columns:
    """Sellers at team meetings (the owner too), and some of the customers' people."""
    team = np.flatnonzero(slots.joint)
    owner = deals.rep[slots.deal[team]]
    other = colleague_of(draws, owner)
    theirs = np.flatnonzero((slots.status == HELD) & draws.chance(0.4, len(slots)))
    guests = companies.person[deals.company[slots.deal[theirs]]]
    rows = np.concatenate([team, team, theirs])
    people = np.concatenate([labels(NAMES, owner), labels(NAMES, other), guests])
    sides = ["ours"] * (2 * len(team)) + ["theirs"] * len(theirs)
    return {
        "source_id": numbered("PAR", len(rows)),
        "meeting": ids[rows],
        "person": people,
        "side": texts(sides),
    }
