"""What an import would take in and set apart, told before anything is loaded."""

from __future__ import annotations

from dataclasses import replace

from jalon.engines.duckdb import DuckDB
from jalon.intake.mapping import TableMap
from jalon.intake.pipeline import Looked, Prepared
from jalon.intake.report import FileReport, Report, planned
from jalon.intake.staging import stage
from jalon.model.problems import MustAskError


def foreseen(prepared: Prepared, engine: DuckDB, zone: str) -> Report:
    """The plan of an import, with the rows that it would set apart and why."""
    plan = planned(prepared)
    made = [
        (looked, mapped) for looked in prepared.looked for mapped in looked.guess.maps or (None,)
    ]
    files = [
        _foreseen(each, looked, mapped, engine, zone) if mapped else each
        for each, (looked, mapped) in zip(plan.files, made, strict=True)
    ]
    return replace(plan, files=tuple(files))


def _foreseen(
    each: FileReport, looked: Looked, mapped: TableMap, engine: DuckDB, zone: str
) -> FileReport:
    try:
        refused = stage(engine, looked.table, looked.profiles, mapped, zone).refused
    except MustAskError as error:
        return replace(each, must_ask=error.problem)
    return replace(each, quarantine=tuple(refused), rows_quarantined=len(refused))
