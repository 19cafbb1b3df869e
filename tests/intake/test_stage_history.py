"""The history of stages: of columns of dates, of a file of changes, from import to import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jalon
from jalon.intake.map_file import load
from jalon.intake.stage_columns import stage_columns

Write = Callable[..., Path]
Make = Callable[..., jalon.Workspace]

WIDE = (
    "N° affaire;Nom;Montant;Étape;Date d’entrée dans l’étape Qualif;"
    "Date d'entrée dans l'étape « Démo »\n"
    "1;A;10;Qualif;13/01/2026;\n2;B;20;Démo;14/01/2026;15/02/2026\n3;C;30;Qualif;;\n"
)


def history(world: jalon.Workspace) -> list[tuple[Any, ...]]:
    return world._door.store.engine.rows(
        "SELECT deal, stage, rank, entered_at::DATE::VARCHAR, how FROM flat.stage_change "
        "ORDER BY deal, entered_at, stage"
    )


def of(done: Any, table: str) -> dict[str, Any]:
    (each,) = [each for each in done.record["files"] if each["table"] == table]
    counted = sum(each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined"))
    assert each["rows_read"] == counted
    found: dict[str, Any] = each
    return found


@pytest.mark.parametrize(
    ("header", "stage"),
    [
        ("Date d’entrée dans l’étape Qualification", "Qualification"),
        ("Date d'entrée dans l'étape « Démo »", "Démo"),
        ("Date d'entrée dans la phase Signature (Pipeline)", "Signature"),
        ('Date entered "Proposal" (Sales Pipeline)', "Proposal"),
        ("Date entered stage: Negotiation", "Negotiation"),
        ("hs_date_entered_closedwon", "closedwon"),
        ("hs_v2_date_entered_closedwon", "closedwon"),
        ("Stage Demo entered", "Demo"),
        ("Entrée en étape Proposition", "Proposition"),
    ],
)
def test_a_header_that_dates_a_stage_is_known(header: str, stage: str) -> None:
    assert stage_columns(["Nom", header]) == {1: stage}


@pytest.mark.parametrize(
    "header",
    ["Date d'entrée", "Date entered", "Entered stage at", "Date entered current stage", "Étape"],
)
def test_a_header_that_dates_no_stage_in_particular_is_left(header: str) -> None:
    assert stage_columns([header]) == {}


def test_dates_of_stages_become_changes_of_the_file_s_own_deals(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    done = world.import_(write("affaires.csv", WIDE))
    assert history(world) == [
        ("A", "Qualif", 1, "2026-01-13", "told"),
        ("B", "Qualif", 1, "2026-01-14", "told"),
        ("B", "Démo", 2, "2026-02-15", "told"),
    ]
    changes = of(done, "stage_change")
    assert (changes["rows_read"], changes["rows_added"], changes["rows_unchanged"]) == (3, 2, 1)
    assert changes["key"]["columns"] == ["N° affaire"]
    assert of(done, "deal")["unmapped"] == changes["unmapped"] == []
    again = of(world.import_(write("affaires.csv", WIDE)), "stage_change")
    assert (again["rows_added"], again["rows_unchanged"]) == (0, 3)
    later = WIDE.replace("13/01/2026;", "13/01/2026;20/02/2026")
    moved = of(world.import_(write("affaires.csv", later)), "stage_change")
    assert (moved["rows_added"], moved["rows_unchanged"]) == (1, 2)


def test_a_row_with_a_date_that_cannot_be_read_is_set_aside(workspace: Make, write: Write) -> None:
    world = workspace()
    done = world.import_(write("affaires.csv", WIDE.replace("15/02/2026", "bientôt")))
    changes = of(done, "stage_change")
    assert (changes["rows_quarantined"], changes["quarantine"][0]["value"]) == (1, "bientôt")
    assert [row[0] for row in history(world)] == ["A"]


def test_deals_known_by_name_and_client_find_their_stages(workspace: Make, write: Write) -> None:
    world = workspace()
    rows = WIDE.replace("N° affaire;Nom", "Client;Nom")
    done = world.import_(write("affaires.csv", rows))
    assert of(done, "stage_change")["key"]["how"] == "natural"
    assert [row[0] for row in history(world)] == ["A", "B", "B"]


def test_deals_that_nothing_names_have_no_history_and_it_is_said(
    workspace: Make, write: Write
) -> None:
    rows = WIDE.replace("N° affaire;", "").replace("\n1;", "\n").replace("\n2;B", "\nA")
    done = workspace().import_(write("affaires.csv", rows.replace("\n3;", "\n")), table="deal")
    codes = [note.code for each in done.report.files for note in each.notes]
    assert "stages_without_key" in codes


def test_the_mapping_that_is_written_reads_the_same_history(
    workspace: Make, write: Write, tmp_path: Path
) -> None:
    world = workspace()
    file = write("affaires.csv", WIDE)
    _, text = world._door.look([file])
    told = tmp_path / "map.yaml"
    told.write_text(text, encoding="utf-8")
    assert {entry.table for entry in load(told).entries} == {"deal", "stage_change"}
    world.import_(file)
    before = history(world)
    again = world.import_(file, map=told)
    assert of(again, "stage_change")["rows_unchanged"] == 3
    assert history(world) == before


def test_an_opportunity_history_is_read_a_row_a_change(workspace: Make, write: Write) -> None:
    world = workspace()
    rows = "OpportunityId,StageName,Amount,CloseDate,CreatedDate\n006,New,1,2026-05-01,2026-01-01\n"
    world.import_(write("OpportunityHistory.csv", rows + "006,Proposal,1,2026-05-01,2026-02-01\n"))
    assert [row[1:4:2] for row in history(world)] == [
        ("New", "2026-01-01"),
        ("Proposal", "2026-02-01"),
    ]


DEALS = "source_id,name,stage,outcome\n1,A,{},open\n2,B,Démo,open\n"


def test_a_stage_that_changes_between_imports_is_seen_and_marked_so(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    world.import_(write("deal.csv", DEALS.format("Qualif")))
    done = world.import_(write("deal.csv", DEALS.format("Démo")))
    today = dt.date.today().isoformat()
    assert history(world) == [("A", "Démo", None, today, "observed")]
    origin = "SELECT through FROM meta.origin"
    assert world._door.store.engine.value(origin) is None
    world.undo(str(done.import_id))
    assert world._door.store.engine.value("SELECT count(*) FROM version.stage_change") == 0


def test_what_is_observed_gives_way_to_what_the_source_tells(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", DEALS.format("Qualif")))
    world.import_(write("deal.csv", DEALS.format("Démo")))
    told = "source_id,deal,stage,entered_at\ns1,1,Démo,2026-02-03\n"
    world.import_(write("stage_change.csv", told))
    assert history(world) == [("A", "Démo", None, "2026-02-03", "told")]
    world.import_(write("deal.csv", DEALS.format("Signature")))
    assert [row[4] for row in history(world)] == ["told"]


def test_a_whole_export_of_changes_leaves_what_was_observed(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", DEALS.format("Qualif")))
    world.import_(write("deal.csv", DEALS.format("Démo")))
    told = "source_id,deal,stage,entered_at\ns2,2,Démo,2026-02-03\n"
    world.import_(write("stage_change.csv", told), full=True)
    assert sorted(row[4] for row in history(world)) == ["observed", "told"]
