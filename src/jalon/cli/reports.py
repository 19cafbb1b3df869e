"""Import reports and readings on a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from jalon import locale
from jalon.cli.asking import side_by_side
from jalon.cli.words import said
from jalon.locale.numbers import count, exact, moment
from jalon.views.keys import key_said
from jalon.views.reasons import reasons

if TYPE_CHECKING:
    from jalon.intake.reading import ReadTable
    from jalon.intake.report import FileReport, Report
    from jalon.intake.text_table import Evidence
    from jalon.model.problems import Problem

SHOWN = 5


def show_report(done: Report, lang: str, *, explain: bool = False) -> None:
    """What became of every file; where ``explain`` is asked, how each was read too."""
    for each in done.files:
        _show_file(each, lang)
        if explain:
            show_evidence(each.evidence, lang)
    for problem in done.ignored:
        typer.echo(f"– {locale.sentence(problem, lang)}")
    for proposal in done.proposals[:SHOWN]:
        typer.echo("? " + locale.text("cli.report.proposal", lang, **proposal))
    if done.unlinked:
        listed = ", ".join(f"{table} ({number})" for table, number in done.unlinked.items())
        typer.echo("! " + locale.text("cli.report.unlinked", lang, listed=listed))
    if done.import_id:
        typer.echo(said("report.import", import_id=done.import_id))


def _show_question(asked: Problem, lang: str) -> None:
    typer.echo(f"? {locale.sentence(asked, lang)}")
    for line in side_by_side(asked, lang):
        typer.echo(line)
    advice = locale.hint(asked, lang)
    typer.echo(f"    → {advice}" if advice else "")


def _show_file(each: FileReport, lang: str) -> None:
    name = f"{each.file} [{each.sheet}]" if each.sheet else each.file
    if each.must_ask:
        for problem in each.asks or (each.must_ask,):
            _show_question(problem, lang)
        return
    if each.table is None:
        why = locale.sentence(each.why, lang) if each.why else ""
        typer.echo(f"– {why or name}")
        return
    facts = {
        name: count(getattr(each, f"rows_{name}"), lang)
        for name in ("read", "added", "updated", "unchanged", "quarantined")
    }
    read_as = ", ".join(
        part
        for part in (each.preset, each.encoding, _mark(each.delimiter), each.date_order)
        if part
    )
    typer.echo(f"✓ {name} → {each.table}" + (f"  ({read_as})" if read_as else ""))
    typer.echo("    " + locale.text("cli.report.counts", lang, **facts))
    for line in _rests_on(each, lang):
        typer.echo("    " + line)
    for field, total in each.sums.items():
        typer.echo("    " + locale.text("cli.report.sum", lang, field=field, total=total))
    for line in _account(each, lang):
        typer.echo("    " + line)
    for header, found in each.checks.items():
        if found["invalid"]:
            typer.echo("    " + _checked(header, found, lang))
    for problem in each.quarantine[:SHOWN]:
        typer.echo(f"    ✗ {locale.sentence(problem, lang)}")
    if len(each.quarantine) > SHOWN:
        more = len(each.quarantine) - SHOWN
        typer.echo("    " + locale.text("cli.report.more", lang, count=more))
    for note in each.notes:
        typer.echo(f"    · {locale.sentence(note, lang)}")
    if each.unmapped:
        listed = ", ".join(each.unmapped[:12]) + (" …" if len(each.unmapped) > 12 else "")
        typer.echo("    " + locale.text("cli.report.unmapped", lang, listed=listed))


def _account(each: FileReport, lang: str) -> Iterator[str]:
    """Where rows were set apart, the sums before and after."""
    for field, apart in each.sums_quarantined.items():
        told = {"read": each.sums_read.get(field, "0"), "quarantined": apart}
        told["taken"] = each.sums.get(field, "0")
        shown = {name: exact(Decimal(total), lang) for name, total in told.items()}
        yield locale.text("cli.report.sums", lang, field=field, **shown)
        if each.sums_doubled.get(field):
            total = exact(Decimal(each.sums_doubled[field]), lang)
            yield locale.text("cli.report.doubled", lang, field=field, total=total)
    for field, found in each.unread.items():
        code = "cli.report.unread_one" if found == 1 else "cli.report.unread"
        yield locale.text(code, lang, field=field, count=count(found, lang))


def _rests_on(each: FileReport, lang: str) -> Iterator[str]:
    """The import whose mapping is used again, and what tells the rows apart."""
    if each.memory:
        day = moment(dt.datetime.fromisoformat(each.memory["at"][:10]), lang)
        yield locale.text("cli.report.recalled", lang, day=day)
    if each.key:
        yield key_said(each.key, lang)


def _checked(header: str, found: Mapping[str, Any], lang: str) -> str:
    """How many values of a column are not valid, with examples."""
    invalid = found["invalid"]
    facts = {
        "invalid": count(invalid, lang),
        "total": count(invalid + found["valid"], lang),
        "examples": found["examples"],
    }
    code = "cli.report.invalid_one" if invalid == 1 else "cli.report.invalid"
    return locale.text(code, lang, header=header, **facts)


def _mark(delimiter: str | None) -> str | None:
    return {"\t": "« tab »", " ": "« ␠ »"}.get(delimiter or "", delimiter and f"« {delimiter} »")


def show_reading(tables: Sequence[ReadTable], lang: str) -> None:
    """The evidence of each decision, and what was refused."""
    for each in tables:
        name = f"{each.file} [{each.sheet}]" if each.sheet else each.file
        typer.echo(f"{name} : {count(each.table.num_rows, lang)} × {each.table.num_columns}")
        show_evidence(each.evidence, lang)
        for problem in each.quarantine[:SHOWN]:
            typer.echo(f"✗ {locale.sentence(problem, lang)}")


def show_plan_evidence(plan: Report, lang: str) -> None:
    """How each file of a plan is read: comments of the mapping that is written above."""
    for each in plan.files:
        for one in reasons(each.evidence, lang):
            about = f" « {one.column} »" if one.column else ""
            why = f"{one.because} ({one.sure})"
            typer.echo(f"# {each.file} : {one.decision}{about} = {_visible(one.choice)} : {why}")


def show_evidence(evidence: Iterable[Evidence], lang: str) -> None:
    """How a file was read: each decision, what it rests on, and how sure it is."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, show_header=False, pad_edge=False)
    for one in reasons(evidence, lang):
        cells = (one.column, one.decision, _visible(one.choice), one.sure, one.because)
        shown.add_row(*(Text(cell) for cell in cells))
    Console().print(shown)


def _visible(choice: str) -> str:
    return {"\t": "⇥", " ": "␠"}.get(choice, choice)
