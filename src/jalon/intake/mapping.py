"""How a file's columns become the fields of a canonical table: the shape of the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class How(StrEnum):
    """Where a mapping of a column comes from, from the surest to the least."""

    MAP = "map"
    MEMORY = "memory"
    MODEL = "model"
    PRESET = "preset"
    NAME = "name"
    FUZZY = "fuzzy"
    CONTENT = "content"


class Combine(StrEnum):
    """How several columns make one field."""

    FIRST = "first"
    JOIN = "join"
    PRODUCT = "product"


@dataclass(frozen=True)
class FieldMap:
    """A field and the columns that it is read from (their indexes, in order).

    ``only``: the column counts for rows of these outcomes alone (a closing date that is a forecast
    while the deal is open: ``closed_at`` only for won, lost and no_decision).
    """

    field: str
    columns: tuple[int, ...]
    how: How
    combine: Combine = Combine.FIRST
    only: tuple[str, ...] = ()
    certainty: float = 1.0


@dataclass(frozen=True)
class TableMap:
    """How one table of a file fills one canonical table.

    ``source``: the origin of its keys (the preset's name, or the user's). ``values``: for a coded
    field, value as found (case and spaces folded) to canonical value; what is not there stays as
    found, or for a field with allowed values is quarantined. ``constants``: fields with one value
    for all rows. ``key``: columns whose cells make the key where no field is ``source_id``; empty:
    the digest of all mapped cells, with its multiplicity. ``links``: by target table, reference
    text to the key or name it stands for. ``date_order``, ``decimal``: the user's word, by header
    (``*`` for all). ``lines``: rows are order lines: those of one key become one row.
    ``key_how`` and ``key_names``: why ``key`` is so, as :class:`jalon.store.keys.Key` has it.
    ``stages``: columns that each say when a deal entered a stage, by their index: the stage's name.
    ``empty``: by header, the values that mean that nothing is said there.
    """

    table: str
    preset: str | None
    source: str
    fields: tuple[FieldMap, ...]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    key: tuple[int, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_order: Mapping[str, str] = field(default_factory=dict)
    decimal: Mapping[str, str] = field(default_factory=dict)
    lines: bool = False
    score: float = 1.0
    key_how: str = ""
    key_names: tuple[str, ...] = ()
    stages: Mapping[int, str] = field(default_factory=dict)
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str) -> FieldMap | None:
        """The mapping of that field, if it has one."""
        return next((each for each in self.fields if each.field == name), None)
