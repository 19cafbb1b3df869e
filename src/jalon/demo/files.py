"""The demo's files, as the company's CRM and spreadsheets export them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np

from jalon.demo import packing
from jalon.demo.draws import Columns
from jalon.demo.layouts import Column, Layout, layouts
from jalon.demo.world import World

UNREADABLE_AMOUNTS = 6
"""Rows added to the deals whose amount reads « voir devis »."""
IMPOSSIBLE_DATES = 3
"""Rows added to the invoices, dated 31 February."""

Row = list[str]


def write(world: World, folder: Path) -> list[Path]:
    """Write all the files of the world in that folder; their paths, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    account = world.tables["account"]
    names = dict(zip(account["source_id"], account["name"], strict=True))
    written = []
    for layout in layouts(names):
        path = folder / layout.file
        path.write_bytes(_bytes(layout, world.tables[layout.table]))
        written.append(path)
    return written


def _bytes(layout: Layout, table: Columns) -> bytes:
    headers = [column.header for column in layout.columns]
    if layout.file.endswith(".xlsx"):
        return packing.workbook("Enquêtes", headers, _sheet(layout, table))
    rows = list(map(list, zip(*(_cells(c, table) for c in layout.columns), strict=True)))
    rows += _extra(layout, rows)
    text = _text([*([line] if line else [] for line in layout.title), headers, *rows])
    data = text.encode(layout.encoding)
    return packing.gzipped(data) if layout.file.endswith(".gz") else data


def _cells(column: Column, table: Columns) -> Row:
    found = column.form(table[column.field])
    if column.instead is None:
        return found
    other = column.form(table[column.instead])
    return [one or two for one, two in zip(found, other, strict=True)]


def _sheet(layout: Layout, table: Columns) -> list[list[packing.Cell]]:
    columns = [_values(column, table) for column in layout.columns]
    return list(map(list, zip(*columns, strict=True)))


def _values(column: Column, table: Columns) -> Sequence[packing.Cell]:
    found = table[column.field]
    if found.dtype.kind == "M":
        days: list[dt.date | None] = found.astype("datetime64[D]").tolist()
        return days
    return found.tolist() if column.field == "score" else column.form(found)


def _extra(layout: Layout, rows: list[Row]) -> list[Row]:
    """The lines that an export should not have: they are in no table of the world."""
    if layout.table == "deal":
        models = [row for row in rows if row[2] == "Nouveau"][:UNREADABLE_AMOUNTS]
        return [
            _broken(row, layout, f"79{i:08d}", "amount", "voir devis")
            for i, row in enumerate(models)
        ]
    if layout.table == "invoice":
        models = rows[:IMPOSSIBLE_DATES]
        broken = [
            _broken(r, layout, f"FA9000{i}", "happened_at", "31/02/2025")
            for i, r in enumerate(models)
        ]
        return [*broken, _total(layout, rows)]
    return []


def _broken(row: Row, layout: Layout, key: str, field: str, text: str) -> Row:
    at = [column.field for column in layout.columns].index(field)
    spoiled = list(row)
    spoiled[0], spoiled[at] = key, text
    return spoiled


def _total(layout: Layout, rows: list[Row]) -> Row:
    at = [column.field for column in layout.columns].index("amount")
    plain = [row[at].replace("\u00a0", "").replace("€", "").replace(",", ".") for row in rows]
    total = np.round(np.sum([float(text) for text in plain]), 2)
    line = [""] * len(layout.columns)
    line[0], line[at] = "Total", f"{total:.2f}".replace(".", ",")
    return line


def _text(rows: Sequence[Sequence[str]]) -> str:
    lines = StringIO()
    csv.writer(lines, delimiter=";", lineterminator="\r\n").writerows(rows)
    return lines.getvalue()
