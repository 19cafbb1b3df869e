"""Files as people have them: which of them are tables, and their cells as text in the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.gz import unpack
from jalon.intake.sources.kinds import (
    PROSE_EXTENSIONS,
    TABLE_EXTENSIONS,
    extension,
    head_of,
    kind_of,
    kind_of_text,
)
from jalon.intake.sources.options import ReadOptions
from jalon.intake.text_table import TextTable
from jalon.model.problems import InputError, Problem, Where

__all__ = ["Found", "ReadOptions", "drop", "find", "read"]

READERS = {"text": "csv", "xlsx": "xlsx", "parquet": "parquet"}
EXPECTED = ("csv", "tsv", "txt", "xlsx", "parquet", "gz")


@dataclass(frozen=True)
class Found:
    """The files to read, in order, and those of a folder that are not tables."""

    files: list[Path]
    ignored: list[Problem]


def find(paths: Iterable[Path | str]) -> Found:
    """The tables among files and folders; a file named alone that is none raises."""
    found = Found([], [])
    for path in map(Path, paths):
        if path.is_dir():
            _walk(path, found)
            continue
        if problem := _refusal(path):
            raise InputError(problem)
        found.files.append(path)
    return found


def read(path: Path | str, engine: DuckDB, options: ReadOptions | None = None) -> list[TextTable]:
    """The tables of a file, as text in temporary relations of the engine."""
    path, options = Path(path), options or ReadOptions()
    # Text in an encoding without marks looks binary until the user names it.
    problem = _refusal(path)
    if problem and not (problem.code == "binary_file" and options.encoding):
        raise InputError(problem)
    name = options.name or str(path)
    with TemporaryDirectory(prefix="jalon-", dir=options.directory) as folder:
        options = replace(options, name=name, directory=Path(folder))
        file, digest = unpack(path, Path(folder), options)
        kind = "text" if problem else kind_of(file)
        if kind not in READERS:
            raise InputError(_not_a_table(path, kind))
        tables = _read_as(kind, file, engine, options)
    return [replace(table, digest=digest) if digest else table for table in tables]


def drop(table: TextTable, engine: DuckDB) -> None:
    """Free the relation of a table."""
    engine.execute(f"DROP VIEW IF EXISTS {table.relation}")
    engine.execute(f"DROP TABLE IF EXISTS {table.relation}_cells")


def _read_as(kind: str, file: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    try:
        return _reader(kind)(file, engine, options)
    except InputError as error:
        raise InputError(one.at(file=options.name) for one in error.problems) from error


def _reader(kind: str) -> Callable[[Path, DuckDB, ReadOptions], list[TextTable]]:
    reader: Callable[[Path, DuckDB, ReadOptions], list[TextTable]]
    reader = import_module(f"{__name__}.{READERS[kind]}").read
    return reader


def _walk(folder: Path, found: Found) -> None:
    for path in _visible(folder):
        if problem := _refusal(path):
            found.ignored.append(problem)
        else:
            found.files.append(path)


def _visible(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")):
            continue
        if path.is_dir():
            yield from _visible(path)
        elif path.is_file():
            yield path


def _refusal(path: Path) -> Problem | None:
    """Why a file is not to be read, from its first bytes; None where it is a table."""
    if not path.is_file():
        code = "missing_file" if not path.exists() else "not_a_table"
        facts = {} if not path.exists() else _facts(path, "folder")
        return Problem(code, facts, Where(file=str(path)))
    kind = kind_of(path)
    if kind == "gzip":
        return _refused_gzip(path)
    if kind == "text" and not _is_table_text(path, kind):
        return _not_a_table(path, "prose")
    return None if kind in READERS else _not_a_table(path, kind)


def _refused_gzip(path: Path) -> Problem | None:
    head = head_of(path, "gzip")
    if not head:
        return None  # what is wrong is said when it is unpacked whole
    if head.startswith((b"PAR1", b"PK\x03\x04")):
        return None
    kind = kind_of_text(head)
    if kind == "text" and _is_table_text(path, "gzip"):
        return None
    return _not_a_table(path, "prose" if kind == "text" else kind)


def _is_table_text(path: Path, kind: str) -> bool:
    from jalon.intake.sources.csv import looks_like_table  # noqa: PLC0415

    suffix = extension(path)
    if suffix in TABLE_EXTENSIONS:
        return True
    if suffix in PROSE_EXTENSIONS:
        return False
    head = head_of(path, kind)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    return looks_like_table(head.decode(encoding, errors="replace"))


def _facts(path: Path, kind: str) -> dict[str, object]:
    return {"kind": kind, "extension": extension(path), "expected": list(EXPECTED)}


def _not_a_table(path: Path, kind: str) -> Problem:
    codes = {"empty": "empty_file", "truncated": "truncated", "binary": "binary_file"}
    facts = {} if kind in ("empty", "truncated") else _facts(path, kind)
    return Problem(codes.get(kind, "not_a_table"), facts, Where(file=str(path)))
