"""The sentence of every problem, note and label, in French and in English."""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from jalon.model.problems import Problem, Where

LANGUAGES = ("fr", "en")
#: The sentence that lists near names, where there are none.
_NEAREST = re.compile(r"[^.]*\{nearest\}[^.]*\.\s*")


@cache
def sentences(lang: str) -> Mapping[str, str]:
    """All texts of a language, by code: of ``fr.yaml`` and of each ``<subject>.fr.yaml``."""
    loaded: dict[str, str] = {}
    for file in sorted(resources.files("jalon.locale").iterdir(), key=lambda each: each.name):
        if f".{file.name}".endswith(f".{lang}.yaml"):
            loaded |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    return {code: _spaced(said) for code, said in loaded.items()} if lang == "fr" else loaded


def _spaced(said: str) -> str:
    """French typography: a no-break space before « : ; ! ? » and inside the quotation marks."""
    return typeset(re.sub(r"(?<=«) | (?=[:;!?»])", "\u00a0", said))


def typeset(said: str) -> str:
    """The apostrophe between two letters as printers have it."""
    return re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "\u2019", said)


def text(code: str, lang: str, **facts: Any) -> str:
    """The text of a code; the code itself where it has none, so that nothing is ever hidden."""
    pattern = sentences(lang).get(code)
    if pattern is None:
        return code
    return _Formatter(lang).vformat(pattern, (), facts)


def sentence(problem: Problem, lang: str) -> str:
    """What a problem says, with where it is: file, sheet, row, column, value."""
    facts = {**problem.where.as_dict(), **problem.facts}
    said = text(problem.code, lang, **facts)
    where = place(problem.where, lang)
    colon = "\u00a0: " if lang == "fr" else ": "
    return f"{where}{colon}{said}" if where else said


def hint(problem: Problem, lang: str) -> str | None:
    """What to do about it; None where the sentence says all."""
    pattern = sentences(lang).get(f"{problem.code}.hint")
    if pattern is None:
        return None
    facts = {**problem.where.as_dict(), **problem.facts}
    if not facts.get("nearest"):
        pattern = _NEAREST.sub("", pattern)
    return _Formatter(lang).vformat(pattern, (), facts).strip() or None


def place(where: Where, lang: str) -> str:
    """Where something is, in words."""
    parts = []
    for name, value in where.as_dict().items():
        shown = str(value)
        if len(shown) > 80:
            # The end of a path names the file.
            shown = "…" + shown[-77:] if name == "file" else shown[:77] + "…"
        parts.append(text(f"where.{name}", lang, value=_printable(shown)))
    return ", ".join(parts)


def _printable(value: str) -> str:
    """Without control characters; the no-break spaces of French numbers are kept."""
    return "".join(
        each if each.isprintable() or each in "\u00a0\u202f" else "\ufffd" for each in value
    )


class _Formatter(string.Formatter):
    """``{names}`` of a list are joined; a fact that is not there is left out.

    ``{rows:ligne|lignes}`` is the word for so many, ``{amount:,}`` a whole number in thousands.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "")

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, (list, tuple, set, frozenset)):
            shown = [str(each) for each in value][:12]
            return ", ".join(shown) + (" …" if len(value) > 12 else "")
        if format_spec == "?":
            known = sentences(self.lang)
            return known.get(f"word.{value}", str(value))
        if "|" in format_spec:
            one, many = format_spec.split("|")
            alone = isinstance(value, int) and (value == 1 or (value == 0 and self.lang == "fr"))
            return one if alone else many
        if type(value) is dt.date:
            # Not at the top: most commands say no date, and it is slow to load.
            from babel.dates import format_date  # noqa: PLC0415

            said = str(format_date(value, "long", self.lang))
            return f"1er{said[1:]}" if self.lang == "fr" and value.day == 1 else said
        if isinstance(value, str):
            return _printable(value if len(value) <= 200 else value[:197] + "…")
        if format_spec == ",":
            return f"{value:,.0f}".replace(",", "\u202f" if self.lang == "fr" else ",")
        if isinstance(value, float) and self.lang == "fr" and not format_spec:
            return f"{value:g}".replace(".", ",")
        said = str(super().format_field(value, format_spec))
        if self.lang == "fr" and format_spec[-1:] == "%":
            return f"{said[:-1]}\u00a0%".replace(".", ",").replace("-", "\u2212")
        return said
