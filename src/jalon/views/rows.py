"""The rows behind a figure: paged, sorted, as found in the company's own files."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jalon import locale
from jalon.locale import numbers
from jalon.relations.columns import label, readable
from jalon.views import paths, wording
from jalon.views.cards import dated
from jalon.views.frame import USUAL, frame
from jalon.views.parts import Figure, Frame, Link
from jalon.views.source import Source
from jalon.views.tables import exports

PAGE = 100
#: What names a row to a person comes first.
FIRST = (
    "name", "account", "company", "contact_name", "lead", "deal", "owner", "outcome", "status",
    "amount", "net_amount", "score", "closed_at", "due_at", "happened_at", "first_at", "created_at",
    "sector", "source", "loss_reason_stated",
)  # fmt: skip
LAST = ("source_id",)


@dataclass(frozen=True)
class Column:
    """A column of rows: ``field`` in the data, ``label`` for a person; ``number``: aligned right.
    ``href`` sorts by it; ``sorted``: ``ascending``, ``descending`` or empty."""

    field: str
    label: str
    number: bool
    href: str
    sorted: str = ""


@dataclass(frozen=True)
class RowsView:
    """``frame``: menu and filters. ``title``: the KPI. ``figure``: the figure that the rows make,
    with the same filters, None of classes. ``said``: what the rows are. ``columns`` and ``rows``:
    texts, one a cell. ``raw``: the cells as values. ``total``: of all pages; ``first`` and
    ``last``: shown here.
    ``before`` and ``after``: the other pages; ``only``: all the rows, or the successes alone.
    ``exports``: the rows as CSV, XLSX, JSON."""

    frame: Frame
    title: str
    figure: Figure | None
    said: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    raw: tuple[tuple[Any, ...], ...]
    total: int
    first: int
    last: int
    before: Link | None
    after: Link | None
    only: tuple[Link, ...]
    exports: tuple[Link, ...]


def rows_view(
    source: Source,
    kpi: str,
    *,
    page: int = 1,
    sort: str | None = None,
    only: bool = False,
    part: str | None = None,
    whole: bool = False,
) -> RowsView:
    """The rows of a KPI. ``whole``: all of them, for an export. Raises RequestError."""
    lang, asked = source.lang, source.asked
    page = max(page, 1)
    answer = source.measure([kpi], part=part)[kpi]
    figure = wording.headline(answer, lang)
    figure = dated(source, figure) if figure else None
    limit, offset = (None, 0) if whole else (PAGE, PAGE * (page - 1))
    table, total = source.door.rows(
        kpi, limit=limit, offset=offset, sort=sort, only=only, part=part, **source.question(kpi)
    )
    names = _ordered(table.column_names)
    content = [tuple(row[name] for name in names) for row in table.to_pylist()]
    here = {"part": part, "only": "success" if only else None, "sort": sort}
    path = paths.rows(kpi)

    def to(number: int) -> str:
        return asked.href(path, page=number if number > 1 else None, **here)

    kept = tuple((name, value) for name, value in here.items() if value)
    back = Link(source.label(kpi), asked.href(paths.kpi(kpi), part=part))
    return RowsView(
        frame=frame(
            source,
            path,
            locale.text("page.rows", lang, label=source.label(kpi)),
            filters=tuple(each for each in USUAL if each in source.dimensions(kpi)),
            kept=kept,
            formats=(),
            back=back,
        ),
        title=source.label(kpi),
        figure=figure,
        said=locale.text("page.rows.said", lang, n=numbers.count(total, lang)),
        columns=tuple(_column(source, kpi, name, here) for name in names),
        rows=tuple(
            tuple(_text(cell, name, lang) for cell, name in zip(row, names, strict=True))
            for row in content
        ),
        raw=tuple(content),
        total=total,
        first=offset + 1 if content else 0,
        last=offset + len(content),
        before=Link(locale.text("page.before", lang), to(page - 1)) if page > 1 else None,
        after=Link(locale.text("page.after", lang), to(page + 1))
        if not whole and offset + len(content) < total
        else None,
        only=_only(source, kpi, only, part),
        exports=exports(asked, path, **here),
    )


def _ordered(names: list[str]) -> list[str]:
    first = [each for each in FIRST if each in names]
    last = [each for each in LAST if each in names]
    return [*first, *(each for each in names if each not in (*first, *last)), *last]


def _column(source: Source, kpi: str, name: str, here: dict[str, str | None]) -> Column:
    sort = here["sort"]
    state = {name: "ascending", f"-{name}": "descending"}.get(sort or "", "")
    rule = source.door.catalogue[kpi].rules(here["part"])[0]
    kinds = readable(rule.table) if rule.table else {}
    kind = getattr(kinds.get(name), "value", "")
    number = kind in ("money", "number", "integer", "share")
    following = (
        name if state == "descending" else f"-{name}" if state == "ascending" or number else name
    )
    href = source.asked.href(paths.rows(kpi), **{**here, "sort": following})
    return Column(name, label(name, source.lang), number, href, state)


def _only(source: Source, kpi: str, only: bool, part: str | None) -> tuple[Link, ...]:
    """All rows, or only those that count as successes."""
    rule = source.door.catalogue[kpi].rules(part)[0]
    if rule.estimate != "proportion" or not rule.field("success"):
        return ()
    path, lang = paths.rows(kpi), source.lang
    return (
        Link(locale.text("page.rows.all", lang), source.asked.href(path, part=part), not only),
        Link(
            locale.text("page.rows.success", lang),
            source.asked.href(path, part=part, only="success"),
            only,
        ),
    )


def _text(cell: Any, name: str, lang: str) -> str:
    """A cell as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return locale.text("page.yes" if cell else "page.no", lang)
    if isinstance(cell, dt.datetime):
        return numbers.moment(cell, lang)
    if isinstance(cell, (Decimal, float, int)):
        return numbers.plain(cell, lang)
    return wording.value_label(name, cell, lang)
