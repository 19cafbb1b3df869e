"""What must be asked of a file, with the readings side by side, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jalon import locale
from jalon.locale import numbers
from jalon.model.problems import Problem
from jalon.views.data import delimiter_name

#: Of what is read as rows, no cell is found: the whole row is shown.
BY_ROW = frozenset({"header_row", "delimiter"})


@dataclass(frozen=True)
class Sample:
    """A cell ``found``, and as it is ``read``; of whole rows nothing is found beside them."""

    found: str
    read: str


@dataclass(frozen=True)
class Reading:
    """A way to read: the ``value`` that answers, what it is in words, and what it makes."""

    value: str
    title: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Question:
    """``text``: what is asked. ``rests``: why it is. ``option``: what answers on the command line.
    ``decision``: its name."""

    decision: str
    text: str
    rests: str
    option: str
    readings: tuple[Reading, ...]


def question(asked: Problem, lang: str) -> Question | None:
    """The question with its readings; None where no reading can be chosen among."""
    facts = asked.facts
    if "previews" not in facts:
        return None
    decision = str(facts["decision"])
    return Question(
        decision,
        locale.text(f"ask.{decision}", lang, columns=quoted(facts["columns"], lang)),
        locale.text(f"because.{facts['because']}", lang, **facts["facts"]),
        str(facts["option"]),
        tuple(_readings(decision, facts, lang)),
    )


def quoted(names: Iterable[str], lang: str) -> str:
    """Names in quotation marks, listed."""
    return ", ".join(locale.text("ask.name", lang, name=each) for each in names)


def _readings(decision: str, facts: Mapping[str, Any], lang: str) -> Iterator[Reading]:
    found = [] if decision in BY_ROW else list(facts["examples"])
    for choice in facts["choices"]:
        cells = facts["previews"][choice]
        before = found or [""] * len(cells)
        samples = (
            Sample(one, _said(decision, cell, lang))
            for one, cell in zip(before, cells, strict=False)
        )
        yield Reading(choice, choice_name(decision, choice, lang), tuple(samples))


def choice_name(decision: str, choice: str, lang: str) -> str:
    """A way to read, in words."""
    if decision == "delimiter":
        return delimiter_name(choice, lang)
    if decision == "header_row" and choice != "0":
        return locale.text("ask.header_row.some", lang, row=choice)
    signs = {",": "comma", ".": "point", "0": "none"}
    code = f"ask.{decision}.{signs.get(choice, choice)}"
    return locale.text(code, lang) if code in locale.sentences(lang) else choice


def _said(decision: str, cell: str | None, lang: str) -> str:
    """A cell as a person reads it."""
    if cell is None:
        return locale.text("ask.unreadable", lang)
    if decision == "date_order":
        return numbers.day(dt.date.fromisoformat(cell), lang)
    return numbers.plain(Decimal(cell), lang) if decision == "decimal" else cell
