"""What is asked rather than guessed: only what a person who sees the file would hesitate about."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.engines.duckdb import DuckDB
from jalon.intake.doubts import THRESHOLD
from jalon.intake.pipeline import Brief, look
from jalon.intake.sources import ReadOptions
from jalon.model.problems import MustAskError, Problem
from jalon.workspace import Workspace, load_map, open_workspace

Write = Callable[..., Path]
HEAD = "source_id;name;account;outcome;amount;created_at;closed_at\n"
QUICK = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def deals(*rows: tuple[str, str, str]) -> str:
    lines = (f"d{n};A{n};C;won;{row[0]};{row[1]};{row[2]}\n" for n, row in enumerate(rows))
    return HEAD + "".join(lines)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Workspace]:
    with contextlib.closing(open_workspace(tmp_path / "w", create=True)) as found:
        yield found


def asked(path: Path, table: str | None = None, **reading: Any) -> dict[str, Problem]:
    """What is asked of a file, by decision."""
    engine = DuckDB.memory()
    try:
        found = look([path], engine, Brief(table, reading=ReadOptions(**reading)))
        problems = [one for each in found.looked for asks in each.asks for one in asks]
        return {str(one.facts["decision"]): one for one in problems}
    finally:
        engine.close()


def test_dates_that_read_both_ways_are_shown_under_each_reading(write: Write) -> None:
    file = write("deal.csv", deals(("1", "03/02/2026", "05/04/2026"), ("2", "01/06/2026", "")))
    (order,) = asked(file).values()
    assert order.code == "must_ask_date_order" and order.facts["option"] == "--date-order"
    assert order.facts["choices"] == ["DMY", "MDY"]
    assert order.facts["examples"] == ["03/02/2026", "01/06/2026"]
    assert order.facts["previews"] == {
        "DMY": ["2026-02-03", "2026-06-01"],
        "MDY": ["2026-03-02", "2026-01-06"],
    }
    assert order.facts["columns"] == ["created_at", "closed_at"]
    assert order.facts["certainty"] < THRESHOLD


def test_dates_in_both_orders_are_asked_and_the_answer_sets_the_others_apart(
    write: Write, world: Workspace
) -> None:
    rows = [("1", "13/02/2026", ""), ("2", "05/02/2026", ""), ("3", "02/25/2026", "")]
    path = write("deal.csv", deals(*rows))
    found = asked(path)["date_order"]
    assert found.facts["because"] == "days_in_both_orders"
    assert found.facts["previews"] == {
        "DMY": ["2026-02-13", "2026-02-05", None],
        "MDY": [None, "2026-05-02", "2026-02-25"],
    }
    report = world.import_([path], Brief(reading=ReadOptions(date_order="DMY")))
    (file,) = report.files
    assert (file.rows_added, [one.where.row for one in file.quarantine]) == (2, [4])


def test_dates_of_the_same_day_both_ways_ask_nothing(write: Write, world: Workspace) -> None:
    file = write("deal.csv", deals(("1", "03/03/2026", "05/05/2026")))
    assert asked(file) == {}
    done = world.import_([file])
    assert done.files[0].rows_added == 1
    told = {(one.decision, one.column): one for one in done.files[0].evidence}
    assert told["date_order", "closed_at"].because == "alike"


def test_amounts_that_read_both_ways_are_asked_never_set_apart(
    write: Write, world: Workspace
) -> None:
    file = write("deal.csv", deals(("1,234", "", "2026-03-25"), ("2,500", "", "2026-03-26")))
    (mark,) = asked(file).values()
    assert mark.code == "must_ask_decimal" and mark.facts["option"] == "--decimal"
    assert mark.facts["previews"] == {",": ["1.234", "2.5"], ".": ["1234", "2500"]}
    with pytest.raises(MustAskError) as refused:
        world.import_([file])
    assert refused.value.problem.code == "must_ask_decimal"


@pytest.mark.parametrize(("mark", "total"), [(",", "3.734"), (".", "3734.00")])
def test_the_answer_settles_the_amounts(
    write: Write, world: Workspace, mark: str, total: str
) -> None:
    file = write("deal.csv", deals(("1,234", "", "2026-03-25"), ("2,500", "", "2026-03-26")))
    done = world.import_([file], Brief(reading=ReadOptions(decimal=mark)))
    assert done.files[0].sums["amount"] == total
    told = {(one.decision, one.column): one for one in done.files[0].evidence}
    given = told["decimal", "amount"]
    assert (given.choice, given.because, given.certainty) == (mark, "given", 1.0)


def test_the_map_file_answers_column_by_column(write: Write, world: Workspace) -> None:
    file = write("deal.csv", deals(("1,234", "03/02/2026", "04/05/2026")))
    said = write(
        "m.yaml",
        "files:\n  - file: deal.csv\n    table: deal\n    decimal: {amount: '.'}\n"
        "    date_order: {created_at: DMY, closed_at: MDY}\n",
    )
    done = world.import_([file], Brief(map_file=load_map(said)))
    assert done.files[0].sums["amount"] == "1234.00"


def test_an_unmapped_column_is_never_asked_about(write: Write) -> None:
    text = "source_id;name;account;outcome;amount;remarque libre\nd1;A;C;won;10,50;03/02/2026\n"
    assert asked(write("deal.csv", text)) == {}


def test_both_questions_of_one_file_are_asked_at_once(write: Write, world: Workspace) -> None:
    file = write("deal.csv", deals(("1,234", "03/02/2026", "")))
    with pytest.raises(MustAskError) as refused:
        world.import_([file])
    assert [each.code for each in refused.value.problems] == [
        "must_ask_date_order",
        "must_ask_decimal",
    ]


def test_another_column_that_tells_settles_the_amounts(write: Write) -> None:
    text = "source_id;name;account;outcome;amount;list_price\nd1;A;C;won;1.234;1.234,50\n"
    assert asked(write("deal.csv", text)) == {}


def test_in_a_folder_the_file_is_held_back_with_its_questions(
    write: Write, world: Workspace
) -> None:
    folder = write("deal.csv", deals(("1,234", "", "2026-03-25"))).parent
    write("invoice.csv", "source_id;account;amount;happened_at\ni1;C;5,50;2026-03-25\n")
    done = world.import_([folder])
    files = {each.file: each for each in done.files}
    assert files["invoice.csv"].rows_added == 1
    held = files["deal.csv"].must_ask
    assert held and held.code == "must_ask_decimal"
    assert [one.code for one in files["deal.csv"].asks] == ["must_ask_decimal"]


# --- what cuts the file -------------------------------------------------------------------------


def test_an_old_systems_text_is_asked_where_it_is_read(write: Write) -> None:
    text = "Affaire;Compte;Statut;Montant\nA;École du Père;won;10,50\nB;Müller;lost;20,00\n"
    file = write("affaires.csv", text, "cp850")
    found = asked(file)["encoding"]
    assert found.facts["choices"] == ["cp850", "mac_roman", "latin-1"]
    assert found.facts["previews"]["cp850"] == ["École du Père", "Müller"]
    assert found.facts["columns"] == ["Compte"]
    assert asked(file, encoding="cp850") == {}


def test_an_old_systems_text_in_a_column_that_is_not_read_asks_nothing(write: Write) -> None:
    text = "source_id;name;outcome;amount;zzz\nd1;A;won;10,50;École\nd2;B;lost;20,00;Müller\n"
    assert asked(write("deal.csv", text, "cp850")) == {}


def test_a_first_row_without_any_known_name_is_asked(write: Write) -> None:
    file = write("x.csv", "Dupont;62.01Z\nMartin;43.21A\nDurand;56.10A\n")
    (found,) = asked(file, table="account").values()
    assert found.code == "must_ask_header_row" and found.facts["choices"] == ["1", "0"]
    assert found.facts["previews"]["0"][0] == "Dupont | 62.01Z"
    assert found.facts["previews"]["1"][0] == "Martin | 43.21A"
    assert asked(file, table="account", header_row=0) == {}


def test_two_delimiters_that_cut_alike_are_asked_with_their_rows(write: Write) -> None:
    text = "Affaire,Région;Compte\nAlpha,Nord;Café\nBêta,Sud;Bar\nGamma,Est;Lac\n"
    (found,) = asked(write("x.csv", text), table="deal").values()
    assert found.code == "must_ask_delimiter" and found.facts["choices"] == [";", ","]
    assert found.facts["previews"][";"][0] == "Alpha,Nord | Café"
    assert found.facts["previews"][","][0] == "Alpha | Nord;Café"
    assert "delimiter" not in asked(write("x.csv", text), table="deal", delimiter=";")


@pytest.mark.parametrize(
    "text",
    [
        "Affaire;Montant;Prix\nAlpha;1,5;2,5\nBêta;3,5;4,5\nGamma;5,5;6,5\n",
        "Nom, prénom;Compte\nDupont, Jean;Café\nDurand, Luc;Bar\nMartin, Zoé;Lac\n",
        '"Affaire","Note;suite"\n"A","x;y"\n"B","z;t"\n"C","u;v"\n',
        "Affaire;Compte\nAlpha, Nord;Café\nBêta;Bar\nGamma;Lac\n",
    ],
)
def test_a_delimiter_that_is_seen_at_a_glance_is_not_asked(write: Write, text: str) -> None:
    assert "delimiter" not in asked(write("x.csv", text), table="deal")


# --- invariants ---------------------------------------------------------------------------------


@QUICK
@given(st.lists(st.tuples(st.integers(1, 28), st.integers(1, 12)), min_size=1, max_size=6))
def test_dates_are_asked_exactly_where_the_order_changes_a_day(
    tmp_path_factory: pytest.TempPathFactory, days: list[tuple[int, int]]
) -> None:
    text = deals(*(("1", f"{day:02}/{month:02}/2026", "") for day, month in days))
    file = tmp_path_factory.mktemp("f") / "deal.csv"
    file.write_text(text)
    never_tells = all(day <= 12 for day, _ in days)
    differs = any(day != month for day, month in days)
    assert ("date_order" in asked(file)) == (never_tells and differs)


@QUICK
@given(st.lists(st.integers(1, 999), min_size=1, max_size=6), st.sampled_from(",."))
def test_three_digits_after_a_lone_mark_always_ask(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], mark: str
) -> None:
    text = deals(*((f"{number}{mark}250", "", "") for number in numbers))
    file = tmp_path_factory.mktemp("f") / "deal.csv"
    file.write_text(text)
    found = asked(file)["decimal"].facts["previews"]
    as_decimals = list(dict.fromkeys(f"{number}.25" for number in numbers))[:5]
    as_thousands = list(dict.fromkeys(f"{number}250" for number in numbers))[:5]
    other = {",": ".", ".": ","}[mark]
    assert (found[mark], found[other]) == (as_decimals, as_thousands)
