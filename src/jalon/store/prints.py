"""Rows whose text has not changed since the last import of the same source, known before typing.

Of the last file that a source brought to a table, a digest of each row's cells is kept by its key.
When the same export comes back under the same mapping, the rows whose digest stands need not be
typed, compared nor kept again: they are confirmed, and the import's stage rests on the former one.
Anything else that writes to that table for that source, an undo too, drops the digests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from jalon.engines.duckdb import DuckDB
from jalon.store.schema import quoted
from jalon.store.stage import Stage

#: Below this share of rows unchanged, comparing them all costs no more.
WORTH = 0.5


def narrow(engine: DuckDB, stages: Sequence[Stage]) -> list[Stage]:
    """The stages without the rows that are known to be unchanged, where that is worth it.

    Two stages of one table and source are left whole: one may change what the other confirms.
    """
    several = Counter((each.table, each.origin) for each in stages)
    return [
        _narrowed(engine, each) if several[each.table, each.origin] == 1 else each
        for each in stages
    ]


def _narrowed(engine: DuckDB, stage: Stage) -> Stage:
    former = _former(engine, stage) if stage.signature else None
    if former is None:
        return stage
    same = f"same_{stage.relation}"
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(same)} AS SELECT p._line, p.source_id, p.key "
        f"FROM {quoted(stage.prints)} p JOIN meta.fingerprint f "
        f"ON f.set = {former[0]} AND f.key = p.key AND f.print = p.print"
    )
    keys, rows = engine.rows(f"SELECT count(DISTINCT key), count(*) FROM {quoted(stage.prints)}")[0]
    confirmed = int(engine.value(f"SELECT count(*) FROM {quoted(same)}"))
    # A key that stands twice in a file is for the whole comparison to judge.
    if keys != rows or confirmed < WORTH * rows:
        return stage
    rest = quoted(f"rest_{stage.relation}")
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {rest} AS "
        f"SELECT t.* FROM {quoted(stage.text)} t ANTI JOIN {quoted(same)} s USING (_line)"
    )
    engine.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(stage.rows)} AS FROM {rest}")
    return replace(stage, confirmed=confirmed, rests_on=former[1], keys=same)


def _former(engine: DuckDB, stage: Stage) -> tuple[int, str] | None:
    found = engine.rows(
        'SELECT id, place FROM meta.print_set WHERE "table" = ? AND origin = ? AND signature = ?',
        [stage.table, stage.origin, stage.signature],
    )
    return (int(found[0][0]), str(found[0][1])) if found else None


def remember(engine: DuckDB, stage: Stage, *, unique: bool) -> None:
    """Keep the digests of a stage just loaded, in the import's transaction.

    ``unique``: no key of it came twice; else nothing is kept.
    """
    former = _former(engine, stage) if stage.rests_on else None
    if former is None:
        _forget(engine, stage)
    if not (stage.signature and stage.place and unique):
        return
    if former is None:
        number = int(engine.value("SELECT coalesce(max(id), 0) + 1 FROM meta.print_set"))
        engine.execute(
            "INSERT INTO meta.print_set VALUES (?, ?, ?, ?, ?)",
            [number, stage.table, stage.origin, stage.signature, stage.place],
        )
    else:
        number = former[0]
        engine.execute(
            f"DELETE FROM meta.fingerprint WHERE set = {number} "
            f"AND key NOT IN (SELECT key FROM {quoted(stage.keys)})"
        )
        engine.execute("UPDATE meta.print_set SET place = ? WHERE id = ?", [stage.place, number])
    engine.execute(
        f"INSERT INTO meta.fingerprint SELECT {number}, p.key, p.print "
        f"FROM {quoted(stage.prints)} p SEMI JOIN {quoted(stage.relation)} s USING (_line)"
    )


def _forget(engine: DuckDB, stage: Stage) -> None:
    where = 'SELECT id FROM meta.print_set WHERE "table" = $table AND origin = $origin'
    named = {"table": stage.table, "origin": stage.origin}
    engine.execute(f"DELETE FROM meta.fingerprint WHERE set IN ({where})", named)
    engine.execute(f"DELETE FROM meta.print_set WHERE id IN ({where})", named)


def forget_all(engine: DuckDB) -> None:
    """Drop all digests: the rows that they speak of are being taken back."""
    engine.execute("DELETE FROM meta.fingerprint")
    engine.execute("DELETE FROM meta.print_set")
