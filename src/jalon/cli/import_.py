"""``jalon import``: bring files in, and say what became of every row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jalon.cli.frame import (
    DebugOption,
    JsonOption,
    LangOption,
    WorkspaceOption,
    framed,
    notices,
    opened,
    progress,
    show_json,
)
from jalon.cli.reading import (
    DateOrderOption,
    DecimalOption,
    DelimiterOption,
    EncodingOption,
    HeaderRowOption,
    SheetOption,
    given,
)
from jalon.cli.words import said

if TYPE_CHECKING:
    from jalon.intake.report import Report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help=said("import"))(import_files)


def import_files(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help=said("import.paths"))],
    table: Annotated[str | None, typer.Option(help=said("import.table"), metavar="T")] = None,
    source: Annotated[str | None, typer.Option(help=said("import.source"), metavar="NAME")] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", help=said("import.map"), metavar="FILE")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=said("import.dry_run"))] = False,
    full: Annotated[bool, typer.Option("--full", help=said("import.full"))] = False,
    no_memory: Annotated[bool, typer.Option("--no-memory", help=said("import.no_memory"))] = False,
    forget: Annotated[bool, typer.Option("--forget", help=said("import.forget"))] = False,
    explain: Annotated[bool, typer.Option("--explain", help=said("import.explain"))] = False,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    header_row: HeaderRowOption = None,
    decimal: DecimalOption = None,
    date_order: DateOrderOption = None,
    sheet: SheetOption = None,
    own_siren: Annotated[
        str | None, typer.Option("--own-siren", help=said("import.own_siren"), metavar="SIREN")
    ] = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken, opened(workspace, create=True) as found:
        from jalon.cli.reports import show_plan_evidence, show_report
        from jalon.intake.map_file import load as load_map
        from jalon.intake.pipeline import Brief
        from jalon.intake.sources.options import ReadOptions
        from jalon.render.records import import_report

        notices(found, spoken)
        reading = ReadOptions(
            **given(
                date_order,
                encoding=encoding,
                delimiter=delimiter,
                header_row=header_row,
                decimal=decimal,
                sheet=sheet,
                own_siren=own_siren,
            )
        )
        told = load_map(map_) if map_ else None
        zone = found.settings.zone
        brief = Brief(_known(table), source, told, reading, zone, full, recall=not no_memory)
        if forget and not dry_run:
            found.forget(paths, brief)
        if dry_run:
            plan, text = found.look(paths, brief)
            _show_plan(plan, text, spoken, as_json)
            if explain and not as_json:
                show_plan_evidence(plan, spoken)
            return
        with progress(as_json) as step:
            done = found.import_(paths, brief, step)
        if as_json:
            show_json(import_report(done, spoken))
        else:
            show_report(done, spoken, explain=explain)
        if done.must_ask or not any(each.table for each in done.files):
            raise typer.Exit(1)


def _known(table: str | None) -> str | None:
    from jalon.model.tables import TABLES
    from jalon.relations.expression import unknown

    if table is not None and table not in TABLES:
        raise unknown(table, TABLES, "unknown_table")
    return table


def _show_plan(plan: Report, text: str, lang: str, as_json: bool) -> None:
    from jalon.render.records import import_report

    if as_json:
        show_json({**import_report(plan, lang), "map": text})
    else:
        typer.echo(text)
