"""``jalon reconcile``: why another tool's figure is not ours."""

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
    app.command("reconcile", help=said("reconcile"))(reconcile)


def reconcile(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help=said("rows.kpi"))],
    theirs: Annotated[
        str, typer.Option("--theirs", metavar="VALUE", help=said("reconcile.theirs"))
    ],
    start: FromOption = None,
    end: ToOption = None,
    part: PartOption = None,
    where: WhereOption = None,
    as_of: AsOfOption = None,
    known_at: KnownOption = None,
    basis: BasisOption = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken, opened(workspace) as found:
        from jalon.cli.figures import show_reconciliation
        from jalon.render.records import reconciliation

        notices(found, spoken)
        told = found.reconcile(
            kpi,
            theirs,
            start=start,
            end=end,
            part=part,
            where=where,
            as_of=as_of,
            known_at=known_at,
            basis=basis,
        )
        if as_json:
            show_json(reconciliation(told, spoken))
        else:
            show_reconciliation(told, found.catalogue, spoken)
