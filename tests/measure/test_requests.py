"""What is asked wrongly is a RequestError with a code and the nearest names; what lacks says so."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Grain, Period
from jalon.model.problems import RequestError
from jalon.relations.clock import Clock

from .world import store_of

CATALOGUE = built_in()


@pytest.fixture
def measurer():
    return Measurer(store_of(0), CATALOGUE)


@pytest.mark.parametrize(
    ("asked", "code", "nearest"),
    [
        ({"kpis": ("win_rat",)}, "unknown_kpi", "win_rate"),
        ({"kpis": ("revenu",)}, "unknown_kpi", "revenue"),
        ({"kpis": ("win_rate",), "by": ("secteur",)}, "unknown_dimension", "sector"),
        ({"kpis": ("win_rate", "revenue"), "by": ("amount_band",)}, "unknown_dimension", None),
        ({"kpis": ("hold_rate",), "part": "finale"}, "unknown_part", "final"),
        ({"kpis": ("win_rate",), "where": "amuont > 1"}, "unknown_column", "amount"),
        ({"kpis": ("win_rate",), "where": "amount >"}, "expression_malformed", None),
        ({"kpis": ("win_rate",), "where": "amount > 'x'"}, "expression_types", None),
        ({"kpis": ("win_rate",), "where": "amount"}, "expression_not_condition", None),
        ({"kpis": ("win_rate",), "where": "sum(amount) > 1"}, "expression_not_allowed", None),
        ({"kpis": ("win_rate",), "where": "created_at < :end"}, "expression_not_allowed", None),
        ({"kpis": ("win_rate",), "by": ("sector", "sector")}, "dimension_twice", None),
        ({"kpis": ("win_rate",), "compare": "previous"}, "compare_needs_period", None),
    ],
)
def test_a_wrong_question_is_a_request_error_with_the_nearest_names(measurer, asked, code, nearest):
    with pytest.raises(RequestError) as caught:
        measurer.measure(Question(**asked))
    assert caught.value.problem.code == code
    assert caught.value.exit_status == 2
    if nearest:
        assert nearest in caught.value.problem.facts["nearest"]


def test_a_kpi_kept_for_formulas_is_not_proposed():
    assert "acquisition_spend" not in CATALOGUE.public()
    with pytest.raises(RequestError) as caught:
        CATALOGUE["acquisition_spen"]
    assert "acquisition_spend" not in caught.value.problem.facts["nearest"]


@pytest.mark.parametrize("kpi", CATALOGUE.public())
def test_without_its_table_a_kpi_is_missing_and_never_zero(kpi):
    measurer = Measurer(fill({"product": [{"name": "P"}]}), CATALOGUE)
    for part in CATALOGUE[kpi].parts or (None,):
        answer = measurer.measure(Question((kpi,), part=part)).answers[0]
        assert answer.missing.code == "needs_table"
        assert len(answer) == 1
        assert str(answer.figures.value[0]) == "nan"
        assert measurer.lacks(kpi).code == "needs_table"


@pytest.mark.parametrize("kpi", CATALOGUE.public())
def test_every_kpi_answers_by_each_of_its_dimensions_and_grains(measurer, kpi):
    definition = CATALOGUE[kpi]
    for by in definition.dimensions:
        for part in definition.parts or (None,):
            measurer.measure(Question((kpi,), (by,), part=part))
    for grain in Grain:
        for fiscal in (1, 4):
            measurer.measure(Question((kpi,), (), grain, fiscal_month=fiscal))
    measurer.measure(Question((kpi,), period=Period(dt.date(1990, 1, 1), dt.date(1991, 1, 1))))


def test_one_currency_is_the_unit_and_two_are_not_added():
    def invoices(*currencies):
        return [
            {"account": "A", "amount": 10, "currency": each, "happened_at": dt.date(2025, 1, 1)}
            for each in currencies
        ]

    for currencies, unit, missing in (
        (("USD", "USD"), "USD", None),
        ((None, "EUR"), "EUR", None),
        ((None, "USD"), "EUR", "several_currencies"),
        (("CHF", "USD"), "EUR", "several_currencies"),
    ):
        measurer = Measurer(fill({"invoice": invoices(*currencies)}), CATALOGUE)
        for kpi in ("revenue", "average_basket"):
            answer = measurer.measure(Question((kpi,))).answers[0]
            assert (answer.missing.code if answer.missing else None) == missing
            if missing is None:
                assert answer.unit == unit
    measurer = Measurer(fill({"invoice": invoices("CHF", "USD")}), CATALOGUE)
    answer = measurer.measure(Question(("revenue",), where="currency = 'CHF'")).answers[0]
    assert (answer.unit, answer.figures.value[0]) == ("CHF", 10)


def test_a_stock_says_its_currency_and_counts_only_the_rows_of_the_state():
    rows = [
        {"outcome": "open", "amount": 10, "probability": 1, "currency": "USD"},
        {"outcome": "lost", "amount": 10, "probability": 1, "currency": "EUR"},
        {"outcome": "open", "amount": 5, "probability": 1, "currency": "EUR",
         "created_at": dt.date(2025, 3, 1)},
    ]  # fmt: skip
    measurer = Measurer(fill({"deal": rows}), CATALOGUE)
    before = Period(None, dt.date(2025, 2, 1))
    answer = measurer.measure(Question(("weighted_pipeline",), period=before)).answers[0]
    assert (answer.unit, answer.figures.value[0]) == ("USD", 10)
    answer = measurer.measure(Question(("weighted_pipeline",))).answers[0]
    assert answer.missing.code == "several_currencies"


def test_a_cost_by_channel_keeps_the_channel_that_won_nobody():
    rows = [
        {"channel": "Web", "amount": 100, "customers": 0, "happened_at": dt.date(2025, 1, 1)},
        {"channel": "Salon", "amount": 100, "customers": 2, "happened_at": dt.date(2025, 1, 1)},
    ]
    answer = Measurer(fill({"spend": rows}), CATALOGUE).measure(Question(("cac",), ("channel",)))
    assert answer.answers[0].groups["channel"] == ["Salon", "Web"]


def test_deals_of_nobody_known_do_not_make_one_customer():
    rows = {
        "lead": [{"id": "l1", "company": "Un"}, {"id": "l2"}],
        "deal": [
            {"lead": lead, "outcome": "won", "amount": 1, "closed_at": dt.date(2025, 1, 1)}
            for lead in ("l1", "l1", "l2", "l2", None)
        ],
    }
    answer = Measurer(fill(rows), CATALOGUE).measure(Question(("new_customers",))).answers[0]
    assert answer.figures.value[0] == 1


def test_months_begin_at_midnight_and_weeks_on_monday():
    moments = [
        dt.datetime(2024, 12, 31, 23, 59, 59, 999999), dt.datetime(2025, 1, 1), None,
        dt.datetime(2025, 1, 5, 23, 59), dt.datetime(2025, 1, 6), dt.datetime(2024, 2, 29),
        dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 2),
    ]  # fmt: skip
    measurer = Measurer(fill({"meeting": [{"booked_at": each} for each in moments]}), CATALOGUE)

    def counted(grain, fiscal=1):
        question = Question(("meetings_booked",), (), grain, fiscal_month=fiscal)
        answer = measurer.measure(question).answers[0]
        return {
            (str(period.start), str(period.last)): int(n)
            for period, n in zip(answer.periods, answer.figures.value, strict=True)
        }

    assert counted(Grain.MONTH) == {
        ("2024-02-01", "2024-02-29"): 1, ("2024-03-01", "2024-03-31"): 2,
        ("2024-12-01", "2024-12-31"): 1, ("2025-01-01", "2025-01-31"): 3,
    }  # fmt: skip
    assert counted(Grain.WEEK)["2024-12-30", "2025-01-05"] == 3
    assert counted(Grain.YEAR, 3) == {
        ("2023-03-01", "2024-02-29"): 1, ("2024-03-01", "2025-02-28"): 6,
    }  # fmt: skip
    assert counted(Grain.QUARTER, 2) == {
        ("2024-02-01", "2024-04-30"): 3, ("2024-11-01", "2025-01-31"): 4,
    }  # fmt: skip


def test_a_cost_per_customer_says_its_currency():
    rows = {
        "spend": [{"amount": 100, "currency": "USD", "happened_at": dt.date(2025, 1, 1)}],
        "invoice": [{"account": "A", "amount": 1, "happened_at": dt.date(2025, 1, 1)}],
    }
    assert Measurer(fill(rows), CATALOGUE).measure(Question(("cac",))).answers[0].unit == "USD"


def test_a_month_without_customer_bounds_the_cost_as_when_asked_alone():
    rows = {
        "spend": [{"amount": 100, "happened_at": dt.date(2025, m, 1)} for m in (1, 2)],
        "invoice": [{"account": "A", "amount": 1, "happened_at": dt.date(2025, 1, 1)}],
    }
    measurer = Measurer(fill(rows), CATALOGUE)
    february = Period(dt.date(2025, 2, 1), dt.date(2025, 3, 1))
    alone = measurer.measure(Question(("cac",), period=february)).answers[0]
    series = measurer.measure(Question(("cac",), grain=Grain.MONTH)).answers[0]
    assert alone.figures.low[0] == pytest.approx(100 / 3.68887945, rel=1e-6)
    assert series.figures.low[1] == pytest.approx(alone.figures.low[0])


def test_a_formula_over_a_period_not_over_is_compared_with_the_same_days():
    days = [(2, 3), (2, 20), (3, 3), (3, 10)]
    rows = {
        "spend": [{"amount": 100, "happened_at": dt.date(2025, m, d)} for m, d in days],
        "invoice": [
            {"account": f"A{m}{d}", "amount": 1, "happened_at": dt.date(2025, m, d)}
            for m, d in days
        ],
    }
    march = Period(dt.date(2025, 3, 1), dt.date(2025, 4, 1))
    question = Question(("cac",), period=march, compare="previous")
    answer = Measurer(fill(rows), CATALOGUE).measure(question).answers[0]
    assert answer.compare.periods == [Period(dt.date(2025, 2, 1), dt.date(2025, 2, 11))]


def test_a_past_day_after_the_end_of_the_data_does_not_stretch_what_was_observed():
    days = [(2, 3), (2, 20), (3, 3)]
    rows = [{"account": "A", "amount": 1, "happened_at": dt.date(2025, m, d)} for m, d in days]
    march = Period(dt.date(2025, 3, 1), dt.date(2025, 4, 1))
    clock = Clock(as_of=dt.date(2025, 12, 1))
    question = Question(("revenue",), period=march, compare="previous", clock=clock)
    found = Measurer(fill({"invoice": rows}), CATALOGUE).measure(question).answers[0]
    assert found.compare.periods == [Period(dt.date(2025, 2, 1), dt.date(2025, 2, 4))]
