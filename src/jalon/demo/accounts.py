"""Accounts and contacts: the companies that the CRM knows, and the people there."""

from __future__ import annotations

import numpy as np

from jalon.demo import names
from jalon.demo.companies import BANDS, PLACES, SECTORS, Companies
from jalon.demo.days import LAST, stamp
from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, blanked, labels, numbered, texts
from jalon.demo.leads import JOBS
from jalon.demo.team import NAMES

SECOND_PERSON = 0.2


def account_ids(n: int) -> Texts:
    """The identifier in the CRM of each company."""
    return texts([str(5_000_000_001 + 37 * i) for i in range(n)])


def accounts(companies: Companies, rows: Ints, born: Ints, customers: Flags) -> Columns:
    """The table of the accounts: companies ``rows``, known since ``born``."""
    ids = account_ids(len(companies.name))
    sector, place = companies.sector[rows], companies.place[rows]
    return {
        "source_id": ids[rows],
        "name": companies.name[rows],
        "status": labels(("prospect", "customer"), customers.astype(np.int64)),
        "siren": companies.siren[rows],
        "siret": names.sirets(list(companies.siren[rows])),
        "naf_code": labels([each.naf for each in SECTORS], sector),
        "sector": labels([each.name for each in SECTORS], sector),
        "employees": companies.employees[rows],
        "size_band": labels(BANDS, companies.band[rows]),
        "city": labels([each[1] for each in PLACES], place),
        "postcode": labels([each[2] for each in PLACES], place),
        "region": labels([each[0] for each in PLACES], place),
        "country": texts(["France"] * len(rows)),
        "owner": labels(NAMES, companies.rep[rows]),
        "created_at": stamp(born),
    }


def contacts(seed: int, companies: Companies, rows: Ints, born: Ints) -> Columns:
    """The table of the contacts: one an account, two for some."""
    draws = Draws(seed, "contacts")
    more = np.flatnonzero(draws.chance(SECOND_PERSON, len(rows)))
    of = np.concatenate([rows, rows[more]])
    born = np.concatenate([born, born[more]])
    n = len(of)
    people = np.concatenate([companies.person[rows], names.people(draws, len(more))])
    first = np.arange(n) < len(rows)
    hosts = [
        str(stem) + ("" if one else " bis")
        for stem, one in zip(companies.stem[of], first, strict=True)
    ]
    table: Columns = {
        "source_id": numbered("CT", n),
        "account": account_ids(len(companies.name))[of],
        "name": people,
        "job_title": labels(JOBS, draws.whole(0, len(JOBS) - 1, n)),
        "email": names.emails(list(people), hosts),
        "phone": blanked(names.phones(20_000, n), draws.exactly(0.08, np.ones(n, dtype=np.bool_))),
        "owner": labels(NAMES, companies.rep[of]),
        "created_at": stamp(born),
    }
    return table | _dates(draws, np.maximum(born, 0))


def _dates(draws: Draws, born: Ints) -> Columns:
    n = len(born)
    shares = {"last_inbound_at": 0.7, "last_outbound_at": 0.85, "last_verified_at": 0.5}
    return {
        name: stamp(
            np.minimum(born + 1 + draws.waiting(300, n), LAST), where=draws.chance(share, n)
        )
        for name, share in (*shares.items(), ("opted_out_at", 0.01))
    }
