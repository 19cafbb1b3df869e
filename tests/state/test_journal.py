"""The journal of imports and the settings: what lies beside the database."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jalon.model.problems import WorkspaceError
from jalon.state.journal import COMMITTED, FAILED, STARTED, Journal
from jalon.state.settings import Settings, load

AT = dt.datetime(2026, 1, 2, 3, 4, 5)


def test_imports_are_numbered_in_order_and_never_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.sqlite")
    one = journal.start("a", AT, ["é.csv", "b.csv"])
    journal.mark(one, FAILED)
    two = journal.start("b", AT, [])
    journal.mark(two, COMMITTED)
    found = Journal(tmp_path / "state.sqlite").entries()
    assert [(e.number, e.id, e.state) for e in found] == [(1, "a", FAILED), (2, "b", COMMITTED)]
    assert found[0].files == ("é.csv", "b.csv")
    assert found[0].at == AT
    assert journal.start("c", AT, []).state == STARTED


def test_without_a_file_the_settings_are_the_defaults(tmp_path: Path) -> None:
    found = load(tmp_path / "settings.yaml")
    assert found == Settings()
    assert (found.currency, found.zone, found.fiscal_year_start) == ("EUR", "Europe/Paris", 1)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("currency: euro", "currency"),
        ("fiscal_year_start: 0", "fiscal_year_start"),
        ("data_through: {files: hier}", "data_through.files"),
        ("memory_limit: lots", "memory_limit"),
        ("zone: Mars", "zone"),
        ("working_days: {week: [8]}", "working_days.week"),
        ("working_days: {week: []}", "working_days.week"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"# Les nôtres\n{text}\n", encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load(path)
    problem = caught.value.problem
    assert (problem.code, problem.facts["field"]) == ("settings_wrong", field)
    assert problem.where.row == 2


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("monnaie: EUR", "setting_unknown", 1),
        ("currency: EUR\ncompany: {siret: 1}", "setting_unknown", 2),
        ("a: [", "yaml_open", 1),
        ("- 1", "settings_no_names", None),
        ("company:\n\tsiren: 1", "yaml_tab", 2),
    ],
)
def test_a_file_that_cannot_be_followed_says_where(
    tmp_path: Path, text: str, code: str, row: int | None
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load(path)
    assert (caught.value.problem.code, caught.value.problem.where.row) == (code, row)
