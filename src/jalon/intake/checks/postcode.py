"""A postcode, of the countries whose form is declared here or known to ``python-stdnum``.

France, its overseas and Monaco: five digits that begin with a department (La Poste's plan: 20 for
both of Corsica, 971 to 978, 980, 984 and 986 to 988).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stdnum.at import postleitzahl
from stdnum.es import postal_code
from stdnum.exceptions import ValidationError
from stdnum.nl import postcode
from stdnum.se import postnummer

from jalon.intake.checks import HOME, Check

_FRENCH = r"(?:0[1-9]|[1-8][0-9]|9[0-5]|97(?=[1-8])|98(?=[04678]))[0-9]{3}"
_FRENCH_PLACES = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "MC", "NC", "PF", "WF")
#: The forms that the Universal Postal Union publishes.
_FORMS: Mapping[str, str] = {
    **dict.fromkeys(_FRENCH_PLACES, _FRENCH),
    "BE": "[1-9][0-9]{3}",
    "CH": "[1-9][0-9]{3}",
    "LU": "[1-9][0-9]{3}",
    "DE": "(?:0[1-9]|[1-9][0-9])[0-9]{3}",
    "IT": "[0-9]{5}",
}
_LIBRARY: Mapping[str, Callable[[str], str]] = {
    "AT": postleitzahl.validate,
    "ES": postal_code.validate,
    "NL": postcode.validate,
    "SE": postnummer.validate,
}


def _normalise(value: str, country: str) -> str | None:
    text = re.sub(r"\s", "", value).upper()
    text = re.sub(rf"^{country or HOME}?-?(?=[0-9])", "", text) if country else text
    if country in _LIBRARY:
        try:
            return _LIBRARY[country](text)
        except ValidationError:
            return None
    # Four digits are five whose leading zero a spreadsheet took.
    if country in _FRENCH_PLACES and len(text) == 4:
        text = "0" + text
    return text if re.fullmatch(_FORMS.get(country, r"(?!)"), text) else None


def _covers(value: str, country: str) -> bool:
    return country in _FORMS or country in _LIBRARY


CHECK = Check(
    name="postcode",
    description="A postcode",
    normalise=_normalise,
    accepted={
        "75011": "75011",
        "1000": "01000",
        "20000": "20000",
        "97400": "97400",
        "98000": "98000",
        "75 011": "75011",
        "F-75011": "75011",
        "FR-75011": "75011",
        "1000 @BE": "1000",
        "B-1000 @BE": "1000",
        "28013 @ES": "28013",
        "2601 DC @NL": "2601 DC",
    },
    refused=("750", "99123", "00100", "750110", "97900", "Paris", "2A004"),
    covers=_covers,
    by_country=True,
)
