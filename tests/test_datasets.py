"""Real data sets, whole: every expected figure is worked out here from the raw files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import jalon
from jalon.measure.algebra import Estimate

Figures = dict[Any, dict[str, Any]]
Filled = tuple[jalon.Workspace, jalon.ImportResult]


def filled(folder: Path, *paths: Path, **options: Any) -> tuple[jalon.Workspace, Any]:
    workspace = jalon.open(folder / "jalon-data", lang="fr")
    return workspace, workspace.import_(list(paths), **options)


def one(workspace: jalon.Workspace, kpi: str, **asked: Any) -> dict[str, Any]:
    (found,) = workspace.measure(kpi, **asked).records()
    return found


def by(workspace: jalon.Workspace, kpi: str, dimension: str, **asked: Any) -> Figures:
    return {
        each["group"][dimension]: each for each in workspace.measure(kpi, by=dimension, **asked)
    }


def by_period(workspace: jalon.Workspace, kpi: str, grain: str, **asked: Any) -> Figures:
    found = workspace.measure(kpi, grain=grain, **asked)
    return {each["period"]["from"]: each for each in found}


def files(done: Any) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(each["file"], each["table"]): each for each in done.record["files"]}


def is_wilson(found: dict[str, Any], won: int, among: int) -> None:
    """The figure is that share, with Wilson's interval as statsmodels has it."""
    assert (found["numerator"], found["denominator"], found["n"]) == (won, among, among)
    assert found["value"] == pytest.approx(won / among, abs=1e-12)
    low, high = proportion_confint(won, among, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-9)


def counts_add_up(done: Any) -> None:
    for each in done.record["files"]:
        became = sum(each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined"))
        assert each["rows_read"] == became, each["file"]


# --- maven_crm ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maven_raw(shared_data: Path) -> pd.DataFrame:
    folder = shared_data / "maven_crm"
    deals = pd.read_csv(folder / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    deals = deals.merge(pd.read_csv(folder / "accounts.csv")[["account", "sector"]], how="left")
    deals = deals.merge(pd.read_csv(folder / "sales_teams.csv"), how="left")
    deals["won"] = deals.deal_stage == "Won"
    deals["closed"] = deals.deal_stage.isin(["Won", "Lost"])
    return deals


@pytest.fixture(scope="module")
def maven(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    found, done = filled(tmp_path_factory.mktemp("maven"), shared_data / "maven_crm")
    with found:
        yield found, done


def test_maven_reads_every_row_and_ignores_the_readme(maven: Filled, shared_data: Path) -> None:
    _, done = maven
    counts_add_up(done)
    for name, table in (
        ("sales_pipeline.csv", "deal"),
        ("accounts.csv", "account"),
        ("products.csv", "product"),
        ("sales_teams.csv", "rep"),
    ):
        raw = pd.read_csv(shared_data / "maven_crm" / name)
        each = files(done)[name, table]
        assert each["rows_read"] == each["rows_added"] == len(raw)
    assert [each["where"]["file"].split("/")[-1] for each in done.record["ignored"]] == [
        "README.md"
    ]


def test_maven_win_rate_has_its_wilson_interval(maven: Filled, maven_raw: pd.DataFrame) -> None:
    found = one(maven[0], "win_rate")
    is_wilson(found, int(maven_raw.won.sum()), int(maven_raw.closed.sum()))


def test_maven_revenue_is_the_sum_of_won_deals_to_the_cent(
    maven: Filled, maven_raw: pd.DataFrame
) -> None:
    workspace, done = maven
    won = maven_raw[maven_raw.won]
    found = one(workspace, "revenue")
    assert found["value"] == won.close_value.sum()
    assert found["basis"] == "deal"
    assert files(done)["sales_pipeline.csv", "deal"]["sums"]["amount"] == (
        f"{maven_raw.close_value.sum():.2f}"
    )
    basket = one(workspace, "average_basket")
    assert basket["value"] == pytest.approx(won.close_value.mean(), abs=1e-9)
    median = one(workspace, "average_basket", part="median")
    assert median["value"] == pytest.approx(won.close_value.median(), abs=1e-9)


@pytest.mark.parametrize(
    ("dimension", "column"), [("sector", "sector"), ("rep_region", "regional_office")]
)
def test_maven_by_dimension_is_pandas_group_by(
    maven: Filled, maven_raw: pd.DataFrame, dimension: str, column: str
) -> None:
    rates = by(maven[0], "win_rate", dimension)
    revenue = by(maven[0], "revenue", dimension)
    groups = maven_raw[maven_raw.closed].groupby(column)
    assert set(rates) == set(revenue) == set(groups.groups)
    for name, rows in groups:
        is_wilson(rates[name], int(rows.won.sum()), len(rows))
        assert revenue[name]["value"] == rows[rows.won].close_value.sum()


def test_maven_new_customers_come_at_their_first_won_deal(
    maven: Filled, maven_raw: pd.DataFrame
) -> None:
    first = maven_raw[maven_raw.won].groupby("account").close_date.min()
    expected = first.dt.to_period("Q").dt.start_time.dt.date.astype(str).value_counts()
    found = by_period(maven[0], "new_customers", "quarter")
    assert {k: v["value"] for k, v in found.items() if v["value"]} == expected.to_dict()
    assert one(maven[0], "new_customers")["value"] == len(first)


def test_maven_no_sector_is_better_than_another(maven: Filled) -> None:
    found = list(by(maven[0], "win_rate", "sector").values())
    tests = []
    for left, right in combinations(found, 2):
        one_, two = (
            Estimate(*(np.array([each[name]]) for name in ("value", "low", "high")))
            for each in (left, right)
        )
        difference = one_ - two
        assert difference.low[0] < 0 < difference.high[0], (left["group"], right["group"])
        table = [[e["numerator"], e["denominator"] - e["numerator"]] for e in (left, right)]
        tests.append(chi2_contingency(table, correction=False).pvalue)
    assert not multipletests(tests, method="fdr_bh")[0].any()


def test_maven_lost_amounts_are_all_zero_so_that_value_win_rate_is_missing(maven: Filled) -> None:
    found = one(maven[0], "value_win_rate")
    assert found["value"] is None
    assert found["missing"]


def test_maven_a_near_name_is_proposed_and_applied_only_by_a_mapping_file(
    maven: Filled, maven_raw: pd.DataFrame, shared_data: Path, tmp_path: Path
) -> None:
    workspace, done = maven
    (proposal,) = done.record["proposals"]
    assert (proposal["table"], proposal["text"], proposal["candidate"]) == (
        "product",
        "GTXPro",
        "GTX Pro",
    )
    assert done.record["unlinked"] == {"product": 1}
    before = by(workspace, "revenue", "product")
    assert "GTXPro" in before
    assert "GTX Pro" not in before

    told = tmp_path / "map.yaml"
    told.write_text(
        "files:\n  - file: sales_pipeline.csv\n    table: deal\n"
        "    links: {product: {GTXPro: GTX Pro}}\n",
        encoding="utf-8",
    )
    applied, done = filled(tmp_path, shared_data / "maven_crm", map=told)
    with applied:
        assert done.record["proposals"] == []
        assert done.record["unlinked"] == {}
        after = by(applied, "revenue", "product")
        rows = maven_raw[maven_raw.won & (maven_raw["product"] == "GTXPro")]
        assert after["GTX Pro"]["value"] == rows.close_value.sum() == before["GTXPro"]["value"]
        assert "GTXPro" not in after


# --- olist_funnel -------------------------------------------------------------------------------

OLIST = ("olist_closed_deals_dataset.csv", "olist_marketing_qualified_leads_dataset.csv")
TWIN = ("variant_ddmmyyyy_crlf_closed_deals.csv", "variant_ddmmyyyy_crlf_mql.csv")


@pytest.fixture(scope="module")
def olist_raw(shared_data: Path) -> pd.DataFrame:
    deals, leads = (pd.read_csv(shared_data / "olist_funnel" / name) for name in OLIST)
    leads["converted"] = leads.mql_id.isin(deals.mql_id)
    return leads


@pytest.fixture(scope="module")
def olist(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    found, done = filled(tmp_path_factory.mktemp("olist"), shared_data / "olist_funnel")
    with found:
        yield found, done


def test_olist_conversion_of_leads_to_date(olist: Filled, olist_raw: pd.DataFrame) -> None:
    counts_add_up(olist[1])
    is_wilson(one(olist[0], "lead_conversion_rate"), int(olist_raw.converted.sum()), len(olist_raw))


def test_olist_conversion_by_source_keeps_unknown_apart_from_blank(
    olist: Filled, olist_raw: pd.DataFrame
) -> None:
    found = by(olist[0], "lead_conversion_rate", "source")
    groups = olist_raw.groupby(olist_raw.origin.fillna("␀"))
    assert set(found) == {None if name == "␀" else name for name in groups.groups}
    assert "unknown" in found
    for name, rows in groups:
        is_wilson(found[None if name == "␀" else name], int(rows.converted.sum()), len(rows))


def test_olist_basket_is_per_order_not_per_payment(olist: Filled, shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "olist_funnel" / "olist_order_payments_dataset.parquet")
    orders = raw.groupby("order_id").payment_value.sum()
    found = one(olist[0], "average_basket")
    assert (found["n"], found["denominator"]) == (len(orders), len(orders))
    assert found["value"] == pytest.approx(orders.mean(), abs=1e-9)
    assert len(raw) > len(orders)
    each = files(olist[1])["olist_order_payments_dataset.parquet", "invoice"]
    assert each["sums"]["amount"] == f"{round(raw.payment_value * 100).sum() / 100:.2f}"


def test_olist_a_twin_with_coarser_dates_changes_nothing(olist: Filled) -> None:
    for name, table in zip(TWIN, ("deal", "lead"), strict=True):
        each = files(olist[1])[name, table]
        assert each["rows_read"] == each["rows_unchanged"] > 0


def test_olist_the_twin_alone_gives_the_same_dates(
    olist: Filled, shared_data: Path, tmp_path: Path
) -> None:
    twin, done = filled(tmp_path, *(shared_data / "olist_funnel" / name for name in TWIN))
    with twin:
        assert {each["date_order"] for each in done.record["files"]} == {"DMY"}
        for kpi in ("lead_conversion_rate", "win_rate"):
            expected = {
                day: (each["n"], each["numerator"])
                for day, each in by_period(olist[0], kpi, "day").items()
            }
            found = by_period(twin, kpi, "day")
            assert {d: (e["n"], e["numerator"]) for d, e in found.items()} == expected


def test_olist_deals_are_closed_on_the_day_that_the_file_says(
    olist: Filled, shared_data: Path
) -> None:
    raw = pd.read_csv(shared_data / "olist_funnel" / OLIST[0], parse_dates=["won_date"])
    expected = raw.won_date.dt.date.astype(str).value_counts().to_dict()
    found = by_period(olist[0], "win_rate", "day")
    assert {day: each["n"] for day, each in found.items() if each["n"]} == expected


# --- cdnow --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdnow_raw(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(
        shared_data / "cdnow" / "CDNOW_master.txt",
        sep=r"\s+",
        dtype={"customer_id": str},
        parse_dates=["date"],
        date_format="%Y%m%d",
    )


@pytest.fixture(scope="module")
def cdnow(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    file = shared_data / "cdnow" / "CDNOW_master.txt"
    found, done = filled(tmp_path_factory.mktemp("cdnow"), file)
    with found:
        yield found, done


def test_cdnow_identical_rows_are_all_kept(cdnow: Filled, cdnow_raw: pd.DataFrame) -> None:
    counts_add_up(cdnow[1])
    (each,) = cdnow[1].record["files"]
    assert cdnow_raw.duplicated().sum() > 200
    assert each["rows_added"] == each["rows_read"] == len(cdnow_raw)
    cents = (cdnow_raw.dollar_value * 100).round().astype(int).sum()
    assert each["sums"]["amount"] == f"{cents // 100}.{cents % 100:02d}"
    assert one(cdnow[0], "revenue")["value"] == cents / 100


def test_cdnow_basket_is_a_row(cdnow: Filled, cdnow_raw: pd.DataFrame) -> None:
    found = one(cdnow[0], "average_basket")
    assert found["n"] == len(cdnow_raw)
    assert found["value"] == pytest.approx(cdnow_raw.dollar_value.mean(), abs=1e-9)


def test_cdnow_revenue_by_month(cdnow: Filled, cdnow_raw: pd.DataFrame) -> None:
    months = cdnow_raw.groupby(cdnow_raw.date.dt.strftime("%Y-%m-01")).dollar_value.sum()
    found = by_period(cdnow[0], "revenue", "month")
    assert {k: v["value"] for k, v in found.items()} == pytest.approx(months.to_dict(), abs=1e-6)


def test_cdnow_customers_are_new_in_the_month_of_their_first_order(
    cdnow: Filled, cdnow_raw: pd.DataFrame
) -> None:
    first = cdnow_raw.groupby("customer_id").date.min()
    months = first.dt.strftime("%Y-%m-01").value_counts().to_dict()
    found = by_period(cdnow[0], "new_customers", "month")
    assert {k: v["value"] for k, v in found.items() if v["value"]} == months
    assert one(cdnow[0], "new_customers")["value"] == cdnow_raw.customer_id.nunique()


def test_cdnow_is_observed_to_the_end_of_its_data_not_to_today(
    cdnow: Filled, cdnow_raw: pd.DataFrame
) -> None:
    first = cdnow_raw.groupby("customer_id").date.min()
    end = cdnow_raw.date.max() + pd.Timedelta(days=1)
    years = (end - first).dt.days.sum() / 365.25
    found = one(cdnow[0], "purchase_frequency")
    assert found["value"] == pytest.approx(len(cdnow_raw) / years, rel=2e-3)
    assert found["value"] == pytest.approx(2.15, abs=0.005)


# --- zoho_crm -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zoho(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    found, done = filled(tmp_path_factory.mktemp("zoho"), shared_data / "zoho_crm")
    with found:
        yield found, done


@pytest.fixture(scope="module")
def zoho_deals(shared_data: Path) -> pd.DataFrame:
    raw = pd.read_csv(shared_data / "zoho_crm" / "Potentials.csv")
    raw["amount"] = raw.Amount.str.replace(r"[$,]", "", regex=True).astype(float)
    raw["won"] = raw.Stage == "Closed Won"
    raw["closed"] = raw.Stage.isin(["Closed Won", "Closed Lost"])
    raw["at"] = pd.to_datetime(raw["Closing Date"], format="%d %b, %Y %H:%M:%S")
    return raw


@pytest.fixture(scope="module")
def zoho_spend(shared_data: Path) -> float:
    raw = pd.read_csv(shared_data / "zoho_crm" / "Campaigns.csv")["Actual Cost"]
    return float((raw.str.replace(r"[$,K]", "", regex=True).astype(float) * 1000).round(2).sum())


def test_zoho_every_row_is_somewhere(zoho: Filled) -> None:
    counts_add_up(zoho[1])
    assert sum(each["rows_quarantined"] for each in zoho[1].record["files"]) == 0
    assert {each["preset"] for each in zoho[1].record["files"] if each["table"]} == {"zoho"}


def test_zoho_cost_of_a_customer_on_invoices(
    zoho: Filled, zoho_spend: float, shared_data: Path
) -> None:
    invoices = pd.read_csv(shared_data / "zoho_crm" / "Invoices.csv")
    accounts = invoices["Account Id"].nunique()
    found = one(zoho[0], "cac")
    assert (found["part"], found["basis"], found["n"]) == ("customer", "invoice", accounts)
    assert found["value"] == pytest.approx(zoho_spend / accounts, abs=1e-9)


def test_zoho_cost_of_a_won_deal(zoho: Filled, zoho_spend: float, zoho_deals: pd.DataFrame) -> None:
    found = one(zoho[0], "cac", part="won_deal")
    assert found["value"] == pytest.approx(zoho_spend / zoho_deals.won.sum(), abs=1e-9)


def test_zoho_return_of_campaigns_on_deals(
    zoho: Filled, zoho_spend: float, zoho_deals: pd.DataFrame
) -> None:
    gained = zoho_deals[zoho_deals.won].amount.sum() - zoho_spend
    found = one(zoho[0], "campaign_roi", basis="deal")
    assert found["basis"] == "deal"
    assert found["value"] == pytest.approx(gained / zoho_spend, abs=1e-9)


def test_zoho_win_rate_whole_and_by_closing_quarter(zoho: Filled, zoho_deals: pd.DataFrame) -> None:
    closed = zoho_deals[zoho_deals.closed]
    is_wilson(one(zoho[0], "win_rate"), int(closed.won.sum()), len(closed))
    found = by_period(zoho[0], "win_rate", "quarter")
    quarters = closed.groupby(closed["at"].dt.to_period("Q").dt.start_time.dt.date.astype(str))
    assert set(found) == set(quarters.groups)
    for day, rows in quarters:
        is_wilson(found[day], int(rows.won.sum()), len(rows))


def test_zoho_won_revenue_on_deals(zoho: Filled, zoho_deals: pd.DataFrame) -> None:
    found = one(zoho[0], "revenue", basis="deal")
    assert found["value"] == zoho_deals[zoho_deals.won].amount.sum()


def test_zoho_accounts_by_sector_and_standing(zoho: Filled, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "zoho_crm" / "Accounts.csv")
    expected = raw.groupby(["Industry", raw["Account Type"].str.lower()]).size().to_dict()
    found = {
        (each["group"]["sector"], each["group"]["standing"]): each["value"]
        for each in zoho[0].measure("accounts_by_sector")
    }
    assert found == expected


# --- skylark_pipeline ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def skylark_raw(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "skylark_pipeline" / "deals.csv", encoding="utf-8-sig")


@pytest.fixture(scope="module")
def skylark(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    found, done = filled(tmp_path_factory.mktemp("skylark"), shared_data / "skylark_pipeline")
    with found:
        yield found, done


def test_skylark_repeated_headers_are_quarantined_at_their_lines(
    skylark: Filled, skylark_raw: pd.DataFrame
) -> None:
    counts_add_up(skylark[1])
    each = files(skylark[1])["deals.csv", "deal"]
    repeated = skylark_raw.index[skylark_raw["Deal Status"] == "Deal Status"]
    assert [q["row"] for q in each["quarantine"]] == [int(i) + 2 for i in repeated]
    assert {q["code"] for q in each["quarantine"]} == {"repeated_header"}
    assert each["rows_added"] == len(skylark_raw) - len(repeated)


def test_skylark_win_rate_counts_undated_closings_and_says_so(
    skylark: Filled, skylark_raw: pd.DataFrame
) -> None:
    status = skylark_raw["Deal Status"]
    closed = skylark_raw[status.isin(["Won", "Dead"])]
    won = int((closed["Deal Status"] == "Won").sum())
    found = one(skylark[0], "win_rate")
    is_wilson(found, won, len(closed))
    undated = int(closed["Close Date (A)"].isna().sum())
    assert any(str(undated) in note for note in found["notes"])


def test_skylark_by_period_is_missing_since_most_closings_have_no_date(skylark: Filled) -> None:
    found = by_period(skylark[0], "win_rate", "month")
    assert found
    assert all(each["value"] is None and each["missing"] for each in found.values())
    bounded = one(skylark[0], "win_rate", start="2025-01-01", end="2025-12-31")
    assert bounded["value"] is None
    assert "267" in bounded["missing"]


def test_skylark_by_sector(skylark: Filled, skylark_raw: pd.DataFrame) -> None:
    closed = skylark_raw[skylark_raw["Deal Status"].isin(["Won", "Dead"])]
    found = by(skylark[0], "win_rate", "sector")
    for name, rows in closed.groupby("Sector/service"):
        is_wilson(found[name], int((rows["Deal Status"] == "Won").sum()), len(rows))


# --- customer_feedback_nps ----------------------------------------------------------------------


def test_feedback_asks_what_the_scores_are_then_gives_the_promoter_score(
    shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "customer_feedback_nps" / "extracted" / "customers.csv.gz"
    raw = pd.read_csv(file)
    told = tmp_path / "map.yaml"
    told.write_text(
        "files:\n  - file: customers.csv.gz\n    table: survey_answer\n    const: {kind: nps}\n",
        encoding="utf-8",
    )
    untold, _ = filled(tmp_path / "untold", file)
    with untold:
        assert one(untold, "nps")["value"] is None
    workspace, done = filled(tmp_path, file, map=told)
    with workspace:
        counts_add_up(done)
        assert done.record["files"][0]["rows_added"] == len(raw)
        score = raw["Original Score"]
        points = np.select([score >= 9, score <= 6], [100, -100], 0)
        found = one(workspace, "nps")
        assert found["n"] == len(raw)
        assert found["value"] == pytest.approx(points.mean(), abs=1e-9)
        margin = 1.96 * points.std() / np.sqrt(len(points))
        assert found["low"] == pytest.approx(points.mean() - margin, abs=0.05)
        assert found["high"] == pytest.approx(points.mean() + margin, abs=0.05)


# --- facebook_ads_kag ---------------------------------------------------------------------------


def test_facebook_cost_of_a_customer_is_a_ratio_of_sums(shared_data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(shared_data / "facebook_ads_kag" / "KAG_conversion_data.csv")
    workspace, done = filled(tmp_path, shared_data / "facebook_ads_kag")
    with workspace:
        counts_add_up(done)
        found = one(workspace, "cac")
        spent, sold = raw.Spent.sum(), int(raw.Approved_Conversion.sum())
        assert (found["basis"], found["denominator"]) == ("spend", sold)
        assert found["value"] == pytest.approx(spent / sold, rel=1e-6)
        campaigns = by(workspace, "cac", "campaign")
        sums = raw.groupby(raw.xyz_campaign_id.astype(str))[["Spent", "Approved_Conversion"]].sum()
        assert set(campaigns) == set(sums.index)
        for name, row in sums.iterrows():
            expected = row.Spent / row.Approved_Conversion
            assert campaigns[name]["value"] == pytest.approx(expected, rel=1e-6)


# --- insurance_broker ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broker(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    file = shared_data / "insurance_broker" / "Meeting List.csv"
    found, done = filled(tmp_path_factory.mktemp("broker"), file)
    with found:
        yield found, done


@pytest.mark.parametrize("kpi", ["meetings_held", "hold_rate", "no_show_rate"])
def test_broker_meetings_without_status_are_missing_and_say_which_column(
    broker: Filled, kpi: str
) -> None:
    found = one(broker[0], kpi)
    assert found["value"] is None
    assert "meeting.status" in found["missing"]


def test_broker_solo_and_team_meetings_are_told_once_a_mapping_says_held(
    shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "insurance_broker" / "Meeting List.csv"
    raw = pd.read_csv(file)
    told = tmp_path / "map.yaml"
    told.write_text(
        "files:\n"
        "  - file: Meeting List.csv\n    table: meeting\n    source: broker\n"
        "    columns:\n"
        "      Account Executive: [{field: source_id, combine: join}, owner]\n"
        "      meeting_date: [{field: source_id, combine: join}, due_at]\n"
        "      global_attendees: {field: source_id, combine: join}\n"
        "    const: {status: held}\n"
        "  - file: Meeting List.csv\n    table: meeting_attendee\n    source: broker\n"
        "    columns:\n"
        "      Account Executive: {field: meeting, combine: join}\n"
        "      meeting_date: {field: meeting, combine: join}\n"
        "      global_attendees: [{field: meeting, combine: join}, person]\n"
        "    const: {side: ours}\n",
        encoding="utf-8",
    )
    workspace, _ = filled(tmp_path, file, map=told)
    with workspace:
        held = one(workspace, "meetings_held")
        assert held["value"] == len(raw)
        team = int(raw.global_attendees.notna().sum())
        is_wilson(one(workspace, "team_meeting_share"), team, len(raw))
