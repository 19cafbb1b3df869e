"""Text tables of any usual delimiter and encoding, by the engine's own reader where it is exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.careful import read_lines, sections
from jalon.intake.sources.dialect import Dialect, find_dialect, records, rivals, sampled
from jalon.intake.sources.encoding import Survey, survey
from jalon.intake.sources.header import Header, Record, find_header
from jalon.intake.sources.index import index
from jalon.intake.sources.lines import Found, Text, lines_of, put_records, read_whole
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.relation import sift, unique_headers, used_columns
from jalon.intake.text_table import Evidence, TextTable
from jalon.model.problems import InputError, Where

SAMPLE_LINES = 2000
SAMPLE_CHARACTERS = 1 << 20


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The tables of a text file: one, unless others stand below it."""
    name = options.name or path.name
    directory = options.directory or path.parent
    surveyed = survey(path, options.encoding, directory, name)
    text = _decide(surveyed, options, name)
    return [_table(each, engine) for each in _found(text, engine, directory)]


def looks_like_table(head: str) -> bool:
    """Whether a text cut at some length is a table rather than prose."""
    lines = _whole_lines(head)
    dialect = find_dialect(lines)
    filled = [line for line in lines if line.strip()]
    return dialect.delimiter is not None and dialect.share >= 0.8 and len(filled) > 1


def _whole_lines(head: str) -> list[str]:
    lines = head.splitlines(keepends=True)[:SAMPLE_LINES]
    return lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines


def _sample(path: Path) -> list[str]:
    size, lines = 0, []
    for line in itertools.islice(lines_of(path), SAMPLE_LINES):
        lines.append(line)
        size += len(line)
        if size > SAMPLE_CHARACTERS:
            break
    return lines


def _decide(surveyed: Survey, options: ReadOptions, name: str) -> Text:
    lines = _sample(surveyed.path)
    if not any(line.strip("\r\n\t \ufeff,;|") for line in lines):
        raise InputError.of("empty_file", Where(file=name))
    dialect = find_dialect(lines, options.delimiter)
    if options.delimiter is None:
        dialect = replace(dialect, rivals=rivals(lines, dialect))
    sample = sampled(lines, dialect)
    # The last record may be cut by the end of the sample.
    sample = sample[:-1] if len(sample) > 1 and len(lines) == SAMPLE_LINES else sample
    header = find_header(sample, options.header_row)
    width = max(len(header.cells), _unnamed(header, sample))
    below = tuple(tuple(each.cells) for each in sample if each.line >= header.first)
    return Text(surveyed, dialect, header, width, name, below)


def _unnamed(header: Header, sample: list[Record]) -> int:
    """The width of a table whose rows mostly have more filled cells than the header has names."""
    widths = [len(r.cells) for r in sample if r.line >= header.first and r.cells[-1:] != [""]]
    wide = sum(1 for width in widths if width > len(header.cells))
    return max(widths) if wide * 2 > len(widths) else 0


def _found(text: Text, engine: DuckDB, directory: Path) -> Iterator[Found]:
    """The engine's own reader, where the count of lines proves that it took each for a row; else
    the lines looked at one by one, and those that are plain given to it."""
    if not text.simple:
        every = records(
            lines_of(text.survey.path, text.header.first), text.dialect, text.header.first
        )
        yield put_records(text, engine, every)
        return
    whole = read_whole(text, engine)
    if whole is not None and whole.sure:
        yield Found(text, whole.cells)
        return
    lines = index(text.survey.path, text.dialect)
    parts = list(sections(lines, text))
    if whole is not None and len(parts) == 1 and (cells := whole.numbered(lines, engine)):
        yield Found(text, cells)
        return
    if whole is not None:
        whole.drop(engine)
    for part in parts:
        yield read_lines(lines, part, engine, directory)


def _table(found: Found, engine: DuckDB) -> TextTable:
    text, cells = found.text, found.cells
    raw = text.header.cells + [""] * (text.width - len(text.header.cells))
    columns = used_columns(engine, cells, raw)
    headers, named = unique_headers([raw[index] for index in columns])
    sifted = sift(engine, cells, headers, raw, text.dialect.delimiter or "", columns)
    rejected = sorted([*found.rejected, *sifted.rejected], key=lambda one: one.where.row or 0)
    left = text.width - len(columns)
    evidence = [*_evidence(found, sifted.blank + found.blank, left), *named]
    quoted = text.dialect.delimiter is not None and not text.dialect.blanks
    return TextTable(
        file=text.name,
        sheet=text.part,
        relation=sifted.relation,
        headers=headers,
        header_row=text.header.line,
        rows=sifted.records + len(rejected),
        encoding=text.survey.encoding,
        delimiter=text.dialect.delimiter,
        quote=text.dialect.quote if quoted else None,
        rejected=tuple(one.at(file=text.name, sheet=text.part) for one in rejected),
        evidence=tuple(evidence),
        digest=text.survey.digest,
    )


def _evidence(found: Found, blank: int, left: int) -> Iterator[Evidence]:
    surveyed, dialect, header = found.text.survey, found.text.dialect, found.text.header
    yield Evidence("encoding", surveyed.encoding, surveyed.because, {}, surveyed.certainty)
    if surveyed.replaced:
        facts: dict[str, object] = {"characters": surveyed.replaced}
        yield Evidence("control_characters", "replaced", "control_characters", facts)
    share: dict[str, object] = {"share": round(dialect.share, 4), "columns": found.text.width}
    if dialect.rivals:
        both: dict[str, object] = {**share, "others": list(dialect.rivals)}
        yield Evidence("delimiter", dialect.delimiter or "", "two_delimiters", both, 0.5)
    else:
        yield Evidence("delimiter", dialect.delimiter or "", "regular_cells", share, dialect.share)
    yield from _quoting(dialect)
    above: dict[str, object] = {"skipped": header.skipped, "rows": header.rows}
    yield Evidence("header_row", str(header.line), header.because, above, header.certainty)
    if found.text.part:
        part: dict[str, object] = {"lines": found.text.part}
        yield Evidence("block", found.text.part, "header_below_the_table", part, 0.9)
    counts = (
        ("short_rows", "padded", "missing_cells_at_end", found.padded, 1.0),
        ("odd_rows", "reread", "written_otherwise", found.reread, 0.8),
        ("blank_rows", "left_out", "all_cells_blank", blank, 1.0),
    )
    for decision, choice, because, rows, certainty in counts:
        if rows:
            yield Evidence(decision, choice, because, {"rows": rows}, certainty)
    if left:
        yield Evidence("blank_columns", "left_out", "no_header_no_cell", {"columns": left})


def _quoting(dialect: Dialect) -> Iterator[Evidence]:
    """What is not said where quotes are the usual ones, doubled."""
    if dialect.delimiter is None or dialect.blanks:
        return
    if dialect.quote not in (None, '"'):
        yield Evidence("quote", dialect.quote or "", "regular_cells", {}, dialect.share)
    if dialect.escape:
        yield Evidence("escape", dialect.escape, "regular_cells", {}, dialect.share)
