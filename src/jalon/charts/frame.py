"""The ground of a chart: its margins, its rules, what is written around; and its data on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from jalon.charts import theme
from jalon.charts.axis import LETTER, Scale, shown
from jalon.charts.data import Point
from jalon.charts.formats import wording
from jalon.charts.hygiene import AXIS_LENGTH, shortened

Rows = list[dict[str, Any]]
HREF = "https://jalon.invalid/"
_TOP, _BOTTOM = 10, 32


@dataclass(frozen=True)
class Frame:
    """Where things are: pixels of the plot and of its margins, and the ends of both axes."""

    width: float
    height: float
    left: float
    right: float
    first: float
    last: float
    y: Scale | None
    unit: str
    lang: str

    @property
    def pixels(self) -> float:
        """How many pixels a unit of the horizontal axis takes."""
        return self.width / (self.last - self.first)

    def across(self, field: str = "x") -> alt.X:
        """The horizontal encoding of a field."""
        scale = alt.Scale(domain=[self.first, self.last], nice=False, zero=False)
        return alt.X(field, type="quantitative", scale=scale, axis=None)

    def up(self, field: str = "y") -> alt.Y:
        """The vertical encoding of a field: rules, values in their unit, nothing else."""
        low, high = (self.y.low, self.y.high) if self.y else (0, 1)
        return alt.Y(
            field,
            type="quantitative",
            scale=alt.Scale(domain=[low, high], nice=False, zero=False),
            axis=self._axis(),
        )

    def _axis(self) -> alt.Axis | None:
        if self.y is None:
            return None
        ticks = self.y.ticks
        said = wording(ticks, self.y.step, self.unit, self.lang)
        return alt.Axis(
            values=ticks,
            labelExpr=said.expression,
            title=None,
            aria=False,
            domain=False,
            ticks=False,
            gridColor=theme.LINE,
            labelColor=theme.MUTED,
            labelFont=theme.FONT,
            labelFontSize=theme.LETTERS,
            labelPadding=8,
            labelOverlap=False,
        )

    def chart(self, layers: Sequence[alt.Chart]) -> alt.LayerChart:
        """The layers together, on this ground, bottom first."""
        padding = {"left": self.left, "right": self.right, "top": _TOP, "bottom": _BOTTOM}
        return alt.LayerChart(
            layer=list(layers),
            width=self.width,
            height=self.height,
            padding=padding,
            autosize=alt.AutoSizeParams(type="none"),
            config=theme.config(),
        )

    def labels(self, texts: Sequence[tuple[float, str]]) -> alt.Chart:
        """What is written below the horizontal axis, each at its place."""
        rows = [{"x": x, "text": text} for x, text in texts]
        mark = drawn(rows).mark_text(baseline="top", y=self.height + 14)
        return layer(mark, x=self.across(), text=alt.Text("text:N"))


def drawn(rows: Rows) -> alt.Chart:
    """A layer of these rows, to be given its mark."""
    return alt.Chart(alt.InlineData(values=rows))


def layer(mark: alt.Chart, **channels: Any) -> alt.Chart:
    """A mark with its channels."""
    found: alt.Chart = mark.encode(**channels)
    return found


def framed(
    points: Sequence[Point],
    y: Scale | None,
    unit: str,
    lang: str,
    size: tuple[int, int],
    half: bool,
) -> Frame:
    """The ground of points one a period. ``half``: half a period of room on both sides (bars)."""
    width, height = size
    texts = axis_texts(points)
    widest = wording(y.ticks, y.step, unit, lang).longest if y else 0
    left = round(max(widest * LETTER + 10, len(texts[0]) * LETTER / 2 if texts else 0))
    right = round(max(10.0, len(texts[-1]) * LETTER / 2 if texts else 0))
    last = max(len(points) - 1, 0)
    aside = 0.5 if half or not last else 0.0
    plot = max(width - left - right, 40)
    return Frame(plot, plot_height(height), left, right, -aside, last + aside, y, unit, lang)


def plot_height(height: int) -> float:
    """What is left of a picture's height between what is above and below."""
    return max(height - _TOP - _BOTTOM, 20)


def axis_texts(points: Sequence[Point]) -> list[str]:
    """The points' labels, cut where they are beyond reason."""
    return [shortened(each.label, AXIS_LENGTH) for each in points]


def period_labels(frame: Frame, points: Sequence[Point]) -> alt.Chart:
    """The labels of the periods that have room for one."""
    texts = axis_texts(points)
    return frame.labels([(index, texts[index]) for index in shown(texts, frame.pixels)])
