"""The store: one DuckDB file, one transaction an import, undo by replay."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from jalon.engines.duckdb import DuckDB
from jalon.model.problems import WorkspaceError
from jalon.model.tables import GROUPED, TABLES
from jalon.relations.clock import NOW, Clock
from jalon.relations.columns import dimensions
from jalon.relations.flat import Present, flat_query, stored
from jalon.relations.grouped import grouped_query
from jalon.store import quarantine, schema
from jalon.store.gone import mark
from jalon.store.keys import remember_key
from jalon.store.link import link
from jalon.store.load import Loaded, load
from jalon.store.observed import observe
from jalon.store.prints import forget_all
from jalon.store.refresh import (
    drop_all,
    ensure_grouped,
    is_fresh,
    note_through,
    present,
    refresh,
)
from jalon.store.stage import Stage

Progress = Callable[[str], None]


class Store:
    """The data of one workspace.

    Raises WorkspaceError where the file is held by another process or cannot be opened.
    """

    def __init__(self, engine: DuckDB, *, aside: bool = False) -> None:
        self.engine, self._aside = engine, aside
        self._clocks: dict[tuple[Clock, str], str] = {}
        self._flats: dict[tuple[str, bool, bool, bool], tuple[str, set[str]]] = {}
        self._present: Present | None = None
        self._grouped: dict[str, tuple[str, str]] = {}
        self._version = 0
        self._counted: int | None = None
        self.told_through: Mapping[str, dt.date] = {}
        if aside:
            return
        found = schema.format_of(engine)
        if found not in (None, schema.FORMAT):
            raise WorkspaceError.of("workspace_format", found=found, expected=schema.FORMAT)
        schema.create(engine, self._widened)

    def _widened(self) -> None:
        """The flat tables anew: the model has columns that they lack; no row is known whole."""
        forget_all(self.engine)
        known = present(self.engine)
        drop_all(self.engine)
        refresh(self.engine, {name for name in TABLES if known.has(name)}, set())
        self._count()

    @classmethod
    def open(cls, path: Path, *, memory_limit: str | None = None) -> Store:
        """The store of that file, made where there is none."""
        try:
            if not path.exists():
                cls._make(path)
            store = cls(DuckDB.open(path, memory_limit=memory_limit))
        except WorkspaceError as error:
            raise WorkspaceError.of(
                error.problem.code, path=str(path), **error.problem.facts
            ) from None
        except duckdb.IOException as error:
            code = "workspace_locked" if "lock" in str(error) else "workspace_unreadable"
            raise WorkspaceError.of(code, path=str(path), detail=str(error)[:300]) from None
        except duckdb.Error as error:
            raise WorkspaceError.of(
                "workspace_unreadable", path=str(path), detail=str(error)[:300]
            ) from None
        for left in path.parent.glob(f"{path.name}.*.new*"):
            left.unlink(missing_ok=True)
        return store

    @classmethod
    def _make(cls, path: Path) -> None:
        """A new database under its name only once it is whole.

        DuckDB writes a new file in several steps: killed between them, it cannot open it again.
        """
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        cls(DuckDB.open(draft)).close()
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(draft, path)

    def beside(self) -> Store:
        """A reader of the same open database, for another thread: see :meth:`snapshot`."""
        return Store(self.engine.beside(), aside=True)

    @classmethod
    def memory(cls) -> Store:
        """A store that lives as long as this object: for worked examples."""
        return cls(DuckDB.memory())

    # -- imports ---------------------------------------------------------------------------------

    def write(
        self,
        number: int,
        identifier: str,
        at: dt.datetime,
        stages: Sequence[Stage],
        finish: Callable[[list[Loaded]], Mapping[str, Any]] | None = None,
        progress: Progress = lambda _: None,
    ) -> list[Loaded]:
        """One import, whole or not at all. ``finish`` gives the report to keep with it."""
        with self.engine.transaction(), self.engine.unordered():
            loaded = self._write(number, at, stages, progress)
            report = finish(loaded) if finish else {}
            self.engine.execute(
                "INSERT INTO meta.import VALUES (?, ?, ?, ?)",
                [number, identifier, at, json.dumps(report, ensure_ascii=False, default=str)],
            )
            self._count()
        self._changed()
        return loaded

    def _write(
        self, number: int, at: dt.datetime, stages: Sequence[Stage], progress: Progress
    ) -> list[Loaded]:
        self._forget_touched()
        loaded = []
        for stage in stages:
            progress(stage.table)
            loaded.append(load(self.engine, stage, number))
        told: dict[str, dict[str, str]] = {}
        for stage in stages:
            for target, pairs in stage.links.items():
                told.setdefault(target, {}).update(pairs)
        progress("link")
        absences = mark(self.engine, number, stages, loaded)
        loaded = [replace(each, absent=a) for each, a in zip(loaded, absences, strict=True)]
        touched = {stage.table for stage in stages}
        if observe(self.engine, number, at, touched):
            touched.add("stage_change")
        for stage in stages:
            remember_key(self.engine, stage, number)
        relinked = link(self.engine, number, told)
        note_through(self.engine, touched, at.isoformat(" "), self.told_through)
        progress("flat")
        refresh(self.engine, touched, relinked)
        return loaded

    def _forget_touched(self) -> None:
        for name in TABLES:
            self.engine.execute(f"DROP TABLE IF EXISTS {schema.quoted('touched_' + name)}")

    def undo(
        self, number: int, replay: Sequence[tuple[int, dt.datetime, Callable[[], Sequence[Stage]]]]
    ) -> None:
        """Take import ``number`` back whole; ``replay`` has the later ones, in order.

        Versions alone would lose the rows that a later, unchanged export confirmed, so that all
        imports from this one on are taken back and the later ones loaded again from their stages.
        """
        with self.engine.transaction():
            self._roll_back(number)
            self.engine.execute("DELETE FROM meta.import WHERE number = ?", [number])
            for later, at, stages in replay:
                self._write(later, at, stages(), lambda _: None)
            self._rewrite()
            self._count()
        self._changed()

    def _roll_back(self, number: int) -> None:
        for name in TABLES:
            target = f"version.{schema.quoted(name)}"
            self.engine.execute(f"DELETE FROM {target} WHERE _import >= {number}")
            self.engine.execute(f"UPDATE {target} SET _until = NULL WHERE _until >= {number}")
        for name in ("gone", "link"):
            self.engine.execute(f"DELETE FROM meta.{name} WHERE since >= {number}")
            self.engine.execute(f"UPDATE meta.{name} SET until = NULL WHERE until >= {number}")
        self.engine.execute(f"DELETE FROM meta.key WHERE since >= {number}")
        quarantine.forget(self.engine, number)
        self.engine.execute("DELETE FROM meta.line WHERE import = ?", [number])
        forget_all(self.engine)
        self.engine.execute("UPDATE meta.origin SET through = NULL")
        self.engine.execute("DELETE FROM meta.filled")

    def _rewrite(self) -> None:
        """Everything that is worked out, anew, from the versions that remain."""
        self._forget_touched()
        filled = {
            name
            for name in TABLES
            if self.engine.value(f"SELECT count(*) FROM version.{schema.quoted(name)}")
        }
        last = self.engine.rows(
            "SELECT number, made_at FROM meta.import ORDER BY number DESC LIMIT 1"
        )
        number, at = last[0] if last else (0, dt.datetime.now())
        link(self.engine, number, {})
        note_through(self.engine, filled, at.isoformat(" "), self.told_through)
        drop_all(self.engine)
        refresh(self.engine, filled, set())

    def replay(
        self,
        number: int,
        imports: Sequence[tuple[str, int, dt.datetime, Callable[[], Sequence[Stage]]]],
        keep: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Load imports from ``number`` on again: the database lacks some of them.

        ``keep`` brings back what is kept beside an import's rows.
        """
        with self.engine.transaction():
            self._roll_back(number)
            self.engine.execute("DELETE FROM meta.import WHERE number >= ?", [number])
            for identifier, later, at, stages in imports:
                self._write(later, at, stages(), lambda _: None)
                self.engine.execute(
                    "INSERT INTO meta.import VALUES (?, ?, ?, '{}')", [later, identifier, at]
                )
                keep(later)
            self._rewrite()
            self._count()
        self._changed()

    def imports(self) -> list[tuple[int, str, dt.datetime, dict[str, Any]]]:
        """The imports in force: number, id, when, report."""
        rows = self.engine.rows(
            "SELECT number, id, made_at, report FROM meta.import ORDER BY number"
        )
        return [(number, name, at, json.loads(report)) for number, name, at, report in rows]

    # -- reading ---------------------------------------------------------------------------------

    def present(self) -> Present:
        """What the workspace holds, by table and column."""
        if self._present is None:
            self._present = present(self.engine)
        return self._present

    def changes(self, name: str) -> list[tuple[int, dt.datetime]]:
        """The imports that changed a table's rows, in order: number, and when it was made."""
        return [
            (int(number), at)
            for number, at in self.engine.rows(
                f"""
                SELECT i.number, i.made_at FROM meta.import i
                WHERE i.number IN (SELECT _import FROM version.{schema.quoted(name)}
                                   UNION SELECT _until FROM version.{schema.quoted(name)})
                ORDER BY i.number
                """
            )
        ]

    def version(self) -> int:
        """A number that changes with each import and undo: the key of what is cached."""
        return self._version

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """One committed state of the data for the whole block, whatever is written meanwhile."""
        if not self._aside:
            # Grouped tables are made in a transaction of their own.
            self.group_all()
        self.engine.execute("BEGIN TRANSACTION")
        try:
            counted = self.engine.value("SELECT number FROM meta.counter")
            if counted != self._counted:
                self._changed()
                self._counted = counted
            yield
        finally:
            self._settled()

    @property
    def committed(self) -> int | None:
        """The number of the state that the last snapshot saw: it changes with each write."""
        return self._counted

    def _settled(self) -> None:
        """End a snapshot: what was worked out in it stays, unless the engine gave it up."""
        try:
            self.engine.execute("COMMIT")
        except duckdb.Error:
            with contextlib.suppress(duckdb.Error):
                self.engine.execute("ROLLBACK")
            self._changed()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """What is written in the block, beside imports: whole or not at all; readers are told."""
        with self.engine.transaction():
            yield
            self._count()
        self._changed()

    def _count(self) -> None:
        """Tell the readers, in the writer's own transaction, that the data change."""
        self.engine.execute("UPDATE meta.counter SET number = number + 1")

    def group_all(self) -> None:
        """Make the grouped tables that an import has outdated, so that no reader has to."""
        for name in GROUPED:
            self.relation(name, NOW)

    def _changed(self) -> None:
        """Drop all that was worked out from the data as they were."""
        self._version += 1
        self._present = None
        own = [name for place, name in self._grouped.values() if place == "temp"]
        for name in (*self._clocks.values(), *own):
            self.engine.execute(f"DROP TABLE IF EXISTS temp.{schema.quoted(name)}")
        self._flats.clear()
        self._grouped.clear()
        self._clocks.clear()

    def relation(self, name: str, clock: Clock) -> tuple[str, str] | None:
        """The schema and table to read ``name`` from under a clock; None where there is no row.

        A past clock is kept as temporary tables, made when first asked for.
        """
        base = GROUPED[name].of if name in GROUPED else name
        if not self.present().has(base):
            return None
        if clock.is_now:
            if name in GROUPED and name not in self._grouped:
                self._grouped[name] = self._group(name)
            return self._grouped.get(name, ("flat", name))
        if (clock, name) not in self._clocks:
            self._clocks[clock, name] = self._past(name, clock)
        return "temp", self._clocks[clock, name]

    def _group(self, name: str) -> tuple[str, str]:
        """A grouped table that is up to date, a reader's own where an import outdated it.

        Made in the database by a reader, it would meet the import that is being written.
        """
        if not self._aside:
            ensure_grouped(self.engine, name)
            return "flat", name
        if is_fresh(self.engine, name):
            return "flat", name
        group = GROUPED[name]
        query = grouped_query(group, stored("flat", group.of), set(dimensions(group.of)))
        table = schema.quoted(f"{name}_now")
        self.engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS {query.sql(self.engine.dialect)}"
        )
        return "temp", f"{name}_now"

    def answer(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        lent: Mapping[str, pa.Table],
        *,
        large: bool = False,
    ) -> pa.Table:
        """Run a compiled query, with tables lent to it. ``large``: it may answer many rows."""
        for name, table in lent.items():
            self.engine.connection.register(name, table)
        try:
            ask = self.engine.run if large else self.engine.ask
            return ask(sql, dict(parameters) or None)
        finally:
            for name in lent:
                self.engine.connection.unregister(name)

    def _past(self, name: str, clock: Clock) -> str:
        table = f"{name}_at_{len(self._clocks)}"
        self._resolved_at(clock)
        if name in GROUPED:
            group = GROUPED[name]
            source = self.relation(group.of, clock)
            assert source is not None
            query = grouped_query(group, stored(*source), set(dimensions(group.of)))
            sql, used = query.sql(self.engine.dialect), set[str]()
        else:
            sql, used = self._flat_at(name, clock)
        told = {"as_of": clock.instant, "known_at": clock.known_at}
        self.engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {schema.quoted(table)} AS {sql}",
            {each: told[each] for each in used} or None,
        )
        return table

    def _flat_at(self, name: str, clock: Clock) -> tuple[str, set[str]]:
        """The query of a flat table under a clock of this kind, and the parameters it takes."""
        kind = (name, clock.as_of is None, clock.known_at is None, clock.fallback)
        if kind not in self._flats:
            query = flat_query(name, self.present(), clock)
            used = {str(each.name) for each in query.find_all(exp.Placeholder)}
            self._flats[kind] = query.sql(self.engine.dialect), used
        return self._flats[kind]

    def _resolved_at(self, clock: Clock) -> None:
        """What references meant then: the links known then, today's where none were."""
        if clock.known_at is None:
            return
        at = clock.known_at
        self.engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE resolved_at AS
            SELECT r.id, coalesce(l.row, r.key) AS key, r.label FROM meta.resolved r
            LEFT JOIN (SELECT reference, row FROM meta.link
                       WHERE since <= {at} AND (until IS NULL OR until > {at})) l
              ON l.reference = r.id
            """
        )

    def close(self) -> None:
        """Give the file back."""
        self.engine.close()
