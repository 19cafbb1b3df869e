"""What a person corrected of the mapping of a file, remembered for the files of the same shape.

One file a lesson, in the folder ``maps`` of the workspace: a mapping file that can be read,
edited, given to ``--map`` or deleted, with what it was learnt from under ``learnt``. The lesson of
an import that was taken back counts no more, and the one before it does again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jalon.intake.map_file import ColumnRule, Entry, MapFile, parse, unique_headers
from jalon.intake.words import bare, fold
from jalon.model.problems import InputError, Problem, Where

#: The share of the columns that may be new or missing in a file of the same shape; one always may.
NEAR = 0.2
#: Fewer columns make no shape.
FEWEST = 2
#: What cuts a file into cells, and what reads its numbers and dates.
CUTS = ("encoding", "delimiter", "header_row")
MARKS = ("decimal", "date_order")
EVERY = "*"
_NAME = re.compile(r"learnt-[\w-]+\.yaml")
_HEAD = "# What was corrected of such a file, and is proposed for the next. Delete it to forget.\n"


@dataclass(frozen=True)
class Memory:
    """A lesson: the ``entries`` of a mapping file for the files of a shape.

    ``headers``: those of the file that taught it, folded. ``preset``: the CRM recognised then.
    """

    import_id: str
    at: dt.datetime
    headers: frozenset[str]
    preset: str | None
    entries: tuple[Entry, ...]
    path: Path

    @property
    def cuts(self) -> dict[str, Any]:
        """How the file is cut into cells, where the user said so."""
        return {
            name: said
            for each in self.entries
            for name in CUTS
            if (said := getattr(each, name)) is not None
        }

    @property
    def named(self) -> frozenset[str]:
        """The headers that are read for a field, or make the key."""
        read = {h for each in self.entries for h, rules in each.columns.items() if rules}
        return frozenset(map(fold, read | {h for each in self.entries for h in each.key or ()}))


@dataclass(frozen=True)
class Memories:
    """The lessons in force, the latest first, and the files of which none could be read."""

    found: tuple[Memory, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, headers: Sequence[str], source: str | None) -> Memory | None:
        """The lesson for a file with those headers: the same shape first, then the nearest.

        ``source``: the origin that the user names, if any.
        """
        shape = folded(headers)
        near = [
            (distance, place, each)
            for place, each in enumerate(self.found)
            if (distance := _distance(each, shape)) is not None and _of_source(each, source)
        ]
        return min(near, key=lambda one: one[:2])[2] if near else None


@dataclass(frozen=True)
class Lesson:
    """What is to be remembered of a table of a file."""

    headers: tuple[str, ...]
    preset: str | None
    entries: tuple[Entry, ...]


def folded(headers: Iterable[str]) -> frozenset[str]:
    """The shape of a file: its headers, without their case, accents or order."""
    return frozenset(fold(each) for each in headers if each.strip())


def _distance(memory: Memory, shape: frozenset[str]) -> int | None:
    """How many columns are new or missing; None where it is another shape."""
    gone, new = memory.headers - shape, shape - memory.headers
    if min(len(shape), len(memory.headers)) < FEWEST:
        return None
    distance = len(gone | new)
    left = memory.named - gone
    if memory.named and len(left) * 2 < len(memory.named):
        return None
    return distance if distance <= max(1, NEAR * len(memory.headers)) else None


def _of_source(memory: Memory, source: str | None) -> bool:
    known = {each.source for each in memory.entries if each.source}
    return source is None or not known or known == {source}


# -- applied ---------------------------------------------------------------------------------------


def fitted(memory: Memory, file: str, headers: Sequence[str]) -> tuple[MapFile, tuple[str, ...]]:
    """The part of a lesson that fits a table, as a mapping file; and the headers that are gone.

    How the file is cut and read is left out: see :attr:`Memory.cuts` and :func:`marks`.
    """
    named = unique_headers(headers)
    entries = tuple(_fitted(each, file, named) for each in memory.entries)
    said = [h for each in memory.entries for h in (*each.columns, *(each.key or ()))]
    gone = tuple(dict.fromkeys(h for h in said if not _there(h, named)))
    return MapFile(str(memory.path), entries), gone


def _fitted(entry: Entry, file: str, headers: Sequence[str]) -> Entry:
    columns = {h: rules for h, rules in entry.columns.items() if _there(h, headers)}
    key = entry.key if entry.key and all(_there(h, headers) for h in entry.key) else None
    plain = dict.fromkeys(CUTS) | {name: {} for name in MARKS}
    changed = {"file": file, "sheet": None, "columns": columns, "key": key, **plain}
    return entry.model_copy(update=changed)


def _there(header: str, headers: Sequence[str]) -> bool:
    plain = bare(header)
    return any(fold(each) == fold(header) or bare(each) == plain for each in headers)


def marks(memory: Memory, name: str, header: str) -> str | None:
    """The decimal mark or date order that the user told for a column."""
    for each in memory.entries:
        by = getattr(each, name)
        told = next((said for h, said in by.items() if fold(h) == fold(header)), by.get(EVERY))
        if told:
            return str(told)
    return None


def merged(former: Sequence[Entry], said: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries said now over the former ones of the same table."""
    made = []
    for each in said:
        under = next((one for one in former if each.table in (None, one.table)), None)
        made.append(_over(under, each) if under else each)
    return tuple(made) or tuple(former)


def _over(under: Entry, said: Entry) -> Entry:
    both = {**under.values, **said.values}
    changed: dict[str, Any] = {
        "columns": {**under.columns, **said.columns},
        "values": {n: {**under.values.get(n, {}), **said.values.get(n, {})} for n in both},
        "const": {**under.const, **said.const},
        "links": {**under.links, **said.links},
    }
    for name in MARKS:
        changed[name] = {**getattr(under, name), **getattr(said, name)}
    for name in ("table", "source", "key", "lines", *CUTS):
        told = getattr(said, name)
        if told is None and getattr(under, name) is not None:
            changed[name] = getattr(under, name)
    return said.model_copy(update=changed)


# -- learnt ----------------------------------------------------------------------------------------


def lesson(
    headers: Sequence[str],
    file: str,
    preset: str | None,
    entries: Sequence[Entry],
    reading: Mapping[str, Any],
) -> Lesson | None:
    """What a person said of a table: entries of a mapping file, and how to read it.

    None where nothing was said, or where the file is left out.
    """
    said = [each for each in entries if not each.ignored]
    told = {name: at for name, at in reading.items() if at is not None}
    if not said and (entries or not told):
        return None
    made = tuple(_told(each, file, told) for each in said or [Entry(file=file)])
    return Lesson(tuple(sorted(folded(headers))), preset, made)


def _told(entry: Entry, file: str, reading: Mapping[str, Any]) -> Entry:
    changed: dict[str, Any] = {"file": file}
    changed |= {name: reading[name] for name in CUTS if name in reading}
    for name in MARKS:
        if name in reading:
            changed[name] = {**getattr(entry, name), EVERY: reading[name]}
    return entry.model_copy(update=changed)


def learn(
    folder: Path, import_id: str, at: dt.datetime, lessons: Iterable[Lesson], known: Memories
) -> None:
    """Keep the lessons of an import that was committed; what was known already is not said anew.

    Raises OSError where the folder cannot be written.
    """
    kept = list(_different(lessons))
    for number, each in enumerate(kept, 1):
        former = next((one for one in known.found if one.headers == frozenset(each.headers)), None)
        if former and former.preset == each.preset and _same(former.entries, each.entries):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        table = next((one.table for one in each.entries if one.table), "file")
        path = folder / f"learnt-{table}-{import_id}-{number}.yaml"
        draft = path.with_suffix(".new")
        draft.write_text(_written(each, import_id, at), encoding="utf-8")
        draft.replace(path)


def _different(lessons: Iterable[Lesson]) -> Iterable[Lesson]:
    """One lesson a shape: the last."""
    return {(each.headers, each.preset): each for each in lessons}.values()


def _same(one: Sequence[Entry], other: Sequence[Entry]) -> bool:
    return [_plain({**each.__dict__, "file": ""}) for each in one] == [
        _plain({**each.__dict__, "file": ""}) for each in other
    ]


def _written(each: Lesson, import_id: str, at: dt.datetime) -> str:
    about = {
        "import": import_id,
        "at": at.isoformat(),
        **({"preset": each.preset} if each.preset else {}),
        "headers": list(each.headers),
    }
    files = [_plain(dict(entry)) for entry in each.entries]
    document = {"learnt": about, "files": files}
    return _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it is written: what it does not say is left out."""
    made = {name: value for name, value in entry.items() if value not in (None, {}, ())}
    if "columns" in made:
        made["columns"] = {h: _rules(rules) for h, rules in made["columns"].items()}
    if "key" in made:
        made["key"] = list(made["key"])
    return {
        name: {k: dict(v) if isinstance(v, Mapping) else v for k, v in value.items()}
        if isinstance(value, Mapping)
        else value
        for name, value in made.items()
    }


def _rules(rules: Sequence[ColumnRule]) -> Any:
    """What a column is read for, as short as it can be written."""
    said = [each.model_dump(mode="json", exclude_defaults=True) for each in rules]
    short = [each["field"] if len(each) == 1 else each for each in said]
    return None if not short else short[0] if len(short) == 1 else short


# -- kept ------------------------------------------------------------------------------------------


def recall(folder: Path, imports: Sequence[str]) -> Memories:
    """The lessons of those imports, given in order, the latest first."""
    found: list[Memory] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("learnt-*.yaml")) if folder.is_dir() else []:
        if not _NAME.fullmatch(path.name):
            continue
        try:
            each = _read(path)
        except InputError as error:
            problems += error.problems
            continue
        if each.import_id in imports:
            found.append(each)
    place = {each: number for number, each in enumerate(imports)}
    latest = sorted(found, key=lambda one: -place[one.import_id])
    return Memories(tuple(latest), tuple(problems))


def _read(path: Path) -> Memory:
    """A lesson as kept. Raises InputError where the file was broken by hand."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries = parse(text, str(path)).entries
        about = yaml.safe_load(text)["learnt"]
        at = dt.datetime.fromisoformat(str(about["at"]))
        headers = frozenset(str(each) for each in about["headers"])
        preset = about.get("preset")
        return Memory(str(about["import"]), at, headers, preset, entries, path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError.of("memory_unreadable", Where(file=path.name), why=str(error)) from error


def unlearn(folder: Path, import_id: str) -> None:
    """Forget what an import taught, once it was taken back."""
    for path in folder.glob(f"learnt-*-{import_id}-*.yaml") if folder.is_dir() else []:
        path.unlink(missing_ok=True)


def forget(memories: Memories, headers: Iterable[frozenset[str]]) -> int:
    """Remove every lesson for files of these shapes, the former ones too. Returns how many."""
    shapes = list(headers)
    gone = [each for each in memories.found if any(_distance(each, s) is not None for s in shapes)]
    for each in gone:
        each.path.unlink(missing_ok=True)
    return len(gone)
