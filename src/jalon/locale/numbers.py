"""Numbers and dates as a person reads them, in French or in English."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_symbol,
)

from jalon.model.periods import Period

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_SUFFIXES = {
    "days": {"fr": "\u00a0j", "en": "\u00a0d"},
    "hours": {"fr": "\u00a0h", "en": "\u00a0h"},
    "months": {"fr": "\u00a0mois", "en": "\u00a0months"},
    "per_year": {"fr": "\u00a0/an", "en": "\u00a0/yr"},
    "points": {"fr": "", "en": ""},
    "times": {"fr": "\u00a0×", "en": "×"},
}


@lru_cache(maxsize=8192)
def figure(value: float, unit: str, lang: str) -> str:
    """A value in its unit: ``63,2 %``, ``10 005 534 €``, ``+34``."""
    locale = _LOCALES[lang]
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit == "percent":
        pattern = "#,##0.0\u202f%" if lang == "fr" else "#,##0.0%"
        return str(format_percent(value, pattern, locale)).replace("-", "\u2212")
    if unit.isupper():
        plain = "#,##0.00" if abs(value) < 1000 else "#,##0"
        digits = f"{plain}\u00a0¤" if lang == "fr" else f"¤{plain};\u2212¤{plain}"
        text = str(format_currency(value, unit, digits, locale, currency_digits=False))
        return text.replace("-", "\u2212")
    if unit == "points":
        return str(format_decimal(value, "+#,##0.0;\u2212#,##0.0", locale))
    if unit == "index":
        return str(format_decimal(value, "#,##0.00", locale)).replace("-", "\u2212")
    whole = unit == "number" and float(value).is_integer()
    pattern = "#,##0" if whole or abs(value) >= 1000 else "#,##0.0"
    if unit == "times":
        pattern = "#,##0.00"
    text = str(format_decimal(value, pattern, locale)).replace("-", "\u2212")
    return text + _SUFFIXES.get(unit, {}).get(lang, "")


def bound(value: float, unit: str, lang: str) -> str:
    """An end of an interval: three significant figures are enough for large amounts."""
    if unit.isupper() and math.isfinite(value) and abs(value) >= 100_000:
        scale, sign = (1e6, "M") if abs(value) >= 1_000_000 else (1e3, "k")
        pattern = "#,##0.00" if sign == "M" else "#,##0"
        number = format_decimal(value / scale, pattern, _LOCALES[lang])
        symbol = get_currency_symbol(unit, _LOCALES[lang])
        return f"{number}\u00a0{sign}{symbol}" if lang == "fr" else f"{symbol}{number}{sign}"
    if unit == "number" and math.isfinite(value) and abs(value) >= 10:
        return count(value, lang)
    return figure(value, unit, lang)


def bare(value: float, unit: str, lang: str) -> str:
    """An end of an interval beside its value, whose unit it shares: ``23,8``, ``2 540``."""
    if unit == "percent" and math.isfinite(value):
        return str(format_decimal(value * 100, "#,##0.0", _LOCALES[lang]))
    if unit.isupper() and math.isfinite(value) and abs(value) < 100_000:
        pattern = "#,##0" if abs(value) >= 100 else "#,##0.00"
        return str(format_decimal(value, pattern, _LOCALES[lang]))
    if unit in ("months", "days", "hours", "per_year") and math.isfinite(value):
        return str(format_decimal(value, "#,##0.0", _LOCALES[lang]))
    if unit == "times" and math.isfinite(value):
        return str(format_decimal(value, "#,##0.00", _LOCALES[lang]))
    return bound(value, unit, lang)


def step(value: float, unit: str, lang: str) -> str:
    """A difference with its unit: cents only where it is a matter of a few euros."""
    if unit.isupper() and 10 <= abs(value) < 1000:
        pattern = "#,##0\u00a0¤" if lang == "fr" else "¤#,##0"
        return str(format_currency(value, unit, pattern, _LOCALES[lang], currency_digits=False))
    return bound(value, unit, lang)


def percent(share: float, lang: str) -> str:
    """A share without decimals: ``71 %``."""
    return f"{round(share * 100)}\u202f%" if lang == "fr" else f"{round(share * 100)}%"


def count(value: float, lang: str) -> str:
    """A whole number."""
    if not math.isfinite(value):
        return "–"
    return str(format_decimal(round(value), "#,##0", _LOCALES[lang]))


def period(asked: Period, lang: str) -> str:
    """A period in words: ``janv. 2026``, ``T1 2026``, or its two ends."""
    start, last = asked.start, asked.last
    locale = _LOCALES[lang]
    if start is None or last is None:
        known = start or last
        sign = {True: "→ ", False: ""}[start is None]
        return sign + str(format_date(known, "short", locale)) if known else ""
    whole = start.day == 1 and asked.end is not None and asked.end.day == 1
    months = (asked.end.year - start.year) * 12 + asked.end.month - start.month if asked.end else 0
    if whole and months == 1:
        return str(format_date(start, "MMM y", locale))
    if whole and months == 3 and start.month % 3 == 1:
        return str(format_date(start, "QQQ y", locale))
    if whole and months == 12 and start.month == 1:
        return str(start.year)
    return f"{format_date(start, 'short', locale)} – {format_date(last, 'short', locale)}"


def day(asked: dt.date, lang: str) -> str:
    """A day in words: ``23 septembre 2026``."""
    return str(format_date(asked, "long", _LOCALES[lang]))


def moment(asked: dt.datetime, lang: str) -> str:
    """A day in figures, and the hour where there is one: ``23/09/2026 14:30``."""
    text = str(format_date(asked, "dd/MM/y", _LOCALES[lang]))
    return text if asked.time() == dt.time() else f"{text} {asked:%H:%M}"


def exact(value: Decimal, lang: str) -> str:
    """An amount to the cent, in no currency: ``55 850,50``."""
    return str(format_decimal(value, "#,##0.00##", _LOCALES[lang], decimal_quantization=False))


def plain(value: float | Decimal, lang: str) -> str:
    """A number as found, with up to four decimals."""
    return str(format_decimal(value, "#,##0.####", _LOCALES[lang]))
