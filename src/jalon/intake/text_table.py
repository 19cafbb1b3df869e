"""A file as found: every cell as text, and what was decided to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from jalon.model.problems import Problem


@dataclass(frozen=True)
class Evidence:
    """One decision of reading: what was decided (``encoding``, ``delimiter``, ``header_row``…),
    the choice, what it rests on (facts, for the sentence of ``because``), and how sure it is, from
    0 to 1.

    ``column`` is the header concerned, or None for the whole table.
    """

    decision: str
    choice: str
    because: str
    facts: dict[str, object] = field(default_factory=dict)
    certainty: float = 1.0
    column: str | None = None


class Content(StrEnum):
    """What the cells of a column are, as text."""

    EMPTY = "empty"
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True)
class ColumnProfile:
    """What a column of text holds.

    ``decimal`` and ``thousands`` are the marks of its numbers (None where no cell tells),
    ``scale`` what they are multiplied by where a suffix says so is found in the cells themselves.
    ``date_formats`` are the strptime formats of its dates, in order of trial, all of one order
    (``DMY``, ``MDY``, ``YMD``); ``date_order`` is None where no cell tells the day from the month
    (then ``date_choices`` has both). ``precision`` is the finest seen: minute, second, day, month.
    ``currency`` is the ISO code that its cells carry, if one. ``filled``, ``distinct`` and
    ``examples`` (commonest values first) count cells that are not blank.
    """

    index: int
    header: str
    content: Content
    filled: int
    distinct: int
    examples: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None
    currency: str | None = None
    date_order: str | None = None
    date_choices: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ()
    precision: str | None = None
    agreement: float = 1.0


@dataclass(frozen=True)
class Shape:
    """What a reader knows of the table that it gives, so that nothing of it is guessed.

    ``table``: the canonical table whose column names its headers are; None where it has no place
    (``why``). ``source``: the origin of its keys. ``lines``: rows of one key make one row.
    ``ask``: the decision without which it cannot be taken in. ``notes``: what was taken for
    granted. Amounts are written with a point, dates as ISO 8601 says.
    """

    table: str | None
    source: str
    lines: bool = False
    why: Problem | None = None
    ask: Problem | None = None
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class TextTable:
    """A table of a file, lying in the engine as a temporary relation.

    ``relation`` has the columns ``_line`` (BIGINT: the physical line of the file where the record
    begins, or the sheet's row, from 1) and ``c0`` … ``c{n-1}`` (VARCHAR, blank cells as NULL, text
    otherwise as found). It holds the readable records only; ``rejected`` has the others (repeated
    headers, ragged rows), so ``rows`` = records in the relation + ``len(rejected)``.
    ``header_row`` is the physical line of the header. ``shape``: what it is, where its reader
    knows. ``found``: the relation as it was found, where a rule has blanked cells of ``relation``.
    ``lines``: rows of one key make one row.
    """

    file: str
    sheet: str | None
    relation: str
    headers: tuple[str, ...]
    header_row: int
    rows: int
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    rejected: tuple[Problem, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    digest: str = ""
    shape: Shape | None = None
    found: str | None = None
    lines: bool = False
