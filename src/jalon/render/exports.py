"""The tables of a page, for its CSV and its workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from jalon import locale
from jalon.locale import numbers
from jalon.model.problems import RequestError
from jalon.render.sheets import Sheet, as_csv, as_workbook, sheet_of
from jalon.views.parts import Card, Picture, Row, Table
from jalon.views.rows import RowsView


def sheets(view: Any) -> list[Sheet]:
    """Every table of a page: its cards, then its tables and the figures of its pictures."""
    lang = view.frame.lang
    if isinstance(view, RowsView):
        heads = tuple(each.label for each in view.columns)
        return [Sheet(locale.text("page.sheet.rows", lang), heads, view.raw)]
    found = [sheet_of(each, lang) for each in _tables(view)]
    cards = [each for each in _parts(view) if isinstance(each, Card)]
    return [*([_cards(cards, lang)] if cards else []), *found]


def csv_of(view: Any, table: str | None) -> bytes:
    """A table of a page as CSV: that of the name, else the first. Raises RequestError."""
    known = sheets(view)
    for each in known:
        if table in (None, each.name):
            return as_csv(each, view.frame.lang)
    raise RequestError.of("no_such_table", name=table, known=[each.name for each in known])


def workbook_of(view: Any, address: str) -> bytes:
    """A page as a workbook, with what was asked, of what data, when."""
    frame, lang = view.frame, view.frame.lang

    def term(code: str) -> str:
        return locale.text(f"page.sheet.{code}", lang)

    about = [
        (term("page"), frame.title),
        (term("asked"), frame.printed),
        (term("through"), frame.through),
        (term("made"), numbers.moment(dt.datetime.now().replace(microsecond=0), lang)),
        (term("address"), address),
    ]
    definition = getattr(view, "definition", None)
    if definition is not None:
        about += list(definition.terms)
        about.append((locale.text("page.kpi.caution", lang), definition.caution))
        about += [(locale.text("card.changes", lang), each) for each in definition.changes]
        about += [("SQL", each) for each in definition.sql]
    return as_workbook(sheets(view), about, lang, frame.title)


def _cards(cards: list[Card], lang: str) -> Sheet:
    name = locale.text("page.figures", lang)
    rows = tuple(Row(each.label, each.href, None, each.figure) for each in cards)
    table = Table(name, name, "", name, "", "", rows)
    return sheet_of(table, lang)


def _tables(view: Any) -> Iterator[Table]:
    for each in _parts(view):
        if isinstance(each, Table):
            yield each
        elif isinstance(each, Picture) and each.table:
            yield each.table


def _parts(view: Any) -> Iterator[Any]:
    for each in fields(view):
        value = getattr(view, each.name)
        yield from value if isinstance(value, tuple) else (value,)
