"""Bars from zero, one a period, and a thin mark where the reference was."""

from __future__ import annotations

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import scale
from jalon.charts.data import Columns
from jalon.charts.frame import HREF, Frame, Rows, drawn, framed, layer, period_labels
from jalon.charts.hygiene import TITLE_LENGTH, known, shortened
from jalon.charts.series import nothing

_WIDEST = 44.0


def columns(chart: Columns, lang: str) -> alt.LayerChart:
    """The chart of columns."""
    values = [known(each.value) for each in chart.points]
    reference = [known(each) for each in chart.reference]
    held = [each for each in (*values, *reference) if each is not None]
    y = scale(held, chart.unit, zero=True)
    size = (chart.width, chart.height)
    frame = framed(chart.points, y, chart.unit, lang, size, half=True)
    if y is None:
        return frame.chart([nothing(frame, lang), period_labels(frame, chart.points)])
    layers = [_bars(frame, chart, values), *_marks(frame, reference)]
    return frame.chart([*layers, period_labels(frame, chart.points)])


def _bar(frame: Frame) -> float:
    return min(_WIDEST, round(frame.pixels * 0.62, 1))


def _bars(frame: Frame, chart: Columns, values: list[float | None]) -> alt.Chart:
    rows: Rows = []
    for index, value in enumerate(values):
        guessed = index in chart.provisional
        row = {
            "x": index,
            "y": value,
            "href": f"{HREF}{index}",
            "title": shortened(chart.points[index].title, TITLE_LENGTH),
            "fill": theme.GUESS_SOFT if guessed else theme.DATA,
            "stroke": theme.GUESS if guessed else None,
        }
        rows += [row] if value is not None else []
    mark = drawn(rows).mark_bar(size=_bar(frame), strokeDash=theme.DASHES, strokeWidth=1)
    return layer(
        mark,
        x=frame.across(),
        y=frame.up(),
        y2=alt.Y2(datum=0),
        fill=alt.Fill("fill:N", scale=None),
        stroke=alt.Stroke("stroke:N", scale=None),
        href=alt.Href("href:N"),
        tooltip=alt.Tooltip("title:N"),
    )


def _marks(frame: Frame, reference: list[float | None]) -> list[alt.Chart]:
    half = (_bar(frame) / 2 + 3) / frame.pixels
    rows: Rows = [
        {"x": index - half, "x2": index + half, "y": value}
        for index, value in enumerate(reference)
        if value is not None
    ]
    if not rows:
        return []
    mark = drawn(rows).mark_rule(color=theme.REF, strokeWidth=theme.STROKE)
    return [layer(mark, x=frame.across(), x2=alt.X2("x2:Q"), y=frame.up())]
