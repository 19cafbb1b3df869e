"""A SIREN, the nine digits of a French company, with their key."""

from __future__ import annotations

from stdnum.exceptions import ValidationError
from stdnum.fr import siren

from jalon.intake.checks import Check
from jalon.intake.checks.luhn import luhn_sql


def _normalise(value: str, country: str) -> str | None:
    try:
        digits = siren.compact(value)
        # A spreadsheet takes the leading zeros, two at most: the key tells.
        return siren.validate(digits.zfill(9) if len(digits) in (7, 8) else digits)
    except ValidationError:
        return None


CHECK = Check(
    name="siren",
    description="A SIREN",
    normalise=_normalise,
    accepted={
        "391378239": "391378239",
        "391 378 239": "391378239",
        "391.378.239": "391378239",
        "391\u00a0378\u202f239": "391378239",
        "5880034": "005880034",
        "05880034": "005880034",
        "005880034": "005880034",
    },
    refused=("391378238", "3913782390", "abc", "39137824", "73282932000074"),
    plain=f"CASE WHEN {luhn_sql(9)} THEN value END",
)
