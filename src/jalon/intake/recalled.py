"""A lesson applied to a table, and the lesson that a table gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jalon.intake.map_file import Entry, MapFile
from jalon.intake.mapping import FieldMap, How, TableMap
from jalon.intake.memory import (
    CUTS,
    MARKS,
    Lesson,
    Memories,
    Memory,
    fitted,
    folded,
    lesson,
    marks,
    merged,
)
from jalon.intake.sources.options import ReadOptions
from jalon.intake.text_table import ColumnProfile, TextTable
from jalon.intake.words import fold

#: A file that no lesson fits is cut anew as so many lessons say, the latest first.
RECUTS = 3


@dataclass(frozen=True)
class Cuts:
    """Another way to cut a file: the ``options``, right where they give one of the ``shapes``."""

    options: Mapping[str, Any]
    shapes: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Said:
    """What the user says of files: see :class:`jalon.intake.pipeline.Brief`."""

    map_file: MapFile | None = None
    table: str | None = None
    source: str | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)

    def entries(self, table: TextTable) -> tuple[Entry, ...]:
        """What the mapping file, or the table that is named, says of a table of a file."""
        said = self.map_file.entries_for(table.file, table.sheet) if self.map_file else ()
        named = self.table is not None and not said
        return (Entry(file=table.file, table=self.table),) if named else said

    def marks(self, file: str) -> dict[str, Any]:
        """How the user says that a file is read."""
        said = {name: getattr(self.reading, name) for name in (*CUTS, *MARKS)}
        said |= self.map_file.reading(file) if self.map_file else {}
        return {name: said[name] for name in (*CUTS, *MARKS) if said[name] is not None}

    @property
    def whole(self) -> bool:
        """Whether what is said of a file is all that counts, whatever is remembered."""
        return self.map_file is not None and not self.map_file.partial


@dataclass(frozen=True)
class Recalled:
    """What counts for a table: ``map_file`` has what the user says, over ``memory`` if any.

    ``gone``: headers of the memory that the table has no more. ``lesson``: what the user says now.
    """

    map_file: MapFile | None
    memory: Memory | None = None
    gone: tuple[str, ...] = ()
    lesson: Lesson | None = None
    told: frozenset[str] = frozenset()

    def fits(self, maps: Sequence[TableMap]) -> bool:
        """Whether the file comes from the CRM that the lesson was of."""
        presets = {each.preset for each in maps} - {None}
        known = self.memory.preset if self.memory else None
        return known is None or not presets or known in presets

    def applied(
        self, maps: Sequence[TableMap], profiles: Sequence[ColumnProfile]
    ) -> tuple[tuple[TableMap, ...], dict[tuple[str, str], str]]:
        """The maps with what is remembered of dates and numbers that their cells do not tell.

        Beside them, by decision and header, on what that rests.
        """
        if self.memory is None:
            return tuple(maps), {}
        known = {
            name: {
                each.header: said
                for each in profiles
                if _undecided(each, name) and (said := marks(self.memory, name, each.header))
            }
            for name in MARKS
        }
        headers = [each.header for each in profiles]
        made = tuple(
            replace(
                each,
                fields=tuple(self._from_memory(one, headers) for one in each.fields),
                decimal={**known["decimal"], **each.decimal},
                date_order={**known["date_order"], **each.date_order},
            )
            for each in maps
        )
        return made, {(name, header): "remembered" for name in MARKS for header in known[name]}

    def _from_memory(self, each: FieldMap, headers: Sequence[str]) -> FieldMap:
        now = any(fold(headers[index]) in self.told for index in each.columns)
        return replace(each, how=How.MEMORY) if each.how is How.MAP and not now else each


def recalled(table: TextTable, said: Said, memories: Memories) -> Recalled:
    """What counts for a table: what the user says, over what is remembered of such a file."""
    entries, reading = said.entries(table), said.marks(table.file)
    mapped = said.map_file.entries_for(table.file, table.sheet) if said.map_file else ()
    memory = None
    if not table.shape and not (said.whole and mapped):
        memory = _of_table(memories.of(table.headers, said.source), said.table)
    former = memory.entries if memory else ()
    preset = memory.preset if memory else None
    taught = None
    if not table.shape and (entries or reading):
        taught = lesson(table.headers, table.file, preset, merged(former, entries), reading)
    if memory is None or any(each.ignored for each in mapped):
        return Recalled(said.map_file, lesson=taught)
    known, gone = fitted(memory, table.file, table.headers)
    both = replace(said.map_file or known, entries=merged(known.entries, mapped))
    told = frozenset(fold(header) for each in mapped for header in each.columns)
    return Recalled(both, memory, gone, taught, told)


def _of_table(memory: Memory | None, table: str | None) -> Memory | None:
    """The lesson, unless the user names another table than it does."""
    if memory is None or table is None:
        return memory
    tables = {each.table for each in memory.entries if each.table}
    return memory if table in tables or not tables else None


def preset_of(found: Lesson | None, maps: Sequence[TableMap]) -> Lesson | None:
    """The lesson, with the CRM that the table was recognised to come from."""
    known = next((each.preset for each in maps if each.preset), None)
    return replace(found, preset=known or found.preset) if found else None


def _undecided(profile: ColumnProfile, name: str) -> bool:
    if name == "date_order":
        return profile.date_order is None and len(profile.date_choices) > 1
    return "ambiguous" in getattr(profile, "marks", ())


def cut_so(table: TextTable, because: str, names: Mapping[str, Any]) -> TextTable:
    """The table whose cut rests on what someone said, not on its bytes."""
    evidence = tuple(
        replace(one, because=because, certainty=1.0, facts={})
        if one.column is None and names.get(one.decision) is not None
        else one
        for one in table.evidence
    )
    return replace(table, evidence=evidence)


def recuts(table: TextTable, memories: Memories, source: str | None) -> list[Cuts]:
    """How lessons would have a file cut: the one that fits it, where the file leaves a doubt; else
    the latest ones, of files that this may be once cut so."""
    fits = memories.of(table.headers, source)
    if fits is None:
        cut = [each for each in memories.found if each.cuts]
        return [Cuts(each.cuts, (each.headers,)) for each in cut[:RECUTS]]
    sure = {one.decision for one in table.evidence if one.column is None and one.certainty == 1.0}
    options = {
        name: said
        for name, said in fits.cuts.items()
        if name not in sure and said != getattr(table, name)
    }
    return [Cuts(options, (fits.headers, folded(table.headers)))] if options else []
