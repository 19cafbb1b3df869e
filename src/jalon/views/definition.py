"""The card of a KPI in words: what it counts, when, without whom, and what changed in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jalon import locale
from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Change, Definition, Example, Measure, Text
from jalon.locale import numbers
from jalon.relations.columns import label
from jalon.views.plain import plain

Terms = list[tuple[str, str]]
#: What an example asks beside the KPI, in the order said.
ASKED = ("part", "basis", "by", "group", "grain", "period", "from", "to", "as_of", "where")


def terms(definition: Definition, rule: Measure, catalogue: Catalogue, lang: str) -> Terms:
    """What a card says of a part measured on a basis, one term below the other."""
    written = definition.said(rule.part)
    better = locale.text(f"page.better.{definition.better}", lang)
    found = (
        ("words", spoken(written, lang) if written else calculation(rule, catalogue, lang)),
        ("among", plain(rule.field("among") or "", rule.table, lang)),
        ("exclusions", spoken(definition.exclusions, lang) if definition.exclusions else ""),
        ("date", label(rule.date, lang) if rule.date else ""),
        ("time", locale.text(f"page.time.{rule.time.value}", lang)),
        ("tables", needed(definition, rule.part, catalogue, lang)),
        ("unit", unit(rule.unit, lang)),
        ("better", better),
        ("version", version(definition, catalogue, lang)),
    )
    return [(locale.text(f"page.term.{name}", lang), text) for name, text in found if text]


def version(definition: Definition, catalogue: Catalogue, lang: str) -> str:
    """The number of a version; of a former one, that of today's too."""
    now = catalogue.definitions.get(definition.id.partition("@")[0])
    if now is None or now.version == definition.version:
        return str(definition.version)
    return locale.text("card.former", lang, version=definition.version, now=now.version)


def spoken(said: Text, lang: str) -> str:
    """A text of the catalogue, in the typography of the language."""
    found = said.of(lang)
    return locale.typeset(found) if lang == "fr" else found


def unit(name: str, lang: str) -> str:
    """The name of a unit; a currency is its own."""
    known = locale.sentences(lang).get(f"page.unit.{name}")
    return known or name


def calculation(rule: Measure, catalogue: Catalogue, lang: str) -> str:
    """How a value is worked out, where nobody wrote it in words."""
    if rule.formula:
        names = catalogue.operands(rule.formula)
        labels = {name: catalogue[name].label.of(lang) for name in names}
        return re.sub(r"[a-z_]+", lambda each: labels.get(each[0], each[0]), rule.formula)
    fields = {name: plain(each, rule.table, lang) for name, each in rule.fields}
    if "success" in fields:
        return locale.text("page.calc.proportion", lang, success=fields["success"])
    if "numerator" in fields:
        facts = {"top": fields["numerator"], "bottom": fields.get("denominator", "n")}
        return locale.text("page.calc.ratio", lang, **facts)
    return fields.get("value", "")


def needed(definition: Definition, part: str | None, catalogue: Catalogue, lang: str) -> str:
    """The data that a part needs: one of several, in the order in which they are tried."""
    each = [
        ", ".join(locale.text(f"page.bring.{name}.name", lang) for name in names)
        for names in tables(definition, part, catalogue)
    ]
    return locale.text("page.tables.or", lang).join(dict.fromkeys(each))


def tables(definition: Definition, part: str | None, catalogue: Catalogue) -> list[tuple[str, ...]]:
    """The tables that each basis of a part reads, those of the operands of a formula too."""
    found = [tuple(dict.fromkeys(_read(rule, catalogue))) for rule in definition.rules(part)]
    return [names for names in dict.fromkeys(found) if names]


def _read(rule: Measure, catalogue: Catalogue) -> Iterator[str]:
    if not rule.formula:
        yield from filter(None, (rule.table,))
        return
    for operand in catalogue.operands(rule.formula):
        other = catalogue[operand].rules()
        same = [each for each in other if each.basis == rule.basis] or other
        yield from _read(same[0], catalogue)


def change(each: Change, lang: str) -> str:
    """A version, when it came, and why."""
    silent = locale.text("card.change.silent", lang)
    why = spoken(each.why, lang) if each.why else silent
    day = numbers.day(each.on, lang)
    return locale.text("card.change", lang, version=each.version, on=day, why=why)


def example(each: Example, rule: Measure, lang: str) -> tuple[str, ...]:
    """A worked example: why, its rows, and the figures that they give."""
    held = ", ".join(
        locale.text(
            "card.example.given",
            lang,
            count=len(rows),
            table=locale.text(f"page.bring.{name}.name", lang),
        )
        for name, rows in each.rows.items()
    )
    return tuple(filter(None, (each.why, held, *_gives(each, rule, lang))))


def _gives(each: Example, rule: Measure, lang: str) -> Iterator[str]:
    for gives in each.gives:
        said = {**each.ask, **gives}
        asked = [_asked(name, said[name], lang) for name in ASKED if said.get(name) is not None]
        value = gives.get("value")
        known = isinstance(value, (int, float))
        shown = numbers.figure(float(value or 0), rule.unit, lang) if known else "–"
        whole = locale.text("card.example.all", lang)
        yield locale.text("card.example.gives", lang, asked=", ".join(asked) or whole, value=shown)


def _asked(name: str, value: Any, lang: str) -> str:
    """One thing that an example asks, in words."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{label(key, lang)} = {_plain(each, lang)}" for key, each in value.items()
        )
    several = value if isinstance(value, (list, tuple)) else [value]
    shown = ", ".join(label(one, lang) if name == "by" else _plain(one, lang) for one in several)
    if name == "grain":
        shown = locale.text(f"page.grain.{value}", lang)
    return locale.text(f"card.asked.{name}", lang, value=shown)


def _plain(value: Any, lang: str) -> str:
    if isinstance(value, dt.date):
        return numbers.day(value, lang)
    return "–" if value is None else str(value)
