"""How much of a cohort is settled goes with its figure, and unequal cohorts are not compared."""

import datetime as dt

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.catalogue.definition import TimeKind
from jalon.estimates.registry import estimators
from jalon.measure.example import fill
from jalon.measure.maturity import alike
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.measure.standing import standing
from jalon.model.periods import Grain, Period
from jalon.views.groups import told

CATALOGUE = built_in()
#: Cohorts of which nothing says when they are complete (an address may be opted out at any time),
#: that count each customer for as long as it is followed, or closed and silent deals alone.
ENDLESS = {
    "opt_out_rate", "purchase_frequency", "customer_lifetime_value", "cac_payback_months",
    "no_decision_rate",
}  # fmt: skip


def deals(campaign, day, closed, still_open, won=0.5):
    """Deals of a campaign created on a day: so many closed, half of them won, and open ones."""
    rows = [
        {"campaign": campaign, "outcome": "won" if i < won * closed else "lost", "amount": 100,
         "account": f"Compte {campaign} {i}",
         "created_at": day, "closed_at": day + dt.timedelta(days=20 + i)}
        for i in range(closed)
    ]  # fmt: skip
    rows += [
        {"campaign": campaign, "outcome": "open", "amount": 100, "created_at": day}
        for _ in range(still_open)
    ]
    return rows


@pytest.fixture(scope="module")
def measurer():
    """Two campaigns whose deals are settled, a young one with six open out of ten, an unknown."""
    first, second = dt.date(2025, 1, 6), dt.date(2025, 5, 5)
    rows = [
        *deals("Salon", first, 38, 2), *deals("Web", first, 40, 0), *deals("Neuve", second, 16, 24),
        *deals(None, second, 2, 8),
    ]  # fmt: skip
    spend = [
        {"campaign": name, "amount": 1000, "happened_at": dt.date(2025, 1, 2)}
        for name in ("Salon", "Web", "Neuve")
    ]
    return Measurer(fill({"deal": rows, "spend": spend}), CATALOGUE)


def ask(measurer, kpi, **asked):
    return measurer.measure(Question((kpi,), **asked)).answers[0]


def by_label(answer, name, values):
    return dict(zip(answer.groups[name], values, strict=True))


def codes(answer, row):
    return [each.code for each in answer.notes(row)]


def test_a_campaign_far_less_settled_than_the_others_says_so(measurer):
    answer = ask(measurer, "created_win_rate", by=("campaign",))
    shares = by_label(answer, "campaign", answer.maturity)
    assert shares["Neuve"] == pytest.approx(0.4)
    assert shares["Salon"] == pytest.approx(0.95)
    behind = [row for row in range(len(answer)) if "maturity_behind" in codes(answer, row)]
    assert [answer.groups["campaign"][row] for row in behind] == ["Neuve"]
    (note,) = [each for each in answer.notes(behind[0]) if each.code == "maturity_behind"]
    assert note.facts["group"] == "Neuve"
    assert note.facts["share"] == pytest.approx(0.4)
    assert note.facts["others"] == pytest.approx(78 / 80)


def test_campaigns_of_unequal_maturity_are_not_told_apart(measurer):
    stood = standing(ask(measurer, "created_win_rate", by=("campaign",)))
    assert stood is not None
    assert stood.comparable
    labels = np.array(stood_labels(measurer))
    assert labels[stood.named].tolist() == ["Salon", "Web"]
    assert labels[stood.left].tolist() == ["Neuve"]
    assert not stood.side[labels == "Neuve"].any()
    said = told(ask(measurer, "created_win_rate", by=("campaign",)), stood, "fr")
    assert "Hors comparaison" in said
    assert "Neuve" in said


def stood_labels(measurer):
    return ask(measurer, "created_win_rate", by=("campaign",)).groups["campaign"]


def test_the_most_rows_within_the_gap_are_compared():
    maturity, n = np.array([1.0, 0.95, 0.6, 0.55, np.nan, 0.2]), np.array([5, 5, 50, 50, 1, 90])
    among = np.array([True, True, True, True, True, False])
    assert alike(maturity, n, among).tolist() == [False, False, True, True, True, False]
    assert alike(np.full(2, np.nan), n[:2], among[:2]).all()


@pytest.mark.parametrize("kpi", ["campaign_roi", "cac"])
def test_what_a_campaign_brings_or_costs_carries_how_much_of_it_is_closed(measurer, kpi):
    answer = ask(measurer, kpi, by=("campaign",))
    shares = by_label(answer, "campaign", answer.maturity)
    assert (shares["Web"], shares["Neuve"]) == (1, pytest.approx(0.4))
    row = answer.groups["campaign"].index("Neuve")
    assert "maturity_behind" in codes(answer, row)
    assert ask(measurer, kpi).maturity is None


def test_a_filter_that_only_spend_knows_leaves_the_cost_without_maturity():
    spend = [
        {"campaign": name, "amount": 1000, "customers": 4, "kind": kind,
         "happened_at": dt.date(2025, 1, 2)}
        for name in ("Salon", "Neuve") for kind in ("media", "tool")
    ]  # fmt: skip
    rows = [*deals("Salon", dt.date(2025, 1, 6), 9, 0), *deals("Neuve", dt.date(2025, 1, 6), 1, 9)]
    found = Measurer(fill({"deal": rows, "spend": spend}), CATALOGUE)
    plain = ask(found, "cac", by=("campaign",))
    assert by_label(plain, "campaign", plain.maturity) == {"Salon": 1, "Neuve": 0.1}
    for where in ("kind = 'media'", "customers > 1"):
        answer = ask(found, "cac", by=("campaign",), where=where)
        assert answer.maturity is None
        assert np.isfinite(answer.figures.value).all()


def test_months_carry_it_whatever_the_estimator(measurer):
    for kpi in ("created_win_rate", "win_curve", "sales_cycle_days"):
        answer = ask(measurer, kpi, grain=Grain.MONTH)
        shares = {
            each.start: round(float(share), 3)
            for each, share in zip(answer.periods, answer.maturity, strict=True)
        }
        assert shares[dt.date(2025, 1, 1)] == 0.975
        assert shares[dt.date(2025, 5, 1)] == 0.36


def test_what_follows_open_deals_allows_for_it_and_says_so(measurer):
    answer = ask(measurer, "win_curve", by=("campaign",))
    assert all("maturity_adjusted" in codes(answer, row) for row in range(len(answer)))
    assert not any("maturity_behind" in codes(answer, row) for row in range(len(answer)))


@pytest.mark.parametrize(
    ("kpi", "code"),
    [("created_win_rate", "maturity_differs"), ("win_curve", "maturity_adjusted")],
)
def test_periods_of_unequal_maturity_are_refused_or_adjusted(measurer, kpi, code):
    period = Period(dt.date(2025, 5, 1), dt.date(2025, 9, 1))
    answer = ask(measurer, kpi, period=period, compare="previous")
    assert code in codes(answer, 0)
    (other,) = {"maturity_differs", "maturity_adjusted"} - {code}
    assert other not in codes(answer, 0)
    if code == "maturity_differs":
        assert not answer.compare.conclusive.any()


def test_equal_cohorts_say_nothing():
    day = dt.date(2025, 1, 6)
    rows = [*deals("Salon", day, 18, 2), *deals("Web", day, 19, 2), *deals("Appel", day, 1, 0)]
    answer = ask(Measurer(fill({"deal": rows}), CATALOGUE), "created_win_rate", by=("campaign",))
    assert not any("maturity_behind" in codes(answer, row) for row in range(len(answer)))


def test_stages_carry_how_much_of_their_cohort_is_closed():
    rows = [
        {"id": "d1", "outcome": "won", "created_at": dt.date(2025, 1, 1),
         "closed_at": dt.date(2025, 2, 1), "source": "Web"},
        {"id": "d2", "outcome": "open", "created_at": dt.date(2025, 1, 1), "source": "Web"},
        {"id": "d3", "outcome": "lost", "created_at": dt.date(2025, 1, 1),
         "closed_at": dt.date(2025, 2, 1), "source": "Salon"},
    ]  # fmt: skip
    steps = [
        {"deal": deal, "stage": stage, "rank": rank, "entered_at": dt.date(2025, 1, 2 + rank)}
        for deal in ("d1", "d2", "d3")
        for rank, stage in enumerate(("Découverte", "Offre"), 1)
    ]
    found = Measurer(fill({"deal": rows, "stage_change": steps}), CATALOGUE)
    answer = ask(found, "stage_conversion_rate", by=("source",))
    shares = dict(zip(answer.groups["source"], answer.maturity, strict=True))
    assert shares == {"Web": 0.5, "Salon": 1}
    assert np.isfinite(ask(found, "stage_conversion_rate").maturity).all()


def test_sectors_asked_as_classes_are_judged_too():
    old, young = dt.date(2025, 1, 6), dt.date(2025, 12, 1)
    leads = [
        {"id": f"{sector}{i}", "sector": sector, "created_at": day}
        for sector, day in (("Bio", old), ("Tech", young))
        for i in range(20)
    ]
    won = {"lead": "Bio1", "outcome": "won", "closed_at": dt.date(2025, 3, 1)}
    found = Measurer(fill({"lead": leads, "deal": [won]}), CATALOGUE)
    answer = ask(found, "sector_conversion_rate")
    row = answer.groups["sector"].index("Tech")
    assert "maturity_behind" in codes(answer, row)


def test_every_cohort_says_what_is_settled_or_needs_not():
    """Settled to date, complete by its horizon, or followed to date."""
    silent = set()
    for name in CATALOGUE.public():
        for part in CATALOGUE[name].parts or (None,):
            for rule in CATALOGUE[name].rules(part):
                censored = rule.estimate in estimators() and estimators()[rule.estimate].censored
                if rule.time is TimeKind.COHORT and not (rule.mature or rule.horizon or censored):
                    silent.add(name)
    assert silent == ENDLESS
