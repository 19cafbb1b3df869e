"""Checked values: the value as found stays, its normal form and state stand beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import luhn
from typer.testing import CliRunner

import jalon
from jalon.cli.app import build
from jalon.engines.duckdb import DuckDB
from jalon.intake.checks import HOME, NOWHERE, checks
from jalon.intake.checks.country import country_code
from jalon.model.tables import STATES, TABLES

Write = Callable[..., Path]
PLAIN = [name for name, each in checks().items() if each.plain]
WIDE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def placed(example: str) -> tuple[str, str]:
    """A value and its country: ``1000 @BE``."""
    value, mark, country = example.rpartition(" @")
    return (value, country) if mark else (example, HOME)


ACCEPTED = [
    (name, value, normal)
    for name, one in checks().items()
    for value, normal in one.accepted.items()
]
REFUSED = [(name, value) for name, one in checks().items() for value in one.refused]


# --- the rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "example", "normal"), ACCEPTED)
def test_a_check_gives_the_normal_form_of_its_examples(name, example, normal):
    assert checks()[name].verdict(*placed(example)) == (normal, "valid")


@pytest.mark.parametrize(("name", "example", "normal"), ACCEPTED)
def test_a_normal_form_is_its_own_normal_form(name, example, normal):
    assert checks()[name].normalise(normal, placed(example)[1]) == normal


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_check_says_invalid_of_what_it_refuses(name, value):
    assert checks()[name].verdict(value) == (None, "invalid")


def test_every_check_that_a_column_names_is_there():
    named = {each.check for table in TABLES.values() for each in table.columns if each.check}
    assert named == set(checks())


@pytest.mark.parametrize(
    ("name", "value", "country"),
    [("postcode", "1234", "KE"), ("postcode", "75011", NOWHERE), ("phone", "0612345678", NOWHERE),
     ("vat", "CHE-107.787.577", "CH")],
)  # fmt: skip
def test_a_value_without_a_known_rule_is_unchecked_rather_than_invalid(name, value, country):
    assert checks()[name].verdict(value, country) == (None, "unchecked")


@pytest.mark.parametrize(
    ("cell", "code"),
    [("France", "FR"), ("FRANCE ", "FR"), ("fr", "FR"), ("Etats-Unis", "US"), ("États-Unis", "US"),
     ("Germany", "DE"), ("Belgique", "BE"), (None, HOME), ("", HOME), ("Narnia", NOWHERE)],
)  # fmt: skip
def test_a_country_is_known_by_its_code_and_its_french_and_english_names(cell, code):
    assert country_code(cell) == code


def test_a_naf_code_is_taken_of_either_nomenclature():
    naf = checks()["naf"]
    # Computer programming: 62.01 until 2026, 62.10 in NAF 2025.
    assert naf.normalise("6201Z", HOME) == "62.01Z"
    assert naf.normalise("6210Y", HOME) == "62.10Y"
    assert naf.normalise("62.11Z", HOME) is None


# --- the plain values, told by the engine --------------------------------------------------------


@pytest.fixture(scope="module")
def memory() -> Iterator[DuckDB]:
    engine = DuckDB.memory()
    yield engine
    engine.close()


def told(engine: DuckDB, name: str, value: str) -> str | None:
    # As staging writes it: parsed, then written again.
    sql = sqlglot.parse_one(checks()[name].plain or "", dialect="duckdb").sql("duckdb")
    return engine.value(f"SELECT {sql} FROM (SELECT $value AS value)", {"value": value})


def agrees(engine: DuckDB, name: str, value: str) -> bool:
    """Whether the engine gave a normal form; it must then be the library's."""
    normal = told(engine, name, value)
    assert normal is None or normal == checks()[name].normalise(value, HOME)
    return normal is not None


SEPARATED = st.lists(st.sampled_from(["", "", " ", ".", "-", "  ", "/"]), min_size=9, max_size=9)


@WIDE
@given(
    st.sampled_from(["0", "+33", "+33 ", "0033", "", "+33 0", "+33 (0)", "+32", "00"]),
    st.text("0123456789", min_size=8, max_size=10),
    SEPARATED,
)
def test_a_plain_phone_is_what_the_library_makes_of_it(memory, prefix, digits, separators):
    value = prefix + "".join(a + b for a, b in zip(digits, ["", *separators], strict=False))
    agrees(memory, "phone", value)


WORD = st.text("abcXYZ019-_+.'é", min_size=1, max_size=12)
LABELS = st.lists(st.text("abcX19-é_", min_size=1, max_size=9), min_size=0, max_size=3)
TOP = st.sampled_from(["fr", "com", "FR", "test", "local", "LOCALHOST", "arpa", "onion", "c", "1a"])


@WIDE
@given(WORD, LABELS, TOP, st.sampled_from([0, 0, 0, 40, 60, 200]))
def test_a_plain_email_is_what_the_library_makes_of_it(memory, word, labels, top, more):
    agrees(memory, "email", f"{word}{'a' * more}@{'.'.join([*labels, top])}")


@WIDE
@given(st.sampled_from(["siren", "siret"]), st.text("0123456789", min_size=7, max_size=14))
def test_a_plain_number_is_what_the_library_makes_of_it(memory, name, digits):
    agrees(memory, name, digits)
    agrees(memory, name, digits[:-1] + luhn.calc_check_digit(digits[:-1]))


@pytest.mark.parametrize("name", PLAIN)
def test_examples_agree_and_some_are_plain(memory, name):
    check = checks()[name]
    at_home = [value for value in check.accepted if " @" not in value]
    plain = [agrees(memory, name, value) for value in (*at_home, *check.refused)]
    assert any(plain)


def test_the_reserved_domains_are_the_last_labels_that_the_engine_looks_at():
    from email_validator import SPECIAL_USE_DOMAIN_NAMES  # noqa: PLC0415

    assert not [each for each in SPECIAL_USE_DOMAIN_NAMES if "." in each]


# --- at intake ----------------------------------------------------------------------------------

CONTACTS = (
    "source_id,name,email,phone\nc1,Ann,Ann@Acme.FR,06 12 34 56 78\n"
    "c2,Bob,bob@@x.fr,123\nc3,Cid,,\nc4,Dan,bob@@x.fr,+44 20 7946 1001\n"
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


def rows(world: jalon.Workspace, table: str, *columns: str) -> list[tuple[Any, ...]]:
    engine = world._door.store.engine
    return engine.rows(f"SELECT {', '.join(columns)} FROM flat.{table} ORDER BY source_id")


def test_an_invalid_value_stays_as_found_and_refuses_no_row(world, write: Write):
    (each,) = world.import_(write("contact.csv", CONTACTS)).record["files"]
    assert (each["rows_added"], each["rows_quarantined"]) == (4, 0)
    assert rows(world, "contact", "email", "email_normal", "email_state") == [
        ("Ann@Acme.FR", "Ann@acme.fr", "valid"),
        ("bob@@x.fr", None, "invalid"),
        (None, None, None),
        ("bob@@x.fr", None, "invalid"),
    ]
    assert rows(world, "contact", "phone_normal", "phone_state") == [
        ("+33612345678", "valid"),
        (None, "invalid"),
        (None, None),
        ("+442079461001", "valid"),
    ]


def test_the_report_counts_the_states_of_each_checked_column(world, write: Write):
    (each,) = world.import_(write("contact.csv", CONTACTS)).record["files"]
    assert each["checks"] == {
        "email": {"valid": 1, "invalid": 2, "unchecked": 0, "examples": ["bob@@x.fr"]},
        "phone": {"valid": 2, "invalid": 1, "unchecked": 0, "examples": ["123"]},
    }


def test_the_country_of_the_row_tells_how_its_phone_and_postcode_are_read(world, write: Write):
    accounts = (
        "source_id,name,country,postcode,phone\na1,A,France,1000,0123456789\n"
        "a2,B,Belgique,1000,02 511 12 34\na3,C,,1000,01 23 45 67 89\na4,D,Kenya,1234,\n"
    )
    world.import_(write("account.csv", accounts))
    assert rows(world, "account", "postcode", "postcode_normal", "phone_normal") == [
        ("1000", "01000", "+33123456789"),
        ("1000", "1000", "+3225111234"),
        ("1000", "01000", "+33123456789"),
        ("1234", None, None),
    ]
    assert rows(world, "account", "postcode_state")[3] == ("unchecked",)


def test_the_state_follows_the_value_through_versions_and_undo(world, write: Write):
    world.import_(write("contact.csv", CONTACTS))
    mended = CONTACTS.replace("bob@@x.fr,123", "bob@x.fr,123")
    done = world.import_(write("contact.csv", mended))
    assert done.record["files"][0]["rows_updated"] == 1
    assert rows(world, "contact", "email_state")[1] == ("valid",)
    world.undo(done.record["import_id"])
    assert rows(world, "contact", "email_state")[1] == ("invalid",)


def test_a_file_without_the_column_changes_neither_value_nor_state(world, write: Write):
    world.import_(write("contact.csv", CONTACTS))
    world.import_(write("contact.csv", "source_id,name,job_title\nc1,Anne,Chef\n"))
    assert rows(world, "contact", "name", "email_state")[0] == ("Anne", "valid")


def test_the_same_file_again_is_recognised_whole(world, write: Write):
    world.import_(write("contact.csv", CONTACTS))
    (each,) = world.import_(write("contact.csv", CONTACTS)).record["files"]
    assert each["rows_unchanged"] == 4
    assert each["checks"]["email"]["invalid"] == 2


def test_what_is_worked_out_is_never_read_from_a_file(world, write: Write):
    text = "source_id,name,email,email_state,email_normal\nc1,Ann,a@@b,valid,a@b.fr\n"
    (each,) = world.import_(write("contact.csv", text)).record["files"]
    assert each["unmapped"] == ["email_state", "email_normal"]
    assert rows(world, "contact", "email_normal", "email_state") == [(None, "invalid")]


def test_a_mapping_file_cannot_fill_what_is_worked_out(tmp_path: Path, write: Write):
    file = write("x.csv", "a,b\n1,valid\n")
    told = write(
        "map.yaml", "files:\n  - {file: x.csv, table: contact, columns: {b: email_state}}\n"
    )
    run = CliRunner().invoke(
        build(),
        ["import", str(file), "--map", str(told), "--workspace", str(tmp_path / "w"), "--json"],
    )
    assert json.loads(run.stdout)["error"]["code"] == "map_unknown_field"


def test_an_expression_may_ask_for_the_state(world, write: Write):
    world.import_(write("lead.csv", "source_id,company,email\n1,Acme,a@b.fr\n2,Bolt,a@@\n"))
    (found,) = world.measure("list_size", where="email_state = 'valid'").records()
    assert found["value"] == 1


def test_the_command_line_shows_what_is_not_valid(tmp_path: Path, write: Write):
    file = write("contact.csv", CONTACTS)
    run = CliRunner().invoke(
        build(), ["import", str(file), "--workspace", str(tmp_path / "w"), "--lang", "fr"]
    )
    assert "email\u00a0: 2 valeurs non valides sur 3 (ex. bob@@x.fr)" in run.stdout
    assert "phone\u00a0: 1 valeur non valide sur 3 (ex. 123)" in run.stdout


def test_a_checked_column_declares_both_others_as_personal_as_itself():
    for table in TABLES.values():
        for each in table.columns:
            if each.check:
                normal = table.column(f"{each.name}_normal")
                state = table.column(f"{each.name}_state")
                assert (normal.of, state.of) == (each.name, each.name)
                assert normal.personal == state.personal == each.personal
                assert state.values == STATES
