"""The commands, gathered from their modules."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import typer

from jalon.cli.words import said

COMMANDS = (
    "demo",
    "import_",
    "read",
    "imports",
    "undo",
    "quarantine",
    "measure",
    "rows",
    "reconcile",
    "kpis",
    "serve",
    "doctor",
)


def build() -> Callable[..., None]:
    """The Typer application with every command."""
    app = typer.Typer(
        name="jalon",
        help=said("jalon"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        importlib.import_module(f"jalon.cli.{name}").register(app)
    return app
