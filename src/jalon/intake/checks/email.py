"""An e-mail address: RFC 5322 and 6531 as ``email-validator`` reads them, its domain not asked."""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from jalon.intake.checks import Check

_BRACKETED = re.compile(r"[^<>]*<([^<>]+)>\s*")
_MAILTO = re.compile(r"(?i)mailto:([^?]*).*")

_WORD = "[A-Za-z0-9_+-]+"
_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_PLAIN = rf"{_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+[A-Za-z]{{2,24}}"
#: Domains that no mail reaches, all of them the last label.
_RESERVED = rf".*[@.](?:{'|'.join(SPECIAL_USE_DOMAIN_NAMES)})"


def _normalise(value: str, country: str) -> str | None:
    text = value.strip()
    if found := _BRACKETED.fullmatch(text):
        text = found[1].strip()
    if found := _MAILTO.fullmatch(text):
        text = found[1].strip()
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


CHECK = Check(
    name="email",
    description="An e-mail address",
    normalise=_normalise,
    accepted={
        "a.b@exemple.fr": "a.b@exemple.fr",
        " Ann@Exemple.FR ": "Ann@exemple.fr",
        "Jean Dupont <jean@b.fr>": "jean@b.fr",
        "<jean@b.fr>": "jean@b.fr",
        "mailto:jean@b.fr": "jean@b.fr",
        "mailto:jean@b.fr?subject=Devis": "jean@b.fr",
        "x@xn---mail-9ra.com": "x@é-mail.com",
        "élise@é-mail.com": "élise@é-mail.com",
        "o'brien@x.ie": "o'brien@x.ie",
    },
    refused=("jean@@x.fr", "jean", "jean@x", "a b@x.fr", "jean@x.fr, ann@x.fr", "x@mail.invalid",
             "jean.@x.fr", "N/A", "@x.fr"),
    # No label nor local part can be too long where the whole is not longer than 64.
    plain=f"""
        CASE WHEN length(value) <= 64 AND regexp_full_match(value, '{_PLAIN}')
                  AND NOT regexp_full_match(lower(value), '{_RESERVED}')
        THEN concat(split_part(value, '@', 1), '@', lower(split_part(value, '@', 2))) END
    """,
)  # fmt: skip
