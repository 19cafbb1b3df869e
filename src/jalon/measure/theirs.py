"""A figure as another tool prints it: its value, and how far its rounding may have moved it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jalon.model.problems import JalonError, RequestError, Where

_NUMBER = re.compile(
    r"^(?P<sign>[-+−]?)(?P<digits>\d+(?:[.,]\d+)*)(?P<times>k|m|md|mio|mrd)?(?P<percent>%?)$"
)
_TIMES = {"k": 1e3, "m": 1e6, "mio": 1e6, "md": 1e9, "mrd": 1e9}
#: What is written around a number and does not change it.
_AROUND = re.compile(r"[\s\u00a0\u202f'’_]|€|\$|£|eur|usd|gbp|chf|ht|ttc|jours?|days?|mois|months?")


@dataclass(frozen=True)
class Theirs:
    """``value`` in the unit of the KPI (a share for a rate); ``slack``: half of its last digit."""

    value: float
    slack: float


def theirs_of(text: str, unit: str) -> Theirs:
    """The figure that a text writes, for a KPI of that unit.

    ``45,2 %``, ``45.2`` and ``0,452`` are one rate; ``1,2 M€`` is 1,200,000 give or take 50,000.
    Raises RequestError ``wrong_figure``.
    """
    found = _NUMBER.match(_AROUND.sub("", text.casefold()))
    if found is None:
        raise _wrong(text)
    whole, decimals = _split(found["digits"], text)
    number = float(f"{whole}.{decimals or 0}") * (-1 if found["sign"] in ("-", "−") else 1)
    times = _TIMES.get(found["times"] or "", 1.0)
    if unit == "percent" and (found["percent"] or abs(number) > 1):
        times /= 100
    elif found["percent"]:
        raise _wrong(text)
    return Theirs(number * times, 0.5 * 10.0 ** -len(decimals) * times)


def _split(digits: str, text: str) -> tuple[str, str]:
    """The whole part and the decimals: the last mark, unless it parts thousands."""
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return digits, ""
    whole, decimals = re.split(r"[.,](?=[^.,]*$)", digits)
    if len(marks) > 1 and len(set(marks)) == 1:
        return re.sub(r"[.,]", "", digits), ""
    if len(marks) == 1 and len(decimals) == 3 and whole not in ("0", "00"):
        # 1.234 or 1,234: a thousand and more for some, a little over one for others.
        raise RequestError.of("ambiguous_figure", Where(value=text), value=text)
    return re.sub(r"[.,]", "", whole), decimals


def _wrong(text: str) -> JalonError:
    return RequestError.of("wrong_figure", Where(value=text), value=text)
