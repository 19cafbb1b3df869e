"""Rows that go on with the row above, as Odoo writes records with several children."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import jalon
from jalon.intake.shapes.continuation import recognises

Write = Callable[[str, str], Path]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def adds_up(each: dict[str, Any]) -> None:
    became = [each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined")]
    assert each["rows_read"] == sum(became), each


ORDERS = """\
Référence de la commande;Client;Date;Lignes de commande/Produit;Lignes de commande/Sous-total
S001;Menuiserie Aubin;15/01/2026;Bois;100,50
;;;Vis;20,00
;;;Colle;5,25
S002;Transports Borel;20/01/2026;Pneus;400,00
S003;Café de l'Été;25/01/2026;Tasses;30,00
;;;Cuillères;12,00
"""
MEETINGS = """\
ID;Objet;Date;Responsable;Participants
m1;Démonstration;15/01/2026 10:00;C. Lemoine;Claire Lemoine
;;;;Hugo Ursat
;;;;Jean Client
m2;Signature;20/01/2026 14:00;H. Ursat;Hugo Ursat
;;;;Anne Cliente
"""


def test_lines_below_an_order_make_one_invoice_to_the_cent(
    world: jalon.Workspace, write: Write
) -> None:
    done = world.import_(write("factures.csv", ORDERS)).record
    (each,) = done["files"]
    adds_up(each)
    assert (each["table"], each["rows_read"], each["rows_quarantined"]) == ("invoice", 6, 0)
    assert Decimal(each["sums"]["amount"]) == Decimal("567.75")
    found = world.measure(["revenue"], start="2026-01-01", end="2026-12-31").to_pandas()
    assert found["value"].tolist() == [567.75]


def test_participants_below_a_meeting_are_its_own(world: jalon.Workspace, write: Write) -> None:
    done = world.import_(write("rendez-vous.csv", MEETINGS)).record
    tables = {each["table"]: each for each in done["files"]}
    for each in tables.values():
        adds_up(each)
    assert tables["meeting"]["rows_read"] == 5
    assert tables["meeting_attendee"]["rows_added"] == 5


def test_rows_that_lack_a_name_by_chance_are_rows(world: jalon.Workspace, write: Write) -> None:
    rows = ("A;Lyon;10;15/01/2026", ";;20;16/01/2026", "B;Nice;30;17/01/2026")
    text = "\n".join(["Client;Ville;Montant HT;Date", *rows, ""])
    (each,) = world.import_(write("factures.csv", text)).record["files"]
    assert each["sums"]["amount"] == "60.00"
    assert each["rows_added"] == 3


def test_no_table_without_blank_keys_is_taken_for_one(engine, read_text) -> None:
    assert not recognises(read_text("ID;Nom;Montant\n1;A;3\n2;B;4\n"), engine)
