"""What tells a row of a file from the others, and knows it again in the next export.

An identifier where the file has one; else what the user declares; else the first of the
combinations of columns that name a row to a person and that is full and without repeats; else all
its cells. What was chosen at a source's first import is kept at the later ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jalon.model.problems import Problem
from jalon.store.keys import UNTOLD, Key

SOURCE_ID = "source_id"
SURE, DECLARED, NATURAL, DIGEST = "source_id", "declared", "natural", "digest"

#: By table, the fields that together name a row. An invoice has none: its amount may be corrected.
COMBINATIONS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "account": (("siret",), ("siren",), ("name",), ("name", "postcode")),
    "contact": (("email",), ("name", "account")),
    "product": (("name",),),
    "lead": (("email",), ("company", "contact_name"), ("phone",)),
    "deal": (("lead",), ("name", "account"), ("name", "account", "created_at")),
    "stage_change": (("deal", "stage", "entered_at"),),
    "meeting": (("due_at", "account", "owner"),),
    "meeting_attendee": (("meeting", "person"),),
    "quote": (("deal", "version"),),
    "contract": (("account", "product", "started_at"), ("account", "started_at")),
    "campaign": (("name",),),
    "spend": (
        ("campaign", "happened_at", "kind"),
        ("channel", "happened_at", "kind"),
        ("campaign", "happened_at"),
        ("channel", "happened_at"),
    ),
    "survey_answer": (("account",), ("account", "kind", "sent_at")),
    "rep": (("name",),),
    "exchange_rate": (("currency", "happened_at"),),
}
#: What was tried before keys were remembered: the rows of that time are known by it.
FORMER: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "account": (("name",), ("siret",), ("siren",)),
    "product": (("name",),),
    "rep": (("name",),),
    "campaign": (("name",),),
    "deal": (("lead",),),
    "survey_answer": (("account",),),
}


@dataclass(frozen=True)
class Chosen:
    """The key of a file's rows.

    ``columns``: those that make it (none for the identifier's own, and for all cells). ``names``:
    the fields of a natural key, the headers of a declared one. ``note``: what to say of it.
    """

    how: str
    columns: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    note: Problem | None = None


@dataclass(frozen=True)
class Candidates:
    """A file's columns as keys. ``fields``: the columns of each field; ``unique``: whether these
    columns are full and no two rows have the same."""

    table: str
    headers: Sequence[str]
    fields: Mapping[str, tuple[int, ...]]
    unique: Callable[[Sequence[int]], bool]

    def of(self, names: Sequence[str]) -> tuple[int, ...]:
        """The columns of these fields; none where one is lacking."""
        if not all(name in self.fields for name in names):
            return ()
        return tuple(dict.fromkeys(i for name in names for i in self.fields[name]))

    def titled(self, headers: Sequence[str]) -> tuple[int, ...]:
        """The columns of these headers; none where one is lacking."""
        if not all(header in self.headers for header in headers):
            return ()
        return tuple(list(self.headers).index(header) for header in headers)


def choose(found: Candidates, known: Key | None) -> Chosen:
    """The key of a file's rows. ``known``: that of its source's last import."""
    again = _again(found, known) if known else None
    if again:
        return again
    fresh = _fresh(found, FORMER if known and known.how == UNTOLD else COMBINATIONS)
    if known is None or known.how in (UNTOLD, fresh.how):
        return fresh
    note = Problem("key_changed", {"columns": _titles(found, fresh) or ["–"], "table": found.table})
    return replace(fresh, note=note)


def _again(found: Candidates, known: Key) -> Chosen | None:
    """The key of the last import, where this file has what makes it."""
    if known.how == DIGEST and SOURCE_ID not in found.fields:
        return Chosen(DIGEST)
    if known.how not in (NATURAL, DECLARED):
        return None
    columns = (found.of if known.how == NATURAL else found.titled)(known.columns)
    if not columns:
        return None
    unique = found.unique(columns)
    if not unique and SOURCE_ID in found.fields and known.how == NATURAL:
        return None
    facts = {"columns": [found.headers[i] for i in columns], "table": found.table}
    note = None if unique else Problem("key_not_unique", facts)
    return Chosen(known.how, columns, known.columns, note)


def _fresh(found: Candidates, tried: Mapping[str, Sequence[tuple[str, ...]]]) -> Chosen:
    if SOURCE_ID in found.fields:
        return Chosen(SURE)
    for names in tried.get(found.table, ()):
        columns = found.of(names)
        if columns and found.unique(columns):
            return Chosen(NATURAL, columns, names)
    return Chosen(DIGEST)


def _titles(found: Candidates, chosen: Chosen) -> list[str]:
    columns = chosen.columns or (found.fields[SOURCE_ID] if chosen.how == SURE else ())
    return [found.headers[index] for index in columns]
