"""``jalon quarantine``: the rows set apart, and a file of them to correct and import again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jalon import locale
from jalon.cli.frame import (
    DebugOption,
    JsonOption,
    LangOption,
    WorkspaceOption,
    framed,
    notices,
    opened,
    show_json,
)
from jalon.cli.words import said

if TYPE_CHECKING:
    from jalon.distant import Distant
    from jalon.workspace import Workspace

#: Rows shown of each lot.
SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("quarantine", help=said("quarantine"))(quarantine)


def quarantine(
    import_id: Annotated[
        str | None, typer.Argument(metavar="[IMPORT]", help=said("quarantine.import"))
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help=said("quarantine.out"), metavar="FILE")
    ] = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    from jalon.locale.numbers import count

    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        from jalon.render.quarantine import records

        notices(found, spoken)
        if out:
            rows = _write(found, import_id, out, spoken)
            facts = {"file": str(out), "rows": rows}
            text = locale.text(
                "cli.quarantine.written", spoken, file=str(out), count=count(rows, spoken)
            )
            if as_json:
                show_json(facts)
            else:
                typer.echo(text)
        elif as_json:
            show_json({"rows": records(found.quarantine, import_id, spoken)})
        else:
            _show(found, import_id, spoken)


def _write(found: Workspace | Distant, import_id: str | None, out: Path, lang: str) -> int:
    """Write the rows that wait; how many. Raises RequestError ``quarantine_format``."""
    from jalon.model.problems import RequestError, Where, WorkspaceError
    from jalon.render.quarantine import csv_of, workbook_of

    writers = {".csv": csv_of, ".xlsx": workbook_of}
    if out.suffix.lower() not in writers:
        raise RequestError.of("quarantine_format", Where(file=str(out)), name=str(out))
    content = writers[out.suffix.lower()](found.quarantine, import_id, lang)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise WorkspaceError.of(
            "quarantine_unwritable", Where(file=str(out)), why=str(error)
        ) from None
    return len(found.quarantine.rows(import_id))


def _show(found: Workspace | Distant, import_id: str | None, lang: str) -> None:
    from jalon.locale.numbers import count
    from jalon.views.quarantine import counted, why

    lots = [each for each in found.quarantine.lots(import_id) if each.state == "waiting"]
    if not lots:
        typer.echo(said("quarantine.none"))
    names = found.quarantine.names()
    for lot in lots:
        place = f"{names[lot.imported]} {lot.file}" + (f" [{lot.sheet}]" if lot.sheet else "")
        typer.echo(locale.text("cli.quarantine.lot", lang, place=place, text=counted(lot, lang)))
        for row in found.quarantine.rows(names[lot.imported], lot=lot, limit=SHOWN):
            text = f"« {row.value} »" if row.value else why(row, lang)
            typer.echo("    " + locale.text("cli.quarantine.row", lang, row=row.row, reason=text))
        if lot.count > SHOWN:
            more = count(lot.count - SHOWN, lang)
            typer.echo("    " + locale.text("cli.quarantine.more", lang, count=more))
