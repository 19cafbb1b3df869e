"""A file of deals with a column of dates a stage, as rows of ``stage_change``: one a date.

A source row whose dates cannot all be read is refused whole, as one that repeats another's deal
with other dates. A row counts once in the report, by its latest date: the rows of an import add up
to those of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.intake.mapping import Combine, TableMap
from jalon.intake.staging import KEY, NO_RECORDS, Field, Staged, Staging, combined, stage
from jalon.intake.text_table import ColumnProfile, TextTable
from jalon.model.problems import Problem, Where
from jalon.store.stage import Stage

FIELDS = ("deal", "stage", "rank", "entered_at")


def staged(
    engine: DuckDB,
    table: TextTable,
    profiles: Sequence[ColumnProfile],
    mapped: TableMap,
    zone: str = "Europe/Paris",
) -> Staged:
    """As :func:`jalon.intake.staging.stage`, a file's stage history too."""
    if not mapped.stages:
        return stage(engine, table, profiles, mapped, zone)
    return _History(engine, table, {each.index: each for each in profiles}, mapped, zone).run()


class _History(Staging):
    def run(self) -> Staged:
        fields = self._fields()
        typed, relation = f"typed_{self.number}", f"stage_{self.number}"
        self._type(typed, fields)
        refused = [*self.text.rejected, *self._refused(typed, fields)]
        refused += self._twice(typed)
        self._unpivot(typed, relation)
        taken = int(self.engine.value(f"SELECT coalesce(sum(_lines), 0) FROM {relation}"))
        bad = self.engine.rows(f"SELECT {KEY} FROM {typed} WHERE _bad IS NOT NULL")
        made = Stage(
            self.map.table,
            self.map.source,
            FIELDS,
            relation,
            self.text.file,
            self.text.sheet,
            self._one_precision(),
            spared=tuple(f"{key}|{name}" for (key,) in bad for name in self.map.stages.values()),
            unkeyed=sum(each.code not in NO_RECORDS for each in self.text.rejected),
            key=self.map.key_names,
            key_how=self.map.key_how,
            idle=self.text.rows - len(refused) - taken,
        )
        facts = {"count": len(self.map.stages), "stages": list(self.map.stages.values())}
        note = Problem("stages_found", facts, Where(self.text.file, self.text.sheet))
        return Staged(made, self.map, self.text, tuple(refused), notes=(note,))

    def _fields(self) -> list[Field]:
        """A moment a stage, named by its column."""
        entered = self.table.column("entered_at")
        fields = [Field(self.table.column("deal"), self._key())]
        for index in self.map.stages:
            value = self._cell(entered, index)
            test = (index, "moment", self._unread(index, value))
            fields.append(Field(replace(entered, name=f"e{index}"), value, (test,)))
        return fields

    def _key(self) -> exp.Expr:
        """The key of the row's deal."""
        if self.map.key:
            return self._told_key(self.map.key)
        deal = self.map.of("deal")
        assert deal is not None
        return combined([self._trimmed(index) for index in deal.columns], Combine.JOIN)

    def _views(self, typed: str, query: exp.Select) -> None:
        """Each row is read once a stage: it is typed once."""
        sql = self._of(query, self.text.relation)
        self.engine.execute(f"CREATE TEMP TABLE {typed} AS {sql}")

    def _one_precision(self) -> dict[str, str]:
        found = {self.profiles[index].precision for index in self.map.stages}
        precision = found.pop() if len(found) == 1 else None
        return {"entered_at": precision} if precision else {}

    def _twice(self, typed: str) -> list[Problem]:
        """Rows of a deal that came before with other dates; equal ones bring nothing."""
        dates = [f"e{index}" for index in self.map.stages]
        differs = " OR ".join(f"t.{each} IS DISTINCT FROM f.{each}" for each in dates)
        self.engine.execute(
            f"CREATE TEMP TABLE twice_{self.number} AS "
            f"SELECT t._line, t.{KEY}, {differs} AS differs FROM {typed} t "
            f"JOIN (SELECT * FROM {typed} WHERE _bad IS NULL QUALIFY row_number() "
            f"OVER (PARTITION BY {KEY} ORDER BY _line) = 1) f ON t.{KEY} = f.{KEY} "
            "WHERE t._bad IS NULL AND t._line <> f._line"
        )
        rows = self.engine.rows(
            f"SELECT _line, {KEY} FROM twice_{self.number} WHERE differs ORDER BY _line"
        )
        return [
            Problem(
                "key_twice", {"key": key}, Where(self.text.file, self.text.sheet, line, None, key)
            )
            for line, key in rows
        ]

    def _unpivot(self, typed: str, relation: str) -> None:
        """One row a date; its number, and which of a source row's counts: the latest."""
        entries = [
            exp.select(
                "_line",
                exp.alias_(exp.column(KEY), "deal"),
                exp.alias_(exp.Literal.string(name), "stage"),
                exp.alias_(exp.Literal.number(rank), "rank"),
                exp.alias_(exp.column(f"e{index}"), "entered_at"),
            )
            .from_(typed)
            .where(f"e{index} IS NOT NULL AND _bad IS NULL")
            .where(f"_line NOT IN (SELECT _line FROM twice_{self.number})")
            .sql("duckdb")
            for rank, (index, name) in enumerate(self.map.stages.items(), 1)
        ]
        width = len(entries) + 1
        self.engine.execute(
            f"CREATE TEMP TABLE {relation} AS SELECT _line * {width} + rank AS _line, "
            "(row_number() OVER (PARTITION BY _line ORDER BY entered_at DESC, rank DESC) = 1)::INT "
            f"AS _lines, deal || '|' || stage AS {KEY}, deal, stage, rank::BIGINT AS rank, "
            f"entered_at FROM ({' UNION ALL '.join(entries)})"
        )
