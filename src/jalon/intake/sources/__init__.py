"""Files as people have them: which of them are tables, and their cells as text in the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from errno import EDQUOT, ENOSPC
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from jalon.intake.sources.einvoice import Gathered
    from jalon.intake.sources.inside import Said

__all__ = ["Found", "ReadOptions", "drop", "find", "gather", "is_invoice", "read"]

READERS = {
    "text": "csv",
    "xlsx": "workbooks",
    "xlsb": "workbooks",
    "xls": "workbooks",
    "ods": "workbooks",
    "parquet": "parquet",
    "ics": "ics",
    "pdf": "einvoice",
    "xml": "einvoice",
}
EXPECTED = (
    *("csv", "tsv", "txt", "xlsx", "xls", "xlsb", "ods", "parquet", "gz", "zip"),
    *("ics", "pdf", "xml"),
)


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


def read(
    path: Path | str,
    engine: DuckDB,
    options: ReadOptions | None = None,
    said: Said | None = None,
    ignored: list[Problem] | None = None,
) -> list[TextTable]:
    """The tables of a file, as text in temporary relations of the engine.

    Of an archive, those of its members: ``said`` gives the options of each by its name, and what
    is no table is added to ``ignored``.
    """
    path, options = Path(path), options or ReadOptions()
    # Text in an encoding without marks looks binary until the user names it.
    problem = _refusal(path)
    if problem and not (problem.code == "binary_file" and options.encoding):
        raise InputError(problem)
    name = options.name or str(path)
    before = _state(path)
    try:
        tables = _tables(path, engine, replace(options, name=name), problem, said, ignored)
    except OSError as error:
        raise InputError(_unread(error, path, before, name)) from error
    if _state(path) != before:
        raise InputError.of("changed_while_read", Where(file=name))
    return tables


def _state(path: Path) -> tuple[int, ...]:
    """What changes when a file is written again, or another takes its place."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _unread(error: OSError, path: Path, before: tuple[int, ...], name: str) -> Problem:
    """Why the system could not read a file, or write the copy that reading needs."""
    if error.errno in (ENOSPC, EDQUOT):
        return Problem("disk_full", {}, Where(file=name))
    code = "changed_while_read" if _state(path) != before else "unreadable_file"
    return Problem(code, {"reason": error.strerror or str(error)}, Where(file=name))


def _tables(
    path: Path,
    engine: DuckDB,
    options: ReadOptions,
    problem: Problem | None,
    said: Said | None,
    ignored: list[Problem] | None,
) -> list[TextTable]:
    with TemporaryDirectory(prefix="jalon-", dir=options.directory) as folder:
        options = replace(options, directory=Path(folder))
        file, digest = unpack(path, Path(folder), options)
        kind = "text" if problem else kind_of(file)
        if kind == "zip" and not digest:
            return _inside(file, engine, options, said, ignored)
        if kind not in READERS:
            raise InputError(_not_a_table(path, kind))
        tables = _read_as(kind, file, engine, options)
    return [replace(table, digest=digest) if digest else table for table in tables]


def is_invoice(path: Path) -> bool:
    """Whether a file may be an electronic invoice: many of them make one table."""
    return READERS.get(kind_of(path)) == "einvoice"


def gather(files: Iterable[tuple[Path, str]], engine: DuckDB, options: ReadOptions) -> Gathered:
    """The tables that many electronic invoices make together: each file with its name to show."""
    from jalon.intake.sources import einvoice  # noqa: PLC0415

    return einvoice.gather(files, engine, options)


def drop(table: TextTable, engine: DuckDB) -> None:
    """Free the relation of a table."""
    if engine.kept(table.relation) is None:
        engine.execute(f"DROP VIEW IF EXISTS {table.relation}")
    else:
        engine.free(table.relation)
    engine.free(f"{table.relation}_cells")


def _inside(
    file: Path,
    engine: DuckDB,
    options: ReadOptions,
    said: Said | None,
    ignored: list[Problem] | None,
) -> list[TextTable]:
    from jalon.intake.sources import inside  # noqa: PLC0415

    left_out = [] if ignored is None else ignored
    return inside.read(file, engine, options, said or (lambda _: {}), left_out)


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
    return None if kind in READERS or kind == "zip" else _not_a_table(path, kind)


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
