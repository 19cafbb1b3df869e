"""``jalon kpis``: the catalogue, a KPI's card, the check of a company's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jalon.cli.frame import (
    DebugOption,
    JsonOption,
    LangOption,
    WorkspaceOption,
    folder,
    framed,
    opened,
    show_json,
)
from jalon.cli.words import said

if TYPE_CHECKING:
    from jalon.catalogue.catalogue import Catalogue
    from jalon.catalogue.definition import Definition


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=said("kpis"), no_args_is_help=True, rich_markup_mode=None)
    group.command("list", help=said("kpis.list"))(list_kpis)
    group.command("show", help=said("kpis.show"))(show_kpi)
    group.command("check", help=said("kpis.check"))(check)
    app.add_typer(group, name="kpis")


def list_kpis(
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the KPIs; measurable or not where there is a workspace."""
    with framed(lang, as_json, debug) as spoken:
        from jalon.catalogue.catalogue import built_in
        from jalon.cli.figures import show_catalogue
        from jalon.render.catalogue import entries

        if (folder(workspace) / "state.sqlite").exists():
            with opened(workspace) as found:
                listed = entries(found.catalogue, found)
        else:
            listed = entries(built_in(), None)
        if as_json:
            show_json({"kpis": listed})
        else:
            show_catalogue(listed, spoken)


def show_kpi(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help=said("rows.kpi"))],
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help=said("kpis.version"))
    ] = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a definition, of today or of a former version."""
    with framed(lang, as_json, debug) as spoken:
        from jalon.catalogue.history import known_in
        from jalon.cli.figures import show_card
        from jalon.measure.example import sql_of
        from jalon.render.records import card

        known = known_in(folder(workspace))
        definition = known[kpi if version is None else f"{kpi}@{version}"]
        record = card(definition, sql_of(definition, known))
        if as_json:
            show_json(record)
        else:
            show_card(definition, record, known, spoken)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=said("kpis.file"))],
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a company's own definitions, and run their examples."""
    with framed(lang, as_json, debug):
        from jalon.catalogue.catalogue import built_in, catalogue, entries, load
        from jalon.catalogue.history import unsaid
        from jalon.model.problems import InputError, RequestError, Where
        from jalon.state.definitions import Definitions

        if not file.is_file():
            raise InputError.of("missing_file", Where(file=str(file)), path=str(file))
        kpis = folder(workspace) / "kpis"
        # Among the workspace's own, a file may combine KPIs of the others, and must not repeat any.
        beside = file.resolve().parent == kpis.resolve()
        found = catalogue(kpis) if beside else load([file], built_in(), own=True)
        own = [found.definitions[place.name] for place in entries(file, [])]
        _check_examples(file, own, found)
        state = folder(workspace) / "state.sqlite"
        changed = unsaid(file, found, Definitions(state).kept()) if state.exists() else []
        if changed:
            raise RequestError(changed)
        if as_json:
            show_json({"ok": True, "kpis": [each.id for each in own]})
        else:
            typer.echo(said("kpis.ok", count=len(own)))


def _check_examples(file: Path, own: Sequence[Definition], known: Catalogue) -> None:
    """Run the examples of a file; what differs is said at their lines."""
    from jalon.catalogue.catalogue import entries
    from jalon.measure.example import check_examples
    from jalon.model.problems import RequestError

    places = {place.name: place for place in entries(file, [])}
    problems = []
    for definition in own:
        try:
            check_examples([definition], known)
        except RequestError as error:
            for each in error.problems:
                at = f"examples.{int(each.facts.get('number', 1)) - 1}"
                there = places[definition.id].problem(each.code, at, **each.facts)
                problems.append(there)
    if problems:
        raise RequestError(problems)
