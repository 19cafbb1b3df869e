"""What tables, fields and values are called in French and English, of no CRM in particular."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

import yaml
from rapidfuzz import fuzz

from jalon.model.tables import TABLES, Kind

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`", "'"))
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RANK = re.compile(r"^\s*(?:[A-Za-z]|\d{1,2})\s*[.):\-]\s*(?=\S)")
_ALL_CAPITALS = re.compile(r"^[^a-z]*$")
_WON = frozenset({"won", "gagne", "gagnee", "gagnes"})
_LOST = frozenset({"lost", "perdu", "perdue", "perdus"})
_NOT = frozenset({"not", "non", "pas", "no"})
NEAR = 0.7
"""The least likeness of a name that is only near."""


@dataclass(frozen=True)
class TableWords:
    """What a table goes by, and the fields without which a file is not one.

    One of the sets of ``named`` is needed when a word of ``words`` is in the file's name, one of
    ``alone`` when none is. ``entity`` is what a header may repeat of its table.
    """

    words: tuple[str, ...]
    entity: frozenset[str]
    named: tuple[frozenset[str], ...]
    alone: tuple[frozenset[str], ...]


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """A header folded, accents kept: NFC, apostrophes, spaces, case, last ``*`` and ``:``."""
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).replace("\ufeff", "")
    return " ".join(plain.split()).casefold().rstrip("*: ").strip()


def without_accents(text: str) -> str:
    """The text without its accents, ligatures taken apart."""
    marks = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(mark for mark in marks if not unicodedata.combining(mark))


def fold_value(text: str) -> str:
    """A value as the keys of ``TableMap.values`` have it: one space, lower case, accents kept."""
    return " ".join(text.split()).lower()


@lru_cache(maxsize=16_384)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a header: accents, case, separators and the humps of camelCase aside."""
    plain = without_accents(text.translate(_APOSTROPHES))
    split = plain if _ALL_CAPITALS.match(plain) else _CAMEL.sub(" ", plain)
    words = re.sub(r"[\W_]+", " ", split).casefold().split()
    return tuple(" ".join(words).replace("e mail", "email").split())


def bare(text: str) -> str:
    """The words of a text, joined: the loosest way of comparing exactly."""
    return " ".join(tokens(text))


@cache
def _data() -> Mapping[str, Any]:
    text = files("jalon.intake").joinpath("words.yaml").read_text("utf-8")
    # All text: `no` is a word here, not a flag.
    return cast("Mapping[str, Any]", yaml.load(text, Loader=yaml.CBaseLoader))


@cache
def listed(name: str) -> frozenset[str]:
    """The names of a list of the vocabulary (``close_dates``…), as `bare` has them."""
    return frozenset(bare(each) for each in _data()[name])


@cache
def idle() -> frozenset[str]:
    """Words that a header may have or not: articles, *masked*."""
    return listed("stop") | listed("noise")


def content_words(text: str) -> tuple[str, ...]:
    """The words of a header that say something."""
    kept = tuple(word for word in tokens(text) if word not in idle())
    return kept or tokens(text)


@cache
def table_words() -> Mapping[str, TableWords]:
    """By canonical table, what it goes by."""
    return {name: _table_words(body) for name, body in _data()["tables"].items()}


def _table_words(body: Mapping[str, Any]) -> TableWords:
    return TableWords(
        tuple(sorted({bare(word) for word in body["words"]})),
        frozenset(word for each in body["entity"] for word in tokens(each)),
        tuple(frozenset(each) for each in body["named"]),
        tuple(frozenset(each) for each in body["alone"]),
    )


@cache
def field_names(table: str, field: str) -> tuple[str, ...]:
    """The names that a field goes by, the table's own first, as their content words."""
    groups = _data()["fields"]
    names = [field, *groups.get(table, {}).get(field, ()), *groups["any"].get(field, ())]
    return tuple(dict.fromkeys(" ".join(content_words(name)) for name in names))


@dataclass(frozen=True)
class Likeness:
    """How near a header is to a field, 0 to 1, and whether by the very words."""

    score: float
    exact: bool


_UNLIKE = Likeness(0.0, False)


@lru_cache(maxsize=65_536)
def likeness(table: str, field: str, header: str) -> Likeness:
    """How near a header is to what that field of that table goes by."""
    words = content_words(header)
    names = field_names(table, field)
    if " ".join(words) in names:
        return Likeness(1 - names.index(" ".join(words)) / 1000, True)
    if field == "source_id":
        return _like_a_key(table, words)
    if set(words) & excluded(field):
        return _UNLIKE
    if field in TABLES[table] and TABLES[table].column(field).kind is Kind.REFERENCE:
        return _like_a_reference(table, names, words)
    return _like_a_field(table, names, words)


def _like_a_key(table: str, words: tuple[str, ...]) -> Likeness:
    entity = table_words()[table].entity
    if len(words) == 1 and words[0].endswith("id") and words[0][:-2] in entity:
        return Likeness(0.97, True)
    rest = [word for word in words if word not in entity]
    if not rest or not set(rest) <= listed("id"):
        return _UNLIKE
    return Likeness(0.97 if len(rest) < len(words) else 0.95, True)


def _like_a_reference(table: str, names: tuple[str, ...], words: tuple[str, ...]) -> Likeness:
    entity = table_words()[table].entity
    known = list(dict.fromkeys(_referent(tuple(name.split())) for name in names))
    plain = _referent(words)
    for text in (plain, _referent(tuple(word for word in words if word not in entity))):
        if text and text in known:
            numbered = 0.98 if set(words) & listed("id") else 0.97
            return Likeness(numbered - known.index(text) / 10_000, True)
    return _near(plain, [name for name in known if name]) if plain else _UNLIKE


def _referent(words: tuple[str, ...]) -> str:
    return " ".join(word for word in words if word not in listed("id") | listed("naming"))


def _like_a_field(table: str, names: tuple[str, ...], words: tuple[str, ...]) -> Likeness:
    entity = table_words()[table].entity
    rest = tuple(word for word in words if word not in entity)
    if rest and " ".join(rest) in names:
        return Likeness(0.95, True)
    if set(words) & listed("id"):
        return _UNLIKE
    return _near(" ".join(rest or words), names)


def _near(text: str, names: Iterable[str]) -> Likeness:
    best = max((_nearness(text, name) for name in names), default=0.0)
    # To one decimal: between two columns as near, their order in the file decides.
    return Likeness(round(best, 1), False) if best >= NEAR else _UNLIKE


def _nearness(text: str, name: str) -> float:
    ratio = fuzz.token_sort_ratio(text, name) / 100
    if len(name) >= 5 and ratio >= 0.88:
        return 0.9 * ratio
    inside = set(name.split()) <= set(text.split())
    share = len(name) / max(len(text), 1)
    return 0.55 + 0.3 * share if inside and share >= 0.5 else 0.0


@cache
def excluded(field: str) -> frozenset[str]:
    """Words with which a header is not that field, however near."""
    return frozenset(bare(word) for word in _data()["never"].get(field, ()))


def mentions(text: str, words: Iterable[str]) -> str | None:
    """The longest of these words that the text has whole, or None."""
    inside = f" {bare(text)} "
    found = [word for each in words if f" {(word := bare(each))} " in inside]
    return max(found, key=len, default=None)


@cache
def _values(name: str) -> Mapping[str, str]:
    groups = _data()["values"].get(name, {})
    return {bare(word): canonical for canonical, words in groups.items() for word in words}


def has_values(table: str, field: str) -> bool:
    """Whether words are known for the values of that field."""
    return f"{table}.{field}" in _data()["values"]


def canonical_value(table: str, field: str, found: str) -> str | None:
    """What a value as found means, or None: ``Gagnée`` is ``won``, ``G. Project Won`` too."""
    known = _values(f"{table}.{field}")
    direct = known.get(bare(found)) or known.get(bare(_RANK.sub("", found)))
    if direct or (table, field) != ("deal", "outcome"):
        return direct
    return _told_by_a_word(frozenset(tokens(found)))


def _told_by_a_word(words: frozenset[str]) -> str | None:
    if words & _NOT or (words & _WON and words & _LOST):
        return None
    if words & _WON:
        return "won"
    return "lost" if words & _LOST else None


def vocabulary(table: str, field: str) -> Mapping[str, str]:
    """All the values known for a field, folded as in ``TableMap.values``."""
    groups = _data()["values"].get(f"{table}.{field}", {})
    return {fold_value(word): to for to, words in groups.items() for word in words}
