"""A workspace made before the model gained columns opens, answers and takes imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

import jalon

Write = Callable[..., Path]
CONTACTS = "source_id,name,email\nc1,Ann,a@b.fr\nc2,Bob,b@@\n"


def narrowed(path: Path) -> None:
    """The database as an earlier model made it: without the columns of the checks."""
    with duckdb.connect(str(path)) as base:
        base.execute("DROP VIEW flat.contact")
        for name in ("email_normal", "email_state"):
            base.execute(f"ALTER TABLE version.contact DROP COLUMN {name}")
            base.execute(f"ALTER TABLE current.contact DROP COLUMN {name}")
        base.execute("CREATE VIEW flat.contact AS FROM current.contact")
        base.execute("DELETE FROM meta.filled WHERE starts_with(\"column\", 'email_')")


def test_columns_that_the_model_has_gained_are_added_at_opening(tmp_path: Path, write: Write):
    folder = tmp_path / "jalon-data"
    with jalon.open(folder) as world:
        world.import_(write("contact.csv", CONTACTS))
    narrowed(folder / "jalon.duckdb")
    with jalon.open(folder) as world:
        engine = world._door.store.engine
        read = "SELECT name, email, email_state FROM flat.contact ORDER BY source_id"
        assert engine.rows(read) == [("Ann", "a@b.fr", None), ("Bob", "b@@", None)]
        done = world.import_(write("contact.csv", CONTACTS))
        assert done.record["files"][0]["rows_updated"] == 2
        assert engine.rows(read) == [("Ann", "a@b.fr", "valid"), ("Bob", "b@@", "invalid")]
    with jalon.open(folder) as world:
        world.undo(done.record["import_id"])
        assert world._door.store.engine.rows(read)[0] == ("Ann", "a@b.fr", None)


def test_what_the_model_works_out_anew_is_there_once_a_workspace_is_opened(
    tmp_path: Path, write: Write
):
    folder = tmp_path / "jalon-data"
    rows = "source_id,outcome,amount,closed_at\nd1,won,4000,2025-01-05\nd2,lost,9000,2025-01-06\n"
    with jalon.open(folder) as world:
        world.import_(write("deal.csv", rows))
    with duckdb.connect(str(folder / "jalon.duckdb")) as base:
        base.execute("DROP VIEW flat.deal")
        base.execute("ALTER TABLE current.deal DROP COLUMN amount_band")
        base.execute("CREATE VIEW flat.deal AS FROM current.deal")
        base.execute("UPDATE meta.model SET digest = 'of an earlier model'")
    for _ in range(2):
        with jalon.open(folder) as world:
            found = world.measure("win_rate", by="amount_band").to_arrow()
            assert found.num_rows == 2
