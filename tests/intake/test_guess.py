"""Which column is which field, from headers and cells."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.intake.guess import FILES, guess
from jalon.intake.mapping import Combine, How
from jalon.intake.preset import common_preset
from jalon.intake.text_table import ColumnProfile, Content, TextTable
from jalon.model.tables import TABLES

DATA = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data sets at {DATA}")
DATE = re.compile(r"^(\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|(19|20)\d{6})")


def content(cells):
    if not cells:
        return Content.EMPTY
    if all(DATE.match(each) for each in cells):
        return Content.DATE
    if all(re.fullmatch(r"\d+", each) for each in cells):
        return Content.INTEGER
    return Content.DECIMAL if all(re.fullmatch(r"\d+[.,]\d+", c) for c in cells) else Content.TEXT


def column(index, header, cells):
    cells = [each for each in cells if each]
    kinds = tuple(dict.fromkeys(cells))
    return ColumnProfile(index, header, content(cells), len(cells), len(kinds), kinds[:20])


def guessed(file, columns, **more):
    rows = max(map(len, columns.values()))
    table = TextTable(file, None, "t", tuple(columns), 1, rows)
    profiles = [column(i, h, cells) for i, (h, cells) in enumerate(columns.items())]
    return guess(table, profiles, **more)


def read(found, index=0):
    """The headers of each field."""
    headers = found.table.headers
    return {f.field: tuple(headers[i] for i in f.columns) for f in found.maps[index].fields}


DEALS = {
    "Réf": ["A1", "A2", "A3"],
    "Client": ["X", "Y", "X"],
    "Étape": ["Gagné", "Perdu", "Démo"],
    "Montant HT": ["10,5", "20,1", "5,0"],
    "Date de clôture": ["01/02/2024", "03/02/2024", "05/06/2024"],
}


def test_a_french_file_of_deals_is_known_by_its_names():
    found = guessed("affaires.csv", DEALS)
    (made,) = found.maps
    assert made.table == "deal"
    assert made.source == FILES
    assert read(found)["source_id"] == ("Réf",)
    assert read(found)["account"] == ("Client",)
    assert read(found)["amount"] == ("Montant HT",)


def test_the_outcome_is_worked_out_from_the_stage_alone():
    found = guessed("affaires.csv", DEALS)
    assert read(found)["outcome"] == ("Étape",)
    assert found.maps[0].values["outcome"] == {"gagné": "won", "perdu": "lost", "démo": "open"}


def test_an_unknown_stage_is_open_and_listed():
    found = guessed("affaires.csv", DEALS | {"Étape": ["Gagné", "Mystère", "Démo"]})
    assert found.maps[0].values["outcome"]["mystère"] == "open"
    assert found.notes[0].code == "stages_taken_as_open"
    assert found.notes[0].facts["values"] == ["Mystère"]


def test_a_status_decides_before_a_stage():
    stages = {
        "Étape": ["G. Project Won", "A. Lead Generated", "B"],
        "Statut": ["Perdu", "Gagné", "En cours"],
    }
    found = guessed("affaires.csv", DEALS | stages)
    assert read(found)["outcome"] == ("Statut",)
    assert read(found)["stage"] == ("Étape",)


def test_flags_decide_before_a_stage():
    flags = {"IsClosed": ["true", "true", "false"], "IsWon": ["true", "false", "false"]}
    found = guessed("affaires.csv", DEALS | flags)
    made = found.maps[0].of("outcome")
    assert read(found)["outcome"] == ("IsClosed", "IsWon")
    assert made.combine is Combine.JOIN
    values = found.maps[0].values["outcome"]
    assert [values[v] for v in ("true true", "true false", "false false")] == [
        "won",
        "lost",
        "open",
    ]


def test_a_close_date_is_a_forecast_while_the_deal_is_open():
    made = guessed("affaires.csv", DEALS).maps[0]
    assert made.of("closed_at").only == ("won", "lost", "no_decision")
    assert made.of("expected_close_at").only == ("open",)


def test_a_close_date_beside_a_forecast_is_the_closing():
    more = DEALS | {"Date de clôture prévue": ["01/02/2024", "03/02/2024", "05/06/2024"]}
    found = guessed("affaires.csv", more)
    assert read(found)["expected_close_at"] == ("Date de clôture prévue",)
    assert found.maps[0].of("closed_at").only == ()


def test_a_file_of_won_dates_only_is_of_won_deals_and_says_so():
    columns = {"mql_id": ["a", "b"], "won_date": ["2024-01-01", "2024-02-01"], "sr_id": ["s", "s"]}
    found = guessed("closed_deals.csv", columns)
    assert found.maps[0].constants == {"outcome": "won"}
    assert found.notes[0].code == "all_rows_won"
    assert found.maps[0].key == (0,)


def test_a_date_field_needs_a_column_of_dates():
    found = guessed("affaires.csv", DEALS | {"Date de clôture": ["bientôt", "tard", "jamais"]})
    assert "closed_at" not in read(found)


def test_the_period_of_a_target_is_a_name_that_may_read_as_a_date():
    periods = ["2024-01-01", "2024-02-01", "2024-03-01"]
    columns = {"Indicateur": ["revenue"] * 3, "Période": periods, "Objectif": ["10,5"] * 3}
    assert read(guessed("objectifs.csv", columns))["period"] == ("Période",)


def test_an_amount_needs_a_column_of_numbers():
    found = guessed("affaires.csv", DEALS | {"Montant HT": ["haut", "bas", "moyen"]})
    assert "amount" not in read(found)


def test_a_header_near_a_name_is_taken_as_fuzzy_where_the_content_agrees():
    found = guessed("affaires.csv", DEALS | {"Probabilté": ["10", "20", "30"]})
    assert found.maps[0].of("probability").how is How.FUZZY


def test_a_file_named_after_a_table_with_its_columns_is_of_the_model():
    columns = {
        "source_id": ["1", "2"],
        "outcome": ["won", "lost"],
        "amount": ["1", "2"],
        "memo": ["a", "b"],
    }
    found = guessed("deal.csv", columns)
    assert {each.how for each in found.maps[0].fields} == {How.MODEL}
    assert found.unmapped == ((3,),)


def test_at_is_the_date_of_a_table_of_the_model():
    columns = {"source_id": ["1"], "account": ["x"], "amount": ["1"], "at": ["2024-01-01"]}
    assert read(guessed("invoice.csv", columns))["happened_at"] == ("at",)


def test_the_user_s_word_for_the_table_wins():
    columns = {"Nom": ["a", "b"], "Ville": ["x", "y"]}
    assert guessed("x.csv", columns).maps == ()
    assert guessed("x.csv", columns, table_name="account").maps[0].table == "account"


def test_the_user_s_source_wins_over_the_preset_s():
    columns = {
        "Deal Name": ["a"],
        "Deal Stage": ["Closed Won"],
        "Record ID": ["1"],
        "Amount": ["1"],
    }
    assert guessed("d.csv", columns).maps[0].source == "hubspot"
    assert guessed("d.csv", columns, source="crm").maps[0].source == "crm"


def test_order_lines_with_quantity_and_price_make_an_amount():
    columns = {
        "InvoiceNo": ["1", "1", "2"],
        "InvoiceDate": ["2024-01-01"] * 3,
        "Quantity": ["1", "2", "3"],
        "UnitPrice": ["1.5", "2.5", "3.5"],
        "CustomerID": ["7", "7", "8"],
    }
    found = guessed("online_orders.csv", columns)
    assert found.maps[0].lines
    assert found.maps[0].of("amount").combine is Combine.PRODUCT
    assert read(found)["amount"] == ("Quantity", "UnitPrice")


def test_first_and_last_names_are_joined():
    columns = {
        "Prénom": ["A", "B"],
        "Nom": ["C", "D"],
        "E-mail": ["a@b.fr", "c@d.fr"],
        "Société": ["S", "T"],
    }
    found = guessed("prospects.csv", columns)
    assert read(found)["contact_name"] == ("Prénom", "Nom")
    assert found.maps[0].of("contact_name").combine is Combine.JOIN


def test_e_mails_are_known_by_their_content():
    columns = {
        "Société": ["S", "T"],
        "Statut": ["Nouveau", "Qualifié"],
        "Adr": ["a@b.fr", "c@d.fr"],
    }
    made = guessed("leads.csv", columns).maps[0]
    assert made.of("email").how is How.CONTENT


def test_a_table_without_place_says_what_it_lacks():
    found = guessed("pays.csv", {"Pays": ["FR", "DE"], "Continent": ["Europe", "Europe"]})
    assert found.maps == ()
    assert found.why.code == "no_table_recognised"
    assert found.why.where.file == "pays.csv"


def test_several_values_are_asked_for_where_examples_do_not_show_all():
    table = TextTable("deals.csv", None, "t", ("Stage", "Amount"), 1, 90)
    stage = ColumnProfile(0, "Stage", Content.TEXT, 90, 3, ("New",))
    amount = ColumnProfile(1, "Amount", Content.INTEGER, 90, 90, ("1",))
    found = guess(table, [stage, amount], distinct=lambda _: ["New", "Won!", "Odd"])
    assert found.maps[0].values["outcome"] == {"new": "open", "won!": "won", "odd": "open"}


def test_an_inactive_deal_is_lost_in_odoo():
    columns = {
        "ID": ["1", "2"],
        "Opportunité": ["a", "b"],
        "Étape": ["Nouveau", "Gagné"],
        "Revenu attendu": ["1", "2"],
        "Actif": ["False", "True"],
    }
    values = guessed("crm.csv", columns).maps[0].values["outcome"]
    assert values["false nouveau"] == "lost"
    assert values["true gagné"] == "won"
    assert values["true nouveau"] == "open"


def test_a_large_column_is_counted_before_it_is_a_key():
    table = TextTable("clients.csv", None, "t", ("Nom", "Ville"), 1, 5000)
    name = ColumnProfile(0, "Nom", Content.TEXT, 5000, 4950, ("a",))
    town = ColumnProfile(1, "Ville", Content.TEXT, 5000, 40, ("x",))
    assert guess(table, [name, town], count=lambda _: 5000).maps[0].key == (0,)
    assert guess(table, [name, town], count=lambda _: 4999).maps[0].key == ()


HEADERS = st.lists(
    st.sampled_from(["Nom", "Date", "Statut", "ID", "Montant", "Client", "won_date", "", "é\nè"])
    | st.text(max_size=12),
    min_size=1,
    max_size=8,
)


@given(HEADERS, st.lists(st.sampled_from(list(Content)), min_size=8, max_size=8))
def test_any_headers_give_maps_of_the_model_or_a_reason(headers, contents):
    table = TextTable("x.csv", None, "t", tuple(headers), 1, 3)
    profiles = [
        ColumnProfile(i, header, contents[i], 3, 2, ("1", "2")) for i, header in enumerate(headers)
    ]
    found = guess(table, profiles)
    assert bool(found.maps) != bool(found.why)
    for made in found.maps:
        names = [each.field for each in made.fields]
        assert len(names) == len(set(names))
        assert all(name == "source_id" or name in TABLES[made.table] for name in names)
        assert not set(names) & set(made.constants)


# --- the real files ------------------------------------------------------------


def opened(path, engine):
    """The tables of a real file with their profiles, by the reading room."""
    sources = pytest.importorskip("jalon.intake.sources")
    profile = pytest.importorskip("jalon.intake.profile").profile
    if path.suffix == ".parquet":
        pytest.importorskip("jalon.intake.sources.parquet")
    return [(table, profile(table, engine)) for table in sources.read(path, engine)]


def real_guess(path, **more):
    engine = pytest.importorskip("jalon.engines.duckdb").DuckDB.memory()
    ((table, profiles),) = opened(DATA / path, engine)

    def distinct(index):
        rows = engine.rows(f"SELECT DISTINCT c{index} FROM {table.relation}")
        return [value for (value,) in rows if value is not None]

    def count(index):
        return engine.value(f"SELECT count(DISTINCT c{index}) FROM {table.relation}")

    return guess(table, profiles, distinct=distinct, count=count, **more)


EXPECTED = [
    ("maven_crm/sales_pipeline.csv", "deal", {"source_id": "opportunity_id", "owner": "sales_agent",
     "stage": "deal_stage", "outcome": "deal_stage", "created_at": "engage_date",
     "closed_at": "close_date", "amount": "close_value", "product": "product",
     "account": "account"}),
    ("maven_crm/accounts.csv", "account", {"name": "account", "country": "office_location"}),
    ("maven_crm/products.csv", "product", {"list_price": "sales_price", "family": "series"}),
    ("maven_crm/sales_teams.csv", "rep", {"manager": "manager", "region": "regional_office"}),
    ("olist_funnel/olist_marketing_qualified_leads_dataset.csv", "lead",
     {"source_id": "mql_id", "created_at": "first_contact_date", "source": "origin"}),
    ("olist_funnel/variant_ddmmyyyy_crlf_mql.csv", "lead",
     {"source_id": "mql_id", "created_at": "first_contact_date", "source": "origin"}),
    ("olist_funnel/olist_closed_deals_dataset.csv", "deal",
     {"lead": "mql_id", "owner": "sr_id", "closed_at": "won_date", "sector": "business_segment"}),
    ("olist_funnel/variant_ddmmyyyy_crlf_closed_deals.csv", "deal",
     {"lead": "mql_id", "owner": "sr_id", "closed_at": "won_date", "sector": "business_segment"}),
    ("olist_funnel/olist_sellers_dataset.csv", "account", {"source_id": "seller_id"}),
    ("olist_funnel/olist_order_payments_dataset.parquet", "invoice",
     {"source_id": "order_id", "amount": "payment_value"}),
    ("cdnow/CDNOW_master.txt", "invoice",
     {"account": "customer_id", "happened_at": "date", "amount": "dollar_value"}),
    ("skylark_pipeline/deals.csv", "deal",
     {"outcome": "Deal Status", "closed_at": "Close Date (A)", "amount": "Masked Deal value",
      "expected_close_at": "Tentative Close Date", "owner": "Owner code", "account": "Client Code",
      "sector": "Sector/service", "product": "Product deal", "stage": "Deal Stage"}),
    ("customer_feedback_nps/extracted/customers.csv.gz", "survey_answer",
     {"account": "Customer ID", "score": "Original Score"}),
    ("insurance_broker/Opportunity.csv", "deal",
     {"source_id": "opportunity_id", "amount": "revenue_amount", "owner": "Account Executive"}),
    ("insurance_broker/Meeting List.csv", "meeting",
     {"due_at": "meeting_date", "owner": "Account Executive"}),
    ("insurance_broker/Invoice.csv", "invoice",
     {"amount": "Amount", "account": "client_name", "happened_at": "invoice_date"}),
    ("facebook_ads_kag/KAG_conversion_data.csv", "spend",
     {"amount": "Spent", "customers": "Approved_Conversion", "leads": "Total_Conversion",
      "campaign": "xyz_campaign_id", "happened_at": "Date"}),
    ("zoho_crm/Invoices.csv", "invoice", {"amount": "Sub Total", "account": "Account Id"}),
    ("zoho_crm/Potentials.csv", "deal", {"lead": "LEADID", "closed_at": "Closing Date"}),
    ("entreprises_fr/index-egalite-fh.csv", "account",
     {"name": "Raison Sociale", "siren": "SIREN"}),
    ("entreprises_fr/sirens.csv", "account", {"siren": "siren", "naf_code": "activite_principale"}),
]  # fmt: skip


@real
@pytest.mark.parametrize(("path", "table", "fields"), EXPECTED, ids=[e[0] for e in EXPECTED])
def test_a_real_file_is_understood_without_help(path, table, fields):
    found = real_guess(path)
    assert found.maps[0].table == table
    got = read(found)
    assert {name: got.get(name) for name in fields} == {n: (h,) for n, h in fields.items()}


@real
@pytest.mark.parametrize(
    "path",
    [
        "cdnow/cdnow_customers_summary.csv",
        "zoho_crm/Tasks.csv",
        "zoho_crm/Cases.csv",
        "zoho_crm/Campaign_Lead_Status.csv",
        "zoho_crm/Sales_Orders.csv",
        "entreprises_fr/naf.csv",
        "customer_feedback_nps/extracted/role.csv",
        "insurance_broker/brokerage_csv.csv",
    ],
)
def test_a_real_file_without_place_says_why(path):
    found = real_guess(path)
    assert found.maps == ()
    assert found.why is not None


@real
def test_campaigns_of_zoho_are_also_what_they_cost():
    assert [each.table for each in real_guess("zoho_crm/Campaigns.csv").maps] == [
        "campaign",
        "spend",
    ]


@real
def test_the_files_of_zoho_agree_on_their_preset():
    heads = [
        p.open(encoding="utf-8-sig").readline().strip().split(",")
        for p in (DATA / "zoho_crm").glob("*.csv")
    ]
    assert common_preset([(each, "") for each in heads]) == "zoho"
