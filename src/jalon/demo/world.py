"""The demo company: all its tables, coherent with one another, from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from jalon.demo import (
    accounts,
    activities,
    channels,
    companies,
    contracts,
    flow,
    invoices,
    leads,
    losses,
    meetings,
    pipeline,
    products,
    quotes,
    stages,
    surveys,
    targets,
    team,
    truths,
)
from jalon.demo.bulk import deals_only
from jalon.demo.days import stamp
from jalon.demo.draws import Columns, Draws, Ints, Moments, Texts, keyed, labels, texts

__all__ = ["COMPANY", "OLD_CUSTOMERS", "World", "build", "deals_only"]

COMPANY = "Ateliers Belledonne"
OLD_CUSTOMERS = 120
"""Customers from before the CRM: their invoices and contracts go back to October 2021."""


@dataclass(frozen=True)
class World:
    """The tables by canonical name, column by column, and what is true of them.

    A reference is the ``source_id`` of its row; ``owner``, ``product`` and ``campaign`` are names.
    """

    seed: int
    scale: float
    tables: Mapping[str, Columns]
    truths: truths.Truths


@dataclass(frozen=True)
class _Base:
    """What all tables are made from."""

    seed: int
    scale: float
    leads: flow.Flow
    companies: companies.Companies
    deals: pipeline.Deals
    contracts: contracts.Contracts
    lead_ids: Texts
    deal_ids: Texts
    account_ids: Texts

    @property
    def old(self) -> Ints:
        """The companies that were customers before the CRM."""
        return np.arange(self.leads.size, len(self.companies.name))


def build(seed: int = 2026, scale: float = 1.0) -> World:
    """The world of that seed; ``scale`` multiplies its size."""
    base = _base(seed, scale)
    file = leads.leads(seed, base.leads, base.companies, base.account_ids, scale)
    lost = losses.losses(seed, base.deals)
    tables = {
        "rep": team.reps(),
        "product": products.products(),
        "campaign": channels.campaigns(),
        "spend": channels.spend(scale),
        "lead": file.table,
        **_accounts(base),
        **_pipeline(base, lost),
        **_money(base),
        "survey_answer": surveys.surveys(seed, base.deals, base.contracts, base.account_ids),
        "target": targets.targets(scale),
        "market": targets.market(),
    }
    found = truths.truths(base.deals, lost, file)
    return World(seed, scale, MappingProxyType(tables), found)


def _base(seed: int, scale: float) -> _Base:
    incoming = flow.flow(seed, scale)
    known = companies.found(seed, incoming.size + round(OLD_CUSTOMERS * scale))
    sold = pipeline.deals(seed, known, incoming)
    old = np.arange(incoming.size, len(known.name))
    return _Base(
        seed,
        scale,
        incoming,
        known,
        sold,
        contracts.contracts(seed, sold, known, old),
        texts([f"P{i:05d}" for i in range(1, incoming.size + 1)]),
        texts([str(7_000_000_001 + 53 * i) for i in range(sold.size)]),
        accounts.account_ids(len(known.name)),
    )


def _accounts(base: _Base) -> dict[str, Columns]:
    """Companies with a deal, or customers from before."""
    new = np.flatnonzero(base.leads.to_deal)
    rows = np.concatenate([base.old, new])
    since = base.contracts.start[: len(base.old)] - 30
    born = np.concatenate([since, base.leads.deal_day[new]])
    won = np.unique(base.deals.company[base.deals.won])
    customers = np.isin(rows, won) | np.isin(rows, base.old)
    return {
        "account": accounts.accounts(base.companies, rows, born, customers),
        "contact": accounts.contacts(base.seed, base.companies, rows, born),
    }


def _pipeline(base: _Base, lost: losses.Losses) -> dict[str, Columns]:
    steps = stages.steps(base.seed, base.deals)
    met, attended = meetings.meetings(
        base.seed,
        base.deals,
        base.companies,
        meetings.Refs(base.deal_ids, base.lead_ids, base.account_ids),
    )
    reps = base.companies.rep
    tried = activities.activities(
        base.seed, base.leads, base.deals, reps, (base.lead_ids, base.deal_ids)
    )
    return {
        "deal": _deals(base, steps, lost),
        "stage_change": stages.history(base.deals, base.deal_ids, steps),
        "activity": tried,
        "meeting": met,
        "meeting_attendee": attended,
    }


def _deals(base: _Base, steps: tuple[Ints, Ints, Ints], lost: losses.Losses) -> Columns:
    deals = base.deals
    stage = stages.current(steps[0], steps[1])
    work = products.named(_works(base))
    return {
        "source_id": base.deal_ids,
        "account": base.account_ids[deals.company],
        "lead": keyed(base.lead_ids, deals.lead),
        "name": _names(base, work),
        "owner": labels(team.NAMES, deals.rep),
        "product": work,
        "source": labels(channels.SOURCES, deals.source),
        "campaign": labels(channels.campaign_names(), deals.campaign),
        "stage": labels(stages.STAGES, stage),
        "outcome": stages.outcomes(deals),
        "amount": deals.amount,
        "list_amount": np.round(deals.amount / (1 - deals.discount), 2),
        "currency": products.euros(deals.size),
        "probability": stages.PROBABILITY[stage],
        "created_at": stamp(deals.created),
        "expected_close_at": _expected(base),
        "closed_at": stamp(deals.decided, where=deals.closed),
        "kind": labels(("new", "expansion"), (deals.source == channels.EXISTING).astype(np.int64)),
        **lost.columns,
    }


def _names(base: _Base, work: Texts) -> Texts:
    clients = base.companies.name[base.deals.company]
    return texts([f"{what} – {who}" for what, who in zip(work, clients, strict=True)])


def _expected(base: _Base) -> Moments:
    """The closing that the seller announces, of open deals only."""
    wait = Draws(base.seed, "expected").whole(45, 110, base.deals.size)
    return stamp(base.deals.created + wait, where=~base.deals.closed)


def _works(base: _Base) -> Ints:
    return Draws(base.seed, "works").pick(products.WORKS, base.deals.size)


def _money(base: _Base) -> dict[str, Columns]:
    refs = (base.deal_ids, base.account_ids)
    found = base.contracts
    return {
        "quote": quotes.quotes(base.seed, base.deals, base.deal_ids),
        "invoice": invoices.invoices(base.seed, base.deals, _works(base), found, refs),
        "contract": contracts.table(found, base.account_ids),
    }
