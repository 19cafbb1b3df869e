"""A number as people write it: groups, either decimal mark, sign, parentheses, suffix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from jalon.intake.formats import CellFormat

SPACES = " \u00a0\u202f\u2009"
SPACE = f"[{SPACES}]"
EXPONENT = "(?:[eE][-+][0-9]{1,3})?"
CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR",
    "$": "USD", "us$": "USD", "usd": "USD",
    "£": "GBP", "gbp": "GBP", "chf": "CHF", "cad": "CAD", "¥": "JPY", "jpy": "JPY",
    "₹": "INR", "inr": "INR", "r$": "BRL", "brl": "BRL", "mad": "MAD", "xof": "XOF",
}  # fmt: skip
CURRENCY = "(?:" + "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True))) + ")"
SUFFIXES = {"k": 10**3, "m": 10**6, "md": 10**9, "mds": 10**9}


@dataclass(frozen=True)
class Shape:
    """A way to write the digits: the decimal mark it proves, and the mark of its groups."""

    name: str
    core: str
    decimal: str | None = None
    thousands: str | None = None
    ambiguous: str | None = None


def _shapes() -> Iterable[Shape]:
    whole, group = "(?:0|[1-9][0-9]*)", "[1-9][0-9]{0,2}"
    yield Shape("integer", whole)
    yield Shape("integer exponent", whole + "[eE][-+][0-9]{1,3}")
    for mark in ",.":
        decimal = re.escape(mark)
        yield Shape(f"ambiguous {mark}", f"{group}{decimal}[0-9]{{3}}", ambiguous=mark)
        yield Shape(f"decimal {mark}", f"{whole}?{decimal}[0-9]+{EXPONENT}", mark)
    for mark, code in ((" ", SPACE), ("'", "['’]")):
        groups = f"{group}(?:{code}[0-9]{{3}})+"
        yield Shape(f"groups {mark}", groups, None, mark)
        for decimal in ",.":
            yield Shape(
                f"groups {mark}{decimal}", f"{groups}{re.escape(decimal)}[0-9]+", decimal, mark
            )
    for mark, decimal in ((",", "."), (".", ",")):
        groups, end = f"{group}(?:{re.escape(mark)}[0-9]{{3}})", f"{re.escape(decimal)}[0-9]+"
        yield Shape(f"groups {mark}", groups + "{2,}", decimal, mark)
        yield Shape(f"groups {mark}{decimal}", groups + "+" + end, decimal, mark)


SHAPES = tuple(_shapes())


def fits(shape: Shape, decimal: str | None, marks: frozenset[str]) -> bool:
    """Whether digits of this shape are a number where that mark is the decimal one.

    ``marks`` names the marks of groups that are known (``groups:.``), and says by ``ambiguous``
    that digits which could be read either way are counted in while no mark is decided.
    """
    if shape.ambiguous:
        known = shape.ambiguous == decimal or f"groups:{shape.ambiguous}" in marks
        return known if decimal else "ambiguous" in marks
    if shape.thousands and f"groups:{shape.thousands}" not in marks:
        return False
    return shape.decimal is None or shape.decimal == decimal


DECORATED = re.compile(
    rf"(?i)\s*(?P<open>\()?\s*(?P<before>[-+−])?{SPACE}?(?P<first>{CURRENCY})?{SPACE}?"
    rf"(?P<sign>[-+−])?(?P<core>[0-9.,][0-9.,'’{SPACES}]*(?:e[-+]?[0-9]+)?)(?<!{SPACE}){SPACE}?"
    rf"(?P<suffix>mds?|[km])?{SPACE}?(?P<last>{CURRENCY}|%)?{SPACE}?(?P<after>-)?"
    rf"\s*(?P<close>\))?\s*"
)


@dataclass(frozen=True)
class NumberCell:
    """How a cell writes its number: its shape, what stands around it, and its currency."""

    shape: Shape
    marks: frozenset[str]
    currency: str | None


@lru_cache(maxsize=1 << 16)
def number_cell(value: str) -> NumberCell | None:
    """How the cell writes a number; None where it holds none."""
    found = DECORATED.fullmatch(value)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [found[name] for name in ("before", "sign", "after") if found[name]]
    shape = next((one for one in SHAPES if re.fullmatch(one.core, found["core"])), None)
    if shape is None or len(signs) > 1 or (found["suffix"] and found["last"] == "%"):
        return None
    symbol = found["first"] or found["last"]
    currency = CURRENCIES.get(symbol.lower()) if symbol else None
    return NumberCell(shape, frozenset(_marks(found, value)), currency)


def _marks(found: re.Match[str], value: str) -> Iterable[str]:
    named = {"open": "parentheses", "after": "trailing_minus", "suffix": "suffix"}
    yield from (mark for group, mark in named.items() if found[group])
    if found["first"] or (found["last"] and found["last"] != "%"):
        yield "currency:" + (found["first"] or found["last"])
    if found["last"] == "%":
        yield "percent"
    if "−" in value:
        yield "minus"
    if found["first"] and found["before"]:
        yield "sign_before_currency"
    core = found["core"]
    if any(space in core for space in SPACES) or re.search(r"\s", value.replace(core, "")):
        yield "space"


FORMAT = CellFormat(
    name="number",
    description="A number: 1234, -12.5, 1 234,50, 1.234,50, 1E+5",
    pattern=r"(?s).*[0-9].*",
    accepted=("0", "1234", "-12.5", "1 234,50", "1\u202f234,50", "1.234,50", "1,234.50", "1E+5",
              "(123)", "12-", "$1,117.10K", "12 k€", "45 %"),
    refused=("", "abc", "01/02/2024", "12 rue", "1,23,4", "06 12 34 56 78", "00001", "12E45",
             "1 2 3"),
    check=lambda text: number_cell(text) is not None,
)  # fmt: skip
