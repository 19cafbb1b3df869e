"""Records that a reader has made itself, laid in the engine as a text table of known shape."""

from __future__ import annotations

from collections.abc import Sequence

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.relation import put
from jalon.intake.text_table import Evidence, Shape, TextTable
from jalon.model.problems import Problem

Record = tuple[int, Sequence[str | None]]
"""The number of a record in its file, from 1, and its cells as text."""


def lay(
    engine: DuckDB,
    file: str,
    shape: Shape,
    headers: Sequence[str],
    records: Sequence[Record],
    *,
    rejected: Sequence[Problem] = (),
    evidence: Sequence[Evidence] = (),
    digest: str = "",
) -> TextTable:
    """Records as a text table, its sheet named after the table that it fills."""
    lines = [line for line, _ in records]
    columns = [[cells[index] or "" for _, cells in records] for index in range(len(headers))]
    cells = put(engine, len(headers), [(lines, columns)])
    relation = cells.name.removesuffix("_cells")
    engine.execute(f"CREATE TEMP VIEW {relation} AS FROM {cells.name}")
    return TextTable(
        file=file,
        sheet=shape.table,
        relation=relation,
        headers=tuple(headers),
        header_row=0,
        rows=len(records) + len(rejected),
        rejected=tuple(each if each.where.file else each.at(file=file) for each in rejected),
        evidence=tuple(evidence),
        digest=digest,
        shape=shape,
    )
