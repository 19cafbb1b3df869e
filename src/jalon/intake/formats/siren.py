"""The nine digits of a French company."""

from __future__ import annotations

from jalon.intake.formats import CellFormat


def luhn(text: str) -> bool:
    """Whether the digits of the text satisfy the check of Luhn."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


FORMAT = CellFormat(
    name="siren",
    description="A SIREN: nine digits with their check",
    pattern=r"[0-9]{3}[ \x{a0}.]?[0-9]{3}[ \x{a0}.]?[0-9]{3}".replace(r"\x{a0}", "\u00a0"),
    accepted=("391378239", "391 378 239", "005880034"),
    refused=("", "391378238", "39137823", "3913782390", "abc"),
    check=luhn,
)
