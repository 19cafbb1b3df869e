"""The command line: one module a command. Heavy libraries are imported when a command runs."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run ``jalon``."""
    from jalon.cli.app import build

    build()(arguments if arguments is not None else sys.argv[1:], prog_name="jalon")
