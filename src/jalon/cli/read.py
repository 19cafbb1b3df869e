"""``jalon read``: a file as Jalon understands it, before any mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jalon.cli.frame import DebugOption, JsonOption, LangOption, WorkspaceOption, framed, show_json
from jalon.cli.reading import (
    DateOrderOption,
    DecimalOption,
    DelimiterOption,
    EncodingOption,
    HeaderRowOption,
    SheetOption,
    given,
)
from jalon.cli.words import said


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("read", help=said("read"))(read_file)


def read_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=said("read.file"))],
    out: Annotated[
        Path | None, typer.Option(help=said("read.out"), metavar="CLEAN.csv|.parquet|.xlsx")
    ] = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    header_row: HeaderRowOption = None,
    decimal: DecimalOption = None,
    date_order: DateOrderOption = None,
    sheet: SheetOption = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run the command."""
    with framed(lang, as_json, debug) as spoken:
        from jalon.api import read
        from jalon.cli.reports import show_reading
        from jalon.render.reading import record, write

        tables = read(
            file,
            **given(
                date_order,
                encoding=encoding,
                delimiter=delimiter,
                header_row=header_row,
                decimal=decimal,
                sheet=sheet,
            ),
        )
        written = write(tables, out) if out else []
        if as_json:
            show_json(
                {
                    "tables": [record(each, spoken) for each in tables],
                    "written": [str(each) for each in written],
                }
            )
            return
        show_reading(tables, spoken)
        for each in written:
            typer.echo(said("read.written", path=str(each)))
