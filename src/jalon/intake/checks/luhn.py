"""The key of SIREN and SIRET (Luhn's) in SQL, for the plainest values."""

from __future__ import annotations


def luhn_sql(length: int) -> str:
    """The condition that the text column ``value`` is so many digits whose key is right."""
    digits = []
    for place in range(length):
        digit = f"(TRY_CAST(value AS BIGINT) // {10**place} % 10)"
        doubled = f"({digit} * 2 % 10 + {digit} // 5)"
        digits.append(doubled if place % 2 else digit)
    return f"regexp_full_match(value, '[0-9]{{{length}}}') AND ({' + '.join(digits)}) % 10 = 0"
