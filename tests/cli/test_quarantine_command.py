"""``jalon quarantine``: what waits is listed, written with its reason, and comes back corrected."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from jalon.cli.app import build
from jalon.holder import Holder
from jalon.workspace import open_workspace

GOOD = "".join(f"g{n};G{n};C{n};won;{n}0,00;{n}/01/2025\n" for n in range(10, 25))
DEALS = (
    "Référence;Affaire;Compte;Issue;Montant;Créée le\n"
    f"d1;A;C1;won;voir devis;13/01/2025\n{GOOD}d2;B;C2;lost;4 150,50;demain\n"
)


@pytest.fixture
def jalon(tmp_path: Path) -> Callable[..., Any]:
    def run(*words: object, status: int = 0) -> Any:
        told = [*map(str, words), "--workspace", str(tmp_path / "w"), "--lang", "fr"]
        done = CliRunner().invoke(build(), told)
        assert done.exit_code == status, done.output
        return json.loads(done.stdout) if "--json" in words else done.stdout

    return run


def test_what_waits_is_listed_and_the_sums_are_said(
    jalon: Callable[..., Any], write: Callable[[str, str], Path]
) -> None:
    said = jalon("import", write("affaires.csv", DEALS)).replace("\u202f", " ").replace("\xa0", " ")
    assert "somme lue 6 700,50 = prise 2 550,00 + quarantaine 4 150,50" in said
    assert "amount : 1 montant illisible" in said
    listed = jalon("quarantine").replace("\xa0", " ")
    assert "1 ligne en attente : « Montant » illisible" in listed
    assert "ligne 2 : « voir devis »" in listed
    rows = jalon("quarantine", "--json")["rows"]
    assert [each["row"] for each in rows] == [2, 18]
    assert rows[0]["cells"]["Montant"] == "voir devis" and rows[0]["code"] == "unreadable_cell"
    assert jalon("quarantine", rows[0]["import_id"], "--json")["rows"] == rows
    jalon("quarantine", "nope", status=2)


def test_a_file_of_what_waits_comes_back_corrected(
    jalon: Callable[..., Any], write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    jalon("import", write("affaires.csv", DEALS))
    out = tmp_path / "quarantaine.csv"
    assert "2 lignes écrites" in jalon("quarantine", "--out", out).replace("\xa0", " ")
    text = out.read_text(encoding="utf-8-sig")
    assert text.startswith("Référence;Affaire;Compte;Issue;Montant;Créée le;motif;")
    out.write_text(text.replace(";voir devis;", ";12,50;"), encoding="utf-8")
    done = jalon("import", out, "--json")
    assert [done["files"][0][f"rows_{n}"] for n in ("read", "added", "quarantined")] == [2, 1, 1]
    assert [each["row"] for each in jalon("quarantine", "--json")["rows"]] == [18]
    again = jalon("import", out, "--json")
    assert again["import_id"] is None and again["files"][0]["rows_quarantined"] == 1
    out.write_text(text.replace(";demain;", ";14/02/2025;"), encoding="utf-8")
    jalon("import", out)
    error = jalon("import", out, "--json", status=1)["error"]
    assert error["code"] == "quarantine_settled"


def test_a_workbook_comes_back_too_through_a_server(
    jalon: Callable[..., Any], write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    jalon("import", write("affaires.csv", DEALS))
    holder = Holder(open_workspace(tmp_path / "w"))
    try:
        holder.listen()
        out = tmp_path / "quarantaine.xlsx"
        jalon("quarantine", "--out", out)
        book = openpyxl.load_workbook(out)
        sheet = book.worksheets[0]
        assert [sheet.cell(2, 5).value, sheet.cell(2, 8).value] == ["voir devis", 2]
        sheet.cell(2, 5).value = 12.5
        sheet.cell(3, 6).value = "14/02/2025"
        book.save(out)
        assert jalon("import", out, "--json")["files"][0]["rows_added"] == 2
        assert jalon("quarantine", "--json")["rows"] == []
        assert "Aucune ligne" in jalon("quarantine")
    finally:
        holder.close()


def test_another_kind_of_file_is_refused(jalon: Callable[..., Any], write: Any) -> None:
    jalon("import", write("affaires.csv", DEALS))
    jalon("quarantine", "--out", "rows.pdf", status=2)
    jalon("quarantine", "--out", "/nowhere/rows.csv", status=1)
