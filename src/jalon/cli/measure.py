"""``jalon measure``: figures with their intervals."""

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

ByOption = Annotated[str | None, typer.Option("--by", help=said("measure.by"), metavar="DIM,…")]
FromOption = Annotated[str | None, typer.Option("--from", help=said("measure.from"), metavar="D")]
ToOption = Annotated[str | None, typer.Option("--to", help=said("measure.to"), metavar="D")]
PartOption = Annotated[str | None, typer.Option("--part", help=said("measure.part"), metavar="P")]
WhereOption = Annotated[
    str | None, typer.Option("--where", help=said("measure.where"), metavar="EXPR")
]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help=said("measure.as_of"), metavar="D")]
KnownOption = Annotated[
    str | None, typer.Option("--known-at", help=said("measure.known_at"), metavar="T")
]
BasisOption = Annotated[
    str | None, typer.Option("--basis", help=said("measure.basis"), metavar="B")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("measure", help=said("measure"))(measure)


def measure(
    kpis: Annotated[list[str], typer.Argument(metavar="KPI…", help=said("measure.kpis"))],
    by: ByOption = None,
    grain: Annotated[
        str, typer.Option(help=said("measure.grain"), metavar="none|day|week|month|quarter|year")
    ] = "none",
    start: FromOption = None,
    end: ToOption = None,
    part: PartOption = None,
    where: WhereOption = None,
    as_of: AsOfOption = None,
    known_at: KnownOption = None,
    compare: Annotated[
        str | None, typer.Option(help=said("measure.compare"), metavar="previous|last-year")
    ] = None,
    level: Annotated[float, typer.Option(help=said("measure.level"), min=0.5, max=0.999)] = 0.95,
    basis: BasisOption = None,
    show_sql: Annotated[bool, typer.Option("--sql", help=said("measure.sql"))] = False,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        from jalon.cli.figures import show_results
        from jalon.render.records import results
        from jalon.views.reversals import of_answers

        notices(found, spoken)
        names = [name.strip() for kpi in kpis for name in kpi.split(",") if name.strip()]
        asked = {
            "by": by or (),
            "grain": grain,
            "start": start,
            "end": end,
            "part": part,
            "where": where,
            "as_of": as_of,
            "known_at": known_at,
            "compare": compare,
            "level": level,
            "basis": basis,
        }
        answers = found.measure(names, **asked)
        warned = of_answers(answers, found, asked, spoken)
        if as_json:
            show_json(results(answers, spoken, warned))
            return
        show_results(answers, found.catalogue, spoken)
        for each in warned:
            typer.echo(f"\n{each.text}")
        if show_sql:
            typer.echo("\n\n".join(answers.sql))
