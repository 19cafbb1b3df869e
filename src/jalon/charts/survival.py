"""Stairs over months, each named at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import LETTER, Scale, scale
from jalon.charts.data import Curve, Survival
from jalon.charts.frame import Frame, Rows, drawn, layer, plot_height
from jalon.charts.hygiene import AXIS_LENGTH, known, shortened
from jalon.charts.series import nothing
from jalon.locale import text

_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_APART = 14.0


def survival(chart: Survival, lang: str) -> alt.LayerChart:
    """The chart of survival curves."""
    steps = [_steps(each) for each in chart.curves]
    months = max((row["x"] for rows in steps for row in rows), default=0.0)
    frame = _framed(chart, months, lang, any(steps))
    months_shown = frame.labels(_months(months, text("chart.months", lang)))
    if not any(steps):
        return frame.chart([nothing(frame, lang), months_shown])
    layers = [_band(frame, rows, first) for first, rows in _lastly(steps)]
    layers += [_line(frame, rows, first) for first, rows in _lastly(steps)]
    return frame.chart(
        [*[each for each in layers if each], _names(frame, chart, steps), months_shown]
    )


def _framed(chart: Survival, months: float, lang: str, any_value: bool) -> Frame:
    y = scale([0.0, 1.0], "percent", zero=True) if any_value else None
    longest = max((len(_name(each)) for each in chart.curves), default=0)
    left, right = 6 * LETTER + 10, longest * LETTER + 14
    width, height = max(chart.width - left - right, 40), plot_height(chart.height)
    return Frame(width, height, left, right, 0, months or 1, y, "percent", lang)


def _steps(curve: Curve) -> Rows:
    """The rows of a curve, up to the first value that is not known."""
    rows: Rows = []
    for index, (month, value) in enumerate(zip(curve.x, curve.value, strict=True)):
        if (found := known(value)) is None:
            break
        low = known(curve.low[index]) if curve.low else None
        high = known(curve.high[index]) if curve.high else None
        between = {"y2": low, "y3": high} if low is not None and high is not None else {}
        rows.append({"x": float(month), "y": found, **between})
    return rows


def _lastly(steps: Sequence[Rows]) -> list[tuple[bool, Rows]]:
    """The curves that have values, the one looked at above the others."""
    return [(index == 0, rows) for index, rows in reversed(list(enumerate(steps))) if rows]


def _band(frame: Frame, rows: Rows, first: bool) -> alt.Chart | None:
    held = [each for each in rows if "y2" in each]
    if len(held) < 2 or not first:
        return None
    mark = drawn(held).mark_area(color=theme.DATA_SOFT, interpolate="step-after")
    return layer(mark, x=frame.across(), y=frame.up("y2"), y2=alt.Y2("y3:Q"))


def _line(frame: Frame, rows: Rows, first: bool) -> alt.Chart:
    colour, stroke = (theme.DATA, theme.STROKE) if first else (theme.REF, 1.5)
    mark = drawn(rows).mark_line(color=colour, strokeWidth=stroke, interpolate="step-after")
    return layer(mark, x=frame.across(), y=frame.up())


def _name(curve: Curve) -> str:
    return shortened(curve.label, AXIS_LENGTH)


def _names(frame: Frame, chart: Survival, steps: Sequence[Rows]) -> alt.Chart:
    """The curves' names at their ends, moved apart where they would touch."""
    assert frame.y is not None
    ends = [
        (rows[-1]["x"], _down(frame, frame.y, rows[-1]["y"]), index)
        for index, rows in enumerate(steps)
        if rows
    ]
    rows: Rows = []
    least = -math.inf
    for x, down, index in sorted(ends, key=lambda each: each[1]):
        least = max(down, least + _APART)
        colour = theme.DATA if index == 0 else theme.MUTED
        rows.append({"x": x, "y": least, "text": _name(chart.curves[index]), "colour": colour})
    mark = drawn(rows).mark_text(align="left", dx=6, baseline="middle")
    return layer(
        mark,
        x=frame.across(),
        y=alt.Y("y:Q", scale=None, axis=None),
        text=alt.Text("text:N"),
        color=alt.Color("colour:N", scale=None),
    )


def _down(frame: Frame, y: Scale, value: float) -> float:
    return frame.height * (y.high - value) / (y.high - y.low)


def _months(last: float, word: str) -> list[tuple[float, str]]:
    """The months written below: whole years where there are many; the last says the word."""
    step = next((each for each in _MONTHS if last / each <= 6), math.ceil(last / 6))
    found = list(range(0, int(last) + 1, step)) if last else [0]
    return [(each, f"{each}" if each != found[-1] else f"{each}\u00a0{word}") for each in found]
