"""What may enter a chart: letters that can be drawn, and links that stay in this site.

A control character makes vl-convert 1.9 abort the whole process.
"""

from __future__ import annotations

import math
import unicodedata

AXIS_LENGTH = 20
TITLE_LENGTH = 300


def printable(text: str) -> str:
    """A text of which every character can be drawn: blanks are spaces, others become U+FFFD."""
    return "".join(_character(each) for each in text)


def _character(one: str) -> str:
    if one in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    code = ord(one)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return "\ufffd" if nothing or unicodedata.category(one) in {"Cc", "Cs"} else one


def shortened(text: str, length: int) -> str:
    """A printable text of at most so many characters."""
    found = printable(text[: length + 1])
    return found if len(found) <= length else found[: length - 1].rstrip() + "…"


def own_path(href: str | None) -> str | None:
    """The link, as it is, where it is a path of this site; None for any other.

    A browser reads ``\\`` as ``/``, and leaves out tabs and line ends: ``/\\t/x`` is another site.
    """
    if not href or href[0] != "/" or href[1:2] == "/":
        return None
    strange = any(each <= " " or each in "\\\x7f" for each in href)
    return None if strange or printable(href) != href else href


def known(value: float | None) -> float | None:
    """The value where it is a number that can be placed."""
    return float(value) if value is not None and math.isfinite(value) else None
