"""The rules that lead from another tool's figure to ours are found on the same rows."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.money import Money
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.reconcile import reconcile
from jalon.measure.run import Measurer
from jalon.measure.theirs import Theirs, theirs_of
from jalon.model.periods import Period
from jalon.model.problems import RequestError

from .world import store_of

YEAR = Period(dt.date(2025, 1, 1), dt.date(2026, 1, 1))


def deals(*counts):
    """Deals of 2025 by outcome, and the marks of the last ones: so many won, lost…"""
    rows = []
    for (outcome, more), count in counts:
        rows += [
            {"outcome": outcome, "amount": 100 + 7 * n, "created_at": dt.date(2024, 12, 1),
             "closed_at": None if outcome == "open" else dt.date(2025, 3, 1 + n % 28), **more}
            for n in range(count)
        ]  # fmt: skip
    return rows


PIPELINE = deals(
    (("won", {}), 20), (("lost", {}), 17), (("no_decision", {}), 9), (("open", {}), 31),
    (("lost", {"invalid": True}), 6), (("won", {"closed_at": None}), 3),
)  # fmt: skip


def found(store, kpi, theirs, *, money=None, own=None, **asked):
    measurer = Measurer(store, built_in(), money=money, own=own)
    return reconcile(measurer, Question((kpi,), **asked), theirs_of(theirs, "percent"))


def codes(found):
    return [step.code for step in found.steps]


def assert_walks(found):
    """Each step goes from the former figure to the next, and the last one is ours."""
    value = found.reached
    for step in found.steps:
        assert step.value - step.change == pytest.approx(value)
        value = step.value
    assert value == pytest.approx(found.ours)
    assert found.reached + found.left == pytest.approx(found.theirs.value)


def test_a_rate_over_all_deals_is_told_from_one_over_closed_deals():
    # 23 won of 86 rows, 6 of them invalid: 23 / 80 whatever the outcome; ours is 23 / 40.
    told = found(fill({"deal": PIPELINE}), "win_rate", "28,75 %")
    assert told.ours == pytest.approx(23 / 40)
    assert codes(told) == ["counts_all"]
    assert told.exact and told.reached == pytest.approx(23 / 80)
    assert told.steps[0].rows == -40
    assert_walks(told)


def test_one_outcome_more_is_told_from_all():
    told = found(fill({"deal": PIPELINE}), "win_rate", "46,94 %")  # 23 / (40 + 9)
    assert [(s.code, s.facts["value"]) for s in told.steps] == [("counts_also", "no_decision")]


def test_invalid_rows_and_undated_ones_are_told_apart():
    store = fill({"deal": PIPELINE})
    invalid = found(store, "win_rate", "50,0 %")  # 23 / 46
    assert codes(invalid) == ["counts_invalid"]
    # In 2025, 20 of 37; with the three won without a date, 23 of 40.
    undated = found(store, "win_rate", "57,5 %", period=YEAR)
    assert undated.ours == pytest.approx(20 / 37)
    assert codes(undated)[-1] in ("counts_undated", "ignores_period")


def test_two_rules_are_found_together_and_undone_one_by_one():
    told = found(fill({"deal": PIPELINE}), "win_rate", "26,74 %")  # 23 / 86
    assert sorted(codes(told)) == ["counts_all", "counts_invalid"]
    assert told.exact
    assert_walks(told)


def test_the_date_that_places_rows_is_found():
    rows = deals((("won", {}), 8), (("lost", {}), 12))
    rows += [
        {"outcome": "lost", "created_at": dt.date(2025, 6, 1), "closed_at": dt.date(2026, 2, 1)}
        for _ in range(5)
    ]
    rows += [
        {"outcome": "won", "created_at": dt.date(2025, 7, 1), "closed_at": dt.date(2026, 2, 3)}
        for _ in range(2)
    ]
    told = found(fill({"deal": rows}), "win_rate", "28,6 %", period=YEAR)  # 2 / 7
    assert [(s.code, s.facts["column"]) for s in told.steps] == [("dates_by", "created_at")]


INVOICES = [
    {"account": f"a{n}", "amount": 1000 + 10 * n, "happened_at": dt.date(2025, 1 + n % 12, 5)}
    for n in range(12)
] + [
    {"account": "a1", "amount": 300, "kind": "credit_note", "happened_at": dt.date(2025, 4, 6)},
    {"account": "a2", "amount": 5000, "status": "cancelled", "happened_at": dt.date(2025, 4, 7)},
    {"account": "a9", "amount": 7777, "happened_at": dt.date(2025, 12, 31)},
]
SIGNED = [{"outcome": "won", "amount": 4321, "closed_at": dt.date(2025, 5, 5)} for _ in range(3)]


@pytest.mark.parametrize(
    ("theirs", "codes_told"),
    [
        (20137 + 300, ["ignores_credits"]),
        (20137 + 600, ["adds_credits"]),
        (20137 + 5000, ["without"]),
        (20137 - 7777, ["lacks_last_day"]),
        (20137 * 1.2, ["with_vat"]),
        (3 * 4321, ["rests_on"]),
    ],
)
def test_the_usual_reasons_of_a_revenue_are_found(theirs, codes_told):
    measurer = Measurer(fill({"invoice": INVOICES, "deal": SIGNED}), built_in())
    told = reconcile(measurer, Question(("revenue",), period=YEAR), Theirs(theirs, 0.5))
    assert told.ours == pytest.approx(20137)
    assert codes(told) == codes_told
    assert told.exact
    assert_walks(told)


def test_currencies_added_as_they_are_are_told():
    rows = [
        {"account": "a", "amount": 1000, "currency": "EUR", "happened_at": dt.date(2025, 2, 1)},
        {"account": "b", "amount": 500, "currency": "USD", "happened_at": dt.date(2025, 2, 2)},
    ]
    money = Money("EUR", (("USD", 0.9),))
    measurer = Measurer(fill({"invoice": rows}), built_in(), money=money)
    told = reconcile(measurer, Question(("revenue",)), Theirs(1500, 0.5))
    assert told.ours == pytest.approx(1450)
    assert codes(told) == ["adds_currencies"]


def test_what_settings_leave_out_is_told():
    rows = deals((("won", {}), 10), (("lost", {}), 20), (("lost", {"owner": "Essai"}), 10))
    own = Own(excluded="owner = 'Essai'")
    told = found(fill({"deal": rows}), "win_rate", "25 %", own=own)
    assert told.ours == pytest.approx(1 / 3)
    assert codes(told) == ["counts_excluded"]


def test_the_rule_of_an_operand_of_a_formula_is_found():
    rows = {
        "spend": [
            {"kind": "media", "amount": 6000, "happened_at": dt.date(2025, 2, 1)},
            {"kind": "salary", "amount": 4000, "happened_at": dt.date(2025, 2, 1)},
        ],
        "invoice": [
            {"account": f"c{n}", "amount": 10, "happened_at": dt.date(2025, 3, 1)}
            for n in range(50)
        ],
    }
    measurer = Measurer(fill(rows), built_in())
    told = reconcile(measurer, Question(("cac",), period=YEAR), Theirs(120, 0.5))
    assert told.ours == pytest.approx(200)
    assert [(s.code, s.of) for s in told.steps] == [("counts_only", "acquisition_spend")]
    assert_walks(told)


def test_the_same_figure_needs_no_rule():
    told = found(fill({"deal": PIPELINE}), "win_rate", "57,5 %")
    assert not told.steps and abs(told.left) <= told.theirs.slack


def test_a_figure_that_no_rule_explains_is_left_so():
    told = found(fill({"deal": PIPELINE}), "win_rate", "98,7 %")
    assert not told.steps and not told.exact and told.reached is None
    assert told.left == pytest.approx(0.987 - 23 / 40)
    assert told.tried > 3


def test_classes_and_what_cannot_be_measured_are_refused():
    rows = [{**each, "loss_reason_stated": "Prix"} for each in PIPELINE]
    measurer = Measurer(fill({"deal": rows}), built_in())
    for kpi, code in (("stated_loss_reasons", "not_reconciled"), ("nps", "needs_table")):
        with pytest.raises(RequestError) as refused:
            reconcile(measurer, Question((kpi,)), Theirs(0.4, 0.005))
        assert refused.value.problem.code == code


def test_a_kpi_of_one_figure_is_reconciled_or_refused_and_each_way_ends_at_ours():
    measurer = Measurer(store_of(0), built_in())
    walked = 0
    for kpi in built_in().public()[::6]:
        asked = Question((kpi,), period=Period(dt.date(2024, 2, 1), dt.date(2025, 2, 1)))
        answer = measurer.measure(asked).answers[0]
        if answer.missing or len(answer) != 1 or answer.groups:
            continue
        theirs = Theirs(float(answer.figures.value[0]) * 0.7, 0.0005)
        try:
            told = reconcile(measurer, asked, theirs)
        except RequestError as error:
            assert error.problem.code == "not_reconciled"
            continue
        assert told.ours == pytest.approx(float(answer.figures.value[0]), nan_ok=True)
        if told.steps:
            assert_walks(told)
            walked += 1
    assert walked >= 2
