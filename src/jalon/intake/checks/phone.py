"""A telephone number, by the numbering plans of ``phonenumbers``; its normal form is E.164."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from jalon.intake.checks import HOME, NOWHERE, Check

#: Where numbers are dialled as in France, with codes of their own: 0262 is +262 262.
OVERSEAS = ("RE", "GP", "MQ", "GF", "YT", "PM")
_SEVERAL = re.compile(r"[/;,|\n]|\s(?:ou|or|et|and|-)\s")
#: What overseas numbers begin with, as dialled: no others are tried there.
_AS_OVERSEAS = re.compile(r"\D*0\D*(?:2\D*6|5\D*[09]|6\D*[39]|7\D*0)")
_EXTENSION = re.compile(r"(?i)\W*\bposte\W*[0-9]{1,6}$")
_BLANK = re.compile(r"[^\S\n]+")


def _normalise(value: str, country: str) -> str | None:
    text = _EXTENSION.sub("", _BLANK.sub(" ", value).strip())
    found = (
        _number(piece, region) for piece in _pieces(text) for region in _regions(piece, country)
    )
    return next((number for number in found if number), None)


def _pieces(text: str) -> Iterator[str]:
    """The whole, then each of the several numbers that a cell may hold."""
    yield text
    if _SEVERAL.search(text):
        yield from (piece.strip() for piece in _SEVERAL.split(text))


def _regions(text: str, country: str) -> Iterator[str | None]:
    yield country or None
    if country == HOME and _AS_OVERSEAS.match(text):
        yield from OVERSEAS


def _number(text: str, region: str | None) -> str | None:
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_valid_number(number) else None


def _covers(value: str, country: str) -> bool:
    return country != NOWHERE or value.strip().startswith("+")


def _plan() -> str:
    """The pattern of the nine digits of the numbers that are attributed in France."""
    plan = PhoneMetadata.metadata_for_region(HOME)
    assert plan is not None
    kinds = (
        plan.fixed_line, plan.mobile, plan.toll_free, plan.premium_rate, plan.shared_cost,
        plan.voip, plan.uan, plan.personal_number, plan.pager, plan.voicemail,
    )  # fmt: skip
    patterns = [each.national_number_pattern for each in kinds if each is not None]
    return "|".join(f"(?:{each})" for each in patterns if each)


_PLAIN = r"(?:\+33 ?|0)[1-9](?:[ .-]?[0-9]){8}"
_DIGITS = "right(translate(value, ' .-', ''), 9)"

CHECK = Check(
    name="phone",
    description="A telephone number",
    normalise=_normalise,
    accepted={
        "06 12 34 56 78": "+33612345678",
        "01.23.45.67.89": "+33123456789",
        "+33 (0)6 12 34 56 78": "+33612345678",
        "0033612345678": "+33612345678",
        "612345678": "+33612345678",
        "06\u00a012\u202f34 56 78": "+33612345678",
        "06 12 34 56 78 / 01 23 45 67 89": "+33612345678",
        "06 12 34 56 / 01 23 45 67 89": "+33123456789",
        "01 23 45 67 89 poste 12": "+33123456789",
        "0262 12 34 56": "+262262123456",
        "+44 20 7946 1001": "+442079461001",
        "020 7946 1001 @GB": "+442079461001",
        "02 511 12 34 @BE": "+3225111234",
    },
    refused=("06 12 34 56", "123", "N/A", "00 00 00 00 00", "+33 6 12", "99999999999999999"),
    covers=_covers,
    by_country=True,
    plain=f"""
        CASE WHEN regexp_full_match(value, '{_PLAIN}')
                  AND regexp_full_match({_DIGITS}, '{_plan()}')
        THEN concat('+33', {_DIGITS}) END
    """,
)
