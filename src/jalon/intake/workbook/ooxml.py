"""The XML of a sheet of an Office Open XML workbook (ECMA-376, part 1, §18.3), read in passing.

It is looked at by patterns, not by a parser: a million cells take a second, and what is not found
is only not said.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from xml.etree import ElementTree

from jalon.intake.workbook.seen import MAX_PART, MAX_UNPACKED, Refused, Seen, refuse_large_area

CHUNK = 1 << 22
MAX_ROW = 1 << 25
UPPERCASE = bytes(range(ord("A"), ord("Z") + 1))
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_NS = rb"(?:\w{1,20}:)?"
REFERENCE = re.compile(rb"<" + _NS + rb"c\s(?:[^>]{0,200}?\s)?r=[\"']([A-Z]{1,4}[0-9]{1,8})[\"']")
_F = rb"<" + _NS + rb"f\b(?:[^>]{0,400}/>|[^>]{0,400}>[^<]{0,40000}</" + _NS + rb"f>)"
ERROR = re.compile(
    rb"<" + _NS + rb"c\s([^>]{0,400}\bt=[\"']e[\"'][^>]{0,400})>\s*(?:" + _F + rb")?\s*"
    rb"<" + _NS + rb"v>([^<]{1,40})</"
)
WITHOUT_VALUE = re.compile(
    rb"<" + _NS + rb"c\s([^>]{0,400})>\s*" + _F + rb"\s*"
    rb"(?:<" + _NS + rb"v\s*/>|<" + _NS + rb"v>\s*</" + _NS + rb"v>)?\s*</" + _NS + rb"c>"
)
HIDDEN = re.compile(
    rb"<" + _NS + rb"(row|col)\s([^>]{0,400}\bhidden=[\"'](?:1|true)[\"'][^>]{0,400})>"
)
PLACE = re.compile(rb"\br=[\"']([A-Z]{1,4})([0-9]{1,8})[\"']")
NUMBERS = {
    name: re.compile(rb"\b%s=[\"']([0-9]{1,8})[\"']" % name) for name in (b"r", b"min", b"max")
}
TEXT_RESULT = re.compile(rb"\bt=[\"']str[\"']")


def parts_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The part of the archive that holds each sheet, by the sheet's name."""
    try:
        targets = {
            one.get("Id"): one.get("Target", "")
            for one in _xml(archive, "xl/_rels/workbook.xml.rels")
        }
        book = _xml(archive, "xl/workbook.xml")
    except (KeyError, ElementTree.ParseError):
        return {}
    known = {one.filename: one for one in archive.infolist()}
    found = {}
    for one in book.iter():
        if one.tag.rpartition("}")[2] == "sheet":
            target = targets.get(_relation(one), "")
            part = known.get(posixpath.normpath(posixpath.join("/xl", target)).lstrip("/"))
            if part:
                found[one.get("name", "")] = part
    return found


def look(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Seen:
    """What the XML of a sheet says besides values; refuses one whose furthest cell is too far."""
    seen, columns, rows = Seen(), set[bytes](), set[bytes]()
    for piece in _pieces(archive, part):
        references = b" ".join(REFERENCE.findall(piece))
        columns.update(references.translate(None, b"0123456789").split())
        rows.update(references.translate(None, UPPERCASE).split())
        rows = _extremes(rows)
        _take_hidden(piece, seen)
        _take_errors(piece, seen)
        _take_formulas(piece, seen)
    if columns:
        wide, high = sorted(map(column_number, columns)), sorted(map(int, rows))
        refuse_large_area((high[0], wide[0]), (high[-1], wide[-1]))
    return seen


def column_number(letters: bytes) -> int:
    """The number of a column from its letters: A is 1, XFD 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _relation(sheet: ElementTree.Element) -> str | None:
    strict = (value for name, value in sheet.attrib.items() if name.endswith("}id"))
    return sheet.get(RELATION) or next(strict, None)


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    size = archive.getinfo(name).file_size
    if size > MAX_PART:
        raise Refused("too_large", reason="unpacked", bytes=size, limit=MAX_PART)
    return ElementTree.fromstring(archive.read(name))


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in pieces that end with a row, as long as rows are of a possible length."""
    size, rest = 0, b""
    with archive.open(part) as sheet:
        while block := sheet.read(CHUNK):
            size += len(block)
            if size > part.file_size + CHUNK:
                raise Refused("too_large", reason="unpacked", bytes=size, limit=MAX_UNPACKED)
            rest += block
            cut = rest.rfind(b"row>") + 4
            if cut < 4:
                cut = len(rest) if len(rest) > MAX_ROW else 0
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
    yield rest


def _extremes(rows: set[bytes]) -> set[bytes]:
    return {min(rows, key=int), max(rows, key=int)} if rows else rows


def _take_hidden(piece: bytes, seen: Seen) -> None:
    if b"hidden=" not in piece:
        return
    for kind, attributes in HIDDEN.findall(piece):
        if kind == b"row" and (row := NUMBERS[b"r"].search(attributes)):
            seen.hidden_rows.add(int(row[1]), int(row[1]))
        first, last = (NUMBERS[name].search(attributes) for name in (b"min", b"max"))
        if kind == b"col" and first and last:
            seen.hidden_columns.add(int(first[1]) - 1, int(last[1]) - 1)


def _take_errors(piece: bytes, seen: Seen) -> None:
    if b't="e"' not in piece and b"t='e'" not in piece:
        return
    for attributes, text in ERROR.findall(piece):
        if place := PLACE.search(attributes):
            row = seen.errors.setdefault(int(place[2]), {})
            row[column_number(place[1]) - 1] = unescape(text.decode("utf-8", "replace"))


def _take_formulas(piece: bytes, seen: Seen) -> None:
    """A formula whose result is a text may well be empty: it has been computed."""
    if b"<f" not in piece and b":f" not in piece:
        return
    for attributes in WITHOUT_VALUE.findall(piece):
        place = PLACE.search(attributes)
        if place and not TEXT_RESULT.search(attributes):
            seen.lacks_value(int(place[2]), column_number(place[1]) - 1)
