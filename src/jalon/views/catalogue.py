"""The catalogue of KPIs: what each asks, what it is now, what the others need."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from jalon import locale
from jalon.views import paths, wording
from jalon.views.frame import frame
from jalon.views.lacks import lacks
from jalon.views.parts import Figure, Frame
from jalon.views.source import Source
from jalon.views.subjects import SUBJECTS

#: Subjects by the KPIs that their pages show or name, to group the catalogue.
GROUPS = tuple((each.name, each.kpis) for each in SUBJECTS)


@dataclass(frozen=True)
class Entry:
    """A KPI of the catalogue: ``needs`` says what to bring where it cannot be measured here."""

    kpi: str
    label: str
    question: str
    href: str
    figure: Figure | None
    needs: str
    own: bool


@dataclass(frozen=True)
class CatalogueView:
    """``frame``: menu. ``q``: what is searched. ``groups``: the KPIs found, by subject.
    ``found``: how many, and ``able``: how many of them can be measured here."""

    frame: Frame
    q: str
    groups: tuple[tuple[str, tuple[Entry, ...]], ...]
    found: int
    able: int


def catalogue_view(source: Source, q: str = "") -> CatalogueView:
    """The page."""
    known = source.door.catalogue
    names = [name for name in known.public() if _matches(source, name, q)]
    able = source.able(names)
    answers = source.measure(able) if able else {}
    entries = {}
    for name in names:
        figure = wording.headline(answers[name], source.lang) if name in answers else None
        entries[name] = _entry(source, name, figure)
    title = locale.text("page.catalogue", source.lang)
    return CatalogueView(
        frame=frame(
            source,
            paths.CATALOGUE,
            title,
            filters=None,
            formats=("json",),
            kept=(("q", q),) if q else (),
        ),
        q=q,
        groups=tuple(_grouped(source, entries)),
        found=len(entries),
        able=len(able),
    )


def _entry(source: Source, name: str, figure: Figure | None) -> Entry:
    definition = source.door.catalogue[name]
    missing = lacks(source, [name])
    return Entry(
        name,
        source.label(name),
        source.words(definition.question),
        source.asked.href(paths.kpi(name)),
        figure,
        missing[0].needs if missing else "",
        definition.own,
    )


def _grouped(source: Source, entries: dict[str, Entry]) -> list[tuple[str, tuple[Entry, ...]]]:
    """By the first subject that shows them, the company's own and the rest at the end."""
    left, found = dict(entries), []
    for subject, names in GROUPS:
        taken = tuple(left.pop(name) for name in names if name in left)
        if taken:
            found.append((locale.text(f"page.{subject}", source.lang), taken))
    if left:
        found.append((locale.text("page.catalogue.others", source.lang), tuple(left.values())))
    return found


def _matches(source: Source, name: str, q: str) -> bool:
    definition = source.door.catalogue[name]
    texts = (
        name,
        *definition.label.model_dump().values(),
        *definition.question.model_dump().values(),
    )
    where = _folded(" ".join(texts))
    return all(word in where for word in _folded(q).split())


def _folded(text: str) -> str:
    """Without accents or capitals."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))
