"""Tables of figures: by dimension, by class, by period; what their intervals let one say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from jalon import locale
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.measure.standing import Standing, standing
from jalon.model.periods import Grain
from jalon.views import groups, paths, wording
from jalon.views.asking import Asked
from jalon.views.parts import Figure, Link, Row, Table
from jalon.views.source import Source

#: Values longer than this are shown, not asked for: no filter is that long.
LONGEST_FILTER = 200


def by_dimension(
    source: Source,
    answer: Answer,
    dimension: str,
    *,
    whole: Answer | None = None,
    limit: int | None = None,
    stood: Standing | None = None,
) -> Table:
    """A KPI by a dimension: the most counted first, each row leading further into the question.

    ``whole``: the same without the dimension, for the line of the mean. ``limit``: rows shown; the
    page of the KPI has all. ``stood``: how the groups stand, where it is known already.
    """
    lang, asked = source.lang, source.asked
    better = source.door.catalogue[answer.kpi].better
    order = np.argsort(-np.nan_to_num(answer.figures.n), kind="stable")
    rates = answer.unit in ("percent", "points", "days", "months", "per_year", "times") or _mean(
        answer
    )
    if not rates:
        order = np.argsort(-np.nan_to_num(answer.figures.value, nan=-math.inf), kind="stable")
    shown = order[:limit] if limit else order
    stood = stood or standing(answer)
    made = [
        _row(source, answer, int(row), dimension, answer.groups[dimension][row], better, stood)
        for row in shown
    ]
    mean = None
    if whole is not None and len(whole) == 1 and rates:
        mean = wording.figure(whole, 0, lang).value
    bars = not rates
    rows = _shared(made) if bars else made
    extra = len(order) - len(shown)
    more = _more(source, answer, dimension, extra) if extra > 0 else ()
    name = f"{answer.kpi}-{dimension}"
    return Table(
        name=name,
        title=source.label(answer.kpi),
        note=locale.text("page.by", lang, dimension=source.dimension(dimension).lower()),
        head=source.dimension(dimension),
        value_head=_value_head(source, answer),
        counted_head=locale.text("page.head.counted", lang),
        rows=tuple(rows),
        scale=None if bars else _scale([each.figure for each in rows], mean),
        mean=mean,
        bars=bars,
        reading=groups.told(answer, stood, lang) if stood else "",
        shrunk_head=locale.text("groups.shrunk", lang) if stood else "",
        more=more,
        exports=exports(asked, paths.kpi(answer.kpi), by=dimension, part=answer.part, table=name),
    )


def by_class(
    source: Source,
    answer: Answer,
    name: str,
    *,
    title: str = "",
    note: str = "",
    by: str | None = None,
    limit: int | None = None,
    tone: Literal["data", "ref", "guess"] = "data",
) -> Table:
    """A KPI that answers classes (reasons, sectors and standings): one row a class, with bars."""
    lang = source.lang
    definition = source.door.catalogue[answer.kpi]
    classes = list(answer.groups)
    several = len(set(answer.periods)) > 1
    made = []
    for row in range(len(answer)):
        labels = [_class_label(source, each, answer.groups[each][row]) for each in classes]
        labels += [numbers.period(answer.periods[row], lang)] if several else []
        figure = wording.figure(answer, row, lang, better=definition.better)
        href = None
        if len(classes) == 1 and (definition.classes or {}).get(classes[0]) == classes[0]:
            href = further(source.asked, answer, classes[0], answer.groups[classes[0]][row])
        made.append(Row(" · ".join(labels), href, None, figure))
    rates = answer.unit == "percent" and not _is(source, answer, "distribution")
    rows = made[:limit] if limit else made
    return Table(
        name=f"{answer.kpi}-{name}",
        title=title or source.label(answer.kpi),
        note=note,
        head=" · ".join(source.dimension(each) for each in classes),
        value_head=_value_head(source, answer),
        counted_head=locale.text("page.head.counted", lang),
        rows=tuple(rows if rates else _shared(rows)),
        scale=_scale([each.figure for each in rows], None) if rates else None,
        bars=not rates,
        tone=tone,
        more=(Link(source.label(answer.kpi), source.asked.href(paths.kpi(answer.kpi))),),
        exports=exports(
            source.asked,
            paths.kpi(answer.kpi),
            by=by,
            part=answer.part,
            table=f"{answer.kpi}-{name}",
        ),
    )


def _class_label(source: Source, name: str, value: object) -> str:
    """The name of a class: that of a KPI where classes are KPIs (targets)."""
    if name == "kpi" and value in source.door.catalogue.definitions:
        return source.label(str(value))
    return wording.value_label(name, value, source.lang)


def by_period(source: Source, answer: Answer, grain: Grain) -> Table:
    """A KPI over time, the last period first."""
    lang = source.lang
    better = source.door.catalogue[answer.kpi].better
    rows = []
    for row in reversed(range(len(answer))):
        period = answer.periods[row]
        during = source.asked.during(period, grain)
        figure = wording.figure(answer, row, lang, better=better)
        if figure.value is None and not figure.n:
            continue
        named = during.span.label(lang)
        rows.append(
            Row(
                named,
                during.href(paths.kpi(answer.kpi), part=answer.part),
                during.href(paths.rows(answer.kpi), part=answer.part),
                figure,
            )
        )
    name = f"{answer.kpi}-{grain.value}"
    return Table(
        name=name,
        title=source.label(answer.kpi),
        note=locale.text(f"page.grain.{grain.value}", lang),
        head=locale.text("page.head.period", lang),
        value_head=_value_head(source, answer),
        counted_head=locale.text("page.head.counted", lang),
        rows=tuple(rows),
        scale=_scale([each.figure for each in rows], None),
        exports=exports(
            source.asked, paths.kpi(answer.kpi), grain=grain.value, part=answer.part, table=name
        ),
    )


def further(asked: Asked, answer: Answer, dimension: str, value: object) -> str | None:
    """The same KPI on one value of a dimension; None where no address could say it."""
    if value is not None and len(str(value)) > LONGEST_FILTER:
        return None
    return asked.taking(dimension, value).href(paths.kpi(answer.kpi), part=answer.part)


def exports(asked: Asked, path: str, **more: str | None) -> tuple[Link, ...]:
    """The same table as CSV, XLSX and JSON."""
    return tuple(
        Link(form.upper(), paths.as_format(path, form, asked, **more)) for form in paths.FORMATS
    )


def _row(
    source: Source,
    answer: Answer,
    row: int,
    dimension: str,
    value: object,
    better: str,
    stood: Standing | None,
) -> Row:
    lang = source.lang
    rows_href = None
    if value is None or len(str(value)) <= LONGEST_FILTER:
        taken = source.asked.taking(dimension, value)
        rows_href = taken.href(paths.rows(answer.kpi), part=answer.part)
    return Row(
        wording.value_label(dimension, value, lang),
        further(source.asked, answer, dimension, value),
        rows_href,
        wording.figure(answer, row, lang, better=better),
        shrunk=groups.shrunk(answer, row, stood, lang) if stood else None,
    )


def _more(source: Source, answer: Answer, dimension: str, extra: int) -> tuple[Link, ...]:
    text = locale.text("page.more_rows", source.lang, n=numbers.count(extra, source.lang))
    return (Link(text, source.asked.href(paths.kpi(answer.kpi), by=dimension, part=answer.part)),)


def _shared(rows: Sequence[Row]) -> list[Row]:
    """Rows with the length of their bar: their value beside the largest."""
    sizes: list[float] = [abs(each.figure.value or 0.0) for each in rows]
    most = max(sizes, default=0.0)
    return [
        Row(each.label, each.href, each.rows_href, each.figure, size / most if most else 0.0)
        for each, size in zip(rows, sizes, strict=True)
    ]


def _scale(figures: Sequence[Figure], mean: float | None) -> tuple[float, float] | None:
    """The ends of the little charts: the intervals of what is well enough known fit in."""
    known: list[float] = [] if mean is None else [mean]
    for each in figures:
        known += [x for x in (each.value, each.low, each.high) if x is not None]
    values = [each.value for each in figures if each.value is not None]
    if not values:
        return None
    low, high = min(known), max(known)
    spread = max(values) - min(values)
    if spread > 0:
        # One group of three rows would flatten all the others: its interval is cut instead.
        low = max(low, min(values) - 3 * spread)
        high = min(high, max(values) + 3 * spread)
    margin = (high - low) * 0.03 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _mean(answer: Answer) -> bool:
    """Whether an amount is a mean or a cost, which does not add up over groups."""
    return answer.kpi in ("average_basket", "cac") or answer.part in ("mean", "median")


def _is(source: Source, answer: Answer, estimate: str) -> bool:
    return source.door.catalogue[answer.kpi].rules(answer.part)[0].estimate == estimate


def _value_head(source: Source, answer: Answer) -> str:
    unit = "money" if answer.unit.isupper() else answer.unit
    return locale.text(f"page.head.{unit}", source.lang)
