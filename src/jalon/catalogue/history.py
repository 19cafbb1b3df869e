"""The versions of definitions: a meaning that changes is a new version, and the former is kept.

What a definition means is what its figure depends on: its rows, dates, statistics, unit, and what
the KPIs that it combines mean; its texts, dimensions and examples are not part of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jalon.catalogue.catalogue import Catalogue, built_in, catalogue, entries
from jalon.catalogue.definition import Change, Definition
from jalon.model.problems import Problem
from jalon.relations.expression import names_in
from jalon.state.definitions import Definitions, Kept
from jalon.state.places import KPIS, STATE

#: Of a definition, what says and does not measure.
SAYINGS = frozenset(
    [
        "id",
        "label",
        "question",
        "words",
        "caution",
        "exclusions",
        "examples",
        "dimensions",
        "better",
        "internal",
        "own",
        "version",
        "changes",
        "note",
        "past",
        "doubt",
        "vintage",
        "matured_by",
    ]
)


def known_in(folder: Path) -> Catalogue:
    """The KPIs of a workspace, each at its version; versions not seen before are kept there."""
    found = catalogue(folder / KPIS)
    if not (folder / STATE).exists():
        return found
    definitions = Definitions(folder / STATE)
    dated, new = versioned(found, definitions.kept(), dt.datetime.now().replace(microsecond=0))
    definitions.keep(new)
    return dated


def versioned(
    known: Catalogue, kept: Iterable[Kept], now: dt.datetime
) -> tuple[Catalogue, list[Kept]]:
    """The catalogue with the version of each KPI, and the versions to keep from now on.

    A definition whose meaning is not that kept under the version that it gives itself takes the
    next number, with a change that nobody explained.
    """
    past: dict[str, dict[int, Kept]] = {}
    for row in kept:
        past.setdefault(row.kpi, {})[row.version] = row
    meant = digests(known)
    versions = {
        name: _version(each.version, meant[name], past.get(name, {}))
        for name, each in known.definitions.items()
    }
    new: list[Kept] = []
    dated: dict[str, Definition] = {}
    for name, each in known.definitions.items():
        version = versions[name]
        if version not in past.get(name, {}):
            content = _content(each, {one: versions[one] for one in operands(each)})
            row = Kept(name, version, meant[name], content, now)
            past.setdefault(name, {})[version] = row
            new.append(row)
        dated[name] = _at(each, version, past[name])
    former = {
        (name, version): row.content for name, rows in past.items() for version, row in rows.items()
    }
    return Catalogue(dated, former), new


def _version(said: int, digest: str, past: Mapping[int, Kept]) -> int:
    """The version of a meaning: the one said, unless another meaning was kept under it."""
    if said not in past or past[said].digest == digest:
        return said
    same = [number for number, each in past.items() if each.digest == digest and number > said]
    return max(same) if same else max(past) + 1


def _at(definition: Definition, version: int, past: Mapping[int, Kept]) -> Definition:
    """The definition at a version, with the changes that its file does not explain."""
    if version == definition.version:
        return definition
    silent = [
        Change(version=number, on=past[number].at.date())
        for number in sorted(past)
        if definition.version < number <= version
    ]
    changes = (*definition.changes, *silent)
    return definition.model_copy(update={"version": version, "changes": changes})


def _content(definition: Definition, combined: Mapping[str, int]) -> str:
    said = definition.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"definition": said, "operands": dict(combined)}, ensure_ascii=False)


# -- meaning -------------------------------------------------------------------------------------


def digests(known: Catalogue) -> dict[str, str]:
    """What changes when the meaning of a KPI does, by KPI."""
    replaced = any(each.own and name in _ours() for name, each in known.definitions.items())
    found = {} if replaced else dict(_ours())
    for name in known.definitions:
        _digest(name, known.definitions, found)
    return found


@lru_cache(maxsize=1)
def _ours() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in built_in().definitions:
        _digest(name, built_in().definitions, found)
    return found


def _digest(name: str, known: Mapping[str, Definition], found: dict[str, str]) -> str:
    """The digest of a KPI, those of what it combines first. Formulas have no cycle by then."""
    if name not in found:
        definition = known[name]
        parts = {one: _digest(one, known, found) for one in operands(definition) if one in known}
        text = json.dumps([meaning(definition), parts], sort_keys=True, ensure_ascii=False)
        found[name] = hashlib.sha256(text.encode()).hexdigest()[:24]
    return found[name]


def meaning(definition: Definition) -> dict[str, Any]:
    """What a definition's figure depends on, as written."""
    said: dict[str, Any] = _measuring(definition.model_dump(mode="json", exclude_defaults=True))
    # Parts have an order: the first is the default.
    said["parts"] = [[name, _measuring(each)] for name, each in said.get("parts", {}).items()]
    said["bases"] = [_measuring(each) for each in said.get("bases", ())]
    return said


def _measuring(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that measure; spaces in an expression mean nothing."""
    return {
        name: " ".join(each.split()) if isinstance(each, str) else each
        for name, each in said.items()
        if name not in SAYINGS
    }


def operands(definition: Definition) -> list[str]:
    """The KPIs that a definition combines or is measured against."""
    found: dict[str, None] = {}
    for part in definition.parts or (None,):
        for rule in definition.rules(part):
            found |= dict.fromkeys(sorted(names_in(rule.formula)) if rule.formula else ())
            against = rule.field("against")
            found |= dict.fromkeys([against] if against else ())
    return list(found)


# -- a file that changed -------------------------------------------------------------------------


def unsaid(path: Path, known: Catalogue, kept: Sequence[Kept]) -> list[Problem]:
    """The definitions of a file whose meaning changed while their version did not."""
    meant = digests(known)
    problems = []
    for place in entries(path, []):
        definition = known.definitions.get(place.name)
        past = {each.version: each for each in kept if each.kpi == place.name}
        if definition is None:
            continue
        version = _version(definition.version, meant[place.name], past)
        if version != definition.version:
            since = past[definition.version].at.date()
            facts = {"version": definition.version, "next": version, "since": since}
            problems.append(place.problem("kpi_changed", "version", **facts))
    return problems
