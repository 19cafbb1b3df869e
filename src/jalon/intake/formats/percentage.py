"""A share written with its sign: 45 %, 12,5%."""

from __future__ import annotations

from jalon.intake.formats import CellFormat
from jalon.intake.formats.number import number_cell


def _is_percentage(text: str) -> bool:
    cell = number_cell(text)
    return cell is not None and "percent" in cell.marks


FORMAT = CellFormat(
    name="percentage",
    description="A share with its sign: 45 %, 12,5%",
    pattern=r".*%",
    accepted=("45 %", "12,5%", "-3.5%", "100%"),
    refused=("45", "%", "abc %", "45 €"),
    check=_is_percentage,
)
