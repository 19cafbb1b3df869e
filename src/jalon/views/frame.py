"""What surrounds a page: the menu, the filters, the languages, the other forms of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from jalon import locale
from jalon.locale import numbers
from jalon.model.periods import Grain, Period, floor, following, shift
from jalon.relations.columns import label
from jalon.views import paths
from jalon.views.asking import COMPARISONS, EVERYTHING, YEAR_LONG, Asked, Span, address, named, span
from jalon.views.parts import Choice, Filter, Frame, Link
from jalon.views.source import Source
from jalon.views.subjects import SUBJECTS
from jalon.views.wording import listing, value_label

#: Filters that are always offered, where the data know them.
USUAL = ("team", "sector")
#: Filters that may be added.
OTHERS = ("owner", "source", "region", "size_band", "campaign", "channel", "product_family",
          "product", "amount_band", "country", "manager", "rep_region", "kind")  # fmt: skip
#: What tells the values of a dimension, the first that can be measured and knows it.
COUNTING = ("created_win_rate", "revenue", "lead_conversion_rate", "meetings_booked",
            "acquisition_spend", "list_size")  # fmt: skip
#: Values offered in a filter.
OFFERED = 60


def frame(
    source: Source,
    path: str,
    title: str,
    *,
    filters: Sequence[str] | None = USUAL,
    added: Sequence[str] = (),
    formats: Sequence[str] = ("xlsx", "json"),
    kept: Sequence[tuple[str, str]] = (),
    back: Link | None = None,
) -> Frame:
    """The frame of a page. ``filters``: the dimensions offered; None: no question is asked here.

    ``kept``: the page's own words of the address (its table, its grain), that the filters keep.
    """
    asked, lang = source.asked, source.lang
    offered: tuple[Filter, ...] = ()
    if filters is not None:
        active = [name for name, _ in asked.filters]
        names = list(dict.fromkeys([*filters, *added, *active]))
        dimensions = [_dimension(source, path, name, kept) for name in names]
        shown = [each for each in dimensions if each is not None]
        offered = (_period(asked, path, kept), *shown)
        rest = _adding(source, path, [each.name for each in shown], kept)
        offered = (*offered, rest) if rest else offered
    return Frame(
        title=title,
        lang=lang,
        company="",
        menu=menu(asked, path, source.door.pending()[0].rows),
        languages=_languages(asked, path, kept),
        formats=_formats(asked, path, kept, formats),
        filters=offered,
        printed=_printed(asked) if filters is not None else "",
        through=numbers.day(asked.last, lang) if asked.dated else "",
        back=back,
    )


def menu(asked: Asked, path: str, waiting: int = 0) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """The menu: the overview, the subjects, and what explains them. The question goes along."""
    lang = asked.lang

    def link(name: str, to: str, count: int = 0) -> Link:
        current = to == path or (to != "/" and path.startswith(to + "/"))
        return Link(locale.text(f"page.{name}", lang), asked.href(to), current, count)

    subjects = tuple(link(each.name, each.path) for each in SUBJECTS)
    return (
        ("", (link("overview", paths.OVERVIEW),)),
        (locale.text("page.menu.measure", lang), subjects),
        (
            locale.text("page.menu.understand", lang),
            (
                link("data", paths.DATA, waiting),
                link("catalogue", paths.CATALOGUE),
                link("settings", paths.SETTINGS),
            ),
        ),
    )


def values_of(source: Source, dimension: str) -> list[str | None]:
    """The values of a dimension in the data, the most frequent first."""
    for kpi in COUNTING:
        if dimension not in source.dimensions(kpi) or source.door.lacks(kpi) is not None:
            continue
        answer = source.door.measure([kpi], by=dimension).answers[0]
        if answer.missing is not None:
            continue
        labels, sizes = answer.groups[dimension], answer.figures.n
        ranked = sorted(zip(labels, sizes, strict=True), key=lambda each: -each[1])
        return [label for label, _ in ranked]
    return []


# -- filters -------------------------------------------------------------------------------------


def _dimension(
    source: Source, path: str, name: str, kept: Sequence[tuple[str, str]]
) -> Filter | None:
    asked, lang = source.asked, source.lang
    taken = dict(asked.filters).get(name, ())
    values = values_of(source, name)
    if len([each for each in values if each is not None]) < 2 and not taken:
        return None
    offered = list(dict.fromkeys([*taken, *values[:OFFERED]]))
    choices = tuple(
        Choice(value_label(name, each, lang), each or "", "", each in taken) for each in offered
    )
    names = [value_label(name, each, lang) for each in taken]
    summary = (
        listing(names, lang) if len(names) < 3 else locale.text("page.filter.n", lang, n=len(names))
    )
    others = [pair for pair in [*asked.pairs(), *kept] if pair[0] != name]
    return Filter(
        name,
        source.dimension(name),
        summary or locale.text("page.filter.all", lang),
        choices,
        several=True,
        active=bool(taken),
        kept=tuple(others),
    )


def _adding(
    source: Source, path: str, shown: Sequence[str], kept: Sequence[tuple[str, str]]
) -> Filter | None:
    """The filter that adds a filter."""
    asked, lang = source.asked, source.lang
    known = [
        name
        for name in OTHERS
        if name not in shown and len([v for v in values_of(source, name) if v is not None]) > 1
    ]
    if not known:
        return None
    choices = tuple(
        Choice(source.dimension(name), name, address(path, [*asked.pairs(), *kept, ("add", name)]))
        for name in known
    )
    return Filter("add", locale.text("page.filter.add", lang), "", choices)


def _period(asked: Asked, path: str, kept: Sequence[tuple[str, str]]) -> Filter:
    """The period and what it is compared with."""
    lang, last = asked.lang, asked.last
    pairs = [p for p in [*asked.pairs(), *kept] if p[0] not in ("period", "from", "to")]
    choices = [
        Choice(
            each.label(lang),
            each.name,
            address(path, [("period", each.name), *pairs]),
            each.name == asked.span.name,
        )
        for each in _spans(last)
    ]
    compared = [p for p in [*asked.pairs(), *kept] if p[0] != "compare"]
    choices += [
        Choice(
            locale.text(f"page.compare.{each}", lang),
            f"compare-{each}",
            address(path, [*compared, ("compare", each)]),
            each == asked.compare,
        )
        for each in COMPARISONS
    ]
    rest = tuple(pairs)
    return Filter(
        "period", _against(asked), asked.span.label(lang), tuple(choices), False, True, rest
    )


def _spans(last: dt.date) -> list[Span]:
    """The periods offered: quarters, months, weeks, years, ending with the data."""
    found = []
    for grain, count in ((Grain.QUARTER, 5), (Grain.MONTH, 3), (Grain.WEEK, 2), (Grain.YEAR, 3)):
        start = floor(last, grain)
        for _ in range(count):
            found.append(named(Period(start, following(start, grain)), grain))
            start = floor(start - dt.timedelta(days=1), grain)
    return [*found, span(YEAR_LONG, last), span(EVERYTHING, last)]


def _against(asked: Asked) -> str:
    """What the figures are compared with, in words."""
    if asked.comparison is None:
        return ""
    then = numbers.period(shift(asked.span.period, asked.comparison), asked.lang)
    return locale.text("page.against", asked.lang, period=then)


def _printed(asked: Asked) -> str:
    """The filters in words, for the top of a printed page."""
    lang = asked.lang
    said = [asked.span.label(lang)]
    if asked.comparison:
        said.append(_against(asked))
    for name, values in asked.filters:
        named_values = listing([value_label(name, each, lang) for each in values], lang)
        said.append(f"{label(name, lang)} : {named_values}")
    return " · ".join(said)


# -- other forms ---------------------------------------------------------------------------------


def _languages(asked: Asked, path: str, kept: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    pairs = [*asked.pairs(), *kept]
    return tuple(
        Link(
            locale.text(f"page.lang.{each}", each),
            address(path, [*pairs, ("lang", each)]),
            each == asked.lang,
        )
        for each in locale.LANGUAGES
    )


def _formats(
    asked: Asked, path: str, kept: Sequence[tuple[str, str]], formats: Sequence[str]
) -> tuple[Link, ...]:
    more = dict(kept)
    return tuple(Link(form.upper(), paths.as_format(path, form, asked, **more)) for form in formats)
