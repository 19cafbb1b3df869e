"""The rows set apart as tables to correct elsewhere and bring back.

The columns of their file, then why each was refused, its physical row, and the mark by which an
import knows it again (:data:`jalon.intake.returned.MARK`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jalon import locale
from jalon.intake.returned import MARK
from jalon.render.sheets import Sheet, as_csv, as_workbook
from jalon.store.quarantine import SetAside
from jalon.views.quarantine import shown_cells, why

Told = tuple[dict[str, str], tuple[Any, ...]]


def sheets(quarantine: Any, import_id: str | None, lang: str) -> list[Sheet]:
    """The rows that wait, of an import or of all: a sheet for each file that they come from."""
    groups: dict[tuple[int, int | None, str, str | None], list[Told]] = {}
    headers: dict[tuple[int, int | None, str, str | None], tuple[str, ...]] = {}
    names = quarantine.names()
    readings: dict[str, Any] = {}
    for row in quarantine.rows(import_id):
        name = names[row.imported]
        if name not in readings:
            readings[name] = quarantine.readings(name)
        place = (row.imported, row.reading, row.file, row.sheet)
        known = row.reading is not None and row.reading < len(readings[name])
        reading = readings[name][row.reading] if known else None
        headers[place] = reading.headers if reading else ()
        texts, _ = shown_cells(row, reading)
        cells = dict(zip(headers[place], texts, strict=True))
        groups.setdefault(place, []).append((cells, _last(row, name, lang)))
    return [
        Sheet(place[2], (*headers[place], *_heads(lang)), _rows(headers[place], rows))
        for place, rows in groups.items()
    ]


def csv_of(quarantine: Any, import_id: str | None, lang: str) -> bytes:
    """The rows that wait as one CSV, with the columns of all their files."""
    found = sheets(quarantine, import_id, lang)
    extra = len(_heads(lang))
    names = list(dict.fromkeys(head for each in found for head in each.heads[:-extra]))
    rows: list[tuple[Any, ...]] = []
    for each in found:
        own = each.heads[:-extra]
        for row in each.rows:
            cells = dict(zip(own, row[:-extra], strict=True))
            rows.append((*(cells.get(name, "") for name in names), *row[-extra:]))
    title = locale.text("quarantine.title", lang)
    return as_csv(Sheet(title, (*names, *_heads(lang)), rows), lang)


def workbook_of(quarantine: Any, import_id: str | None, lang: str) -> bytes:
    """The rows that wait as a workbook, a sheet for each file."""
    title = locale.text("quarantine.title", lang)
    about = [(locale.text("page.sheet.page", lang), title)]
    return as_workbook(sheets(quarantine, import_id, lang), about, lang, title)


def records(quarantine: Any, import_id: str | None, lang: str) -> list[dict[str, Any]]:
    """The rows that wait, as ``jalon quarantine --json`` prints them."""
    names = quarantine.names()
    return [
        {
            "import_id": names[row.imported],
            "number": row.number,
            "file": row.file,
            "sheet": row.sheet,
            "table": row.table,
            "row": row.row,
            "header": row.header,
            "value": row.value,
            "code": row.reason,
            "reason": why(row, lang, row.value),
            "cells": {**(row.cells or {}), **row.said} or None,
        }
        for row in quarantine.rows(import_id)
    ]


def _heads(lang: str) -> tuple[str, ...]:
    return (locale.text("quarantine.reason", lang), locale.text("quarantine.line", lang), MARK)


def _last(row: SetAside, import_id: str, lang: str) -> tuple[Any, ...]:
    said = f"{row.header} : {why(row, lang, row.value)}" if row.header else why(row, lang)
    return said, row.row, f"{import_id}/{row.number}"


def _rows(headers: Sequence[str], rows: Sequence[Told]) -> list[tuple[Any, ...]]:
    return [(*(cells.get(name, "") for name in headers), *last) for cells, last in rows]
