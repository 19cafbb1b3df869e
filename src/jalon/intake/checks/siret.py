"""A SIRET, the fourteen digits of a French establishment, with their key; La Poste has its own."""

from __future__ import annotations

from stdnum.exceptions import ValidationError
from stdnum.fr import siret

from jalon.intake.checks import Check
from jalon.intake.checks.luhn import luhn_sql


def _normalise(value: str, country: str) -> str | None:
    try:
        digits = siret.compact(value)
        # Thirteen digits are fourteen whose leading zero a spreadsheet took: the keys tell.
        return siret.validate(digits.zfill(14) if len(digits) == 13 else digits)
    except ValidationError:
        return None


CHECK = Check(
    name="siret",
    description="A SIRET",
    normalise=_normalise,
    accepted={
        "73282932000074": "73282932000074",
        "732 829 320 00074": "73282932000074",
        "35600000049837": "35600000049837",
    },
    refused=("73282932000075", "732829320", "3,41174E+13", "11111111111111", "abc"),
    # The key of the company within it is looked at by the library, and La Poste's.
    plain=f"""
        CASE WHEN {luhn_sql(14)} AND NOT starts_with(value, '356000000')
                  AND {luhn_sql(9).replace("value", "left(value, 9)")}
        THEN value END
    """,
)
