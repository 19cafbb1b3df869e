"""``jalon imports``: the imports, in order."""

from __future__ import annotations

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
    app.command("imports", help=said("imports"))(list_imports)


def list_imports(
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        notices(found, spoken)
        listed = found.imports()
        if as_json:
            show_json(
                {
                    "imports": [
                        {
                            "import_id": each.import_id,
                            "at": each.at.isoformat(),
                            "files": list(each.files),
                            "undone": each.undone,
                        }
                        for each in listed
                    ]
                }
            )
            return
        if not listed:
            typer.echo(said("imports.none"))
        for each in listed:
            mark = f"  ({said('imports.undone')})" if each.undone else ""
            typer.echo(f"{each.import_id}  {', '.join(each.files)}{mark}")
