"""What a chart is made of: raw numbers, and labels already worded in the reader's language.

Values are in the units of the JSON: fractions for ``percent``, euros, days. A value that is None or
not finite is not known: nothing is drawn there, and a line breaks. ``width`` and ``height`` are
those of the whole picture, in pixels, best near the size that it is shown at: it is scaled to the
width of its place, letters too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A figure of a chart.

    ``label``: below the axis (``mars 26``); ``low`` and ``high``: the interval; ``href``: the rows
    behind it, a path of this site; ``title``: all that the mark says (``mars 2026 : 26,4 %…``).
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    href: str | None = None
    title: str = ""


@dataclass(frozen=True)
class Series:
    """A line over periods, its interval as a band, its points as links.

    ``reference``: another period's values, point by point, dashed; empty, or as long as ``points``.
    ``unit``: percent, number, days, months, points, per_year, times, or a currency's ISO code.
    ``zero``: the axis begins at zero. ``provisional``: the indexes of what is estimated, or not yet
    mature. ``alt``: the chart's message in a sentence.
    """

    points: tuple[Point, ...]
    reference: tuple[float | None, ...] = ()
    unit: str = "number"
    zero: bool = False
    provisional: tuple[int, ...] = ()
    alt: str = ""
    width: int = 960
    height: int = 240


@dataclass(frozen=True)
class Columns:
    """Bars from zero, one a period; a thin mark where ``reference`` was.

    The fields are those of :class:`Series`. Intervals are not drawn on bars.
    """

    points: tuple[Point, ...]
    reference: tuple[float | None, ...] = ()
    unit: str = "number"
    provisional: tuple[int, ...] = ()
    alt: str = ""
    width: int = 960
    height: int = 240


@dataclass(frozen=True)
class Curve:
    """A survival curve: what is left at each of its months, and between what bounds.

    ``x``: months, rising; ``value``, ``low`` and ``high``: fractions, as many. Each holds until the
    next month. ``label``: written at the curve's end.
    """

    label: str
    x: tuple[float, ...]
    value: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Survival:
    """Stairs over months, with their bands: the first is the one looked at, the others its past."""

    curves: tuple[Curve, ...]
    alt: str = ""
    width: int = 640
    height: int = 260


@dataclass(frozen=True)
class Limits:
    """How far groups that are all alike may lie from the whole: ``low`` and ``high`` at each size
    of ``x``, rising. ``label``: written at the right end of the upper one.
    """

    label: str
    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Funnel:
    """Rates of groups by their size, between the limits of what chance alone would make.

    ``sizes``: of each point, its number of cases; ``mean``: the rate of all; ``limits``: the
    narrowest first; ``named``: the indexes of the points whose label is written beside them.
    """

    points: tuple[Point, ...]
    sizes: tuple[float, ...] = ()
    mean: float | None = None
    limits: tuple[Limits, ...] = ()
    named: tuple[int, ...] = ()
    unit: str = "percent"
    alt: str = ""
    width: int = 640
    height: int = 300


Chart = Series | Columns | Survival | Funnel
