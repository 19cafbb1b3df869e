"""CRM presets: what the headers and values of a known CRM's exports mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from jalon.intake.mapping import Combine, FieldMap, How
from jalon.intake.words import fold, mentions, without_accents
from jalon.model.problems import InputError, Where
from jalon.model.tables import OUTCOMES, TABLES

NOWHERE = "none"
"""The table of a file that is known and has no place in the model."""

_HINT = 0.05


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Rule(_Strict):
    """The headers a field is read from.

    ``any``: the first of them that the file has. ``first``: all that it has, the first cell that is
    not blank. ``join``: the parts of one text, each by the first header that the file has.
    """

    any_of: tuple[str, ...] = Field((), alias="any")
    first: tuple[str, ...] = ()
    join: tuple[tuple[str, ...], ...] = ()
    only: tuple[str, ...] = ()

    @field_validator("only")
    @classmethod
    def _are_outcomes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - set(OUTCOMES)
        if unknown:
            raise ValueError(f"not an outcome: {sorted(unknown)}")
        return value

    @model_validator(mode="after")
    def _says_one_thing(self) -> Rule:
        if sum(map(bool, (self.any_of, self.first, self.join))) != 1:
            raise ValueError("a rule has one of any, first, join")
        return self


class PresetTable(_Strict):
    """How an export of that CRM is known to be that canonical table, and what its headers are.

    ``must``: of each list the file has a header. ``without``: it has none of these. ``beside``: the
    table is filled from a file that also fills that one. ``why``: why it has no place.
    """

    table: str
    why: str | None = None
    beside: str | None = None
    files: tuple[str, ...] = ()
    must: tuple[tuple[str, ...], ...] = Field(min_length=1)
    without: tuple[str, ...] = ()
    least: float = 0.5
    fields: Mapping[str, tuple[Rule, ...]] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    constants: Mapping[str, str] = {}
    ignore: tuple[str, ...] = ()

    @field_validator("fields", mode="before")
    @classmethod
    def _rules(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _as_rules(rule) for name, rule in value.items()}

    @model_validator(mode="after")
    def _is_of_the_model(self) -> PresetTable:
        if self.table == NOWHERE:
            return self
        if self.table not in TABLES:
            raise ValueError(f"no such table: {self.table}")
        for name in (*self.fields, *self.values, *self.constants):
            if name not in ("source_id", *(c.name for c in TABLES[self.table].fillable())):
                raise ValueError(f"no such field: {self.table}.{name}")
        return self


def _as_rules(written: Any) -> Any:
    if isinstance(written, str):
        return [{"any": [written]}]
    if isinstance(written, dict):
        return [written]
    if isinstance(written, list) and written and isinstance(written[0], str):
        return [{"any": written}]
    return written


class Accepted(_Strict):
    """Headers of a real export, and the columns expected by table and field."""

    headers: tuple[str, ...]
    tables: Mapping[str, Mapping[str, tuple[str, ...]]]


class Examples(_Strict):
    """Headers that the preset must and must not take."""

    accepted: tuple[Accepted, ...] = Field(min_length=1)
    refused: tuple[tuple[str, ...], ...] = Field(min_length=1)


class Preset(_Strict):
    """A CRM."""

    name: str
    label: str
    tables: tuple[PresetTable, ...] = Field(min_length=1)
    examples: Examples


@dataclass(frozen=True)
class Match:
    """A preset's table recognised in a file. ``score`` is the share of headers known."""

    preset: Preset
    body: PresetTable
    score: float
    fields: tuple[FieldMap, ...]
    ignored: frozenset[int]


@cache
def presets() -> Mapping[str, Preset]:
    """The presets of the package, by name."""
    folder = files("jalon.intake").joinpath("presets")
    found = sorted(each.name for each in folder.iterdir() if each.name.endswith(".yaml"))
    loaded = [parse(folder.joinpath(name).read_text("utf-8"), name) for name in found]
    return {each.name: each for each in loaded}


def load(path: Path) -> Preset:
    """The preset of a file. Raises InputError with the file and the key that is wrong."""
    return parse(path.read_text("utf-8"), str(path))


def parse(text: str, file: str) -> Preset:
    """The preset written in that text; ``file`` is only named in errors."""
    try:
        # All text: a stage called "No" is a stage.
        return Preset.model_validate(yaml.load(text, Loader=yaml.CBaseLoader))
    except yaml.YAMLError as error:
        raise InputError.of("preset_not_yaml", Where(file=file), why=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        where = Where(file=file, column=key)
        raise InputError.of("preset_invalid", where, key=key, why=first["msg"]) from error


def matches(
    headers: Sequence[str], file_words: str = "", prefer: str | None = None
) -> tuple[Match, ...]:
    """The tables that the best-fitting preset sees in these headers; none where no preset fits.

    ``file_words`` are the file's and sheet's names; ``prefer`` wins between equals.
    """
    places = _places(headers)
    found = [m for p in presets().values() if (m := _best(p, places, headers, file_words))]
    if not found:
        return ()
    main = max(found, key=lambda m: (_weight(m, file_words, prefer), len(m.fields)))
    return (main, *_beside(main, places, headers))


def common_preset(several: Sequence[tuple[Sequence[str], str]]) -> str | None:
    """The preset that knows most files of a folder, given the headers and names of each."""
    found = [m[0] for headers, words in several if (m := matches(headers, words))]
    sums: dict[str, float] = {}
    for each in found:
        sums[each.preset.name] = sums.get(each.preset.name, 0) + each.score
    return max(sums, key=lambda name: sums[name], default=None)


def _weight(match: Match, file_words: str, prefer: str | None) -> float:
    hint = _HINT if mentions(file_words, match.body.files) else 0
    return match.score + hint + (_HINT if match.preset.name == prefer else 0)


def _best(
    preset: Preset, places: Mapping[str, int], headers: Sequence[str], file_words: str
) -> Match | None:
    bodies = (body for body in preset.tables if body.beside is None)
    found = [m for body in bodies if (m := _match(preset, body, places, headers))]
    return max(found, key=lambda m: (_weight(m, file_words, None), len(m.fields)), default=None)


def _beside(main: Match, places: Mapping[str, int], headers: Sequence[str]) -> list[Match]:
    bodies = [body for body in main.preset.tables if body.beside == main.body.table]
    found = (_match(main.preset, body, places, headers, least=0) for body in bodies)
    return [each for each in found if each]


def _match(
    preset: Preset,
    body: PresetTable,
    places: Mapping[str, int],
    headers: Sequence[str],
    least: float | None = None,
) -> Match | None:
    if not all(_found(group, places) for group in body.must) or _found(body.without, places):
        return None
    fields = tuple(m for name, rules in body.fields.items() if (m := _field(name, rules, places)))
    ignored = frozenset(_found(body.ignore, places))
    used = {index for each in fields for index in each.columns} | ignored
    titled = sum(1 for header in headers if header.strip())
    score = 1.0 if body.table == NOWHERE else len(used) / max(titled, 1)
    if score < (body.least if least is None else least):
        return None
    return Match(preset, body, score, fields, ignored)


def _field(name: str, rules: Sequence[Rule], places: Mapping[str, int]) -> FieldMap | None:
    return next((m for rule in rules if (m := _ruled(name, rule, places))), None)


def _ruled(name: str, rule: Rule, places: Mapping[str, int]) -> FieldMap | None:
    if rule.join:
        return _joined(name, rule, places)
    found = tuple(_found(rule.first or rule.any_of, places))
    columns = found if rule.first else found[:1]
    return FieldMap(name, columns, How.PRESET, only=rule.only) if columns else None


def _joined(name: str, rule: Rule, places: Mapping[str, int]) -> FieldMap | None:
    parts = tuple(found[0] for names in rule.join if (found := _found(names, places)))
    # An outcome made of two flags means nothing by halves; a person may have one name.
    if not parts or (name == "outcome" and len(parts) < len(rule.join)):
        return None
    combine = Combine.JOIN if len(parts) > 1 else Combine.FIRST
    return FieldMap(name, parts, How.PRESET, combine, rule.only)


def _places(headers: Sequence[str]) -> Mapping[str, int]:
    places: dict[str, int] = {}
    for strict in (True, False):
        for index, header in enumerate(headers):
            places.setdefault(fold(header) if strict else without_accents(fold(header)), index)
    places.pop("", None)
    return places


def _found(names: Sequence[str], places: Mapping[str, int]) -> list[int]:
    return list(
        dict.fromkeys(index for name in names if (index := _place(name, places)) is not None)
    )


def _place(name: str, places: Mapping[str, int]) -> int | None:
    exact = places.get(fold(name))
    return exact if exact is not None else places.get(without_accents(fold(name)))
