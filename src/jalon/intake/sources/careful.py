"""The lines of a text looked at one by one: plain ones to the engine, the others read with care."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.dialect import lines_in, records
from jalon.intake.sources.header import Header, Record, looks_like_header
from jalon.intake.sources.index import FlagArray, Index
from jalon.intake.sources.lines import Found, Text, batches, read_plain
from jalon.intake.sources.relation import Cells, put, unique_name
from jalon.intake.sources.repair import Repair
from jalon.model.problems import Problem, Where

#: Places looked at for the header of another table.
PLACES = 200
#: Records under a header that are looked at to know it.
BELOW = 20
#: A cell of more lines is a quote that was not closed.
LONGEST_CELL = 2_000
SHOWN = 10_000


def sections(lines: Index, text: Text) -> Iterator[Text]:
    """The tables of a text one under the other: the first, and those whose own header is seen."""
    heads = list(_heads(lines, text))
    ends = [*(head.line - 1 for head in heads), len(lines)]
    yield replace(text, end=ends[0])
    for head, end in zip(heads, ends[1:], strict=True):
        below = tuple(tuple(each) for each in _below(lines, text, head.first - 1, end))
        place = f"{head.line}:{end}"
        yield replace(text, header=head, width=len(head.cells), below=below, part=place, end=end)


def _heads(lines: Index, text: Text) -> Iterator[Header]:
    """The headers below the first table: under a blank line, or of rows of another width."""
    seen: Header | None = None
    for line in _places(lines, text):
        cells = next((each.cells for each in records([lines.text(line)], text.dialect)), [])
        below = _below(lines, text, line + 1, min(line + 1 + BELOW, len(lines)))
        alike = [row for row in below if len(row) == len(cells)]
        if cells == (seen or text.header).cells or len(alike) * 2 <= len(below):
            continue
        # A row whose words are found in the rows around it is one of them.
        others = (row for row in text.below if list(row) != cells)
        values = set[str]().union(*others, *alike)
        if not values & set(cells) and looks_like_header(cells, alike):
            seen = Header(line + 1, line + 2, cells, 0, 0.9, "names_above_values")
            yield seen


def _places(lines: Index, text: Text) -> list[int]:
    """The lines that may be the header of another table."""
    first = text.header.first - 1
    after_blank = np.flatnonzero(lines.blank[:-1] & ~lines.blank[1:]) + 1
    alone = lines.quotes % 2 == 0
    seen = np.flatnonzero(~lines.blank)
    first = int(seen[seen >= first][0]) if (seen >= first).any() else len(lines)
    other = alone & ~lines.blank & (lines.marks > 0) & (lines.marks != text.width - 1)
    # Two rows at least, of one other width.
    again = other[:-1] & other[1:] & (lines.marks[:-1] == lines.marks[1:])
    starts = np.flatnonzero(again & ~np.concatenate(([False], again[:-1])))
    found = np.unique(np.concatenate((after_blank[alone[after_blank]], starts)))
    return [int(line) for line in found[found > first][:PLACES]]


def _below(lines: Index, text: Text, first: int, end: int) -> list[list[str]]:
    """The cells of the next lines, up to a blank one."""
    found = []
    for line in range(first, min(end, first + BELOW)):
        if lines.blank[line]:
            break
        found += [each.cells for each in records([lines.text(line)], text.dialect)]
    return found


def read_lines(lines: Index, text: Text, engine: DuckDB, directory: Path) -> Found:
    """The records of one table of a text, in order of their lines."""
    walk = _Walk(lines, text, Repair(text.dialect, text.width, text.columns))
    walk.run()
    found = Found(text, Cells("", text.width, "_line"))
    found.rejected, found.padded, found.reread = walk.rejected, walk.padded, walk.reread
    found.blank = walk.blank
    plain = _plain(lines, text, walk.plain, engine, directory)
    found.cells = _joined(plain, walk, text, engine)
    return found


def _plain(
    lines: Index, text: Text, chosen: FlagArray, engine: DuckDB, directory: Path
) -> str | None:
    """The plain lines by the engine's reader, in a table of their own; None where there is none."""
    numbers = np.flatnonzero(chosen) + 1
    if not len(numbers):
        return None
    copy = directory / f"{unique_name()}.txt"
    lines.copy(chosen, copy)
    name = f"{unique_name()}_cells"
    rows = read_plain(text, engine, copy, name, len(numbers))
    copy.unlink()
    if rows != len(numbers):
        return None
    cells = ", ".join(Cells(name, text.width, "_line").columns)
    with engine.lend(f"{name}_lines", pa.table({"_line": numbers})) as lent:
        engine.execute(
            f"CREATE TEMP TABLE {name}_numbered AS SELECT {lent}._line, {cells}"
            f" FROM {lent} POSITIONAL JOIN {name}"
        )
    engine.free(name)
    return f"{name}_numbered"


def _joined(plain: str | None, walk: _Walk, text: Text, engine: DuckDB) -> Cells:
    """The plain rows and those read with care, in order of their lines."""
    if plain is None:
        every = sorted([*walk.every(), *walk.records], key=lambda each: each.line)
        return put(engine, text.width, batches(every, text.width))
    name = f"{unique_name()}_cells"
    if not walk.records:
        engine.execute(f"ALTER TABLE {plain} RENAME TO {name}")
        return Cells(name, text.width, "_line")
    careful = put(engine, text.width, batches(walk.records, text.width))
    engine.execute(
        f"CREATE TEMP TABLE {name} AS"
        f" SELECT * FROM (FROM {plain} UNION ALL FROM {careful.name}) ORDER BY _line"
    )
    engine.execute(f"DROP TABLE {plain}")
    engine.execute(f"DROP TABLE {careful.name}")
    return Cells(name, text.width, "_line")


@dataclass
class _Walk:
    """The lines of a table, those that are plain left as they are, the others read one by one."""

    lines: Index
    text: Text
    repair: Repair
    records: list[Record] = field(default_factory=list)
    rejected: list[Problem] = field(default_factory=list)
    padded: int = 0
    reread: int = 0
    blank: int = 0
    plain: FlagArray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def run(self) -> None:
        """Look at every line that is not plainly a record."""
        first, end = self.text.header.first - 1, self.text.end or len(self.lines)
        inside = np.zeros(len(self.lines), dtype=bool)
        inside[first:end] = True
        self.plain = self.lines.plain(self.text.width) & inside
        left = inside & ~self.plain
        done = first
        for line in map(int, np.flatnonzero(left & ~self.lines.blank)):
            if line >= done:
                done = self._one(line, end)
        self.blank = int(np.count_nonzero(left & self.lines.blank & ~self._within()))

    def every(self) -> Iterator[Record]:
        """The plain lines read here, where the engine does not read them as we do."""
        for line in map(int, np.flatnonzero(self.plain)):
            yield from records([self.lines.text(line)], self.text.dialect, line + 1)

    def _within(self) -> FlagArray:
        """The lines inside a cell."""
        found = np.zeros(len(self.lines), dtype=bool)
        for record in self.records:
            found[record.line : record.line + record.lines - 1] = True
        return found

    def _one(self, line: int, end: int) -> int:
        """Read the record that begins at a line; the line to go on from."""
        if self.lines.quotes[line] % 2:
            last = self._closing(line, end)
            if last is not None and (record := self._across(line, last)):
                self.plain[line : last + 1] = False
                self.records.append(record)
                return last + 1
        mended = self.repair.mend(self.lines.text(line))
        if mended.code:
            self._reject(line, mended.code, len(mended.cells))
        else:
            self.padded += mended.how == "padded"
            self.reread += mended.how == "reread"
            self.records.append(Record(line + 1, mended.cells))
        return line + 1

    def _closing(self, line: int, end: int) -> int | None:
        """The next line with an odd number of quotes, where a cell begun here would end."""
        odd = np.flatnonzero(self.lines.quotes[line + 1 : min(end, line + LONGEST_CELL)] % 2)
        return line + 1 + int(odd[0]) if len(odd) else None

    def _across(self, first: int, last: int) -> Record | None:
        """The record over these lines, if it is well formed and as wide as the table."""
        text = self.lines.text(first, last)
        found = list(records(lines_in(text), self.text.dialect, first + 1))
        if len(found) != 1 or found[0].broken or len(found[0].cells) != self.text.width:
            return None
        return found[0]

    def _reject(self, line: int, code: str, cells: int) -> None:
        raw = self.lines.text(line).rstrip("\r\n")[:SHOWN]
        facts = {} if code == "unclosed_quote" else {"cells": cells, "expected": self.text.width}
        self.rejected.append(Problem(code, facts, Where(row=line + 1, value=raw)))
