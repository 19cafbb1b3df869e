"""A chart's Vega-Lite specification, colours as CSS variables."""

from __future__ import annotations

from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from jalon.charts.columns import columns
from jalon.charts.data import Chart, Columns, Funnel, Series
from jalon.charts.funnel import funnel
from jalon.charts.series import series
from jalon.charts.survival import survival


def layered(chart: Chart, lang: str) -> alt.LayerChart:
    """The chart in Altair."""
    if isinstance(chart, Series):
        return series(chart, lang)
    if isinstance(chart, Columns):
        return columns(chart, lang)
    if isinstance(chart, Funnel):
        return funnel(chart, lang)
    return survival(chart, lang)


def spec(chart: Chart, lang: str) -> dict[str, Any]:
    """What Vega-Lite draws.

    A point's link is ``https://jalon.invalid/`` and its index: its own is written in the SVG.
    """
    # Altair's checks take half of the time: the tests make them, of every kind
    with alt.data_transformers.enable(consolidate_datasets=False), debug_mode(False):
        return layered(chart, lang).to_dict(validate=False)
