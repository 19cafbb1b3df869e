"""What a file is, by its first bytes; its extension only decides between kinds of text."""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
from pathlib import Path

HEAD = 1 << 18
WIDE = 1 << 12

MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"SQLite format 3", "database"),
)
MARKUP = (
    (b'[{"', "json"),
    (b'{"', "json"),
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<table", "html"),
    (b"<?xml", "xml"),
    (b"begin:vcalendar", "ics"),
)
INVOICE_ROOT = re.compile(rb"<([a-z]+:)?(invoice|creditnote|crossindustryinvoice)[\s>]")
PROSE_EXTENSIONS = frozenset(
    {"md", "rst", "html", "htm", "json", "jsonl", "xml", "yaml", "yml", "toml", "ini", "cfg"}
    | {"log", "py", "sql", "js", "css", "eml", "msg", "tex", "rtf"}
)
TABLE_EXTENSIONS = frozenset(["csv", "tsv", "tab", "psv"])
BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(path: Path) -> str:
    """``text``, ``gzip``, ``zip``, ``xlsx``, ``parquet``, ``empty``, or what else the bytes say."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), "") or kind_of_text(head)


def kind_of_text(head: bytes) -> str:
    """``text`` unless the bytes are markup, or no text at all."""
    start = head[:512].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    for mark, kind in MARKUP:
        if start.startswith(mark):
            return kind
    if INVOICE_ROOT.match(start):
        return "xml"
    return "text" if _is_text(head) else "binary"


def extension(path: Path) -> str:
    """The extension in lower case, without the dot; that below ``.gz`` for a gzip file."""
    suffixes = [suffix[1:].lower() for suffix in path.suffixes]
    if len(suffixes) > 1 and suffixes[-1] in ("gz", "gzip"):
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


def head_of(path: Path, kind: str) -> bytes:
    """The first bytes of the text, unpacked where the file is gzip; empty where it is broken."""
    if kind != "gzip":
        with path.open("rb") as file:
            return file.read(HEAD)
    try:
        with gzip.open(path) as file:
            return file.read(HEAD)
    except (OSError, EOFError):
        return b""


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:64] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return "truncated"
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx" if "xl/workbook.xml" in names else "xlsb"
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if mimetype or "[Content_Types].xml" in names:
        return "pbix" if "DataModel" in names else "document"
    return "zip"


def is_wide(head: bytes) -> str | None:
    """The encoding of UTF-16 without its mark: one byte in two is zero, or nearly."""
    if len(head) < 4:
        return None
    odd, even = (head[start:WIDE:2].count(0) / len(head[start:WIDE:2]) for start in (1, 0))
    if max(odd, even) < 0.7 or min(odd, even) > 0.1:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_text(head: bytes) -> bool:
    if head.startswith(BOMS[1:]) or is_wide(head):
        return True
    nuls = head.count(0)
    controls = sum(head.count(code) for code in range(1, 32) if code not in (9, 10, 12, 13, 27))
    if nuls * 4 > len(head):
        return False
    few = 8
    return nuls * 100 <= len(head) + few * 100 and controls * 20 <= len(head) + few * 20
