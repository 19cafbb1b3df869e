"""Each planted truth is looked for with other tools than Jalon's."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from scipy.stats import chi2_contingency, fisher_exact

from jalon.demo.world import World

Tables = dict[str, pd.DataFrame]
END = pd.Timestamp("2026-09-30")
MONTH = 30.4375
ADJUSTED = "bs(np.log(amount), df=4) + sector + source + owner"


def _mature(deals: pd.DataFrame) -> pd.DataFrame:
    """Deals with a first meeting and a quote, old enough for their outcome."""
    old = deals[deals.created_at < END - pd.Timedelta(days=270)]
    found = old.dropna(subset=["first_held", "wait"]).copy()
    found["late"] = (found.wait > 7).astype(float)
    found["discount"] = 1 - found.amount / found.list_amount
    return found


def _effect(found: pd.DataFrame, name: str) -> tuple[float, float]:
    fit = smf.ols(f"won ~ late + joint + discount + {ADJUSTED}", found).fit(cov_type="HC3")
    return float(fit.params[name]), float(fit.bse[name])


def test_a_late_quote_costs_ten_points_at_comparable_deals(
    world: World, deals: pd.DataFrame
) -> None:
    effect, error = _effect(_mature(deals), "late")
    assert abs(effect - world.truths.late_effect) < 2 * error
    assert effect + 2 * error < 0


def test_the_discount_changes_nothing_at_comparable_deals(deals: pd.DataFrame) -> None:
    found = _mature(deals)
    effect, error = _effect(found, "discount")
    assert abs(effect) < 2 * error
    raw = smf.ols("won ~ discount", found).fit()
    assert raw.params["discount"] < -2 * raw.bse["discount"]


def test_sellers_write_price_twice_as_often_as_it_is_true(
    world: World, deals: pd.DataFrame
) -> None:
    lost = deals.query("outcome == 'lost'")
    stated = (lost.loss_reason_stated == "Prix").sum() / len(lost)
    assert stated / world.truths.true_causes["Prix"] == pytest.approx(2, abs=0.25)
    assert lost.loss_reason_stated.value_counts().index[0] == "Prix"
    said = lost.loss_reason_buyer.dropna()
    share = (said == "Prix").mean()
    error = np.sqrt(share * (1 - share) / len(said))
    assert abs(share - world.truths.true_causes["Prix"]) < 2 * error


def test_team_visits_look_harmful_and_are_worth_eight_points(
    world: World, deals: pd.DataFrame
) -> None:
    found = _mature(deals)
    raw = found.groupby("joint").won.mean().diff().iloc[-1]
    effect, error = _effect(found, "joint")
    assert raw < 0
    assert abs(effect - world.truths.team_effect) < 2 * error
    assert effect - 2 * error > 0


def test_big_deals_get_the_team_visits(deals: pd.DataFrame) -> None:
    found = _mature(deals)
    medians = found.groupby("joint").amount.median()
    assert medians[1] > 1.8 * medians[0]


def _salons(tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Monthly spend and new customers of the fairs."""
    spend = tables["spend"].query("channel == 'Salons'")
    deals = tables["deal"].query("outcome == 'won' and lead == lead")
    won = deals[deals.lead.notna() & (deals.source == "Salon")]
    months = pd.period_range("2023-10", "2026-09", freq="M")
    money = spend.groupby(spend.happened_at.dt.to_period("M")).amount.sum().reindex(months)
    return money, won.groupby(won.closed_at.dt.to_period("M")).size().reindex(months, fill_value=0)


def test_the_customers_of_the_fairs_come_four_months_after_the_money(tables: Tables) -> None:
    leads = tables["lead"].set_index("source_id").created_at
    won = tables["deal"].query("outcome == 'won' and source == 'Salon'").dropna(subset=["lead"])
    born = won.lead.map(leads)
    old = born < END - pd.Timedelta(days=300)
    lag = (won.closed_at - born)[old].dt.days
    assert lag.mean() == pytest.approx(4 * MONTH, abs=8)


def test_same_month_cac_of_the_fairs_misleads_and_the_lagged_one_does_not(
    world: World, tables: Tables
) -> None:
    money, customers = _salons(tables)
    year = slice("2025-10", "2026-09")
    count = customers[year].sum()
    same = money[year].sum() / count
    lagged = money.shift(4)[year].sum() / count
    truth = world.truths.salon_cac
    assert same / lagged == pytest.approx(1.05**4, rel=1e-3)
    assert abs(np.log(lagged / truth)) < 2 / np.sqrt(count)
    assert same > 1.15 * truth


def _lifetimes(tables: Tables) -> tuple[pd.Series, pd.Series]:
    contracts = tables["contract"]
    end = contracts.ended_at.fillna(END + pd.Timedelta(days=1))
    return (end - contracts.started_at).dt.days / MONTH, contracts.ended_at.notna()


def test_the_restricted_mean_lifetime_is_found(world: World, tables: Tables) -> None:
    months, ended = _lifetimes(tables)
    fitted = KaplanMeierFitter().fit(months, ended)
    for horizon in (12, 24, 36):
        found = restricted_mean_survival_time(fitted, t=horizon)
        truth = world.truths.restricted_mean[horizon]
        assert found == pytest.approx(truth, abs=0.05 * horizon), horizon


def test_one_over_churn_is_far_from_the_true_mean(world: World, tables: Tables) -> None:
    months, ended = _lifetimes(tables)
    naive = months.sum() / ended.sum()
    share, (loyal, fickle) = world.truths.loyal_share, world.truths.hazards
    truth = share / loyal + (1 - share) / fickle
    assert naive < 0.7 * truth


def test_the_chance_of_leaving_falls_with_age(tables: Tables) -> None:
    months, ended = _lifetimes(tables)
    young = (ended & (months <= 6)).sum() / np.minimum(months, 6).sum()
    older = (ended & (months > 18)).sum() / np.maximum(months - 18, 0).sum()
    assert older < 0.6 * young


def test_bought_files_give_many_cheap_leads_that_convert_badly(
    world: World, tables: Tables
) -> None:
    leads, deals = tables["lead"], tables["deal"]
    counts = leads.source.value_counts()
    bad = world.truths.bad_source
    assert counts.index[0] == bad
    won = set(deals.query("outcome == 'won'").lead.dropna())
    rates = leads.assign(won=leads.source_id.isin(won)).groupby("source").won.mean()
    assert rates[bad] == rates.drop("Ancien fichier").min()
    assert rates[bad] < 0.25 * rates["Publicité en ligne"]
    costs = world.truths.cost_per_lead
    assert costs[bad] == min(costs.values())


def _by_sector(deals: pd.DataFrame) -> pd.DataFrame:
    closed = deals[deals.outcome.isin(["won", "lost"])]
    return closed.groupby("sector").won.agg(["sum", "count", "mean"])


def test_two_equal_sectors_look_different_by_chance(world: World, deals: pd.DataFrame) -> None:
    one, other = world.truths.equal_sectors
    effects = world.truths.sector_effects
    assert effects[one] == effects[other]
    found = _by_sector(deals).loc[[one, other]]
    assert abs(found["mean"].diff().iloc[-1]) > 0.08
    wins = found["sum"].to_numpy()
    _, p = fisher_exact(np.stack([wins, found["count"].to_numpy() - wins]))
    assert p > 0.05


def test_the_equal_sectors_together_hold_no_signal(deals: pd.DataFrame) -> None:
    found = _by_sector(deals).drop("Santé")
    _, p, *_ = chi2_contingency(np.stack([found["sum"], found["count"] - found["sum"]]))
    assert p > 0.05


def test_one_sector_really_wins_less(deals: pd.DataFrame) -> None:
    found = _by_sector(deals)
    inside, rest = found.loc["Santé"], found.drop("Santé").sum()
    table = [
        [inside["sum"], inside["count"] - inside["sum"]],
        [rest["sum"], rest["count"] - rest["sum"]],
    ]
    assert fisher_exact(table)[1] < 0.01


def test_the_duplicates_planted_are_all_there_and_no_other(world: World, tables: Tables) -> None:
    leads = tables["lead"]
    same_siren = leads.siren.dropna().duplicated().sum()
    same_email = leads.email.dropna().str.lower().duplicated().sum()
    assert (same_siren, same_email) == (90, 60)
    assert same_siren == world.truths.copies_of_siren
    assert same_email == world.truths.copies_of_email
    assert not leads.phone[leads.phone != "N/A"].dropna().duplicated().any()


def test_fields_are_missing_at_the_known_rate_of_each_source(world: World, tables: Tables) -> None:
    leads = tables["lead"].iloc[:-150]
    for field, rates in world.truths.blanks.items():
        found = leads[field].isna().groupby(leads.source).mean()
        for source, rate in rates.items():
            assert found[source] == pytest.approx(rate, abs=0.003), (field, source)
    assert (leads.phone == "N/A").sum() == round(world.truths.na_phones * len(leads))
    assert (leads.job_title == "xxx").sum() == round(world.truths.xxx_jobs * len(leads))


def test_leads_past_the_three_years_are_those_who_never_wrote(world: World, tables: Tables) -> None:
    leads = tables["lead"]
    last = leads[["created_at", "last_inbound_at"]].max(axis=1)
    past = last < END - pd.DateOffset(years=3)
    assert past.sum() == world.truths.past_retention
    called = leads.last_outbound_at > END - pd.DateOffset(years=3)
    assert (past & called).sum() > 50


def test_revenue_grows_and_august_is_the_lowest_month(tables: Tables) -> None:
    invoices = tables["invoice"].query("status != 'cancelled'")
    years = invoices.groupby(
        pd.cut(
            invoices.happened_at,
            pd.to_datetime(["2023-10-01", "2024-10-01", "2025-10-01", "2026-10-01"]),
            right=False,
        ),
        observed=True,
    )
    totals = years.amount.sum()
    assert (totals.pct_change().dropna() > 0.15).all()
    leads = tables["lead"].query("source not in ('Salon', 'Ancien fichier')")
    by_month = leads.groupby(leads.created_at.dt.month).size()
    assert by_month.idxmin() == 8


def test_the_season_of_the_leads_is_the_known_one(world: World, tables: Tables) -> None:
    leads = tables["lead"].iloc[:-150].query("source not in ('Salon', 'Ancien fichier')")
    count = leads.groupby(leads.created_at.dt.month).size()
    expected = pd.Series(world.truths.season, index=range(1, 13))
    expected = expected * np.array([1.01 ** ((m - 10) % 12) for m in range(1, 13)])
    expected *= count.sum() / expected.sum()
    assert ((count - expected) ** 2 / expected).sum() < 26


def test_baskets_have_a_heavy_tail(world: World, tables: Tables) -> None:
    amounts = tables["deal"].amount
    assert amounts.mean() / amounts.median() == pytest.approx(
        world.truths.mean_over_median, abs=0.15
    )
    basket = tables["invoice"].query("kind == 'invoice'").amount
    assert basket.mean() / basket.median() == pytest.approx(2, abs=0.3)


def test_one_seller_is_flattered_by_what_he_does_not_close(
    world: World, deals: pd.DataFrame
) -> None:
    closed = deals[deals.outcome.isin(["won", "lost"])].groupby("owner").won.mean()
    created = deals[deals.created_at < END - pd.Timedelta(days=270)].groupby("owner").won.mean()
    name = world.truths.leaves_open
    assert closed.idxmax() == name
    assert closed[name] > created[name] + 0.25
    assert (closed - created).drop(name).max() < 0.15
    stale = deals[(deals.outcome == "open") & (deals.created_at < END - pd.Timedelta(days=365))]
    assert stale.owner.value_counts().index[0] == name


def test_the_loyal_answer_more_so_the_nps_of_answers_is_too_high(
    world: World, tables: Tables
) -> None:
    answers = tables["survey_answer"].query("kind == 'nps'").dropna(subset=["score"])
    score = answers.score.astype(float)
    found = 100 * ((score >= 9).mean() - (score <= 6).mean())
    low, high = world.truths.nps
    assert low < found < high
