"""The prospect file: what is known of each lead, and what is wrong with the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jalon.demo import names
from jalon.demo.channels import OLD_FILE, SOURCES, campaign_names
from jalon.demo.companies import BANDS, PLACES, SECTORS, Companies
from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, blanked, labels, numbered, texts
from jalon.demo.flow import Flow
from jalon.demo.team import NAMES

JOBS = (
    "Gérant",
    "Directrice des achats",
    "Responsable technique",
    "Office manager",
    "Directeur de site",
)
BLANKS: Mapping[str, tuple[float, ...]] = {
    "phone": (0.05, 0.15, 0.20, 0.30, 0.10, 0.10, 0.40),
    "email": (0.02, 0.00, 0.00, 0.25, 0.05, 0.15, 0.35),
    "siren": (0.10, 0.30, 0.25, 0.05, 0.10, 0.30, 0.20),
    "job_title": (0.10, 0.40, 0.35, 0.50, 0.20, 0.30, 0.50),
}
"""The share of leads without that field, by source (`SOURCES`)."""
NA_PHONES, XXX_JOBS = 0.02, 0.015
"""The share of all leads whose telephone reads ``N/A``, whose job reads ``xxx``."""
SAME_SIREN, SAME_EMAIL = 90, 60
"""Leads entered twice: with the same SIREN, with the same e-mail address."""
OPPOSED = 0.012
CALLED_BACK, CALLED_BY_US = 0.30, 0.40
"""Of the old file: who wrote to us since, and whom only we have called since."""


@dataclass(frozen=True)
class Leads:
    """The table of the leads, and what is known to be wrong with it."""

    table: Columns
    copies_of_siren: int
    copies_of_email: int
    past_retention: int


def leads(seed: int, flow: Flow, companies: Companies, accounts: Texts, scale: float) -> Leads:
    """The prospect file of these leads, with its holes and its doubles."""
    draws = Draws(seed, "leads")
    table = _full(draws, flow, companies, accounts)
    _spoil(draws, table, flow.source)
    inbound = _contacts(draws, table, flow)
    past = (flow.source == OLD_FILE) & ~inbound
    copies = _copies(draws, table, flow, scale)
    both = {name: np.concatenate([column, copies[name]]) for name, column in table.items()}
    both["source_id"] = numbered("P", len(both["source_id"]))
    half = round(SAME_SIREN * scale)
    return Leads(both, half, len(copies["source_id"]) - half, int(past.sum()))


def _full(draws: Draws, flow: Flow, companies: Companies, accounts: Texts) -> Columns:
    n = flow.size
    known = slice(0, n)
    place = companies.place[known]
    return {
        "source_id": numbered("P", n),
        "account": blanked(accounts[known], ~flow.to_deal),
        "company": companies.name[known],
        "contact_name": companies.person[known],
        "job_title": labels(JOBS, draws.whole(0, len(JOBS) - 1, n)),
        "email": companies.email[known],
        "phone": names.phones(0, n),
        "siren": companies.siren[known],
        "sector": labels([each.name for each in SECTORS], companies.sector[known]),
        "naf_code": labels([each.naf for each in SECTORS], companies.sector[known]),
        "region": labels([each[0] for each in PLACES], place),
        "size_band": labels(BANDS, companies.band[known]),
        "source": labels(SOURCES, flow.source),
        "campaign": labels(campaign_names(), flow.campaign),
        "owner": labels(NAMES, companies.rep[known]),
        "status": _status(draws, flow),
        "created_at": stamp(flow.day, flow.minute),
        "qualified_at": stamp(flow.qualified_day, 18 * 60 + 30, where=flow.qualified),
        "converted_at": stamp(flow.deal_day, 18 * 60 + 45, where=flow.to_deal),
    }


def _status(draws: Draws, flow: Flow) -> Texts:
    state = draws.pick((0.35, 0.40, 0.25), flow.size)
    state = np.where(flow.qualified, 3, state)
    state = np.where(flow.to_deal, 4, state)
    return labels(("new", "open", "disqualified", "qualified", "converted"), state)


def _spoil(draws: Draws, table: Columns, source: Ints) -> None:
    """Blank the known share of each field by source, then write what fills without saying."""
    for field, shares in BLANKS.items():
        for rank, share in enumerate(shares):
            table[field] = blanked(table[field], draws.exactly(share, source == rank))
    for field, word, share in (("phone", "N/A", NA_PHONES), ("job_title", "xxx", XXX_JOBS)):
        filled = np.array([value is not None for value in table[field]])
        marks = draws.exactly(share * len(filled) / max(filled.sum(), 1), filled)
        table[field] = np.where(marks, word, table[field])


def _contacts(draws: Draws, table: Columns, flow: Flow) -> Flags:
    """Fill the dates of the last contacts; tells whose clock is not past three years."""
    n = flow.size
    old = flow.source == OLD_FILE
    wrote = np.where(old, draws.chance(CALLED_BACK, n), draws.chance(0.35, n)) > 0
    called = np.where(old, draws.chance(CALLED_BY_US, n), draws.chance(0.75, n)) > 0
    since = np.maximum(flow.day, 30)
    checked = draws.chance(0.6, n)
    out = draws.chance(OPPOSED, n)
    for field, where in (
        ("last_inbound_at", wrote),
        ("last_outbound_at", called),
        ("last_verified_at", checked),
        ("opted_out_at", out),
    ):
        day = np.minimum(since + 1 + draws.waiting(120, n), LAST)
        table[field] = stamp(day, 19 * 60, where=where)
    return wrote


def _copies(draws: Draws, table: Columns, flow: Flow, scale: float) -> Columns:
    """Leads entered again, some under the same SIREN, some with the same e-mail address."""
    free = ~flow.to_deal & (flow.source != OLD_FILE) & (flow.day < LAST - 120)
    free &= np.array([a is not None and b is not None for a, b in _pairs(table)])
    rows = np.flatnonzero(free)
    by_siren, by_email = round(SAME_SIREN * scale), round(SAME_EMAIL * scale)
    rows = rows[draws.order(len(rows))[: by_siren + by_email]]
    copies = {name: column[rows] for name, column in table.items()}
    copies |= _blank_dates(len(rows))
    day = flow.day[rows] + draws.whole(5, 100, len(rows))
    return copies | _retyped(draws, copies, day, by_siren, flow.size)


def _pairs(table: Columns) -> zip[tuple[Any, Any]]:
    return zip(table["siren"], table["email"], strict=True)


def _blank_dates(n: int) -> Columns:
    never: npt.NDArray[np.datetime64] = np.full(n, np.datetime64("NaT", "s"))
    dates = ("qualified_at", "converted_at", "last_inbound_at", "last_outbound_at", "opted_out_at")
    return dict.fromkeys((*dates, "last_verified_at"), never)


def _retyped(draws: Draws, copies: Columns, day: Ints, by_siren: int, first: int) -> Columns:
    """The copy is typed anew: another person under the same SIREN, or no SIREN at all."""
    n = len(day)
    same = np.arange(n) < by_siren
    people = names.people(draws, n)
    host = [str(each) + " contact" for each in copies["company"]]
    return {
        "company": texts([str(each).upper() for each in copies["company"]]),
        "contact_name": np.where(same, people, copies["contact_name"]),
        "email": np.where(same, names.emails(list(people), host), copies["email"]),
        "siren": blanked(copies["siren"], ~same),
        "phone": names.phones(first + 4_000, n),
        "status": texts(["new"] * n),
        "created_at": stamp(day, 9 * 60 + 15),
    }
