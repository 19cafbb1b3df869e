"""What tells a row from the others, and knows it again in the next export of the same source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jalon
from jalon.intake.keys import Candidates, choose
from jalon.model.tables import TABLES
from jalon.store.keys import UNTOLD, Key

Write = Callable[..., Path]
Make = Callable[..., jalon.Workspace]


def key(done: Any) -> tuple[list[str], str]:
    found = done.record["files"][0]["key"]
    return found["columns"], found["how"]


def counts(done: Any) -> tuple[int, ...]:
    each = done.record["files"][0]
    names = ("added", "updated", "unchanged", "quarantined")
    assert each["rows_read"] == sum(each[f"rows_{name}"] for name in names)
    return tuple(each[f"rows_{name}"] for name in names)


def codes(done: Any) -> list[str]:
    return [note.code for note in done.report.files[0].notes]


def test_an_identifier_is_the_key_and_is_shown(workspace: Make, write: Write) -> None:
    done = workspace().import_(write("affaires.csv", "N° affaire;Nom;Montant\n1;A;10\n2;A;20\n"))
    assert key(done) == (["N° affaire"], "source_id")


def test_without_an_identifier_the_columns_that_name_a_row_know_it_again(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    first = "Nom de l'affaire;Client;Montant\nA;C1;10\nA;C2;20\n"
    done = world.import_(write("affaires.csv", first))
    assert key(done) == (["Nom de l'affaire", "Client"], "natural")
    done = world.import_(write("affaires.csv", first.replace("C2;20", "C2;25")))
    assert counts(done) == (0, 1, 1, 0)


def test_rows_that_no_column_names_are_known_by_their_content(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    rows = "Nom de l'affaire;Client;Montant\nA;C1;10\nA;C1;10\n;C2;20\n"
    done = world.import_(write("affaires.csv", rows))
    assert (key(done), counts(done)) == (([], "digest"), (3, 0, 0, 0))
    assert counts(world.import_(write("affaires.csv", rows))) == (0, 0, 3, 0)


def test_a_key_never_changes_because_a_later_file_looks_otherwise(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    head = "Nom de l'affaire;Client;Montant\n"
    world.import_(write("affaires.csv", f"{head}A;C1;10\nA;C1;10\n"))
    done = world.import_(write("affaires.csv", f"{head}A;C1;10\nB;C1;10\n"))
    assert key(done)[1] == "digest"
    assert counts(done) == (1, 0, 1, 0)


def test_a_kept_key_that_repeats_is_said_and_sets_the_rows_aside(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    head = "Nom de l'affaire;Client;Montant\n"
    world.import_(write("affaires.csv", f"{head}A;C1;10\nB;C1;10\n"))
    done = world.import_(write("affaires.csv", f"{head}A;C1;10\nA;C1;30\nB;C1;10\n"))
    assert (key(done)[1], counts(done)) == ("natural", (0, 0, 2, 1))
    assert "key_not_unique" in codes(done)


def test_an_identifier_that_appears_does_not_double_the_rows(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("affaires.csv", "Nom de l'affaire;Client;Montant\nA;C1;10\nB;C1;10\n"))
    more = "N° affaire;Nom de l'affaire;Client;Montant\n1;A;C1;10\n2;B;C1;15\n"
    done = world.import_(write("affaires.csv", more))
    assert (key(done)[1], counts(done)) == ("natural", (0, 1, 1, 0))


def test_an_identifier_that_disappears_is_said(workspace: Make, write: Write) -> None:
    world = workspace()
    head = "N° affaire;Nom de l'affaire;Client;Montant\n"
    world.import_(write("affaires.csv", f"{head}1;A;C1;10\n2;B;C1;15\n"))
    done = world.import_(write("affaires.csv", "Nom de l'affaire;Client;Montant\nA;C1;10\n"))
    assert "key_changed" in codes(done)


def test_a_key_declared_once_is_kept(workspace: Make, write: Write) -> None:
    world = workspace()
    rows = "N° affaire;Dossier;Montant\n1;X;10\n2;Y;20\n"
    told = "files:\n- {file: affaires.csv, table: deal, key: [Dossier]}\n"
    done = world.import_(write("affaires.csv", rows), map=write("map.yaml", told))
    assert key(done) == (["Dossier"], "declared")
    again = world.import_(write("affaires.csv", rows.replace("1;X;10", "9;X;11")), table="deal")
    assert (key(again), counts(again)) == ((["Dossier"], "declared"), (0, 1, 1, 0))
    world.undo(str(done.import_id)), world.undo(str(again.import_id))
    assert key(world.import_(write("affaires.csv", rows), table="deal"))[1] == "source_id"


def test_an_edited_invoice_without_number_is_no_natural_row(workspace: Make, write: Write) -> None:
    rows = "Client;Date;Montant HT\nC1;01/02/2026;10\nC2;13/02/2026;20\n"
    done = workspace().import_(write("factures.csv", rows))
    assert key(done) == ([], "digest")


def test_two_files_of_one_name_are_two_imports(workspace: Make, write: Write) -> None:
    world = workspace()
    head = "source_id,name,amount\n"
    north = write("nord/deal.csv", f"{head}1,A,10\n2,B,20\n")
    south = write("sud/deal.csv", f"{head}3,C,30\n")
    assert counts(world.import_(north)) == (2, 0, 0, 0)
    done = world.import_(south)
    assert counts(done) == (1, 0, 0, 0)
    assert "rows_absent" not in codes(done)
    engine = world._door.store.engine
    assert engine.value("SELECT count(*) FROM flat.deal") == 3
    both = workspace("both").import_([north.parent.parent])
    assert sorted(each["rows_added"] for each in both.record["files"]) == [1, 2]
    told = workspace("sources")
    (
        told.import_(north, source="nord"),
        told.import_(write("sud/deal.csv", north.read_text()), source="sud"),
    )
    assert told._door.store.engine.value("SELECT count(*) FROM flat.deal") == 4


def candidates(unique: bool, **fields: int) -> Candidates:
    headers = [f"c{n}" for n in range(9)]
    columns = {name: (place,) for name, place in fields.items()}
    return Candidates("account", headers, columns, lambda _: unique)


@pytest.mark.parametrize(
    ("known", "expected"),
    [(None, ("siret",)), (Key(UNTOLD), ("name",)), (Key("natural", ("siren",)), ("siren",))],
)
def test_rows_of_before_keys_were_kept_are_known_as_they_were(
    known: Key | None, expected: tuple[str, ...]
) -> None:
    found = candidates(True, name=0, siret=1, siren=2)
    assert choose(found, known).names == expected


def test_the_combinations_are_columns_of_their_tables() -> None:
    from jalon.intake.keys import COMBINATIONS, FORMER  # noqa: PLC0415

    for tried in (COMBINATIONS, FORMER):
        for table, several in tried.items():
            assert all(name in TABLES[table] for names in several for name in names)
