"""What every command shares: its options, its errors, its output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jalon import locale
from jalon.cli.asking import side_by_side
from jalon.cli.words import language, said
from jalon.model.problems import JalonError, Problem, RequestError

if TYPE_CHECKING:
    from jalon.distant import Distant
    from jalon.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", envvar="JALON_WORKSPACE", help=said("workspace"), metavar="DIR"),
]
LangOption = Annotated[str | None, typer.Option("--lang", help=said("lang"), metavar="fr|en")]
JsonOption = Annotated[bool, typer.Option("--json", help=said("json"))]
DebugOption = Annotated[bool, typer.Option("--debug", help=said("debug"))]

DEFAULT_FOLDER = "jalon-data"


def folder(workspace: Path | None) -> Path:
    """The workspace's folder: the option, the environment, else the current folder's."""
    return workspace or Path(DEFAULT_FOLDER)


def chosen(lang: str | None) -> str:
    """The language of the answer. Raises RequestError for one that does not exist."""
    lang = lang or language()
    if lang not in locale.LANGUAGES:
        raise RequestError.of("unknown_language", name=lang, known=list(locale.LANGUAGES))
    return lang


@contextmanager
def framed(lang: str | None, as_json: bool = False, debug: bool = False) -> Iterator[str]:
    """Run a command: the language to speak, errors said in it, and the exit status."""
    wanted = lang or language()
    spoken = wanted if wanted in locale.LANGUAGES else "fr"
    try:
        yield chosen(lang)
    except JalonError as error:
        if debug:
            raise
        _say(error, spoken, as_json)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        _say(JalonError.of("interrupted"), spoken, as_json)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        _hush()
        raise typer.Exit(0) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if debug:
            raise
        found = JalonError(
            Problem("internal_error", {"detail": f"{type(error).__name__}: {error}"})
        )
        _say(found, spoken, as_json)
        raise typer.Exit(1) from None


def _hush() -> None:
    """The reader of our output has gone: say nothing more, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(error: JalonError, lang: str, as_json: bool) -> None:
    if as_json:
        from jalon.render.records import error as record

        show_json(record(error, lang))
        return
    for problem in error.problems[:20]:
        typer.echo(f"{said('error')} {locale.sentence(problem, lang)}", err=True)
        for line in side_by_side(problem, lang):
            typer.echo(line, err=True)
        advice = locale.hint(problem, lang)
        if advice:
            typer.echo(f"  → {advice}", err=True)


def show_json(record: dict[str, Any]) -> None:
    """Print a record, as UTF-8 whatever the terminal; a lone surrogate becomes U+FFFD."""
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False, default=str)
    data = text.encode("utf-8", errors="replace") + b"\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def opened(workspace: Path | None, *, create: bool = False) -> Iterator[Workspace | Distant]:
    """The workspace, or the server that holds it; given back at the end."""
    from jalon.workspace import door

    found = door(folder(workspace), create=create)
    try:
        yield found
    finally:
        found.close()


def notices(workspace: Workspace | Distant, lang: str) -> None:
    """Say what was mended at opening."""
    for each in workspace.notices:
        typer.echo(f"{said('notice')} {locale.sentence(each, lang)}", err=True)


@contextmanager
def progress(as_json: bool) -> Iterator[Any]:
    """A function to tell steps to: a line that changes on a terminal, nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(pulse_style="cyan"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(said("working"), total=None)
        yield lambda step: bar.update(task, description=step)
