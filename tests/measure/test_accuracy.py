"""Forecast accuracy: forecasts stay as they were on the eve, whatever is learnt after."""

import datetime as dt
from functools import cache

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import bring
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Grain, Period
from jalon.relations.clock import Clock
from jalon.store.store import Store

CATALOGUE = built_in()
#: Eight months, from July 2024.
MONTHS = [dt.date(2024, 7 + i, 1) if i < 6 else dt.date(2025, i - 5, 1) for i in range(9)]
PROBABILITY = 0.5
LAST_DAY = dt.date(2025, 3, 31)


def deal(month, name, end="won", **more):
    """A deal due and closed in the middle of a month."""
    day = MONTHS[month] + dt.timedelta(days=14)
    return {"id": f"{name}{month}", "outcome": end, "amount": 1000, "probability": PROBABILITY,
            "created_at": dt.date(2024, 5, 1), "expected_close_at": day, "closed_at": day,
            **more}  # fmt: skip


def as_seen(deals, day):
    """The same deals as an export of that day shows them: those not closed yet are open."""
    return [
        {**each, "outcome": "open", "closed_at": None} if each["closed_at"] > day else each
        for each in deals
        if each["created_at"] <= day
    ]


def imported(deals, days):
    """A store where the same export was imported on these days, and once all is closed."""
    store = Store.memory()
    for number, day in enumerate([*days, LAST_DAY], 1):
        at = dt.datetime.combine(day, dt.time(8))
        bring(store, number, {"deal": as_seen(deals, day)}, at)
    return store


@cache
def whole():
    """Every month's export, imported on the eve of each."""
    return imported([*DEALS, LAST], eves())


def eves(months=MONTHS):
    return [month - dt.timedelta(days=1) for month in months]


def accuracy(store, part=None, **asked):
    question = Question(("forecast_accuracy",), part=part, **asked)
    return Measurer(store, CATALOGUE).measure(question).answers[0]


def notes(answer, row=0):
    return {each.code: each.facts for each in answer.notes(row)}


#: Two deals of 1000 won each month, a third lost that is larger and larger; one chance in two.
DEALS = [
    each
    for month in range(8)
    for each in (
        deal(month, "a", owner="Ann"),
        deal(month, "b", owner="Bob"),
        deal(month, "c", "lost", owner="Bob", amount=1000 + 200 * month),
    )
]
LAST = deal(8, "z")


def test_a_lost_deal_was_forecast_and_adds_nothing_to_what_came():
    answer = accuracy(whole(), grain=Grain.MONTH)
    gaps = [1500 + 100 * month - 2000 for month in range(8)]
    assert answer.figures.numerator.tolist() == gaps
    assert answer.figures.value.tolist() == [gap / 2000 for gap in gaps]
    assert answer.figures.n.tolist() == [1] * 8


def test_what_is_learnt_after_the_eve_changes_no_forecast():
    store = imported([*DEALS, LAST], eves(MONTHS[:2]))
    before = accuracy(store, grain=Grain.MONTH).figures.numerator
    later = [{**each, "probability": 0.99, "expected_close_at": dt.date(2025, 6, 1)}
             for each in DEALS]  # fmt: skip
    bring(store, 10, {"deal": [*later, LAST]}, dt.datetime(2025, 4, 1))
    assert accuracy(store, grain=Grain.MONTH).figures.numerator.tolist() == before.tolist()


def test_an_amount_that_turns_out_larger_is_an_error_of_the_forecast():
    store = imported([*DEALS, LAST], eves(MONTHS[:1]))
    larger = [{**each, "amount": 3000} if each["id"] == "a0" else each for each in DEALS]
    bring(store, 10, {"deal": [*larger, LAST]}, dt.datetime(2025, 4, 1))
    answer = accuracy(store, grain=Grain.MONTH)
    assert answer.figures.numerator[0] == 1500 - 4000


def test_months_without_an_import_before_them_are_left_out_and_counted():
    answer = accuracy(imported([*DEALS, LAST], eves(MONTHS[3:])))
    assert answer.figures.n[0] == 5
    assert notes(answer)["forecast_not_frozen"] == {"left": 3, "periods": 8}
    assert notes(answer)["forecast_few_periods"] == {"least": 6}
    assert np.isnan(answer.figures.low[0])


def test_the_day_of_the_import_is_not_its_eve():
    days = [MONTHS[0], *eves(MONTHS[2:])]
    answer = accuracy(imported([*DEALS, LAST], days), grain=Grain.MONTH)
    assert answer.periods[0].start == MONTHS[1]


def test_the_imports_that_a_clock_hides_freeze_nothing():
    store = whole()
    seen = accuracy(store, clock=Clock(as_of=MONTHS[4]), grain=Grain.MONTH)
    assert [each.start for each in seen.periods] == MONTHS[:4]
    known = accuracy(store, clock=Clock(known_at=3), grain=Grain.MONTH)
    assert [each.start for each in known.periods] == MONTHS[:2]


def test_an_old_snapshot_is_said():
    answer = accuracy(imported([*DEALS, LAST], eves(MONTHS[:1])))
    assert notes(answer)["forecast_old"] == {"days": (MONTHS[7] - MONTHS[0]).days + 1}


@pytest.mark.parametrize(("part", "value"), [("bias", -0.075), ("mape", 0.1125)])
def test_from_six_months_on_there_is_an_interval_that_holds_the_value(part, value):
    figures = accuracy(whole(), part).figures
    assert figures.value[0] == pytest.approx(value)
    assert figures.low[0] < value < figures.high[0]


@pytest.mark.parametrize("asked", [{"by": ("owner",)}, {"grain": Grain.MONTH}])
def test_groups_and_months_add_up_to_the_whole(asked):
    period = Period(MONTHS[0], MONTHS[6])
    alone = accuracy(whole(), period=period).figures
    parts = accuracy(whole(), period=period, **asked).figures
    assert parts.numerator.sum() == pytest.approx(alone.numerator[0])
    assert parts.denominator.sum() == pytest.approx(alone.denominator[0])
    assert alone.n[0] == 6


def test_nothing_won_leaves_the_bias_and_takes_the_month_out_of_the_mean_error():
    lost = [{**each, "outcome": "lost"} if each["id"][1] == "3" else each for each in DEALS]
    store = imported([*lost, LAST], eves(MONTHS[2:5]))
    assert accuracy(store).figures.n[0] == 6
    mape = accuracy(store, "mape")
    assert mape.figures.n[0] == 5
    assert notes(mape)["forecast_zero_actuals"] == {"periods": 1}
    month = accuracy(store, grain=Grain.MONTH)
    assert month.why_missing(1).code == "forecast_no_actual"


def test_a_forecast_in_one_currency_and_wins_in_another_give_no_figure():
    opened = [{**each, "currency": "USD"} for each in DEALS]
    store = imported([*opened, LAST], eves(MONTHS[:1]))
    now = [{**each, "currency": "GBP"} for each in [*DEALS, LAST]]
    bring(store, 10, {"deal": now}, dt.datetime(2025, 4, 1))
    assert accuracy(store).missing.code == "several_currencies"


def test_the_rows_behind_it_are_the_deals_won():
    store = whole()
    asked = Question(("forecast_accuracy",), period=Period(MONTHS[0], MONTHS[1]))
    table, total = Measurer(store, CATALOGUE).rows(asked)
    assert total == 2
    assert set(table.column("outcome").to_pylist()) == {"won"}


def test_an_import_taken_back_froze_nothing():
    store = imported(DEALS, eves(MONTHS[:2]))
    assert [number for number, _ in store.changes("deal")] == [1, 2, 3]
    store.undo(2, [])
    assert [number for number, _ in store.changes("deal")] == [1]


def test_an_import_of_other_tables_is_no_snapshot_of_the_deals():
    store = Store.memory()
    bring(store, 1, {"rep": [{"id": "r1", "name": "Ann"}]}, dt.datetime(2024, 6, 1))
    bring(store, 2, {"deal": [*DEALS, LAST]}, dt.datetime(2025, 4, 1))
    assert accuracy(store).missing.code == "no_snapshot"
