"""``jalon doctor``: what is wrong with this workspace, and the mend."""

from __future__ import annotations

import typer

from jalon import locale
from jalon.cli.frame import (
    DebugOption,
    JsonOption,
    LangOption,
    WorkspaceOption,
    framed,
    opened,
    show_json,
)
from jalon.cli.words import said


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", help=said("doctor"))(doctor)


def doctor(
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command; exit status 1 where something needs a hand."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        from jalon.render.records import problem

        problems = [*found.notices, *found.examine()]
        if as_json:
            show_json({"problems": [problem(each, spoken) for each in problems]})
            return
        if not problems:
            typer.echo(said("doctor.fine"))
        for each in problems:
            typer.echo(f"• {locale.sentence(each, spoken)}")
            advice = locale.hint(each, spoken)
            if advice:
                typer.echo(f"  → {advice}")
