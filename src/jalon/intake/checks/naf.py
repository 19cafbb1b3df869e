"""A NAF (APE) code, of NAF rev. 2 or of NAF 2025, which replaces it on 1 January 2027.

The first four digits of a NAF sub-class are those of a class of the European NACE (rev. 2 for the
one, rev. 2.1 for the other; INSEE, https://www.insee.fr/fr/information/2120875): that class is
looked up in ``python-stdnum``. Which letters France gave to each class is not checked.
"""

from __future__ import annotations

import re

from stdnum.eu import nace
from stdnum.exceptions import ValidationError

from jalon.intake.checks import Check

REVISIONS = ("2.0", "2.1")
_CODE = re.compile(r"([0-9]{2})[. ]?([0-9]{2})[. ]?([A-Z])")
#: A spreadsheet took the zero of 01.11Z; without its point, 111Z could be a code of before 2008.
_SHORTENED = re.compile(r"[1-9]\.[0-9]{2} ?[A-Z]")


def _normalise(value: str, country: str) -> str | None:
    text = value.strip().upper()
    found = _CODE.fullmatch("0" + text if _SHORTENED.fullmatch(text) else text)
    if found is None:
        return None
    division, rest, letter = found.groups()
    known = any(_is_class(division + rest, revision) for revision in REVISIONS)
    return f"{division}.{rest}{letter}" if known else None


def _is_class(code: str, revision: str) -> bool:
    try:
        return bool(nace.validate(code, revision=revision))
    except ValidationError:
        return False


CHECK = Check(
    name="naf",
    description="A NAF (APE) code",
    normalise=_normalise,
    accepted={
        "62.01Z": "62.01Z",
        "6201Z": "62.01Z",
        "6201 z": "62.01Z",
        "62.10Y": "62.10Y",
        "1.11Z": "01.11Z",
    },
    refused=("62.01", "99.99Z", "741J", "A62", "62.99Z", "abc"),
)
