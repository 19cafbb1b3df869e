"""Every preset takes the headers of its own exports and refuses the others'."""

from pathlib import Path

import pytest

from jalon.intake.preset import NOWHERE, common_preset, load, matches, parse, presets
from jalon.model.problems import InputError

ACCEPTED = [(p.name, e) for p in presets().values() for e in p.examples.accepted]
REFUSED = [(p.name, headers) for p in presets().values() for headers in p.examples.refused]


@pytest.mark.parametrize(("name", "example"), ACCEPTED)
def test_a_preset_takes_the_headers_of_its_own_exports(name, example):
    found = matches(example.headers)
    assert {m.preset.name for m in found} == {name}
    assert {m.body.table for m in found} == set(example.tables)


@pytest.mark.parametrize(("name", "example"), ACCEPTED)
def test_a_preset_reads_each_field_from_the_expected_columns(name, example):
    for match in matches(example.headers):
        for field, expected in example.tables[match.body.table].items():
            (found,) = [each for each in match.fields if each.field == field]
            assert tuple(example.headers[i] for i in found.columns) == expected, field


@pytest.mark.parametrize(("name", "headers"), REFUSED)
def test_a_preset_refuses_the_headers_of_others(name, headers):
    assert name not in {m.preset.name for m in matches(headers)}


def test_every_crm_promised_has_a_preset():
    promised = {"hubspot", "salesforce", "pipedrive", "odoo", "zoho", "suitecrm", "espocrm"}
    assert promised <= set(presets())


def test_headers_match_whatever_their_case_accents_apostrophes_and_stars():
    headers = [
        "affaire - titre*",
        "AFFAIRE\u00a0- ETAPE",
        "Affaire - Heure de l’échec",
        "Affaire - Valeur :",
    ]
    (found,) = matches(headers)
    assert {each.field for each in found.fields} == {"name", "stage", "closed_at", "amount"}


def test_a_known_file_without_place_says_why():
    (found,) = matches(["Task Owner", "Subject", "Created Time", "Due Date", "Status"])
    assert (found.body.table, found.body.why) == (NOWHERE, "tasks_without_done_date")


def test_the_folder_s_preset_wins_between_equals():
    headers = ["Prénom", "Nom", "Record ID", "Email"]
    assert common_preset([(headers, "contacts"), (["a", "b"], "x")]) == "hubspot"


def test_a_preset_that_is_wrong_points_at_the_file_and_key(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: x\nlabel: X\ntables: [{table: deal, must: [[A]], fields: {montant: [A]}}]\n"
    )
    with pytest.raises(InputError) as error:
        load(path)
    assert error.value.problem.code == "preset_invalid"
    assert error.value.problem.where.file == str(path)
    assert error.value.problem.facts["key"] == "tables.0"


def test_a_preset_refuses_a_key_that_it_does_not_know():
    body = "{table: deal, must: [[A]], colour: red}"
    examples = "{accepted: [{headers: [A], tables: {}}], refused: [[B]]}"
    with pytest.raises(InputError) as error:
        parse(f"name: x\nlabel: X\ntables: [{body}]\nexamples: {examples}\n", "mine.yaml")
    assert error.value.problem.facts["key"] == "tables.0.colour"


def test_a_preset_that_is_not_yaml_is_refused():
    with pytest.raises(InputError) as error:
        parse("a: [", "mine.yaml")
    assert error.value.problem.code == "preset_not_yaml"
