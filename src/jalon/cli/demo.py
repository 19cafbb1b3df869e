"""``jalon demo``: the seeded French company, through the ordinary intake."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from jalon.cli.frame import (
    DebugOption,
    JsonOption,
    LangOption,
    framed,
    opened,
    progress,
    show_json,
)
from jalon.cli.serve import run
from jalon.cli.words import said

HEADLINES = (
    "revenue",
    "win_rate",
    "created_win_rate",
    "new_customers",
    "average_basket",
    "hold_rate",
    "lead_conversion_rate",
    "cac",
    "customer_lifetime",
    "nps",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help=said("demo"))(demo)


def demo(
    dir_: Annotated[Path, typer.Option("--dir", help=said("demo.dir"), metavar="DIR")] = Path(
        "demo"
    ),
    no_serve: Annotated[bool, typer.Option("--no-serve", help=said("demo.no_serve"))] = False,
    seed: Annotated[int, typer.Option(help=said("demo.seed"))] = 2026,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Make the company's files, import them, show the headlines and serve the dashboard."""
    with framed(lang, as_json, debug) as spoken:
        from jalon.cli.figures import show_results
        from jalon.demo.files import write
        from jalon.demo.world import build
        from jalon.render.records import import_report, results
        from jalon.web.serve import refuse_served

        target = dir_ / "jalon-data"
        refuse_served(target)
        if target.exists():
            shutil.rmtree(target)
        exports = dir_ / "exports"
        shutil.rmtree(exports, ignore_errors=True)
        exports.mkdir(parents=True)
        with progress(as_json) as step:
            step(said("demo.building"))
            write(build(seed=seed), exports)
            with opened(target, create=True) as found:
                done = found.import_([exports], None, step)
                answers = found.measure(list(HEADLINES))
                if as_json:
                    show_json(
                        {
                            "workspace": str(target),
                            "import": import_report(done, spoken),
                            "measure": results(answers, spoken),
                        }
                    )
                    return
                catalogue = found.catalogue
        show_results(answers, catalogue, spoken)
        typer.echo(said("demo.next", path=str(target)))
        if not no_serve:
            run(target, browse=True)
