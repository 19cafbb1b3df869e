"""How a file was read, decision by decision, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jalon import locale
from jalon.intake.doubts import THRESHOLD
from jalon.intake.text_table import Evidence
from jalon.views.data import date_order_name, delimiter_name, table_name

#: From there on a decision is said to be sure.
SURE = 0.9
SIGNS = {",": "comma", ".": "point"}


@dataclass(frozen=True)
class Reason:
    """A decision: of which ``column`` (blank: of the file), what was chosen, on what it rests, how
    sure it is (``sure``, in words; ``tone``: ``sure``, ``likely`` or ``doubtful``)."""

    column: str
    decision: str
    choice: str
    because: str
    sure: str
    tone: str


def reasons(evidence: Iterable[Evidence], lang: str) -> tuple[Reason, ...]:
    """Each decision in words: those on the file first."""
    return tuple(_reason(one, lang) for one in sorted(evidence, key=lambda e: e.column is not None))


def _reason(one: Evidence, lang: str) -> Reason:
    tone = tone_of(one.certainty)
    return Reason(
        column=one.column or "",
        decision=locale.text(f"decision.{one.decision}", lang),
        choice=chosen(one, lang),
        because=locale.text(f"because.{one.because}", lang, **one.facts),
        sure=locale.text(f"sure.{tone}", lang),
        tone=tone,
    )


def tone_of(certainty: float) -> str:
    """How sure: ``sure``, ``likely`` or, where it may have to be asked, ``doubtful``."""
    if certainty < THRESHOLD:
        return "doubtful"
    return "sure" if certainty >= SURE else "likely"


def chosen(one: Evidence, lang: str) -> str:
    """What was decided, in words; a dash where nothing could be."""
    if not one.choice and one.decision != "delimiter":
        return "–"
    if one.decision == "delimiter":
        return delimiter_name(one.choice, lang)
    if one.decision == "date_order":
        return date_order_name(one.choice, lang)
    if one.decision == "mapping":
        return table_name(one.choice, lang)
    if one.decision == "header_row" and one.choice == "0":
        return locale.text("choice.none", lang)
    code = f"choice.{SIGNS.get(one.choice, one.choice)}"
    return locale.text(code, lang) if code in locale.sentences(lang) else one.choice
