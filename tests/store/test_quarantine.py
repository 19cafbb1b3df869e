"""Rows set apart are kept whole, come back as their file would have had them, and are undone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jalon.intake.map_file import parse
from jalon.intake.pipeline import Brief
from jalon.intake.rules import Rule
from jalon.workspace import Workspace, open_workspace

DEALS = """Référence;Affaire;Compte;Issue;Montant;Créée le
d1;A;C1;won;1 000,50;13/01/2025
d2;B;C2;lost;voir devis;14/01/2025
d3;C;C3;won;NC;03/02/2025
d4;D;C3;won;12,25;pas de date
Total;;;;1 012,75;
"""
GOOD = "".join(f"g{n};G{n};C{n};won;{n}0,00;{n}/01/2025\n" for n in range(10, 25))
DEALS = DEALS.replace("Total;", GOOD + "Total;")
TOTAL = DEALS.count("\n")


@pytest.fixture
def held(tmp_path: Path) -> Any:
    found = open_workspace(tmp_path / "w", create=True)
    yield found
    found.close()


def brought(
    held: Workspace, write: Callable[[str, str], Path], text: str = DEALS, **more: Any
) -> str:
    done = held.import_([write("deal.csv", text)], **more)
    assert done.import_id
    return done.import_id


def amounts(held: Workspace, table: str = "deal") -> dict[str, Any]:
    rows = held.store.engine.rows(
        f"SELECT source_id, amount FROM version.{table} WHERE _until IS NULL"
    )
    return dict(rows)


def states(held: Workspace) -> dict[int, str]:
    rows = held.quarantine.rows(states=("waiting", "corrected", "replaced", "left_out"))
    return {each.row or 0: each.state for each in rows}


def test_a_row_is_kept_whole_with_its_reason_and_where_it_comes_from(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    number = brought(held, write)
    found = {each.row: each for each in held.quarantine.rows(number)}
    assert sorted(found) == [3, 5]
    row = found[3]
    assert (row.file, row.table, row.key, row.state) == ("deal.csv", "deal", "d2", "waiting")
    assert (row.header, row.value, row.reason) == ("Montant", "voir devis", "unreadable_cell")
    assert row.cells == {
        "Référence": "d2",
        "Affaire": "B",
        "Compte": "C2",
        "Issue": "lost",
        "Montant": "voir devis",
        "Créée le": "14/01/2025",
    }
    assert states(held)[TOTAL] == "left_out"


def test_corrected_rows_are_an_import_of_their_own_that_is_undone(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    number = brought(held, write)
    rows = {each.row: each.number for each in held.quarantine.rows(number)}
    done = held.quarantine.reload(number, {rows[3]: {"Montant": "2 000,10"}})
    assert done and done.import_id and done.files[0].file == "quarantaine de deal.csv"
    assert amounts(held)["d2"] == Decimal("2000.10")
    assert states(held)[3] == "corrected" and states(held)[5] == "waiting"
    assert done.files[0].rows_quarantined == len(rows) - 1
    assert held.imports()[-1].files == ("quarantaine de deal.csv",)
    held.undo(done.import_id)
    assert "d2" not in amounts(held)
    assert states(held)[3] == "waiting"
    held.undo(number)
    assert states(held) == {}


def test_a_row_that_is_still_wrong_waits_with_its_new_reason(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    number = brought(held, write)
    row = next(each for each in held.quarantine.rows(number) if each.row == 5)
    done = held.quarantine.reload(
        number, {row.number or 0: {"Créée le": "04/02/2025", "Montant": "abc"}}, [row.number or 0]
    )
    assert done and done.import_id is None and len(held.imports()) == 1
    again = next(each for each in held.quarantine.rows(number) if each.row == 5)
    assert (again.header, again.value) == ("Montant", "abc")
    assert again.said == {"Créée le": "04/02/2025", "Montant": "abc"}
    assert again.cells and again.cells["Montant"] == "12,25"


def test_a_row_left_out_waits_no_more(held: Workspace, write: Callable[[str, str], Path]) -> None:
    number = brought(held, write)
    rows = [each.number or 0 for each in held.quarantine.rows(number)]
    assert held.quarantine.leave_out(number, rows) == len(rows)
    assert held.quarantine.rows(number) == [] and held.pending()[0].rows == 0
    assert held.quarantine.reload(number) is None
    assert held.quarantine.wait_again(number, rows[:1]) == 1
    brought(held, write)
    assert [each.row for each in held.quarantine.rows()] == [3]


def test_the_same_export_come_again_does_not_wait_twice(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    first = brought(held, write)
    waiting = len(held.quarantine.rows())
    second = brought(held, write)
    assert len(held.quarantine.rows()) == len(held.quarantine.rows(second)) == waiting
    third = brought(held, write, DEALS.replace("voir devis", "7"))
    assert 3 not in {each.row for each in held.quarantine.rows()}
    for each in (third, second):
        held.undo(each)
    assert len(held.quarantine.rows(first)) == waiting


def test_an_equal_row_without_an_id_is_one_more(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    text = "Affaire;Compte;Issue;Montant;Créée le\n"
    text += "A;C;won;10;13/01/2025\nA;C;won;10;13/01/2025\nA;C;won;dix;13/01/2025\n"
    text += "".join(f"{n};C;won;{n};{n}/01/2025\n" for n in range(10, 25))
    number = brought(held, write, text)
    row = held.quarantine.rows(number)[0]
    done = held.quarantine.reload(number, {row.number or 0: {"Montant": "10"}})
    assert done and done.files[0].rows_added == 1
    whole = held.import_([write("deal.csv", text.replace("dix", "10"))])
    assert (whole.files[0].rows_added, whole.files[0].rows_unchanged) == (0, 18)


def test_a_key_that_its_file_has_already_is_not_overwritten(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    text = DEALS.replace("d3;C", "d1;C").replace("NC", "30")
    mapped = "files: [{file: '*', table: deal, columns: {Référence: source_id}}]"
    number = brought(held, write, text, brief=Brief(map_file=parse(mapped)))
    row = next(each for each in held.quarantine.rows(number) if each.reason == "key_twice")
    assert row.cells and row.cells["Affaire"] == "C"
    done = held.quarantine.reload(number, {}, [row.number or 0])
    assert done and done.import_id is None
    assert amounts(held)["d1"] == Decimal("1000.50")
    done = held.quarantine.reload(number, {row.number or 0: {"Référence": "d9"}}, [row.number or 0])
    assert done and amounts(held)["d9"] == 30


def test_an_order_line_joins_the_lines_taken_in(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    text = "Commande;Client;Date;Montant\nf1;C;13/01/2025;10,10\nf1;C;13/01/2025;NC1\n"
    text += "f1;C;13/01/2025;2,20\nf2;D;14/01/2025;5\n"
    text += "".join(f"h{n};D;14/01/2025;5\n" for n in range(20))
    mapped = (
        "files:\n- file: '*'\n  table: invoice\n  lines: true\n  columns: {Commande: source_id, "
    )
    mapped += "Client: account, Date: happened_at, Montant: amount}\n"
    number = brought(held, write, text, brief=Brief(map_file=parse(mapped)))
    row = held.quarantine.rows(number)[0]
    done = held.quarantine.reload(number, {row.number or 0: {"Montant": "100,05"}})
    assert done and amounts(held, "invoice")["f1"] == Decimal("112.35")
    assert (done.files[0].rows_read, done.files[0].rows_updated) == (1, 1)
    assert done.files[0].sums == {"amount": "100.05"}


def test_a_rule_holds_for_the_rows_that_wait_and_for_later_imports(
    held: Workspace, write: Callable[[str, str], Path]
) -> None:
    text = DEALS.replace(";NC;", ";à voir;")
    number = brought(held, write, text)
    row = next(each for each in held.quarantine.rows(number) if each.row == 4)
    rule = Rule(source=row.source or "", table="deal", header="Montant", values=("à voir",))
    held.quarantine.add_rule(rule)
    done = held.quarantine.reload(number)
    assert done and amounts(held)["d3"] is None and states(held)[4] == "corrected"
    later = held.import_([write("deal.csv", text.replace("d3;", "d7;"))])
    assert {each.where.row for each in later.files[0].quarantine} == {3, 5, TOTAL}
    held.quarantine.drop_rule(rule)
    assert held.quarantine.rules().empty == ()


def test_an_older_workspace_still_tells_what_waits(tmp_path: Path, write: Any) -> None:
    held = open_workspace(tmp_path / "w", create=True)
    brought(held, write)
    held.store.engine.execute(
        "CREATE OR REPLACE TABLE meta.quarantine AS SELECT import, file, sheet, "
        '"table", row, header, value, reason, facts FROM meta.quarantine'
    )
    held.close()
    held = open_workspace(tmp_path / "w")
    rows = held.quarantine.rows()
    assert len(rows) >= 3 and rows[0].cells is None and rows[0].state == "waiting"
    assert held.quarantine.reload(held.imports()[0].import_id) is None
    held.close()
