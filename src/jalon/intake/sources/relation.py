"""Cells in the engine: how they are put there, and which rows are no records."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.intake.text_table import Evidence
from jalon.model.problems import Problem, Where

_numbers = itertools.count(1)

TOTAL = re.compile(
    r"(?i)(grand[ -]total|total g[eé]n[eé]ral|(sous|sub)?[- ]?tota(l|ux)|somme|sum)\s*[:.]?"
)
TOTAL_OF = re.compile(r"(?i)(grand[ -]total|total|(sous|sub)[- ]?total)\s+\S.*")
FOOTER = re.compile(
    r"(?i)\s*((r?[ée]dit[ée]|imprim[ée]|g[ée]n[ée]r[ée]|export[ée]|extrait|generated|printed|exported)"
    r"e?s? *(le|on|by|par|at|:)|copyright|©|confidential|source *:|page \d+"
    r"|(nombre|nb) (de|d'|total)|\(?\d+ (lignes|enregistrements|rows|records)|fin d[eu] )"
)
FIGURE = re.compile(r"[-+(]?[€$£]? ?\d[\d\s.,'’\u00a0\u202f]*[€$£%)kKM]*")
TAIL = 25
MANY = 500


Batch = tuple[list[int], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Cells:
    """Cells in a temporary table: ``line`` is the SQL that gives the physical line of a row."""

    name: str
    width: int
    line: str

    @property
    def columns(self) -> list[str]:
        """The names of the columns of cells."""
        return [f"c{index}" for index in range(self.width)]


@dataclass(frozen=True)
class Sifted:
    """The relation of records, what was set aside, and how many rows were all blank."""

    relation: str
    records: int
    rejected: tuple[Problem, ...]
    blank: int


def unique_name() -> str:
    """A name of this process for a temporary relation."""
    return f"text_{next(_numbers)}"


def filled_or_null(column: str, blanks: bool = True) -> str:
    """The SQL of a cell that is NULL where it is blank, and as found elsewhere.

    ``blanks``: whether others than spaces may be there.
    """
    if blanks:
        blank = f"trim({column}, ' \t\n\r\u00a0\u202f') = ''"
    else:
        # A blank cell begins with a space, which few cells do: those alone are trimmed.
        blank = f"{column} < '!' AND trim({column}) = ''"
    return f"CASE WHEN {blank} THEN NULL ELSE {column} END AS {column}"


def put(engine: DuckDB, width: int, batches: Iterable[Batch]) -> Cells:
    """Rows with their lines, as a temporary table; cells beyond a row's end are NULL."""
    name = unique_name()
    columns = "".join(f", c{index} VARCHAR" for index in range(width))
    engine.execute(f"CREATE TEMP TABLE {name}_cells (_line BIGINT{columns})")
    for lines, cells in batches:
        arrays = [pa.array(lines, pa.int64()), *map(_filled_or_none, cells)]
        names = ["_line", *(f"c{index}" for index in range(width))]
        with engine.lend(f"{name}_batch", pa.table(arrays, names=names)) as batch:
            engine.execute(f"INSERT INTO {name}_cells FROM {batch}")
    return Cells(f"{name}_cells", width, "_line")


def _filled_or_none(column: Sequence[str | None]) -> pa.Array:
    return pa.array([cell if cell and cell.strip() else None for cell in column], pa.string())


def sift(
    engine: DuckDB,
    cells: Cells,
    headers: Sequence[str],
    raw: Sequence[str],
    delimiter: str,
    columns: Sequence[int] | None = None,
) -> Sifted:
    """Set aside repeated headers, totals and footers, and show the rest as a view.

    ``headers`` are the names of the columns kept: those of ``columns``, else the first ones;
    ``raw`` is the header as found.
    """
    name = cells.name.removesuffix("_cells")
    shown = range(len(headers)) if columns is None else columns
    kept = [f"c{index} AS c{place}" for place, index in enumerate(shown)]
    every, blank, suspects = _suspects(engine, cells, raw)
    out = {
        **_footers(engine, cells, every),
        **_totals(suspects, every - 1),
        **_repeated(suspects, raw),
    }
    rejected = [
        Problem(code, {}, Where(row=line, value=_written(row, delimiter)))
        for code, line, row in sorted(out.values(), key=lambda found: found[1])
    ]
    conditions = [f"NOT ({_all_null(cells.columns)})"] if blank else []
    conditions += [f"rowid NOT IN ({', '.join(map(str, sorted(out)))})"] if out else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    whole = engine.kept(cells.name)
    if whole is not None and not where:
        names = ["_line", *(f"c{index}" for index in shown)]
        renamed = ["_line", *(f"c{place}" for place in range(len(names) - 1))]
        engine.keep(name, whole.select(names).rename_columns(renamed))
    else:
        engine.execute(
            f"CREATE TEMP VIEW {name} AS SELECT {cells.line} AS _line, {', '.join(kept)}"
            f" FROM {cells.name}{where}"
        )
    return Sifted(name, every - blank - len(out), tuple(rejected), blank)


def used_width(engine: DuckDB, cells: Cells, raw: Sequence[str]) -> int:
    """How many columns are left without the last ones that have neither header nor cell."""
    width = cells.width
    while width > 1 and not raw[width - 1].strip() and not _filled(engine, cells, width - 1):
        width -= 1
    return width


def used_columns(engine: DuckDB, cells: Cells, raw: Sequence[str]) -> list[int]:
    """The columns that have a header or a cell; all of them where none has."""
    unnamed = [index for index in range(cells.width) if not raw[index].strip()]
    counts = ", ".join(f"count(c{index})" for index in unnamed)
    filled = engine.rows(f"SELECT {counts} FROM {cells.name}")[0] if unnamed else ()
    blank = {index for index, count in zip(unnamed, filled, strict=True) if not count}
    return [index for index in range(cells.width) if index not in blank] or list(range(cells.width))


def unique_headers(raw: Sequence[str]) -> tuple[tuple[str, ...], list[Evidence]]:
    """Headers without outer blanks, named ``colonne N`` where empty, numbered where repeated."""
    names: dict[str, int] = {}
    evidence = []
    for index, header in enumerate(raw):
        base = " ".join(header.split()) or f"colonne {index + 1}"
        name, times = base, 1
        while name in names:
            times = names[base] = names[base] + 1
            name = f"{base} ({times})"
        if not header.strip() or times > 1:
            because = "repeated_header_name" if times > 1 else "empty_header_name"
            facts: dict[str, object] = {"position": index + 1}
            evidence.append(Evidence("header_name", name, because, facts, 1.0, name))
        names[name] = 1
    return tuple(names), evidence


Row = tuple[str | None, ...]
Found = dict[int, tuple[str, int, Row]]


def _filled(engine: DuckDB, cells: Cells, index: int) -> bool:
    return bool(engine.rows(f"SELECT count(c{index}) FROM {cells.name}")[0][0])


def _all_null(columns: Sequence[str]) -> str:
    return f"coalesce({', '.join([*columns, 'NULL'])}) IS NULL"


def _rows(
    engine: DuckDB, cells: Cells, tail: str, parameters: list[str] | None = None
) -> list[tuple[int, int, Row]]:
    sql = f"SELECT rowid, {cells.line}, {', '.join(cells.columns)} FROM {cells.name} {tail}"
    return [(row[0], row[1], row[2:]) for row in engine.rows(sql, parameters)]


def _suspects(
    engine: DuckDB, cells: Cells, raw: Sequence[str]
) -> tuple[int, int, list[tuple[int, int, Row]]]:
    """How many rows there are, how many are blank, and those that may be a header or a total."""
    like, values = _like_header(raw)
    every, filled = engine.rows(f"SELECT count(*), count(c0) FROM {cells.name}")[0]
    # Where the first column has no blank cell, it alone tells.
    columns = cells.columns[:1] if filled == every else cells.columns
    conditions = [each for each in (like, _like_total(cells, columns)) if each]
    asked = f"list(rowid) FILTER ({' OR '.join(conditions)})" if conditions else "NULL"
    blank, found = engine.rows(
        f"SELECT count(*) FILTER ({_all_null(columns)}), {asked} FROM {cells.name}", values
    )[0]
    if not found:
        return every, blank, []
    return every, blank, _rows(engine, cells, f"WHERE rowid IN ({', '.join(map(str, found))})")


def _like_header(raw: Sequence[str]) -> tuple[str, list[str]]:
    """The SQL of rows that may repeat the header: one of the cells that they must share is so."""
    named = [index for index, header in enumerate(raw) if header.strip()]
    if len(named) < 2:
        return "", []
    probes = named[: len(named) - _needed(named) + 1]
    tests = [f"c{index} = ${at + 1}" for at, index in enumerate(probes)]
    return " OR ".join(tests), [raw[index] for index in probes]


def _needed(named: Sequence[int]) -> int:
    return max(len(named) // 2 + 1, min(2, len(named)))


def _like_total(cells: Cells, columns: Sequence[str]) -> str:
    """The SQL of rows of which the first filled cell of these columns is a word for a total."""
    if not 2 <= cells.width <= MANY:
        return ""
    first = f"coalesce({', '.join(columns)})"
    # Most cells begin with another letter: those need no pattern.
    letter = f"ltrim({first})[1] IN ('g', 't', 's', 'G', 'T', 'S')"
    pattern = r"'(?i)^\s*(grand|total|sous|sub|somme|sum)'"
    return f"({letter} AND regexp_matches({first}, {pattern}))"


def _repeated(suspects: Sequence[tuple[int, int, Row]], raw: Sequence[str]) -> Found:
    """Rows equal to the header in all filled cells but one or two."""
    named = [index for index, header in enumerate(raw) if header.strip()]
    names = [raw[index] for index in named]
    return {
        rowid: ("repeated_header", line, row)
        for rowid, line, row in suspects
        if len(named) > 1 and _repeats([row[index] for index in named], names, _needed(named))
    }


def _repeats(cells: Sequence[str | None], headers: Sequence[str], needed: int) -> bool:
    same = sum(_same(cell, header) for cell, header in zip(cells, headers, strict=True))
    others = sum(cell is not None for cell in cells) - same
    return same >= needed and others <= (0 if len(headers) < 4 else 2)


def _same(cell: str | None, header: str) -> bool:
    return cell is not None and cell.strip() == header.strip()


def _totals(suspects: Sequence[tuple[int, int, Row]], last: int) -> Found:
    return {
        rowid: ("total_row", line, row)
        for rowid, line, row in suspects
        if _is_total(row, at_end=rowid == last)
    }


def _is_total(row: Row, *, at_end: bool = False) -> bool:
    """Whether a row adds up others. A company may be called Total: that word alone is one only at
    the end of the table, or in a row that is half blank."""
    filled = [cell.strip() for cell in row if cell]
    if not filled or len(row) < 2:
        return False
    figures = all(FIGURE.fullmatch(cell) for cell in filled[1:])
    half = len(row) - len(filled) >= (len(row) + 1) // 2 - 1
    if TOTAL.fullmatch(filled[0]):
        plain = " " not in filled[0].strip(" :.") and "-" not in filled[0]
        return (figures and (half or at_end or not plain)) or len(filled) <= len(row) // 2
    return half and len(filled) > 1 and figures and TOTAL_OF.fullmatch(filled[0]) is not None


def _footers(engine: DuckDB, cells: Cells, every: int) -> Found:
    """The last rows with one cell only, where one of them reads as the end of a report."""
    if cells.width < 3:
        return {}
    # Put in order here: the engine is slow to sort rows of thousands of columns.
    last = sorted(
        _rows(engine, cells, f"WHERE rowid >= {every - TAIL}"), key=itemgetter(0), reverse=True
    )
    block = list(itertools.takewhile(lambda found: ends_report(found[2]), last))
    if not any(FOOTER.match(_only(row)) for _, _, row in block):
        return {}
    return {
        rowid: ("total_row" if any(map(_total_text, row)) else "footer", line, row)
        for rowid, line, row in block
        if any(row)
    }


def ends_report(row: Row) -> bool:
    """Whether a row may end a report: a total, or one cell at most."""
    filled = [cell for cell in row if cell]
    return len(filled) <= 1 or _is_total(row)


def _only(row: Row) -> str:
    return next((cell for cell in row if cell), "")


def _total_text(cell: str | None) -> bool:
    return cell is not None and TOTAL.fullmatch(cell.strip()) is not None


def _written(row: Row, delimiter: str) -> str:
    return delimiter.join(cell or "" for cell in row).rstrip(delimiter)
