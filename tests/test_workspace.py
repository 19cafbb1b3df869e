"""The one door: settings that count, folders that are workspaces, one holder at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import jalon

Make = Callable[..., jalon.Workspace]
Write = Callable[..., Path]

DEALS = (
    "source_id,outcome,amount,created_at,closed_at\n"
    "d1,won,10,2025-03-01,2025-03-31\nd2,lost,20,2025-03-01,2025-04-01\n"
    "d3,won,30,2025-03-01,2026-03-31\n"
)


def settle(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.yaml").write_text(text, encoding="utf-8")


def test_a_workspace_is_made_where_there_is_none_and_found_again(
    workspace: Make, write: Write, tmp_path: Path
) -> None:
    made = workspace("a/b/c")
    made.import_(write("deal.csv", DEALS))
    made.close()
    again = jalon.open(tmp_path / "a/b/c", create=False)
    assert again.measure("win_rate").records()[0]["n"] == 3
    again.close()


def test_the_fiscal_year_begins_in_the_month_set(
    workspace: Make, write: Write, tmp_path: Path
) -> None:
    settle(tmp_path / "jalon-data", "fiscal_year_start: 4\n")
    found = workspace()
    found.import_(write("deal.csv", DEALS))
    years = {e["period"]["from"]: e["n"] for e in found.measure("win_rate", grain="year")}
    assert years == {"2024-04-01": 1, "2025-04-01": 2}


def test_the_basis_set_wins_and_is_printed(workspace: Make, write: Write, tmp_path: Path) -> None:
    settle(tmp_path / "jalon-data", "bases: {revenue: deal}\n")
    found = workspace()
    found.import_(write("deal.csv", DEALS))
    found.import_(write("invoice.csv", "source_id,account,amount,happened_at\ni,A,5,2025-01-02\n"))
    (told,) = found.measure("revenue").records()
    assert (told["basis"], told["value"]) == ("deal", 40)
    (other,) = found.measure("revenue", basis="invoice").records()
    assert (other["basis"], other["value"]) == ("invoice", 5)


def test_a_company_own_kpi_is_found_by_lying_in_the_folder(
    workspace: Make, write: Write, tmp_path: Path
) -> None:
    kpis = tmp_path / "jalon-data" / "kpis"
    kpis.mkdir(parents=True)
    (kpis / "mine.yaml").write_text(
        "big_wins:\n  label: {fr: Grosses affaires, en: Big wins}\n"
        "  question: {fr: Combien ?, en: How many?}\n  table: deal\n  time: event\n"
        "  date: closed_at\n  estimate: count\n  among: outcome = 'won' and amount > 15\n"
        "  unit: number\n  better: higher\n  dimensions: []\n",
        encoding="utf-8",
    )
    found = workspace()
    found.import_(write("deal.csv", DEALS))
    assert "big_wins" in found.kpis()
    assert found.measure("big_wins").records()[0]["value"] == 1


def test_closing_gives_the_workspace_back(workspace: Make, write: Write, tmp_path: Path) -> None:
    with jalon.open(tmp_path / "jalon-data") as one:
        one.import_(write("deal.csv", DEALS))
    with jalon.open(tmp_path / "jalon-data") as two:
        assert len(two.imports()) == 1


def test_a_broken_database_is_refused_and_its_journal_makes_it_again(
    write: Write, tmp_path: Path
) -> None:
    folder = tmp_path / "jalon-data"
    with jalon.open(folder) as made:
        made.import_(write("deal.csv", DEALS))
    (folder / "jalon.duckdb").write_bytes(b"\x00" * 20_000)
    with pytest.raises(jalon.WorkspaceError) as caught:
        jalon.open(folder)
    assert caught.value.problem.code == "workspace_unreadable"
    (folder / "jalon.duckdb").unlink()
    with jalon.open(folder) as mended:
        assert mended.measure("win_rate").records()[0]["n"] == 3
