"""A French postcode."""

from __future__ import annotations

from jalon.intake.formats import CellFormat

FORMAT = CellFormat(
    name="postcode",
    description="A French postcode: 75011, 01000, 97400",
    pattern=r"(?:F-?|FR-)?(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}",
    accepted=("75011", "01000", "20000", "97400", "F-75011"),
    refused=("", "7501", "99123", "00100", "750110"),
)
