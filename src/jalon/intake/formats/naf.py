"""A code of activity of the French nomenclature."""

from __future__ import annotations

from jalon.intake.formats import CellFormat

FORMAT = CellFormat(
    name="naf",
    description="A NAF (APE) code: 62.01Z",
    pattern=r"[0-9]{2}\.?[0-9]{2} ?[A-Za-z]",
    accepted=("62.01Z", "6201Z", "01.11Z"),
    refused=("", "62.01", "A62", "621Z"),
)
