"""A chart to SVG, in this process: to be called in one that may die (:mod:`jalon.charts.hand`)."""

from __future__ import annotations

import vl_convert

from jalon.charts.data import Chart, Survival
from jalon.charts.formats import number_locale
from jalon.charts.inline import inline
from jalon.charts.spec import spec
from jalon.locale import text

_VEGA_LITE = "6.4"


def draw(chart: Chart, lang: str) -> str:
    """The chart as an SVG for a page, colours as CSS variables."""
    drawn = vl_convert.vegalite_to_svg(
        spec(chart, lang),
        vl_version=_VEGA_LITE,
        allowed_base_urls=[],
        format_locale=number_locale(lang),
    )
    points = () if isinstance(chart, Survival) else chart.points
    return inline(drawn, chart.alt or text("chart.alt", lang), points)
