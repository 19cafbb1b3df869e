"""Maintenance contracts, of two kinds of customers that nothing tells apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.demo.companies import Companies
from jalon.demo.days import LAST, MONTH_DAYS, stamp
from jalon.demo.draws import Columns, Draws, Flags, Floats, Ints, Texts, lognormal, numbered
from jalon.demo.pipeline import Deals
from jalon.demo.products import BASIC, FULL, named

LOYAL_SHARE = 0.45
LOYAL_HAZARD, FICKLE_HAZARD = 0.010, 0.080
"""Chance of leaving, a month, of the loyal and of the others."""
SIGNS = 0.86
MEDIAN_MONTHLY = 560.0
OLDEST = -730
"""The first day of the contracts and invoices of the customers from before the CRM."""


@dataclass(frozen=True)
class Contracts:
    """Contracts, one an index, one a customer. ``end`` is its true end, which may be to come."""

    company: Ints
    start: Ints
    end: Ints
    monthly: Floats
    product: Ints
    loyal: Flags

    @property
    def ended(self) -> Flags:
        """Whether it is over on the last day."""
        return self.end <= LAST

    @property
    def size(self) -> int:
        """How many contracts there are."""
        return len(self.company)


def contracts(seed: int, deals: Deals, companies: Companies, old: Ints) -> Contracts:
    """One contract for most customers; ``old`` are the customers from before the CRM."""
    draws = Draws(seed, "contracts")
    won = np.flatnonzero(deals.won & ~np.isin(deals.company, old))
    order = won[np.lexsort((deals.decided[won], deals.company[won]))]
    company, first = np.unique(deals.company[order], return_index=True)
    start = deals.decided[order[first]] + draws.whole(10, 40, len(company))
    signs = draws.chance(SIGNS, len(company)) & (start <= LAST)
    company = np.concatenate([old, company[signs]])
    start = np.concatenate([draws.whole(OLDEST, -1, len(old)), start[signs]])
    n = len(company)
    loyal = draws.chance(LOYAL_SHARE, n)
    months = draws.exponential(1 / np.where(loyal, LOYAL_HAZARD, FICKLE_HAZARD), n)
    end = start + np.maximum(np.ceil(months * MONTH_DAYS), 1).astype(np.int64)
    score = 0.6 * companies.size[company] + 0.8 * draws.normal(n)
    monthly = np.round(lognormal(MEDIAN_MONTHLY, 0.8, score))
    product = np.where(monthly > MEDIAN_MONTHLY, FULL, BASIC)
    return Contracts(company, start, end, monthly, product, loyal)


def restricted_mean(months: float) -> float:
    """The true mean number of months kept among the first ``months``."""
    pairs = ((LOYAL_SHARE, LOYAL_HAZARD), (1 - LOYAL_SHARE, FICKLE_HAZARD))
    return float(sum(w * (1 - np.exp(-h * months)) / h for w, h in pairs))


def table(found: Contracts, accounts: Texts) -> Columns:
    """The table of the contracts."""
    return {
        "source_id": numbered("CTR", found.size, 4),
        "account": accounts[found.company],
        "started_at": stamp(found.start),
        "ended_at": stamp(found.end, where=found.ended),
        "monthly_amount": found.monthly,
        "product": named(found.product),
    }
