"""The journal of imports, outside the database file, so that a lost commit is noticed.

DuckDB opens in silence without its last commits when its write-ahead log was cut or deleted.
Each import is written here before it begins and marked when it is committed; at every start the
two are compared.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

_META = sa.MetaData()
_IMPORT = sa.Table(
    "import",
    _META,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
)

STARTED, COMMITTED, FAILED = "started", "committed", "failed"
UNDOING, UNDONE = "undoing", "undone"


@dataclass(frozen=True)
class Entry:
    """One import: ``number`` orders them, ``id`` names it to the user."""

    number: int
    id: str
    at: dt.datetime
    state: str
    files: tuple[str, ...]


class Journal:
    """The journal of one workspace."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
        _META.create_all(self._engine)

    def entries(self) -> list[Entry]:
        """All imports ever begun, in order."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_IMPORT).order_by(_IMPORT.c.number)).all()
        return [Entry(r.number, r.id, r.at, r.state, tuple(json.loads(r.files))) for r in rows]

    def start(self, identifier: str, at: dt.datetime, files: Sequence[str]) -> Entry:
        """Write that an import begins; its number is one more than any before."""
        with self._engine.begin() as connection:
            last = connection.execute(sa.select(sa.func.max(_IMPORT.c.number))).scalar() or 0
            entry = Entry(last + 1, identifier, at, STARTED, tuple(files))
            values = {**vars(entry), "files": json.dumps(list(files), ensure_ascii=False)}
            connection.execute(_IMPORT.insert().values(**values))
        return entry

    def mark(self, entry: Entry, state: str) -> Entry:
        """Write what became of an import."""
        with self._engine.begin() as connection:
            where = _IMPORT.c.number == entry.number
            connection.execute(_IMPORT.update().where(where).values(state=state))
        return replace(entry, state=state)
