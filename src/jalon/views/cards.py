"""Headline cards: a figure, how it moved, and the year behind it as a small line."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace

from jalon import locale
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.model.periods import Grain, split
from jalon.views import paths, wording
from jalon.views.parts import Badge, Card, Figure, Spark
from jalon.views.pictures import series, stretch_of
from jalon.views.source import Source

#: Months shown behind a card.
BEHIND = 13
#: Days that a month may lack and still be shown.
NEARLY = 8


def cards(source: Source, kpis: Sequence[str]) -> list[Card]:
    """The cards of KPIs, in one pass for the figures and one for the lines behind them."""
    answers = source.measure(kpis, compare=True)
    usual = source.asked.span.period
    known = [kpi for kpi in kpis if answers[kpi].missing is None and source.stretch(kpi) == usual]
    lines = series(source, known, Grain.MONTH) if known else {}
    return [card(source, answers[kpi], lines.get(kpi)) for kpi in kpis]


def card(source: Source, answer: Answer, line: Answer | None = None) -> Card:
    """The card of one answer. Classes have no card."""
    definition = source.door.catalogue[answer.kpi]
    figure = wording.headline(answer, source.lang, better=definition.better)
    assert figure is not None, answer.kpi
    label = source.words(definition.label)
    href = source.asked.href(paths.kpi(answer.kpi))
    return Card(label, href, dated(source, figure), spark(source, line) if line else None)


def dated(source: Source, figure: Figure) -> Figure:
    """The figure with a badge that says whose it is, where that is not the period asked."""
    stretch = source.stretch(figure.kpi)
    if stretch == source.asked.span.period or figure.missing:
        return figure
    if stretch.start is None:
        lifetime = source.door.catalogue[figure.kpi].rules()[0].estimate == "lifetime"
        badge = Badge(locale.text(f"page.badge.{'all' if lifetime else 'history'}", source.lang))
    else:
        period = numbers.period(stretch, source.lang)
        badge = Badge(locale.text("page.badge.came", source.lang, period=period))
    return replace(figure, badges=(badge, *figure.badges))


def behind_of(source: Source) -> list[dt.date]:
    """The ends of the months behind the period asked; one that has just begun says nothing yet."""
    months = split(stretch_of(source, Grain.MONTH), Grain.MONTH)
    ends = [each.end for each in months if each.end]
    if (ends[-1] - source.asked.last).days > NEARLY:
        ends.pop()
    return ends[-BEHIND:]


def spark(source: Source, answer: Answer) -> Spark | None:
    """The small line of a series; None where fewer than three months are known."""
    behind = behind_of(source)
    places = {period.end: row for row, period in enumerate(answer.periods)}
    rows = [places.get(end) for end in behind]
    found = answer.figures
    values, lows, highs = (
        tuple(None if row is None else _known(column[row]) for row in rows)
        for column in (found.value, found.low, found.high)
    )
    if sum(each is not None for each in values) < 3:
        return None
    named = locale.text("page.spark", source.lang, label=source.label(answer.kpi), n=len(behind))
    return Spark(values, lows, highs, named)


def _known(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
