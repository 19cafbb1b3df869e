"""A table written in a random dialect reads back equal, or says why it does not."""

import csv
import datetime as dt
import io
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import jalon
from jalon.intake.reading import ReadTable

Row = tuple[str, Decimal, dt.date, bool]
HEADER = ["Société", "Montant", "Créée le", "Actif"]
MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.",
          "nov.", "déc.")  # fmt: skip


def _grouped(group: str, decimal: str, after: str = "") -> Callable[[Decimal], str]:
    def write(amount: Decimal) -> str:
        text = f"{amount:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", group)
        return text + after

    return write


NUMBERS = {
    "1234,50": _grouped("", ","),
    "1234.50": _grouped("", "."),
    "1 234,50": _grouped(" ", ","),
    "1\u00a0234,50 €": _grouped("\u00a0", ",", " €"),
    "1.234,50": _grouped(".", ","),
    "1,234.50": _grouped(",", "."),
    "(1 234,50)": lambda a: f"({_grouped(' ', ',')(-a)})" if a < 0 else _grouped(" ", ",")(a),
}
DATES = {
    "dmy": lambda day: f"{day:%d/%m/%Y}",
    "mdy": lambda day: f"{day:%m/%d/%Y}",
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "dots": lambda day: f"{day:%d.%m.%Y}",
    "words": lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
}
#: A row may be set apart where it can be read in several ways.
APART = ("unclosed_quote", "too_many_cells", "too_few_cells")
FLAGS = {"Oui/Non": ("Oui", "Non"), "Yes/No": ("Yes", "No"), "1/0": ("true", "false")}


@dataclass(frozen=True)
class Dialect:
    """How a table is written."""

    encoding: str
    delimiter: str
    quote: str
    quoting: int
    doubled: bool
    end: str
    number: str
    date: str
    flag: str
    titles: int
    total: bool
    footer: bool
    blank_column: bool
    blank_lines: bool
    again: bool


WORDS = st.text(
    st.characters(codec="cp1252", categories=("L", "N", "P", "Zs")), min_size=1, max_size=14
).map(str.strip)
# A name has a letter: one that is all marks or figures is no company.
NAMES = st.tuples(st.sampled_from("ABCDEÉFGLMPRZ"), WORDS, st.sampled_from(["", "\nannexe"])).map(
    lambda parts: parts[0] + "".join(parts[1:]).rstrip()
)
AMOUNTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2049, 12, 31))
ROWS = st.lists(st.tuples(NAMES, AMOUNTS, DAYS, st.booleans()), min_size=2, max_size=12)
DIALECTS = st.builds(
    Dialect,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quote=st.sampled_from(['"', '"', '"', "'"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    doubled=st.sampled_from([True, True, True, False]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    number=st.sampled_from(sorted(NUMBERS)),
    date=st.sampled_from(sorted(DATES)),
    flag=st.sampled_from(sorted(FLAGS)),
    titles=st.integers(0, 2),
    total=st.booleans(),
    footer=st.booleans(),
    blank_column=st.booleans(),
    blank_lines=st.booleans(),
    again=st.booleans(),
)


def _written(rows: list[Row], how: Dialect) -> bytes:
    out = io.StringIO(newline="")
    escape = None if how.doubled else "\\"
    writer = csv.writer(
        out,
        delimiter=how.delimiter,
        quotechar=how.quote,
        # The writer quotes neither a line feed where lines end otherwise nor an escaped quote.
        quoting=how.quoting if how.doubled and how.end != "\r" else csv.QUOTE_ALL,  # type: ignore[arg-type]
        doublequote=how.doubled,
        escapechar=escape,
        lineterminator=how.end,
    )

    def put(cells: list[str]) -> None:
        writer.writerow([cells[0], "", *cells[1:]] if how.blank_column else cells)

    out.write(f"Export des affaires{how.end}" * how.titles)
    put(HEADER)
    number, date, flags = NUMBERS[how.number], DATES[how.date], FLAGS[how.flag]
    for at, (name, amount, day, active) in enumerate(rows):
        if how.again and at == len(rows) // 2:
            put(HEADER)
        put([name, number(amount), date(day), flags[0] if active else flags[1]])
        if how.blank_lines and at == 0:
            out.write(how.end)
    if how.total:
        put(["Total général", number(sum(row[1] for row in rows) or Decimal(0)), "", ""])
    if how.footer:
        out.write(f"Édité le 12/04/2026{how.end}")
    return out.getvalue().encode(how.encoding)


def _read(content: bytes) -> ReadTable | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "affaires.csv"
        path.write_bytes(content)
        try:
            (table,) = jalon.read(path)
        except jalon.JalonError as refused:
            event(f"refused: {refused.problem.code}")
            return None
        return table


def _same(rows: list[Row], table: ReadTable, how: Dialect) -> None:
    """The rows taken in are those written, in order; the others are set apart, and all counted."""
    codes = Counter(one.code for one in table.quarantine)
    apart = sum(codes[code] for code in APART)
    event(f"{apart} set apart")
    assert codes.keys() <= {*APART, "total_row", "footer", "repeated_header"}, table.quarantine
    assert codes["repeated_header"] == how.again
    assert table.rows == len(rows) + len(table.quarantine) - apart
    found = list(zip(*(_cells(table, name) for name in HEADER), strict=True))
    assert len(found) == len(rows) - apart
    written = iter(rows)
    for row in found:
        assert any(_alike(row, other) for other in written), row


def _cells(table: ReadTable, name: str) -> list[object]:
    """The typed cells of a column; nothing where how to read it is left to the user."""
    column = table.table.column(name).to_pylist()
    asked = any(one.column == name and "choices" in one.facts for one in table.evidence)
    return [None] * len(column) if asked else column


def _alike(found: tuple[object, ...], row: Row) -> bool:
    name, *others = found
    return _plain(str(name)) == _plain(row[0]) and all(
        one is None or one == other for one, other in zip(others, row[1:], strict=True)
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS, DIALECTS)
def test_a_table_in_a_random_dialect_reads_back_equal_or_is_refused(
    rows: list[Row], how: Dialect
) -> None:
    # What a backslash before another letter than a quote means is settled nowhere.
    assume(how.doubled or not any("\\" in row[0] for row in rows))
    if (table := _read(_written(rows, how))) is not None:
        _same(rows, table, how)
