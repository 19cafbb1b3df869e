"""The fourteen digits of a French establishment."""

from __future__ import annotations

from jalon.intake.formats import CellFormat
from jalon.intake.formats.siren import luhn

LA_POSTE = "356000000"


def _is_siret(text: str) -> bool:
    digits = "".join(letter for letter in text if letter.isdigit())
    # The establishments of La Poste have their own check.
    return luhn(digits) or (digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0)


FORMAT = CellFormat(
    name="siret",
    description="A SIRET: a SIREN and five digits, with their check",
    pattern=r"[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{5}",
    accepted=("73282932000074", "732 829 320 00074", "35600000049837"),
    refused=("", "73282932000075", "732829320", "abc"),
    check=_is_siret,
)
