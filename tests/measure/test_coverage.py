"""Pipeline coverage: what is due for what remains, and all that must be said beside it."""

import datetime as dt
import random

import pytest

from jalon import locale
from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Grain
from jalon.relations.clock import Clock

CATALOGUE = built_in()
SEEN = Clock(as_of=dt.date(2025, 1, 31))
LAST = {"outcome": "lost", "amount": 1, "created_at": dt.date(2025, 1, 2),
        "closed_at": dt.date(2025, 1, 31)}  # fmt: skip


def coverage(rows, **asked):
    measurer = Measurer(fill(rows), CATALOGUE)
    return measurer.measure(Question(("pipeline_coverage",), **{"clock": SEEN, **asked})).answers[0]


def due(amount, day, **more):
    told = {"outcome": "open", "amount": amount, "created_at": dt.date(2025, 1, 1)}
    return {**told, "expected_close_at": day, **more}


def notes(answer, row=0):
    return {each.code: each.facts for each in answer.notes(row)}


TARGET = {"kpi": "revenue", "period": "2025-02", "value": 1000}
FEBRUARY = dt.date(2025, 2, 15)


def test_what_is_late_is_left_out_and_said_of_its_own_segment():
    late = [due(700, dt.date(2025, 1, 30), owner="Ann"), due(50, dt.date(2024, 5, 1), owner="Bob")]
    targets = [TARGET, {**TARGET, "segment": "owner=Bob"}]
    rows = {"deal": [*late, due(2000, FEBRUARY, owner="Ann"), LAST], "target": targets}
    answer = coverage(rows)
    assert answer.figures.value[0] == 2
    assert notes(answer)["coverage_late"] == {"deals": 2, "amount": 750}
    by = coverage(rows, by=("owner",))
    assert by.figures.value.tolist() == [0]
    assert notes(by)["coverage_late"] == {"deals": 1, "amount": 50}


def test_a_deal_due_on_the_last_day_seen_is_not_late():
    answer = coverage(
        {
            "deal": [due(500, dt.date(2025, 1, 31)), LAST],
            "target": [{**TARGET, "period": "2025-01"}],
        }
    )
    assert answer.figures.value[0] == 0.5
    assert "coverage_late" not in notes(answer)


def test_what_sleeps_is_counted_and_its_share_is_said():
    wins = [
        {"id": f"w{i}", "outcome": "won", "amount": 10, "created_at": dt.date(2024, 10, 1),
         "closed_at": dt.date(2024, 10, 1) + dt.timedelta(days=5 + i)}
        for i in range(10)
    ]  # fmt: skip
    told = [{"deal": f"w{i}", "happened_at": dt.date(2024, 10, 3)} for i in range(10)]
    told.append({"deal": "awake", "happened_at": dt.date(2025, 1, 25)})
    asleep = due(1000, FEBRUARY, id="asleep", currency="EUR")
    awake = due(3000, FEBRUARY, id="awake", currency="EUR")
    answer = coverage({"deal": [*wins, asleep, awake, LAST], "activity": told, "target": [TARGET]})
    assert answer.figures.value[0] == 4
    assert notes(answer)["coverage_stale"] == {"deals": 1, "share": 0.25}


def test_the_coverage_that_the_own_win_rate_asks_is_said_from_thirty_closed_deals_on():
    closed = [
        {"outcome": "won" if i % 4 == 0 else "lost", "amount": 100,
         "created_at": dt.date(2024, 3, 1), "closed_at": dt.date(2024, 6, 1)}
        for i in range(32)
    ]  # fmt: skip
    deals = [*closed, due(2000, FEBRUARY), LAST]
    said = notes(coverage({"deal": deals, "target": [TARGET]}))["coverage_own_rate"]
    assert said == {"rate": pytest.approx(0.25), "times": 4.0}
    few = notes(coverage({"deal": deals[5:], "target": [TARGET]}))
    assert "coverage_own_rate" not in few


def test_open_deals_without_a_close_date_are_said_and_too_many_of_them_give_no_figure():
    dated = [due(100, FEBRUARY) for _ in range(9)]
    answer = coverage({"deal": [*dated, due(100, None), LAST], "target": [TARGET]})
    assert answer.figures.value[0] == pytest.approx(0.9)
    assert notes(answer)["undated_left_out"]["undated"] == 1
    without = [due(100, None) for _ in range(4)]
    assert coverage({"deal": [*dated, *without, LAST], "target": [TARGET]}).missing.code == (
        "mostly_undated"
    )


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({"deal": [due(100, FEBRUARY), LAST]}, "needs_table"),
        ({"deal": [due(100, FEBRUARY), LAST], "target": [{**TARGET, "kpi": "nps"}]}, "no_target"),
        ({"target": [TARGET]}, "needs_table"),
        ({"deal": [LAST], "target": [TARGET]}, "needs_column"),
    ],
)
def test_what_is_lacking_is_said(rows, code):
    assert coverage(rows).missing.code == code


def test_invoices_in_one_currency_and_deals_in_another_give_no_figure():
    invoice = {"account": "A", "amount": 10, "currency": "USD", "happened_at": dt.date(2025, 1, 5)}
    deal = due(100, FEBRUARY, currency="GBP")
    answer = coverage({"deal": [deal, LAST], "invoice": [invoice], "target": [TARGET]})
    assert answer.missing.code == "several_currencies"


@pytest.mark.parametrize("seed", range(2))
def test_the_months_of_a_quarter_add_up_to_it(seed):
    draw = random.Random(seed)
    deals = [(draw.randint(1, 90), draw.randint(1, 10_000)) for _ in range(20)]
    target = draw.randint(1, 100_000)
    first = dt.date(2025, 1, 30)
    rows = [due(amount, first + dt.timedelta(days=days)) for days, amount in deals]
    targets = [{"kpi": "revenue", "period": p, "value": target}
               for p in ("2025-01", "2025-02", "2025-03", "2025-T1")]  # fmt: skip
    measurer = Measurer(fill({"deal": [*rows, LAST], "target": targets}), CATALOGUE)

    def amounts(grain):
        asked = Question(("pipeline_coverage",), grain=grain, clock=SEEN)
        return measurer.measure(asked).answers[0].figures.numerator.sum()

    assert amounts(Grain.MONTH) == pytest.approx(amounts(Grain.QUARTER))


@pytest.mark.parametrize("kpi", ["stale_deals", "stale_due_pipeline"])
def test_the_limit_of_what_sleeps_is_found_where_rows_have_a_currency(kpi):
    deals = [due(1000, FEBRUARY, id="d", currency="EUR"), LAST]
    store = fill({"deal": deals, "activity": [{"deal": "d", "happened_at": dt.date(2025, 1, 9)}]})
    part = "amount" if CATALOGUE[kpi].parts else None
    answer = Measurer(store, CATALOGUE).measure(Question((kpi,), part=part))[kpi]
    assert answer.missing.code == "no_limit"


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_the_notes_are_sentences(lang):
    for facts in ({"deals": 1, "amount": 750.0}, {"deals": 2, "amount": 1234567.0}):
        said = locale.text("coverage_late", lang, **facts)
        assert "{" not in said
    assert ("1\u202f234\u202f567" if lang == "fr" else "1,234,567") in said
