"""Workbooks and gzip files whose bytes do not depend on the machine's zlib."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from io import BytesIO
from zlib import crc32

import xlsxwriter

_BLOCK = 65_535
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)

Cell = str | float | dt.date | None


def gzipped(data: bytes) -> bytes:
    """A gzip file of stored blocks, without name or date."""
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    blocks = [data[i : i + _BLOCK] for i in range(0, len(data), _BLOCK)] or [b""]
    stored = [_stored(block, last=i == len(blocks) - 1) for i, block in enumerate(blocks)]
    return head + b"".join(stored) + _word(crc32(data)) + _word(len(data) & 0xFFFFFFFF)


def _stored(block: bytes, *, last: bool) -> bytes:
    size = len(block)
    lengths = size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    return bytes([last]) + lengths + block


def _word(number: int) -> bytes:
    return number.to_bytes(4, "little")


def workbook(sheet: str, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet, with real dates and numbers."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": dt.datetime(2026, 9, 30)})
    page = book.add_worksheet(sheet)
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    page.write_row(0, 0, headers, book.add_format({"bold": True}))
    for i, row in enumerate(rows, start=1):
        for j, value in enumerate(row):
            _write(page, i, j, value, days)
    book.close()
    return _repacked(buffer)


def _write(page: xlsxwriter.worksheet.Worksheet, i: int, j: int, value: Cell, days: object) -> None:
    if isinstance(value, dt.date):
        page.write_datetime(i, j, value, days)
    elif value is not None:
        page.write(i, j, value)


def _repacked(buffer: BytesIO) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(buffer) as found, zipfile.ZipFile(packed, "w") as to:
        for name in found.namelist():
            entry = zipfile.ZipInfo(name, _FIRST_DATE)
            entry.create_system = 0
            to.writestr(entry, found.read(name))
    return packed.getvalue()
