"""What must be asked rather than guessed: the readings of a file that are not sure enough.

One place decides it, from the evidence of a table and from its mapping. A decision is asked only
where another one would change what is taken in; a person who sees the file would hesitate too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.intake import parse
from jalon.intake.mapping import How, TableMap
from jalon.intake.profile import why_undecided
from jalon.intake.sources import drop
from jalon.intake.text_table import ColumnProfile, Evidence, TextTable
from jalon.intake.words import bare, field_names
from jalon.model.problems import Problem, Where
from jalon.model.tables import TABLES, Column, Kind

#: A decision less sure than this is asked where its answer matters.
THRESHOLD = 0.6
#: What is said of a decision that two readings share alike.
EVEN = 0.5
#: Cells, or rows, shown under each reading.
PREVIEWS = 5
ROWS = 3
#: The encodings of old systems, of which no byte says that a text is not theirs.
OLD_ENCODINGS = ("cp850", "mac_roman")
NUMBERS = frozenset({Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.SHARE})
SEPARATOR = " | "

Again = Callable[[Mapping[str, Any]], TextTable | None]
"""The same table read again under other options; None where it cannot be."""

Cells = tuple[str | None, ...]


@dataclass(frozen=True)
class Doubt:
    """A decision of reading that is the user's.

    ``choices``: the readings, two at least. ``found``: the first distinct cells concerned, as
    found; ``previews``: by choice, the same cells as read so, in plain form (dates as ISO 8601 has
    them, numbers with a point, text as it is). ``columns``: the headers concerned. ``option``: what
    answers, on the command line. ``because``, ``facts`` and ``certainty``: as in
    :class:`jalon.intake.text_table.Evidence`.
    """

    decision: str
    choices: tuple[str, ...]
    previews: Mapping[str, Cells]
    because: str
    found: Cells = ()
    columns: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    certainty: float = EVEN

    @property
    def option(self) -> str:
        """The option of the command line that answers."""
        return "--" + self.decision.replace("_", "-")

    def problem(self, table: TextTable) -> Problem:
        """The question, as it is carried to the user."""
        header = self.columns[0] if self.columns else None
        facts = {
            "decision": self.decision,
            "choices": list(self.choices),
            "option": self.option,
            "header": header,
            "columns": list(self.columns),
            "examples": [each for each in self.found if each is not None],
            "previews": {choice: list(cells) for choice, cells in self.previews.items()},
            "because": self.because,
            "facts": dict(self.facts),
            "certainty": self.certainty,
        }
        return Problem(
            f"must_ask_{self.decision}", facts, Where(table.file, table.sheet, column=header)
        )


@dataclass(frozen=True)
class Doubted:
    """A mapping with what must be asked of it.

    ``map``: with a reading for the columns of which every cell reads alike. ``because``: by
    decision and header, on what that rests.
    """

    map: TableMap
    asks: tuple[Problem, ...] = ()
    because: Mapping[tuple[str, str], str] = field(default_factory=dict)


def doubted(
    engine: DuckDB,
    table: TextTable,
    profiles: Sequence[ColumnProfile],
    mapped: TableMap,
    again: Again | None = None,
) -> Doubted:
    """What must be asked of a mapped table before it is taken in."""
    columns = _Columns(engine, table, profiles, mapped)
    found = [*columns.cuts(again), *columns.doubts()]
    alike = {(name, header): "alike" for name, by in columns.alike.items() for header in by}
    return Doubted(columns.told(), tuple(each.problem(table) for each in found), alike)


class _Columns:
    """The mapped columns of a table, and what is not sure of them."""

    def __init__(
        self,
        engine: DuckDB,
        table: TextTable,
        profiles: Sequence[ColumnProfile],
        mapped: TableMap,
    ) -> None:
        self.engine, self.table, self.map = engine, table, mapped
        self.profiles = {each.index: each for each in profiles}
        self.known = TABLES[mapped.table]
        self.alike: dict[str, dict[str, str]] = {"date_order": {}, "decimal": {}}

    # -- columns ---------------------------------------------------------------------------------

    def doubts(self) -> list[Doubt]:
        """The doubts on dates, then on numbers."""
        dates = self._of_kind(frozenset({Kind.MOMENT}), _undecided_order)
        numbers = self._of_kind(NUMBERS, _undecided_mark)
        return [
            *self._asked("date_order", dates),
            *self._asked("decimal", numbers),
        ]

    def told(self) -> TableMap:
        """The mapping, with a reading for the columns of which every cell reads alike."""
        return replace(
            self.map,
            date_order={**self.map.date_order, **self.alike["date_order"]},
            decimal={**self.map.decimal, **self.alike["decimal"]},
        )

    def _of_kind(
        self, kinds: frozenset[Kind], unsure: Callable[[ColumnProfile], bool]
    ) -> list[tuple[ColumnProfile, Column]]:
        found: dict[int, tuple[ColumnProfile, Column]] = {}
        for each in self.map.fields:
            column = self.known.column(each.field) if each.field in self.known else None
            for index in each.columns if column and column.kind in kinds else ():
                if column and unsure(self.profiles[index]):
                    found[index] = (self.profiles[index], column)
        return [found[index] for index in sorted(found)]

    def _asked(
        self, decision: str, unsure: Sequence[tuple[ColumnProfile, Column]]
    ) -> Iterator[Doubt]:
        """One question for all the columns of which no one has told the reading."""
        said = getattr(self.map, decision)
        open_: list[tuple[ColumnProfile, list[Cells]]] = []
        choices: tuple[str, ...] = ("DMY", "MDY") if decision == "date_order" else (",", ".")
        for profile, column in unsure:
            if profile.header in said or "*" in said:
                continue
            rows = self._read(profile, column, choices)
            if rows:
                open_.append((profile, rows))
            else:
                self.alike[decision][profile.header] = choices[0]
        if open_:
            columns = tuple(profile.header for profile, _ in open_)
            because = why_undecided(decision, open_[0][0])
            found, *read = zip(*open_[0][1], strict=True)
            previews = dict(zip(choices, read, strict=True))
            yield Doubt(decision, choices, previews, because, found, columns)

    def _read(self, profile: ColumnProfile, column: Column, choices: Sequence[str]) -> list[Cells]:
        """The first distinct cells that differ by their reading, with each reading."""
        cell = exp.column(f"c{profile.index}")
        made = [_reading(cell, profile, column, choice) for choice in choices]
        first, second = (each.sql("duckdb") for each in made)
        rows = self.engine.rows(
            f"SELECT c{profile.index}, {first}, {second} FROM {self.table.relation} "
            f"WHERE {first} IS DISTINCT FROM {second} "
            f"GROUP BY ALL ORDER BY min(_line) LIMIT {PREVIEWS}"
        )
        return [(found, *(_plain(each) for each in read)) for found, *read in rows]

    # -- cuts ------------------------------------------------------------------------------------

    def cuts(self, again: Again | None) -> Iterator[Doubt]:
        """The doubts on what cuts the file into cells."""
        evidence = {one.decision: one for one in self.table.evidence if one.column is None}
        header = evidence.get("header_row")
        if header:
            yield from self._header(header)
        for name, asked in (("encoding", self._encoding), ("delimiter", self._delimiter)):
            one = evidence.get(name)
            if one and one.certainty < THRESHOLD and again:
                yield from asked(one, again)

    def _header(self, one: Evidence) -> Iterator[Doubt]:
        """A first row that may be names or values: its words alone tell a person."""
        if one.because == "first_full_row" and self._named_by_nothing():
            below = self._rows()
            names = SEPARATOR.join(self.table.headers)
            line = str(self.table.header_row)
            previews = {line: below, "0": (names, *below[: ROWS - 1])}
            yield Doubt("header_row", (line, "0"), previews, "no_name_known", (names,))
        elif one.because == "first_row_is_data" and self._first_row_names():
            rows = self._rows(ROWS + 1)
            line = str(self._first_line())
            previews = {line: rows[1:], "0": rows[:ROWS]}
            yield Doubt("header_row", (line, "0"), previews, "first_row_has_names", rows[:1])

    def _named_by_nothing(self) -> bool:
        hows = {each.how for each in self.map.fields}
        return bool(hows) and hows <= {How.CONTENT}

    def _first_row_names(self) -> bool:
        """Whether a cell of the first row is the name of a field of the table."""
        names = {
            bare(name)
            for each in self.known.fillable()
            for name in field_names(self.known.name, each.name)
        }
        width = range(len(self.table.headers))
        cells = ", ".join(f"c{index}" for index in width)
        rows = self.engine.rows(f"SELECT {cells} FROM {self.table.relation} ORDER BY _line LIMIT 1")
        return any(cell and bare(cell) in names for row in rows for cell in row)

    def _first_line(self) -> int:
        return int(self.engine.value(f"SELECT min(_line) FROM {self.table.relation}"))

    def _rows(self, most: int = ROWS) -> Cells:
        return _rows_of(self.engine, self.table, most)

    def _encoding(self, one: Evidence, again: Again) -> Iterator[Doubt]:
        """An old system's text: the mapped cells that change with its encoding."""
        others = {name: again({"encoding": name}) for name in OLD_ENCODINGS}
        made = {name: other for name, other in others.items() if other is not None}
        fitting = {n: t for n, t in made.items() if len(t.headers) == len(self.table.headers)}
        for index in sorted({i for each in self.map.fields for i in each.columns}):
            rows = self._changed(index, list(fitting.values()))
            if rows:
                here, *read = zip(*rows, strict=True)
                previews = {**dict(zip(fitting, read, strict=True)), one.choice: here}
                header = self.table.headers[index]
                choices = tuple(previews)
                yield Doubt("encoding", choices, previews, one.because, here, (header,))
                break
        for other in made.values():
            drop(other, self.engine)

    def _changed(self, index: int, others: Sequence[TextTable]) -> list[Cells]:
        """The first distinct cells of a column that another encoding changes."""
        if not others:
            return []
        joins = " ".join(
            f"JOIN {other.relation} o{n} USING (_line)" for n, other in enumerate(others)
        )
        cells = ", ".join(f"o{n}.c{index}" for n in range(len(others)))
        differs = " OR ".join(
            f"o{n}.c{index} IS DISTINCT FROM t.c{index}" for n in range(len(others))
        )
        return self.engine.rows(
            f"SELECT t.c{index}, {cells} FROM {self.table.relation} t {joins} WHERE {differs} "
            f"GROUP BY ALL ORDER BY min(_line) LIMIT {PREVIEWS}"
        )

    def _delimiter(self, one: Evidence, again: Again) -> Iterator[Doubt]:
        """Two marks that both cut every row alike."""
        previews: dict[str, Cells] = {one.choice: self._rows()}
        for mark in _texts(one.facts.get("others")):
            other = again({"delimiter": mark})
            if other is not None:
                previews[mark] = _rows_of(self.engine, other, ROWS)
                drop(other, self.engine)
        if len(previews) > 1:
            yield Doubt("delimiter", tuple(previews), previews, one.because, facts=one.facts)


def _undecided_order(profile: ColumnProfile) -> bool:
    return profile.date_order is None and len(profile.date_choices) > 1


def _undecided_mark(profile: ColumnProfile) -> bool:
    return "ambiguous" in getattr(profile, "marks", ())


def _reading(cell: exp.Expr, profile: ColumnProfile, column: Column, choice: str) -> exp.Expr:
    if column.kind is Kind.MOMENT:
        return exp.cast(parse.moment(cell, profile, choice), "date")
    if column.kind is Kind.SHARE:
        return parse.share(cell, profile, choice)
    return parse.money(cell, profile, choice)


def _plain(value: object) -> str | None:
    """A reading in plain form: an ISO date, a number with a point and no zero to spare."""
    if value is None:
        return None
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rows_of(engine: DuckDB, table: TextTable, most: int) -> Cells:
    """The first rows of a table, their cells set apart."""
    cells = ", ".join(f"coalesce(c{index}, '')" for index in range(len(table.headers)))
    rows = engine.rows(f"SELECT {cells} FROM {table.relation} ORDER BY _line LIMIT {most}")
    return tuple(SEPARATOR.join(row) for row in rows)


def _texts(value: object) -> Iterable[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []
