"""An amount with its currency: 1 234,50 €, $1,117.10K."""

from __future__ import annotations

from jalon.intake.formats import CellFormat
from jalon.intake.formats.number import number_cell


def _has_currency(text: str) -> bool:
    cell = number_cell(text)
    return cell is not None and cell.currency is not None


FORMAT = CellFormat(
    name="amount",
    description="An amount with its currency: 1 234,50 €, $1,117.10K",
    pattern=r"(?s).*[0-9].*",
    accepted=("1 234,50 €", "$1,117.10K", "12 k€", "-£5", "EUR 100", "(1 000 €)"),
    refused=("1234", "45 %", "€", "10 m²"),
    check=_has_currency,
)
