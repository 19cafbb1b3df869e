"""Jalon in Python: the same figures as records, Arrow, pandas, polars and a notebook's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import jalon

HOSTILE = "<script>alert('x')</script>&"


@pytest.fixture
def world(tmp_path: Path, write: Callable[..., Path]) -> Iterator[jalon.Workspace]:
    file = write(
        "deal.csv",
        "source_id,owner,sector,outcome,amount,closed_at\n"
        f"d1,Ann,{HOSTILE},won,10.10,2025-01-05\n"
        "d2,Bob,Bio,lost,20,2025-02-05\nd3,Ann,Bio,won,30.05,2025-02-06\nd4,Bob,,won,1,2025-02-07\n",
    )
    with jalon.open(tmp_path / "jalon-data") as workspace:
        workspace.import_(file)
        yield workspace


def test_several_kpis_are_one_table_of_a_row_a_figure(world: jalon.Workspace) -> None:
    found = world.measure(["win_rate", "revenue"], by="owner", grain="month", start="2025-01-01")
    frame = found.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == len(found) == len(found.records())
    assert {"kpi", "owner", "from", "to", "value", "low", "high", "n", "missing"} <= set(frame)
    row = frame[(frame.kpi == "revenue") & (frame.owner == "Ann") & (frame["from"] == "2025-02-01")]
    assert row.value.item() == 30.05


def test_pandas_polars_and_arrow_say_the_same(world: jalon.Workspace) -> None:
    found = world.measure(["win_rate", "revenue", "nps"], by=[])
    arrow, frame, polar = found.to_arrow(), found.to_pandas(), found.to_polars()
    assert isinstance(arrow, pa.Table)
    assert isinstance(polar, pl.DataFrame)
    assert arrow.column_names == list(frame) == polar.columns
    assert arrow.column("value").to_pylist() == polar["value"].to_list()
    assert frame.value.isna().sum() == 1
    assert frame.missing.notna().sum() == 1


def test_a_question_is_words_or_lists(world: jalon.Workspace) -> None:
    found = world.measure("win_rate", by="owner")
    assert found.sql
    assert world.measure(["win_rate"], by=["owner"]).records() == found.records()


def test_a_filter_is_a_condition_and_rows_are_those_behind(world: jalon.Workspace) -> None:
    (found,) = world.measure("revenue", where="amount > 5").records()
    assert found["value"] == pytest.approx(40.15)
    rows = world.rows("revenue", where="amount > 5")
    assert rows.num_rows == found["n"] == 2
    assert float(sum(rows.column("amount").to_pylist())) == pytest.approx(found["value"])


def test_a_notebook_shows_names_as_text_never_as_markup(world: jalon.Workspace) -> None:
    shown = world.measure("win_rate", by="sector")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("<tr>") == 4
    assert shown.startswith("<table>")


def test_a_missing_figure_says_why_in_the_language_of_the_workspace(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    assert "enquêtes" in world.measure("nps")._repr_html_()
    world.close()
    with jalon.open(tmp_path / "jalon-data", lang="en") as english:
        assert "survey" in english.measure("nps")._repr_html_()


def test_results_and_imports_have_a_short_text(
    world: jalon.Workspace, write: Callable[..., Path]
) -> None:
    assert "win_rate" in repr(world.measure("win_rate"))
    done = world.import_(write("invoice.csv", "source_id,amount\ni1,5\n"))
    assert "invoice" in repr(done)
    assert str(done.import_id) in repr(done)


def test_a_wrong_question_raises_with_the_nearest_names(world: jalon.Workspace) -> None:
    with pytest.raises(jalon.RequestError) as caught:
        world.measure("win_rat")
    assert "win_rate" in caught.value.problem.facts["nearest"]


def test_the_kpis_of_a_workspace_are_listed(world: jalon.Workspace) -> None:
    assert {"win_rate", "revenue", "cac", "nps"} <= set(world.kpis())


def test_opening_without_making_refuses_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(jalon.WorkspaceError) as caught:
        jalon.open(tmp_path / "none", create=False)
    assert caught.value.problem.code == "no_workspace"
    assert not (tmp_path / "none").exists()


def test_read_gives_text_as_found_typed_cells_evidence_and_quarantine(
    write: Callable[..., Path],
) -> None:
    rows = "".join(f"N{n};1 23{n},50;{17 + n}/02/2025\n" for n in range(8))
    file = write("ventes.csv", "nom;montant;date\n" + rows + "Z;abc;28/02/2025\n", "cp1252")
    (table,) = jalon.read(file)
    assert table.rows == 9
    assert table.text.column("montant")[0].as_py() == "1 230,50"
    assert float(table.table.column("montant")[0].as_py()) == 1230.5
    assert str(table.table.column("date")[0].as_py()).startswith("2025-02-17")
    assert {each.decision for each in table.evidence} >= {"encoding", "delimiter", "header_row"}
    assert table.text.num_rows == table.table.num_rows
    (refused,) = table.quarantine
    assert (refused.where.row, refused.where.column, refused.where.value) == (10, "montant", "abc")


def test_read_takes_the_users_word(write: Callable[..., Path]) -> None:
    file = write("f.csv", "a;b\n01/02/2025;1,5\n")
    (table,) = jalon.read(file, date_order="MDY")
    assert str(table.table.column("a")[0].as_py()).startswith("2025-01-02")
    assert jalon.read(file, decimal=",")[0].table.column("b")[0].as_py() == 1.5


def test_read_refuses_what_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(jalon.InputError) as caught:
        jalon.read(tmp_path / "absent.csv")
    assert caught.value.problem.code == "missing_file"
