"""A question's answers as Altair charts for a notebook, with real colours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import Scale, scale
from jalon.charts.data import Point, Series
from jalon.charts.formats import number_locale, wording
from jalon.charts.frame import drawn, layer
from jalon.charts.hygiene import TITLE_LENGTH, known, shortened
from jalon.charts.series import band, series
from jalon.locale import numbers, text
from jalon.measure.figure import Answer, Results

NotebookChart = alt.LayerChart | alt.VConcatChart
_WIDTH, _HEIGHT = 640, 240


def notebook_chart(results: Results, lang: str) -> NotebookChart:
    """A line over periods (one a group), or an interval a group; several below one another."""
    charts = [chart for answer in results for chart in _charts(answer, lang)]
    plain = [_plain(each) for each in charts] or [_plain(_line([], None, "", "number", lang))]
    whole: dict[str, Any] = plain[0] if len(plain) == 1 else {"vconcat": plain}
    whole |= {
        "config": theme.config() | {"background": "#ffffff"},
        "usermeta": {"embedOptions": {"formatLocale": number_locale(lang)}},
    }
    whole = json.loads(theme.resolved(json.dumps(whole)))
    kind = alt.LayerChart if len(plain) == 1 else alt.VConcatChart
    chart: NotebookChart = kind.from_dict(whole)
    return chart


def _plain(chart: alt.LayerChart) -> dict[str, Any]:
    """A chart that may stand among others, without links: a notebook has no rows to go to."""
    with alt.data_transformers.enable(consolidate_datasets=False):
        found: dict[str, Any] = chart.to_dict(validate=False)
    for each in found["layer"]:
        each["encoding"].pop("href", None)
        for row in each.get("data", {}).get("values", ()):
            row.pop("href", None)
    whole = {"$schema", "config", "padding", "autosize"}
    return {name: value for name, value in found.items() if name not in whole}


def _charts(answer: Answer, lang: str) -> Iterator[alt.LayerChart]:
    name = f"{answer.kpi} ({answer.part})" if answer.part else answer.kpi
    rows = range(len(answer))
    if len(set(answer.periods)) < 2:
        named = [_point(answer, row, _group(answer, row) or name, lang) for row in rows]
        yield _intervals(named, name, answer.unit, lang)
        return
    for group in dict.fromkeys(_group(answer, row) for row in rows):
        held = [row for row in rows if _group(answer, row) == group]
        points = [
            _point(answer, row, numbers.period(answer.periods[row], lang), lang) for row in held
        ]
        before = [float(answer.compare.value[row]) for row in held] if answer.compare else None
        title = f"{name} · {group}" if group else name
        yield _line(points, before, title, answer.unit, lang)


def _group(answer: Answer, row: int) -> str:
    labels = [labels[row] for labels in answer.groups.values()]
    return " · ".join("–" if each is None else str(each) for each in labels)


def _point(answer: Answer, row: int, label: str, lang: str) -> Point:
    figures, unit = answer.figures, answer.unit
    value, low, high = (known(each[row]) for each in (figures.value, figures.low, figures.high))
    facts = {"label": label, "n": numbers.count(float(figures.n[row]), lang)}
    for fact, each in (("value", value), ("low", low), ("high", high)):
        facts[fact] = "–" if each is None else numbers.figure(each, unit, lang)
    code = "chart.point" if low is None or high is None else "chart.point.between"
    return Point(label, value, low, high, title=text(code, lang, **facts))


def _line(
    points: list[Point], before: list[float] | None, title: str, unit: str, lang: str
) -> alt.LayerChart:
    reference = tuple(before or ())
    chart = Series(tuple(points), reference, unit, width=_WIDTH, height=_HEIGHT)
    return _titled(series(chart, lang), title)


def _titled(chart: alt.LayerChart, title: str) -> alt.LayerChart:
    said = alt.TitleParams(shortened(title, TITLE_LENGTH), anchor="start", color=theme.INK)
    return chart.properties(title=said)


def _intervals(points: list[Point], title: str, unit: str, lang: str) -> alt.LayerChart:
    """An interval a line, a dot at its value, in the order of the answer."""
    rows = [_interval(each) for each in points]
    ends = [row[each] for row in rows for each in ("low", "x", "high") if row[each] is not None]
    held = scale(ends, unit, zero=False)
    across: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": None}
    if held is not None:
        across = {"scale": alt.Scale(domain=[held.low, held.high]), "axis": _axis(held, unit, lang)}
    beside = alt.Axis(title=None, domain=False, ticks=False, labelLimit=240, labelColor=theme.INK)
    y, said = alt.Y("label:N", sort=None, axis=beside), alt.Tooltip("title:N")
    rule = drawn(rows).mark_rule(color=theme.DATA, strokeWidth=theme.STROKE)
    dot = drawn(rows).mark_point(filled=True, color=theme.DATA, size=2 * theme.DOT, opacity=1)
    layers = [
        layer(rule, x=alt.X("low:Q", **across), x2=alt.X2("high:Q"), y=y, tooltip=said),
        layer(dot, x=alt.X("x:Q", **across), y=y, tooltip=said),
    ]
    return _titled(alt.LayerChart(layer=layers, width=_WIDTH // 2, height=alt.Step(24)), title)


def _interval(point: Point) -> dict[str, Any]:
    value = known(point.value)
    low, high = band(point) or (value, value)
    label, title = (shortened(each, TITLE_LENGTH) for each in (point.label, point.title))
    return {"label": label, "x": value, "low": low, "high": high, "title": title}


def _axis(held: Scale, unit: str, lang: str) -> alt.Axis:
    return alt.Axis(
        values=held.ticks,
        labelExpr=wording(held.ticks, held.step, unit, lang).expression,
        title=None,
        domain=False,
        ticks=False,
        gridColor=theme.LINE,
        labelColor=theme.MUTED,
    )
