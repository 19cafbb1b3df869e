"""Files to typed stages: read, profile, guess, stage, for every file of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jalon.engines.duckdb import DuckDB
from jalon.intake.guess import Guess, guess
from jalon.intake.map_file import MapFile
from jalon.intake.mapping import TableMap
from jalon.intake.preset import common_preset
from jalon.intake.profile import profile
from jalon.intake.sources import find, read
from jalon.intake.sources.options import ReadOptions
from jalon.intake.staging import Staged, stage
from jalon.intake.text_table import ColumnProfile, TextTable
from jalon.model.problems import InputError, MustAskError, Problem, Where

Progress = Callable[[str], None]

#: Two files of one import that share so many of their ids are the same source.
TWINS = 0.5


@dataclass(frozen=True)
class Brief:
    """What the user says beside the files."""

    table: str | None = None
    source: str | None = None
    map_file: MapFile | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    zone: str = "Europe/Paris"


@dataclass(frozen=True)
class Looked:
    """A table of a file, read and profiled, with what it is guessed to be."""

    table: TextTable
    profiles: Sequence[ColumnProfile]
    guess: Guess


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
    prepared = Prepared(ignored=list(found.ignored))
    alone = len(found.files) == 1 and not any(root.is_dir() for root in roots)
    tables: list[tuple[TextTable, list[ColumnProfile]]] = []
    for path in found.files:
        progress(path.name)
        try:
            tables += _read(path, _shown(path, roots), engine, brief)
        except InputError as error:
            if alone or isinstance(error, MustAskError):
                raise
            prepared.ignored += error.problems
    preset = common_preset([(table.headers, table.file) for table, _ in tables])
    for table, profiles in tables:
        prepared.looked.append(_guessed(table, profiles, engine, brief, preset))
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
    for each in prepared.looked:
        for mapped in each.guess.maps:
            progress(each.table.file)
            _stage(prepared, each, mapped, engine, brief)
    if not prepared.staged and prepared.held:
        raise MustAskError([problem for _, problem in prepared.held])
    prepared.staged = _as_one_source(engine, _finest_first(prepared.staged))
    return prepared


def _shown(path: Path, roots: Sequence[Path]) -> str:
    """The file's name as the user knows it: its path below the folder given."""
    for root in roots:
        if root.is_dir() and path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _read(
    path: Path, name: str, engine: DuckDB, brief: Brief
) -> list[tuple[TextTable, list[ColumnProfile]]]:
    said = brief.map_file.reading(name) if brief.map_file else {}
    options = replace(brief.reading, name=name, **said)
    tables = []
    for table in read(path, engine, options):
        if table.rows == 0:
            continue
        profiles = profile(table, engine, options.decimal, options.date_order)
        tables.append((table, list[ColumnProfile](profiles)))
    if not tables:
        raise InputError.of("header_only", Where(file=name))
    return tables


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

    found = guess(
        table,
        profiles,
        table_name=brief.table,
        source=brief.source,
        map_file=brief.map_file,
        distinct=distinct,
        count=different,
        preset=preset,
    )
    return Looked(table, profiles, found)


def _stage(
    prepared: Prepared, looked: Looked, mapped: TableMap, engine: DuckDB, brief: Brief
) -> None:
    try:
        prepared.staged.append(stage(engine, looked.table, looked.profiles, mapped, brief.zone))
    except MustAskError as error:
        prepared.held += [(looked.table, problem) for problem in error.problems]


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
