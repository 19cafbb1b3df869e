"""Writes the text of each sheet of a workbook as Arrow, and prints what it saw as JSON.

Arguments: the workbook, its kind (``xlsx``, ``xlsb``, ``xls``, ``ods``), the folder to write to,
the sheet asked (all visible ones where empty).
"""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from jalon.intake.workbook import odf, ooxml
from jalon.intake.workbook.cells import Row, lines
from jalon.intake.workbook.seen import MAX_UNPACKED, Refused, Seen, refuse_large_area

MAX_MEMORY = 3 << 30
BATCH = 20_000
#: How many cells are turned at once: a sheet of 16,384 columns goes by fewer rows.
BATCH_CELLS = 1 << 20
#: Names of what a compound file holds: a protected package, a workbook, an older workbook.
PROTECTED, *BOOKS = (name.encode("utf-16-le") for name in ("EncryptedPackage", "Workbook", "Book"))
Look = Callable[[str], Seen]


def main(path: str, kind: str, folder: str, sheet: str) -> None:
    """Print as JSON what the workbook holds, or why it is refused."""
    bound_memory()
    try:
        found = list(sheets(Path(path), kind, Path(folder), sheet or None))
        answer: dict[str, Any] = {"sheets": found}
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


def sheets(path: Path, kind: str, folder: Path, only: str | None) -> Iterator[dict[str, Any]]:
    """Each sheet, with where its text was written, or why it was left out."""
    look = _looker(path, kind)
    book, calamine = _opened(path, kind, folder)
    known = [one.name for one in book.sheets_metadata]
    if only is not None and only not in known:
        raise Refused("missing_sheet", sheet=only, choices=known)
    for number, sheet in enumerate(book.sheets_metadata):
        shown = sheet.visible == calamine.SheetVisibleEnum.Visible
        is_cells = sheet.typ == calamine.SheetTypeEnum.WorkSheet
        if only not in (None, sheet.name) or not is_cells:
            continue
        if not shown and only is None:
            yield {"name": sheet.name, "left_out": "hidden"}
            continue
        seen = look(sheet.name)
        yield _sheet(book.get_sheet_by_name(sheet.name), seen, folder / f"{number}.arrow")


def _looker(path: Path, kind: str) -> Look:
    """What gives what a sheet says besides values; refuses a workbook by its unpacked size."""
    if kind == "xls":
        return lambda _: Seen()
    try:
        archive = zipfile.ZipFile(path)
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise Refused("too_large", reason="unpacked", bytes=unpacked, limit=MAX_UNPACKED)
        if kind == "ods":
            known = odf.look(archive)
            return lambda name: known.get(name, Seen())
        parts = ooxml.parts_of(archive) if kind == "xlsx" else {}
    except (zipfile.BadZipFile, EOFError, OSError, KeyError) as error:
        raise Refused("truncated", reason=str(error)) from None
    return lambda name: _look_at_part(archive, parts.get(name))


def _look_at_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo | None) -> Seen:
    try:
        return ooxml.look(archive, part) if part else Seen()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Refused("truncated", reason=str(error)) from None


def _opened(path: Path, kind: str, folder: Path) -> tuple[Any, Any]:
    import python_calamine as calamine  # noqa: PLC0415 - after the memory is bounded

    # The library goes by the extension, which may say another format than the bytes do.
    named = folder / f"workbook.{kind}"
    try:
        named.symlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, named)
    try:
        return calamine.CalamineWorkbook.from_path(str(named)), calamine
    except calamine.PasswordError:
        raise Refused("encrypted") from None
    except (calamine.CalamineError, OSError) as error:
        raise _why_not_opened(path, kind, str(error)) from None


def _why_not_opened(path: Path, kind: str, reason: str) -> Refused:
    content = path.read_bytes() if kind == "xls" else b""
    if PROTECTED in content:
        return Refused("encrypted")
    if content and not any(book in content for book in BOOKS):
        return Refused("not_a_table", kind="document")
    return Refused("truncated", reason=reason)


def _sheet(sheet: Any, seen: Seen, target: Path) -> dict[str, Any]:
    blank = {"name": sheet.name, "left_out": "uncomputed" if seen.uncomputed else "empty"}
    if sheet.start is None:
        return blank
    (top, left), (bottom, right) = sheet.start, sheet.end
    refuse_large_area((top, left), (bottom, right))
    if seen.spans is None:
        seen.spans = [
            (first[0] + 1, first[1], last[0] + 1, last[1])
            for first, last in sheet.merged_cell_ranges or ()
        ]
    width = right - left + 1
    if not _write(lines(sheet.iter_rows(), width, left, seen), width, target):
        return blank
    return {
        "name": sheet.name,
        "path": str(target),
        "left": left,
        "hidden_rows": seen.hidden_rows.runs,
        "hidden_columns": seen.hidden_columns.runs,
        "spans": seen.spans,
        "uncomputed": [[column, rows.runs] for column, rows in sorted(seen.uncomputed.items())],
    }


def _write(rows: Iterable[tuple[int, Row]], width: int, target: Path) -> int:
    """Write rows with their numbers as they come; gives how many they were."""
    import pyarrow as pa  # noqa: PLC0415 - after the memory is bounded

    names = ["_line", *(f"c{index}" for index in range(width))]
    schema = pa.schema([("_line", pa.int64()), *((one, pa.string()) for one in names[1:])])
    size, count = max(1, min(BATCH, BATCH_CELLS // width)), 0
    with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in _batches(rows, size):
            numbers = [line for line, _ in batch]
            columns = [list(column) for column in zip(*(row for _, row in batch), strict=True)]
            writer.write_batch(pa.record_batch([numbers, *columns], schema=schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[tuple[int, Row]], size: int) -> Iterator[list[tuple[int, Row]]]:
    found = iter(rows)
    while batch := list(islice(found, size)):
        yield batch


if __name__ == "__main__":
    main(*sys.argv[1:5])
