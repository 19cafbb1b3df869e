"""What each column of text holds: its content, its number marks, its date formats.

Nothing is decided cell by cell. A column with few different values is judged on all of them; one
with many on a sample, then on all the cells that the sample's verdict cannot read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from jalon.engines.duckdb import DuckDB
from jalon.intake.formats.date import DateCell, date_cell
from jalon.intake.formats.flag import PAIRS
from jalon.intake.formats.number import NumberCell, fits, number_cell
from jalon.intake.text_table import ColumnProfile, Content, Evidence, TextTable

PRECISIONS = ("second", "minute", "day", "month", "quarter")
FEW = 3000
#: A table of more rows is first judged on a sample.
LARGE = 20_000
#: Of a table of more columns as many cells are asked at a time: each question costs its width.
WIDE, CELLS = 500, 4_000_000
#: A column of more different words is no flag.
FLAGS = 12
#: A longer cell is text, whatever it is made of.
LONG = 120
SAMPLE = 2000
EXAMPLES = 5
MOSTLY = 0.8
SOME = 0.3
WHOLE = frozenset(("integer", "groups  ", "groups '"))
FRACTIONS = frozenset(("percent", "suffix"))
#: Days counted by a workbook from the end of 1899: of 1954 to 2119, whole, under a name of date.
SERIAL = range(20_000, 80_001)
DATED = re.compile(r"(?i)\b(date|jour|day)\b|[\s_](le|at|on)$")
CODE = re.compile(r"0[0-9]+([.,][0-9]+)?")
NULL_WORDS = (
    "n/a", "#n/a", "na", "n.a.", "null", "<null>", "none", "nan", "nil", "\\n", "-", "--", "—",
    "?", "xxx", "n.c.", "nc", "n.d.", "nd", "#ref!", "#value!", "#valeur!", "#div/0!", "#nom?",
    "#name?",
)  # fmt: skip


@dataclass(frozen=True)
class Profile(ColumnProfile):
    """A column's profile with what its reading needs.

    ``marks``: what stands around its numbers and dates (``percent``, ``suffix``, ``parentheses``,
    ``currency:€``, ``null_word``, ``ambiguous``, ``both_orders``…).
    ``largest`` is its greatest number, as found.
    """

    marks: frozenset[str] = frozenset()
    largest: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class _Values:
    """Values of a column with their counts; ``whole`` where none is left out."""

    counts: Mapping[str, int]
    filled: int
    distinct: int
    whole: bool


@dataclass(frozen=True)
class _Given:
    """The user's word on the marks of a file."""

    decimal: str | None = None
    date_order: str | None = None


@dataclass
class _Verdict:
    """What values say, as counts of cells."""

    cells: int = 0
    null_words: int = 0
    numbers: Counter[NumberCell] = field(default_factory=Counter)
    dates: Counter[DateCell] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    codes: int = 0
    largest: float | None = None

    @property
    def meant(self) -> int:
        """The cells that say something."""
        return self.cells - self.null_words


def profile(
    table: TextTable,
    engine: DuckDB,
    decimal: str | None = None,
    date_order: str | None = None,
) -> list[Profile]:
    """The profile of each column; ``decimal`` and ``date_order`` are the user's word."""
    given = _Given(decimal, date_order)
    found = [
        _column(table, engine, index, column, given)
        for index, column in enumerate(_all_values(table, engine))
    ]
    settled = _settle_orders(_settle_decimals(found))
    return [replace(one, evidence=(*one.evidence, *_evidence(one, given))) for one in settled]


def in_order(layout: str, order: str) -> str:
    """A strptime format with its day and month in the order asked, where it has no other sign."""
    day, month = layout.find("%d"), layout.find("%m")
    if layout.startswith("%Y") or day < 0 or month < 0 or order not in ("DMY", "MDY"):
        return layout
    if (day < month) == (order == "DMY"):
        return layout
    return layout.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def why_undecided(decision: str, column: ColumnProfile) -> str:
    """On what it rests that the ``date_order`` or ``decimal`` of a column must be asked."""
    marks: frozenset[str] = getattr(column, "marks", frozenset())
    if decision == "date_order":
        return "days_in_both_orders" if "both_orders" in marks else "days_never_beyond_12"
    return "both_decimal_marks" if "both_marks" in marks else "three_digits_after_the_mark"


def _all_values(table: TextTable, engine: DuckDB) -> list[_Values]:
    width = range(len(table.headers))
    if not table.headers:
        return []
    if len(width) > WIDE and table.rows <= LARGE:
        return list(_wide_values(table, engine))
    counted = ", ".join(f"count(c{i}), approx_count_distinct(c{i})" for i in width)
    row = engine.rows(f"SELECT {counted} FROM {table.relation}")[0]
    samples = _samples(table, engine) if table.rows > LARGE else {}
    return [_values(table, engine, i, row[2 * i], row[2 * i + 1], samples.get(i)) for i in width]


def _wide_values(table: TextTable, engine: DuckDB) -> Iterator[_Values]:
    """The values of a table of many columns, whole."""
    names = [f"c{index}" for index in range(len(table.headers))]
    step = max(WIDE, CELLS // max(1, table.rows))
    for first in range(0, len(names), step):
        some = ", ".join(names[first : first + step])
        for column in engine.run(f"SELECT {some} FROM {table.relation}").columns:
            counts = Counter(cell for cell in column.to_pylist() if cell is not None)
            yield _Values(counts, counts.total(), len(counts), True)


def _samples(table: TextTable, engine: DuckDB) -> dict[int, Counter[str]]:
    """The first cells of a large table and others at even steps, by column."""
    step, first = max(1, table.rows // SAMPLE), SAMPLE // 4
    kept = engine.kept(table.relation)
    if kept is None:
        found = engine.run(
            f"SELECT * EXCLUDE (_line) FROM {table.relation} "
            f"WHERE _line % {step} = 0 OR _line <= {first}"
        )
    else:
        lines = kept.column("_line").to_numpy()
        chosen = np.flatnonzero((lines % step == 0) | (lines <= first))
        found = kept.drop_columns(["_line"]).take(chosen)
    return {
        place: Counter(cell for cell in column.to_pylist() if cell is not None)
        for place, column in enumerate(found.columns)
    }


def _values(
    table: TextTable,
    engine: DuckDB,
    index: int,
    filled: int,
    distinct: int,
    sample: Counter[str] | None,
) -> _Values:
    if filled == 0:
        return _Values({}, 0, 0, True)
    if sample is not None and _is_prose(sample):
        return _Values(sample, filled, min(max(distinct, len(sample)), filled), False)
    if distinct <= FEW:
        rows = engine.rows(_counts_sql(table.relation, index, f"c{index} IS NOT NULL"))
        return _Values(dict(rows), filled, len(rows), True)
    if sample is None or sample.total() < min(SAMPLE // 4, filled):
        step = max(1, filled // SAMPLE)
        where = f"c{index} IS NOT NULL AND (_line % {step} = 0 OR _line <= {SAMPLE // 4})"
        sample = Counter(dict(engine.rows(_counts_sql(table.relation, index, where))))
    return _Values(
        sample, filled, min(max(distinct, len(sample)), filled), filled == sample.total()
    )


def _is_prose(sample: Counter[str]) -> bool:
    """Whether a sample is of words for the most part, and more of them than a flag has."""
    verdict = _judge(sample)
    return verdict.words.total() > (1 - SOME) * verdict.cells > 0 and len(verdict.words) > FLAGS


def _counts_sql(relation: str, index: int, where: str) -> str:
    return (
        f"SELECT c{index}, count(*) AS n FROM {relation} WHERE {where}"
        f" GROUP BY ALL ORDER BY n DESC, c{index} LIMIT {4 * FEW}"
    )


def _column(
    table: TextTable, engine: DuckDB, index: int, values: _Values, given: _Given
) -> Profile:
    header = table.headers[index]
    found = _profiled(index, header, values, _judge(values.counts), given)
    if values.whole or found.content in (Content.TEXT, Content.EMPTY):
        return found
    rest = _unexplained(table, engine, found)
    if not rest:
        return found
    sampled = sum(values.counts.values())
    both = Counter(values.counts)
    for value, times in rest.items():
        both[value] = max(1, round(times * sampled / values.filled))
    judged = _profiled(index, header, values, _judge(both), given)
    wrong = sum(times for value, times in rest.items() if not _reads(judged, value))
    return replace(judged, agreement=min(judged.agreement, 1 - wrong / values.filled))


def _unexplained(table: TextTable, engine: DuckDB, found: Profile) -> dict[str, int]:
    """The cells of the whole column that the verdict of the sample leaves unread."""
    from jalon.intake import parse  # noqa: PLC0415 - parse reads profiles

    rest: dict[str, int] = {}
    for test in parse.unexplained(found):
        sql = _counts_sql(table.relation, found.index, test.sql(dialect="duckdb"))
        rest.update(engine.rows(sql))
    return rest


def _reads(found: Profile, value: str) -> bool:
    if _is_null_word(value):
        return True
    if "serial" in found.marks:
        return value.strip().isdecimal() and int(value) in SERIAL
    if found.content is Content.DATE:
        cell = date_cell(value)
        return cell is not None and _in_order(cell, found.date_order or "DMY")
    if found.content in (Content.INTEGER, Content.DECIMAL):
        number = number_cell(value)
        return number is not None and fits(number.shape, found.decimal, found.marks)
    return True


def _judge(counts: Mapping[str, int]) -> _Verdict:
    verdict = _Verdict()
    for value, times in counts.items():
        verdict.cells += times
        if _is_null_word(value):
            verdict.null_words += times
        elif len(value) > LONG:
            verdict.words[value[:LONG]] += times
        elif cell := date_cell(value):
            verdict.dates[cell] += times
            if cell.layout == "compact":
                _add_number(verdict, value, times)
        elif not _add_number(verdict, value, times):
            text = value.strip()
            verdict.words[text.lower()] += times
            verdict.codes += times if CODE.fullmatch(text) else 0
    return verdict


def _add_number(verdict: _Verdict, value: str, times: int) -> bool:
    cell = number_cell(value)
    if cell is None:
        return False
    verdict.numbers[cell] += times
    size = _size(value)
    verdict.largest = max(size, verdict.largest or size)
    return True


def _size(value: str) -> float:
    """The magnitude of a number as written, its last mark taken for the decimal one."""
    written, _, exponent = value.lower().partition("e+")
    digits = "".join(letter for letter in written if letter in "0123456789,.")
    head, mark, tail = digits.replace(",", ".").rpartition(".")
    size = f"{head.replace('.', '')}.{tail}" if mark else digits
    return float(f"{size}e{exponent.strip()}" if exponent.strip().isdecimal() else size)


def _is_null_word(value: str) -> bool:
    if len(value) > LONG:
        return False
    return value.strip().lower() in NULL_WORDS


def _profiled(
    index: int, header: str, values: _Values, verdict: _Verdict, given: _Given
) -> Profile:
    ranked = sorted(values.counts.items(), key=lambda item: -item[1])
    base = Profile(
        index=index,
        header=header,
        content=Content.TEXT if values.filled else Content.EMPTY,
        filled=values.filled,
        distinct=values.distinct,
        examples=tuple(value for value, _ in ranked[:EXAMPLES]),
        marks=frozenset({"null_word"} if verdict.null_words else ()),
    )
    if not verdict.meant:
        return base
    dates = _dates(verdict)
    if dates.total() >= SOME * verdict.meant and dates.total() >= verdict.numbers.total():
        base = _as_date(base, verdict, dates, given.date_order)
    elif verdict.numbers:
        base = _as_serial(_as_number(base, verdict, given.decimal), verdict)
    return base if base.content is not Content.TEXT else _as_flag(base, verdict)


def _dates(verdict: _Verdict) -> Counter[DateCell]:
    """The dates; eight digits are dates only where all whole numbers of the column are."""
    compact = sum(n for cell, n in verdict.dates.items() if cell.layout == "compact")
    if 1 < compact == verdict.numbers.total():
        return verdict.dates
    return Counter({c: n for c, n in verdict.dates.items() if c.layout != "compact"})


def _as_date(
    base: Profile, verdict: _Verdict, dates: Counter[DateCell], given: str | None
) -> Profile:
    order = given or _order(dates)
    trial = order or "DMY"
    read = sum(times for cell, times in dates.items() if _in_order(cell, trial))
    marks = {"zoned"} if any(cell.zoned for cell in dates) else set()
    marks |= {"month_words"} if any(cell.words for cell in dates) else set()
    marks |= {"both_orders"} if order is None and _proven(dates) else set()
    marks |= {"quarters"} if any(cell.precision == "quarter" for cell in dates) else set()
    enough = dates.total() >= MOSTLY * verdict.meant
    return replace(
        base,
        content=Content.DATE if enough else Content.TEXT,
        date_order=order,
        date_choices=() if order else ("DMY", "MDY"),
        date_formats=_layouts(dates, order),
        precision=_finest(dates),
        agreement=read / verdict.meant,
        marks=base.marks | marks,
    )


def _order(dates: Counter[DateCell]) -> str | None:
    """The order of days and months; None where every date reads in both."""
    if all(cell.layout != "XXY" for cell in dates):
        return dates.most_common(1)[0][0].orders[0]
    return _winner(_proven(dates))


def _proven(dates: Counter[DateCell]) -> Counter[str]:
    """How many dates read in one order alone, by that order."""
    sure = Counter[str]()
    for cell, times in dates.items():
        if cell.layout == "XXY" and len(cell.orders) == 1:
            sure[cell.orders[0]] += times
    return sure


def _winner(votes: Counter[str]) -> str | None:
    """The reading that most cells prove; None where too many prove another."""
    if not votes:
        return None
    [(first, times)] = votes.most_common(1)
    return first if times >= MOSTLY * votes.total() else None


def _in_order(cell: DateCell, order: str) -> bool:
    return cell.layout != "XXY" or order in cell.orders


def _layouts(dates: Counter[DateCell], order: str | None) -> tuple[str, ...]:
    """The formats of the dates, the commonest first: as days first while no order is known."""
    tally = Counter[str]()
    for cell, times in dates.items():
        formats = dict(cell.formats)
        if order is None:
            tally[in_order(cell.formats[0][1], "DMY")] += times
        elif _in_order(cell, order):
            tally[formats.get(order) or cell.formats[0][1]] += times
    return tuple(layout for layout, _ in tally.most_common())


def _finest(dates: Counter[DateCell]) -> str:
    seen = {cell.precision for cell in dates}
    return next(one for one in PRECISIONS if one in seen)


def _as_number(base: Profile, verdict: _Verdict, given: str | None) -> Profile:
    numbers = verdict.numbers
    decimal = given if given and _has_marks(numbers) else _decimal(numbers)
    groups = _groups(numbers, decimal)
    marks = base.marks.union(*(cell.marks for cell in numbers), (f"groups:{one}" for one in groups))
    if decimal is None and any(cell.shape.ambiguous for cell in numbers):
        marks |= {"ambiguous"}
        marks |= {"both_marks"} if any(cell.shape.decimal for cell in numbers) else set()
    currencies = Counter({c.currency: n for c, n in numbers.items() if c.currency})
    fitting = sum(n for cell, n in numbers.items() if fits(cell.shape, decimal, marks))
    return replace(
        base,
        content=_number_content(verdict),
        decimal=decimal,
        thousands=next(iter(groups), None),
        currency=next(iter(currencies)) if len(set(currencies)) == 1 else None,
        agreement=fitting / verdict.meant,
        marks=marks,
        largest=verdict.largest,
    )


def _as_serial(base: Profile, verdict: _Verdict) -> Profile:
    """A date where whole numbers of days stand under a name of date: those of a workbook."""
    plain = base.content is Content.INTEGER and not base.marks and base.agreement == 1.0
    if not plain or not DATED.search(base.header) or (verdict.largest or 0) not in SERIAL:
        return base
    if any(int(value) not in SERIAL for value in base.examples):
        return base
    return replace(
        base,
        content=Content.DATE,
        date_order="YMD",
        date_formats=("serial",),
        precision="day",
        marks=frozenset({"serial"}),
    )


def _has_marks(numbers: Counter[NumberCell]) -> bool:
    return any(cell.shape.decimal or cell.shape.ambiguous for cell in numbers)


def _decimal(numbers: Counter[NumberCell]) -> str | None:
    """The decimal mark that most cells prove; None where others than a few prove the other one, and
    there are cells that read either way."""
    votes = Counter[str]()
    for cell, times in numbers.items():
        if cell.shape.decimal:
            votes[cell.shape.decimal] += times
    if any(cell.shape.ambiguous for cell in numbers):
        return _winner(votes)
    return votes.most_common(1)[0][0] if votes else None


def _groups(numbers: Counter[NumberCell], decimal: str | None) -> list[str]:
    """The marks of groups of digits, the commonest first."""
    tally = Counter[str]()
    for cell, times in numbers.items():
        if cell.shape.thousands:
            tally[cell.shape.thousands] += times
        elif decimal and cell.shape.ambiguous not in (None, decimal):
            tally[cell.shape.ambiguous or ""] += times
    return [mark for mark, _ in tally.most_common() if mark != decimal]


def _number_content(verdict: _Verdict) -> Content:
    numbers = verdict.numbers
    # Codes such as 00001 and 01.13 are names, and so is what no integer can hold.
    if verdict.codes or numbers.total() < MOSTLY * verdict.meant:
        return Content.TEXT
    whole = all(cell.shape.name in WHOLE and not cell.marks & FRACTIONS for cell in numbers)
    if not whole:
        return Content.DECIMAL
    return Content.TEXT if (verdict.largest or 0) >= 2**63 else Content.INTEGER


def _as_flag(base: Profile, verdict: _Verdict) -> Profile:
    words = set(verdict.words)
    if not verdict.numbers and words and any(words <= set(pair) for pair in PAIRS):
        return replace(base, content=Content.FLAG)
    return base


def _settle_decimals(columns: list[Profile]) -> list[Profile]:
    """Give a column that could be read either way the mark of the file's other columns."""
    marks = {one.decimal for one in columns if one.decimal and one.content is Content.DECIMAL}
    if len(marks) != 1:
        return columns
    return [_with_decimal(one, *marks) if "ambiguous" in one.marks else one for one in columns]


def _with_decimal(column: Profile, decimal: str) -> Profile:
    other = "," if decimal == "." else "."
    evidence = Evidence("decimal", decimal, "other_columns", {}, 0.8, column.header)
    return replace(
        column,
        decimal=decimal,
        thousands=other,
        marks=(column.marks - {"ambiguous"}) | {f"groups:{other}"},
        evidence=(evidence,),
    )


def _settle_orders(columns: list[Profile]) -> list[Profile]:
    """Give dates that could be read either way the order of the file's other dates."""
    orders = {one.date_order for one in columns if one.content is Content.DATE and _numeric(one)}
    orders.discard(None)
    if len(orders) != 1:
        return columns
    return [_with_order(one, str(*orders)) if one.date_choices else one for one in columns]


def _numeric(column: Profile) -> bool:
    return any(one.startswith(("%d", "%m")) and "%b" not in one for one in column.date_formats)


def _with_order(column: Profile, order: str) -> Profile:
    evidence = Evidence("date_order", order, "other_columns", {}, 0.8, column.header)
    return replace(
        column,
        date_order=order,
        date_choices=(),
        date_formats=tuple(in_order(one, order) for one in column.date_formats),
        evidence=(evidence,),
    )


def _evidence(column: Profile, given: _Given) -> Iterable[Evidence]:
    certainty = round(column.agreement, 4)
    facts: dict[str, object] = {"filled": column.filled, "distinct": column.distinct}
    name = column.header
    yield Evidence("content", column.content.value, "cells", facts, certainty, name)
    settled = {one.decision for one in column.evidence}
    if column.content is Content.DATE and "date_order" not in settled:
        yield _order_evidence(column, given)
    if (column.decimal or "ambiguous" in column.marks) and "decimal" not in settled:
        yield _decimal_evidence(column, given)
    if column.currency:
        yield Evidence("currency", column.currency, "currency_in_cells", {}, 1.0, name)


def _order_evidence(column: Profile, given: _Given) -> Evidence:
    formats: dict[str, object] = {"formats": list(column.date_formats)}
    if column.date_order is None:
        choices = {**formats, "choices": list(column.date_choices)}
        because = why_undecided("date_order", column)
        return Evidence("date_order", "", because, choices, 0.5, column.header)
    if "serial" in column.marks:
        return Evidence("date_order", "YMD", "serial_days", formats, 0.9, column.header)
    because = (
        "given" if given.date_order else "days_beyond_12" if _numeric(column) else "written_so"
    )
    return Evidence("date_order", column.date_order, because, formats, 1.0, column.header)


def _decimal_evidence(column: Profile, given: _Given) -> Evidence:
    if column.decimal is None:
        choices: dict[str, object] = {"choices": [",", "."], "examples": list(column.examples)}
        return Evidence(
            "decimal", "", why_undecided("decimal", column), choices, 0.5, column.header
        )
    because = "given" if given.decimal else "cells"
    facts: dict[str, object] = {"filled": column.filled}
    return Evidence("decimal", column.decimal, because, facts, column.agreement, column.header)
