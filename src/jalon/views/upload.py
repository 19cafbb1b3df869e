"""The pages of an upload: what was understood of the files, then their loading step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jalon import locale
from jalon.intake.report import FileReport, Report, facts
from jalon.locale import numbers
from jalon.model.problems import JalonError
from jalon.model.tables import OUTCOMES, TABLES
from jalon.views import paths
from jalon.views.data import FileCounts, date_order_name, delimiter_name, file_counts
from jalon.views.frame import frame
from jalon.views.parts import Frame, Link
from jalon.views.source import Source

ENCODINGS = ("utf-8", "cp1252", "utf-16", "latin-1")
DELIMITERS = (";", ",", "\t", "|")
ORDERS = ("DMY", "MDY", "YMD")


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
class Understood:
    """A table of a file. ``said``: what it is, in a sentence. ``asks``: what must be answered.
    ``settings``: how it is read. ``evidence``: on what that rests. ``columns``: what each is read
    for. ``values``: stages and statuses, and what they mean."""

    file: str
    said: str
    asks: tuple[str, ...]
    settings: tuple[Setting, ...]
    evidence: tuple[str, ...]
    columns: tuple[ColumnChoice, ...]
    values: tuple[Setting, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DepositView:
    """``frame``: menu. ``said``: what loading will do. ``tables``: what was understood of each.
    ``ignored``: what is no table. ``correct``: where the form goes; ``ready``: whether anything can
    be loaded. ``drop``: where to give the upload up."""

    frame: Frame
    said: str
    tables: tuple[Understood, ...]
    ignored: tuple[str, ...]
    correct: str
    drop: str
    ready: bool


@dataclass(frozen=True)
class JobView:
    """``frame``: menu. ``state``: waiting, running, done or failed. ``said``: it in words.
    ``steps``: what was begun. ``files``: what became of each, once done. ``problems``: what failed
    and what to do. ``next``: where to go on."""

    frame: Frame
    state: str
    said: str
    steps: tuple[str, ...]
    files: tuple[FileCounts, ...]
    problems: tuple[tuple[str, str], ...]
    next: tuple[Link, ...]


def deposit_view(
    source: Source, name: str, plan: Report, document: dict[str, Any] | None
) -> DepositView:
    """What was understood of an upload. ``document``: the mapping as data."""
    lang = source.lang
    entries = list((document or {}).get("files") or [])
    tables = []
    for place, each in enumerate(plan.files):
        entry = entries[place] if place < len(entries) else {}
        tables.append(_understood(each, place, entry, lang))
    path = f"{paths.DATA}/depots/{name}"
    rows = sum(each.rows_read for each in plan.files if each.table)
    ready = any(each.table for each in plan.files)
    said = locale.text("data.will_load", lang, rows=numbers.count(rows, lang)) if ready else ""
    back = Link(locale.text("page.data", lang), source.asked.href(paths.DATA))
    title = locale.text("data.understood", lang)
    return DepositView(
        frame=frame(source, path, title, filters=None, formats=False, back=back),
        said=said or locale.text("data.nothing_to_load", lang),
        tables=tuple(tables),
        ignored=tuple(_capital(locale.sentence(each, lang)) for each in plan.ignored),
        correct=path,
        drop=f"{path}/abandonner",
        ready=ready,
    )


def _understood(each: FileReport, place: int, entry: dict[str, Any], lang: str) -> Understood:
    sheet = f" · {each.sheet}" if each.sheet else ""
    asks = []
    if each.undecided:
        examples = [value for header in each.undecided for value in each.examples[header]][:3]
        asks.append(
            locale.text("data.ask_order", lang, columns=list(each.undecided), examples=examples)
        )
    return Understood(
        file=f"{each.file}{sheet}",
        said=_said(each, lang),
        asks=tuple(asks),
        settings=tuple(_settings(each, place, lang)),
        evidence=tuple(_evidence(each, lang)),
        columns=tuple(_columns(each, place, lang)) if each.table else (),
        values=tuple(_values(entry, place, lang)) if each.table else (),
        notes=tuple(_capital(locale.sentence(note, lang)) for note in each.notes),
    )


def _said(each: FileReport, lang: str) -> str:
    if each.table is None:
        why = each.must_ask or each.why
        return _capital(locale.sentence(why, lang)) if why else locale.text("data.no_table", lang)
    named = TABLES[each.table]
    said = {
        "rows": numbers.count(each.rows_read, lang),
        "table": (named.fr if lang == "fr" else named.en).lower(),
        "preset": (each.preset or "").capitalize(),
    }
    return locale.text("data.is_preset" if each.preset else "data.is", lang, **said)


def _settings(each: FileReport, place: int, lang: str) -> list[Setting]:
    """How a file is read, each as a list to choose from."""

    def setting(name: str, current: str | None, options: Sequence[tuple[str, str]]) -> Setting:
        known = [value for value, _ in options]
        more = [(current, current)] if current and current not in known else []
        chosen = tuple(Option(v, t, v == (current or "")) for v, t in [*options, *more])
        return Setting(f"{place}.{name}", locale.text(f"data.how.{name}", lang), chosen)

    tables = [("", locale.text("data.ignore_file", lang))]
    tables += [(t.name, t.fr if lang == "fr" else t.en) for t in TABLES.values()]
    unsaid = ("", locale.text("data.unsaid", lang))
    found = [setting("table", each.table, tables)]
    if each.encoding is not None:
        found.append(setting("encoding", each.encoding, [(v, v) for v in ENCODINGS]))
        marks = [(v, delimiter_name(v, lang)) for v in DELIMITERS]
        found.append(setting("delimiter", each.delimiter, marks))
    rows = [(str(n), str(n)) for n in range(1, 11)]
    found.append(setting("header_row", str(each.header_row), rows))
    found.append(setting("decimal", each.decimal, [unsaid, (",", "1 234,56"), (".", "1,234.56")]))
    orders = [(v, date_order_name(v, lang)) for v in ORDERS]
    current = None if each.undecided else each.date_order
    found.append(setting("date_order", current, [unsaid, *orders]))
    return found


def _evidence(each: FileReport, lang: str) -> list[str]:
    return [
        locale.text(
            "data.because",
            lang,
            decision=locale.text(f"decision.{one.decision}", lang),
            choice=delimiter_name(one.choice, lang) if one.decision == "delimiter" else one.choice,
            because=locale.text(f"because.{one.because}", lang, **one.facts),
        )
        for one in each.evidence
    ]


def _columns(each: FileReport, place: int, lang: str) -> list[ColumnChoice]:
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
    named |= {c.name: c.fr if lang == "fr" else c.en for c in TABLES[table].columns}
    several = "+".join(filled)
    options = [Option("", locale.text("data.not_read", lang), not filled)]
    if len(filled) > 1:
        options.append(Option(several, " + ".join(named.get(f, f) for f in filled), True))
    return options + [Option(f, text, [f] == list(filled)) for f, text in named.items()]


def _values(entry: dict[str, Any], place: int, lang: str) -> list[Setting]:
    """The stages and statuses found, and the outcome that each means."""
    found = (entry.get("values") or {}).get("outcome") or {}
    return [
        Setting(
            f"{place}.value.{number}",
            str(text),
            tuple(
                Option(each, locale.text(f"value.outcome.{each}", lang), each == meaning)
                for each in OUTCOMES
            ),
        )
        for number, (text, meaning) in enumerate(found.items())
    ]


def corrected(plan: Report, document: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    """The mapping with what the form says; a table chosen anew is guessed anew."""
    entries = [dict(each) for each in document.get("files") or []]
    for place, (each, entry) in enumerate(zip(plan.files, entries, strict=False)):
        _correct(each, entry, place, form)
    return {"files": entries}


def _correct(each: FileReport, entry: dict[str, Any], place: int, form: dict[str, str]) -> None:
    for name in ("encoding", "delimiter", "decimal", "date_order"):
        said = form.get(f"{place}.{name}")
        if (said and said != getattr(each, name)) or (
            said and name == "date_order" and each.undecided
        ):
            entry[name] = said
    row = form.get(f"{place}.header_row", "")
    if row.isdecimal() and int(row) != each.header_row:
        entry["header_row"] = int(row)
    table = form.get(f"{place}.table")
    if table is not None and (table or None) != each.table:
        for name in ("columns", "values", "key", "const", "links", "lines"):
            entry.pop(name, None)
        entry["table"] = table or None
        return
    if each.table:
        _correct_columns(each, entry, place, form)


def _correct_columns(
    each: FileReport, entry: dict[str, Any], place: int, form: dict[str, str]
) -> None:
    columns = dict(entry.get("columns") or {})
    for choice in _columns(each, place, "fr"):
        said = form.get(choice.name)
        current = next((o.value for o in choice.options if o.chosen), "")
        if said is not None and said != current and "+" not in said:
            columns[choice.header] = said or None
    entry["columns"] = columns
    values = {name: dict(by) for name, by in (entry.get("values") or {}).items()}
    for number, text in enumerate(list(values.get("outcome", {}))):
        said = form.get(f"{place}.value.{number}")
        if said in OUTCOMES:
            values["outcome"][text] = said
    if values:
        entry["values"] = values


def job_view(source: Source, job: Any) -> JobView:
    """An import under way, or its end."""
    lang = source.lang
    path = f"{paths.DATA}/travaux/{job.id}"
    report: Report | None = job.report
    kept = facts(report)["files"] if report else []
    error: JalonError | None = job.error
    problems = [
        (_capital(locale.sentence(each, lang)), locale.hint(each, lang) or "")
        for each in (error.problems if error else ())
    ]
    nothing = report is not None and report.import_id is None
    state = "nothing" if nothing else job.state
    return JobView(
        frame=frame(source, path, locale.text("data.loading", lang), filters=None, formats=False),
        state=job.state,
        said=locale.text(f"data.job.{state}", lang),
        steps=tuple(locale.text("data.step", lang, name=_step(each, lang)) for each in job.steps),
        files=tuple(file_counts(each, lang) for each in kept),
        problems=tuple(problems),
        next=tuple(_next(source, job, report)),
    )


def _next(source: Source, job: Any, report: Report | None) -> list[Link]:
    lang, asked = source.lang, source.asked
    held = report is not None and report.must_ask
    found = []
    if report is not None and report.import_id:
        place = f"{paths.DATA}/imports/{report.import_id}"
        found.append(Link(locale.text("data.read_figures", lang), asked.href(paths.OVERVIEW)))
        found.append(Link(locale.text("data.see_report", lang), asked.href(place)))
    if job.state == "failed" or held:
        place = f"{paths.DATA}/depots/{job.deposit}"
        found.append(Link(locale.text("data.answer", lang), asked.href(place)))
    return found


def _step(name: str, lang: str) -> str:
    """A step of an import: a table, a file, or a named one."""
    if name in TABLES:
        return (TABLES[name].fr if lang == "fr" else TABLES[name].en).lower()
    said = locale.text(f"data.step.{name}", lang)
    return name if said.startswith("data.step.") else said


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
