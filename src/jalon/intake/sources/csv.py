"""Text tables: any usual delimiter and encoding, in the engine's own reader wherever it is exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from jalon.engines.duckdb import DuckDB
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
from jalon.intake.sources.encoding import Survey, survey
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import Cells, put, sift, unique_headers, unique_name, used_width
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Problem, Where

SAMPLE_LINES = 2000
SAMPLE_CHARACTERS = 1 << 20
BATCH = 50_000


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
    relation, exact = unique_name(), _Exact()
    cells = _fast(text, engine, relation) or _exact(text, engine, relation, exact)
    return [_table(text, engine, cells, relation, exact)]


def looks_like_table(head: str) -> bool:
    """Whether a text cut at some length is a table rather than prose."""
    lines = _whole_lines(head)
    mark = find_delimiter(lines)
    filled = [line for line in lines if line.strip()]
    return mark.mark is not None and mark.share >= 0.8 and len(filled) > 1


def _whole_lines(head: str) -> list[str]:
    lines = head.splitlines(keepends=True)[:SAMPLE_LINES]
    return lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from file


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
    regular = all(record.lines == 1 for record in sample) and not any(r.broken for r in sample)
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


def _fast(text: _Text, engine: DuckDB, relation: str) -> Cells | None:
    """The engine's own reader, where the count of lines proves that it took each for a row."""
    mark, lines = text.delimiter.mark, text.survey.lines
    if mark in (None, BLANKS) or lines is None or not text.regular or text.width > 5000:
        return None
    if text.width > len(text.header.cells):
        return None
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(text.width))
    cells = ", ".join(
        f"CASE WHEN trim(c{index}) = '' THEN NULL ELSE c{index} END AS c{index}"
        for index in range(text.width)
    )
    skip = text.header.first - 1
    sql = (
        f"CREATE TEMP TABLE {relation}_cells AS SELECT {cells} FROM read_csv($path,"
        f" auto_detect=false, header=false, skip={skip}, delim=$mark, quote='\"', escape='\"',"
        f" nullstr='', columns={{{columns}}}, max_line_size=67108864, compression='none')"
    )
    try:
        engine.execute(sql, {"path": _literal(text.survey.path), "mark": mark})
    except duckdb.Error:
        return None
    if engine.value(f"SELECT count(*) FROM {relation}_cells") == lines - skip:
        return Cells(f"{relation}_cells", text.width, f"rowid + {skip + 1}")
    engine.execute(f"DROP TABLE {relation}_cells")
    return None


def _literal(path: Path) -> str:
    """A path that the engine does not take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _exact(text: _Text, engine: DuckDB, relation: str, exact: _Exact) -> Cells:
    """Our own reading, record by record, with the physical line of each."""
    found = _kept(text, exact)
    return put(engine, relation, text.width, _batches(found, text.width))


def _kept(text: _Text, exact: _Exact) -> Iterator[Record]:
    """The records below the header that fit the table; the others go to ``exact.rejected``."""
    first = text.header.first
    while first:
        lines = itertools.islice(_lines(text.survey.path), first - 1, None)
        again = 0
        for record in records(lines, text.delimiter.mark):
            if again := _resume(record, text, first):
                exact.rejected.append(_unclosed(text, first + record.line - 1))
                break
            at = Record(first + record.line - 1, record.cells)
            yield from _fitted(at, text, exact)
        first = again


def _resume(record: Record, text: _Text, first: int) -> int:
    """The line to read on from where a quote that is never closed swallowed lines, else 0."""
    if record.lines == 1:
        return first + record.line if record.broken else 0
    if not record.broken and len(record.cells) == text.width:
        return 0
    after = first + record.line
    following = next(itertools.islice(_lines(text.survey.path), after - 1, None), "")
    alone = next(records([following], text.delimiter.mark), None)
    swallowed = alone is not None and len(alone.cells) == text.width
    return after if record.broken or swallowed else 0


def _unclosed(text: _Text, line: int) -> Problem:
    raw = next(itertools.islice(_lines(text.survey.path), line - 1, None), "")
    return Problem("unclosed_quote", {}, Where(row=line, value=raw.rstrip("\r\n")))


def _fitted(record: Record, text: _Text, exact: _Exact) -> Iterator[Record]:
    filled, surplus = filled_count(record.cells), filled_count(record.cells[text.width :])
    if not filled:
        return
    if surplus:
        raw = (text.delimiter.mark or "").join(record.cells)
        facts = {"cells": len(record.cells), "expected": text.width}
        exact.rejected.append(Problem("too_many_cells", facts, Where(row=record.line, value=raw)))
        return
    exact.padded += len(record.cells) < text.width
    yield record


def _batches(
    found: Iterator[Record], width: int
) -> Iterator[tuple[list[int], list[list[str | None]]]]:
    while batch := list(itertools.islice(found, BATCH)):
        rows = [_sized(record.cells, width) for record in batch]
        yield [record.line for record in batch], [list(column) for column in zip(*rows, strict=True)]


def _sized(cells: list[str], width: int) -> list[str | None]:
    row: list[str | None] = [cell if cell and not cell.isspace() else None for cell in cells[:width]]
    return row + [None] * (width - len(row))


def _table(
    text: _Text, engine: DuckDB, cells: Cells, relation: str, exact: _Exact
) -> TextTable:
    raw = text.header.cells + [""] * (text.width - len(text.header.cells))
    width = used_width(engine, cells, raw)
    headers, named = unique_headers(raw[:width])
    mark = text.delimiter.mark or ""
    sifted = sift(engine, cells, relation, headers, raw, mark)
    rejected = sorted([*exact.rejected, *sifted.rejected], key=lambda one: one.where.row or 0)
    evidence = [*_evidence(text, exact, sifted.blank), *named]
    return TextTable(
        file=text.name,
        sheet=None,
        relation=relation,
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
