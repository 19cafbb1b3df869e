"""What is kept of an import beside its rows: those refused, and the order lines of others.

Both lie in files beside the import's stages, so that they come back when it is loaded again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.store.quarantine import returned
from jalon.store.schema import quoted
from jalon.store.stage import Stage

REFUSED = "refused.jsonl"
LINES = "lines"
REPORT = "report.json"
RETURNED = "returned.json"


def write_refused(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write refused rows, under the names of the columns of ``meta.quarantine``."""
    if rows:
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
        (folder / REFUSED).write_text(text, encoding="ascii")


def write_report(folder: Path, record: Mapping[str, Any]) -> None:
    """Write what an import did, in facts without language."""
    text = json.dumps(record, ensure_ascii=True, default=str)
    (folder / REPORT).write_text(text, encoding="ascii")


def read_report(folder: Path) -> dict[str, Any] | None:
    """What an import did; None where it was not kept."""
    try:
        found: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return found


def write_returned(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write what an import makes of rows of the quarantine that came back in it.

    By stage: ``import`` and ``reading`` they come from, ``stage``, the numbers ``corrected``,
    ``said`` (their corrected cells by number) and those still ``wrong``, with their new reason.
    """
    if records:
        text = json.dumps(list(records), ensure_ascii=True, default=str)
        (folder / RETURNED).write_text(text, encoding="ascii")


def read_returned(folder: Path) -> list[dict[str, Any]]:
    """What an import made of rows that came back; nothing where none did."""
    try:
        found: list[dict[str, Any]] = json.loads((folder / RETURNED).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    return found


def write_lines(engine: DuckDB, folder: Path, stage: Stage, relation: str) -> None:
    """Write the order lines of a relation (``source_id``, ``_line``, ``_bad`` and cells)."""
    target = folder / LINES / stage.table / f"{stage.origin}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    path = str(target).replace("'", "''")
    engine.execute(
        f"COPY (SELECT source_id, _line AS row, to_json(l) AS cells FROM "
        f"(SELECT * EXCLUDE (_bad) FROM {quoted(relation)} WHERE _bad IS NULL) l) "
        f"TO '{path}' (FORMAT parquet)"
    )


def lines_of(imports: Sequence[int], table: str, origin: str) -> str:
    """The query of the order lines (``source_id``, ``row``, ``cells``) that imports brought."""
    text = [f"'{each.replace(chr(39), chr(39) * 2)}'" for each in (table, origin)]
    return (
        "SELECT l.source_id, l.row, l.cells FROM meta.line l JOIN meta.origin o ON o.id = l.origin "
        f"WHERE l.import IN ({', '.join(map(str, imports))}) "
        f'AND l."table" = {text[0]} AND o.name = {text[1]}'
    )


def bring_details(engine: DuckDB, folder: Path, number: int) -> None:
    """Bring what an import kept into the database, in the transaction under way."""
    refused = folder / REFUSED
    if refused.exists():
        rows = [json.loads(line) for line in refused.read_text(encoding="ascii").splitlines()]
        engine.execute("DELETE FROM meta.quarantine WHERE import = ?", [number])
        with engine.lend("refused", _table(rows)):
            engine.execute(
                f"INSERT INTO meta.quarantine BY NAME SELECT {number} AS import, * FROM refused"
            )
    for each in read_returned(folder):
        returned(engine, each, number)
    for path in sorted((folder / LINES).glob("*/*.parquet")):
        engine.execute(
            f"INSERT INTO meta.line SELECT {number}, $table, o.id, l.source_id, l.row, l.cells "
            "FROM read_parquet($path) l JOIN meta.origin o ON o.name = $origin",
            {"table": path.parent.name, "origin": path.stem, "path": str(path)},
        )


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    told = ("file", "sheet", "table", "row", "header", "value", "reason", "facts")
    names = (*told, "number", "reading", "source", "key", "cells", "state")
    kinds = {"row": pa.int64(), "number": pa.int32(), "reading": pa.int32()}
    # An older workspace kept fewer facts of a row.
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], kinds.get(name, pa.string()))
            for name in names
        }
    )
