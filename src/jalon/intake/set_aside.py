"""The rows that an import sets apart, as they are kept: whole, with the reason and their place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.intake.staging import NO_RECORDS, Staged
from jalon.model.problems import Problem
from jalon.store.quarantine import MOST

Record = dict[str, Any]


def set_aside(
    engine: DuckDB, staged: Sequence[Staged], refused: Sequence[Sequence[Problem]]
) -> Iterator[Record]:
    """The rows refused of each stage, the first :data:`MOST` of them.

    Under the names of the columns of ``meta.quarantine``.
    """
    number = 0
    for place, (each, told) in enumerate(zip(staged, refused, strict=True)):
        problems = told[: MOST - number]
        cells = _cells(engine, each, [one.where.row for one in problems if one.where.row])
        for problem in problems:
            found = cells.get(problem.where.row or 0)
            yield {"number": number, "reading": place, **_record(each, problem, found)}
            number += 1


def reason(problem: Problem) -> Record:
    """Why a row is refused."""
    return {
        "header": problem.where.column,
        "value": problem.where.value,
        "reason": problem.code,
        "facts": str(dict(problem.facts)),
    }


def _record(staged: Staged, problem: Problem, cells: Mapping[str, str | None] | None) -> Record:
    row = problem.where.row
    key = problem.facts.get("key") if problem.code == "key_twice" else None
    return {
        "file": problem.where.file or staged.table.file,
        "sheet": problem.where.sheet,
        "table": staged.stage.table,
        "row": row,
        "source": staged.stage.origin,
        "key": key or staged.apart.keys.get(row or 0),
        "cells": None if cells is None else json.dumps(cells, ensure_ascii=False),
        "state": "left_out" if problem.code in NO_RECORDS else "waiting",
        **reason(problem),
    }


def _cells(
    engine: DuckDB, staged: Staged, lines: Sequence[int]
) -> dict[int, dict[str, str | None]]:
    """The cells of these lines as found, by header."""
    if not lines:
        return {}
    headers = staged.table.headers
    columns = ", ".join(f"c{index}" for index in range(len(headers)))
    with engine.lend("kept_lines", pa.table({"line": pa.array(lines, pa.int64())})):
        rows = engine.rows(
            f"SELECT _line, {columns} FROM {staged.table.found or staged.table.relation} "
            "WHERE _line IN (SELECT line FROM kept_lines)"
        )
    return {line: dict(zip(headers, cells, strict=True)) for line, *cells in rows}
