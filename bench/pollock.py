"""How much of a polluted file's content a reader gives back, nothing told: ours beside its peers.

After *Pollock: A Data Loading Benchmark* (Vitagliano et al., VLDB 2023), whose kinds of pollution
these are, on a table of our own. For each file ten measures from 0 to 1 are added up: whether it
was read, then precision, recall and F1 of the header's cells, of the records and of the cells.
A reader that refuses a file scores 0 on it, and is counted apart.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jalon

Rows = list[list[str]]
HEADER = ["DATE", "HEURE", "Quantité", "Référence", "Prix", "Produit", "Description", "URL", "Note"]
ROWS = 84
PLACES = (0, 1, 17, 42, ROWS - 1)
PRODUCTS = ("Veste imperméable", 'Table ronde 48"', "Vélo d'enfant, 24\"", "Coussin, bois", "Cape")
TEXTS = (
    "Pour la pluie, le vent et le froid : « la » veste des sorties.",
    "Légère; elle se plie, se range, se lave.",
    'Dite "la solide", elle dure.',
    "Elle convient à l'été comme à l'hiver",
    "Deux poches\r\net une capuche, amovible",
)


@dataclass(frozen=True)
class Polluted:
    """A file, and what a person sees in it."""

    kind: str
    name: str
    content: bytes
    header: list[str]
    rows: Rows


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    end: str = "\r\n"
    every: bool = False

    def record(self, cells: Sequence[str]) -> str:
        """The record of these cells, with its end."""
        return self.delimiter.join(map(self.cell, cells)) + self.end

    def cell(self, text: str) -> str:
        """The cell, quoted where it must be."""
        marks = (self.delimiter, self.quote, "\n", "\r")
        if not (self.every or any(mark in text for mark in marks)):
            return text
        return self.quote + text.replace(self.quote, self.escape + self.quote) + self.quote


PLAIN = Style()


def table(rows: int = ROWS) -> Rows:
    """The clean rows: dates, hours, counts, codes, prices, texts with marks in them."""
    draw = random.Random(7)
    return [
        [
            f"{1 + i % 28:02}/{1 + i % 12:02}/2018",
            f"{i % 24:02}:{15 * (i % 4):02}",
            str(draw.randint(0, 30)),
            f"{draw.choice('ABCMRZ')}{draw.choice('GHIKN')}-{draw.randint(1000, 9999)}",
            f"${draw.randint(1, 99)}.{draw.randint(10, 99)}",
            draw.choice(PRODUCTS),
            draw.choice(TEXTS),
            f"https://www.example.com/produit/{i}.html",
            draw.choice(("", "", "à revoir")),
        ]
        for i in range(rows)
    ]


def polluted() -> Iterator[Polluted]:
    """Every file of the bench."""
    rows = table()
    yield from _of_file(rows)
    yield from _of_dialect(rows)
    yield from _of_tables(rows)
    yield from _of_headers(rows)
    yield from _of_rows(rows)


def _written(rows: Iterable[Sequence[str]], style: Style = PLAIN) -> str:
    return "".join(map(style.record, rows))


def _text(kind: str, text: str, rows: Rows, header: list[str] | None = None) -> Polluted:
    return Polluted(kind, kind, text.encode(), HEADER if header is None else header, rows)


def _of_file(rows: Rows) -> Iterator[Polluted]:
    whole = _written([HEADER, *rows])
    yield _text("clean", whole, rows)
    yield Polluted("utf-8 mark", "bom", b"\xef\xbb\xbf" + whole.encode(), HEADER, rows)
    yield Polluted("utf-16", "utf16", whole.encode("utf-16"), HEADER, rows)
    yield Polluted("cp1252", "cp1252", whole.encode("cp1252"), HEADER, rows)
    yield _text("no end of line at the end", whole.rstrip("\r\n"), rows)
    yield _text("two ends of line at the end", whole + "\r\n\r\n", rows)
    yield _text("one row", _written([HEADER, rows[0]]), rows[:1])
    yield _text("header only", _written([HEADER]), [])
    yield _text("no header", _written(rows), rows, [])
    many = [f"col{i}" for i in range(1024)]
    wide = [[f"{i}.{j}" for j in range(1024)] for i in range(20)]
    yield _text("1,024 columns", _written([many, *wide]), wide, many)
    yield _text("20,000 rows", _written([HEADER, *table(20_000)]), table(20_000))


def _of_dialect(rows: Rows) -> Iterator[Polluted]:
    for mark in (";", "\t", "|", " ", ":", ", ", "\t\t", "^"):
        text = _written([HEADER, *rows], Style(delimiter=mark, every=mark in (" ", ":")))
        yield Polluted("delimiter", f"delimiter {mark!r}", text.encode(), HEADER, rows)
    plain = [[cell.replace("\r\n", " ") for cell in row] for row in rows]
    for end in ("\n", "\r"):
        text = _written([HEADER, *plain], Style(end=end))
        yield Polluted("end of record", f"end {end!r}", text.encode(), HEADER, plain)
    yield _text("all quoted", _written([HEADER, *rows], Style(every=True)), rows)
    yield _text("quote '", _written([HEADER, *rows], Style(quote="'", escape="'")), rows)
    single = Style(quote="'", escape="'", every=True)
    yield _text("quote ', all", _written([HEADER, *rows], single), rows)
    yield _text("escape \\", _written([HEADER, *rows], Style(escape="\\")), rows)


def _of_tables(rows: Rows) -> Iterator[Polluted]:
    whole = _written([HEADER, *rows])
    other = {6: "less", 9: "same", 12: "more"}
    for width, kind in other.items():
        header = [f"AUTRE {i}" for i in range(width)]
        more = [[f"v{i}" if j % 2 else str(i * j) for j in range(width)] for i in range(10)]
        for gap in ("", "\r\n"):
            text = whole + gap + _written([header, *more])
            name = f"two tables, the second {kind}{', after a blank line' if gap else ''}"
            yield Polluted("two tables", name, text.encode(), HEADER, rows + more)
    for lines, blank, cells in itertools.product((1, 3), ("", "\r\n"), (1, 9)):
        row = ["TITRE DU RAPPORT"] + [""] * (cells - 1)
        above = _written([row] * lines) + blank
        name = f"{lines} lines above of {cells} cells{', then blank' if blank else ''}"
        yield Polluted("lines above", name, (above + whole).encode(), HEADER, rows)
        row = ["Édité le 12/03/2018"] + [""] * (cells - 1)
        text = whole + blank + _written([row] * lines)
        yield Polluted("lines below", name, text.encode(), HEADER, rows)


def _of_headers(rows: Rows) -> Iterator[Polluted]:
    for lines in (2, 3):
        parts = [[f"{name} {'abc'[i]}" for name in HEADER] for i in range(lines)]
        header = [" ".join(words) for words in zip(*parts, strict=True)]
        text = _written([*parts, *rows])
        yield Polluted("header of several rows", f"{lines} rows", text.encode(), header, rows)
    for at, name in itertools.product((0, 4, 8), ("", "HEAD/%R", "Quantité", "TRÈS LONG " * 1000)):
        header = [*HEADER[:at], name, *HEADER[at + 1 :]]
        text = _written([header, *rows])
        seen = [" ".join(each.split()) for each in header]
        yield Polluted("odd header", f"{name[:9]!r} at {at}", text.encode(), seen, rows)


def _of_rows(rows: Rows) -> Iterator[Polluted]:
    for at in PLACES:
        line = PLAIN.record(rows[at])
        yield _spoilt(rows, at, "end of one record", PLAIN.record(rows[at])[:-2] + "\n")
        yield _spoilt(rows, at, "delimiter of one record", Style(delimiter=";").record(rows[at]))
        single = Style(quote="'", escape="'").record(rows[at])
        yield _spoilt(rows, at, "quote of one record", single)
        yield _spoilt(rows, at, "escape of one record", Style(escape="\\").record(rows[at]))
        yield _spoilt(rows, at, "blank record", "\r\n" + line)
        short = rows[at][:5]
        yield _spoilt(rows, at, "cut record", PLAIN.record(short), [*short, *[""] * 4])
        yield _spoilt(rows, at, "longer record", PLAIN.record([*rows[at], "", ""]))
        for column in range(len(HEADER)):
            yield from _of_cells(rows, at, column)


def _of_cells(rows: Rows, at: int, column: int) -> Iterator[Polluted]:
    cells = [PLAIN.cell(each) for each in rows[at]]
    before, cell, after = cells[:column], cells[column], cells[column + 1 :]
    text = ",".join([*before, '"' + cell, *after]) + "\r\n"
    seen = [*rows[at][:column], '"' + rows[at][column], *rows[at][column + 1 :]]
    yield _spoilt(rows, at, "one quote more", text, seen, column)
    text = ",".join([*before, "," + cell, *after]) + "\r\n"
    yield _spoilt(rows, at, "one delimiter more", text, rows[at], column)
    if column:
        text = ",".join([*before[:-1], before[-1] + cell, *after]) + "\r\n"
        yield _spoilt(rows, at, "one delimiter less", text, rows[at], column)


def _spoilt(
    rows: Rows, at: int, kind: str, line: str, seen: list[str] | None = None, column: int = 0
) -> Polluted:
    """The table with one record written otherwise, and what a person sees of it."""
    text = _written([HEADER, *rows[:at]]) + line + _written(rows[at + 1 :])
    found = [*rows[:at], rows[at] if seen is None else seen, *rows[at + 1 :]]
    return Polluted(kind, f"{kind}, row {at}, column {column}", text.encode(), HEADER, found)


# -- readers: a path -> header and rows of all tables, or an exception --------------------------


def _jalon(path: Path) -> tuple[list[str], Rows]:
    header: list[str] = []
    rows: Rows = []
    for each in jalon.read(path):
        names = each.text.column_names
        header = header or names
        columns = [[cell or "" for cell in column.to_pylist()] for column in each.text.columns]
        rows += [list(row) for row in zip(*columns, strict=True)]
    return header, rows


def _duckdb(path: Path) -> tuple[list[str], Rows]:
    import duckdb  # noqa: PLC0415

    # Of its lenient options, told by nothing in the file, the one that gives most back.
    found = duckdb.execute("FROM read_csv(?, all_varchar=true, ignore_errors=true)", [str(path)])
    names = [each[0] for each in found.description]
    return names, [[cell or "" for cell in row] for row in found.fetchall()]


def _duckdb_plain(path: Path) -> tuple[list[str], Rows]:
    import duckdb  # noqa: PLC0415

    found = duckdb.execute("FROM read_csv(?, all_varchar=true)", [str(path)])
    names = [each[0] for each in found.description]
    return names, [[cell or "" for cell in row] for row in found.fetchall()]


def _pandas(path: Path) -> tuple[list[str], Rows]:
    import pandas  # noqa: PLC0415

    found = pandas.read_csv(
        path, sep=None, engine="python", dtype=str, keep_default_na=False, on_bad_lines="skip"
    )
    return list(map(str, found.columns)), found.astype(str).to_numpy().tolist()


def _polars(path: Path) -> tuple[list[str], Rows]:
    import polars  # noqa: PLC0415

    found = polars.read_csv(
        path, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy"
    )
    return found.columns, [[cell or "" for cell in row] for row in found.rows()]


def _clevercsv(path: Path) -> tuple[list[str], Rows]:
    import clevercsv  # noqa: PLC0415

    rows = clevercsv.read_table(path)
    return rows[0], rows[1:]


READERS: dict[str, Callable[[Path], tuple[list[str], Rows]]] = {
    "Jalon": _jalon,
    "DuckDB": _duckdb_plain,
    "DuckDB, ignore_errors": _duckdb,
    "pandas": _pandas,
    "Polars": _polars,
    "CleverCSV": _clevercsv,
}


# -- the score -----------------------------------------------------------------------------------


def score(file: Polluted, header: list[str], rows: Rows) -> float:
    """The ten measures added up."""
    cells = [list(map(_same, row)) for row in rows]
    wanted = [list(map(_same, row)) for row in file.rows]
    return (
        1
        + _overlap(map(_same, file.header), map(_same, header))
        + _overlap(map(tuple, wanted), map(tuple, cells))
        + _overlap(itertools.chain(*wanted), itertools.chain(*cells))
    )


def _same(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split())


def _overlap(wanted: Iterable[object], found: Iterable[object]) -> float:
    """Precision, recall and F1 added up; all right where nothing is wanted."""
    here, there = Counter(wanted), Counter(found)
    both = (here & there).total()
    if not here:
        return 3.0
    if not both:
        return 0.0
    precision, recall = both / there.total(), both / here.total()
    return precision + recall + 2 * precision * recall / (precision + recall)


def read_all(folder: Path, readers: Sequence[str]) -> dict[str, list[float | None]]:
    """By reader, the score of each file of the bench; None where it refused to read it."""
    files = list(polluted())
    found: dict[str, list[float | None]] = {name: [] for name in readers}
    for number, file in enumerate(files):
        path = folder / f"{number}.csv"
        path.write_bytes(file.content)
        for name in readers:
            try:
                found[name].append(score(file, *READERS[name](path)))
            except Exception:
                found[name].append(None)
    return found


def run() -> None:
    """Print the scores of all readers, by kind and in all."""
    files = list(polluted())
    with tempfile.TemporaryDirectory() as folder:
        found = read_all(
            Path(folder), ["Jalon", "DuckDB", "DuckDB, ignore_errors", "Polars", "pandas"]
        )
        if peers := os.environ.get("JALON_PEERS"):
            command = [f"{peers}/bin/python", __file__, "CleverCSV"]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            done = subprocess.run(command, capture_output=True, check=True, env=environment)
            found |= json.loads(done.stdout)
    _print(files, found)


def _print(files: list[Polluted], found: dict[str, list[float | None]]) -> None:
    kinds: dict[str, list[int]] = defaultdict(list)
    for number, file in enumerate(files):
        kinds[file.kind].append(number)
    print("| kind of pollution | files | " + " | ".join(found) + " |")
    print("|---|---|" + "---|" * len(found))
    for kind, numbers in kinds.items():
        means = [_mean([scores[i] for i in numbers]) for scores in found.values()]
        print(f"| {kind} | {len(numbers)} | " + " | ".join(f"{one:.3f}" for one in means) + " |")
    means = [_mean(scores) for scores in found.values()]
    print(f"| **all files** | {len(files)} | " + " | ".join(f"**{m:.3f}**" for m in means) + " |")
    by_kind = [
        sum(_mean([scores[i] for i in numbers]) for numbers in kinds.values()) / len(kinds)
        for scores in found.values()
    ]
    figures = " | ".join(f"**{mean:.3f}**" for mean in by_kind)
    print(f"| **mean of kinds** | {len(kinds)} | {figures} |")
    refused = [sum(one is None for one in scores) for scores in found.values()]
    print("| refused | | " + " | ".join(map(str, refused)) + " |")


def _mean(scores: Iterable[float | None]) -> float:
    known = [one or 0.0 for one in scores]
    return sum(known) / len(known)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(read_all(Path(place), sys.argv[1:])))
