"""The embedded engine: DuckDB in a file or in memory, closed to the outside."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Self

import duckdb
import pyarrow as pa

# The copy that it warns of is of a few thousand rows; the other way binds each query twice.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")

#: What the engine raises: callers turn it into a sentence of their own.
EngineError = duckdb.Error
OutOfMemory = duckdb.OutOfMemoryException

#: Parsed statements kept by a connection, at most.
STATEMENTS = 512

_spills = itertools.count(1)

Parameters = Sequence[Any] | dict[str, Any] | None

#: Of the whole database: set once, since a connection beside may open while another writes.
SETTINGS = (
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "preserve_insertion_order = true",
)


class DuckDB:
    """One connection to a DuckDB database.

    Nothing is fetched or loaded from outside: no extension, no network. Errors are DuckDB's own
    (``duckdb.Error``): callers know what they asked and say it in the user's words.
    """

    dialect = "duckdb"
    lacks: frozenset[str] = frozenset()

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._kept: dict[str, pa.Table] = {}
        self._parsed: dict[str, duckdb.Statement] = {}
        self.execute("SET enable_progress_bar = false")

    @classmethod
    def memory(cls, *, memory_limit: str | None = None) -> Self:
        """A database that lives as long as this object; what exceeds its memory goes to the
        system's temporary folder."""
        engine = cls._settled(duckdb.connect(":memory:"))
        folder = Path(gettempdir()) / f"jalon-{os.getpid()}-{next(_spills)}"
        engine.execute(f"SET temp_directory = '{str(folder).replace(chr(39), chr(39) * 2)}'")
        return engine._limited(memory_limit)

    @classmethod
    def open(cls, path: Path, *, memory_limit: str | None = None) -> DuckDB:
        """The database of that file, made where there is none."""
        return cls._settled(duckdb.connect(str(path)))._limited(memory_limit)

    def _limited(self, memory: str | None) -> Self:
        if memory:
            self.execute(f"SET memory_limit = '{memory.replace(chr(39), '')}'")
        return self

    @classmethod
    def _settled(cls, connection: duckdb.DuckDBPyConnection) -> Self:
        engine = cls(connection)
        for each in SETTINGS:
            engine.execute(f"SET {each}")
        return engine

    def beside(self) -> DuckDB:
        """Another connection to the same open database, for another thread.

        It has its own transactions and temporary tables.
        """
        return DuckDB(self.connection.cursor())

    def execute(self, sql: str, parameters: Parameters = None) -> None:
        """Run a statement whose answer does not matter."""
        self.connection.execute(sql, parameters)

    def run(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The answer of a query, as an Arrow table."""
        return self.connection.sql(sql, params=parameters).to_arrow_table()

    def ask(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The answer of a query asked often and answered in few rows: it is parsed once."""
        parsed = self._parsed.get(sql)
        if parsed is None:
            if len(self._parsed) >= STATEMENTS:
                self._parsed.pop(next(iter(self._parsed)))
            (parsed,) = self.connection.extract_statements(sql)
            self._parsed[sql] = parsed
        return self.connection.execute(parsed, parameters).to_arrow_table()

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """The answer of a small query, as tuples."""
        return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The single value of a query, or None where it has no row."""
        # All rows are fetched: an answer left unfinished keeps the tables lent to it.
        rows = self.connection.execute(sql, parameters).fetchall()
        return rows[0][0] if rows else None

    @contextmanager
    def lend(self, name: str, table: pa.Table) -> Iterator[str]:
        """An Arrow table under a name, for the statements inside the block."""
        self.connection.register(name, table)
        try:
            yield name
        finally:
            self.connection.unregister(name)

    def keep(self, name: str, table: pa.Table) -> None:
        """An Arrow table under a name, read where it lies until it is freed."""
        self.connection.register(name, table)
        self._kept[name] = table

    def kept(self, name: str) -> pa.Table | None:
        """The Arrow table kept under that name; None where there is none."""
        return self._kept.get(name)

    def free(self, name: str) -> None:
        """Forget a table kept or a temporary one; nothing where there is none."""
        if self._kept.pop(name, None) is not None:
            self.connection.unregister(name)
        else:
            self.execute(f"DROP TABLE IF EXISTS {name}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All the statements of the block, or none of them."""
        self.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    @contextmanager
    def unordered(self) -> Iterator[None]:
        """Statements of the block may write rows in any order: faster where order means nothing.

        The setting is the database's, so that other connections read in any order too meanwhile:
        whatever shows rows sorts them.
        """
        self.execute("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            self.execute("SET preserve_insertion_order = true")

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()
