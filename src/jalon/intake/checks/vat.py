"""A VAT number of the European Union, with its key (``python-stdnum``); VIES is not asked."""

from __future__ import annotations

import re

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from jalon.intake.checks import Check

#: Greece writes EL, its country code being GR.
_PREFIXES = {"GR": "EL"}


def _normalise(value: str, country: str) -> str | None:
    text = _compact(value)
    prefix = _prefix(country)
    for each in (text, prefix + text) if prefix else (text,):
        try:
            return vat.validate(each)
        except ValidationError:
            continue
    return None


def _compact(value: str) -> str:
    return re.sub(r"[^0-9A-Za-z+*]", "", value).upper()


def _prefix(country: str) -> str:
    return _PREFIXES.get(country, country) if country.lower() in vat.MEMBER_STATES else ""


def _covers(value: str, country: str) -> bool:
    found = _compact(value)[:2].lower()
    return bool(_prefix(country)) or found == "el" or found in vat.MEMBER_STATES


CHECK = Check(
    name="vat",
    description="A VAT number of the European Union",
    normalise=_normalise,
    accepted={
        "FR40303265045": "FR40303265045",
        "fr 40 303 265 045": "FR40303265045",
        "FR-40.303.265.045": "FR40303265045",
        "40303265045": "FR40303265045",
        "BE 0697.449.992": "BE0697449992",
        "0697449992 @BE": "BE0697449992",
        "DE136695976": "DE136695976",
    },
    refused=("FR41303265045", "303265045", "FR", "abc"),
    covers=_covers,
    by_country=True,
)
