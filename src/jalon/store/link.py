"""References become links: by key, else by name, else proposed to the user, never silently.

A row keeps each reference as it came; the table of links says what it points to, how it was
found and since which import. It is redone at each import, so that an account imported after its
deals is found.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from rapidfuzz import fuzz, process

from jalon.engines.duckdb import DuckDB
from jalon.model.tables import TABLES, Table
from jalon.relations.flat import folded
from jalon.store.schema import quoted
from jalon.store.standing import gone_tables, standing

PROBABLE = 86.0
#: The references that lead nowhere, and should: a client's own people at a meeting are no reps.
UNLINKED = (
    "FROM meta.reference r WHERE id NOT IN (SELECT reference FROM meta.link WHERE until IS NULL) "
    'AND target IN (SELECT "table" FROM meta.filled WHERE total > 0) AND id NOT IN '
    "(SELECT person FROM version.meeting_attendee WHERE side = 'theirs' AND person IS NOT NULL)"
)
MOST_COMPARED = 5_000


def link(engine: DuckDB, number: int, told: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Link all references anew, as import ``number``.

    ``told``: by target table, reference text to the key or name that the user says it stands for.
    Returns the tables that known references now resolve differently to.
    """
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE found "
        "(reference INTEGER, row BIGINT, how VARCHAR, score DOUBLE)"
    )
    targets = {row[0] for row in engine.rows("SELECT DISTINCT target FROM meta.reference")}
    for name in sorted(targets):
        _find(engine, TABLES[name], told.get(name, {}))
    _replace(engine, number)
    changed = _resolve(engine)
    _propose(engine, targets)
    return changed


def _find(engine: DuckDB, table: Table, told: Mapping[str, str]) -> None:
    rows = (
        f"(SELECT _row, _origin, source_id FROM version.{quoted(table.name)} WHERE _until IS NULL)"
    )
    refs = f"(FROM meta.reference WHERE target = '{table.name}')"
    if told:
        _find_told(engine, table, told)
    engine.execute(
        f"INSERT INTO found SELECT r.id, t._row, 'key', 1 FROM {refs} r "
        f"JOIN {rows} t ON t.source_id = r.text AND t._origin = r.origin "
        "WHERE r.id NOT IN (SELECT reference FROM found)"
    )
    engine.execute(
        f"INSERT INTO found SELECT r.id, min(t._row), 'key', 1 FROM {refs} r "
        f"JOIN {rows} t ON t.source_id = r.text "
        "WHERE r.id NOT IN (SELECT reference FROM found) GROUP BY r.id HAVING count(*) = 1"
    )
    if table.natural:
        engine.execute(
            f"INSERT INTO found SELECT r.id, min(t._row), 'name', 1 FROM {refs} r "
            f"JOIN ({_names(table)}) t ON t.folded = r.folded "
            "WHERE r.id NOT IN (SELECT reference FROM found) GROUP BY r.id HAVING count(*) = 1"
        )


def _names(table: Table) -> str:
    name = quoted(table.natural or "")
    return (
        f"SELECT _row, {name} AS name, {folded(name)} AS folded "
        f"FROM version.{quoted(table.name)} WHERE _until IS NULL"
    )


def _find_told(engine: DuckDB, table: Table, told: Mapping[str, str]) -> None:
    """What the user's mapping says comes first; a name that leads nowhere is left to the rest."""
    pairs = pa.table({"text": list(told), "stands": list(told.values())})
    natural = f"OR t.{quoted(table.natural)} = told.stands" if table.natural else ""
    with engine.lend("told", pairs):
        engine.execute(
            f"INSERT INTO found SELECT r.id, min(t._row), 'map', 1 FROM meta.reference r "
            f"JOIN told ON r.text = told.text JOIN version.{quoted(table.name)} t "
            f"ON t._until IS NULL AND (t.source_id = told.stands {natural}) "
            f"WHERE r.target = '{table.name}' GROUP BY r.id"
        )


def _replace(engine: DuckDB, number: int) -> None:
    """Write the links that differ from those in force; the former ones end with this import."""
    # What referred to a row that is gone still does, unless something else is found.
    engine.execute(
        "INSERT INTO found SELECT l.reference, l.row, l.how, l.score FROM meta.gone g "
        "JOIN meta.link l ON l.row = g.row AND l.until IS NULL JOIN meta.reference r "
        'ON r.id = l.reference AND r.target = g."table" '
        "WHERE g.until IS NULL AND l.reference NOT IN (SELECT reference FROM found)"
    )
    engine.execute(
        f"UPDATE meta.link SET until = {number} WHERE until IS NULL AND how <> 'map' "
        "AND (reference, row) NOT IN (SELECT (reference, row) FROM found)"
    )
    engine.execute(
        f"UPDATE meta.link SET until = {number} WHERE until IS NULL AND how = 'map' "
        "AND reference IN (SELECT f.reference FROM found f WHERE f.how = 'map' "
        "AND f.row <> meta.link.row)"
    )
    engine.execute(
        f"INSERT INTO meta.link SELECT reference, row, how, score, {number}, NULL FROM found "
        "WHERE reference NOT IN (SELECT reference FROM meta.link WHERE until IS NULL)"
    )


def _resolve(engine: DuckDB) -> set[str]:
    """What each reference means now: the linked row and its name, else a digest of its text."""
    gone = gone_tables(engine)
    labels = [
        f"SELECT '{name}' AS target, _row, {quoted(table.natural)} AS name "
        f"FROM version.{quoted(name)} WHERE {standing(name, name in gone)}"
        for name, table in TABLES.items()
        if table.natural
    ]
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE resolving AS
        SELECT r.id, r.target, coalesce(l.row, -(hash(r.folded) >> 1)::BIGINT) AS key,
               coalesce(n.name, r.text) AS label
        FROM meta.reference r
        LEFT JOIN meta.link l ON l.reference = r.id AND l.until IS NULL
        LEFT JOIN ({" UNION ALL ".join(labels)}) n ON n.target = r.target AND n._row = l.row
        """
    )
    changed = engine.rows(
        "SELECT DISTINCT n.target FROM resolving n JOIN meta.resolved o USING (id) "
        "WHERE n.key <> o.key OR n.label IS DISTINCT FROM o.label"
    )
    sizes = engine.rows(
        "SELECT (SELECT count(*) FROM resolving), (SELECT count(*) FROM meta.resolved)"
    )
    if changed or sizes[0][0] != sizes[0][1]:
        engine.execute("DELETE FROM meta.resolved")
        engine.execute("INSERT INTO meta.resolved SELECT id, key, label FROM resolving")
    return {row[0] for row in changed}


def _propose(engine: DuckDB, targets: set[str]) -> None:
    """Unlinked references beside the names they resemble, for the user to decide."""
    engine.execute("DELETE FROM meta.proposal")
    for name in sorted(targets):
        table = TABLES[name]
        if table.natural:
            _propose_names(engine, table)


def _propose_names(engine: DuckDB, table: Table) -> None:
    unlinked = engine.rows(
        "SELECT DISTINCT text FROM meta.reference WHERE target = ? AND id NOT IN "
        "(SELECT reference FROM meta.link WHERE until IS NULL) LIMIT ?",
        [table.name, MOST_COMPARED],
    )
    names = [row[0] for row in engine.rows(f"SELECT DISTINCT name FROM ({_names(table)})")]
    names = [each for each in names if each]
    if not names or not unlinked or len(names) * len(unlinked) > MOST_COMPARED**2:
        return
    tight = [_tight(name) for name in names]
    for (text,) in unlinked:
        best = process.extractOne(_tight(text), tight, scorer=fuzz.ratio, score_cutoff=PROBABLE)
        # An equal name that did not link stands for several rows: there is nothing to propose.
        if best and names[best[2]].casefold() != text.casefold():
            engine.execute(
                "INSERT INTO meta.proposal VALUES (?, ?, ?, ?)",
                [table.name, text, names[best[2]], best[1] / 100],
            )


def _tight(text: str) -> str:
    """Letters and figures only: ``GTX Pro`` and ``GTXPro`` are then the same."""
    return "".join(each for each in text.casefold() if each.isalnum())
