"""Numbers on an axis, as on the page: Babel's signs, given to Vega."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel.numbers import (
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

from jalon.locale import numbers, text

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}


@cache
def number_locale(lang: str) -> dict[str, Any]:
    """The signs of a language's numbers, as Vega takes them (d3-format's locale)."""
    locale = _LOCALES[lang]
    return {
        "decimal": str(get_decimal_symbol(locale)),
        "thousands": str(get_group_symbol(locale)),
        "grouping": [3],
        "currency": ["", ""],
        "percent": numbers.figure(0.0, "percent", lang).lstrip("0,."),
        "minus": "\u2212",
    }


@dataclass(frozen=True)
class Wording:
    """How an axis says its values: a Vega expression, and the characters of the longest."""

    expression: str
    longest: int


def wording(values: list[float], step: float, unit: str, lang: str) -> Wording:
    """How to say these values of an axis, with as many decimals as its step needs."""
    per, before, after = _affixes(max(map(abs, values), default=0.0), unit, lang)
    decimals = max(0, -math.floor(math.log10(step / per) + 1e-9))
    widest = max((len(f"{value / per:,.{decimals}f}") for value in values), default=1)
    longest = widest + len(before) + len(after)
    shown = f"format(abs(datum.value) / {per!r}, ',.{decimals}f')"
    plus = "+" if unit == "points" else ""
    sign = f"(datum.value < 0 ? '\u2212' : datum.value > 0 ? '{plus}' : '')"
    quoted = [json.dumps(each, ensure_ascii=False) for each in (before, after)]
    return Wording(f"{sign} + {quoted[0]} + {shown} + {quoted[1]}", longest + len(plus))


def _affixes(most: float, unit: str, lang: str) -> tuple[float, str, str]:
    """By what values are divided, and what is written before and after."""
    if unit == "percent":
        return 0.01, "", str(number_locale(lang)["percent"])
    if unit.isupper():
        per, letter = (1e6, "M") if most > 1e7 else (1e3, "k") if most > 1e4 else (1.0, "")
        symbol = str(get_currency_symbol(unit, _LOCALES[lang]))
        french = lang == "fr"
        return (per, "", f"\u00a0{letter}{symbol}") if french else (per, symbol, letter)
    after = {"days", "months", "per_year", "times"}
    return 1.0, "", text(f"chart.unit.{unit}", lang) if unit in after else ""
