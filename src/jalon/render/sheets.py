"""Tables of a page as CSV and as a workbook that carries its definition, filters and date."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter

from jalon import locale
from jalon.render.cells import inert, legible, write_cell
from jalon.views.parts import Row, Table

#: What French spreadsheets read without asking: semicolon, decimal comma, byte order mark.
_SEPARATOR = {"fr": ";", "en": ","}


@dataclass(frozen=True)
class Sheet:
    """A table to write: a name, the heads, the rows of raw values."""

    name: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def sheet_of(table: Table, lang: str) -> Sheet:
    """A table of figures with everything that each figure says."""
    codes = ("value", "low", "high", "n", "numerator", "denominator", "unit", "notes", "version")
    drawn = ("shrunk", "shrunk_low", "shrunk_high", "best") if table.shrunk_head else ()
    heads = (table.head, *(locale.text(f"page.sheet.{each}", lang) for each in (*codes, *drawn)))
    rows = [
        (
            row.label,
            figure.value,
            figure.low,
            figure.high,
            figure.n,
            figure.numerator,
            figure.denominator,
            figure.unit,
            " ".join(filter(None, [*figure.notes, figure.missing])),
            figure.version,
            *(_drawn(row) if table.shrunk_head else ()),
        )
        for row in table.rows
        for figure in (row.figure,)
    ]
    return Sheet(table.name, heads, rows)


def _drawn(row: Row) -> tuple[float | None, ...]:
    """The shrunk rate of a row, its interval, the probability that it leads."""
    found = row.shrunk
    return (found.value, found.low, found.high, found.best) if found else (None,) * 4


def as_csv(sheet: Sheet, lang: str) -> bytes:
    """A table as CSV in the habits of the language, formulas inert."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_SEPARATOR[lang], lineterminator="\r\n")
    writer.writerow([inert(legible(each)) for each in sheet.heads])
    writer.writerows([_text(cell, lang) for cell in row] for row in sheet.rows)
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def as_workbook(
    sheets: Iterable[Sheet], about: Sequence[tuple[str, str]], lang: str, title: str
) -> bytes:
    """Tables as the sheets of a workbook; the last sheet says what was asked, of what, when."""
    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": legible(title)[:250]})
    bold = book.add_format({"bold": True, "bottom": 1})
    dated = book.add_format({"num_format": "dd/mm/yyyy" if lang == "fr" else "yyyy-mm-dd"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    taken: set[str] = set()
    for each in sheets:
        _fill(book.add_worksheet(_named(each.name, taken)), each, bold, dated)
    said = book.add_worksheet(_named(locale.text("page.sheet.about", lang), taken))
    said.set_column(0, 0, 24)
    said.set_column(1, 1, 90, wrapped)
    for row, (name, text) in enumerate(about):
        said.write_string(row, 0, legible(name), bold)
        said.write_string(row, 1, legible(text)[:32_000], wrapped)
    book.close()
    return out.getvalue()


def _fill(page: Any, sheet: Sheet, bold: Any, dated: Any) -> None:
    for place, head in enumerate(sheet.heads):
        page.write_string(0, place, legible(head), bold)
        page.set_column(place, place, 28 if place == 0 else 14)
    page.freeze_panes(1, 1)
    for row, cells in enumerate(sheet.rows, 1):
        for place, cell in enumerate(cells):
            write_cell(page, row, place, cell, dated)


def _named(name: str, taken: set[str]) -> str:
    """A name that a workbook takes: 31 characters, none of ``[]:*?/\\``, once."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", legible(name))[:28].strip() or "1"
    found, number = plain, 2
    while found.casefold() in taken:
        found, number = f"{plain} {number}", number + 1
    taken.add(found.casefold())
    return found


def _text(cell: Any, lang: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return locale.text("page.yes" if cell else "page.no", lang)
    if isinstance(cell, (int, float, Decimal)):
        plain = str(int(cell)) if float(cell).is_integer() else repr(float(cell))
        return plain.replace(".", ",") if lang == "fr" else plain
    if isinstance(cell, (dt.datetime, dt.date)):
        return (
            cell.isoformat(" ").removesuffix(" 00:00:00")
            if isinstance(cell, dt.datetime)
            else cell.isoformat()
        )
    return inert(legible(str(cell)))
