"""A KPI's groups by their size, in the funnel of what chance alone would make."""

from __future__ import annotations

import numpy as np

from jalon import locale
from jalon.charts.data import Funnel, Limits, Point
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.measure.standing import Standing
from jalon.stats.funnel import control_limits
from jalon.stats.interval import Bools, Floats
from jalon.views import groups, paths, wording
from jalon.views.parts import Picture
from jalon.views.source import Source

#: With fewer groups the table says all.
LEAST = 4
#: The two funnels, the narrowest first, and the sizes at which each is worked out.
LEVELS, SIZES = (0.95, 0.998), 60
#: The funnel begins at this share of the smallest group's size: wider, it would flatten the points.
NARROWEST = 0.6
#: Points named beside their mark, the furthest out first.
NAMED = 6
WIDTH, HEIGHT = 600, 360


def funnel(source: Source, answer: Answer, standing: Standing) -> Picture | None:
    """The picture; None for less than :data:`LEAST` groups, or cohorts followed unequally."""
    rows = np.flatnonzero(standing.named)
    if len(rows) < LEAST or not standing.comparable:
        return None
    found, lang = answer.figures, source.lang
    assert found.numerator is not None
    k, n = found.numerator[rows], found.n[rows]
    whole = float(k.sum() / n.sum())
    beyond = [_beyond(k, n, whole, level) for level in LEVELS]
    labels = groups.names(answer, standing.dimension, lang)
    reading = _reading([labels[row] for row in rows], beyond, lang)
    distance = np.abs(k / n - whole) * np.sqrt(n)
    outside = [int(at) for at in np.argsort(-distance, kind="stable") if beyond[0][at]]
    points = tuple(_point(source, answer, int(row), standing.dimension, labels) for row in rows)
    chart = Funnel(
        points=points,
        sizes=tuple(n.tolist()),
        mean=whole,
        limits=tuple(_limits(whole, n, level, lang) for level in LEVELS),
        named=tuple(outside[:NAMED]),
        unit=answer.unit,
        alt=reading,
        width=WIDTH,
        height=HEIGHT,
    )
    by = locale.text("page.by", lang, dimension=source.dimension(standing.dimension).lower())
    note = f"{by} · {locale.text('funnel.note', lang)}"
    return Picture(locale.text("funnel.title", lang), note, chart, reading)


def _beyond(k: Floats, n: Floats, whole: float, level: float) -> Bools:
    low, high = control_limits(whole, n, level)
    rate = k / n
    found: Bools = (rate < low) | (rate > high)
    return found


def _limits(whole: float, n: Floats, level: float, lang: str) -> Limits:
    ends = max(float(n.min()) * NARROWEST, 1), float(n.max()) * 2 + 1
    sizes = np.unique(np.geomspace(*ends, SIZES).round())
    low, high = control_limits(whole, sizes, level)
    narrow = level == LEVELS[0]
    label = numbers.percent(level, lang) if narrow else numbers.figure(level, "percent", lang)
    return Limits(label, tuple(sizes.tolist()), tuple(low.tolist()), tuple(high.tolist()))


def _point(source: Source, answer: Answer, row: int, dimension: str, labels: list[str]) -> Point:
    lang, figure = source.lang, wording.figure(answer, row, source.lang)
    said = locale.text(
        "page.point",
        lang,
        period=labels[row],
        value=wording.whole(figure.value, answer.unit, lang),
    )
    more = ", ".join(each for each in (figure.between, figure.rests) if each)
    value = answer.groups[dimension][row]
    taken = source.asked.taking(dimension, value)
    return Point(
        label=labels[row],
        value=figure.value,
        low=figure.low,
        high=figure.high,
        href=taken.href(paths.rows(answer.kpi), part=answer.part),
        title=f"{said} ({more})" if more else said,
    )


def _reading(labels: list[str], beyond: list[Bools], lang: str) -> str:
    """Who lies beyond the limits, and how many would by chance."""
    near, far = beyond
    if not near.any():
        return locale.text("funnel.none", lang)

    def listed(there: Bools) -> str:
        names = [labels[at] for at in np.flatnonzero(there)]
        extra = len(names) - NAMED
        shown = names[:NAMED]
        if extra > 0:
            shown.append(locale.text("funnel.others", lang, n=extra))
        return wording.listing(shown, lang)

    said = []
    if far.any():
        said.append(locale.text("funnel.far", lang, listed=listed(far)))
    if (near & ~far).any():
        said.append(locale.text("funnel.near", lang, listed=listed(near & ~far)))
    return " ".join(said)
