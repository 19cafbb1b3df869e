"""What a sheet says of its cells besides their values, and why a workbook is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_UNPACKED = 1 << 30
MAX_AREA = 30_000_000
MAX_PART = 1 << 26


class Refused(Exception):  # noqa: N818 - it is an answer
    """The workbook cannot be opened: a code with its facts."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.answer = {"code": code, "facts": facts}


@dataclass
class Runs:
    """Numbers that come in order, kept as runs: 3, 4, 5, 9 are ``[[3, 5], [9, 9]]``."""

    runs: list[list[int]] = field(default_factory=list)

    def add(self, first: int, last: int) -> None:
        """Take in the numbers from ``first`` to ``last``."""
        if self.runs and self.runs[-1][1] >= first - 1:
            self.runs[-1][1] = max(last, self.runs[-1][1])
        else:
            self.runs.append([first, last])


@dataclass
class Seen:
    """Rows are numbered from 1, columns from 0, as in the whole sheet.

    ``errors``: the error codes (``#N/A``) of cells, by row and column. ``spans``: merged cells as
    (first row, first column, last row, last column), None where the format's own reader has them.
    ``uncomputed``: the rows of formulas kept without their value, by column.
    """

    hidden_rows: Runs = field(default_factory=Runs)
    hidden_columns: Runs = field(default_factory=Runs)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    spans: list[tuple[int, int, int, int]] | None = None
    uncomputed: dict[int, Runs] = field(default_factory=dict)

    def lacks_value(self, row: int, column: int) -> None:
        """Note a formula without its value."""
        self.uncomputed.setdefault(column, Runs()).add(row, row)


def refuse_large_area(first: tuple[int, int], last: tuple[int, int]) -> None:
    """Refuse a sheet whose filled rectangle, from (row, column) to (row, column), is too large."""
    area = (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
    if area > MAX_AREA:
        facts = {"rows": last[0], "columns": last[1], "limit": MAX_AREA}
        raise Refused("too_large", reason="area", **facts)
