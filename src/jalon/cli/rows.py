"""``jalon rows``: the rows behind a figure."""

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
from jalon.cli.measure import (
    AsOfOption,
    BasisOption,
    FromOption,
    KnownOption,
    PartOption,
    ToOption,
    WhereOption,
)
from jalon.cli.words import said


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rows", help=said("rows"))(rows)


def rows(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help=said("rows.kpi"))],
    start: FromOption = None,
    end: ToOption = None,
    part: PartOption = None,
    where: WhereOption = None,
    as_of: AsOfOption = None,
    known_at: KnownOption = None,
    basis: BasisOption = None,
    limit: Annotated[int, typer.Option(help=said("rows.limit"), min=0)] = 100,
    offset: Annotated[int, typer.Option(help=said("rows.offset"), min=0)] = 0,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command. ``--limit 0`` gives all."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        from jalon.cli.figures import show_rows
        from jalon.render.records import rows as record

        notices(found, spoken)
        table, total = found.rows(
            kpi,
            limit=limit or None,
            offset=offset,
            start=start,
            end=end,
            part=part,
            where=where,
            as_of=as_of,
            known_at=known_at,
            basis=basis,
        )
        if as_json:
            show_json(record(table, total))
        else:
            show_rows(table, total, spoken)
