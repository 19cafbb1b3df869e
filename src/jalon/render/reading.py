"""A file read before any mapping: as records, or written clean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from jalon import locale
from jalon.intake.reading import ReadTable
from jalon.model.problems import InputError, Where
from jalon.render.cells import inert, write_cell
from jalon.render.records import evidence

FIRST = 5


def record(each: ReadTable, lang: str) -> dict[str, Any]:
    """What ``jalon read --json`` prints of a table."""
    return {
        "file": each.file,
        "sheet": each.sheet,
        "rows_read": each.rows,
        "columns": [
            {"header": name, "type": str(each.table.schema.field(name).type)}
            for name in each.table.column_names
        ],
        "first_rows": each.text.slice(0, FIRST).to_pylist(),
        "evidence": [evidence(one, lang) for one in each.evidence],
        "quarantine": [
            {
                "row": problem.where.row,
                "header": problem.where.column,
                "value": problem.where.value,
                "reason": locale.text(problem.code, lang, **problem.facts),
            }
            for problem in each.quarantine
        ],
    }


def write(tables: Sequence[ReadTable], out: Path) -> list[Path]:
    """Write tables clean, by the extension asked: .csv, .parquet or .xlsx.

    Several tables make several files, or the sheets of one workbook. Raises InputError for another
    extension.
    """
    writers = {".csv": _csv, ".parquet": _parquet}
    kind = out.suffix.casefold()
    if kind == ".xlsx":
        return [_workbook(tables, out)]
    if kind not in writers:
        raise InputError.of("unknown_extension", Where(file=str(out)), extension=kind)
    several = len(tables) > 1
    paths = []
    for number, each in enumerate(tables, 1):
        path = out.with_stem(f"{out.stem}-{number}") if several else out
        writers[kind](each.table, path)
        paths.append(path)
    return paths


def _csv(table: pa.Table, path: Path) -> None:
    written = [
        pa.array([cell and inert(cell) for cell in column.to_pylist()], column.type)
        if pa.types.is_string(column.type)
        else column
        for column in table.columns
    ]
    pa_csv.write_csv(pa.table(written, names=table.column_names), path)


def _parquet(table: pa.Table, path: Path) -> None:
    pa_parquet.write_table(table, path)


def _workbook(tables: Sequence[ReadTable], path: Path) -> Path:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    )
    dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, each in enumerate(tables, 1):
        sheet = book.add_worksheet(f"{number}")
        for place, name in enumerate(each.table.column_names):
            sheet.write_string(0, place, name)
        for row, values in enumerate(each.table.to_pylist(), 1):
            for place, value in enumerate(values.values()):
                write_cell(sheet, row, place, value, dated)
    book.close()
    return path
