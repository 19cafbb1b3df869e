"""The XML of an OpenDocument spreadsheet (ODF 1.3, part 3, §9), read in passing."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from jalon.intake.workbook.seen import MAX_UNPACKED, Refused, Seen, refuse_large_area

CHUNK = 1 << 20
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
CELL, COVERED = f"{TABLE}table-cell", f"{TABLE}covered-table-cell"


def look(archive: zipfile.ZipFile) -> dict[str, Seen]:
    """What the content says of each sheet besides values; refuses one that is too large."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.EntityDeclHandler = _refuse_entity
    size = 0
    with archive.open("content.xml") as content:
        while block := content.read(CHUNK):
            size += len(block)
            if size > MAX_UNPACKED:
                raise Refused("too_large", reason="unpacked", bytes=size, limit=MAX_UNPACKED)
            _feed(parser, block)
    return reader.sheets


def _feed(parser: expat.XMLParserType, block: bytes) -> None:
    try:
        parser.Parse(block)
    except expat.ExpatError as error:
        raise Refused("truncated", reason=str(error)) from None


def _refuse_entity(*_: object) -> NoReturn:
    raise Refused("truncated", reason="entity")


@dataclass
class _Reader:
    """Where the parser is: ``row`` from 1 and ``column`` from 0, once repetitions are counted."""

    sheets: dict[str, Seen] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    row: int = 1
    rows: int = 1
    column: int = 0
    columns: int = 0
    depth: int = 0
    hidden: bool = False
    filled: bool = False
    corners: list[int] = field(default_factory=list)

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == f"{TABLE}table":
            self.depth += 1
            if self.depth == 1:
                self.seen = self.sheets[given.get(f"{TABLE}name", "")] = Seen(spans=[])
                self.row, self.columns, self.corners = 1, 0, []
        elif self.depth != 1:
            return
        elif tag == f"{TABLE}table-column":
            self._column(given)
        elif tag == f"{TABLE}table-row":
            self.rows, self.column, self.filled = _number(given, "rows-repeated"), 0, False
            self.hidden = given.get(f"{TABLE}visibility", "visible") != "visible"
        elif tag in (CELL, COVERED):
            self._cell(given, _number(given, "columns-repeated"))

    def end(self, tag: str) -> None:
        if tag == f"{TABLE}table":
            self.depth -= 1
        elif tag == f"{TABLE}table-row" and self.depth == 1:
            if self.filled and self.hidden:
                self.seen.hidden_rows.add(self.row, self.row + self.rows - 1)
            self.row += self.rows

    def _column(self, given: dict[str, str]) -> None:
        times = _number(given, "columns-repeated")
        if given.get(f"{TABLE}visibility", "visible") != "visible":
            self.seen.hidden_columns.add(self.columns, self.columns + times - 1)
        self.columns += times

    def _cell(self, given: dict[str, str], times: int) -> None:
        has_value = f"{OFFICE}value-type" in given
        if has_value:
            self._extend(times)
        elif f"{TABLE}formula" in given:
            for column in range(self.column, self.column + min(times, 1000)):
                self.seen.lacks_value(self.row, column)
        down, across = (_number(given, f"{each}-spanned") for each in ("rows", "columns"))
        if has_value and self.seen.spans is not None and (down > 1 or across > 1):
            last = (self.row + down - 1, self.column + across - 1)
            self.seen.spans.append((self.row, self.column, *last))
        self.column += times

    def _extend(self, times: int) -> None:
        """The filled rectangle reaches these cells, and all the rows that repeat them."""
        self.filled = True
        left, right, last = self.column, self.column + times - 1, self.row + self.rows - 1
        top, *sides = self.corners or (self.row, left, right)
        self.corners = [top, min(sides[0], left), max(sides[1], right)]
        refuse_large_area((top, self.corners[1]), (last, self.corners[2]))


def _number(given: dict[str, str], name: str) -> int:
    said = given.get(f"{TABLE}number-{name}", "1")
    return max(int(said), 1) if said.isdecimal() and len(said) < 10 else 1
