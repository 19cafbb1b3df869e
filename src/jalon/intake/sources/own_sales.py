"""Whose sales a heap of invoices tells: the company's own SIREN, given or seen in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jalon.intake.sources.invoice_document import Document
from jalon.intake.text_table import Evidence

#: Below so many documents, what they have in common may be chance.
ENOUGH = 3


@dataclass(frozen=True)
class Own:
    """The company's own SIREN, and what it rests on; None where only the user can tell."""

    siren: str | None
    evidence: Evidence | None = None


def own_side(documents: Sequence[Document], told: str | None) -> Own:
    """The SIREN told; else the only one that is seller of all, buyer of all, or in all of them."""
    if told:
        given = "".join(told.split())
        return Own(given, Evidence("own_siren", given, "given"))
    facts: dict[str, object] = {"documents": len(documents)}
    if len(documents) < ENOUGH:
        return Own(None)
    sellers = {each.seller.siren for each in documents}
    buyers = {each.buyer.siren for each in documents}
    if len(sellers) == 1 and len(buyers) > 1:
        return _seen(sellers, "seller_of_all", facts, 0.95)
    if len(buyers) == 1 and len(sellers) > 1:
        return _seen(buyers, "buyer_of_all", facts, 0.95)
    sides = [{each.seller.siren, each.buyer.siren} for each in documents]
    common = set.intersection(*sides)
    if len(sellers) > 1 and len(buyers) > 1:
        return _seen(common, "party_of_all", facts, 0.9)
    return Own(None)


def _seen(found: set[str | None], because: str, facts: dict[str, object], certainty: float) -> Own:
    """The only SIREN of a set; none where it has several."""
    known = [each for each in found if each]
    if len(known) != 1:
        return Own(None)
    return Own(known[0], Evidence("own_siren", known[0], because, facts, certainty))


def parties(documents: Sequence[Document], most: int = 6) -> dict[str, str]:
    """The SIRENs of the documents and their names, those in most documents first."""
    times: dict[str, int] = {}
    names: dict[str, str] = {}
    for each in documents:
        for party in (each.seller, each.buyer):
            if party.siren:
                times[party.siren] = times.get(party.siren, 0) + 1
                names.setdefault(party.siren, party.name or party.siren)
    ranked = sorted(times, key=lambda siren: -times[siren])
    return {siren: names[siren] for siren in ranked[:most]}
