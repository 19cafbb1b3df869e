"""Targets against the KPIs that they name, and what attribution and lags promise."""

import datetime as dt
import random

import numpy as np
import pytest
from scipy import stats

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.calendar import FRANCE
from jalon.model.periods import Grain, Period, forward
from jalon.relations.clock import Clock

from .world import store_of

CATALOGUE = built_in()


def measure(store, kpi, **asked):
    return Measurer(store, CATALOGUE).measure(Question((kpi,), **asked))[kpi]


def at(day):
    return dt.datetime.combine(day, dt.time())


def invoices_of_two_years(seed=1):
    draw, first = random.Random(seed), dt.date(2024, 1, 1)
    days = [first + dt.timedelta(days=i) for i in range(500)]
    return [
        {"account": f"A{i}", "amount": round(draw.uniform(50, 150), 2), "happened_at": at(day)}
        for i, day in enumerate(days)
        if day.weekday() < 5
    ]


def test_the_chance_is_that_of_the_run_rate_worked_out_apart():
    invoices = invoices_of_two_years()
    targets = [{"kpi": "revenue", "period": "2025-02", "value": 2000}]
    store = fill({"invoice": invoices, "target": targets})
    seen = dt.date(2025, 2, 14)
    answer = measure(store, "target_hit_probability", clock=Clock(as_of=seen))
    months = [forward(dt.date(2024, 2, 1), i) for i in range(12)]
    spans = [(one, forward(one, 1)) for one in months]
    sold = [
        sum(each["amount"] for each in invoices if at(a) <= each["happened_at"] < at(b))
        for a, b in spans
    ]
    days = np.array([FRANCE.working_days(a, b) for a, b in spans])
    rates = np.array(sold) / days
    done = sum(
        each["amount"]
        for each in invoices
        if at(dt.date(2025, 2, 1)) <= each["happened_at"] < at(dt.date(2025, 2, 15))
    )
    ahead, spread = (
        FRANCE.working_days(dt.date(2025, 2, 15), dt.date(2025, 3, 1)),
        rates.var(ddof=1),
    )
    error = np.sqrt(spread * days.mean() * ahead + spread * ahead**2 / 12)
    wanted = stats.t.sf((2000 - done - rates.mean() * ahead) / error, 11)
    assert answer.figures.value[0] == pytest.approx(wanted, rel=1e-9)
    assert 0 < wanted < 1


def test_a_year_of_targets_costs_one_question_a_kpi():
    targets = [{"kpi": "revenue", "period": f"2024-{m:02}", "value": 1000} for m in range(1, 13)]
    store = fill({"invoice": invoices_of_two_years(), "target": targets})
    measurer = Measurer(store, CATALOGUE)
    results = measurer.measure(Question(("target_attainment",), grain=Grain.MONTH))
    assert len(results["target_attainment"]) == 12
    assert sum("net_amount" in each for each in results.sql) <= 3
    alone = measurer.measure(
        Question(
            ("revenue",), grain=Grain.MONTH, period=Period(dt.date(2024, 1, 1), dt.date(2025, 1, 1))
        )
    )["revenue"]
    assert (results["target_attainment"].figures.numerator == alone.figures.value).all()


def test_a_replaced_target_is_said():
    targets = [
        {"kpi": "revenue", "period": "2024", "value": 1, "set_at": at(dt.date(2024, 5, 1))},
        {"kpi": "revenue", "period": "2024", "value": 2, "set_at": at(dt.date(2023, 5, 1))},
    ]
    answer = measure(
        fill({"invoice": invoices_of_two_years(), "target": targets}), "target_attainment"
    )
    assert answer.figures.denominator[0] == 1
    said = {each.code: each.facts for each in answer.notes(0)}
    assert said["target_changed"] == {"former": 2.0, "day": dt.date(2024, 5, 1)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("part", ["first_touch", "last_touch", "linear", "position"])
def test_whatever_the_rule_the_sources_add_up_to_revenue(seed, part):
    store = store_of(seed)
    whole = measure(store, "revenue").figures.value[0]
    parts = measure(store, "attributed_revenue", part=part).figures.value
    assert parts.sum() == pytest.approx(whole, rel=1e-12)


def test_by_cohort_of_spend_the_cost_is_true_where_the_same_month_is_not():
    """Spend grows by 8 % a month, customers sign some four months after their lead: 100 € each."""
    draw, spend, leads, deals = random.Random(3), [], [], []
    for month in range(36):
        first = forward(dt.date(2022, 1, 1), month)
        amount = 1000 * 1.08**month
        spend.append({"amount": round(amount, 2), "happened_at": at(first)})
        for i in range(round(amount / 20)):
            name = f"L{month}-{i}"
            day = at(first) + dt.timedelta(days=draw.randrange(28))
            leads.append({"id": name, "company": name, "created_at": day})
            if i % 5 == 0:
                signed = day + dt.timedelta(days=max(1, round(draw.gauss(122, 30))))
                if signed < dt.datetime(2025, 1, 1):
                    deals.append({"lead": name, "outcome": "won", "amount": 1, "closed_at": signed})
    store = fill({"spend": spend, "lead": leads, "deal": deals})
    lagged = measure(store, "cac_lagged")
    assert lagged.basis == "lead"
    assert lagged.figures.value[0] == pytest.approx(100, rel=0.03)
    assert lagged.figures.low[0] < 100 < lagged.figures.high[0]
    # The same month reads a third too much: what four months of growth make of the spend.
    late = Period(dt.date(2023, 1, 1), dt.date(2025, 1, 1))
    same = measure(store, "cac", period=late).figures.value[0]
    assert same == pytest.approx(100 * 1.08 ** (122 / 30.4375), rel=0.03)
    # From the two series alone: a range that says its lags, and holds the truth.
    year = Period(dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    bought = [{**each, "account": each["lead"], "lead": None} for each in deals]
    series = measure(fill({"spend": spend, "deal": bought}), "cac_lagged", period=year)
    assert series.basis == "deal"
    assert series.figures.low[0] < 100 < series.figures.high[0]
    assert "lag_assumed" in {each.code for each in series.notes(0)}


def test_a_filter_is_refused_rather_than_set_against_the_whole_target():
    rows = {
        "target": [{"kpi": "revenue", "period": "2025-01", "value": 100}],
        "invoice": [
            {"account": "a", "amount": 90, "happened_at": dt.date(2025, 1, 5)},
            {"account": "b", "amount": 30, "happened_at": dt.date(2025, 1, 6)},
        ],
    }
    store = fill(rows)
    whole = measure(store, "target_attainment", grain=Grain.MONTH)
    assert whole.figures.value[0] == pytest.approx(1.2)
    part = measure(store, "target_attainment", grain=Grain.MONTH, where="account = 'b'")
    assert part.missing is not None and part.missing.code == "target_filtered"
