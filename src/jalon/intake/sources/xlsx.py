"""Workbooks: each visible sheet that holds a table, read by a bounded child process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.dialect import Header, Record, find_header
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import Cells, sift, unique_headers, unique_name, used_width
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Where

SAMPLE = 2000
SECONDS = 300


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The tables of a workbook, one a sheet."""
    name, folder = options.name or path.name, options.directory or path.parent
    found = _opened(path, folder, options.sheet, name)
    left_out = {one["name"]: one["left_out"] for one in found if "left_out" in one}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    tables = []
    for sheet in found:
        if "path" not in sheet:
            continue
        if table := _table(sheet, engine, options, name, digest):
            tables.append(table)
        else:
            left_out[sheet["name"]] = "not_a_table"
    if not tables:
        raise InputError.of("empty_file", Where(file=name), left_out=left_out)
    return [_with_left_out(table, left_out) for table in tables]


def _opened(path: Path, folder: Path, sheet: str | None, name: str) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("workbook.py")
    # -P: the folder of the script has a csv.py, which must not hide the library's.
    command = [sys.executable, "-P", str(script), str(path), str(folder), sheet or ""]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InputError.of("too_large", Where(file=name), reason="time", limit=SECONDS) from None
    if done.returncode:
        reason = "memory" if done.returncode < 0 or b"memory" in done.stderr else "broken"
        code = "too_large" if reason == "memory" else "truncated"
        raise InputError.of(code, Where(file=name), reason=reason)
    answer = json.loads(done.stdout)
    if "code" in answer:
        raise InputError.of(answer["code"], Where(file=name), **answer["facts"])
    sheets: list[dict[str, Any]] = answer["sheets"]
    return sheets


def _table(
    sheet: dict[str, Any], engine: DuckDB, options: ReadOptions, name: str, digest: str
) -> TextTable | None:
    with pa.memory_map(sheet["path"]) as source:
        text = pa.ipc.open_file(source).read_all()
        sample = list(_records(text.slice(0, SAMPLE)))
        if not sample:
            return None
        header = find_header(sample, options.header_row)
        raw, aside = _main_block(header, text)
        if options.sheet is None and not _is_table(sample, header, raw):
            return None
        cells = _load(engine, text, header, len(raw))
    headers, named = unique_headers(raw[: used_width(engine, cells, raw)])
    sifted = sift(engine, cells, headers, raw, "\t")
    above: dict[str, object] = {"skipped": header.skipped}
    place = Evidence("header_row", str(header.line), header.because, above, header.certainty)
    beside = [Evidence("columns_left_out", str(aside), "beside_the_table", {"columns": aside})]
    return TextTable(
        file=name,
        sheet=sheet["name"],
        relation=sifted.relation,
        headers=headers,
        header_row=header.line,
        rows=sifted.records + len(sifted.rejected),
        rejected=tuple(one.at(file=name, sheet=sheet["name"]) for one in sifted.rejected),
        evidence=(place, *named, *(beside if aside else ())),
        digest=digest,
    )


def _is_table(sample: list[Record], header: Header, raw: list[str]) -> bool:
    """Prose and pictures' captions fill one column, or have no row below."""
    filled = sum(1 for cell in raw if cell.strip())
    below = [record for record in sample if record.line >= header.first]
    return filled > 1 and (bool(below) or header.line == sample[-1].line)


def _records(text: pa.Table) -> Iterator[Record]:
    lines, *columns = (column.to_pylist() for column in text.columns)
    for line, *cells in zip(lines, *columns, strict=True):
        yield Record(line, [cell or "" for cell in cells])


def _main_block(header: Header, text: pa.Table) -> tuple[list[str], int]:
    """The header up to the first column that is empty from it to the end of the sheet, and how
    many columns lie beyond: a note or a small table beside the table."""
    below = text.filter(pc.greater_equal(text.column(0), max(header.line, 1)))
    for index in range(1, len(header.cells)):
        if below.column(index + 1).null_count == below.num_rows:
            return header.cells[:index], _filled_columns(below, index + 1)
    return header.cells, 0


def _filled_columns(text: pa.Table, first: int) -> int:
    columns = text.columns[first + 1 :]
    return sum(1 for column in columns if column.null_count < text.num_rows)


def _load(engine: DuckDB, text: pa.Table, header: Header, width: int) -> Cells:
    name = unique_name()
    columns = ", ".join(["_line", *(f"c{index}" for index in range(width))])
    with engine.lend(f"{name}_sheet", text) as lent:
        engine.execute(
            f"CREATE TEMP TABLE {name}_cells AS"
            f" SELECT {columns} FROM {lent} WHERE _line >= {header.first}"
        )
    return Cells(f"{name}_cells", width, "_line")


def _with_left_out(table: TextTable, left_out: dict[str, str]) -> TextTable:
    evidence = tuple(
        Evidence("sheet_left_out", name, reason, {"sheet": name})
        for name, reason in left_out.items()
    )
    return replace(table, evidence=table.evidence + evidence)
