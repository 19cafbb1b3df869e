"""Typed rows into versions: what is new, what changed, what is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import TABLES, Column, Kind
from jalon.relations.flat import folded
from jalon.store.prints import remember
from jalon.store.schema import quoted
from jalon.store.stage import Stage
from jalon.store.standing import standing


@dataclass(frozen=True)
class Absence:
    """Rows known from a source that its files of an import do not have.

    ``gone``: whether they are marked so. ``unread``: how many records of the files have a key that
    cannot be read, so that nothing is marked. ``by_outcome`` counts deals; ``sums`` are the exact
    sums of the money that the rows hold, by column.
    """

    count: int
    keys: tuple[str, ...]
    gone: bool = False
    unread: int = 0
    by_outcome: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """What became of the source rows of a stage: several order lines may make one row.

    ``repeated``: physical line and key of rows whose key came before in the file, differing;
    ``doubled``: how many source rows were the same as one before, and count as unchanged.
    ``keys``: how many different keys there were; ``back``: how many rows updated were gone.
    ``absent``: the rows that the source has no more, told of with its last stage.
    """

    added: int
    updated: int
    unchanged: int
    repeated: tuple[tuple[int, str], ...] = ()
    doubled: int = 0
    keys: int = 0
    back: int = 0
    absent: Absence | None = None


def load(engine: DuckDB, stage: Stage, number: int) -> Loaded:
    """Bring a stage into the versions of its table, as import ``number``.

    A row is known by (origin, ``source_id``). A column that the stage lacks keeps its former
    value. A key that comes twice keeps its first row; the later ones are the same row again
    (unchanged) or, where they differ, are reported in ``repeated``. The ids of the rows touched go
    to the temporary table ``touched_<table>``.
    """
    return _Load(engine, stage, number).run()


class _Load:
    def __init__(self, engine: DuckDB, stage: Stage, number: int) -> None:
        self.engine, self.stage, self.number = engine, stage, number
        self.table = TABLES[stage.table]
        self.columns = [each for each in self.table.columns if each.name in stage.fields]
        self.target = f"version.{quoted(stage.table)}"
        self.origin = _origin(engine, stage.origin)
        self.first = True
        self.lines = 0
        self.keys = 0
        self.gone = bool(
            engine.value('SELECT count(*) FROM meta.gone WHERE "table" = ?', [stage.table])
        )

    def run(self) -> Loaded:
        for column in self.columns:
            if column.kind is Kind.REFERENCE:
                self._intern(column)
        self._resolve()
        repeated, same = self._unique()
        added, updated = self._compare()
        self._insert()
        back = self._bring_back()
        idle = self.stage.confirmed + self.stage.idle
        unchanged = self.lines - added - updated + same + idle
        remember(self.engine, self.stage, unique=not (repeated or same))
        keys = self.keys + self.stage.confirmed
        return Loaded(added, updated, unchanged, repeated, same, keys, back)

    def _intern(self, column: Column) -> None:
        """Give a number to each reference text not met before."""
        name = quoted(column.name)
        self.engine.execute(
            f"""
            INSERT INTO meta.reference
            SELECT (SELECT coalesce(max(id), 0) FROM meta.reference) + row_number() OVER (),
                   $target, $origin, text, {folded("text")}
            FROM (SELECT DISTINCT {name} AS text FROM {quoted(self.stage.relation)}
                  WHERE {name} IS NOT NULL) s
            ANTI JOIN (SELECT text FROM meta.reference
                       WHERE target = $target AND origin = $origin) known USING (text)
            """,
            {"target": column.to, "origin": self.origin},
        )

    def _resolve(self) -> None:
        """The stage with its references as numbers."""
        joins, values = [], []
        for column in self.columns:
            name = quoted(column.name)
            if column.kind is not Kind.REFERENCE:
                values.append(f"s.{name}")
                continue
            alias = quoted("r_" + column.name)
            values.append(f"{alias}.id AS {name}")
            joins.append(
                f"LEFT JOIN (SELECT id, text FROM meta.reference WHERE target = '{column.to}' "
                f"AND origin = {self.origin}) {alias} ON s.{name} = {alias}.text"
            )
        selected = ", ".join(["s._line", "s._lines", "s.source_id", *values])
        # A view on a first import: its rows are written once, straight to their versions.
        self.engine.execute("DROP VIEW IF EXISTS incoming")
        self.engine.execute(
            f"CREATE TEMP VIEW incoming AS SELECT {selected} "
            f"FROM {quoted(self.stage.relation)} s {' '.join(joins)}"
        )

    def _unique(self) -> tuple[tuple[tuple[int, str], ...], int]:
        """Keep the first row of each key; the lines that differ from it, and how many do not."""
        # As many different digests as rows: as many different keys. Equal digests are looked into.
        distinct, total, lines = self.engine.rows(
            "SELECT count(DISTINCT hash(source_id)), count(*), coalesce(sum(_lines), 0) "
            "FROM incoming"
        )[0]
        self.lines, self.keys = int(lines), int(total)
        if distinct == total:
            return (), 0
        fields = [quoted(each.name) for each in self.columns]
        differs = " OR ".join(f"i.{name} IS DISTINCT FROM f.{name}" for name in fields) or "false"
        self.engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE repeats AS
            SELECT i._line, i._lines, i.source_id, {differs} AS differs
            FROM incoming i JOIN (
                SELECT * FROM incoming
                QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY _line) = 1
            ) f ON i.source_id = f.source_id WHERE i._line <> f._line
            """
        )
        self.engine.execute(
            "CREATE OR REPLACE TEMP TABLE kept_rows AS FROM incoming WHERE _line "
            "NOT IN (SELECT _line FROM repeats)"
        )
        self.engine.execute("DROP VIEW incoming")
        self.engine.execute("CREATE TEMP VIEW incoming AS FROM kept_rows")
        kept = self.engine.rows("SELECT coalesce(sum(_lines), 0), count(*) FROM incoming")[0]
        self.lines, self.keys = int(kept[0]), int(kept[1])
        rows = self.engine.rows("SELECT _line, source_id FROM repeats WHERE differs ORDER BY _line")
        same = int(
            self.engine.value("SELECT coalesce(sum(_lines), 0) FROM repeats WHERE NOT differs")
        )
        return tuple((int(line), str(key)) for line, key in rows), same

    def _compare(self) -> tuple[int, int]:
        """How many rows are new and how many changed; the latter lie in ``fresh`` with them."""
        known = self.engine.value(
            f"SELECT count(*) FROM {self.target} WHERE _origin = {self.origin}"
        )
        self.first = not known
        if self.first:
            return self.lines, 0
        columns = "".join(f", i.{quoted(each.name)}" for each in self.columns)
        changed = " OR ".join(map(self._changed, self.columns)) or "false"
        if self.gone:
            changed += " OR v._until IS NOT NULL"
        self.engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE fresh AS
            SELECT i._line, i._lines, i.source_id{columns}, v._row, v.rowid AS former
            FROM incoming i LEFT JOIN {self._known()} v
              ON v.source_id = i.source_id AND v._origin = {self.origin}
              {"" if self.gone else "AND v._until IS NULL"}
            WHERE v._row IS NULL OR {changed}
            """
        )
        row = self.engine.rows(
            "SELECT coalesce(sum(_lines) FILTER (WHERE _row IS NULL), 0), "
            "coalesce(sum(_lines) FILTER (WHERE _row IS NOT NULL), 0) FROM fresh"
        )[0]
        return int(row[0]), int(row[1])

    def _known(self) -> str:
        """The rows that may come again: those in force, and of those gone the last version."""
        if not self.gone:
            return self.target
        last = standing(self.stage.table, True)
        return f"(SELECT *, rowid FROM {self.target} WHERE {last})"

    def _bring_back(self) -> int:
        """Rows that were gone and have a version again are so no more; how many."""
        if not self.gone or self.first:
            return 0
        back = self.engine.rows(
            f'UPDATE meta.gone SET until = {self.number} WHERE until IS NULL AND "table" = '
            f"'{self.stage.table}' AND row IN (SELECT _row FROM fresh) RETURNING row"
        )
        return len(back)

    def _changed(self, column: Column) -> str:
        name = quoted(column.name)
        precision = self.stage.precision.get(column.name)
        if column.kind is Kind.MOMENT and precision and precision != "second":
            return (
                f"(i.{name} IS DISTINCT FROM v.{name} AND "
                f"i.{name} IS DISTINCT FROM date_trunc('{precision}', v.{name}))"
            )
        return f"i.{name} IS DISTINCT FROM v.{name}"

    def _kept(self, column: Column) -> str:
        """The value to write: a coarser copy of a known moment does not replace it."""
        name = quoted(column.name)
        if column not in self.columns:
            return "NULL" if self.first else f"v.{name}"
        if self.first:
            return f"i.{name}"
        precision = self.stage.precision.get(column.name)
        if column.kind is Kind.MOMENT and precision and precision != "second":
            return (
                f"CASE WHEN i.{name} = date_trunc('{precision}', v.{name}) "
                f"THEN v.{name} ELSE i.{name} END"
            )
        return f"i.{name}"

    def _insert(self) -> None:
        """Write the new versions, end the former ones, and note the rows touched."""
        last = self.engine.value(f"SELECT coalesce(max(_row), 0) FROM {self.target}")
        if self.first:
            self._write(f"{last} + i._line", "true", "FROM incoming i")
        else:
            self._write(
                f"coalesce(i._row, {last} + i._line)",
                "i._row IS NULL",
                f"FROM fresh i LEFT JOIN {self.target} v ON v.rowid = i.former",
            )
            self.engine.execute(
                f"UPDATE {self.target} SET _until = {self.number} "
                "WHERE _until IS NULL "
                "AND rowid IN (SELECT former FROM fresh WHERE former IS NOT NULL)"
            )
        touched = quoted(f"touched_{self.stage.table}")
        self.engine.execute(f"CREATE TEMP TABLE IF NOT EXISTS {touched} (_row BIGINT)")
        self.engine.execute(
            f"INSERT INTO {touched} SELECT _row FROM {self.target} WHERE _import = {self.number}"
        )

    def _write(self, row: str, first: str, source: str) -> None:
        names = ", ".join(quoted(each.name) for each in self.table.columns)
        values = ", ".join(map(self._kept, self.table.columns))
        self.engine.execute(
            f"INSERT INTO {self.target} (_row, _origin, source_id, {names}, _import, _until, "
            f"_first) SELECT {row}, {self.origin}, i.source_id, {values}, {self.number}, NULL, "
            f"{first} {source}"
        )


def _origin(engine: DuckDB, name: str) -> int:
    """The number of a source of data, given at its first import."""
    known = engine.value("SELECT id FROM meta.origin WHERE name = ?", [name])
    if known is not None:
        return int(known)
    number = int(engine.value("SELECT coalesce(max(id), 0) + 1 FROM meta.origin"))
    engine.execute("INSERT INTO meta.origin VALUES (?, ?, NULL)", [number, name])
    return number
