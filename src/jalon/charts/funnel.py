"""Rates of groups by their size, in the funnel of what chance alone would make."""

from __future__ import annotations

from bisect import bisect

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import LETTER, Scale, scale
from jalon.charts.data import Funnel, Limits
from jalon.charts.formats import wording
from jalon.charts.frame import HREF, Frame, Rows, drawn, layer, plot_height
from jalon.charts.hygiene import AXIS_LENGTH, TITLE_LENGTH, known, shortened
from jalon.charts.series import nothing
from jalon.locale import numbers, text

#: A point further right than this share of the width has its name on its left.
_RIGHT = 0.7
_WANTED = 6


def funnel(chart: Funnel, lang: str) -> alt.LayerChart:
    """The chart of a funnel."""
    rows = _rows(chart)
    sizes = scale([row["x"] for row in rows], "number", zero=True, wanted=_WANTED)
    frame = _framed(chart, rows, sizes, lang)
    if frame.y is None or sizes is None:
        return frame.chart([nothing(frame, lang)])
    layers = [_edge(frame, each, place) for place, each in enumerate(chart.limits) if each.x]
    mean = known(chart.mean)
    layers += [_mean(frame, mean)] if mean is not None else []
    layers += [_names(frame, chart, mean), _dots(frame, rows)]
    named = [row for row in rows if row["named"]]
    layers += [_labels(frame, named)] if named else []
    return frame.chart([*layers, frame.labels(_below(sizes, lang))])


def _rows(chart: Funnel) -> Rows:
    """The points whose rate is known, at the size of their group."""
    rows: Rows = []
    for index, (point, size) in enumerate(zip(chart.points, chart.sizes, strict=True)):
        value, cases = known(point.value), known(size)
        if value is None or cases is None:
            continue
        row = {
            "x": cases,
            "y": value,
            "href": f"{HREF}{index}",
            "title": shortened(point.title, TITLE_LENGTH),
            "text": shortened(point.label, AXIS_LENGTH),
            "named": index in chart.named,
        }
        rows.append(row)
    return rows


def _framed(chart: Funnel, rows: Rows, sizes: Scale | None, lang: str) -> Frame:
    held = [row["y"] for row in rows]
    edges = [end for each in chart.limits[:1] for end in (*each.low[:1], *each.high[:1])]
    y = scale([*held, *edges], chart.unit, zero=False) if held else None
    left = (wording(y.ticks, y.step, chart.unit, lang).longest if y else 0) * LETTER + 10
    longest = max((len(each.label) for each in chart.limits), default=0)
    right = longest * LETTER + 20
    width = max(chart.width - left - right, 40)
    last = sizes.high if sizes else 1
    return Frame(width, plot_height(chart.height), left, right, 0, last, y, chart.unit, lang)


def _edge(frame: Frame, limits: Limits, place: int) -> alt.Chart:
    """Both sides of a funnel, cut at the ends of the axis: the narrowest plain, the others dashed.

    What lies beyond the axis is not drawn along its edge.
    """
    assert frame.y is not None
    rows: Rows = []
    sizes = [each for each in limits.x if each < frame.last] + [frame.last]
    for side, values in enumerate((limits.low, limits.high)):
        for size in sizes:
            value = _at(limits, values, size)
            if frame.y.low <= value <= frame.y.high:
                rows.append({"x": size, "y": value, "side": side})
    dashes = theme.DASHES if place else alt.Undefined
    mark = drawn(rows).mark_line(
        color=theme.REF, strokeWidth=1.5, strokeDash=dashes, interpolate="monotone"
    )
    return layer(mark, x=frame.across(), y=frame.up(), detail=alt.Detail("side:N"))


def _mean(frame: Frame, mean: float) -> alt.Chart:
    rows: Rows = [{"x": frame.first, "x2": frame.last, "y": mean}]
    mark = drawn(rows).mark_rule(color=theme.REF, strokeWidth=1.5)
    return layer(mark, x=frame.across(), x2=alt.X2("x2:Q"), y=frame.up())


def _names(frame: Frame, chart: Funnel, mean: float | None) -> alt.Chart:
    """What each line is, at its right end."""
    assert frame.y is not None
    ends = [(_at(each, each.high, frame.last), each.label) for each in chart.limits if each.x]
    rows: Rows = [
        {"x": frame.last, "y": end, "text": label}
        for end, label in ends
        if frame.y.low <= end <= frame.y.high
    ]
    if mean is not None:
        said = numbers.figure(mean, chart.unit, frame.lang)
        rows.append({"x": frame.last, "y": mean, "text": said})
    mark = drawn(rows).mark_text(align="left", dx=6, baseline="middle")
    return layer(mark, x=frame.across(), y=frame.up(), text=alt.Text("text:N"))


def _at(limits: Limits, values: tuple[float, ...], size: float) -> float:
    """A side of a funnel at a size, straight between those that are known."""
    place = min(max(bisect(limits.x, size), 1), len(limits.x) - 1)
    if len(limits.x) == 1:
        return values[0]
    (left, right), (low, high) = limits.x[place - 1 : place + 1], values[place - 1 : place + 1]
    share = min(max((size - left) / (right - left), 0), 1)
    return low + share * (high - low)


def _dots(frame: Frame, rows: Rows) -> alt.Chart:
    mark = drawn(rows).mark_point(filled=True, color=theme.DATA, size=1.6 * theme.DOT, opacity=1)
    return layer(
        mark,
        x=frame.across(),
        y=frame.up(),
        href=alt.Href("href:N"),
        tooltip=alt.Tooltip("title:N"),
    )


def _labels(frame: Frame, rows: Rows) -> alt.Chart:
    """The names of the points that stand out, on the side that has room."""
    placed: Rows = [row | {"dx": -1 if row["x"] > _RIGHT * frame.last else 1} for row in rows]
    left = alt.ExprRef("datum.dx < 0 ? 'right' : 'left'")
    mark = drawn(placed).mark_text(
        align=left, dx=alt.ExprRef("8 * datum.dx"), baseline="middle", color=theme.INK
    )
    return layer(mark, x=frame.across(), y=frame.up(), text=alt.Text("text:N"))


def _below(sizes: Scale, lang: str) -> list[tuple[float, str]]:
    """Numbers of cases; the last says the word."""
    ticks = sizes.ticks
    said = [numbers.count(each, lang) for each in ticks]
    return [
        *zip(ticks[:-1], said[:-1], strict=True),
        (ticks[-1], f"{said[-1]}\u00a0{text('chart.cases', lang)}"),
    ]
