"""The elements that pages are made of: what is said, before any way of saying it.

Texts are worded, in the reader's language; ``value``, ``low`` and the like stay numbers, in the
units of the JSON (fractions, euros, days).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jalon.charts.data import Chart

Tone = Literal["good", "bad", "noise", "none"]


@dataclass(frozen=True)
class Link:
    """Where to go next. ``current``: it is the page read now; ``count``: what waits there."""

    text: str
    href: str
    current: bool = False
    count: int = 0


@dataclass(frozen=True)
class Badge:
    """A word that limits a figure; ``guess`` for what is estimated or not mature."""

    text: str
    tone: Literal["plain", "guess"] = "plain"
    title: str = ""


@dataclass(frozen=True)
class Change:
    """How a figure moved. ``tone`` colours it; ``arrow`` is the direction, ``≈`` within noise."""

    arrow: str
    text: str
    tone: Tone
    value: float
    low: float | None
    high: float | None
    conclusive: bool
    against: str


@dataclass(frozen=True)
class Figure:
    """A value with what it needs to be believed.

    ``text`` and ``suffix``: the value as read (``26,4`` and ``%``); ``between``: its interval in
    words, in its unit; ``counted``: on what it rests (``275 sur 1 042``, ``386``) and ``rests`` the
    same with a name (``386 factures``); ``missing``: why there is no value and
    ``mend``: what to do about it; ``version``: of the definition that it was measured by.
    """

    kpi: str
    part: str | None
    unit: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    n: float | None
    numerator: float | None
    denominator: float | None
    basis: str | None
    maturity: float | None
    text: str
    suffix: str
    between: str
    counted: str
    rests: str = ""
    change: Change | None = None
    badges: tuple[Badge, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str | None = None
    mend: str | None = None
    version: int = 1


@dataclass(frozen=True)
class Spark:
    """A small line: one value a period, None where unknown."""

    values: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    alt: str


@dataclass(frozen=True)
class Card:
    """A headline figure that leads to its page."""

    label: str
    href: str
    figure: Figure
    spark: Spark | None = None


@dataclass(frozen=True)
class Shrunk:
    """A group's rate drawn towards that of all groups, with its interval.

    ``text`` and ``between``: the same in words; ``best``: the probability that the group's true
    rate is the most favourable of all.
    """

    value: float
    low: float
    high: float
    best: float
    text: str
    between: str


@dataclass(frozen=True)
class Row:
    """A line of a table of figures: ``share`` is its part of the whole, for bars."""

    label: str
    href: str | None
    rows_href: str | None
    figure: Figure
    share: float | None = None
    shrunk: Shrunk | None = None


@dataclass(frozen=True)
class Table:
    """Figures by a dimension, a class or a period.

    ``head``: the name of the first column; ``counted_head``: of what is counted; ``scale``: the
    ends of the little interval charts; ``mean``: where the whole stands on them; ``bars`` draws
    shares instead of intervals; ``shrunk_head``: of the shrunk rates, where rows have them;
    ``reading``: what it says in a sentence; ``exports``: CSV, XLSX,
    JSON.
    """

    name: str
    title: str
    note: str
    head: str
    value_head: str
    counted_head: str
    rows: tuple[Row, ...]
    scale: tuple[float, float] | None = None
    mean: float | None = None
    bars: bool = False
    reading: str = ""
    shrunk_head: str = ""
    more: tuple[Link, ...] = ()
    exports: tuple[Link, ...] = ()
    tone: Literal["data", "ref", "guess"] = "data"


@dataclass(frozen=True)
class Picture:
    """A chart, its sentence, and its figures as a table; None where the page has it beside."""

    title: str
    note: str
    chart: Chart
    reading: str
    table: Table | None = None
    grains: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Notice:
    """Something that needs someone: ``tone`` as for changes, ``guess`` where it awaits a person."""

    tone: Literal["good", "bad", "guess", "plain"]
    strong: str
    text: str
    detail: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Sentence:
    """A sentence of the opening paragraph: ``quiet`` ones are secondary."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Lack:
    """What a page cannot say yet: the KPIs concerned, what to bring, from where in the CRM."""

    labels: tuple[str, ...]
    needs: str
    bring: str


@dataclass(frozen=True)
class Choice:
    """An option of a filter: its address, and whether it is in force."""

    text: str
    value: str
    href: str
    chosen: bool = False


@dataclass(frozen=True)
class Filter:
    """A filter of the page: ``name`` in the address, ``summary`` what is in force.

    ``several``: more than one choice may be taken at once (a form of boxes); ``kept``: the rest of
    the address, that the form carries along.
    """

    name: str
    label: str
    summary: str
    choices: tuple[Choice, ...]
    several: bool = False
    active: bool = False
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Frame:
    """What surrounds every page.

    ``menu``: titled groups of links; ``filters``: period first; ``printed``: the filters in words;
    ``through``: the last day that the data tell about; ``languages``: the same page in the others;
    ``formats``: the same page as JSON and workbook.
    """

    title: str
    lang: str
    company: str
    menu: tuple[tuple[str, tuple[Link, ...]], ...]
    languages: tuple[Link, ...]
    formats: tuple[Link, ...] = ()
    filters: tuple[Filter, ...] = ()
    printed: str = ""
    through: str = ""
    back: Link | None = None


@dataclass(frozen=True)
class Definition:
    """The card of a KPI: its terms in words, one below the other; what ``changes`` each version
    brought; its worked ``examples``, each in a few lines."""

    terms: tuple[tuple[str, str], ...]
    caution: str
    sql: tuple[str, ...] = ()
    links: tuple[Link, ...] = field(default=())
    changes: tuple[str, ...] = ()
    examples: tuple[tuple[str, ...], ...] = ()
