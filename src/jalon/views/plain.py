"""A condition of a definition in words, for who does not read SQL."""

from __future__ import annotations

import re

from jalon import locale
from jalon.relations.columns import label, readable
from jalon.views.wording import value_label

_TOKEN = re.compile(
    r"'(?P<text>(?:[^']|'')*)'|(?P<name>[A-Za-z_]+)|(?P<sign><>|<=|>=|[=<>+*/(),-])|(?P<rest>\S)"
)
#: Words of the language of expressions that have a translation.
_WORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "case",
        "when",
        "then",
        "else",
        "end",
        "true",
        "false",
        "between",
    ]
)


def plain(expression: str, table: str, lang: str) -> str:
    """``outcome in ('won', 'lost')`` as ``issue parmi (gagnée, perdue)``."""
    known = readable(table) if table else {}
    said: list[str] = []
    column = ""
    for each in _TOKEN.finditer(expression):
        if each["text"] is not None:
            said.append(value_label(column, each["text"].replace("''", "'"), lang))
        elif each["name"]:
            name = each["name"]
            if name in known:
                column = name
            said.append(_named(name, name in known, lang))
        else:
            said.append(_sign(each.group()))
    return _joined(said)


def _named(name: str, column: bool, lang: str) -> str:
    if column:
        found = label(name, lang)
        return found[:1].lower() + found[1:] if found != name else name.replace("_", " ")
    if name.casefold() in _WORDS:
        return locale.text(f"sql.{name.casefold()}", lang)
    return name


def _sign(sign: str) -> str:
    return {"<>": "≠", "<=": "≤", ">=": "≥", "*": "×", "/": "÷", "-": "−"}.get(sign, sign)


def _joined(words: list[str]) -> str:
    text = " ".join(words)
    for tight in ("( ", " )", " ,"):
        text = text.replace(tight, tight.strip())
    return text
