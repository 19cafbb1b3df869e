"""A mapped text table as typed rows: one pass of SQL, the unreadable ones set apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pyarrow as pa
from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.intake import parse
from jalon.intake.apart import NOTHING, Apart, apart
from jalon.intake.checked import Checked, Tally, checked
from jalon.intake.mapping import Combine, FieldMap, TableMap
from jalon.intake.text_table import ColumnProfile, TextTable
from jalon.intake.words import fold_value
from jalon.model.problems import MustAskError, Problem, Where
from jalon.model.tables import TABLES, Column, Kind, Table
from jalon.store.stage import Stage

_NUMBER = count(1)
#: A coded column with more different values than this is left as found.
MOST_VALUES = 2_000
KEY = "source_id"
#: Lines of a file that are set apart and are no records: none of them may be a row known.
NO_RECORDS = frozenset({"repeated_header", "total_row", "footer"})


@dataclass(frozen=True)
class Staged:
    """The typed rows of one table of a file, and the rows refused.

    ``lines``: the relation of the order lines that made the rows, where there are such. ``whole``:
    all typed rows, those too that the stage leaves out because they have not changed. ``tallies``:
    by checked field, the states of the file's values. ``every``: the typed rows and those refused
    (their ``_bad`` is not null); ``apart``: what is known of the latter. ``notes``: what was taken
    for granted.
    """

    stage: Stage
    map: TableMap
    table: TextTable
    refused: tuple[Problem, ...]
    lines: str | None = None
    whole: str | None = None
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    every: str = ""
    apart: Apart = NOTHING
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Field:
    """A field being typed: its value, and the test that says it cannot be read."""

    column: Column
    value: exp.Expr
    tests: tuple[tuple[int, str, exp.Expr], ...] = ()


def stage(
    engine: DuckDB,
    table: TextTable,
    profiles: Sequence[ColumnProfile],
    mapped: TableMap,
    zone: str = "Europe/Paris",
) -> Staged:
    """Type the mapped columns of a text table.

    Raises MustAskError where the order of days and months of a mapped column cannot be told, where
    no column is mapped, or where its reader asks.
    """
    if table.shape and table.shape.ask:
        raise MustAskError(table.shape.ask)
    if not mapped.fields:
        where = Where(table.file, table.sheet)
        raise MustAskError.of("must_ask_columns", where, table=mapped.table, option="--map")
    return Staging(engine, table, {each.index: each for each in profiles}, mapped, zone).run()


class Staging:
    """The typing of one table of a file, step by step; :meth:`run` takes them all."""

    def __init__(
        self,
        engine: DuckDB,
        table: TextTable,
        profiles: Mapping[int, ColumnProfile],
        mapped: TableMap,
        zone: str,
    ) -> None:
        self.engine, self.text, self.profiles, self.map = engine, table, profiles, mapped
        self.zone = zone
        self.table: Table = TABLES[mapped.table]
        self.number = next(_NUMBER)
        self.readable = ""
        self.whole: str | None = None
        self.printed: dict[str, str] = {}
        self.verdicts: dict[str, Checked] = {}
        self.apart = NOTHING

    def run(self) -> Staged:
        """The typed rows, and the rows refused."""
        fields = self._fields()
        typed = f"typed_{self.number}"
        self._type(typed, fields)
        unread = self._refused(typed, fields)
        self.readable = " WHERE _bad IS NULL" if unread else ""
        refused = [*self.text.rejected, *unread]
        lines = None
        relation = f"stage_{self.number}"
        if self.map.lines:
            lines = typed
            self._add_up(typed, relation, fields)
        else:
            self._keep(typed, relation, fields)
        precision = {
            each.column.name: self._precision(each.column.name)
            for each in fields
            if each.column.kind is Kind.MOMENT
        }
        made = Stage(
            self.map.table,
            self.map.source,
            tuple(each.column.name for each in fields),
            relation,
            self.text.file,
            self.text.sheet,
            {name: value for name, value in precision.items() if value},
            self.map.links,
            signature=self.printed.get("signature", ""),
            text=self.printed.get("text", ""),
            rows=self.printed.get("rows", ""),
            prints=self.printed.get("prints", ""),
            spared=tuple(sorted({key for key in self.apart.keys.values() if key})),
            unkeyed=sum(each.code not in NO_RECORDS for each in self.text.rejected),
            key=self.map.key_names,
            key_how=self.map.key_how,
        )
        tallies = {name: each.tally for name, each in self.verdicts.items()}
        whole = f"(FROM {self.whole}{self.readable})" if self.whole else None
        done = Staged(made, self.map, self.text, tuple(refused), lines, whole, tallies)
        return replace(done, every=self.whole or typed, apart=self.apart)

    # -- fields ----------------------------------------------------------------------------------

    def _fields(self) -> list[Field]:
        fields = {each.name: each for each in self.table.columns}
        made: dict[str, Field] = {}
        ordered = sorted(self.map.fields, key=lambda each: bool(each.only))
        for mapped in ordered:
            if mapped.field == KEY or mapped.field not in fields:
                continue
            field = self._typed(fields[mapped.field], mapped)
            if mapped.only and "outcome" in made:
                field = self._only(field, mapped, made["outcome"])
            former = made.get(mapped.field)
            made[mapped.field] = _either(former, field) if former else field
        for name, value in self.map.constants.items():
            if name in fields:
                made[name] = Field(fields[name], self._constant(fields[name], value))
        if "currency" in fields and "currency" not in made:
            code = self._currency()
            if code:
                made["currency"] = Field(fields["currency"], exp.Literal.string(code))
        return [*made.values(), *self._checked(made)]

    def _checked(self, made: Mapping[str, Field]) -> Iterator[Field]:
        """The normal form and the state of each field that is checked."""
        country = made.get("country")
        for name, each in made.items():
            if each.column.check is None:
                continue
            place = country.value if country else None
            rows = self.text.relation
            found = checked(self.engine, each.column, each.value, place, rows, self.number)
            yield Field(self.table.column(f"{name}_normal"), found.normal)
            yield Field(self.table.column(f"{name}_state"), found.state)
            self.verdicts[name] = found

    def _only(self, field: Field, mapped: FieldMap, outcome: Field) -> Field:
        """The value for the rows of these outcomes alone (a closing date that is a forecast)."""
        among = [exp.Literal.string(each) for each in mapped.only]
        kept = exp.In(this=exp.paren(outcome.value.copy()), expressions=among)
        return replace(field, value=exp.Case().when(kept, field.value))

    def _constant(self, column: Column, value: str) -> exp.Expr:
        if column.kind in (Kind.TEXT, Kind.CODE, Kind.REFERENCE):
            return exp.Literal.string(value)
        return exp.cast(exp.Literal.string(value), column.kind.sql)

    def _currency(self) -> str | None:
        amount = self.map.of("amount") or self.map.of("list_price")
        if amount is None:
            return None
        return self.profiles[amount.columns[0]].currency

    def _typed(self, column: Column, mapped: FieldMap) -> Field:
        if column.kind in (Kind.TEXT, Kind.CODE, Kind.REFERENCE):
            return self._text(column, mapped)
        typed = [self._cell(column, index) for index in mapped.columns]
        tests = tuple(
            (index, _expected(column), self._unread(index, value))
            for index, value in zip(mapped.columns, typed, strict=True)
        )
        return Field(column, combined(typed, mapped.combine), tests)

    def _unread(self, index: int, typed: exp.Expr) -> exp.Expr:
        """Whether a cell says something that could not be typed."""
        if self._says_nothing(index):
            return parse.unreadable(_at(index), typed)
        return exp.and_(
            exp.not_(exp.Is(this=_at(index), expression=exp.Null())),
            exp.Is(this=typed.copy(), expression=exp.Null()),
        )

    def _says_nothing(self, index: int) -> bool:
        """Whether some cells of the column are words for nothing (n/a, NULL, -)."""
        return "null_word" in getattr(self.profiles[index], "marks", ("null_word",))

    def _trimmed(self, index: int) -> exp.Expr:
        """The cell without the spaces around it, unless it is a word for nothing."""
        cell = exp.Trim(this=_at(index))
        if not self._says_nothing(index):
            return cell
        return exp.Case().when(exp.not_(parse.is_null_word(_at(index))), cell)

    def _cell(self, column: Column, index: int) -> exp.Expr:
        profile, cell = self.profiles[index], _at(index)
        header = self.text.headers[index]
        decimal = self.map.decimal.get(header) or self.map.decimal.get("*")
        if column.kind is Kind.MONEY:
            return parse.money(cell, profile, decimal)
        if column.kind is Kind.NUMBER:
            return parse.number(cell, profile, decimal)
        if column.kind is Kind.INTEGER:
            return parse.integer(cell, profile, decimal)
        if column.kind is Kind.SHARE:
            return parse.share(cell, profile, decimal)
        if column.kind is Kind.FLAG:
            return parse.flag(cell, profile)
        return self._moment(cell, profile, header)

    def _moment(self, cell: exp.Expr, profile: ColumnProfile, header: str) -> exp.Expr:
        order = self.map.date_order.get(header) or self.map.date_order.get("*")
        if order is None and profile.date_order is None and profile.date_choices:
            where = Where(self.text.file, self.text.sheet, column=header)
            raise MustAskError.of(
                "must_ask_date_order",
                where,
                choices=list(profile.date_choices),
                examples=list(profile.examples[:3]),
                option="--date-order",
                header=header,
            )
        return parse.moment(cell, profile, order, self.zone)

    def _text(self, column: Column, mapped: FieldMap) -> Field:
        cells: list[exp.Expr] = [self._trimmed(index) for index in mapped.columns]
        value = combined(cells, mapped.combine)
        meanings = self.map.values.get(column.name)
        if not meanings and not column.values:
            return Field(column, value)
        looked, strange = self._looked_up(column, value, meanings or {})
        first = mapped.columns[0]
        tests = ((first, "one_of", strange),) if strange is not None else ()
        return Field(column, looked, tests)

    def _looked_up(
        self, column: Column, value: exp.Expr, meanings: Mapping[str, str]
    ) -> tuple[exp.Expr, exp.Expr | None]:
        """The canonical value of each value found, and the test of those that have none."""
        relation = exp.to_table(self.text.relation)
        query = exp.select(exp.alias_(value.copy(), "v")).distinct().from_(relation)
        # In one order, so that the same values are typed by the same query.
        found = sorted(
            row[0] for row in self.engine.rows(query.sql("duckdb")) if row[0] is not None
        )
        if len(found) > MOST_VALUES:
            return value, None
        case = exp.Case(this=value.copy())
        strangers = []
        for each in found:
            meant = meanings.get(fold_value(each))
            if meant is None and each in column.values:
                meant = each
            if meant is not None:
                case = case.when(exp.Literal.string(each), exp.Literal.string(meant))
            elif column.values:
                strangers.append(exp.Literal.string(each))
        if not case.args.get("ifs"):
            case = case.when(exp.Literal.string(""), exp.Null())
        if not column.values:
            case = case.else_(value.copy())
        strange = exp.In(this=value.copy(), expressions=strangers) if strangers else None
        return case, strange

    def _precision(self, name: str) -> str:
        mapped = self.map.of(name)
        if mapped is None:
            return ""
        return self.profiles[mapped.columns[0]].precision or ""

    # -- rows ------------------------------------------------------------------------------------

    def _type(self, typed: str, fields: Sequence[Field]) -> None:
        """All rows typed, with the number of the first test that each fails."""
        failed = exp.Case()
        for number, (_, _, test) in enumerate(_tests(fields)):
            failed = failed.when(test.copy(), exp.Literal.number(number))
        required = [each for each in fields if each.column.required]
        offset = len(_tests(fields))
        for number, each in enumerate(required):
            blank = exp.Is(this=exp.paren(each.value.copy()), expression=exp.Null())
            failed = failed.when(blank, exp.Literal.number(offset + number))
        bad = failed if failed.args.get("ifs") else exp.cast(exp.Null(), "integer")
        query = exp.select(
            _quoted("_line"),
            exp.alias_(self._key(), KEY, quoted=True),
            exp.alias_(bad, "_bad", quoted=True),
            *(exp.alias_(each.value, each.column.name, quoted=True) for each in fields),
        )
        if self.map.lines or query.find(exp.Window):
            sql = self._of(query, self.text.relation)
            self.engine.execute(f"CREATE TEMP TABLE {typed} AS {sql}")
            return
        # Typing again costs less than writing the rows once more.
        self._views(typed, query)

    def _of(self, query: exp.Select, relation: str) -> str:
        """The query of typed rows over those of a relation, beside the verdicts of the checks."""
        query = query.copy().from_(exp.to_table(relation))
        for each in self.verdicts.values():
            query = query.join(each.verdicts, on=each.on.copy(), join_type="left")
        return query.sql("duckdb")

    def _views(self, typed: str, query: exp.Select) -> None:
        """The typed rows as a view over those in use, which may be narrowed; and their digests."""
        rows = f"rows_{self.number}"
        self.engine.execute(f"CREATE TEMP VIEW {rows} AS FROM {self.text.relation}")
        sql = self._of(query, rows)
        self.engine.execute(f"CREATE TEMP VIEW {typed} AS {sql}")
        self.whole = f"whole_{self.number}"
        every = self._of(query, self.text.relation)
        self.engine.execute(f"CREATE TEMP VIEW {self.whole} AS {every}")
        self.printed = {
            "signature": hashlib.md5(query.sql("duckdb").encode()).hexdigest(),
            "text": self.text.relation,
            "rows": rows,
            "prints": f"prints_{self.number}",
        }
        indexes = sorted({index for each in self.map.fields for index in each.columns})
        key = self._key()
        prints = exp.select(
            _quoted("_line"),
            exp.alias_(key, KEY, quoted=True),
            exp.alias_(_hash([key.copy()]), "key", quoted=True),
            exp.alias_(_hash([_at(index) for index in indexes]), "print", quoted=True),
        ).from_(exp.to_table(self.text.relation))
        self.engine.execute(f"CREATE TEMP VIEW {self.printed['prints']} AS {prints.sql('duckdb')}")

    def _key(self) -> exp.Expr:
        """The row's id; without an id column or key, a digest of the mapped cells."""
        if self.map.key:
            return self._told_key(self.map.key)
        mapped = self.map.of(KEY)
        if mapped:
            key = combined([self._trimmed(index) for index in mapped.columns], Combine.JOIN)
            readable = self.text.rows - len(self.text.rejected)
            sure = [i for i in mapped.columns if not self._says_nothing(i)]
            if any(self.profiles[index].filled >= readable for index in sure):
                return key
            return exp.Coalesce(this=key, expressions=[self._digest()])
        return self._digest()

    def _told_key(self, columns: Sequence[int]) -> exp.Expr:
        """The key that the user gives; blank parts keep their place, a blank key is none."""
        cells = [self._trimmed(index) for index in columns]
        blank = exp.Literal.string("")
        key = _joined([exp.Coalesce(this=cell, expressions=[blank]) for cell in cells], "|")
        readable = self.text.rows - len(self.text.rejected)
        filled = [self.profiles[index].filled for index in columns if not self._says_nothing(index)]
        if max(filled, default=0) >= readable:
            return key
        nothing = exp.and_(*(exp.Is(this=each.copy(), expression=exp.Null()) for each in cells))
        return exp.Case().when(nothing, self._digest()).else_(key)

    def _digest(self) -> exp.Expr:
        """The mapped cells hashed, numbered where rows are identical: all of them are kept."""
        indexes = sorted({index for each in self.map.fields for index in each.columns})
        cells = [
            exp.Coalesce(this=self._trimmed(index), expressions=[exp.Literal.string("␀")])
            for index in indexes
        ]
        digest = exp.MD5(this=_joined(cells, "␟"))
        nth = exp.Window(
            this=exp.RowNumber(),
            partition_by=cells,
            order=exp.Order(expressions=[exp.Ordered(this=_quoted("_line"))]),
        )
        return _joined([digest, exp.cast(nth, "varchar")], "#")

    def _refused(self, typed: str, fields: Sequence[Field]) -> list[Problem]:
        tests = _tests(fields)
        required = [each for each in fields if each.column.required]
        rows = self.engine.rows(
            f"SELECT t._line, t._bad, t.{KEY} FROM {typed} t WHERE t._bad IS NOT NULL "
            "ORDER BY t._line"
        )
        if not rows:
            return []
        lines = [line for line, _, _ in rows]
        cells = self._cells_of(lines)
        keys = {line: key for line, _, key in rows}
        self.apart = apart(self.engine, self._apart(), keys, _money(fields))
        problems = []
        for line, bad, _ in rows:
            if bad < len(tests):
                index, expected, _ = tests[bad]
                problems.append(
                    self._unreadable(line, index, expected, cells[line][index], tests[bad])
                )
            else:
                column = required[bad - len(tests)].column
                problems.append(self._missing(line, column))
        return problems

    def _apart(self) -> str:
        return f"apart_{self.number}"

    def _cells_of(self, lines: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """The cells of these lines as found; they stay in a table of their own."""
        apart = self._apart()
        with self.engine.lend("wanted_lines", pa.table({"line": lines})):
            self.engine.execute(
                f"CREATE TEMP TABLE {apart} AS SELECT * FROM {self.text.relation} "
                "WHERE _line IN (SELECT line FROM wanted_lines)"
            )
        columns = ", ".join(f"c{index}" for index in range(len(self.text.headers)))
        rows = self.engine.rows(f"SELECT _line, {columns} FROM {apart}")
        return {line: tuple(cells) for line, *cells in rows}

    def _unreadable(
        self, line: int, index: int, expected: str, value: str | None, test: tuple[Any, ...]
    ) -> Problem:
        where = Where(self.text.file, self.text.sheet, line, self.text.headers[index], value)
        code = "unknown_value" if expected == "one_of" else "unreadable_cell"
        return Problem(code, {"expected": expected, "table": self.table.name}, where)

    def _missing(self, line: int, column: Column) -> Problem:
        mapped = self.map.of(column.name)
        header = self.text.headers[mapped.columns[0]] if mapped else column.name
        where = Where(self.text.file, self.text.sheet, line, header)
        return Problem("missing_required", {"field": column.name, "table": self.table.name}, where)

    def _keep(self, typed: str, relation: str, fields: Sequence[Field]) -> None:
        names = ", ".join(f'"{each.column.name}"' for each in fields)
        self.engine.execute(
            f"CREATE TEMP VIEW {relation} AS SELECT _line, 1 AS _lines, {KEY}"
            f"{', ' + names if names else ''} FROM {typed}{self.readable}"
        )

    def _add_up(self, typed: str, relation: str, fields: Sequence[Field]) -> None:
        """Lines of one key become one row: amounts add up, the rest is the first line's."""
        values = []
        for each in fields:
            name = f'"{each.column.name}"'
            if each.column.kind is Kind.MONEY and each.column.name in ("amount", "cost"):
                values.append(f"sum({name})::DECIMAL(18,4) AS {name}")
            else:
                values.append(f"arg_min({name}, _line) AS {name}")
        self.engine.execute(
            f"CREATE TEMP TABLE {relation} AS SELECT min(_line) AS _line, count(*) AS _lines, "
            f"{KEY}, {', '.join(values)} FROM {typed} WHERE _bad IS NULL GROUP BY {KEY}"
        )


def _hash(values: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="hash", expressions=list(values))


def _tests(fields: Sequence[Field]) -> list[tuple[int, str, exp.Expr]]:
    return [test for each in fields for test in each.tests]


def _money(fields: Sequence[Field]) -> dict[str, tuple[exp.Expr, list[exp.Expr]]]:
    """By money field, its value and the tests that say that it cannot be read."""
    return {
        each.column.name: (each.value, [test for _, _, test in each.tests])
        for each in fields
        if each.column.kind is Kind.MONEY
    }


def _either(former: Field, other: Field) -> Field:
    """Two ways to one field: the first that gives a value."""
    value = exp.Coalesce(this=former.value, expressions=[other.value])
    return replace(former, value=value, tests=(*former.tests, *other.tests))


def _quoted(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _at(index: int) -> exp.Expr:
    return _quoted(f"c{index}")


def combined(values: Sequence[exp.Expr], combine: Combine) -> exp.Expr:
    """The value of one field from those of its columns."""
    if len(values) == 1:
        return values[0]
    if combine is Combine.JOIN:
        return _joined(values, " ")
    if combine is Combine.PRODUCT:
        product: exp.Expr = exp.paren(values[0])
        for each in values[1:]:
            product = exp.Mul(this=exp.cast(product, "double"), expression=exp.paren(each))
        return exp.cast(product, Kind.MONEY.sql)
    return exp.Coalesce(this=values[0], expressions=list(values[1:]))


def _joined(values: Sequence[exp.Expr], by: str) -> exp.Expr:
    return exp.Nullif(
        this=exp.Anonymous(this="concat_ws", expressions=[exp.Literal.string(by), *values]),
        expression=exp.Literal.string(""),
    )


def _expected(column: Column) -> str:
    return "money" if column.kind is Kind.MONEY else column.kind.value
