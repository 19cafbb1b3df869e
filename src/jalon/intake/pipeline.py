"""Files to typed stages: read, profile, guess, stage, for every file of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.intake.doubts import Again, doubted
from jalon.intake.guess import Guess, guess
from jalon.intake.map_file import MapFile
from jalon.intake.mapping import TableMap
from jalon.intake.memory import Lesson, Memories, Memory, folded
from jalon.intake.preset import common_preset
from jalon.intake.profile import profile
from jalon.intake.recalled import Said, cut_so, preset_of, recalled, recuts
from jalon.intake.returned import MARK, Returned, rejoined
from jalon.intake.rules import Rules, columns_of, emptied, ruled
from jalon.intake.shapes import reshaped
from jalon.intake.sources import find, gather, is_invoice, read
from jalon.intake.sources.options import ReadOptions
from jalon.intake.stage_history import staged
from jalon.intake.staging import Staged
from jalon.intake.text_table import ColumnProfile, TextTable
from jalon.model.problems import InputError, MustAskError, Problem, Where
from jalon.store.keys import Key

Progress = Callable[[str], None]

#: Two files of one import that share so many of their ids are the same source.
TWINS = 0.5

Tables = list[tuple[TextTable, list[ColumnProfile]]]


@dataclass(frozen=True)
class Brief:
    """What the user says beside the files.

    ``full``: they are all that their source has, so that rows which are not there are gone.
    ``keys``: by source and table, what the keys of the last import were made of. ``rules``: what
    means empty, by source; ``returned`` knows the rows of a file that we wrote. ``recall``: whether
    what was remembered of such files (``memories``) is applied.
    """

    table: str | None = None
    source: str | None = None
    map_file: MapFile | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    zone: str = "Europe/Paris"
    full: bool = False
    keys: Mapping[tuple[str, str], Key] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    returned: Callable[[TextTable], Sequence[Looked]] | None = None
    recall: bool = True
    memories: Memories = field(default_factory=Memories)

    @property
    def said(self) -> Said:
        """What the user says of the files."""
        return Said(self.map_file, self.table, self.source, self.reading)


@dataclass(frozen=True)
class Looked:
    """A table of a file, read and profiled, with what it is guessed to be.

    ``returned``: what is known of its rows, where they come back from the quarantine. ``asks``: by
    table map, what must be asked of the user. ``because``: by decision and header, on what the
    reading of a column rests where its cells do not tell. ``memory``: what was remembered of such
    files, and applied; ``gone``: its headers that are no more. ``lesson``: what the user says of
    the table now.
    """

    table: TextTable
    profiles: Sequence[ColumnProfile]
    guess: Guess
    returned: Returned | None = None
    asks: tuple[tuple[Problem, ...], ...] = ()
    because: Mapping[tuple[str, str], str] = field(default_factory=dict)
    memory: Memory | None = None
    gone: tuple[str, ...] = ()
    lesson: Lesson | None = None

    def asked(self, mapped: TableMap) -> tuple[Problem, ...]:
        """What must be asked before the table is taken in by that map."""
        pairs = zip(self.guess.maps, self.asks, strict=False)
        return next((asks for each, asks in pairs if each == mapped), ())


@dataclass
class Prepared:
    """What an import will load, and what it will not.

    ``ignored``: what is not a table. ``held``: tables of which a decision must be asked.
    """

    looked: list[Looked] = field(default_factory=list)
    staged: list[Staged] = field(default_factory=list)
    ignored: list[Problem] = field(default_factory=list)
    held: list[tuple[TextTable, Problem]] = field(default_factory=list)


def look(
    paths: Iterable[Path | str],
    engine: DuckDB,
    brief: Brief,
    progress: Progress = lambda _: None,
) -> Prepared:
    """Read and profile the files, and guess what each table is.

    A file named alone that cannot be read raises InputError; in a folder, or among several, it is
    listed in ``ignored``.
    """
    roots = [Path(each) for each in paths]
    found = find(roots)
    prepared = Prepared(ignored=[*found.ignored, *brief.memories.problems])
    agains: dict[str, Again] = {}
    alone = len(found.files) == 1 and not any(root.is_dir() for root in roots)
    tables: list[tuple[TextTable, list[ColumnProfile]]] = []
    heaps = {} if alone else _heaps(found.files, roots)
    gathered = {path for files in heaps.values() for path, _ in files}
    for path in (each for each in found.files if each not in gathered):
        progress(path.name)
        try:
            name = _shown(path, roots)
            made = _read(path, name, engine, brief, prepared.ignored)
            made = _recut(made, path, name, engine, brief)
            agains |= {t.relation: _again(t, path, name, engine, brief) for t, _ in made}
            tables += made
        except InputError as error:
            if alone or isinstance(error, MustAskError):
                raise
            prepared.ignored += error.problems
    for name, files in heaps.items():
        progress(name)
        tables += _gathered(prepared, name, files, engine, brief)
    preset = common_preset([(table.headers, table.file) for table, _ in tables if not table.shape])
    for table, profiles in tables:
        if brief.returned and MARK in table.headers:
            try:
                prepared.looked += brief.returned(table)
            except InputError as error:
                if alone:
                    raise
                prepared.ignored += error.problems
            continue
        again = agains.get(table.relation)
        prepared.looked.append(_understood(table, profiles, engine, brief, preset, again))
    if alone and prepared.looked and not any(each.guess.maps for each in prepared.looked):
        why = [each.guess.why for each in prepared.looked if each.guess.why]
        raise InputError(why)
    return prepared


def prepare(
    paths: Iterable[Path | str],
    engine: DuckDB,
    brief: Brief,
    progress: Progress = lambda _: None,
) -> Prepared:
    """Look at the files, and type the rows of those that have a place in the model.

    Raises MustAskError where the only file needs a decision; among several it is held back.
    """
    paths = list(paths)
    prepared = look(paths, engine, brief, progress)
    stage_all(prepared, engine, brief, progress)
    return prepared


def stage_all(
    prepared: Prepared, engine: DuckDB, brief: Brief, progress: Progress = lambda _: None
) -> None:
    """Type the rows of the tables looked at. Raises MustAskError as :func:`prepare`."""
    for each in prepared.looked:
        for mapped in each.guess.maps:
            progress(each.table.file)
            _stage(prepared, each, mapped, engine, brief)
    if not prepared.staged and prepared.held:
        raise MustAskError([problem for _, problem in prepared.held])
    prepared.staged = _as_one_source(engine, _finest_first(prepared.staged))


def _shown(path: Path, roots: Sequence[Path]) -> str:
    """The file's name as the user knows it: its path below the folder given."""
    for root in roots:
        if root.is_dir() and path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _heaps(files: Sequence[Path], roots: Sequence[Path]) -> dict[str, list[tuple[Path, str]]]:
    """The invoices among the files, by folder given (or all those named one by one), each with its
    name to show."""
    found: dict[Path | None, list[tuple[Path, str]]] = {}
    for path in filter(is_invoice, files):
        root = next((each for each in roots if each.is_dir() and path.is_relative_to(each)), None)
        found.setdefault(root, []).append((path, _shown(path, roots)))
    return {_heap_name(root, heap): heap for root, heap in found.items()}


def _heap_name(root: Path | None, heap: Sequence[tuple[Path, str]]) -> str:
    if len(heap) == 1:
        return heap[0][1]
    return root.resolve().name if root else f"{heap[0][1]} +{len(heap) - 1}"


def _gathered(
    prepared: Prepared,
    name: str,
    files: Sequence[tuple[Path, str]],
    engine: DuckDB,
    brief: Brief,
) -> list[tuple[TextTable, list[ColumnProfile]]]:
    options = replace(brief.reading, name=name, zone=brief.zone)
    found = gather(files, engine, options)
    prepared.ignored += found.ignored
    return [_profiled(table, engine, options) for table in found.tables if table.rows]


def _read(
    path: Path, name: str, engine: DuckDB, brief: Brief, ignored: list[Problem]
) -> list[tuple[TextTable, list[ColumnProfile]]]:
    said = brief.map_file.reading if brief.map_file else _nothing_said
    options = replace(brief.reading, name=name, zone=brief.zone, **said(name))
    found = read(path, engine, options, said, ignored)
    read_tables = [made for table in found for made in reshaped(table, engine)]
    tables = [
        _profiled(table, engine, replace(options, **said(table.file)))
        for table in read_tables
        if table.rows
    ]
    if not tables:
        raise InputError.of("header_only", Where(file=name))
    # Of an archive, a member without rows is told as a file of a folder is.
    bare = [table for table in found if not table.rows and table.file != name]
    ignored += [Problem("header_only", {}, Where(each.file, each.sheet)) for each in bare]
    return tables


def _nothing_said(_: str) -> dict[str, Any]:
    return {}


def _profiled(
    table: TextTable, engine: DuckDB, options: ReadOptions
) -> tuple[TextTable, list[ColumnProfile]]:
    marks = (".", "YMD") if table.shape else (options.decimal, options.date_order)
    table = cut_so(table, "given", vars(options))
    return table, list[ColumnProfile](profile(table, engine, *marks))


def _recut(read_: Tables, path: Path, name: str, engine: DuckDB, brief: Brief) -> Tables:
    """The table of a file, cut as it was remembered that such a file is."""
    said = brief.said
    if not brief.recall or len(read_) != 1 or read_[0][0].file != name or said.marks(name):
        return read_
    table = read_[0][0]
    for cuts in [] if table.shape else recuts(table, brief.memories, brief.source):
        told = replace(brief, reading=replace(brief.reading, **cuts.options))
        try:
            made = _read(path, name, engine, told, [])
        except InputError:
            continue
        if len(made) == 1 and folded(made[0][0].headers) in cuts.shapes:
            return [(cut_so(t, "remembered", cuts.options), profiles) for t, profiles in made]
    return read_


def _again(table: TextTable, path: Path, name: str, engine: DuckDB, brief: Brief) -> Again:
    """What reads the table again under other options."""
    said = brief.map_file.reading if brief.map_file else _nothing_said

    def again(changed: Mapping[str, Any]) -> TextTable | None:
        options = replace(brief.reading, name=name, zone=brief.zone, **{**said(name), **changed})
        try:
            found = read(path, engine, options, lambda each: {**said(each), **changed}, [])
        except InputError:
            return None
        same = (t for t in found if (t.file, t.sheet) == (table.file, table.sheet))
        return next(same, None)

    return again


def _understood(
    table: TextTable,
    profiles: list[ColumnProfile],
    engine: DuckDB,
    brief: Brief,
    preset: str | None,
    again: Again | None,
) -> Looked:
    """What the table is guessed to be, with what is remembered of such, and what must be asked."""
    known = recalled(table, brief.said, brief.memories if brief.recall else Memories())
    told = replace(brief, map_file=known.map_file)
    try:
        looked = _ruled(_guessed(table, profiles, engine, told, preset), engine, told, preset)
    except InputError:
        if known.memory is None:
            raise
        looked = None
    if looked is None or not known.fits(looked.guess.maps):
        alone = replace(brief, recall=False)
        return _understood(table, profiles, engine, alone, preset, again)
    maps, because = known.applied(looked.guess.maps, looked.profiles)
    made = [doubted(engine, looked.table, looked.profiles, each, again) for each in maps]
    for each in made:
        because |= each.because
    return replace(
        looked,
        guess=replace(looked.guess, maps=tuple(each.map for each in made)),
        asks=tuple(each.asks for each in made),
        because=because,
        memory=known.memory,
        gone=known.gone,
        lesson=preset_of(known.lesson, maps),
    )


def _guessed(
    table: TextTable,
    profiles: list[ColumnProfile],
    engine: DuckDB,
    brief: Brief,
    preset: str | None,
) -> Looked:
    def distinct(index: int) -> Sequence[str]:
        rows = engine.rows(
            f"SELECT DISTINCT trim(c{index}) FROM {table.relation} WHERE c{index} IS NOT NULL "
            "LIMIT 2000"
        )
        return [row[0] for row in rows]

    def different(index: int) -> int:
        counted = engine.value(
            f"SELECT count(DISTINCT hash(trim(c{index}))) FROM {table.relation} "
            f"WHERE c{index} IS NOT NULL"
        )
        return int(counted)

    def together(indexes: Sequence[int]) -> int:
        cells = ", ".join(f"trim(c{index})" for index in indexes)
        return int(engine.value(f"SELECT count(DISTINCT hash({cells})) FROM {table.relation}"))

    found = guess(
        table,
        profiles,
        table_name=brief.table,
        source=brief.source,
        map_file=brief.map_file,
        distinct=distinct,
        count=different,
        together=together,
        keys=brief.keys,
        preset=preset,
    )
    return Looked(table, profiles, found)


def _ruled(looked: Looked, engine: DuckDB, brief: Brief, preset: str | None) -> Looked:
    """The table anew without the cells that mean empty by a rule, where there are such."""
    headers = looked.table.headers
    maps = [ruled(each, brief.rules, headers) for each in looked.guess.maps]
    empty = columns_of(maps, headers)
    if not empty:
        return looked
    table = emptied(engine, looked.table, empty)
    said = brief.map_file.reading if brief.map_file else _nothing_said
    table, profiles = _profiled(table, engine, replace(brief.reading, **said(table.file)))
    again = _guessed(table, profiles, engine, brief, preset)
    found = tuple(ruled(each, brief.rules, headers) for each in again.guess.maps)
    return replace(again, guess=replace(again.guess, maps=found))


def typed(engine: DuckDB, looked: Looked, mapped: TableMap, zone: str) -> Staged:
    """The typed rows of a table. Raises MustAskError with all that must be asked of it."""
    asks = looked.asked(mapped)
    if asks:
        raise MustAskError(asks)
    return staged(engine, looked.table, looked.profiles, mapped, zone)


def _stage(
    prepared: Prepared, looked: Looked, mapped: TableMap, engine: DuckDB, brief: Brief
) -> None:
    try:
        made = typed(engine, looked, mapped, brief.zone)
        if looked.returned:
            prepared.staged.append(rejoined(engine, made, looked.returned))
            return
        prepared.staged.append(replace(made, stage=replace(made.stage, full=brief.full)))
    except MustAskError as error:
        new = [(looked.table, problem) for problem in error.problems]
        prepared.held += [each for each in new if each not in prepared.held]


_FINENESS: Mapping[str, int] = {"second": 0, "minute": 1, "day": 2, "month": 3, "quarter": 4}


def _finest_first(staged: list[Staged]) -> list[Staged]:
    """Of two copies of a table, the one with finer dates first: the coarser changes nothing."""

    def coarseness(each: Staged) -> int:
        return max((_FINENESS.get(p, 0) for p in each.stage.precision.values()), default=0)

    return sorted(staged, key=coarseness)


def _as_one_source(engine: DuckDB, staged: list[Staged]) -> list[Staged]:
    """Tables of one import that share half of their keys come from one source."""
    made: list[Staged] = []
    for each in staged:
        twin = next(
            (
                other
                for other in made
                if other.stage.table == each.stage.table
                and other.stage.origin != each.stage.origin
                and _shared(engine, other, each) >= TWINS
            ),
            None,
        )
        if twin:
            each = replace(each, stage=replace(each.stage, origin=twin.stage.origin))  # noqa: PLW2901
        made.append(each)
    return made


def _shared(engine: DuckDB, one: Staged, other: Staged) -> float:
    """The share of the smaller table's keys that the other has too."""
    row = engine.rows(
        f"SELECT count(*), (SELECT count(*) FROM {one.stage.relation}), "
        f"(SELECT count(*) FROM {other.stage.relation}) "
        f"FROM {one.stage.relation} a JOIN {other.stage.relation} b USING (source_id)"
    )[0]
    smaller = min(row[1], row[2])
    return float(row[0]) / smaller if smaller else 0.0
