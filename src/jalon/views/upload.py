"""The page of an upload: what was understood of each file, what is asked, what loading does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jalon import locale
from jalon.intake.report import FileReport, Report
from jalon.locale import numbers
from jalon.model.tables import TABLES
from jalon.views import paths
from jalon.views.data import date_order_name, delimiter_name, reason, sentence
from jalon.views.frame import frame
from jalon.views.keys import key_said
from jalon.views.parts import Frame, Link
from jalon.views.questions import Reading, Sample, question
from jalon.views.reasons import Reason, reasons
from jalon.views.source import Source
from jalon.views.wording import value_label

ENCODINGS = ("utf-8", "cp1252", "utf-16", "latin-1")
DELIMITERS = (";", ",", "\t", "|")
ORDERS = ("DMY", "MDY", "YMD")
#: The choice that leaves a file out; nothing chosen leaves it to be recognised.
LEFT_OUT = "-"
#: Refusals shown, and values of a coded column.
REFUSALS, VALUES = 4, 60


@dataclass(frozen=True)
class Option:
    """A choice of a list."""

    value: str
    text: str
    chosen: bool = False


@dataclass(frozen=True)
class Setting:
    """A list to choose from: ``name`` in the form."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class ColumnChoice:
    """A column of a file: some of its values, and the field that it fills. ``how``: why."""

    name: str
    header: str
    examples: tuple[str, ...]
    how: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Answer:
    """An answer, and what some cells of the file are if it is the right one."""

    value: str
    text: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Ask:
    """A decision that only a person can take: ``name`` in the form, its answers, and what it
    ``rests`` on."""

    text: str
    name: str
    options: tuple[Answer, ...]
    rests: str


@dataclass(frozen=True)
class Understood:
    """A table of a file. ``said``: what it is, in a sentence. ``asks``: what must be answered.
    ``refused``: how many rows will be set apart, and ``refusals`` why. ``key``: what tells its rows
    apart. ``settings``: how it is read. ``evidence``: on what that rests. ``recalled``: the import
    whose corrections are applied. ``columns``: what each is read for. ``values``: what the coded
    values mean."""

    file: str
    said: str
    asks: tuple[Ask, ...]
    refused: str
    refusals: tuple[str, ...]
    key: str
    settings: tuple[Setting, ...]
    evidence: tuple[Reason, ...]
    recalled: str
    columns: tuple[ColumnChoice, ...]
    values: tuple[Setting, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DepositView:
    """``frame``: menu. ``message``: what was just done. ``said``: what loading will do.
    ``tables``: what was understood of each. ``ignored``: what is no table. ``correct``: where the
    form goes; ``ready``: whether it can be loaded now; ``asked``: whether an answer is awaited.
    ``drop``: where to give the upload up; ``told``: whether anything was corrected; ``full``:
    whether the files are said to be whole."""

    frame: Frame
    message: str
    said: str
    tables: tuple[Understood, ...]
    ignored: tuple[str, ...]
    correct: str
    drop: str
    ready: bool
    asked: bool
    told: bool
    full: bool


def deposit_view(
    source: Source,
    name: str,
    plan: Report,
    document: dict[str, Any],
    told: bool,
    message: str,
    *,
    full: bool = False,
) -> DepositView:
    """What was understood of an upload. ``document``: the mapping as data."""
    lang = source.lang
    entries = list(document.get("files") or [])
    path = f"{paths.DATA}/depots/{name}"
    back = Link(locale.text("page.data", lang), source.asked.href(paths.DATA))
    title = locale.text("data.understood", lang)
    return DepositView(
        frame=frame(source, path, title, filters=None, formats=(), back=back),
        message=message,
        said=_will(plan, lang),
        tables=tuple(_tables(plan, entries, lang)),
        ignored=tuple(sentence(each, lang) for each in plan.ignored),
        correct=path,
        drop=f"{path}/abandonner",
        ready=ready(plan),
        asked=any(decisions(each) for each in plan.files),
        told=told,
        full=full,
    )


def ready(plan: Report) -> bool:
    """Whether there is something to load, and nothing left to ask."""
    asked = any(each.must_ask for each in plan.files)
    return not asked and any(each.table for each in plan.files)


def _will(plan: Report, lang: str) -> str:
    """What loading will do."""
    taken = [each for each in plan.files if each.table]
    if not taken:
        return locale.text("data.nothing_to_load", lang)
    if any(each.must_ask for each in taken):
        return locale.text("data.must_answer", lang)
    rows = sum(each.rows_read - each.rows_quarantined for each in taken)
    apart = sum(each.rows_quarantined for each in taken)
    code = "data.will_load_but" if apart else "data.will_load"
    said = {"rows": numbers.count(rows, lang), "apart": numbers.count(apart, lang)}
    return locale.text(code, lang, **said)


def _tables(plan: Report, entries: Sequence[dict[str, Any]], lang: str) -> Iterator[Understood]:
    """The tables of the files; what is asked of a file is asked once."""
    asked: set[tuple[str, frozenset[str]]] = set()
    for place, each in enumerate(plan.files):
        about = each.file, decisions(each)
        yield _understood(each, place, entries[place], lang, first=about not in asked)
        if about[1]:
            asked.add(about)


def _understood(
    each: FileReport, place: int, entry: dict[str, Any], lang: str, *, first: bool
) -> Understood:
    sheet = f" · {each.sheet}" if each.sheet else ""
    refused = numbers.count(each.rows_quarantined, lang)
    return Understood(
        file=f"{each.file}{sheet}",
        said=_said(each, lang),
        asks=tuple(_asks(each, place, lang)) if first else (),
        refused=locale.text("data.will_refuse", lang, n=refused) if each.rows_quarantined else "",
        refusals=tuple(_refusals(each, lang)),
        key=key_said(each.key, lang) if each.key else "",
        settings=tuple(_settings(each, place, lang)),
        evidence=reasons(each.evidence, lang),
        recalled=recalled(each.memory, lang),
        columns=tuple(columns_of(each, place, lang)) if each.table else (),
        values=tuple(setting for _, _, setting in values_of(entry, place, lang)),
        notes=tuple(sentence(note.at(file=None, sheet=None), lang) for note in each.notes),
    )


def _asks(each: FileReport, place: int, lang: str) -> Iterator[Ask]:
    """What must be answered, with the readings to choose among where there are such."""
    open_ = each.asks or ((each.must_ask,) if each.must_ask else ())
    for problem in open_:
        asked = problem.at(file=None, sheet=None)
        found = question(asked, lang)
        if found is None:
            yield Ask(f"{sentence(asked, lang)} {locale.hint(asked, lang) or ''}", "", (), "")
        else:
            answers = tuple(_answer(found.decision, one, lang) for one in found.readings)
            yield Ask(found.text, f"{place}.{found.decision}", answers, found.rests)


def _answer(decision: str, one: Reading, lang: str) -> Answer:
    text = one.title
    if decision == "date_order":
        text = locale.text(f"data.read_as.{one.value}", lang, day=one.samples[0].read)
    return Answer(one.value, text, one.samples)


def recalled(memory: Mapping[str, Any], lang: str) -> str:
    """The import whose corrections are applied, in a sentence; blank where there is none."""
    if not memory:
        return ""
    day = numbers.day(dt.datetime.fromisoformat(memory["at"]).date(), lang)
    return locale.text("data.recalled", lang, day=day)


def _refusals(each: FileReport, lang: str) -> Iterator[str]:
    """Why rows will be set apart, each reason of a column once, with a value."""
    seen: dict[tuple[str, str | None], str] = {}
    for problem in each.quarantine:
        key = (problem.code, problem.where.column)
        if key not in seen and len(seen) < REFUSALS:
            value = problem.where.value or ""
            seen[key] = reason(problem.code, problem.where, problem.facts, value, lang)
    yield from seen.values()


def _said(each: FileReport, lang: str) -> str:
    if each.table is None:
        why = each.must_ask or each.why
        why = why and replace(why, where=replace(why.where, file=None, sheet=None))
        return sentence(why, lang) if why else locale.text("data.no_table", lang)
    said = {
        "rows": numbers.count(each.rows_read, lang),
        "table": _table(each.table, lang).lower(),
        "preset": (each.preset or "").capitalize(),
    }
    return locale.text("data.is_preset" if each.preset else "data.is", lang, **said)


def table_of(each: FileReport) -> str:
    """The table chosen in the form: none where it was not recognised."""
    if each.table:
        return each.table
    return LEFT_OUT if each.why and each.why.code == "ignored_by_map" else ""


def _settings(each: FileReport, place: int, lang: str) -> list[Setting]:
    """How a file is read, each as a list to choose from."""

    def setting(name: str, current: str | None, options: Sequence[tuple[str, str]]) -> Setting:
        known = [value for value, _ in options]
        more = [(current, current)] if current and current not in known else []
        chosen = tuple(Option(v, t, v == (current or "")) for v, t in [*options, *more])
        return Setting(f"{place}.{name}", locale.text(f"data.how.{name}", lang), chosen)

    tables = [
        ("", locale.text("data.recognise_again" if each.table else "data.recognise", lang)),
        (LEFT_OUT, locale.text("data.ignore_file", lang)),
    ]
    tables += [(t.name, _table(t.name, lang)) for t in TABLES.values()]
    unsaid = ("", locale.text("data.unsaid", lang))
    found = [setting("table", table_of(each), tables)]
    if each.encoding is not None:
        found.append(setting("encoding", each.encoding, [(v, v) for v in ENCODINGS]))
        marks = [(v, delimiter_name(v, lang)) for v in DELIMITERS]
        found.append(setting("delimiter", each.delimiter, marks))
    rows = [(str(n), str(n)) for n in range(1, 21)]
    found.append(setting("header_row", str(each.header_row), rows))
    found.append(setting("decimal", each.decimal, [unsaid, (",", "1 234,56"), (".", "1,234.56")]))
    orders = [(v, date_order_name(v, lang)) for v in ORDERS]
    found.append(setting("date_order", each.date_order, [unsaid, *orders]))
    asked = {f"{place}.{name}" for name in decisions(each)}
    return [one for one in found if one.name not in asked]


def decisions(each: FileReport) -> frozenset[str]:
    """The decisions of reading that are asked of a file."""
    return frozenset(str(one.facts["decision"]) for one in each.asks if "decision" in one.facts)


def columns_of(each: FileReport, place: int, lang: str) -> list[ColumnChoice]:
    """The columns in the order of the file, each with the fields that it may fill."""
    filled: dict[str, list[str]] = {}
    how: dict[str, str] = {}
    for one in each.columns:
        filled.setdefault(str(one["header"]), []).append(str(one["field"]))
        how[str(one["header"])] = str(one["how"])
    headers = list(dict.fromkeys([*filled, *each.unmapped]))
    ordered = [header for header in each.examples if header in headers]
    ordered += [header for header in headers if header not in ordered]
    return [
        ColumnChoice(
            name=f"{place}.column.{number}",
            header=header,
            examples=each.examples.get(header, ()),
            how=locale.text(f"data.by.{how[header]}", lang) if header in how else "",
            options=tuple(_fields(each.table or "", filled.get(header, []), lang)),
        )
        for number, header in enumerate(ordered)
    ]


def _fields(table: str, filled: Sequence[str], lang: str) -> list[Option]:
    """The fields of a table; a column that fills several keeps them unless another is chosen."""
    named = {"source_id": locale.text("data.field.source_id", lang)}
    named |= {c.name: c.fr if lang == "fr" else c.en for c in TABLES[table].fillable()}
    several = "+".join(filled)
    options = [Option("", locale.text("data.not_read", lang), not filled)]
    if len(filled) > 1:
        options.append(Option(several, " + ".join(named.get(f, f) for f in filled), True))
    return options + [Option(f, text, [f] == list(filled)) for f, text in named.items()]


def values_of(
    entry: Mapping[str, Any], place: int, lang: str
) -> Iterator[tuple[str, str, Setting]]:
    """The values found of each coded field (stages, statuses), and what each means."""
    table = TABLES.get(str(entry.get("table")))
    for field, found in (entry.get("values") or {}).items():
        allowed = table.column(field).values if table and field in table else ()
        for number, (text, meaning) in enumerate(list(found.items())[:VALUES] if allowed else ()):
            options = tuple(
                Option(each, value_label(field, each, lang), each == meaning) for each in allowed
            )
            yield field, str(text), Setting(f"{place}.value.{field}.{number}", str(text), options)


def _table(name: str, lang: str) -> str:
    found = TABLES[name].fr if lang == "fr" else TABLES[name].en
    return locale.typeset(found) if lang == "fr" else found
