"""Pictures of a KPI over time: the line with its band, or the columns of what adds up."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np

from jalon import locale
from jalon.charts.data import Columns, Point, Series
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.model.periods import Grain, Period, floor, following, forward
from jalon.views import paths, wording
from jalon.views.parts import Link, Picture
from jalon.views.source import Source
from jalon.views.tables import by_period
from jalon.views.wording import MATURE, whole

#: Periods shown, by grain.
SHOWN = {Grain.WEEK: 26, Grain.MONTH: 24, Grain.QUARTER: 12, Grain.YEAR: 8, Grain.DAY: 31}
GRAINS = (Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
WIDE, HALF, HEIGHT = 960, 470, 250
_DAY = dt.timedelta(days=1)


def picture(
    source: Source,
    kpi: str,
    *,
    grain: Grain = Grain.MONTH,
    columns: bool | None = None,
    part: str | None = None,
    width: int = WIDE,
    choose: bool = False,
) -> Picture | None:
    """A KPI over the periods that end with the one asked; None where nothing is known.

    ``columns``: bars from zero (for what adds up over time); by default decided by the KPI.
    ``choose``: offer the other grains.
    """
    whole_answer = series(source, [kpi], grain, part)[kpi]
    if whole_answer.missing is not None:
        return None
    answer = _shown(whole_answer, stretch_of(source, grain))
    if not _any(answer):
        return None
    former = {} if grain is Grain.WEEK else _former(whole_answer)
    return _picture(source, _trimmed(answer), former, grain, columns, width, choose)


def series(
    source: Source, kpis: Sequence[str], grain: Grain, part: str | None = None
) -> dict[str, Answer]:
    """KPIs over the periods shown and the year before them: cards and pictures share the answer."""
    stretch = stretch_of(source, grain)
    assert stretch.start
    start = stretch.start if grain is Grain.WEEK else forward(stretch.start, -12)
    return source.measure(kpis, grain=grain.value, part=part, start=start, end=stretch.last)


def stretch_of(source: Source, grain: Grain) -> Period:
    """The periods shown: those up to the end of what is asked, or of the data."""
    last, period = source.asked.last, source.asked.span.period
    end = min(period.last or last, last)
    stop = following(floor(end, grain), grain)
    start = floor(end, grain)
    for _ in range(SHOWN[grain] - 1):
        start = floor(start - _DAY, grain)
    return Period(start, stop)


def adds_up(source: Source, kpi: str, part: str | None) -> bool:
    """Whether a KPI is a sum or a number of things over a period."""
    rule = source.door.catalogue[kpi].rules(part)[0]
    return rule.estimate in ("sum", "count", "distinct") and rule.time.value != "stock"


def _shown(answer: Answer, stretch: Period) -> Answer:
    """The periods shown, without the year before."""
    rows = [
        row
        for row, period in enumerate(answer.periods)
        if stretch.start and period.end and period.end > stretch.start
    ]
    return answer.take(np.array(rows, dtype=np.int64))


def _former(answer: Answer) -> dict[object, float]:
    """The values by the end of their period, moved a year on."""
    return {
        forward(period.end, 12): float(answer.figures.value[row])
        for row, period in enumerate(answer.periods)
        if period.end and math.isfinite(answer.figures.value[row])
    }


def _picture(
    source: Source,
    answer: Answer,
    former: dict[object, float],
    grain: Grain,
    columns: bool | None,
    width: int,
    choose: bool,
) -> Picture:
    lang, kpi = source.lang, answer.kpi
    points = tuple(_point(source, answer, row, grain) for row in range(len(answer)))
    reference = tuple(former.get(each.end) for each in answer.periods)
    if not any(each is not None for each in reference):
        reference = ()
    provisional = tuple(
        row for row in range(len(answer)) if _provisional(source, answer, row, grain)
    )
    bars = adds_up(source, kpi, answer.part) if columns is None else columns
    label = source.label(kpi)
    alt = _reading(source, answer)
    shape = (answer.unit, provisional, alt, width, HEIGHT)
    if bars:
        chart: Series | Columns = Columns(points, reference, *shape)
    else:
        unit, *rest = shape
        chart = Series(points, reference, unit, False, *rest)  # type: ignore[arg-type]
    note = locale.text(f"page.grain.{grain.value}", lang)
    drawn = [] if bars else [locale.text("page.chart.band", lang)]
    drawn += [locale.text("page.chart.reference", lang)] if reference else []
    drawn += [locale.text("page.chart.provisional", lang)] if provisional else []
    return Picture(
        title=label,
        note=" · ".join([note, *drawn]),
        chart=chart,
        reading=alt,
        table=by_period(source, answer, grain),
        grains=_grains(source, kpi, answer.part, grain) if choose else (),
    )


def _point(source: Source, answer: Answer, row: int, grain: Grain) -> Point:
    lang = source.lang
    during = source.asked.during(answer.periods[row], grain)
    figure = wording.figure(answer, row, lang)
    named = during.span.label(lang)
    text = whole(figure.value, answer.unit, lang)
    title = locale.text("page.point", lang, period=named, value=text)
    more = [each for each in (figure.between, figure.rests) if each]
    if more and figure.value is not None:
        title += f" ({', '.join(more)})"
    return Point(
        label=_short(answer.periods[row], grain, named),
        value=figure.value,
        low=figure.low,
        high=figure.high,
        href=during.href(paths.kpi(answer.kpi), part=answer.part),
        title=title,
    )


def _short(period: Period, grain: Grain, named: str) -> str:
    """A period on an axis: ``mars 26``, ``S37``, ``T3 26``."""
    if period.start is None:
        return named
    year = f"{period.start:%Y}"
    return named.replace(year, year[2:]) if grain in (Grain.MONTH, Grain.QUARTER) else named


def _provisional(source: Source, answer: Answer, row: int, grain: Grain) -> bool:
    """Whether a period is not over, or its cohort still moves."""
    period = answer.periods[row]
    if answer.maturity is not None and answer.maturity[row] < MATURE:
        return True
    end = following(floor(period.start, grain), grain) if period.start else None
    return end is not None and end > source.asked.last + _DAY


def _reading(source: Source, answer: Answer) -> str:
    """What the picture says: where it stands, its highest and lowest."""
    lang = source.lang
    known = [row for row in range(len(answer)) if math.isfinite(answer.figures.value[row])]
    values = answer.figures.value

    def said(row: int) -> dict[str, str]:
        grain_name = numbers.period(answer.periods[row], lang)
        return {"period": grain_name, "value": whole(float(values[row]), answer.unit, lang)}

    last, low, high = (
        known[-1],
        min(known, key=values.__getitem__),
        max(known, key=values.__getitem__),
    )
    facts = {
        f"{name}_{key}": text
        for name, row in (("last", last), ("low", low), ("high", high))
        for key, text in said(row).items()
    }
    return locale.text("page.chart.reading", lang, label=source.label(answer.kpi), **facts)


def _grains(source: Source, kpi: str, part: str | None, grain: Grain) -> tuple[Link, ...]:
    return tuple(
        Link(
            locale.text(f"page.grain.{each.value}", source.lang),
            source.asked.href(paths.kpi(kpi), grain=each.value, part=part),
            each is grain,
        )
        for each in GRAINS
    )


def _trimmed(answer: Answer) -> Answer:
    """Without the empty periods before the first that is known, and after the last."""
    known = [row for row in range(len(answer)) if _filled(answer, row)]
    return answer.take(np.arange(known[0], known[-1] + 1))


def _any(answer: Answer) -> bool:
    return any(_filled(answer, row) for row in range(len(answer)))


def _filled(answer: Answer, row: int) -> bool:
    return math.isfinite(answer.figures.value[row]) and bool(answer.figures.n[row])
