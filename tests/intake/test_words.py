"""Names and values in French and English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.intake import words
from jalon.model.tables import TABLES


def test_every_table_of_the_model_has_its_words():
    assert set(words.table_words()) == set(TABLES)


def test_every_word_is_of_a_field_of_the_model():
    for table, known in words.table_words().items():
        for name in frozenset().union(*known.named, *known.alone):
            assert name == "source_id" or name in TABLES[table]


@pytest.mark.parametrize(
    ("table", "field", "header"),
    [
        ("deal", "amount", "Montant"),
        ("deal", "amount", "close_value"),
        ("deal", "amount", "Masked Deal value"),
        ("deal", "amount", "Chiffre d’affaires"),
        ("deal", "owner", "sales_agent"),
        ("deal", "account", "Client Code"),
        ("deal", "loss_reason_stated", "Raison de la Perte"),
        ("deal", "expected_close_at", "Date de clôture prévisionnelle"),
        ("deal", "source_id", "opportunity_id"),
        ("deal", "lead", "mql_id"),
        ("lead", "source_id", "mql_id"),
        ("account", "postcode", "seller_zip_code_prefix"),
        ("invoice", "happened_at", "InvoiceDate"),
        ("rep", "region", "regional_office"),
        ("spend", "customers", "Approved_Conversion"),
    ],
)
def test_a_header_is_known_by_its_name(table, field, header):
    assert words.likeness(table, field, header).exact


@pytest.mark.parametrize(
    ("table", "field", "header"),
    [
        ("deal", "amount", "declared_monthly_revenue"),
        ("deal", "owner", "lead_type"),
        ("deal", "closed_at", "Tentative Close Date"),
        ("invoice", "source_id", "latest invoice no."),
        ("meeting", "account", "Account Exe ID"),
        ("account", "name", "Company ID"),
        ("invoice", "happened_at", "Due Date"),
    ],
)
def test_a_header_that_only_looks_alike_is_not_taken(table, field, header):
    assert words.likeness(table, field, header).score < words.NEAR


def test_a_misspelt_header_is_near_and_not_exact():
    found = words.likeness("deal", "probability", "probabilty")
    assert found.score >= words.NEAR
    assert not found.exact


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ("Gagnée", "won"),
        ("G. Project Won", "won"),
        ("Closed Lost", "lost"),
        ("Dead", "lost"),
        ("Affaire perdue - concurrence", "lost"),
        ("Sans suite", "no_decision"),
        ("On Hold", "open"),
        ("Won or lost", None),
        ("Étape 7", None),
    ],
)
def test_a_value_says_the_outcome(found, outcome):
    assert words.canonical_value("deal", "outcome", found) == outcome


def test_a_stage_called_lead_generated_says_nothing_of_its_own():
    assert words.canonical_value("deal", "outcome", "A. Lead Generated") is None


def test_every_value_known_is_one_the_model_allows():
    for table in TABLES.values():
        for column in (each for each in table.columns if each.values):
            known = set(words.vocabulary(table.name, column.name).values())
            assert known <= set(column.values)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text):
    assert words.fold(words.fold(text)) == words.fold(text)
    assert words.fold_value(words.fold_value(text)) == words.fold_value(text)
