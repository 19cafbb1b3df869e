"""A telephone number, French or international."""

from __future__ import annotations

from jalon.intake.formats import CellFormat


def _has_digits_of_a_phone(text: str) -> bool:
    digits = [letter for letter in text if letter.isdigit()]
    marked = text[0] in "+0(" or any(mark in text for mark in " .-")
    groups = text.replace(".", " ").replace("-", " ").split()
    dated = len(groups) == 3 and (len(groups[0]) == 4 or len(groups[2]) == 4) and len(digits) == 8
    return 9 <= len(digits) <= 15 and marked and not dated


FORMAT = CellFormat(
    name="phone",
    description="A telephone number: 06 12 34 56 78, +33 6 12 34 56 78, 805-247-8982",
    pattern=r"(?:\+|00)?(?:[( ]?[0-9]{1,4}\)?[ .\x{a0}/-]?){2,8}".replace(r"\x{a0}", "\u00a0"),
    accepted=("06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "01.23.45.67.89",
              "805-247-8982", "+44 20 7946 1001", "(805) 247-8982", "+33 (0)6 12 34 56 78"),
    refused=("", "123", "2024-01-31", "31/01/2024", "abc", "391378239", "12 345,60"),
    check=_has_digits_of_a_phone,
)  # fmt: skip
