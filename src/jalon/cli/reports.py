"""Import reports and readings on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from jalon import locale
from jalon.cli.words import said
from jalon.locale.numbers import count

if TYPE_CHECKING:
    from jalon.intake.reading import ReadTable
    from jalon.intake.report import FileReport, Report

SHOWN = 5


def show_report(done: Report, lang: str) -> None:
    """What became of every file."""
    for each in done.files:
        _show_file(each, lang)
    for problem in done.ignored:
        typer.echo(f"– {locale.sentence(problem, lang)}")
    for proposal in done.proposals[:SHOWN]:
        typer.echo("? " + locale.text("cli.report.proposal", lang, **proposal))
    if done.unlinked:
        listed = ", ".join(f"{table} ({number})" for table, number in done.unlinked.items())
        typer.echo("! " + locale.text("cli.report.unlinked", lang, listed=listed))
    if done.import_id:
        typer.echo(said("report.import", import_id=done.import_id))


def _show_file(each: FileReport, lang: str) -> None:
    name = f"{each.file} [{each.sheet}]" if each.sheet else each.file
    if each.must_ask:
        typer.echo(f"? {locale.sentence(each.must_ask, lang)}")
        advice = locale.hint(each.must_ask, lang)
        typer.echo(f"    → {advice}" if advice else "")
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
    for field, total in each.sums.items():
        typer.echo("    " + locale.text("cli.report.sum", lang, field=field, total=total))
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


def _mark(delimiter: str | None) -> str | None:
    return {"\t": "« tab »", " ": "« ␠ »"}.get(delimiter or "", delimiter and f"« {delimiter} »")


def show_reading(tables: Sequence[ReadTable], lang: str) -> None:
    """The evidence of each decision, the first rows, and what was refused."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for each in tables:
        name = f"{each.file} [{each.sheet}]" if each.sheet else each.file
        console.print(
            f"{name} : {count(each.table.num_rows, lang)} × {each.table.num_columns}", markup=False
        )
        evidence = Table(box=None, show_header=False, pad_edge=False)
        for one in each.evidence:
            sure = f"{one.certainty:.0%}"
            because = locale.text(f"because.{one.because}", lang, **one.facts)
            decision = locale.text(f"decision.{one.decision}", lang)
            evidence.add_row(one.column or "", decision, _visible(one.choice), sure, because)
        console.print(evidence)
        for problem in each.quarantine[:SHOWN]:
            console.print(f"✗ {locale.sentence(problem, lang)}", markup=False)


def _visible(choice: str) -> str:
    return {"\t": "⇥", " ": "␠"}.get(choice, choice)
