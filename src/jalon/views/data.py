"""The page of the data: what is held, what was imported, what awaits a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from jalon import locale
from jalon.intake.guess import FILES
from jalon.locale import numbers
from jalon.model.problems import Problem, Where
from jalon.model.tables import TABLES
from jalon.views import paths
from jalon.views.frame import frame
from jalon.views.lacks import lacks
from jalon.views.parts import Frame, Lack, Link
from jalon.views.source import Source

#: Cells of quarantine on a page.
PAGE = 50


@dataclass(frozen=True)
class Held:
    """A table: its name, its rows, from when to when, its sources."""

    table: str
    rows: str
    period: str
    sources: str


@dataclass(frozen=True)
class Listed:
    """An import in the list."""

    text: str
    files: tuple[str, ...]
    counts: str
    href: str
    undone: bool


@dataclass(frozen=True)
class Doubt:
    """Something to settle, and how."""

    text: str
    hint: str
    link: Link | None = None


@dataclass(frozen=True)
class DataView:
    """``frame``: menu. ``message``: what was just done. ``said``: what is held, in a sentence.
    ``held``: the tables. ``imports``: the last
    first. ``doubts``: what to settle. ``lacks``: what more could be measured. ``limits``: how much
    may be dropped at once. ``busy``: an import is under way. ``quarantine``: the rows set apart."""

    frame: Frame
    message: str
    said: str
    held: tuple[Held, ...]
    imports: tuple[Listed, ...]
    doubts: tuple[Doubt, ...]
    lacks: tuple[Lack, ...]
    limits: str
    busy: bool
    quarantine: Link


@dataclass(frozen=True)
class FileCounts:
    """What became of a table of a file: counts that add up, sums, columns, what was left."""

    file: str
    table: str
    counts: tuple[tuple[str, str], ...]
    how: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    unmapped: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ImportView:
    """``frame``: menu. ``said``: the import in a sentence. ``files``: what became of each.
    ``ignored``: what was no table. ``refused``: file, row, column, value and reason of each cell
    set apart; ``total`` of them. ``before`` and ``after``: the other pages. ``undo``: where to take
    it back, None where it is. ``exports``: the cells set apart as CSV and XLSX."""

    frame: Frame
    said: str
    files: tuple[FileCounts, ...]
    ignored: tuple[str, ...]
    refused: tuple[tuple[str, ...], ...]
    total: int
    before: Link | None
    after: Link | None
    undo: str | None
    exports: tuple[Link, ...]


@dataclass(frozen=True)
class ConfirmView:
    """``frame``: menu. ``said``: what will be undone. ``action``: where to send it. ``back``: where
    to go instead."""

    frame: Frame
    said: str
    action: str
    back: str


def data_view(
    source: Source, workspace: Any, message: str, limits: tuple[int, int], busy: bool
) -> DataView:
    """The page. ``limits``: files and megabytes of an upload."""
    lang = source.lang
    files, megabytes = limits
    listed = [_listed(source, workspace, each) for each in reversed(workspace.imports())]
    holdings = workspace.holdings()
    return DataView(
        frame=frame(source, paths.DATA, _t("page.data", lang), filters=None, formats=()),
        message=message,
        said=_held_said(source, holdings),
        held=tuple(_held(each, lang) for each in holdings),
        imports=tuple(listed),
        doubts=tuple(_doubts(source, workspace)),
        lacks=lacks(source, source.door.catalogue.public()),
        limits=_t("data.limits", lang, files=files, megabytes=megabytes),
        busy=busy,
        quarantine=Link(_t("quarantine.title", lang), source.asked.href(paths.QUARANTINE)),
    )


def _held_said(source: Source, holdings: Sequence[Any]) -> str:
    lang, days = source.lang, [each.first for each in holdings if each.first]
    if not days:
        return ""
    rows = numbers.count(sum(each.rows for each in holdings), lang)
    ends = {"first": numbers.day(min(days), lang), "last": numbers.day(source.asked.last, lang)}
    return _t("data.held.said", lang, rows=rows, **ends)


def _held(each: Any, lang: str) -> Held:
    ends = [numbers.moment(_noon(day), lang) for day in (each.first, each.last) if day]
    period = _t("data.from_to", lang, first=ends[0], last=ends[-1]) if ends else ""
    named = [_t("data.source.files", lang) if name == FILES else name for name in each.sources]
    name = table_name(each.table, lang)
    return Held(name, numbers.count(each.rows, lang), period, ", ".join(named))


def _listed(source: Source, workspace: Any, each: Any) -> Listed:
    lang = source.lang
    _, facts, _ = workspace.account_of(each.import_id)
    counts = _counts(facts["files"], lang) if facts else ""
    return Listed(
        numbers.moment(each.at, lang),
        each.files,
        counts,
        source.asked.href(f"{paths.DATA}/imports/{each.import_id}"),
        each.undone,
    )


def _counts(files: Sequence[Mapping[str, Any]], lang: str) -> str:
    """The rows of an import, added over its files."""
    said = []
    for name in ("added", "updated", "unchanged", "quarantined"):
        count = sum(each[f"rows_{name}"] for each in files)
        if count:
            said.append(several(f"data.rows_{name}", count, lang))
    return ", ".join(said)


def _doubts(source: Source, workspace: Any) -> list[Doubt]:
    """What examining the data finds, and what to do about it here."""
    lang = source.lang
    found = []
    for problem in workspace.examine():
        if problem.code == "doctor_empty":
            continue
        hint = locale.hint(Problem(f"page.{problem.code}", problem.facts), lang) or ""
        said, link = sentence(problem, lang), None
        if problem.code == "doctor_quarantine":
            made, _, _ = workspace.account_of(problem.facts["import_id"])
            at = numbers.moment(made.at, lang)
            said = several("data.doubt.quarantine", int(problem.facts["count"]), lang, at=at)
            link = Link(_t("quarantine.correct", lang), source.asked.href(paths.QUARANTINE))
        found.append(Doubt(said, hint, link))
    return found


# -- an import -----------------------------------------------------------------------------------


def import_view(
    source: Source, workspace: Any, import_id: str, page: int = 1, whole: bool = False
) -> ImportView:
    """The report of an import. Raises RequestError ``unknown_import``."""
    lang, asked = source.lang, source.asked
    found, facts, _ = workspace.account_of(import_id)
    limit, offset = (None, 0) if whole else (PAGE, PAGE * (page - 1))
    refused, total = workspace.refused(import_id, limit, offset)
    path = f"{paths.DATA}/imports/{found.import_id}"
    back = Link(_t("page.data", lang), asked.href(paths.DATA))
    title = _t("data.import_of", lang, at=numbers.moment(found.at, lang))
    files = facts["files"] if facts else ()

    def to(number: int) -> str:
        return asked.href(path, page=number if number > 1 else None)

    return ImportView(
        frame=frame(source, path, title, filters=None, formats=(), back=back),
        said=_import_said(found, files, lang),
        files=tuple(file_counts(each, lang) for each in files),
        ignored=tuple(_kept(each, lang) for each in (facts or {}).get("ignored", ())),
        refused=tuple(_refused(each, lang) for each in refused),
        total=total,
        before=Link(_t("page.before", lang), to(page - 1)) if page > 1 else None,
        after=Link(_t("page.after", lang), to(page + 1)) if offset + len(refused) < total else None,
        undo=None if found.undone else f"{path}/annuler",
        exports=tuple(
            Link(form.upper(), asked.href(f"{path}.{form}")) for form in ("csv", "xlsx", "json")
        )
        if total
        else (),
    )


def _import_said(found: Any, files: Sequence[Mapping[str, Any]], lang: str) -> str:
    if found.undone:
        return _t("data.undone_already", lang)
    if not files:
        return _t("data.no_report", lang, files=list(found.files))
    return capital(_counts(files, lang)) + "."


def file_counts(each: Mapping[str, Any], lang: str) -> FileCounts:
    """A table of a file, from the facts kept of its import."""
    names = ("read", "added", "updated", "unchanged", "quarantined")
    counts = [(_t(f"data.count.{n}", lang), numbers.count(each[f"rows_{n}"], lang)) for n in names]
    counts += [
        (
            _t("data.sum_of", lang, field=_field(each["table"], field, lang)),
            numbers.plain(float(total), lang),
        )
        for field, total in each["sums"].items()
    ]
    counts += list(_account(each, lang))
    sheet = f" · {each['sheet']}" if each["sheet"] else ""
    why = each.get("must_ask") or each.get("why")
    return FileCounts(
        file=f"{each['file']}{sheet}",
        table=table_name(each["table"], lang) if each["table"] else _t("data.no_table", lang),
        counts=tuple(counts) if each["table"] else (),
        how=tuple(how_read(each, lang)),
        columns=tuple(
            (str(one["header"]), _field(each["table"], str(one["field"]), lang))
            for one in each["columns"]
        ),
        unmapped=tuple(each["unmapped"]),
        notes=tuple(_kept(one, lang) for one in [*([why] if why else []), *each["notes"]]),
    )


def _account(each: Mapping[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    """Where rows were set apart, the sums before and after."""
    for field, apart in (each.get("sums_quarantined") or {}).items():
        told = {"taken": each["sums"].get(field, "0"), "quarantined": apart}
        told["read"] = each["sums_read"].get(field, "0")
        shown = {name: numbers.exact(Decimal(total), lang) for name, total in told.items()}
        said = [_t("quarantine.sums.equal", lang, **shown)]
        doubled = each["sums_doubled"].get(field)
        if doubled:
            total = numbers.exact(Decimal(doubled), lang)
            said.append(_t("quarantine.sums.doubled", lang, total=total))
        label = _t("quarantine.sums", lang, field=_field(each["table"], field, lang))
        yield label, " ; ".join(said)
    for field, count in (each.get("unread") or {}).items():
        label = _t("quarantine.sums.unread", lang, field=_field(each["table"], field, lang))
        yield label, numbers.count(count, lang)


def how_read(each: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """How a file was read, in words: encoding, delimiter, header row, marks."""
    said = {
        "preset": each["preset"],
        "encoding": each["encoding"],
        "delimiter": delimiter_name(each["delimiter"], lang),
        "header_row": each["header_row"],
        "decimal": each["decimal"],
        "date_order": date_order_name(each["date_order"], lang),
    }
    return [(_t(f"data.how.{name}", lang), str(value)) for name, value in said.items() if value]


def delimiter_name(delimiter: str | None, lang: str) -> str:
    """A delimiter that one can see."""
    named = {"\t": "tab", " ": "space", "": "none"}
    return _t(f"data.delimiter.{named[delimiter]}", lang) if delimiter in named else delimiter or ""


def date_order_name(order: str | None, lang: str) -> str:
    """``DMY`` as day, month, year."""
    return _t(f"data.order.{order}", lang) if order else ""


def confirm_view(source: Source, workspace: Any, import_id: str) -> ConfirmView:
    """The page that asks before an import is taken back. Raises RequestError."""
    lang = source.lang
    found, facts, _ = workspace.account_of(import_id)
    path = f"{paths.DATA}/imports/{found.import_id}"
    title = _t("data.undo_of", lang, at=numbers.moment(found.at, lang))
    counts = _counts(facts["files"], lang) if facts else ""
    back = Link(_t("page.data", lang), source.asked.href(paths.DATA))
    return ConfirmView(
        frame(source, path, title, filters=None, formats=(), back=back),
        _t("data.undo_said", lang, files=list(found.files), counts=counts),
        f"{path}/annuler",
        source.asked.href(path),
    )


def _refused(each: Any, lang: str) -> tuple[str, ...]:
    place = " · ".join(filter(None, [each.file, each.sheet]))
    facts = {"row": each.row, "column": each.header, "value": each.value, **each.facts}
    said = capital(locale.text(each.reason, lang, **facts))
    return (place, str(each.row or ""), each.header or "", each.value or "", said)


def reason(code: str, where: Where, facts: Mapping[str, Any], value: str, lang: str) -> str:
    """Why a cell is refused: its column, its value and what it should be."""
    said = locale.text(code, lang, **{**where.as_dict(), **facts})
    placed = Problem(code, facts, Where(column=where.column, value=value or None))
    return sentence(placed, lang) if where.column else capital(said)


def several(code: str, count: int, lang: str, **facts: Any) -> str:
    """A text that counts: of one, it has another form."""
    one = f"{code}.one" if count == 1 else code
    return _t(one, lang, n=numbers.count(count, lang), **facts)


def _kept(each: Mapping[str, Any], lang: str) -> str:
    """A problem as kept with an import, in words."""
    return sentence(Problem(each["code"], each["facts"], Where(**each.get("where", {}))), lang)


def sentence(problem: Problem, lang: str) -> str:
    """A problem in words: files by their names, without the folders of this machine."""
    file = problem.where.file
    if file is None:
        return capital(locale.sentence(problem, lang))
    name = PurePath(file).name if PurePath(file).is_absolute() else file
    return locale.sentence(replace(problem, where=replace(problem.where, file=name)), lang)


def table_name(name: str, lang: str) -> str:
    """The name of a table, in the plural, for a person."""
    found = TABLES.get(name)
    if found is None:
        return name
    return locale.typeset(found.fr) if lang == "fr" else found.en


def _field(table: str | None, field: str, lang: str) -> str:
    """The name of a field of a table, for a person."""
    found = TABLES.get(table or "")
    for column in found.columns if found else ():
        if column.name == field:
            return column.fr if lang == "fr" else column.en
    return _t("data.field.source_id", lang) if field == "source_id" else field


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def _t(code: str, lang: str, **facts: Any) -> str:
    return locale.text(code, lang, **facts)
