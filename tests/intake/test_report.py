"""The report of an import and the plan of a dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import jalon

Write = Callable[..., Path]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


def test_unmapped_columns_and_the_way_of_each_field_are_shown(
    world: jalon.Workspace, write: Write
) -> None:
    file = write("deal.csv", "source_id,outcome,amount,humeur\nd1,won,5,gaie\n")
    (each,) = world.import_(file).record["files"]
    assert each["unmapped"] == ["humeur"]
    assert {c["field"]: c["how"] for c in each["columns"]} == {
        "source_id": "model",
        "outcome": "model",
        "amount": "model",
    }


def test_references_that_lead_nowhere_are_counted_once_their_table_is_there(
    world: jalon.Workspace, write: Write
) -> None:
    deals = "source_id,account,outcome\nd1,Alpha,won\nd2,Alfa,won\nd3,Zorro,lost\n"
    assert world.import_(write("deal.csv", deals)).record["unlinked"] == {}
    found = world.import_(write("account.csv", "source_id,name\na1,ALPHA\na2,Beta\n")).record
    assert found["unlinked"] == {"account": 2}
    assert found["proposals"] == []


def test_names_that_nearly_agree_are_proposed_with_a_score(
    world: jalon.Workspace, write: Write
) -> None:
    world.import_(write("account.csv", "source_id,name\na1,Dupont & Fils\n"))
    deals = "source_id,account,outcome\nd1,Dupont et Fils,won\nd2,DUPONT  & FILS,won\n"
    (proposal,) = world.import_(write("deal.csv", deals)).record["proposals"]
    assert (proposal["text"], proposal["candidate"]) == ("Dupont et Fils", "Dupont & Fils")
    assert 0.8 < proposal["score"] < 1


def test_a_plan_reads_all_and_loads_nothing(world: jalon.Workspace, write: Write) -> None:
    file = write("deal.csv", "source_id,outcome,amount\nd1,won,5\nd2,won,abc\n")
    plan, text = world._door.look([file])
    assert plan.import_id is None
    assert (plan.files[0].rows_read, plan.files[0].rows_added) == (2, 0)
    assert "table: deal" in text
    assert world.imports() == []
