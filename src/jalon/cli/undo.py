"""``jalon undo``: take an import back whole."""

from __future__ import annotations

from typing import Annotated

import typer

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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("undo", help=said("undo"))(undo_import)


def undo_import(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help=said("undo.import"))],
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        notices(found, spoken)
        done = found.undo(import_id)
        if as_json:
            show_json({"import_id": done.import_id, "undone": True})
        else:
            typer.echo(said("undo.done", import_id=done.import_id))
