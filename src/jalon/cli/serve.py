"""``jalon serve``: the pages, on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jalon.cli.frame import (
    DebugOption,
    LangOption,
    WorkspaceOption,
    folder,
    framed,
)
from jalon.cli.words import said


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help=said("serve"))(serve)


def serve(
    host: Annotated[str, typer.Option(help=said("serve.host"), metavar="H")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help=said("serve.port"), metavar="P")] = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve a workspace until interrupted."""
    with framed(lang, debug=debug):
        run(folder(workspace), host, port, browse=sys.stdout.isatty())


def run(target: Path, host: str = "127.0.0.1", port: int | None = None, *, browse: bool) -> None:
    """Serve, saying where."""
    from jalon.web.serve import serve as serving

    def ready(url: str) -> None:
        typer.echo(said("serve.ready", url=url, path=str(target)))

    serving(target, host, port, ready=ready, browse=browse)
