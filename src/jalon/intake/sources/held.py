"""The cells of a text held in memory as Arrow, by Arrow's reader: a third of the engine's time.

Arrow takes for a row what the engine's reader refuses, so it only reads what the engine has
counted. Of what both take, they differ on blanks beside quotes: those files are the engine's.
"""

from __future__ import annotations

import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from jalon.intake.sources.dialect import Dialect

#: A larger file is the engine's, that writes to the disk what its memory does not hold.
LARGEST = 256 << 20
BLOCK = 4 << 20
#: What a blank cell may begin with beyond the signs below "!".
BROAD_BLANKS = ("\u00a0", "\u202f")
BLANKS = " \t\n\r\u00a0\u202f"


def may_hold(dialect: Dialect, path: Path) -> bool:
    """Whether a text is small enough, and its quotes doubled: other escapes are read otherwise."""
    return (
        dialect.escape in (None, dialect.quote)
        and dialect.delimiter is not None
        and path.stat().st_size <= LARGEST
    )


def held(
    dialect: Dialect, path: Path, width: int, skip: int, *, blanks: bool, breaks: bool
) -> pa.Table | None:
    """Columns of text, blank cells NULL, beside the place of each row from 0 (``rowid``) and its
    line (``_line``) where each is one line; None where the file is not read alike by all.

    ``blanks``: whether blanks other than spaces are looked for. ``breaks``: whether cells may go
    over several lines, which are then cut one block after the other.
    """
    names = [f"c{index}" for index in range(width)]
    try:
        table = pa_csv.read_csv(
            path,
            pa_csv.ReadOptions(column_names=names, skip_rows=skip, block_size=BLOCK),
            pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=breaks,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        return None
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        edged = any(workers.map(_edged, table.columns))
    if edged and dialect.quote and _blank_beside(path, dialect.quote.encode()):
        return None
    columns = [
        _filled(column, blanks=blanks) if edged or blanks else column for column in table.columns
    ]
    rows = np.arange(table.num_rows)
    return pa.table([rows + skip + 1, rows, *columns], names=["_line", "rowid", *names])


def _edged(column: pa.ChunkedArray) -> bool:
    """Whether some cells begin or end with a space."""
    first = pc.any(pc.less(column, "!")).as_py()
    return bool(first or pc.any(pc.ends_with(column, " ")).as_py())


def _blank_beside(path: Path, quote: bytes) -> bool:
    """Whether some quotes have a space beside them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(b" " + quote) >= 0 or whole.find(quote + b" ") >= 0


def _filled(column: pa.ChunkedArray, *, blanks: bool) -> pa.ChunkedArray:
    """The cells, those of blanks alone being NULL."""
    suspect = pc.less(column, "!")
    if blanks:
        for each in BROAD_BLANKS:
            suspect = pc.or_(suspect, pc.starts_with(column, each))
    if not pc.any(suspect).as_py():
        return column
    blank = pc.and_(suspect, pc.equal(pc.utf8_trim(column, characters=BLANKS), ""))
    return pc.if_else(blank, pa.scalar(None, pa.string()), column)
