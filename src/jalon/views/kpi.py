"""The page of a KPI: its value and how sure, over time, by dimension, and what it measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jalon import locale
from jalon.catalogue.definition import Definition as Kpi
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.measure.standing import Standing, standing
from jalon.model.periods import Grain
from jalon.relations.expression import unknown
from jalon.views import definition as worded
from jalon.views import paths, wording
from jalon.views.cards import dated
from jalon.views.frame import USUAL, frame
from jalon.views.funnel import funnel
from jalon.views.lacks import lacks
from jalon.views.parts import Definition, Figure, Frame, Lack, Link, Picture, Table
from jalon.views.pictures import GRAINS, picture
from jalon.views.reversals import of_groups, of_periods
from jalon.views.source import Source
from jalon.views.tables import by_class, by_dimension

#: Notes of classes shown, at most.
NOTES = 8


@dataclass(frozen=True)
class KpiView:
    """``frame``: menu and filters. ``question``: what the KPI asks. ``figure``: its value, None of
    classes. ``against``: the change in words. ``rows_href``: the rows behind it. ``other_parts``:
    its other parts.
    ``picture``: over time. ``tables``: by class where it has classes, then by dimension.
    ``dimensions``: what else to break it down by. ``definition``: what it measures. ``notes``: what
    limits its figures.
    ``reconcile``: where another tool's figure is explained. ``rests``: the imports that it rests
    on. ``lacks``: what to bring where it has no value. ``funnel``: its groups by their size, where
    they are enough. ``reversals``: orders (of the groups shown, of the two periods) that reverse
    inside another dimension, a sentence each."""

    frame: Frame
    question: str
    figure: Figure | None
    against: str
    rows_href: str | None
    other_parts: tuple[Link, ...]
    picture: Picture | None
    tables: tuple[Table, ...]
    dimensions: tuple[Link, ...]
    definition: Definition
    notes: tuple[str, ...]
    reconcile: Link | None
    rests: tuple[Link, ...]
    lacks: tuple[Lack, ...]
    funnel: Picture | None = None
    reversals: tuple[str, ...] = ()


def kpi_view(
    source: Source,
    kpi: str,
    *,
    by: str | None = None,
    grain: str = "month",
    part: str | None = None,
    rests: tuple[Link, ...] = (),
) -> KpiView:
    """The page. Raises RequestError for an unknown KPI, part, dimension or grain."""
    lang, asked = source.lang, source.asked
    definition = source.door.catalogue[kpi]
    step = _grain(grain)
    answer = source.measure([kpi], part=part, compare=True)[kpi]
    figure = wording.headline(answer, lang, better=definition.better)
    figure = dated(source, figure) if figure else None
    able = answer.missing is None
    classes = bool(answer.groups)
    broken = _broken(source, kpi, answer, by, part) if able else _Broken()
    over = None
    if able and not classes:
        over = picture(source, kpi, grain=step, part=part, choose=True)
    kept = tuple((k, v) for k, v in (("by", by), ("part", part), ("grain", grain)) if v)
    kept = tuple(each for each in kept if each != ("grain", "month"))
    return KpiView(
        frame=frame(
            source, paths.kpi(kpi), source.label(kpi), filters=_filters(definition), kept=kept
        ),
        question=source.words(definition.question),
        figure=figure,
        against=_against(figure, lang),
        rows_href=asked.href(paths.rows(kpi), part=part) if able else None,
        other_parts=_parts(source, definition, part),
        picture=over,
        tables=broken.tables,
        dimensions=_dimensions(source, definition, broken.dimension, part) if able else (),
        definition=_definition(source, definition, answer, part),
        notes=_notes(answer, figure, lang),
        reconcile=_reconcile(source, kpi, part) if figure and able else None,
        rests=rests,
        lacks=lacks(source, [kpi]),
        funnel=_funnel(source, broken),
        reversals=_reversals(source, answer, broken) if able else (),
    )


def _notes(answer: Answer, figure: Figure | None, lang: str) -> tuple[str, ...]:
    """What limits the figure, or those of its classes, each thing once."""
    if figure is not None:
        return figure.notes
    said = (locale.sentence(each, lang) for row in range(len(answer)) for each in answer.notes(row))
    return tuple(dict.fromkeys(wording.capital(each) for each in said))[:NOTES]


def _reconcile(source: Source, kpi: str, part: str | None) -> Link:
    href = source.asked.href(paths.reconcile(kpi), part=part)
    return Link(locale.text("reconcile.link", source.lang), href)


def _grain(name: str) -> Grain:
    known = {each.value: each for each in GRAINS}
    if name not in known:
        raise unknown(name, known, "unknown_grain")
    return known[name]


def _filters(definition: Kpi) -> tuple[str, ...]:
    return tuple(each for each in USUAL if each in definition.dimensions)


@dataclass(frozen=True)
class _Broken:
    """A KPI broken down: its tables, the dimension shown, its answer and how its groups stand."""

    tables: tuple[Table, ...] = ()
    dimension: str | None = None
    answer: Answer | None = None
    standing: Standing | None = None


def _broken(source: Source, kpi: str, answer: Answer, by: str | None, part: str | None) -> _Broken:
    """The classes of the KPI, and its breakdown by the dimension asked or the first that tells."""
    made: list[Table] = []
    if answer.groups:
        plain = source.measure([kpi], part=part)[kpi]
        made.append(by_class(source, plain, plain.part or "classes"))
        if by is None:
            return _Broken(tuple(made))
    names = [by] if by else _open(source, _ordered(source.dimensions(kpi)))
    for dimension in names:
        found = source.measure([kpi], by=dimension, part=part)[kpi]
        if found.missing is not None or dimension not in found.groups:
            continue
        known = [each for each in found.groups[dimension] if each is not None]
        if by or len(known) > 1:
            if answer.groups:
                made.append(by_class(source, found, dimension, by=dimension))
                return _Broken(tuple(made), dimension)
            stood = standing(found)
            made.append(by_dimension(source, found, dimension, whole=answer, stood=stood))
            return _Broken(tuple(made), dimension, found, stood)
    return _Broken(tuple(made))


def _open(source: Source, dimensions: Sequence[str]) -> list[str]:
    """The dimensions that no filter holds to one value."""
    taken = {name for name, values in source.asked.filters if len(values) == 1}
    return [each for each in dimensions if each not in taken]


def _funnel(source: Source, broken: _Broken) -> Picture | None:
    if broken.answer is None or broken.standing is None:
        return None
    return funnel(source, broken.answer, broken.standing)


def _reversals(source: Source, answer: Answer, broken: _Broken) -> tuple[str, ...]:
    """What to know before groups or periods are ranked."""
    kpi, part, lang = answer.kpi, answer.part, source.lang
    dimensions = _open(source, source.dimensions(kpi))

    def measure(**asked: Any) -> Answer:
        return source.measure([kpi], part=part, **asked)[kpi]

    said = of_periods(answer, dimensions, measure, source.dimension, lang)
    if broken.answer is not None and broken.standing is not None:
        found = (broken.answer, broken.standing, dimensions)
        said += of_groups(*found, measure, source.dimension, lang)
    return tuple(each.text for each in said)


def _ordered(dimensions: tuple[str, ...]) -> list[str]:
    first = ("sector", "channel", "owner", "team", "source")
    return [each for each in first if each in dimensions] + [
        each for each in dimensions if each not in first
    ]


def _dimensions(
    source: Source, definition: Kpi, current: str | None, part: str | None
) -> tuple[Link, ...]:
    return tuple(
        Link(
            source.dimension(name),
            source.asked.href(paths.kpi(definition.id), by=name, part=part),
            name == current,
        )
        for name in source.dimensions(definition.id)
    )


def _parts(source: Source, definition: Kpi, part: str | None) -> tuple[Link, ...]:
    names = list(definition.parts)
    if len(names) < 2:
        return ()
    current = part or names[0]
    return tuple(
        Link(
            wording.part_label(name, source.lang),
            source.asked.href(paths.kpi(definition.id), part=name),
            name == current,
        )
        for name in names
    )


def _against(figure: Figure | None, lang: str) -> str:
    change = figure.change if figure else None
    if change is None:
        return ""
    if change.tone == "noise":
        return locale.text("page.change.noise", lang, change=change.text, against=change.against)
    return locale.text("page.change.told", lang, change=change.text, against=change.against)


def _definition(source: Source, definition: Kpi, answer: Answer, part: str | None) -> Definition:
    lang = source.lang
    rules = definition.rules(part)
    rule = next((each for each in rules if each.basis == answer.basis), rules[0])
    level = numbers.figure(answer.level, "percent", lang).replace(",0", "").replace(".0", "")
    said = worded.terms(definition, rule, source.door.catalogue, lang)
    said.insert(-1, (locale.text("page.term.level", lang), level))
    return Definition(
        tuple(said),
        source.words(definition.caution) if definition.caution else "",
        _sql(source, answer, part),
        changes=tuple(worded.change(each, lang) for each in definition.changes),
        examples=tuple(worded.example(each, rule, lang) for each in definition.examples),
    )


def _sql(source: Source, answer: Answer, part: str | None) -> tuple[str, ...]:
    if answer.missing is not None:
        return ()
    return source.door.measure([answer.kpi], part=part, **source.question(answer.kpi)).sql
