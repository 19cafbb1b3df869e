"""The address of a site."""

from __future__ import annotations

from jalon.intake.formats import CellFormat

FORMAT = CellFormat(
    name="url",
    description="The address of a site: https://exemple.fr/page, exemple.com",
    pattern=r"(?i)(?:https?://)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}(?::[0-9]+)?(?:[/?#]\S*)?",
    accepted=("https://exemple.fr/page?x=1", "www.exemple.fr", "BetaPages.com"),
    refused=("", "exemple", "a@exemple.fr", "12.50", "Dupont S.A."),
)
