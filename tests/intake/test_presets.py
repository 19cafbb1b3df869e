"""Every preset takes the headers of its own exports and refuses the others'."""

from pathlib import Path

import pytest

import jalon
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
    promised |= {"dynamics365", "sellsy", "axonaut", "nocrm"}
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


ENDINGS = {
    "dynamics365": (
        "(Ne pas modifier) Opportunité;Client potentiel;Phase active;Statut;Raison du statut;"
        "Date de fermeture estimée;Date de fermeture réelle",
        "o1;Acme;Close;Gagnée;Gagnée;21/03/2025;22/03/2025\n"
        "o2;Acme;Propose;Perdue;Prix;21/03/2025;23/03/2025\n"
        "o3;Bolt;Develop;Ouverte;En cours;21/04/2025;\n",
        [("won", None), ("lost", "Prix"), ("open", None)],
    ),
    "sellsy": (
        "Identifiant;Nom de l'opportunité;Société liée;Montant potentiel;Étape;Statut",
        "o1;A;Acme;10;Devis;Gagnée\no2;B;Acme;20;Devis;Perdue\no3;C;Bolt;30;Contact;Annulée\n",
        [("won", None), ("lost", None), ("no_decision", None)],
    ),
    "axonaut": (
        "id;name;amount;is_win;is_archived;pipe_name;pipe_step_name;due_date",
        "o1;A;10;true;false;Ventes;Devis;2025-03-01\no2;B;20;false;true;Ventes;Devis;2025-03-01\n"
        "o3;C;30;false;false;Ventes;Contact;2025-03-01\n",
        [("won", None), ("no_decision", None), ("open", None)],
    ),
    "nocrm": (
        "ID;Lead;User;Step;Status;Amount;Created_at;Closed_at;Estimated_closing_date",
        "o1;A;Ann;Devis;won;10;2025-01-01;2025-02-01;2025-02-02\n"
        "o2;B;Ann;Devis;cancelled;20;2025-01-01;2025-02-01;2025-02-02\n"
        "o3;C;Bob;Contact;standby;30;2025-01-01;;2025-02-02\n",
        [("won", None), ("no_decision", None), ("open", None)],
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_the_endings_of_an_export_are_read_as_outcomes(tmp_path: Path, name):
    head, body, expected = ENDINGS[name]
    file = tmp_path / "export.csv"
    file.write_text(f"{head}\n{body}", encoding="utf-8")
    with jalon.open(tmp_path / "w") as world:
        (each,) = world.import_(file).record["files"]
        assert (each["preset"], each["table"], each["quarantine"]) == (name, "deal", [])
        sql = "SELECT outcome, loss_reason_stated FROM flat.deal ORDER BY source_id"
        assert world._door.store.engine.rows(sql) == expected


def test_the_companies_and_contacts_of_one_sellsy_file_fill_two_tables(tmp_path: Path):
    file = tmp_path / "clients.csv"
    file.write_text(
        "ID SOCIETE SELLSY;NOM SOCIETE;SIRET SOCIETE;VILLE;CODE POSTAL;PRENOM CONTACT;NOM CONTACT;"
        "EMAIL CONTACT\n1;Acme;73282932000074;Lyon;69001;Ann;Roy;ann@acme.fr\n"
        "1;Acme;73282932000074;Lyon;69001;Bob;Roy;bob@acme.fr\n",
        encoding="utf-8",
    )
    with jalon.open(tmp_path / "w") as world:
        done = world.import_(file).record["files"]
        added = {each["table"]: each["rows_added"] for each in done}
        assert added == {"account": 1, "contact": 2}
        assert [each["rows_quarantined"] for each in done] == [0, 0]
