"""The pages of the quarantine: what waits and why, its rows with the faulty cell, the rules."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jalon import locale
from jalon.intake.guess import FILES
from jalon.intake.readings import Reading
from jalon.intake.rules import Rule
from jalon.locale import numbers
from jalon.model.problems import RequestError, Where
from jalon.store.quarantine import Lot, SetAside
from jalon.views import paths
from jalon.views.data import capital, several, table_name
from jalon.views.frame import frame
from jalon.views.parts import Frame, Link
from jalon.views.source import Source

PATH = paths.QUARANTINE
#: Rows on a page.
PAGE = 25
#: Refusals of a value that may mean empty.
UNREAD = ("unreadable_cell", "unknown_value")


@dataclass(frozen=True)
class Listed:
    """A lot in a list: ``text`` says how many rows and why, ``place`` which file and import."""

    text: str
    place: str
    href: str
    count: int


@dataclass(frozen=True)
class Ruled:
    """A rule: what it says, and the fields of the form that drops it."""

    text: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class QuarantineView:
    """``frame``: menu. ``message``: what was just done. ``said``: how many rows wait. ``waiting``:
    the lots that wait; ``settled``: the others. ``rules``: what means empty; ``drop``: where to
    send one to forget. ``exports``: the rows as files."""

    frame: Frame
    message: str
    said: str
    waiting: tuple[Listed, ...]
    settled: tuple[Listed, ...]
    rules: tuple[Ruled, ...]
    drop: str
    exports: tuple[Link, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a row: ``name`` in the form. ``faulty``: it is why the row is set apart."""

    header: str
    name: str
    text: str
    faulty: bool


@dataclass(frozen=True)
class Row:
    """A row set apart. ``said``: why; ``editable``: whether it can be corrected here; ``rest``: its
    text beyond the columns; ``uncut``: how it is cut into cells is a proposal. ``empty``: the words
    of the button that makes a rule of its faulty value."""

    number: int
    line: str
    said: str
    cells: tuple[Cell, ...]
    editable: bool
    rest: str
    uncut: bool
    empty: str


@dataclass(frozen=True)
class LotView:
    """``frame``: menu. ``message``: what was just done. ``said``: how many rows and why. ``file``:
    where from. ``headers``: of the file. ``rows``: as many as a page has. ``action``: where the
    form goes; ``lot`` its name. ``open``: whether the rows wait; ``back_in``: whether they may be
    made to. ``hint``: what to do. ``before`` and ``after``: the other pages."""

    frame: Frame
    message: str
    said: str
    file: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    action: str
    lot: str
    open: bool
    back_in: bool
    hint: str
    before: Link | None
    after: Link | None


def quarantine_view(source: Source, workspace: Any, message: str) -> QuarantineView:
    """The page of all that is set apart."""
    lang, href = source.lang, source.asked.href
    lots = workspace.quarantine.lots()
    waiting = [each for each in lots if each.state == "waiting"]
    names = workspace.quarantine.names()
    at = {each.import_id: each.at for each in workspace.imports()}
    count = sum(each.count for each in waiting)

    def listed(each: Lot) -> Listed:
        import_id = names[each.imported]
        moment = numbers.moment(at[import_id], lang)
        place = _t("quarantine.place", lang, file=_file(each), at=moment)
        to = href(f"{PATH}/{import_id}/{lot_name(each)}")
        return Listed(counted(each, lang), place, to, each.count)

    back = Link(_t("page.data", lang), href(paths.DATA))
    return QuarantineView(
        frame=frame(
            source, PATH, _t("quarantine.title", lang), filters=None, formats=(), back=back
        ),
        message=message,
        said=several("quarantine.waiting", count, lang) if count else _t("quarantine.none", lang),
        waiting=tuple(map(listed, waiting)),
        settled=tuple(listed(each) for each in lots if each.state != "waiting"),
        rules=tuple(_rule(each, lang) for each in workspace.quarantine.rules().empty),
        drop=f"{PATH}/regles",
        exports=tuple(Link(f.upper(), href(f"{PATH}.{f}")) for f in paths.FORMATS) if count else (),
    )


def lot_view(
    source: Source, workspace: Any, import_id: str, name: str, page: int, message: str
) -> LotView:
    """The page of the rows of a lot. Raises RequestError ``unknown_lot``."""
    lang = source.lang
    lot = found_lot(workspace, import_id, name)
    found = workspace.quarantine.rows(
        import_id, states=(lot.state,), lot=lot, limit=PAGE, offset=PAGE * (page - 1)
    )
    reading = reading_of(workspace, import_id, lot)
    path = f"{PATH}/{import_id}/{name}"
    back = Link(_t("quarantine.title", lang), source.asked.href(PATH))
    waits = lot.state == "waiting"
    rows = tuple(_row(each, reading, waits, lang) for each in found)

    def to(number: int) -> str:
        return source.asked.href(path, page=number if number > 1 else None)

    further = PAGE * (page - 1) + len(found) < lot.count
    mendable = any(each.editable for each in rows)
    return LotView(
        frame=frame(source, path, counted(lot, lang), filters=None, formats=(), back=back),
        message=message,
        said=_t(f"quarantine.lot.{lot.state if lot.header or not waits else 'whole'}", lang),
        file=f"{_file(lot)} · {table_name(lot.table, lang)}" if lot.table else _file(lot),
        headers=reading.headers if reading else (),
        rows=rows,
        action=f"{PATH}/{import_id}",
        lot=name,
        open=waits,
        back_in=lot.state == "left_out" and reading is not None,
        hint=_t("quarantine.hint" if mendable or not waits else "quarantine.elsewhere", lang),
        before=Link(_t("page.before", lang), to(page - 1)) if page > 1 else None,
        after=Link(_t("page.after", lang), to(page + 1)) if further else None,
    )


def found_lot(workspace: Any, import_id: str, name: str) -> Lot:
    """The lot of that name. Raises RequestError ``unknown_lot``."""
    lots: list[Lot] = workspace.quarantine.lots(import_id)
    for each in lots:
        if lot_name(each) == name:
            return each
    raise RequestError.of("unknown_lot", Where(value=name[:40]))


def lot_name(lot: Lot) -> str:
    """The name of a lot in an address: the same as long as it has rows."""
    parts = (lot.reading, lot.file, lot.sheet, lot.reason, lot.header, lot.state)
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:12]


def reading_of(workspace: Any, import_id: str, lot: Lot) -> Reading | None:
    """How the file of a lot was read; None where that was not kept."""
    readings: Sequence[Reading] = workspace.quarantine.readings(import_id)
    known = lot.reading is not None and lot.reading < len(readings)
    return readings[lot.reading] if known and lot.reading is not None else None


def shown_cells(row: SetAside, reading: Reading | None) -> tuple[list[str], str]:
    """The cells of a row in the order of its file, as corrected so far; and what is beyond them.

    A row that could not be cut into cells is cut at its delimiters.
    """
    if reading is None:
        return [], row.value or ""
    found = {**(row.cells or {}), **row.said}
    if found:
        return [found.get(header) or "" for header in reading.headers], ""
    width = len(reading.headers)
    if not row.value or not reading.delimiter:
        return [""] * width, row.value or ""
    cut = next(csv.reader(io.StringIO(row.value), delimiter=reading.delimiter), [])
    return (cut + [""] * width)[:width], reading.delimiter.join(cut[width:])


def why(row: SetAside | Lot, lang: str, value: str | None = None) -> str:
    """Why a row is set apart, in words."""
    facts = {"column": row.header, "value": value, **row.facts}
    return capital(locale.text(row.reason, lang, **facts))


def changed(
    workspace: Any, import_id: str, form: Mapping[str, str]
) -> tuple[dict[int, dict[str, str]], list[int]]:
    """The cells that a form corrects, by row; and the rows to load again."""
    told = [each.split(".") for each in form if each.startswith(("cell.", "take."))]
    asked = sorted({int(each[1]) for each in told if len(each) > 1 and each[1].isdecimal()})
    readings = workspace.quarantine.readings(import_id)
    said: dict[int, dict[str, str]] = {}
    load: list[int] = []
    for row in workspace.quarantine.rows(import_id, only=asked):
        known = row.reading is not None and row.reading < len(readings)
        reading = readings[row.reading] if known else None
        if reading is None or row.number is None:
            continue
        cells, _ = shown_cells(row, reading)
        given = [form.get(f"cell.{row.number}.{i}", text) for i, text in enumerate(cells)]
        differs = [i for i, text in enumerate(cells) if given[i].strip() != text.strip()]
        taken = f"take.{row.number}" in form
        if differs or taken or row.said:
            load.append(row.number)
            kept = differs if row.cells else range(len(given))
            headers = reading.headers
            said[row.number] = {**row.said, **{headers[i]: given[i].strip() for i in kept}}
    return said, load


def rule_of(row: SetAside) -> Rule | None:
    """The rule that the faulty value of a row means empty; None where it has none."""
    value = (row.value or "").strip()
    if row.reason not in UNREAD or not (value and row.header and row.table and row.source):
        return None
    return Rule(source=row.source, table=row.table, header=row.header, values=(value,))


def _row(row: SetAside, reading: Reading | None, waits: bool, lang: str) -> Row:
    texts, rest = shown_cells(row, reading)
    headers = reading.headers if reading else ()
    rule = rule_of(row) if waits else None
    empty = _t("quarantine.empty", lang, value=row.value, column=row.header) if rule else ""
    return Row(
        number=row.number or 0,
        line=numbers.count(row.row, lang) if row.row else "",
        said=why(row, lang, row.value),
        cells=tuple(
            Cell(header, f"cell.{row.number}.{index}", text, header == row.header)
            for index, (header, text) in enumerate(zip(headers, texts, strict=True))
        ),
        editable=waits and reading is not None and (any(texts) or bool(row.cells)),
        rest=rest,
        uncut=not (row.cells or row.said),
        empty=empty,
    )


def counted(lot: Lot, lang: str) -> str:
    """How many rows of a lot, and why: ``12 lignes en attente : « Montant » illisible``."""
    short = locale.sentences(lang).get(f"quarantine.short.{lot.reason}")
    if short and lot.header:
        told = _t(f"quarantine.short.{lot.reason}", lang, column=lot.header)
    else:
        reason = why(lot, lang).rstrip(".")
        reason = reason[:1].lower() + reason[1:]
        told = f"{lot.header}, {reason}" if lot.header else reason
    return several(f"quarantine.count.{lot.state}", lot.count, lang, reason=told)


def _file(lot: Lot) -> str:
    return f"{lot.file} · {lot.sheet}" if lot.sheet else lot.file


def _rule(rule: Rule, lang: str) -> Ruled:
    source = _t("data.source.files", lang) if rule.source == FILES else rule.source
    facts = {"values": list(rule.values), "column": rule.header, "source": source}
    text = _t("quarantine.rule", lang, table=table_name(rule.table, lang).lower(), **facts)
    fields = [("source", rule.source), ("table", rule.table), ("header", rule.header)]
    return Ruled(text, (*fields, *(("value", value) for value in rule.values)))


def _t(code: str, lang: str, **facts: Any) -> str:
    return locale.text(code, lang, **facts)
