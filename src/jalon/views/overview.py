"""The overview: what needs attention, what moved and how sure, the headline figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jalon import locale
from jalon.locale import numbers
from jalon.views import paths
from jalon.views.attention import Waiting, notices
from jalon.views.cards import cards
from jalon.views.frame import frame
from jalon.views.parts import Card, Frame, Notice, Picture, Sentence, Table
from jalon.views.source import Source
from jalon.views.subject import panel_of
from jalon.views.subjects import HEADLINES, HEADLINES_SHOWN, Panel
from jalon.views.words import paragraph

PANELS = (
    Panel("columns", "revenue", wide=True),
    Panel("by", "win_rate", ("sector", "team", "owner", "product")),
    Panel("by", "revenue", ("sector", "product_family", "region")),
)


@dataclass(frozen=True)
class OverviewView:
    """``frame``: menu and filters. ``sentences``: the opening paragraph. ``notices``: what needs
    someone, by weight. ``note``: period and comparison of the cards. ``cards``: the headline
    figures. ``panels``: the revenue and sector pictures. ``empty``: nothing was imported yet."""

    frame: Frame
    sentences: tuple[Sentence, ...]
    notices: tuple[Notice, ...]
    note: str
    cards: tuple[Card, ...]
    panels: tuple[Picture | Table, ...]
    empty: bool


def overview_view(source: Source, waiting: Waiting, empty: bool) -> OverviewView:
    """The page. ``waiting``: what awaits a person in the data."""
    lang = source.lang
    able = source.able(HEADLINES)[:HEADLINES_SHOWN]
    made = cards(source, able) if able else []
    panels = [panel_of(source, each) for each in PANELS]
    title = locale.text("page.overview", lang)
    return OverviewView(
        frame=frame(source, paths.OVERVIEW, title),
        sentences=paragraph(source, made),
        notices=tuple(notices(source, made, waiting)),
        note=_note(source, made),
        cards=tuple(made),
        panels=tuple(each for each in panels if each is not None),
        empty=empty,
    )


def _note(source: Source, made: Sequence[Card]) -> str:
    lang, asked = source.lang, source.asked
    said = [asked.span.label(lang)]
    said.append(locale.text("page.through", lang, day=numbers.day(asked.last, lang)))
    if asked.comparison and made:
        said.append(locale.text(f"page.against.{asked.comparison}", lang))
    return ", ".join(said)
