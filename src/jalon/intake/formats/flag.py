"""Yes or no, in the words of French and English exports."""

from __future__ import annotations

from jalon.intake.formats import CellFormat

TRUE = ("oui", "o", "yes", "y", "true", "t", "vrai", "v", "x", "1")
FALSE = ("non", "n", "no", "false", "f", "faux", "0")
PAIRS = (("oui", "non"), ("o", "n"), ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"),
         ("vrai", "faux"), ("v", "f"), ("x",))  # fmt: skip

FORMAT = CellFormat(
    name="flag",
    description="Yes or no: Oui/Non, Yes/No, Vrai/Faux, True/False, X",
    pattern=r"(?i)oui|non|yes|no|true|false|vrai|faux|[ontfvyx]",
    accepted=("Oui", "non", "TRUE", "Faux", "x", "Y"),
    refused=("", "peut-être", "2", "ouii"),
)
