"""The definitions by which figures were measured, each version kept as it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

_META = sa.MetaData()
_DEFINITION = sa.Table(
    "definition",
    _META,
    sa.Column("kpi", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)


@dataclass(frozen=True)
class Kept:
    """A version of a KPI: the ``digest`` of its meaning, the definition as JSON, since when."""

    kpi: str
    version: int
    digest: str
    content: str
    at: dt.datetime


class Definitions:
    """The versions that a workspace has measured by. ``path``: of its state."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)

    def kept(self) -> list[Kept]:
        """Every version, the oldest of each KPI first."""
        order = (_DEFINITION.c.kpi, _DEFINITION.c.version)
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table(_DEFINITION.name):
                return []
            rows = connection.execute(sa.select(_DEFINITION).order_by(*order)).all()
        return [Kept(**row._mapping) for row in rows]

    def keep(self, found: Iterable[Kept]) -> None:
        """Keep new versions; one that another process has just kept stays as it is.

        Where nothing can be written (no room, no right), reading goes on: they are kept next time.
        """
        rows = [vars(each) for each in found]
        if rows:
            with suppress(sa.exc.OperationalError):
                _META.create_all(self._engine)
                with self._engine.begin() as connection:
                    connection.execute(_DEFINITION.insert().prefix_with("OR IGNORE"), rows)
