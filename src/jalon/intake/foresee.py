"""What an import would take in and set apart, told before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jalon.engines.duckdb import DuckDB
from jalon.intake.mapping import TableMap
from jalon.intake.pipeline import Looked, Prepared, typed
from jalon.intake.report import FileReport, Report, absence_note, planned
from jalon.intake.staging import Staged
from jalon.model.problems import MustAskError, Where
from jalon.store import gone
from jalon.store.stage import Stage


def foreseen(prepared: Prepared, engine: DuckDB, zone: str, *, full: bool = False) -> Report:
    """The plan of an import, with the rows that it would set apart and those it no longer has."""
    plan = planned(prepared)
    made = [
        (looked, mapped) for looked in prepared.looked for mapped in looked.guess.maps or (None,)
    ]
    files = list(plan.files)
    stages: dict[int, Stage] = {}
    for place, (looked, mapped) in enumerate(made):
        if mapped is None:
            continue
        found = _staged(looked, mapped, engine, zone)
        files[place] = _foreseen(files[place], found)
        if isinstance(found, Staged):
            stages[place] = replace(found.stage, full=full)
    return replace(plan, files=tuple(_absent(engine, files, stages)))


def _staged(looked: Looked, mapped: TableMap, engine: DuckDB, zone: str) -> Staged | MustAskError:
    try:
        return typed(engine, looked, mapped, zone)
    except MustAskError as error:
        return error


def _foreseen(each: FileReport, found: Staged | MustAskError) -> FileReport:
    if isinstance(found, MustAskError):
        return replace(each, must_ask=found.problem, asks=found.problems)
    refused = found.refused
    notes = (*each.notes, *found.notes)
    return replace(each, quarantine=tuple(refused), rows_quarantined=len(refused), notes=notes)


def _absent(
    engine: DuckDB, files: Sequence[FileReport], stages: Mapping[int, Stage]
) -> list[FileReport]:
    """The files, the last of each table and source with what it says of rows known before."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, stage in stages.items():
        groups.setdefault((stage.table, stage.origin), []).append(place)
    told = list(files)
    for places in groups.values():
        found = gone.foreseen(engine, [stages[place] for place in places])
        if found:
            each = told[places[-1]]
            note = absence_note(found, each.table, Where(each.file, each.sheet))
            told[places[-1]] = replace(each, notes=(*each.notes, note))
    return told
