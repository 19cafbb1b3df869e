"""Invoices: of won deals, of contracts, of spare parts; credit notes and cancelled ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from jalon.demo import products
from jalon.demo.contracts import Contracts
from jalon.demo.days import LAST, MONTH_DAYS, season, stamp
from jalon.demo.draws import (
    Columns,
    Draws,
    Floats,
    Ints,
    Texts,
    keyed,
    labels,
    lognormal,
    numbered,
    texts,
)
from jalon.demo.pipeline import MEDIAN_AMOUNT, SPREAD, Deals

CREDITED, CANCELLED = 0.03, 0.008
PARTS_A_MONTH = 0.07
QUARTER = 91
_IN_TWO_FROM = 5_000


@dataclass(frozen=True)
class _Lines:
    company: Ints
    deal: Ints
    product: Ints
    amount: Floats
    day: Ints


def invoices(
    seed: int, deals: Deals, work: Ints, found: Contracts, refs: tuple[Texts, Texts]
) -> Columns:
    """The table of the invoices, in order of date; ``work`` is the product of each deal."""
    draws = Draws(seed, "invoices")
    parts = [
        _of_deals(draws, deals, work),
        _of_old(draws, found),
        _of_contracts(found),
        _of_parts(draws, found),
    ]
    lines = _sorted(_together(parts))
    credited = np.flatnonzero(draws.chance(CREDITED, len(lines.day)) & (lines.day <= LAST - 45))
    return _table(draws, lines, credited, refs)


def _together(parts: Sequence[_Lines]) -> _Lines:
    return _Lines(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Lines)}
    )


def _taken(lines: _Lines, rows: Ints) -> _Lines:
    return _Lines(**{f.name: getattr(lines, f.name)[rows] for f in fields(_Lines)})


def _sorted(lines: _Lines) -> _Lines:
    rows = np.lexsort((lines.company, lines.day))
    return _taken(lines, rows[lines.day[rows] <= LAST])


def _of_deals(draws: Draws, deals: Deals, work: Ints) -> _Lines:
    """A won deal is invoiced once, or in two parts where it is large."""
    won = np.flatnonzero(deals.won)
    large = deals.amount[won] >= _IN_TWO_FROM
    deposit = np.where(large, 0.4, 1.0) * deals.amount[won]
    early = deals.decided[won] + draws.whole(2, 9, len(won))
    two = won[large]
    late = deals.decided[two] + draws.whole(25, 60, len(two))
    rows = np.concatenate([won, two])
    amount = np.concatenate([deposit, 0.6 * deals.amount[two]])
    day = np.concatenate([early, late])
    return _Lines(deals.company[rows], rows, work[rows], np.round(amount, 2), day)


def _of_old(draws: Draws, found: Contracts) -> _Lines:
    """The first order of the customers from before the CRM."""
    rows = np.flatnonzero(found.start < 0)
    amount = np.round(lognormal(MEDIAN_AMOUNT, SPREAD, draws.normal(len(rows))), -1)
    none, work = np.full(len(rows), -1), draws.pick(products.WORKS, len(rows))
    return _Lines(found.company[rows], none, work, amount, found.start[rows])


def _of_contracts(found: Contracts) -> _Lines:
    """Each quarter begun is invoiced in advance, to the days kept at the end."""
    last = np.minimum(found.end, LAST + 1)
    count = np.maximum(np.ceil((last - found.start) / QUARTER), 0).astype(np.int64)
    rows = np.repeat(np.arange(found.size), count)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    day = found.start[rows] + QUARTER * turn
    kept = np.minimum(found.end[rows] - day, QUARTER) / QUARTER
    amount = np.round(3 * found.monthly[rows] * kept, 2)
    return _Lines(found.company[rows], np.full(len(rows), -1), found.product[rows], amount, day)


def _of_parts(draws: Draws, found: Contracts) -> _Lines:
    """Spare parts, more often in season, while the contract lasts."""
    span = np.minimum(found.end, LAST + 1) - found.start
    most = (span / MONTH_DAYS * PARTS_A_MONTH * 1.3).astype(np.int64) + 1
    rows = np.repeat(np.arange(found.size), most)
    n = len(rows)
    day = found.start[rows] + 30 + (draws.uniform(n) * np.maximum(span[rows], 1)).astype(np.int64)
    rate = np.repeat(span / MONTH_DAYS * PARTS_A_MONTH / most, most)
    kept = draws.chance(rate * season(day), n) & (day < np.minimum(found.end, LAST + 1)[rows])
    amount = lognormal(1100.0, 0.9, draws.normal(n))
    parts = _Lines(found.company[rows], np.full(n, -1), np.full(n, products.PARTS), amount, day)
    return _taken(parts, np.flatnonzero(kept))


def _table(draws: Draws, lines: _Lines, credited: Ints, refs: tuple[Texts, Texts]) -> Columns:
    keys, accounts = refs
    back = _taken(lines, credited)
    shares = np.where(draws.chance(0.3, len(credited)), 1.0, 0.25)
    whole = _together([lines, back])
    n, m = len(lines.day), len(credited)
    amount = np.concatenate([lines.amount, -np.round(back.amount * shares, 2)])
    day = np.concatenate([lines.day, back.day + draws.whole(10, 40, m)])
    void = draws.exactly(CANCELLED, np.arange(n + m) < n)
    return {
        "source_id": np.concatenate([numbered("FA", n), numbered("AV", m, 4)]),
        "account": accounts[whole.company],
        "deal": keyed(keys, whole.deal),
        "product": products.named(whole.product),
        "amount": amount,
        "cost": np.round(amount * products.COST_SHARE[whole.product], 2),
        "currency": products.euros(n + m),
        "kind": texts(["invoice"] * n + ["credit_note"] * m),
        "status": labels(("valid", "cancelled"), void.astype(np.int64)),
        "happened_at": stamp(day),
    }
