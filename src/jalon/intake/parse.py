"""Cells of text as typed values: SQL expressions that give NULL where a cell cannot be read.

Each function takes the expression of a cell and the profile of its column, and asks no more of the
engine than the column needs: a column that is clean is cast, one that is not is checked first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from jalon.intake.formats.date import MONTHS
from jalon.intake.formats.flag import FALSE, TRUE
from jalon.intake.formats.number import CURRENCY, SHAPES, SPACE, SPACES, SUFFIXES, fits
from jalon.intake.profile import NULL_WORDS, Profile, in_order
from jalon.intake.text_table import ColumnProfile, Content

MONEY = "DECIMAL(18,4)"
WIDE = "DECIMAL(38,10)"
ALL_MARKS = frozenset(
    {"space", "percent", "suffix", "parentheses", "trailing_minus", "minus", "currency"}
    | {"null_word", "quarters"}
)
ISO_FORMATS = frozenset(
    f"%Y-%m-%d{gap}{time}" for gap in "T " for time in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
) | {"%Y-%m-%d"}


def money(cell: exp.Expr, profile: ColumnProfile, decimal: str | None = None) -> exp.Expr:
    """The amount as DECIMAL(18,4), rounded half away from zero; NULL beyond its range."""
    return _number(cell, profile, decimal, MONEY)


def number(cell: exp.Expr, profile: ColumnProfile, decimal: str | None = None) -> exp.Expr:
    """The number as DOUBLE."""
    return _number(cell, profile, decimal, "DOUBLE")


def integer(cell: exp.Expr, profile: ColumnProfile, decimal: str | None = None) -> exp.Expr:
    """The whole number as BIGINT; NULL where it has a fraction that is not zero."""
    if profile.content is Content.INTEGER and _clean(profile) and not _marks(profile):
        return _try_cast(cell.copy(), "BIGINT")
    value = _number(cell, profile, decimal, WIDE)
    whole = exp.EQ(this=value, expression=_call("TRUNC", value.copy()))
    return _case([(whole, _try_cast(value.copy(), "BIGINT"))])


def share(cell: exp.Expr, profile: ColumnProfile, decimal: str | None = None) -> exp.Expr:
    """The share from 0 to 1: a cell with its ``%`` is divided by 100, and so is a whole column
    that goes beyond 1."""
    value = number(cell, profile, decimal)
    hundredth = exp.Div(this=exp.Paren(this=value), expression=exp.Literal.number(100), typed=False)
    if (_largest(profile) or 0) > 1:
        return hundredth
    if "percent" in _marks(profile):
        return _case([(_call("CONTAINS", cell.copy(), _text("%")), hundredth)], value.copy())
    return value


def flag(cell: exp.Expr, profile: ColumnProfile) -> exp.Expr:
    """True for Oui, Yes, Vrai, X…; false for Non, No, Faux…"""
    word = _call("LOWER", _call("TRIM", cell.copy()))
    yes = exp.In(this=word, expressions=[_text(one) for one in TRUE])
    no = exp.In(this=word.copy(), expressions=[_text(one) for one in FALSE])
    return _case([(yes, exp.true()), (no, exp.false())])


def moment(
    cell: exp.Expr,
    profile: ColumnProfile,
    date_order: str | None = None,
    zone: str = "Europe/Paris",
) -> exp.Expr:
    """The moment as TIMESTAMP in ``zone``; NULL for all where the order of days is not known."""
    if "serial" in _marks(profile):
        return _of_serial(cell)
    formats = profile.date_formats
    if date_order is not None:
        formats = tuple(in_order(one, date_order) for one in formats)
    elif profile.date_choices:
        formats = ()
    if not formats:
        return exp.cast(exp.null(), "TIMESTAMP")
    local = [one for one in formats if not one.endswith("%z")]
    zoned = _zoned(cell, zone) if len(local) < len(formats) else None
    if not local:
        return zoned or exp.null()
    read = _local(cell, profile, local)
    if zoned is None:
        return read
    has_zone = _call("REGEXP_MATCHES", cell.copy(), _text(r"[0-9] ?(Z|UTC|[-+][0-9:]{2,6})\s*$"))
    return _case([(has_zone, zoned)], read)


def _of_serial(cell: exp.Expr) -> exp.Expr:
    """The day of a workbook's number of days."""
    days = _call("TO_DAYS", _try_cast(_call("TRIM", cell.copy()), "INT"))
    first = exp.cast(_text("1899-12-30"), "TIMESTAMP")
    return exp.paren(exp.Add(this=first, expression=days))


def unreadable(cell: exp.Expr, typed: exp.Expr) -> exp.Expr:
    """Whether the cell says something that could not be read."""
    return exp.and_(
        exp.not_(exp.Is(this=cell.copy(), expression=exp.null())),
        exp.Is(this=typed.copy(), expression=exp.null()),
        exp.not_(is_null_word(cell)),
    )


def is_null_word(cell: exp.Expr) -> exp.Expr:
    """Whether the cell is one of the words for nothing: n/a, NULL, -."""
    word = _call("LOWER", _call("TRIM", cell.copy()))
    return exp.In(this=word, expressions=[_text(one) for one in NULL_WORDS])


def unexplained(profile: Profile) -> list[exp.Expr]:
    """What to ask of the whole column of a profile that a sample gave: the cells it cannot read."""
    cell = exp.column(f"c{profile.index}")
    if profile.content is Content.DATE:
        orders = profile.date_choices or (profile.date_order,)
        unclean = replace(profile, agreement=0.0, date_choices=())
        return [unreadable(cell, moment(cell, unclean, order)) for order in orders]
    pattern = number_pattern(profile.decimal, profile.marks)
    matches = _call("REGEXP_FULL_MATCH", cell.copy(), _text(pattern))
    return [exp.not_(matches)]


def number_pattern(decimal: str | None, marks: frozenset[str]) -> str:
    """The pattern of a whole cell that holds a number under this decimal mark."""
    cores = "|".join(one.core for one in SHAPES if fits(one, decimal, marks))
    symbol = CURRENCY if "currency" in marks else _symbols(marks)
    around, gap = f"(?:{symbol})?" if symbol else "", f"{SPACE}?" if "space" in marks else ""
    minus = "[-+−]" if "minus" in marks else "[-+]"
    suffix = "(?:mds?|[km])?" if "suffix" in marks else ""
    last = f"(?:{symbol or '%'}|%)?" if "percent" in marks else around
    after = "-?" if "trailing_minus" in marks else ""
    body = f"{minus}?{gap}{around}{gap}{minus}?(?:{cores}){gap}{suffix}{gap}{last}{gap}{after}"
    wrapped = rf"(?:\({body}\)|{body})" if "parentheses" in marks else body
    return rf"(?i)\s*{wrapped}\s*"


def _symbols(marks: frozenset[str]) -> str:
    symbols = sorted(mark.partition(":")[2] for mark in marks if mark.startswith("currency:"))
    return "|".join("".join(f"[{letter}]" for letter in one) for one in symbols)


def _number(cell: exp.Expr, profile: ColumnProfile, decimal: str | None, type_: str) -> exp.Expr:
    mark, marks = decimal or profile.decimal, _marks(profile)
    if decimal and decimal != profile.decimal:
        marks = (marks - {"ambiguous"}) | {"groups:" + {",": ".", ".": ","}.get(decimal, " ")}
    text = _digits(cell, marks, mark)
    value = _scaled(text, type_) if "suffix" in marks else _try_cast(text, type_)
    if _clean(profile) and "ambiguous" not in marks and decimal in (None, profile.decimal):
        return value
    pattern = number_pattern(mark, marks - {"ambiguous"})
    return _case([(_call("REGEXP_FULL_MATCH", cell.copy(), _text(pattern)), value)])


def _digits(cell: exp.Expr, marks: frozenset[str], decimal: str | None) -> exp.Expr:
    """The text that the engine casts: no groups, a point, a leading minus."""
    text = cell.copy()
    for found in _removed(marks, decimal):
        text = _call("REPLACE", text, _text(found), _text(""))
    if "currency" in marks:
        text = _call("REGEXP_REPLACE", text, _text(CURRENCY), _text(""), _text("gi"))
    if decimal == ",":
        text = _call("REPLACE", text, _text(","), _text("."))
    if "minus" in marks:
        text = _call("REPLACE", text, _text("−"), _text("-"))
    if "parentheses" in marks:
        text = _call(
            "REPLACE", _call("REPLACE", text, _text("("), _text("-")), _text(")"), _text("")
        )
    if "trailing_minus" in marks:
        text = _leading_minus(text)
    return text


def _removed(marks: frozenset[str], decimal: str | None) -> Iterable[str]:
    if "space" in marks or "groups: " in marks:
        yield from SPACES
    if "groups:'" in marks:
        yield from "'’"
    yield from (mark for mark in ",." if f"groups:{mark}" in marks and mark != decimal)
    yield from sorted(mark.partition(":")[2] for mark in marks if mark.startswith("currency:"))
    if "percent" in marks:
        yield "%"


def _leading_minus(text: exp.Expr) -> exp.Expr:
    trimmed = _call("TRIM", text)
    ends = _call("ENDS_WITH", trimmed, _text("-"))
    bare = _call("RTRIM", trimmed.copy(), _text("-"))
    return _case([(ends, _call("CONCAT", _text("-"), bare))], trimmed.copy())


def _scaled(text: exp.Expr, type_: str) -> exp.Expr:
    """The number before its k, M or Md, multiplied."""
    trimmed = _call("LOWER", _call("TRIM", text))
    base = _try_cast(_call("RTRIM", trimmed, _text("kmds ")), "DECIMAL(28,10)")
    factors = [
        (_call("ENDS_WITH", trimmed.copy(), _text(suffix)), exp.Literal.number(factor))
        for suffix, factor in SUFFIXES.items()
    ]
    product = exp.Mul(this=base, expression=_case(factors, exp.Literal.number(1)))
    return _try_cast(product, type_)


def _local(cell: exp.Expr, profile: ColumnProfile, formats: list[str]) -> exp.Expr:
    if _clean(profile) and set(formats) <= ISO_FORMATS:
        return _try_cast(cell.copy(), "TIMESTAMP")
    words = "month_words" in _marks(profile) if isinstance(profile, Profile) else _worded(formats)
    text = _numbered_months(cell) if words else cell.copy()
    if words:
        formats = [one.replace("%b", "%m").replace("%B", "%m") for one in formats]
    if "quarters" in _marks(profile):
        text = _numbered_quarters(text)
    # A year of two digits is tried first: %Y would take 24 for the year 24.
    ordered = sorted(dict.fromkeys(formats), key=lambda one: "%y" not in one)
    layouts = exp.Array(expressions=[_text(one) for one in ordered])
    return exp.cast(_call("TRY_STRPTIME", text, layouts), "TIMESTAMP")


def _worded(formats: list[str]) -> bool:
    return any("%b" in one or "%B" in one for one in formats)


def _numbered_months(cell: exp.Expr) -> exp.Expr:
    """The cell with the name of its month replaced by its number."""
    found = _call("REGEXP_EXTRACT", cell.copy(), _text(r"\pL{3,10}"))
    plain = _call("STRIP_ACCENTS", _call("LOWER", found))
    months: dict[int, list[str]] = {}
    for name, month in MONTHS.items():
        months.setdefault(month, []).append(name)
    cases: list[tuple[exp.Expr, exp.Expr]] = [
        (exp.In(this=plain.copy(), expressions=list(map(_text, names))), _text(f"{month:02}"))
        for month, names in months.items()
    ]
    return _call("REPLACE", cell.copy(), found.copy(), _case(cases, found.copy()))


def _numbered_quarters(cell: exp.Expr) -> exp.Expr:
    """The cell with its quarter replaced by the number of its first month: T2 2026 is 04 2026."""
    text = cell
    for quarter in range(1, 5):
        pattern, month = _text(rf"\b[TtQq]{quarter}"), _text(f"{3 * quarter - 2:02}")
        text = _call("REGEXP_REPLACE", text, pattern, month)
    return text


def _zoned(cell: exp.Expr, zone: str) -> exp.Expr:
    moment = _try_cast(_call("REPLACE", cell.copy(), _text("UTC"), _text("Z")), "TIMESTAMPTZ")
    return _call("TIMEZONE", _text(zone), moment)


def _clean(profile: ColumnProfile) -> bool:
    return (
        isinstance(profile, Profile)
        and profile.agreement == 1.0
        and "null_word" not in profile.marks
        and profile.content in (Content.INTEGER, Content.DECIMAL, Content.DATE)
    )


def _marks(profile: ColumnProfile) -> frozenset[str]:
    if isinstance(profile, Profile):
        return profile.marks
    groups = {f"groups:{mark}" for mark in (" ", "'", profile.thousands) if mark}
    return ALL_MARKS | groups


def _largest(profile: ColumnProfile) -> float | None:
    return profile.largest if isinstance(profile, Profile) else None


def _text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _try_cast(value: exp.Expr, type_: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(type_, dialect="duckdb"))


def _case(whens: Iterable[tuple[exp.Expr, exp.Expr]], default: exp.Expr | None = None) -> exp.Expr:
    case = exp.Case(ifs=[exp.If(this=when, true=then) for when, then in whens])
    if default is not None:
        case.set("default", default)
    return case
