"""Parquet files: typed columns, each cast to the text that says the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jalon.engines.duckdb import DuckDB, EngineError
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import Cells, sift, unique_headers, unique_name, used_width
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Where

CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The one table of a Parquet file; its rows are numbered from 2, as under a header."""
    name = options.name or path.name
    relation = unique_name()
    try:
        raw, types = _columns(path, engine)
        _load(path, engine, relation, types)
    except EngineError as error:
        reason = str(error).splitlines()[0]
        raise InputError.of("truncated", Where(file=name), reason=reason) from None
    cells = Cells(f"{relation}_cells", len(raw), "rowid + 2")
    headers, named = unique_headers(raw[: used_width(engine, cells, raw)])
    sifted = sift(engine, cells, headers, raw, "\t")
    facts: dict[str, object] = {"types": dict(zip(headers, types, strict=False))}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return [
        TextTable(
            file=name,
            sheet=None,
            relation=sifted.relation,
            headers=headers,
            header_row=1,
            rows=sifted.records + len(sifted.rejected),
            rejected=tuple(one.at(file=name) for one in sifted.rejected),
            evidence=(Evidence("types", "declared", "parquet_schema", facts), *named),
            digest=digest,
        )
    ]


def _columns(path: Path, engine: DuckDB) -> tuple[list[str], list[str]]:
    sql = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($path))"
    rows = engine.rows(sql, {"path": str(path)})
    return [row[0] for row in rows], [row[1] for row in rows]


def _load(path: Path, engine: DuckDB, relation: str, types: list[str]) -> None:
    names = ", ".join(f"c{index}" for index in range(len(types)))
    texts = ", ".join(f"{_as_text(f'c{i}', type_)} AS c{i}" for i, type_ in enumerate(types))
    engine.execute(
        f"CREATE TEMP TABLE {relation}_cells AS SELECT {texts}"
        f" FROM read_parquet($path) AS file({names})",
        {"path": str(path)},
    )


def _as_text(column: str, type_: str) -> str:
    """The SQL of a cell's text."""
    if type_ == "VARCHAR":
        clean = f"regexp_replace({column}, '{CONTROLS}', '\ufffd', 'g')"
        return f"CASE WHEN trim({column}) = '' THEN NULL ELSE {clean} END"
    if type_ in ("DOUBLE", "FLOAT"):
        whole = f"CAST(CAST({column} AS BIGINT) AS VARCHAR)"
        is_whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN {is_whole} THEN {whole} ELSE CAST({column} AS VARCHAR) END"
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if type_ == "BLOB":
        return f"hex({column})"
    return f"CAST({column} AS VARCHAR)"
