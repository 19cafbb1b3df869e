"""An e-mail address."""

from __future__ import annotations

from jalon.intake.formats import CellFormat

FORMAT = CellFormat(
    name="email",
    description="An e-mail address",
    pattern=r"[^@\s,;<>\"]{1,64}@(?:[\pL0-9](?:[\pL0-9-]*[\pL0-9])?\.)+[A-Za-z]{2,24}".replace(
        r"\pL", "A-Za-zÀ-ÿ"
    ),
    accepted=("a.b@exemple.fr", "Marie+crm@sous.domaine.co.uk", "x@é-mail.com"),
    refused=("", "a@b", "a b@exemple.fr", "@exemple.fr", "exemple.fr", "a@@b.fr"),
)
