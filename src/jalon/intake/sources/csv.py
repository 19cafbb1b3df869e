"""Text tables of any usual delimiter and encoding, by the engine's own reader where it is exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from jalon.engines.duckdb import DuckDB, EngineError
from jalon.intake.sources.dialect import (
    BLANKS,
    Delimiter,
    Header,
    Record,
    filled_count,
    find_delimiter,
    find_header,
    records,
)
from jalon.intake.sources.encoding import Survey, record_lines, survey
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import (
    Batch,
    Cells,
    filled_or_null,
    put,
    sift,
    unique_headers,
    unique_name,
    used_width,
)
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Problem, Where

SAMPLE_LINES = 2000
SAMPLE_CHARACTERS = 1 << 20
BATCH = 50_000
MAX_UNCLOSED = 200


@dataclass
class _Exact:
    """What the exact reader found besides the records it gave."""

    padded: int = 0
    rejected: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Text:
    """A text file, and the decisions on how it is cut."""

    survey: Survey
    delimiter: Delimiter
    header: Header
    width: int
    name: str
    regular: bool


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The one table of a text file."""
    name = options.name or path.name
    directory = options.directory or path.parent
    surveyed = survey(path, options.encoding, directory, name)
    text = _decide(surveyed, options, name)
    exact = _Exact()
    cells = _fast(text, engine) or put(engine, text.width, _batches(_kept(text, exact), text.width))
    return [_table(text, engine, cells, exact)]


def looks_like_table(head: str) -> bool:
    """Whether a text cut at some length is a table rather than prose."""
    lines = _whole_lines(head)
    mark = find_delimiter(lines)
    filled = [line for line in lines if line.strip()]
    return mark.mark is not None and mark.share >= 0.8 and len(filled) > 1


def _whole_lines(head: str) -> list[str]:
    lines = head.splitlines(keepends=True)[:SAMPLE_LINES]
    return lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines


def _lines(path: Path, first: int = 1) -> Iterator[str]:
    """The physical lines of a file from one on, with their ends."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from itertools.islice(file, first - 1, None)


def _sample(path: Path) -> list[str]:
    sizes, lines = 0, []
    for line in itertools.islice(_lines(path), SAMPLE_LINES):
        lines.append(line)
        sizes += len(line)
        if sizes > SAMPLE_CHARACTERS:
            break
    return lines


def _decide(surveyed: Survey, options: ReadOptions, name: str) -> _Text:
    lines = _sample(surveyed.path)
    if not any(line.strip("\r\n\t \ufeff,;|") for line in lines):
        raise InputError.of("empty_file", Where(file=name))
    delimiter = _delimiter(lines, options.delimiter)
    sample = list(records(lines, delimiter.mark))
    # The last record may be cut by the end of the sample.
    sample = sample[:-1] if len(sample) > 1 and len(lines) == SAMPLE_LINES else sample
    header = find_header(sample, options.header_row)
    width = max(len(header.cells), _unnamed(header, sample))
    regular = header.first == header.line + 1 and not any(r.broken for r in sample)
    return _Text(surveyed, delimiter, header, width, name, regular)


def _delimiter(lines: list[str], given: str | None) -> Delimiter:
    if given is None:
        return find_delimiter(lines)
    mark = BLANKS if given.isspace() and given != "\t" else given
    counts = [len(record.cells) for record in records(lines, mark)]
    return Delimiter(mark, 1.0, max(counts, default=1))


def _unnamed(header: Header, sample: list[Record]) -> int:
    """The width of a table whose rows mostly have more filled cells than the header has names."""
    widths = [len(r.cells) for r in sample if r.line >= header.first and r.cells[-1:] != [""]]
    wide = sum(1 for width in widths if width > len(header.cells))
    return max(widths) if wide * 2 > len(widths) else 0


def _fast(text: _Text, engine: DuckDB) -> Cells | None:
    """The engine's own reader, where the count of lines proves that it took each for a row."""
    mark, lines = text.delimiter.mark, text.survey.lines
    if mark in (None, BLANKS) or lines is None or not text.regular or text.width > 5000:
        return None
    if text.width > len(text.header.cells):
        return None
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(text.width))
    tabs = text.survey.tabs
    texts = ", ".join(filled_or_null(f"c{index}", tabs) for index in range(text.width))
    skip, relation = text.header.first - 1, unique_name()
    sql = (
        f"CREATE TEMP TABLE {relation}_cells AS SELECT {texts} FROM read_csv($path,"
        f" auto_detect=false, header=false, skip={skip}, delim=$mark, quote='\"', escape='\"',"
        f" nullstr='', columns={{{columns}}}, compression='none')"
    )
    try:
        engine.execute(sql, {"path": _literal(text.survey.path), "mark": mark})
    except EngineError:
        return None
    cells = Cells(f"{relation}_cells", text.width, f"rowid + {skip + 1}")
    rows = engine.rows(f"SELECT count(*) FROM {cells.name}")[0][0]
    return cells if rows == lines - skip else _numbered(text, engine, cells, rows)


def _numbered(text: _Text, engine: DuckDB, cells: Cells, rows: int) -> Cells | None:
    """The engine's rows beside the lines where our own index says that records begin; None where
    the two do not count the same records."""
    starts = record_lines(text.survey.path)
    starts = starts[starts >= text.header.first]
    found = cells
    if len(starts) == rows:
        lines = pa.table({"_line": pa.array(starts)})
        found = Cells(f"{cells.name.removesuffix('_cells')}n_cells", text.width, "_line")
        with engine.lend(f"{found.name}_lines", lines) as lent:
            engine.execute(
                f"CREATE TEMP TABLE {found.name} AS"
                f" SELECT * FROM {lent} POSITIONAL JOIN {cells.name}"
            )
    engine.execute(f"DROP TABLE {cells.name}")
    return found if found is not cells else None


def _literal(path: Path) -> str:
    """A path that the engine does not take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _kept(text: _Text, exact: _Exact) -> Iterator[Record]:
    """The records below the header that fit the table; the others go to ``exact.rejected``."""
    first = text.header.first
    for _ in range(MAX_UNCLOSED):
        again = 0
        for record in records(_lines(text.survey.path, first), text.delimiter.mark, first):
            if record.lines > 1 and (again := _resume(record, text)):
                exact.rejected.append(_unclosed(text, record.line))
                break
            if len(record.cells) == text.width or _fits(record, text, exact):
                yield record
        if not again:
            return
        first = again
    raise InputError.of("unclosed_quote", Where(file=text.name, row=first), rows=MAX_UNCLOSED)


def _resume(record: Record, text: _Text) -> int:
    """The line to read on from where a quote took the lines of other records, else 0."""
    after = record.line + 1
    if record.broken:
        return after
    if len(record.cells) == text.width:
        return 0
    following = next(_lines(text.survey.path, after), "")
    alone = next(records([following], text.delimiter.mark), None)
    return after if alone is not None and len(alone.cells) == text.width else 0


def _unclosed(text: _Text, line: int) -> Problem:
    raw = next(_lines(text.survey.path, line), "")
    return Problem("unclosed_quote", {}, Where(row=line, value=raw.rstrip("\r\n")))


def _fits(record: Record, text: _Text, exact: _Exact) -> bool:
    """Whether a record of another width than the header's is one all the same."""
    if not filled_count(record.cells):
        return False
    if filled_count(record.cells[text.width :]):
        raw = (text.delimiter.mark or "").join(record.cells)
        facts = {"cells": len(record.cells), "expected": text.width}
        exact.rejected.append(Problem("too_many_cells", facts, Where(row=record.line, value=raw)))
        return False
    exact.padded += len(record.cells) < text.width
    return True


def _batches(found: Iterator[Record], width: int) -> Iterator[Batch]:
    while batch := list(itertools.islice(found, BATCH)):
        rows = [record.cells for record in batch]
        if any(len(row) != width for row in rows):
            rows = [(row + [""] * width)[:width] for row in rows]
        yield [record.line for record in batch], list(zip(*rows, strict=True))


def _table(text: _Text, engine: DuckDB, cells: Cells, exact: _Exact) -> TextTable:
    raw = text.header.cells + [""] * (text.width - len(text.header.cells))
    width = used_width(engine, cells, raw)
    headers, named = unique_headers(raw[:width])
    mark = text.delimiter.mark or ""
    sifted = sift(engine, cells, headers, raw, mark)
    rejected = sorted([*exact.rejected, *sifted.rejected], key=lambda one: one.where.row or 0)
    evidence = [*_evidence(text, exact, sifted.blank), *named]
    return TextTable(
        file=text.name,
        sheet=None,
        relation=sifted.relation,
        headers=headers,
        header_row=text.header.line,
        rows=sifted.records + len(rejected),
        encoding=text.survey.encoding,
        delimiter=text.delimiter.mark,
        quote='"' if text.delimiter.mark not in (None, BLANKS) else None,
        rejected=tuple(one.at(file=text.name) for one in rejected),
        evidence=tuple(evidence),
        digest=text.survey.digest,
    )


def _evidence(text: _Text, exact: _Exact, blank: int) -> Iterator[Evidence]:
    surveyed, delimiter, header = text.survey, text.delimiter, text.header
    yield Evidence("encoding", surveyed.encoding, surveyed.because, {}, surveyed.certainty)
    if surveyed.replaced:
        facts: dict[str, object] = {"characters": surveyed.replaced}
        yield Evidence("control_characters", "replaced", "control_characters", facts)
    share: dict[str, object] = {"share": round(delimiter.share, 4), "columns": delimiter.width}
    yield Evidence("delimiter", delimiter.mark or "", "regular_cells", share, delimiter.share)
    above: dict[str, object] = {"skipped": header.skipped}
    yield Evidence("header_row", str(header.line), header.because, above, header.certainty)
    if exact.padded:
        yield Evidence("short_rows", "padded", "missing_cells_at_end", {"rows": exact.padded})
    if blank:
        yield Evidence("blank_rows", "left_out", "all_cells_blank", {"rows": blank})
