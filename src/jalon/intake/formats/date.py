"""A date, with or without its time, in the orders and words of French and English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from jalon.intake.formats import CellFormat

_MONTHS = (
    ("jan", "janv", "janvier", "january"),
    ("feb", "fev", "fevr", "fevrier", "february"),
    ("mar", "mars", "march"),
    ("apr", "avr", "avril", "april"),
    ("may", "mai", "may"),
    ("jun", "juin", "june"),
    ("jul", "juil", "juillet", "july"),
    ("aug", "aout", "august"),
    ("sep", "sept", "septembre", "september"),
    ("oct", "octobre", "october"),
    ("nov", "novembre", "november"),
    ("dec", "decembre", "december"),
)
# The names that the engine reads itself: three letters, or the whole English word.
ENGLISH = frozenset({names[0] for names in _MONTHS} | {names[-1] for names in _MONTHS})


def folded(word: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


MONTHS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
WORD = r"[A-Za-zéûÉÛ]{3,10}"
TIME = (
    r"(?P<gap>T| à |, | )(?P<hour>[01]?[0-9]|2[0-4])(?P<h>[:h])(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9]|60)(?P<fraction>\.[0-9]{1,9})?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:Z|UTC|[-+][0-9]{2}:?[0-9]{2}|[-+][0-9]{2}))?"
)
LAYOUTS = (
    ("YMD", r"(?P<year>[0-9]{4})(?P<sep>[-/.])(?P<b>[0-9]{1,2})(?P=sep)(?P<a>[0-9]{1,2})"),
    (
        "XXY",
        r"(?P<a>[0-9]{1,2})(?P<sep>[-/. ])(?P<b>[0-9]{1,2})(?P=sep)(?P<year>[0-9]{4}|[0-9]{2})",
    ),
    ("compact", r"(?P<year>(?:19|20)[0-9]{2})(?P<b>[0-9]{2})(?P<a>[0-9]{2})"),
    ("YM", r"(?P<year>(?:19|20)[0-9]{2})(?P<sep>[-/])(?P<b>[0-9]{1,2})"),
    ("MY", r"(?P<b>[0-9]{1,2})(?P<sep>[-/])(?P<year>(?:19|20)[0-9]{2})"),
    ("quarter", r"[TtQq](?P<quarter>[1-4])(?P<sep>[-/ ]?)(?P<year>(?:19|20)[0-9]{2})"),
    ("Y quarter", r"(?P<year>(?:19|20)[0-9]{2})(?P<sep>[-/ ]?)[TtQq](?P<quarter>[1-4])"),
    (
        "D word Y",
        rf"(?P<a>[0-9]{{1,2}})(?P<er>er)?(?P<sep>[-/ ])(?P<word>{WORD})(?P<dot>\.?)(?P<comma>,?)"
        r"(?P<sep2>[-/ ])(?P<year>[0-9]{4}|[0-9]{2})",
    ),
    (
        "word D Y",
        rf"(?P<word>{WORD})(?P<dot>\.?)(?P<sep>[- ])(?P<a>[0-9]{{1,2}})(?P<comma>,?)"
        r"(?P<sep2>[- ])(?P<year>[0-9]{4})",
    ),
    ("word Y", rf"(?P<word>{WORD})(?P<dot>\.?)(?P<sep>[- ])(?P<year>[0-9]{{4}}|[0-9]{{2}})"),
)
COMPILED = tuple((name, re.compile(rf"\s*{code}(?:{TIME})?\s*")) for name, code in LAYOUTS)


@dataclass(frozen=True)
class DateCell:
    """How a cell writes its date.

    ``orders`` are those in which it is a date; ``formats`` its strptime format in each of them.
    ``precision`` is what the cell itself tells: seconds or minutes at zero tell nothing.
    """

    layout: str
    formats: tuple[tuple[str, str], ...]
    precision: str
    zoned: bool
    words: bool

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders in which the cell is a date, the French one first."""
        return tuple(order for order, _ in self.formats)


@lru_cache(maxsize=1 << 16)
def date_cell(value: str) -> DateCell | None:
    """How the cell writes a date; None where it holds none."""
    for layout, pattern in COMPILED:
        if (found := pattern.fullmatch(value)) and (orders := _orders(layout, found)):
            formats = tuple((order, _format(layout, found, order)) for order in orders)
            words = "word" in found.groupdict() and found["word"].lower() not in ENGLISH
            zoned = found["zone"] is not None
            return DateCell(layout, formats, _precision(layout, found), zoned, words)
    return None


def _orders(layout: str, found: re.Match[str]) -> tuple[str, ...]:
    named = found.groupdict()
    year = int(found["year"]) + (0 if len(found["year"]) == 4 else 2000)
    if not 1800 <= year <= 2200:
        return ()
    if "quarter" in named:
        return ("YMD",)
    month = MONTHS.get(folded(named["word"]), 0) if "word" in named else int(named["b"])
    day = int(named.get("a") or 1)
    if layout != "XXY":
        order = "MDY" if layout == "word D Y" else "DMY" if "word" in named else "YMD"
        return (order,) if _is_day(year, month, day) else ()
    choices = (("DMY", month, day), ("MDY", day, month))
    return tuple(order for order, m, d in choices if _is_day(year, m, d))


def _is_day(year: int, month: int, day: int) -> bool:
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _format(layout: str, found: re.Match[str], order: str) -> str:
    named = found.groupdict()
    year = "%Y" if len(named["year"]) == 4 else "%y"
    sep, day = named.get("sep") or "", "%d"
    if layout in ("YMD", "compact", "YM"):
        date = sep.join((year, "%m", day) if layout != "YM" else (year, "%m"))
    elif layout == "MY":
        date = f"%m{sep}{year}"
    elif "quarter" in named:
        # A quarter is read as its first month, which replaces it in the text.
        date = f"%m{sep}{year}" if layout == "quarter" else f"{year}{sep}%m"
    elif layout == "XXY":
        date = sep.join((day, "%m", year) if order == "DMY" else ("%m", day, year))
    else:
        date = _worded(layout, named, year)
    return date + _time_format(named)


def _worded(layout: str, named: dict[str, str], year: str) -> str:
    plain = len(named["word"]) > 3 and folded(named["word"]) in ENGLISH
    word = ("%B" if plain else "%b") + named["dot"]
    if layout == "word Y":
        return f"{word}{named['sep']}{year}"
    end = f"{named['comma']}{named['sep2']}{year}"
    if layout == "word D Y":
        return f"{word}{named['sep']}%d{end}"
    return f"%d{named['er'] or ''}{named['sep']}{word}{end}"


def _time_format(named: dict[str, str]) -> str:
    if named["hour"] is None:
        return ""
    half = named["half"]
    text = f"{named['gap']}{'%I' if half else '%H'}{named['h']}%M"
    text += ":%S" if named["second"] else ""
    text += ".%f" if named["fraction"] else ""
    text += (" %p" if half.startswith(" ") else "%p") if half else ""
    return text + ("%z" if named["zone"] else "")


def _precision(layout: str, found: re.Match[str]) -> str:
    if "quarter" in layout:
        return "quarter"
    if layout in ("YM", "MY", "word Y"):
        return "month"
    if found["hour"] is None or int(found["hour"]) == int(found["minute"]) == 0 == _second(found):
        return "day"
    return "second" if _second(found) else "minute"


def _second(found: re.Match[str]) -> int:
    return int(found["second"] or 0)


FORMAT = CellFormat(
    name="date",
    description="A date: 2026-01-31, 31/01/2026, 15 Apr, 2021 00:03:00, 3 janv. 2026",
    pattern=r".*[0-9].*",
    accepted=("2026-01-31", "2026-01-31T10:00:00Z", "31/01/2026", "1/31/2026", "31-01-2026 10:30",
              "31.01.2026", "19970131", "15 Apr, 2021 00:03:00", "3 janv. 2026", "31/01/26",
              "avril 2021", "2021-04", "1er août 2025", "April 5, 2021", "T1 2026", "2026-Q4"),
    refused=("", "31/02/2026", "2026-13-01", "1234", "12.50", "lundi", "99/99/2026", "00001"),
    check=lambda text: date_cell(text) is not None,
)  # fmt: skip
