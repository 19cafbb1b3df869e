"""The mapping file: what it decides, what it refuses, and its round trip."""

from dataclasses import replace

import pytest
import yaml

from jalon.intake.guess import guess
from jalon.intake.map_file import load, parse, unique_headers, write
from jalon.intake.mapping import Combine, How
from jalon.intake.preset import NOWHERE, presets
from jalon.intake.text_table import ColumnProfile, Content, TextTable
from jalon.model.problems import InputError

DEAL = {
    "Réf": (Content.TEXT, ["A1", "A2", "A3"]),
    "Client": (Content.TEXT, ["X", "Y", "Z"]),
    "Étape": (Content.TEXT, ["Gagné", "Perdu", "Démo"]),
    "Montant: HT": (Content.DECIMAL, ["10,5", "20,1", "5,0"]),
    "Date de clôture": (Content.DATE, ["01/02/2024", "03/02/2024", "05/06/2024"]),
    "no": (Content.TEXT, ["non", "null", "1"]),
}


def table_of(file, columns, sheet=None):
    rows = max(len(cells) for _, cells in columns.values())
    profiles = [
        ColumnProfile(i, header, kind, len(cells), len(set(cells)), tuple(dict.fromkeys(cells)))
        for i, (header, (kind, cells)) in enumerate(columns.items())
    ]
    return TextTable(file, sheet, "t", tuple(columns), 1, rows), profiles


def mapped(text, file="affaires.csv", columns=DEAL, **more):
    return guess(*table_of(file, columns), map_file=parse(text, "carte.yaml"), **more)


def plain(made):
    """A table map without how it was found."""
    fields = {
        (f.field, f.columns, f.only, f.combine if len(f.columns) > 1 else None) for f in made.fields
    }
    return replace(made, fields=(), score=1.0), fields


def same_again(file, columns, **more):
    first = guess(*table_of(file, columns), **more)
    again = guess(*table_of(file, columns), map_file=parse(write([first])))
    assert first.maps
    assert [plain(each) for each in again.maps] == [plain(each) for each in first.maps]
    assert {f.how for each in again.maps for f in each.fields} == {How.MAP}


def test_a_written_guess_gives_the_same_mapping_when_read():
    same_again("affaires.csv", DEAL)


def test_a_written_guess_keeps_constants_and_keys():
    won = {
        "mql_id": (Content.TEXT, ["a", "b"]),
        "won_date": (Content.DATE, ["2024-01-01", "2024-02-01"]),
        "sr_id": (Content.TEXT, ["s", "s"]),
    }
    same_again("closed_deals.csv", won)


def test_a_written_guess_keeps_lines_and_products():
    lines = {
        "InvoiceNo": (Content.TEXT, ["1", "1"]),
        "Quantity": (Content.INTEGER, ["1", "2"]),
        "UnitPrice": (Content.DECIMAL, ["1.5", "2.5"]),
        "Date": (Content.DATE, ["2024-01-01", "2024-01-01"]),
    }
    same_again("orders.csv", lines)


KNOWN = [
    e.headers for p in presets().values() for e in p.examples.accepted if NOWHERE not in e.tables
]


@pytest.mark.parametrize("headers", KNOWN)
def test_what_a_preset_finds_is_the_same_when_written_and_read(headers):
    columns = {header: (Content.TEXT, [f"{header} 1", f"{header} 2"]) for header in headers}
    same_again("export.csv", columns)


def test_a_column_is_what_the_user_says():
    found = mapped("files: [{file: affaires.csv, table: deal, columns: {Client: owner}}]")
    made = found.maps[0]
    assert made.of("owner").columns == (1,)
    assert made.of("owner").how is How.MAP
    assert made.of("account") is None
    assert made.of("amount").how is How.NAME


def test_a_null_column_is_not_read():
    found = mapped('files: [{file: affaires.csv, table: deal, columns: {"Étape": null}}]')
    assert found.maps[0].of("stage") is None
    assert found.maps[0].of("outcome") is None


def test_a_value_is_what_the_user_says():
    found = mapped("files: [{file: affaires.csv, table: deal, values: {outcome: {DÉMO: won}}}]")
    assert found.maps[0].values["outcome"] == {"gagné": "won", "perdu": "lost", "démo": "won"}


def test_a_survey_has_the_kind_that_the_user_says():
    columns = {
        "Customer ID": (Content.INTEGER, ["1", "2", "3"]),
        "Original Score": (Content.INTEGER, ["9", "10", "10"]),
    }
    text = "files: [{file: 'customers*', table: survey_answer, const: {kind: nps}}]"
    made = mapped(text, "customers.csv.gz", columns).maps[0]
    assert (made.table, made.constants, made.key) == ("survey_answer", {"kind": "nps"}, (0,))


def test_a_file_named_twice_fills_both_tables():
    text = """
files:
  - {file: affaires.csv, table: deal}
  - {file: affaires.csv, table: invoice, columns: {"Date de clôture": at}}
"""
    made = mapped(text).maps
    assert [each.table for each in made] == ["deal", "invoice"]
    assert made[1].of("happened_at").columns == (4,)


def test_a_null_table_leaves_the_file_out():
    found = mapped("files: [{file: affaires.csv, table: null}]")
    assert found.maps == ()
    assert found.why.code == "ignored_by_map"


def test_the_rest_of_an_entry_goes_through():
    text = """
files:
  - file: "*.csv"
    table: deal
    source: crm
    key: [Client]
    columns: {Réf: null}
    links: {product: {GTXPro: GTX Pro}}
    date_order: DMY
    decimal: {"Montant: HT": ","}
    header_row: 3
    delimiter: ";"
"""
    made = mapped(text).maps[0]
    assert (made.source, made.key) == ("crm", (1,))
    assert made.links == {"product": {"GTXPro": "GTX Pro"}}
    assert (made.date_order, made.decimal) == ({"*": "DMY"}, {"Montant: HT": ","})
    reading = parse(text).reading("some/affaires.csv")
    assert reading == {"header_row": 3, "delimiter": ";", "date_order": "DMY"}


def test_columns_are_joined_in_the_order_that_the_user_gives():
    columns = {"Nom": (Content.TEXT, ["B"]), "Prénom": (Content.TEXT, ["A"])}
    text = """
files:
  - file: gens.csv
    table: rep
    columns:
      Nom: {field: name, combine: join, order: 2}
      Prénom: {field: name, combine: join, order: 1}
"""
    name = mapped(text, "gens.csv", columns).maps[0].of("name")
    assert (name.columns, name.combine) == ((1, 0), Combine.JOIN)


def test_a_second_header_of_the_same_name_has_a_number():
    assert unique_headers(("Région", "Région", "", "")) == ("Région", "Région#2", "", "")


def test_a_sheet_is_told_from_the_others():
    text = "files: [{file: a.xlsx, sheet: Affaires, table: deal}]"
    assert parse(text).entries_for("a.xlsx", "Affaires")
    assert not parse(text).entries_for("a.xlsx", "Notes")


REFUSED = [
    ("  - {file: a.csv, table: deel}", "map_unknown_table", "deal"),
    ("  - {file: a.csv, table: deal, columns: {Montant: amont}}", "map_unknown_field", "amount"),
    ("  - {file: a.csv, table: deal, const: {outcome: wonn}}", "map_unknown_value", "won"),
    ("  - {file: a.csv, table: deal, values: {outcome: {x: losst}}}", "map_unknown_value", "lost"),
    ("  - {file: a.csv, table: deal, colums: {}}", "map_unknown_key", "columns"),
    ("  - {file: a.csv, table: deal, links: {prodct: {}}}", "map_unknown_table", "product"),
]


@pytest.mark.parametrize(("entry", "code", "nearest"), REFUSED)
def test_what_is_not_of_the_model_is_refused_with_the_nearest_and_the_line(entry, code, nearest):
    with pytest.raises(InputError) as error:
        parse(f"# a comment\nfiles:\n{entry}\n", "carte.yaml")
    problem = error.value.problem
    assert problem.code == code
    assert nearest in problem.facts["nearest"]
    assert (problem.where.file, problem.where.row) == ("carte.yaml", 3)


def test_a_header_that_is_not_in_the_file_is_refused_with_the_nearest_and_the_line():
    text = "files:\n  - file: affaires.csv\n    table: deal\n    columns:\n      Cliant: account\n"
    with pytest.raises(InputError) as error:
        mapped(text)
    problem = error.value.problem
    assert problem.code == "map_unknown_header"
    assert "Client" in problem.facts["nearest"]
    assert problem.where.row == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("files: [", "map_not_yaml"),
        ("files: [{file: a, table: deal, header_row: x}]", "map_invalid"),
        ("files: [{file: a, table: deal, date_order: XYZ}]", "map_invalid"),
        ("- 1", "map_invalid"),
        ("files: [{file: a, file: b}]", "map_not_yaml"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_refused(text, code):
    with pytest.raises(InputError) as error:
        parse(text)
    assert error.value.problem.code == code


def test_a_mapping_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError) as error:
        load(tmp_path / "no.yaml")
    assert error.value.problem.code == "map_unreadable"


def test_a_mapping_file_is_read_with_its_bom(tmp_path):
    path = tmp_path / "carte.yaml"
    path.write_text("files: []\n", "utf-8-sig")
    assert load(path).entries == ()


def test_what_is_written_is_yaml_even_with_odd_headers():
    odd = {
        'a: "b", #c': (Content.TEXT, ["x"]),
        "- d": (Content.TEXT, ["x"]),
        "null": (Content.TEXT, ["x"]),
        "l\nn": (Content.TEXT, ["x"]),
        "Nom": (Content.TEXT, ["x"]),
        "Ville": (Content.TEXT, ["x"]),
    }
    found = guess(*table_of("comptes: été.csv", odd))
    text = write([found])
    assert set(yaml.safe_load(text)["files"][0]["columns"]) >= {'a: "b", #c', "- d", "null", "l n"}
    same_again("comptes: été.csv", odd)


def test_a_file_without_place_is_written_as_left_out():
    found = guess(*table_of("x.csv", {"A": (Content.TEXT, ["1"])}))
    assert parse(write([found])).entries[0].ignored
