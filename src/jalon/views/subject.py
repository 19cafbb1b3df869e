"""A subject's page: what it says, its figures, its pictures, and what is lacking."""

from __future__ import annotations

from dataclasses import dataclass

from jalon import locale
from jalon.measure.figure import Answer
from jalon.views import paths
from jalon.views.cards import cards
from jalon.views.frame import frame
from jalon.views.lacks import lacks
from jalon.views.parts import Card, Frame, Lack, Link, Picture, Sentence, Table
from jalon.views.pictures import WIDE, picture
from jalon.views.source import Source
from jalon.views.subjects import Panel, Subject
from jalon.views.tables import by_class, by_dimension
from jalon.views.wording import part_label
from jalon.views.words import paragraph

#: Rows of a table on a page that shows several.
ROWS = 8


@dataclass(frozen=True)
class SubjectView:
    """``frame``: menu and filters. ``question``: what the page answers. ``sentences``: what it
    says.
    ``cards``: the figures. ``panels``: pictures and tables in order. ``more``: the subject's other
    KPIs that the data can measure. ``lacks``: what to bring.
    ``anything``: False where nothing of the subject can be measured."""

    frame: Frame
    question: str
    sentences: tuple[Sentence, ...]
    cards: tuple[Card, ...]
    panels: tuple[Picture | Table, ...]
    more: tuple[Link, ...]
    lacks: tuple[Lack, ...]
    anything: bool


def subject_view(source: Source, subject: Subject) -> SubjectView:
    """The page of a subject."""
    lang = source.lang
    able = source.able(subject.cards)
    made = cards(source, able) if able else []
    found = [panel_of(source, each) for each in subject.panels]
    panels = tuple(each for each in found if each is not None)
    shown = [*subject.cards, *(each.kpi for each in subject.panels)]
    others = source.able(subject.more)
    return SubjectView(
        frame=frame(source, subject.path, locale.text(f"page.{subject.name}", lang)),
        question=locale.text(f"page.{subject.name}.question", lang),
        sentences=paragraph(source, made),
        cards=tuple(made),
        panels=panels,
        more=tuple(Link(source.label(each), source.asked.href(paths.kpi(each))) for each in others),
        lacks=lacks(source, shown),
        anything=bool(made or panels or others),
    )


def panel_of(source: Source, panel: Panel) -> Picture | Table | None:
    """A panel of the page; None where the data say nothing of it."""
    if source.door.lacks(panel.kpi) is not None:
        return None
    if panel.form in ("series", "columns"):
        columns = panel.form == "columns"
        return picture(source, panel.kpi, columns=columns, part=panel.part, width=WIDE)
    if panel.form == "classes":
        return _classes(source, panel)
    return _by(source, panel)


def _classes(source: Source, panel: Panel) -> Table | None:
    answer = source.measure([panel.kpi], part=panel.part)[panel.kpi]
    if answer.missing is not None or not len(answer) or not answer.groups:
        return None
    note = part_label(panel.part, source.lang)
    name = answer.part or "classes"
    limit = ROWS * len(answer.groups)
    return by_class(source, answer, name, note=note, limit=limit, tone=panel.tone)


def _by(source: Source, panel: Panel) -> Table | None:
    """A table by the first dimension that has at least two values, and is not filtered to one."""
    taken = {name for name, values in source.asked.filters if len(values) == 1}
    for dimension in panel.dimensions:
        if dimension in taken or dimension not in source.dimensions(panel.kpi):
            continue
        answer = source.measure([panel.kpi], by=dimension, part=panel.part)[panel.kpi]
        if answer.missing is None and _telling(answer, dimension):
            whole = source.measure([panel.kpi], part=panel.part)[panel.kpi]
            return by_dimension(source, answer, dimension, whole=whole, limit=ROWS)
    return None


def _telling(answer: Answer, dimension: str) -> bool:
    known = [label for label in answer.groups.get(dimension, ()) if label is not None]
    return len(known) > 1
