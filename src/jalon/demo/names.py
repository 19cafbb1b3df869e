"""Invented names: companies, people, SIREN, e-mail addresses and telephones that reach nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from jalon.demo.draws import Draws, Ints, Texts, texts


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HEADS = _words(
    "Valm Clairb Montr Belv Rochs Fontr Saulv Aurb Chamn Nerv Torl Landr Virg Galm Morv Serl "
    "Dorb Vern Palv Corb Brez Thal Ormel Fauc"
)
_MIDDLES = _words("a o e i ou au ara olo eri ana uva isa ora ila une emo")
_TAILS = _words(
    "nac sel zan rive court dour tier gny zac ssac lune roy quin bret mas lieu reil tane"
)
_POOL = len(_HEADS) * len(_MIDDLES) * len(_TAILS)
_FIRST_NAMES = _words(
    "Adèle Alban Anaïs Basile Béatrice Camille Cécile Clément Colette Damien Delphine Édith "
    "Élise Émile Estelle Fabrice Florent Gaëlle Gaspard Hélène Honoré Inès Jeanne Joël Julien "
    "Laure Léonie Loïc Lucie Manon Marius Maud Noémie Odile Pascal Quentin Rémi Solène Théo "
    "Yvonne"
)
_FAMILY_HEADS = _words("Barv Cadr Delm Estr Farg Gourv Javr Lorm Marz Norb Perv Rastr")
_FAMILY_TAILS = _words("ellin onnet auge ignac ouvier ardin esson")
_FAMILY_NAMES = tuple(head + tail for head in _FAMILY_HEADS for tail in _FAMILY_TAILS)
# The ranges that the French regulator keeps for fiction.
_FICTION = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98")


def stems(draws: Draws, n: int) -> list[str]:
    """``n`` different invented proper names."""
    order = draws.order(_POOL)
    return [_stem(int(order[i % _POOL]), i // _POOL) for i in range(n)]


def _stem(rank: int, turn: int) -> str:
    head, rest = divmod(rank, len(_MIDDLES) * len(_TAILS))
    middle, tail = divmod(rest, len(_TAILS))
    return _HEADS[head] + _MIDDLES[middle] + _TAILS[tail] + (f" {turn + 1}" if turn else "")


def people(draws: Draws, n: int) -> Texts:
    """``n`` first and last names."""
    first = draws.whole(0, len(_FIRST_NAMES) - 1, n)
    last = draws.whole(0, len(_FAMILY_NAMES) - 1, n)
    return texts(
        [f"{_FIRST_NAMES[i]} {_FAMILY_NAMES[j]}" for i, j in zip(first, last, strict=True)]
    )


def slug(text: str) -> str:
    """Plain letters and figures, joined by points."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", ".", plain.lower()).strip(".")


def emails(names: Sequence[str], hosts: Sequence[str]) -> Texts:
    """The address of each person at a host of the reserved domain ``example``."""
    pairs = zip(names, hosts, strict=True)
    return texts([f"{slug(name)}@{slug(host).replace('.', '-')}.example" for name, host in pairs])


def phones(first: int, n: int) -> Texts:
    """``n`` different numbers of the ranges kept for fiction, from the rank ``first``."""
    return texts([_phone(rank) for rank in range(first, first + n)])


def _phone(rank: int) -> str:
    prefix, rest = _FICTION[rank % len(_FICTION)], (rank // len(_FICTION)) * 7 % 10_000
    return f"{prefix} {rest // 100:02d} {rest % 100:02d}"


def sirens(n: int) -> Texts:
    """``n`` different SIREN with a right key, in the 99… range, which is not in use."""
    bodies = 99_000_000 + (np.arange(n) * 7_919 + 1_234) % 1_000_000
    return texts([_keyed(str(body)) for body in bodies])


def sirets(found: Sequence[str]) -> Texts:
    """The SIRET of the first establishment of each SIREN."""
    return texts([_keyed(f"{siren}0001") for siren in found])


def _keyed(body: str) -> str:
    """The digits followed by their Luhn key."""
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(reversed(body)))
    return body + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def company_names(nouns: Sequence[tuple[str, ...]], of: Ints, found: Sequence[str]) -> Texts:
    """A trade of the sector, then the proper name."""
    pairs = zip(of, found, strict=True)
    return texts([f"{nouns[s][i % len(nouns[s])]} {stem}" for i, (s, stem) in enumerate(pairs)])
