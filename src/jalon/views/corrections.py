"""What a person corrects on the page of an upload, as a mapping file has it.

Only what differs from what was understood is kept: the rest goes on being recognised, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jalon.intake.report import FileReport, Report
from jalon.views.upload import LEFT_OUT, columns_of, decisions, table_of, values_of

READINGS = ("encoding", "delimiter", "decimal", "date_order")
#: What cuts a file into rows and columns: with another, its columns may be others.
CUTS = ("encoding", "delimiter", "header_row")
LONGEST_NUMBER = 7

Said = dict[str, Any]


def corrected(plan: Report, document: Said, said: Said, form: Mapping[str, str]) -> Said:
    """What was said before, with what the form says. ``document``: the mapping of the plan."""
    readings = {name: dict(by) for name, by in said["readings"].items()}
    entries = {_key(each): dict(each) for each in said["files"]}
    described = document.get("files") or []
    for place, each in enumerate(plan.files):
        new = _readings(each, place, form)
        if _cut_anew(each, new):
            entries = {key: entry for key, entry in entries.items() if key[0] != each.file}
        readings[each.file] = readings.get(each.file, {}) | new
        key = (each.file, each.sheet, each.table)
        table = form.get(f"{place}.table", table_of(each))
        if table != table_of(each):
            entries.pop(key, None)
            entries |= _given(each, table)
        elif each.table and not _cut_anew(each, new):
            entry = _entry(each, each.table) | entries.get(key, {})
            changed = _columns(each, place, form), _values(described[place], place, form)
            if any(changed):
                entries[key] = _with(entry, *changed)
    _complete(plan, entries)
    return {
        "files": list(entries.values()),
        "readings": {name: by for name, by in readings.items() if by},
        **({"full": True} if form.get("full") else {}),
    }


def _key(entry: Said) -> tuple[str, str | None, str | None]:
    return entry["file"], entry.get("sheet"), entry.get("table")


def _entry(each: FileReport, table: str | None) -> Said:
    sheet = {} if each.sheet is None else {"sheet": each.sheet}
    return {"file": each.file, **sheet, "table": table}


def _given(each: FileReport, table: str) -> dict[tuple[str, str | None, str | None], Said]:
    """The entry of a table that a person chooses; none where it is left to be recognised."""
    if not table:
        return {}
    entry = _entry(each, None if table == LEFT_OUT else table)
    return {_key(entry): entry}


def _complete(plan: Report, entries: dict[tuple[str, str | None, str | None], Said]) -> None:
    """A sheet of which one table is said, all are: the others would be left out."""
    told = {key[:2] for key in entries}
    moved = {key[:2] for key in entries if key[2] not in {each.table for each in plan.files}}
    for each in plan.files:
        place = (each.file, each.sheet)
        if each.table and place in told and place not in moved:
            entries.setdefault((*place, each.table), _entry(each, each.table))


def _readings(each: FileReport, place: int, form: Mapping[str, str]) -> Said:
    """How the file is said to be read, where that differs from how it is or answers a question."""
    found: Said = {}
    asked = decisions(each)
    for name in READINGS:
        said = form.get(f"{place}.{name}")
        if said and (said != getattr(each, name) or name in asked):
            found[name] = said
    row = form.get(f"{place}.header_row", "")
    told = row.isdecimal() and len(row) <= LONGEST_NUMBER
    if told and (int(row) != each.header_row or "header_row" in asked):
        found["header_row"] = int(row)
    return found


def _cut_anew(each: FileReport, new: Said) -> bool:
    """Whether the file is cut otherwise than it was shown, so that its columns may be others."""
    return any(name in new and new[name] != getattr(each, name) for name in CUTS)


def _columns(each: FileReport, place: int, form: Mapping[str, str]) -> Said:
    found: Said = {}
    for choice in columns_of(each, place, "fr"):
        said = form.get(choice.name)
        current = next((one.value for one in choice.options if one.chosen), "")
        if said is not None and said != current and "+" not in said:
            found[choice.header] = said or None
    return found


def _values(described: Said, place: int, form: Mapping[str, str]) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for field, text, setting in values_of(described, place, "fr"):
        said = form.get(setting.name)
        current = next((one.value for one in setting.options if one.chosen), None)
        if said is not None and said != current:
            found.setdefault(field, {})[text] = said
    return found


def _with(entry: Said, columns: Said, values: Mapping[str, Said]) -> Said:
    former = entry.get("values") or {}
    merged = {name: former.get(name, {}) | values.get(name, {}) for name in {**former, **values}}
    return {
        **entry,
        **({"columns": (entry.get("columns") or {}) | columns} if columns else {}),
        **({"values": merged} if merged else {}),
    }
