"""A line over periods: interval as a band, reference dashed, one dot a period."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import scale
from jalon.charts.data import Point, Series
from jalon.charts.frame import HREF, Frame, Rows, drawn, framed, layer, period_labels
from jalon.charts.hygiene import TITLE_LENGTH, known, shortened
from jalon.locale import text

Values = list[float | None]


def series(chart: Series, lang: str) -> alt.LayerChart:
    """The chart of a series."""
    values = [known(each.value) for each in chart.points]
    reference = [known(each) for each in chart.reference]
    bands = [band(each) for each in chart.points]
    ends = [end for each in bands if each for end in each]
    held = [each for each in (*values, *reference) if each is not None] + ends
    size = (chart.width, chart.height)
    y = scale(held, chart.unit, chart.zero)
    frame = framed(chart.points, y, chart.unit, lang, size, half=False)
    if y is None:
        return frame.chart([nothing(frame, lang), period_labels(frame, chart.points)])
    guessed = set(chart.provisional)
    layers = [
        *_bands(frame, bands, guessed),
        *_lines(frame, reference, set(range(len(reference))), theme.REF, 1.5),
        *_lines(frame, values, set(), theme.DATA, theme.STROKE, without=guessed),
        *_lines(frame, values, guessed, theme.GUESS, theme.STROKE),
        _dots(frame, chart.points, values, guessed),
        period_labels(frame, chart.points),
    ]
    return frame.chart(layers)


def band(point: Point) -> tuple[float, float] | None:
    """A point's interval; None where an end is not known, or the value is not."""
    low, high = known(point.low), known(point.high)
    if low is None or high is None or known(point.value) is None:
        return None
    return min(low, high), max(low, high)


def nothing(frame: Frame, lang: str) -> alt.Chart:
    """The words of a chart that has no value."""
    mark = drawn([{"text": text("chart.none", lang)}]).mark_text()
    return layer(
        mark, x=alt.value(frame.width / 2), y=alt.value(frame.height / 2), text=alt.Text("text:N")
    )


def runs(there: Sequence[bool], kept: Collection[int], without: bool) -> list[list[int]]:
    """Indexes that follow one another and are there: what one stroke joins.

    A stretch between two points belongs to ``kept`` where one of them does; ``without`` gives the
    stretches that do not.
    """
    found: list[list[int]] = []
    for left, right in pairwise(range(len(there))):
        if not (there[left] and there[right]):
            continue
        if (left in kept or right in kept) is without:
            continue
        if found and found[-1][-1] == left:
            found[-1].append(right)
        else:
            found.append([left, right])
    return found


def _lines(
    frame: Frame,
    values: Values,
    kept: Collection[int],
    colour: str,
    stroke: float,
    without: Collection[int] | None = None,
) -> list[alt.Chart]:
    """The strokes of the kept stretches, dashed; or of all but some, plain."""
    there = [each is not None for each in values]
    parts = runs(there, kept if without is None else without, without is not None)
    rows: Rows = [
        {"x": index, "y": values[index], "run": number}
        for number, part in enumerate(parts)
        for index in part
    ]
    if not rows:
        return []
    dashes = theme.DASHES if without is None else alt.Undefined
    mark = drawn(rows).mark_line(color=colour, strokeWidth=stroke, strokeDash=dashes)
    return [layer(mark, x=frame.across(), y=frame.up(), detail=alt.Detail("run:N"))]


def _bands(
    frame: Frame, bands: Sequence[tuple[float, float] | None], guessed: Collection[int]
) -> list[alt.Chart]:
    there = [each is not None for each in bands]
    layers = []
    for colour, without in ((theme.DATA_SOFT, True), (theme.GUESS_SOFT, False)):
        rows: Rows = []
        for number, part in enumerate(runs(there, guessed, without)):
            ends = [(index, bands[index]) for index in part]
            rows += [{"x": x, "y": e[0], "y2": e[1], "run": number} for x, e in ends if e]
        if rows:
            mark = drawn(rows).mark_area(color=colour)
            layers.append(
                layer(
                    mark,
                    x=frame.across(),
                    y=frame.up(),
                    y2=alt.Y2("y2:Q"),
                    detail=alt.Detail("run:N"),
                )
            )
    return layers + _alone(frame, bands, guessed)


def _alone(
    frame: Frame, bands: Sequence[tuple[float, float] | None], guessed: Collection[int]
) -> list[alt.Chart]:
    """The intervals of points that no neighbour joins to a band: upright strokes."""
    rows: Rows = []
    for index, ends in enumerate(bands):
        beside = [bands[each] for each in (index - 1, index + 1) if 0 <= each < len(bands)]
        if ends and not any(beside):
            colour = theme.GUESS_SOFT if index in guessed else theme.DATA_SOFT
            rows.append({"x": index, "y": ends[0], "y2": ends[1], "colour": colour})
    if not rows:
        return []
    mark = drawn(rows).mark_rule(strokeWidth=8)
    colours = alt.Color("colour:N", scale=None)
    return [layer(mark, x=frame.across(), y=frame.up(), y2=alt.Y2("y2:Q"), color=colours)]


def _dots(
    frame: Frame, points: Sequence[Point], values: Values, guessed: Collection[int]
) -> alt.Chart:
    rows: Rows = [
        {
            "x": index,
            "y": value,
            "href": f"{HREF}{index}",
            "title": shortened(points[index].title, TITLE_LENGTH),
            "colour": theme.GUESS if index in guessed else theme.DATA,
        }
        for index, value in enumerate(values)
        if value is not None
    ]
    mark = drawn(rows).mark_point(filled=True, size=theme.DOT, opacity=1)
    return layer(
        mark,
        x=frame.across(),
        y=frame.up(),
        color=alt.Color("colour:N", scale=None),
        href=alt.Href("href:N"),
        tooltip=alt.Tooltip("title:N"),
    )
