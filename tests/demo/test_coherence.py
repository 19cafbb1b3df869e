import time

import numpy as np
import pandas as pd
import pytest
from stdnum.fr import siren, siret

from jalon.demo.world import World, build, deals_only
from jalon.model.tables import TABLES

Tables = dict[str, pd.DataFrame]
END = pd.Timestamp("2026-09-30 23:59:59")
ABOUT = {
    "lead": 6000,
    "account": 1500,
    "contact": 1800,
    "deal": 2400,
    "meeting": 3500,
    "invoice": 4500,
    "contract": 600,
    "campaign": 24,
    "rep": 14,
}


def test_the_same_seed_makes_the_same_world() -> None:
    one, other = build(7, 0.1), build(7, 0.1)
    for name, columns in one.tables.items():
        for column, values in columns.items():
            np.testing.assert_array_equal(values, other.tables[name][column])


def test_another_seed_makes_another_world() -> None:
    one, other = build(7, 0.1), build(8, 0.1)
    assert list(one.tables["deal"]["amount"][:20]) != list(other.tables["deal"]["amount"][:20])


def test_a_smaller_scale_makes_a_smaller_world(tables: Tables) -> None:
    small = build(2026, 0.1)
    assert len(small.tables["lead"]["source_id"]) == pytest.approx(
        len(tables["lead"]) / 10, rel=0.05
    )
    assert len(small.tables["deal"]["source_id"]) == pytest.approx(
        len(tables["deal"]) / 10, rel=0.2
    )


def test_the_world_is_made_in_less_than_three_seconds() -> None:
    start = time.perf_counter()
    build()
    assert time.perf_counter() - start < 3


def test_the_tables_have_about_the_size_announced(tables: Tables) -> None:
    for name, size in ABOUT.items():
        assert len(tables[name]) == pytest.approx(size, rel=0.1), name


def test_every_column_is_of_the_model_but_the_naf_code_of_leads(tables: Tables) -> None:
    for name, table in tables.items():
        known = {"source_id", *(column.name for column in TABLES[name].columns)}
        assert set(table.columns) - known <= {"naf_code"}, name


def test_identifiers_are_unique_and_references_lead_somewhere(tables: Tables) -> None:
    for name, table in tables.items():
        assert table.source_id.is_unique, name
        for column in TABLES[name].references():
            if column.name in table and (name, column.name) != ("meeting_attendee", "person"):
                to = tables[column.to or ""]
                keys = set(to.name if column.to in ("rep", "product", "campaign") else to.source_id)
                assert set(table[column.name].dropna()) <= keys, (name, column.name)


def test_coded_values_are_those_of_the_model(tables: Tables) -> None:
    for name, table in tables.items():
        for column in TABLES[name].fillable():
            if column.values:
                assert set(table[column.name].dropna()) <= set(column.values), (name, column.name)


def test_account_names_are_unique_and_siren_are_right(tables: Tables) -> None:
    accounts = tables["account"]
    assert accounts.name.str.casefold().is_unique
    assert accounts.siren.map(siren.is_valid).all()
    assert accounts.siret.map(siret.is_valid).all()
    assert tables["lead"].siren.dropna().map(siren.is_valid).all()
    assert accounts.siren.str.startswith("99").all()


def test_people_can_be_reached_nowhere(tables: Tables) -> None:
    for name in ("lead", "contact"):
        assert tables[name].email.dropna().str.endswith(".example").all()
        phones = tables[name].phone.dropna()
        fiction = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98", "N/A")
        assert phones.str.startswith(fiction).all()


def test_nothing_happens_after_the_end_of_the_observation(tables: Tables) -> None:
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if column.event and column.name not in ("due_at",):
                assert table[column.name].max() <= END, (name, column.name)


def test_loss_reasons_are_on_lost_deals_only(tables: Tables) -> None:
    others = tables["deal"].query("outcome != 'lost'")
    columns = ["loss_reason_stated", "loss_reason_buyer", "loss_comment", "competitor"]
    assert others[columns].isna().all().all()


def test_closed_deals_and_only_they_have_a_closing_date_after_their_creation(
    tables: Tables,
) -> None:
    deals = tables["deal"]
    assert (deals.closed_at.notna() == (deals.outcome != "open")).all()
    assert (deals.closed_at.dropna() > deals.created_at[deals.closed_at.notna()]).all()
    assert (deals.expected_close_at.notna() == (deals.outcome == "open")).all()


def test_stages_follow_one_another_and_end_where_the_deal_is(tables: Tables) -> None:
    steps = tables["stage_change"]
    assert steps.groupby("deal").entered_at.is_monotonic_increasing.all()
    last = steps.groupby("deal").stage.last()
    deals = tables["deal"].set_index("source_id")
    assert (deals.stage == last.reindex(deals.index)).all()
    assert (steps.groupby("deal").entered_at.first() == deals.created_at.reindex(last.index)).all()


def test_meetings_and_quotes_come_before_the_closing(tables: Tables) -> None:
    closed = tables["deal"].set_index("source_id").closed_at
    born = tables["deal"].set_index("source_id").created_at
    for name, column in (("meeting", "due_at"), ("quote", "sent_at")):
        table = tables[name]
        end = table.deal.map(closed).fillna(END + pd.Timedelta(days=365))
        assert (table[column] < end + pd.Timedelta(days=1)).all(), name
        assert (table[column] > table.deal.map(born)).all(), name


def test_meetings_are_booked_before_they_are_due_and_chains_go_forward(tables: Tables) -> None:
    meetings = tables["meeting"].set_index("source_id")
    assert (meetings.booked_at < meetings.due_at).all()
    assert ((meetings.due_at > END) == (meetings.status == "booked")).all()
    moved = meetings[meetings.rescheduled_from.notna()]
    former = meetings.loc[moved.rescheduled_from]
    assert former.status.isin(["rescheduled", "no_show"]).all()
    assert (former.deal.to_numpy() == moved.deal.to_numpy()).all()
    assert (former.due_at.to_numpy() < moved.due_at.to_numpy()).all()
    assert set(meetings[meetings.status == "rescheduled"].index) <= set(moved.rescheduled_from)


def test_quotes_are_accepted_on_won_deals_only_the_last_version_at_its_amount(
    tables: Tables,
) -> None:
    deals = tables["deal"].set_index("source_id")
    taken = tables["quote"].dropna(subset=["accepted_at"])
    assert set(taken.deal) == set(deals.index[deals.outcome == "won"])
    assert taken.deal.is_unique
    assert (taken.amount.to_numpy() == deals.amount.loc[taken.deal].to_numpy()).all()
    assert (taken.accepted_at.to_numpy() == deals.closed_at.loc[taken.deal].to_numpy()).all()


def test_won_deals_make_customers_with_invoices_and_contracts_after_the_win(tables: Tables) -> None:
    deals, accounts = tables["deal"], tables["account"].set_index("source_id")
    won = deals.query("outcome == 'won'")
    assert (accounts.status.loc[won.account] == "customer").all()
    invoices = tables["invoice"].dropna(subset=["deal"])
    assert set(invoices.deal) <= set(won.source_id)
    assert (invoices.happened_at > invoices.deal.map(won.set_index("source_id").closed_at)).all()
    old = accounts.index[accounts.created_at < "2023-10-01"]
    contracts = tables["contract"][~tables["contract"].account.isin(old)]
    assert (
        contracts.started_at > contracts.account.map(won.groupby("account").closed_at.min())
    ).all()


def test_invoices_and_surveys_go_to_customers_only(tables: Tables) -> None:
    accounts = tables["account"].set_index("source_id")
    for name in ("invoice", "contract", "survey_answer"):
        assert (accounts.status.loc[tables[name].account] == "customer").all(), name
    answers = tables["survey_answer"].dropna(subset=["answered_at"])
    assert (answers.answered_at >= answers.sent_at).all()
    assert (
        tables["survey_answer"].score.notna() == tables["survey_answer"].answered_at.notna()
    ).all()


def test_spend_falls_within_its_campaign_and_leads_too(tables: Tables) -> None:
    campaigns = tables["campaign"].set_index("name")
    for name, column in (("spend", "happened_at"), ("lead", "created_at")):
        table = tables[name].dropna(subset=["campaign"])
        day = table[column].dt.normalize()
        if name == "lead":
            table = table[table.source_id.isin(table.source_id[: len(table) - 150])]
            day = day.loc[table.index]
        assert (day >= table.campaign.map(campaigns.started_at)).all(), name
        assert (day <= table.campaign.map(campaigns.ended_at)).all(), name


def test_a_million_deals_are_made_in_a_few_seconds_of_work(world: World) -> None:
    start = time.process_time()
    table = deals_only(1_000_000, seed=3)
    assert time.process_time() - start < 6
    assert table.num_rows == 1_000_000
    assert set(table["outcome"].unique().to_pylist()) == {"won", "lost", "no_decision", "open"}
    assert table["closed_at"].null_count == int((table["outcome"].to_numpy() == "open").sum())
