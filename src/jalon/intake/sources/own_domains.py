"""Whose side a person of a meeting is on: the mail domains of the company, given or seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jalon.intake.text_table import Evidence

#: Anybody may have an address there: it says nothing of a company.
PUBLIC = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr"}
    | {"live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "ymail.com", "icloud.com"}
    | {"me.com", "mac.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "gmx.fr"}
    | {"laposte.net", "bbox.fr", "numericable.fr", "aol.com", "protonmail.com", "proton.me"}
    | {"gmx.com", "mail.com", "hey.com", "fastmail.com", "cegetel.net", "club-internet.fr"}
    | {"group.calendar.google.com", "resource.calendar.google.com", "import.calendar.google.com"}
)


@dataclass(frozen=True)
class Sides:
    """The company's own domains, and what they rest on; none where only the user can tell."""

    domains: frozenset[str]
    evidence: Evidence | None = None

    def ours(self, mail: str) -> bool:
        """Whether an address is of the company: of one of its domains, or below one."""
        domain = domain_of(mail)
        return any(domain == own or domain.endswith(f".{own}") for own in self.domains)


def domain_of(mail: str) -> str:
    """What follows the at sign, in lower case; empty where there is none."""
    return mail.rpartition("@")[2].lower().strip() if "@" in mail else ""


def sides(organizers: Sequence[str], told: Sequence[str]) -> Sides:
    """The domains told; else the commonest of the organizers', public providers aside."""
    if told:
        own = frozenset(each.lower().lstrip("@").strip() for each in told)
        return Sides(own, Evidence("own_domains", ", ".join(sorted(own)), "given"))
    known = [domain for mail in organizers if (domain := domain_of(mail))]
    counted = Counter(domain for domain in known if domain not in PUBLIC)
    ranked = counted.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return Sides(frozenset())
    domain, times = ranked[0]
    share = times / len(known)
    facts: dict[str, object] = {"share": share, "events": len(known)}
    evidence = Evidence("own_domains", domain, "commonest_organizer", facts, round(share, 2))
    return Sides(frozenset({domain}), evidence)
