"""The country that a cell names: an ISO 3166 code, or a name in French or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from phonenumbers import SUPPORTED_REGIONS
from phonenumbers.geodata.locale import LOCALE_DATA

from jalon.intake.checks import HOME, NOWHERE
from jalon.intake.words import fold, without_accents

_OTHER_NAMES = {"fra": "FR", "usa": "US", "uk": "GB", "france metropolitaine": "FR"}


def country_code(cell: str | None) -> str:
    """The two letters of the country; ``HOME`` for a blank, ``NOWHERE`` for one not known."""
    if cell is None or not cell.strip():
        return HOME
    return _codes().get(_plain(cell), NOWHERE)


@cache
def names_of(country: str) -> tuple[str, ...]:
    """The names by which a country is known, in lower case without accents."""
    return tuple(sorted(name for name, code in _codes().items() if code == country))


@cache
def _codes() -> Mapping[str, str]:
    found = dict(_OTHER_NAMES)
    for code, names in LOCALE_DATA.items():
        found |= {_plain(name): code for name in _names(names)}
    return found | {code.lower(): code for code in SUPPORTED_REGIONS}


def _names(names: Mapping[str, str]) -> Iterator[str]:
    for lang in ("fr", "en"):
        name = names.get(lang, "")
        yield names.get(name[1:], "") if name.startswith("*") else name


def _plain(name: str) -> str:
    return without_accents(fold(name))
