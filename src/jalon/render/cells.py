"""Cells of exported tables: texts inert, numbers and dates as such."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

#: What begins a formula in a spreadsheet (OWASP ASVS 5.0, 1.2.10).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
#: What a cell of a workbook holds at most.
LONGEST = 32_767


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write_cell(sheet: Any, row: int, place: int, value: Any, dated: Any) -> None:
    """A cell of a workbook in the type of its value; ``dated`` is the format of dates."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, (int, float, Decimal)):
        sheet.write_number(row, place, float(value))
    elif isinstance(value, (dt.datetime, dt.date)):
        sheet.write_datetime(row, place, value, dated)
    else:
        sheet.write_string(row, place, legible(str(value))[:LONGEST])


def legible(text: str) -> str:
    """A text that XML and UTF-8 can carry: control characters and lone surrogates are U+FFFD."""
    return "".join(
        each if each in "\t\n\r" or (each >= " " and not _nothing(ord(each))) else "\ufffd"
        for each in text
    )


def _nothing(code: int) -> bool:
    return 0x7F <= code < 0xA0 or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE
