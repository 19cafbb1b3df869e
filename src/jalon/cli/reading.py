"""The options of reading, shared by the commands that read files."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jalon.cli.words import said

EncodingOption = Annotated[str | None, typer.Option("--encoding", help=said("read.encoding"))]
DelimiterOption = Annotated[str | None, typer.Option("--delimiter", help=said("read.delimiter"))]
HeaderRowOption = Annotated[
    int | None, typer.Option("--header-row", help=said("read.header_row"), min=0)
]
DecimalOption = Annotated[
    str | None, typer.Option("--decimal", help=said("read.decimal"), metavar=",|.")
]
DateOrderOption = Annotated[
    str | None, typer.Option("--date-order", help=said("read.date_order"), metavar="DMY|MDY|YMD")
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help=said("read.sheet"))]


def given(date_order: str | None, **options: Any) -> dict[str, Any]:
    """The options that the user gave, under the names of ``ReadOptions``."""
    told = {**options, "date_order": date_order.upper() if date_order else None}
    return {name: value for name, value in told.items() if value is not None}
