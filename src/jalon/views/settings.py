"""The page of the settings: what the company says of itself, and its own KPIs as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import get_day_names, get_month_names

from jalon import locale
from jalon.catalogue.catalogue import Catalogue
from jalon.measure.own import REQUIRED
from jalon.model.problems import Problem
from jalon.model.tables import TABLES, Kind
from jalon.relations.columns import label, readable
from jalon.views import paths
from jalon.views.parts import Frame, Link
from jalon.views.settings_form import WEEK, Texts, Wrong, places
from jalon.views.wording import capital

#: Empty places for dimensions that do not exist yet.
SPARE = 1


@dataclass(frozen=True)
class Option:
    """A choice of a list."""

    value: str
    text: str


@dataclass(frozen=True)
class Entry:
    """What is typed, ticked or chosen: ``kind`` is ``text``, ``area``, ``select``, ``check`` or
    ``day``. ``hint``: an example or what it is for. ``usual``: what holds where nothing is said.
    ``wrong``: what must be corrected in it."""

    name: str
    label: str
    kind: str
    value: str
    hint: str = ""
    usual: str = ""
    options: tuple[Option, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name as an element of a page may bear it."""
        return "s-" + "".join(each if each.isalnum() else "-" for each in self.name)


@dataclass(frozen=True)
class Group:
    """Settings that belong together. ``folded``: behind a summary where none of them is said.
    ``small``: many short entries, side by side."""

    name: str
    title: str
    text: str
    entries: tuple[Entry, ...]
    folded: bool = False
    small: bool = False


@dataclass(frozen=True)
class OwnKpi:
    """A KPI of the company: ``measurable`` is None where its file is wrong."""

    label: str
    kpi: str
    href: str
    version: str
    measurable: bool | None
    needs: str


@dataclass(frozen=True)
class Fault:
    """What is wrong in a file: where and what, then what to do."""

    text: str
    hint: str


@dataclass(frozen=True)
class SettingsView:
    """``frame``: menu. ``message``: what was just done. ``faults``: what is wrong in the file, that
    no field shows. ``mend``: the fields to correct. ``groups``: the settings. ``file``: where they
    are kept; ``digest`` of its text when the page was made. ``kpis``: the company's own, and
    ``kpi_faults`` of their files, that lie in ``folder``. ``closed``: why nothing can be saved;
    empty otherwise."""

    frame: Frame
    message: str
    faults: tuple[Fault, ...]
    mend: tuple[Link, ...]
    groups: tuple[Group, ...]
    file: str
    digest: str
    kpis: tuple[OwnKpi, ...]
    kpi_faults: tuple[Fault, ...]
    folder: str
    closed: str


@dataclass(frozen=True)
class Desk:
    """What the page is made of: ``raw`` settings as written, ``texts`` of the form, ``wrong``
    entries, ``sources`` of the data, the ``catalogue`` whose bases are offered."""

    raw: Mapping[str, Any]
    texts: Texts
    wrong: Sequence[Wrong]
    sources: Sequence[str]
    catalogue: Catalogue
    lang: str

    def entry(self, name: str, kind: str = "text", **more: Any) -> Entry:
        """A field of the form, with what is wrong in it."""
        said = [self.said(each) for place, each in self.wrong if place == name]
        text = more.pop("label", None) or self.text(f"settings.{name}")
        hints = locale.sentences(self.lang)
        hint = more.pop("hint", None) or hints.get(f"settings.{name}.hint", "")
        return Entry(name, text, kind, self.texts.get(name, ""), hint, wrong=tuple(said), **more)

    def said(self, problem: Problem) -> str:
        """What is wrong, without the place where it is read."""
        if problem.code == "settings_wrong":
            return self.text("settings.expected", expected=problem.facts.get("expected", "setting"))
        text = locale.text(problem.code, self.lang, **problem.facts)
        return " ".join(filter(None, (capital(text), locale.hint(problem, self.lang))))

    def text(self, code: str, **facts: Any) -> str:
        """A text of the page."""
        return locale.text(code, self.lang, **facts)


def groups(desk: Desk) -> tuple[Group, ...]:
    """The settings, those that belong together side by side."""
    return tuple(each(desk) for each in _GROUPS)


def _group(desk: Desk, name: str, entries: Iterable[Entry], **more: bool) -> Group:
    title, text = (desk.text(f"settings.group.{name}{each}") for each in ("", ".text"))
    return Group(name, title, text, tuple(entries), **more)


def _money(desk: Desk) -> Group:
    entries = (desk.entry("currency", usual="EUR"), desk.entry("rates", "area"))
    return _group(desk, "money", entries)


def _time(desk: Desk) -> Group:
    months = get_month_names("wide", locale=desk.lang)
    options = tuple(Option(str(each), str(months[each])) for each in range(1, 13))
    entries = (
        desk.entry("fiscal_year_start", "select", options=options),
        desk.entry("zone", usual="Europe/Paris"),
    )
    return _group(desk, "time", entries)


def _days(desk: Desk) -> Group:
    names = get_day_names("wide", locale=desk.lang)
    week = (
        desk.entry(f"working_days.week.{each}", "check", label=capital(str(names[each - 1])))
        for each in WEEK
    )
    others = (
        desk.entry("working_days.holidays", "check"),
        desk.entry("working_days.closed", "area"),
    )
    return _group(desk, "days", (*week, *others), small=True)


def _ideal(desk: Desk) -> Group:
    return _group(desk, "icp", [desk.entry("icp", "area")])


def _left_out(desk: Desk) -> Group:
    return _group(desk, "excluded", [desk.entry("excluded_deals", "area")])


def _required(desk: Desk) -> Group:
    said = [each.removeprefix("required_fields.") for each in desk.texts if _is_weight(each)]
    columns = [each.name for each in TABLES["lead"].columns if not each.of]
    names = dict.fromkeys([*REQUIRED, *columns, *said])
    known = desk.raw.get("required_fields")
    entries = (
        desk.entry(
            f"required_fields.{name}",
            label=label(name, desk.lang),
            usual="1" if name in REQUIRED and not known else "",
        )
        for name in names
    )
    return _group(desk, "required", entries, small=True)


def _is_weight(name: str) -> bool:
    return name.startswith("required_fields.")


def _bands(desk: Desk) -> Group:
    return _group(desk, "bands", [desk.entry("amount_bands", usual="5000 ; 20000 ; 50000")])


def _dimensions(desk: Desk) -> Group:
    used = places(desk.texts)
    free = range(max(used, default=-1) + 1, max(used, default=-1) + 1 + SPARE)
    blank = [at for at in used if not any(desk.texts.get(f"dim.{at}.{k}") for k in _OF_A_DIMENSION)]
    entries: list[Entry] = []
    for at in (*used, *(free if not blank else ())):
        entries += _dimension(desk, at)
    return _group(desk, "dimensions", entries)


_OF_A_DIMENSION = ("name", "label", "of", "groups", "bands")


def _dimension(desk: Desk, at: int) -> Iterator[Entry]:
    def entry(key: str, kind: str = "text", **more: Any) -> Entry:
        text = desk.text(f"settings.dim.{key}")
        hint = locale.sentences(desk.lang).get(f"settings.dim.{key}.hint", "")
        return desk.entry(f"dim.{at}.{key}", kind, label=text, hint=hint, **more)

    here = desk.texts.get(f"dim.{at}.of", "")
    yield entry("label")
    yield entry("name")
    yield entry("of", "select", options=_made_of(here, desk.lang))
    yield entry("groups", "area")
    yield entry("bands")
    if desk.texts.get(f"dim.{at}.name"):
        yield entry("drop", "check")


def _made_of(here: str, lang: str) -> tuple[Option, ...]:
    """What a dimension may be made of: codes to put together, amounts and numbers to cut."""
    kinds = (Kind.CODE, Kind.REFERENCE, Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.TEXT)
    names = {
        column.name
        for table in TABLES.values()
        for column in table.columns
        if column.kind in kinds and not column.personal
    }
    names |= {name for table in TABLES.values() for name in table.paths}
    names = {name for name in names if any(name in readable(table) for table in TABLES)}
    found = sorted((Option(name, label(name, lang)) for name in names), key=lambda each: each.text)
    known = [Option(here, here)] if here and here not in names else []
    return (Option("", "–"), *known, *found)


def _through(desk: Desk) -> Group:
    said = [name.removeprefix("data_through.") for name in desk.texts if _is_through(name)]
    names = dict.fromkeys([*desk.sources, *said])
    entries = (desk.entry(f"data_through.{name}", "day", label=name) for name in names)
    return _group(desk, "through", entries, small=True)


def _is_through(name: str) -> bool:
    return name.startswith("data_through.")


def _bases(desk: Desk) -> Group:
    usual = Option("", desk.text("settings.bases.auto"))
    every = sorted({each for kpi in _choosing(desk) for each in kpi[1]})
    entries = [desk.entry("bases.*", "select", options=(usual, *_named(every, desk.lang)))]
    known = {"*"}
    for kpi, bases in _choosing(desk):
        options = (usual, *_named(bases, desk.lang))
        title = desk.catalogue[kpi].label.of(desk.lang)
        entries.append(desk.entry(f"bases.{kpi}", "select", label=title, options=options))
        known.add(kpi)
    others = (name.removeprefix("bases.") for name in desk.texts if name.startswith("bases."))
    entries += [desk.entry(f"bases.{name}", label=name) for name in others if name not in known]
    return _group(desk, "bases", entries, folded=True, small=True)


def _choosing(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    """The KPIs that can be measured on several bases, with these."""
    found = []
    for kpi in desk.catalogue.public():
        rules = desk.catalogue[kpi].rules()
        bases = tuple(dict.fromkeys(each.basis for each in rules if each.basis))
        if len(bases) > 1:
            found.append((kpi, bases))
    return found


def _named(bases: Iterable[str], lang: str) -> tuple[Option, ...]:
    return tuple(Option(each, locale.text(f"page.bring.{each}.name", lang)) for each in bases)


def _company(desk: Desk) -> Group:
    entries = (desk.entry("company.siren"), desk.entry("company.domains"))
    return _group(desk, "company", entries)


_GROUPS: tuple[Callable[[Desk], Group], ...] = (
    _money,
    _time,
    _days,
    _ideal,
    _required,
    _left_out,
    _bands,
    _dimensions,
    _through,
    _bases,
    _company,
)


def fault(problem: Problem, lang: str) -> Fault:
    """A problem of a file, with its place and what to do."""
    return Fault(capital(locale.sentence(problem, lang)), locale.hint(problem, lang) or "")


def to_mend(made: Iterable[Group]) -> Iterator[Link]:
    """The fields to correct, each named with the settings that it belongs to."""
    for group in made:
        for each in group.entries:
            if each.wrong:
                yield Link(f"{group.title} – {each.label}", f"#{each.id}")


def own_kpis(
    known: Catalogue, lang: str, lacks: Callable[[str], Problem | None] | None
) -> Iterator[OwnKpi]:
    """The company's KPIs, measurable or not: ``lacks`` tells what a KPI would need."""
    for name, each in known.definitions.items():
        if not each.own:
            continue
        why = lacks(name) if lacks else None
        needs = locale.sentence(why, lang) if why else ""
        yield OwnKpi(
            each.label.of(lang),
            name,
            paths.kpi(name),
            str(each.version),
            None if lacks is None else why is None,
            needs,
        )
