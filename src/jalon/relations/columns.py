"""What may be named of each table: the vocabulary of expressions and dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jalon.model.tables import (
    BESIDE,
    GROUPED,
    GROUPED_COLUMNS,
    SETTLED,
    SILENCE_COLUMNS,
    TABLES,
    Column,
    Derived,
    Earliest,
    Kind,
    Revision,
)


@cache
def readable(name: str) -> Mapping[str, Kind]:
    """Every column of a table that an expression may read, with what it holds.

    References read as the name of what they point to; ``customer`` is a number that identifies who
    buys; ``observed_at`` is the last day that the row's source tells about.
    """
    group = GROUPED.get(name)
    if group and group.beside:
        return {**readable(group.of), **BESIDE[group.beside]}
    if group:
        return {
            **dict.fromkeys(dimensions(name), Kind.CODE),
            **GROUPED_COLUMNS,
            "customer": Kind.INTEGER,
        }
    table = TABLES[name]
    columns: dict[str, Kind] = {"source_id": Kind.TEXT, "observed_at": Kind.MOMENT}
    columns |= {column.name: column.kind for column in table.columns}
    columns |= {dimension: Kind.CODE for dimension in table.paths if dimension not in columns}
    columns |= {child.name: child.kind for child in table.children}
    columns |= {revision.name: revision.kind for revision in table.revisions}
    columns |= {derived.name: derived.kind for derived in table.derived}
    columns |= {each.name: each.kind for each in table.earliest}
    if table.silences:
        columns |= SILENCE_COLUMNS
    if table.customer:
        columns["customer"] = Kind.INTEGER
    if name == "meeting":
        columns["held_finally"] = Kind.FLAG
        columns["held_finally_at"] = Kind.MOMENT
    return columns


def named(name: str) -> Mapping[str, Kind]:
    """What a definition may name of a table: its columns, and those that settings make."""
    return {**readable(name), **SETTLED.get(name, {})}


@cache
def dimensions(name: str) -> tuple[str, ...]:
    """The columns of a table that figures may be broken down by."""
    if name in GROUPED:
        return dimensions(GROUPED[name].of)
    table = TABLES[name]
    found = dict.fromkeys(table.paths)
    found |= dict.fromkeys(column.name for column in table.columns if column.few)
    found |= dict.fromkeys(derived.name for derived in table.derived if derived.few)
    return tuple(found)


@cache
def few_valued(name: str) -> frozenset[str]:
    """The columns that hold few different values: they can be keys of a cell."""
    if name in GROUPED:
        group = GROUPED[name]
        return few_valued(group.of) if group.beside else frozenset(dimensions(name))
    table = TABLES[name]
    few = {column.name for column in table.columns if column.few}
    few |= {derived.name for derived in table.derived if derived.few}
    return frozenset(few | set(table.paths))


def label(dimension: str, lang: str) -> str:
    """The name of a column for a person: the first table that has it decides."""
    for table in TABLES.values():
        named: list[Column | Derived | Revision | Earliest] = [
            *table.columns,
            *table.earliest,
            *table.derived,
            *table.revisions,
        ]
        for each in named:
            if each.name == dimension and each.fr:
                return each.fr if lang == "fr" else each.en
    others: Mapping[str, Mapping[str, str]] = {
        "rep_region": {"fr": "Région du commercial", "en": "Rep's region"},
        "manager": {"fr": "Responsable", "en": "Manager"},
        "product_family": {"fr": "Famille de produits", "en": "Product family"},
        "first_source": {"fr": "Première source", "en": "First source"},
        "reason": {"fr": "Raison", "en": "Reason"},
        "activities": {"fr": "Activités", "en": "Activities"},
        "quotes": {"fr": "Devis", "en": "Quotes"},
        "first_held_at": {"fr": "Premier rendez-vous tenu", "en": "First held meeting"},
        "factor": {"fr": "Facteur", "en": "Factor"},
        "day": {"fr": "Jours", "en": "Days"},
    }
    return others.get(dimension, {}).get(lang, dimension)
