"""The child that opens a workbook: run as a script, it writes the text of each sheet as Arrow.

A hostile workbook may abort the process or fill the memory: this one is bounded, and may die. It
imports nothing of Jalon, so that it starts at once.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MAX_UNPACKED = 1 << 30
MAX_AREA = 30_000_000
MAX_MEMORY = 3 << 30
BATCH = 20_000
CHUNK = 1 << 22
REFERENCE = re.compile(rb'<c [^>]{0,200}?\br="([A-Z]{1,4})([0-9]{1,8})"')
# Controls other than tab and line ends, and the characters that are none.
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Refused(Exception):  # noqa: N818 - it is an answer
    """The workbook cannot be opened: a code with its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.answer = {"code": code, "facts": facts}


def main(path: str, folder: str, sheet: str) -> None:
    """Print as JSON what the workbook holds, or why it is refused."""
    try:
        look(Path(path))
        bound_memory()
        answer: dict[str, Any] = {"sheets": list(sheets(path, Path(folder), sheet or None))}
    except Refused as refused:
        answer = refused.answer
    except MemoryError:
        answer = {"code": "too_large", "facts": {"reason": "memory", "limit": MAX_MEMORY}}
    print(json.dumps(answer))


def bound_memory() -> None:
    """Let the system refuse more memory than a workbook needs, where it can."""
    try:
        import resource  # noqa: PLC0415 - absent from Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def look(path: Path) -> None:
    """Refuse a workbook by its unpacked size or its furthest cell, before it is opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MAX_UNPACKED:
                raise Refused("too_large", reason="unpacked", bytes=unpacked, limit=MAX_UNPACKED)
            for part in parts:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename):
                    _look_at_sheet(archive, part)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Refused("truncated", reason=str(error)) from None


def _look_at_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    columns = rows = size = 0
    cells = [(1 << 20, 1 << 20)]
    with archive.open(part) as sheet:
        tail = b""
        while block := sheet.read(CHUNK):
            size += len(block)
            if size > part.file_size + CHUNK:
                raise Refused("too_large", reason="unpacked", bytes=size, limit=MAX_UNPACKED)
            for letters, row in REFERENCE.findall(tail + block):
                column, line = column_number(letters), int(row)
                columns, rows = max(columns, column), max(rows, line)
                cells[0] = (min(cells[0][0], column), min(cells[0][1], line))
            tail = block[-256:]
    area = (columns - cells[0][0] + 1) * (rows - cells[0][1] + 1) if columns else 0
    if area > MAX_AREA:
        raise Refused("too_large", reason="area", rows=rows, columns=columns, limit=MAX_AREA)


def column_number(letters: bytes) -> int:
    """The number of a column from its letters: A is 1, XFD 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def sheets(path: str, folder: Path, only: str | None) -> Iterator[dict[str, Any]]:
    """Each sheet, with where its text was written, or why it was left out."""
    import python_calamine  # noqa: PLC0415 - after the memory is bounded

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.PasswordError:
        raise Refused("encrypted") from None
    except (python_calamine.CalamineError, OSError) as error:
        raise Refused("truncated", reason=str(error)) from None
    known = [one.name for one in book.sheets_metadata]
    if only is not None and only not in known:
        raise Refused("missing_sheet", sheet=only, choices=known)
    for number, sheet in enumerate(book.sheets_metadata):
        shown = sheet.visible == python_calamine.SheetVisibleEnum.Visible
        is_cells = sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        if only not in (None, sheet.name) or not is_cells:
            continue
        if not shown and only is None:
            yield {"name": sheet.name, "left_out": "hidden"}
            continue
        yield _sheet(book, sheet.name, folder / f"{number}.arrow")


def _sheet(book: Any, name: str, target: Path) -> dict[str, Any]:
    import pyarrow as pa  # noqa: PLC0415 - after the memory is bounded

    sheet = book.get_sheet_by_name(name)
    if not sheet.total_height and not sheet.total_width and not any(map(any, sheet.iter_rows())):
        return {"name": name, "left_out": "empty"}
    width = sheet.width
    names = ["_line", *(f"c{index}" for index in range(width))]
    schema = pa.schema([("_line", pa.int64()), *((one, pa.string()) for one in names[1:])])
    with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for lines, rows in _batches(sheet.iter_rows(), width):
            columns = [list(column) for column in zip(*rows, strict=True)]
            writer.write_batch(pa.record_batch([lines, *columns], schema=schema))
    return {"name": name, "path": str(target), "width": width}


def _batches(
    rows: Iterable[list[Any]], width: int
) -> Iterator[tuple[list[int], list[list[str | None]]]]:
    lines: list[int] = []
    batch: list[list[str | None]] = []
    for line, row in enumerate(rows, start=1):
        texts = [text(value) for value in row]
        if any(one is not None for one in texts):
            lines.append(line)
            batch.append((texts + [None] * width)[:width])
        if len(batch) >= BATCH:
            yield lines, batch
            lines, batch = [], []
    if batch:
        yield lines, batch


def text(value: Any) -> str | None:
    """A cell as text: dates as ISO, whole numbers without a fraction; None where it is blank."""
    if isinstance(value, str):
        return BAD_CHARACTERS.sub("\ufffd", value) if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return None if value is None else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:4])
