"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): the tables of each visible sheet, read by a bounded
child process."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.blocks import Block, find_blocks
from jalon.intake.sources.kinds import kind_of
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import Cells, sift, unique_headers, unique_name
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Where

SECONDS = 300
#: A rectangle as Excel writes it; no sheet's name may hold a colon.
RANGE = re.compile(r"(.+)!([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
SHOWN = 5
UNSURE = 0.3


@dataclass(frozen=True)
class _Sheet:
    """A sheet as the child saw it: rows counted from 1, columns from the first filled one."""

    name: str
    text: pa.Table
    left: int
    hidden_rows: np.ndarray
    hidden_columns: frozenset[int]
    spans: list[tuple[int, int, int, int]]
    uncomputed: dict[int, list[tuple[int, int]]]


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The tables of a workbook; the further ones of a sheet are named by their rectangle, as in
    ``Feuil1!A20:D31``."""
    name, folder = options.name or path.name, options.directory or path.parent
    asked, rectangle = _asked(options.sheet)
    found = _opened(path, folder, asked, name)
    left_out = {one["name"]: one["left_out"] for one in found if "left_out" in one}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    tables = []
    for one in found:
        if "path" in one:
            sheet = _sheet(one, rectangle)
            read_tables = list(_tables(sheet, engine, options, left_out))
            tables += [replace(table, file=name, digest=digest) for table in read_tables]
    if not tables:
        raise InputError.of("empty_file", Where(file=name), left_out=left_out)
    return [_settled(table, left_out) for table in tables]


def _asked(sheet: str | None) -> tuple[str | None, tuple[int, int, int, int] | None]:
    """The sheet that the user names, and the rectangle of it: left, top, right, bottom."""
    found = RANGE.fullmatch(sheet or "")
    if not found:
        return sheet, None
    left, right = (_column_number(found[at]) for at in (2, 4))
    return found[1], (left, int(found[3]), right, int(found[5]))


def _opened(path: Path, folder: Path, sheet: str | None, name: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-P", "-m", "jalon.intake.workbook"]
    command += [str(path), kind_of(path), str(folder), sheet or ""]
    roots = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))}
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, env=env)
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


def _sheet(found: dict[str, Any], rectangle: tuple[int, int, int, int] | None) -> _Sheet:
    left = found["left"]
    with pa.memory_map(found["path"]) as source:
        text = pa.ipc.open_file(source).read_all()
    if rectangle:
        first, top, last, bottom = rectangle
        names = [f"c{place - left}" for place in range(max(first, left), last + 1)]
        text = text.select(["_line", *(name for name in names if name in text.column_names)])
        lines = text.column(0)
        text = text.filter(pc.and_(pc.greater_equal(lines, top), pc.less_equal(lines, bottom)))
    hidden = [place for a, b in found["hidden_columns"] for place in range(a, min(b, 1 << 14) + 1)]
    return _Sheet(
        name=found["name"] if rectangle is None else _named(found["name"], rectangle),
        text=text,
        left=left,
        hidden_rows=np.array(found["hidden_rows"], dtype=np.int64).reshape(-1, 2),
        hidden_columns=frozenset(place - left for place in hidden),
        spans=[(a, b - left, c, d - left) for a, b, c, d in found["spans"]],
        uncomputed={place - left: runs for place, runs in found["uncomputed"]},
    )


def _tables(
    sheet: _Sheet, engine: DuckDB, options: ReadOptions, left_out: dict[str, str]
) -> Iterator[TextTable]:
    whole = RANGE.fullmatch(sheet.name) is not None
    blocks = find_blocks(sheet.text, _labels(sheet), options.header_row, whole)
    kept: list[Block] = []
    for block in blocks:
        if options.sheet is not None or _is_table(block):
            kept.append(block)
        elif len(blocks) > 1:
            left_out[_place(sheet, block)] = "not_a_table"
    if not blocks or (len(blocks) == 1 and not kept):
        left_out[sheet.name] = "not_a_table"
    # Pairs above the table, such as the parameters of a report, do not take the sheet's name.
    main = next((block for block in kept if len(block.columns) > 2), kept[0] if kept else None)
    for number, block in enumerate(kept, start=1):
        name = sheet.name if block is main else _place(sheet, block)
        table = _table(sheet, block, engine, name)
        several = [_several(sheet, block, number, len(kept))] if len(kept) > 1 else []
        yield replace(table, evidence=(*table.evidence, *several))


def _labels(sheet: _Sheet) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for row, first, _, last in sheet.spans:
        if last > first:
            found.setdefault(row, []).append((first, last))
    return found


def _is_table(block: Block) -> bool:
    """Prose and pictures' captions fill one column, or have no row below."""
    header = block.header
    below = block.last >= header.first
    return sum(1 for cell in header.cells if cell.strip()) > 1 and (below or not header.skipped)


def _table(sheet: _Sheet, block: Block, engine: DuckDB, name: str) -> TextTable:
    header = block.header
    headers, named = unique_headers(header.cells)
    sifted = sift(engine, _load(engine, block), headers, header.cells, "\t")
    return TextTable(
        file="",
        sheet=name,
        relation=sifted.relation,
        headers=headers,
        header_row=header.line,
        rows=sifted.records + len(sifted.rejected),
        rejected=tuple(one.at(sheet=name) for one in sifted.rejected),
        evidence=(*_evidence(block), *named, *_said_by(sheet, block, headers)),
    )


def _load(engine: DuckDB, block: Block) -> Cells:
    name, width = unique_name(), block.text.num_columns - 1
    columns = ", ".join(f"c{place} AS c{index}" for index, place in enumerate(block.columns))
    with engine.lend(f"{name}_sheet", block.text) as lent:
        engine.execute(
            f"CREATE TEMP TABLE {name}_cells AS"
            f" SELECT _line, {columns} FROM {lent} WHERE _line >= {block.header.first}"
        )
    return Cells(f"{name}_cells", width, "_line")


def _evidence(block: Block) -> Iterator[Evidence]:
    header, aside, blank = block.header, block.aside, block.blank
    above: dict[str, object] = {"skipped": header.skipped}
    yield Evidence("header_row", str(header.line), header.because, above, header.certainty)
    if aside:
        beside: dict[str, object] = {"columns": aside}
        yield Evidence("columns_left_out", str(aside), "beside_the_table", beside)
    if blank:
        inside: dict[str, object] = {"columns": blank}
        yield Evidence("columns_left_out", str(blank), "blank_columns", inside)


def _said_by(sheet: _Sheet, block: Block, headers: Sequence[str]) -> Iterator[Evidence]:
    """What a reader of the sheet cannot see in its values."""
    hidden = _hidden_lines(sheet, block)
    if len(hidden):
        rows: dict[str, object] = {"rows": len(hidden), "first": hidden[:SHOWN].tolist()}
        yield Evidence("hidden_rows", "kept", "hidden_rows", rows)
    names = [h for h, at in zip(headers, block.columns, strict=True) if at in sheet.hidden_columns]
    if names:
        columns: dict[str, object] = {"columns": len(names), "names": names[:SHOWN]}
        yield Evidence("hidden_columns", "kept", "hidden_columns", columns)
    places = set(block.columns)
    merged = sum(
        block.header.first <= row <= block.last and last > row and column in places
        for row, column, last, _ in sheet.spans
    )
    if merged:
        spread: dict[str, object] = {"cells": merged}
        yield Evidence("merged_cells", "repeated", "merged_cells", spread)
    yield from _uncomputed(sheet, block, headers)


def _hidden_lines(sheet: _Sheet, block: Block) -> np.ndarray:
    lines: np.ndarray = block.text.column(0).to_numpy()
    lines = lines[lines >= block.header.first]
    runs = sheet.hidden_rows
    if not len(runs):
        return lines[:0]
    at = np.searchsorted(runs[:, 0], lines, side="right") - 1
    kept: np.ndarray = lines[(at >= 0) & (lines <= runs[np.maximum(at, 0), 1])]
    return kept


def _uncomputed(sheet: _Sheet, block: Block, headers: Sequence[str]) -> Iterator[Evidence]:
    first, last = block.header.first, block.last
    found = {
        header: sum(max(0, min(b, last) - max(a, first) + 1) for a, b in sheet.uncomputed[place])
        for header, place in zip(headers, block.columns, strict=True)
        if place in sheet.uncomputed
    }
    named = [header for header, count in found.items() if count]
    if named:
        facts: dict[str, object] = {"cells": sum(found.values()), "names": named}
        yield Evidence("formulas", "blank", "formulas_without_value", facts, UNSURE)


def _several(sheet: _Sheet, block: Block, number: int, count: int) -> Evidence:
    facts: dict[str, object] = {"range": _place(sheet, block).rpartition("!")[2], "tables": count}
    return Evidence("block", str(number), "several_tables", facts)


def _place(sheet: _Sheet, block: Block) -> str:
    first, *_, last = (sheet.left + place for place in (block.columns[0], *block.columns))
    top = block.header.line or block.header.first
    return _named(sheet.name, (first, top, last, block.last))


def _named(sheet: str, rectangle: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = rectangle
    return f"{sheet}!{_letters(left)}{top}:{_letters(right)}{bottom}"


def _letters(column: int) -> str:
    name = ""
    while column >= 0:
        name, column = chr(65 + column % 26) + name, column // 26 - 1
    return name


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _settled(table: TextTable, left_out: dict[str, str]) -> TextTable:
    evidence = tuple(
        Evidence("sheet_left_out", name, reason, {"sheet": name})
        for name, reason in left_out.items()
    )
    rejected = tuple(one.at(file=table.file) for one in table.rejected)
    return replace(table, evidence=table.evidence + evidence, rejected=rejected)
