"""The accounting entries file: sales to the cent, customers, and what cannot be told."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jalon

HEADERS = ["JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib"]
HEADERS += ["CompAuxNum", "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit"]
HEADERS += ["EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"]
NAME = "552100554FEC20251231.txt"
LABELS = {"VE": "Ventes", "AC": "Achats", "BQ": "Banque", "AN": "À nouveaux", "OD": "Opérations"}
NAMES = {"C1": "Société Été", "C2": "Bolt"}
Line = dict[str, str]


def amount(value: Decimal | str | int) -> str:
    return f"{Decimal(value):.2f}".replace(".", ",")


def line(
    number: str,
    account: str,
    debit: Decimal | str | int = 0,
    credit: Decimal | str | int = 0,
    *,
    journal: str = "VE",
    who: str = "",
    day: str = "20250110",
    piece: str | None = None,
) -> Line:
    """A line of an entry."""
    told = (journal, LABELS[journal], number, day, account, f"Compte {account}", who)
    rest = (NAMES.get(who, ""), f"P{number}" if piece is None else piece, day, "Libellé")
    sums = (amount(debit), amount(credit), "", "", day, "", "")
    return dict(zip(HEADERS, (*told, *rest, *sums), strict=True))


def sale(number: str, net: Decimal | str | int, who: str = "C1", **more: Any) -> list[Line]:
    """A sale at 20 %, or a credit note where it is negative."""
    net = Decimal(net)
    vat = (net / 5).quantize(Decimal("0.01"))
    debit, credit = (0, 1) if net >= 0 else (1, 0)
    sides = [(net + vat, "411000", 1 - debit, 1 - credit, who), (net, "706000", debit, credit, "")]
    return [
        line(number, account, abs(value) * d, abs(value) * c, who=whose, **more)
        for value, account, d, c, whose in [*sides, (vat, "445710", debit, credit, "")]
    ]


OTHERS = [
    line("1", "411000", 50, 0, journal="AN", who="C1"),
    line("1", "120000", 0, 50, journal="AN"),
    line("2", "607000", "12.34", 0, journal="AC"),
    line("2", "401000", 0, "12.34", journal="AC"),
    line("3", "512000", "600.00", 0, journal="BQ"),
    line("3", "411000", 0, "600.00", journal="BQ", who="C1"),
]
CLOSING = [line("9", "706000", 999, 0, journal="OD"), line("9", "120000", 0, 999, journal="OD")]


def written(lines: list[Line], delimiter: str = "|", headers: list[str] = HEADERS) -> str:
    rows = [headers, *([each[name] for name in headers] for each in lines)]
    return "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


def brought(
    workspace: jalon.Workspace, folder: Path, content: str | bytes, name: str = NAME
) -> dict[str | None, dict[str, Any]]:
    """The entries of the report, by table."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return {each["table"]: each for each in workspace.import_([path]).record["files"]}


def revenue(workspace: jalon.Workspace) -> Decimal:
    (found,) = workspace.measure("revenue").records()
    return Decimal(str(found["value"] or 0))


@pytest.mark.parametrize("delimiter", ["|", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "iso8859-15", "utf-8-sig"])
def test_the_sales_of_a_year_to_the_cent(
    world: jalon.Workspace, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    lines = [*OTHERS, *sale("10", "1000.10"), *sale("11", "-200.05", "C2"), *CLOSING]
    found = brought(world, tmp_path, written(lines, delimiter).encode(encoding))
    assert revenue(world) == Decimal("800.05")
    assert found["invoice"]["rows_read"] == found["invoice"]["rows_added"] == 6
    assert found["account"]["rows_added"] == 2
    assert "8" in found[None]["why"]
    rows = sorted(world.rows("revenue").to_pylist(), key=lambda each: each["source_id"])
    assert [each["account"] for each in rows] == ["Société Été", "Bolt"]
    assert [each["kind"] for each in rows] == ["invoice", "credit_note"]
    assert {each["seller_siren"] for each in rows} == {"552100554"}
    assert rows[0]["happened_at"] == dt.datetime(2025, 1, 10)
    assert rows[0]["source_id"] == "VE:10:20250110"


@pytest.mark.parametrize("sides", [("D", "C"), ("+1", "-1")])
def test_the_form_with_an_amount_and_its_side(
    world: jalon.Workspace, tmp_path: Path, sides: tuple[str, str]
) -> None:
    headers = [*HEADERS[:11], "Montant", "Sens", *HEADERS[13:]]
    lines = [
        {
            **each,
            "Montant": each["Debit"] if each["Debit"] != "0,00" else each["Credit"],
            "Sens": sides[each["Debit"] == "0,00"],
        }
        for each in [*OTHERS, *sale("10", "1000.10"), *sale("11", "-200.05")]
    ]
    brought(world, tmp_path, written(lines, headers=headers))
    assert revenue(world) == Decimal("800.05")


def test_columns_in_another_order_and_case(world: jalon.Workspace, tmp_path: Path) -> None:
    text = written(sale("10", 100), headers=HEADERS[::-1])
    brought(world, tmp_path, text.replace("CompteNum", "COMPTENUM").replace("Debit", "Débit"))
    assert revenue(world) == 100


def test_a_number_of_several_documents_is_one_invoice_each(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    lines = [*sale("10", 100, piece="F1"), *sale("10", 200, "C2", piece="F2")]
    found = brought(world, tmp_path, written(lines))
    assert found["invoice"]["rows_quarantined"] == 0
    rows = {each["account"]: each["amount"] for each in world.rows("revenue").to_pylist()}
    assert rows == {"Société Été": 100, "Bolt": 200}


def test_lines_numbered_one_by_one_are_told_by_their_document(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    lines = [*sale("0", 100, piece="F1"), *sale("0", 200, "C2", piece="F2")]
    numbered = [{**each, "EcritureNum": str(n)} for n, each in enumerate(lines)]
    found = brought(world, tmp_path, written(numbered))
    assert found["invoice"]["rows_quarantined"] == 0
    assert {each["amount"] for each in world.rows("revenue").to_pylist()} == {100, 200}


def test_a_sale_paid_at_once_has_no_customer(world: jalon.Workspace, tmp_path: Path) -> None:
    cash = [line("10", "530000", 12), line("10", "707000", 0, 12)]
    found = brought(world, tmp_path, written([*cash, *sale("11", 100)]))
    assert revenue(world) == 112
    assert any("sans client" in note for note in found["invoice"]["notes"])


def test_a_customer_without_auxiliary_account_is_its_own_account(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    own = {"CompteNum": "411DUPONT", "CompteLib": "Dupont"}
    lines = [{**each, **(own if n == 0 else {})} for n, each in enumerate(sale("10", 100, ""))]
    found = brought(world, tmp_path, written([*lines, *sale("11", 50, "")]))
    assert found["account"]["rows_added"] == 1
    accounts = {each["amount"]: each["account"] for each in world.rows("revenue").to_pylist()}
    assert accounts == {Decimal(100): "Dupont", Decimal(50): None}


def several(number: str) -> list[Line]:
    return [
        line(number, "411000", 50, 0, who="C1"),
        line(number, "411000", 50, 0, who="C2"),
        line(number, "706000", 0, 100),
    ]


BAD = {
    "fec_several_customers": several("20"),
    "fec_unbalanced": [line("20", "411000", 100, who="C1"), line("20", "706000", 0, "99.99")],
    "fec_no_number": sale("", 100),
    "fec_no_customer": [line("20", "418000", 100), line("20", "706000", 0, 100)],
    "fec_unreadable_amount": [{**each, "Debit": "abc"} for each in sale("20", 100)],
}


@pytest.mark.parametrize("code", BAD)
def test_an_entry_that_cannot_be_told_is_reported_line_by_line(
    world: jalon.Workspace, tmp_path: Path, code: str
) -> None:
    found = brought(world, tmp_path, written([*sale("10", 7), *BAD[code], *OTHERS]))
    refused = found["invoice"]["quarantine"]
    assert [each["code"] for each in refused] == [code] * len(BAD[code])
    assert [each["row"] for each in refused] == list(range(5, 5 + len(BAD[code])))
    assert revenue(world) == 7


ENTRIES = st.lists(
    st.one_of(
        st.tuples(st.just("sale"), st.integers(-10_000_000, 10_000_000)),
        st.tuples(st.just("other"), st.just(0)),
        st.tuples(st.sampled_from(sorted(BAD)), st.just(0)),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(ENTRIES)
def test_every_line_and_every_cent_is_accounted_for(entries: list[tuple[str, int]]) -> None:
    lines: list[Line] = sale("0", 1)
    sold, reported = Decimal(1), 0
    for number, (what, cents) in enumerate(entries, 100):
        if what == "sale":
            lines += sale(str(number), Decimal(cents) / 100, "C2")
            sold += Decimal(cents) / 100
        elif what == "other":
            lines += [{**each, "EcritureNum": str(number)} for each in OTHERS[2:4]]
        else:
            kept = "" if what == "fec_no_number" else str(number)
            piece = f"P{number}"
            lines += [{**each, "EcritureNum": kept, "PieceRef": piece} for each in BAD[what]]
            reported += len(BAD[what])
    with tempfile.TemporaryDirectory() as folder, jalon.open(Path(folder) / "w") as workspace:
        path = Path(folder) / NAME
        path.write_text(written(lines), encoding="utf-8")
        files = {each["table"]: each for each in workspace.import_([path]).record["files"]}
        assert revenue(workspace) == sold
    others = sum(2 for what, _ in entries if what == "other")
    assert files["invoice"]["rows_quarantined"] == reported
    assert files["invoice"]["rows_read"] == len(lines) - others
    assert (None in files) == bool(others)


def test_the_same_file_again_changes_nothing(world: jalon.Workspace, tmp_path: Path) -> None:
    text = written([*sale("10", 100), *sale("11", 200, "C2")])
    brought(world, tmp_path, text)
    again = brought(world, tmp_path, text)["invoice"]
    assert (again["rows_added"], again["rows_updated"], again["rows_unchanged"]) == (0, 0, 6)


def test_numbers_that_begin_again_each_year_are_other_sales(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    brought(world, tmp_path, written(sale("1", 100)))
    brought(world, tmp_path, written(sale("1", 200, day="20260110")), "552100554FEC20261231.txt")
    assert revenue(world) == 300


def test_the_mapping_that_a_dry_run_writes_can_be_given_back(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_text(written([*OTHERS, *sale("10", "1000.10")]), encoding="utf-8")
    _, text = world._door.look([path])  # type: ignore[attr-defined]
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    world.import_([path], map=tmp_path / "map.yaml")
    assert revenue(world) == Decimal("1000.10")


def test_a_file_without_sales_says_so(world: jalon.Workspace, tmp_path: Path) -> None:
    found = brought(world, tmp_path, written([*OTHERS]))
    assert "invoice" not in found
    assert "6" in found[None]["why"]
