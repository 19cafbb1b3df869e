"""Amounts in several currencies: changed at the rate of their day, or no figure at all."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.catalogue.catalogue import built_in, catalogue
from jalon.measure.example import fill
from jalon.measure.money import Money
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Grain, Period

CATALOGUE = built_in()
RATES = [
    {"currency": "USD", "happened_at": dt.date(2025, 1, 1), "rate": 0.9},
    {"currency": "USD", "happened_at": dt.date(2025, 2, 1), "rate": 0.8},
    {"currency": "CHF", "happened_at": dt.date(2025, 1, 1), "rate": 1.05},
]

MONTHS = [dt.date(2024 + i // 12, i % 12 + 1, 1) for i in range(12)]


def invoice(amount, currency, day, **more):
    return {"account": "A", "amount": amount, "currency": currency, "happened_at": day, **more}


def asked(rows, kpi="revenue", money=None, **question):
    measurer = Measurer(fill(rows), CATALOGUE, money=money)
    return measurer.measure(Question((kpi,), **question)).answers[0]


def test_each_amount_is_changed_at_the_rate_of_its_day():
    rows = [
        invoice(100, "EUR", dt.date(2025, 1, 5)),
        invoice(100, "USD", dt.date(2025, 1, 31)),
        invoice(100, "USD", dt.date(2025, 2, 1)),
        invoice(100, "CHF", dt.date(2025, 3, 1)),
        invoice(100, None, dt.date(2025, 3, 2)),
    ]
    answer = asked({"invoice": rows, "exchange_rate": RATES})
    assert answer.unit == "EUR"
    assert answer.figures.value[0] == pytest.approx(100 + 90 + 80 + 105 + 100)
    assert [note.code for note in answer.notes(0)] == ["changed"]
    assert answer.notes(0)[0].facts == {"currencies": ["CHF", "USD"]}
    months = asked({"invoice": rows, "exchange_rate": RATES}, grain=Grain.MONTH)
    assert months.figures.value == pytest.approx([190, 80, 205])


def test_a_currency_without_a_rate_gives_no_figure_and_is_named():
    rows = [
        invoice(100, "EUR", dt.date(2025, 1, 5)),
        invoice(100, "USD", dt.date(2025, 1, 6)),
        invoice(100, "GBP", dt.date(2025, 1, 6)),
    ]
    answer = asked({"invoice": rows, "exchange_rate": RATES})
    assert (answer.missing.code, answer.missing.facts) == (
        "several_currencies", {"currencies": ["GBP"]}
    )  # fmt: skip


def test_an_amount_older_than_the_first_rate_is_said_rather_than_guessed():
    rows = [
        invoice(100, "EUR", dt.date(2024, 1, 5)),
        invoice(100, "USD", dt.date(2024, 12, 31)),
        invoice(100, "USD", dt.date(2025, 1, 6)),
    ]
    answer = asked({"invoice": rows, "exchange_rate": RATES})
    assert answer.missing.code == "rate_too_late"
    assert answer.missing.facts == {"currency": "USD", "first": "2025-01-01", "rows": 1}


def test_a_fixed_rate_of_the_settings_serves_where_no_table_says():
    rows = [invoice(100, "EUR", dt.date(2024, 1, 5)), invoice(100, "USD", dt.date(2020, 1, 1))]
    answer = asked({"invoice": rows}, money=Money("EUR", (("USD", 0.5),)))
    assert answer.figures.value[0] == pytest.approx(150)


def test_one_foreign_currency_keeps_its_name_unless_a_rate_is_known():
    rows = [invoice(100, "USD", dt.date(2025, 1, 5))]
    assert asked({"invoice": rows}).unit == "USD"
    changed = asked({"invoice": rows, "exchange_rate": RATES})
    assert (changed.unit, changed.figures.value[0]) == ("EUR", pytest.approx(90))


def test_a_rate_in_amount_is_not_a_silent_mix_of_currencies():
    deals = [
        {"outcome": "won", "amount": 100, "currency": "EUR", "closed_at": dt.date(2025, 1, 5)},
        {"outcome": "lost", "amount": 100, "currency": "USD", "closed_at": dt.date(2025, 2, 5)},
        {"outcome": "won", "amount": 100, "currency": "USD", "closed_at": dt.date(2025, 2, 5)},
    ]
    assert asked({"deal": deals}, "value_win_rate").missing.code == "several_currencies"
    answer = asked({"deal": deals, "exchange_rate": RATES}, "value_win_rate")
    assert answer.figures.value[0] == pytest.approx(180 / 260)
    assert answer.unit == "percent"


def test_amounts_that_a_filter_tests_are_changed_too():
    rows = [
        invoice(100, "EUR", dt.date(2025, 1, 5)),
        invoice(100, "USD", dt.date(2025, 2, 5)),
    ]
    answer = asked({"invoice": rows, "exchange_rate": RATES}, where="amount > 90")
    assert answer.figures.value[0] == pytest.approx(100)


def test_a_filter_that_leaves_one_currency_needs_no_rate():
    rows = [
        invoice(100, "EUR", dt.date(2025, 1, 5)),
        invoice(100, "GBP", dt.date(2025, 2, 5)),
    ]
    answer = asked({"invoice": rows}, where="currency = 'GBP'")
    assert (answer.unit, answer.figures.value[0]) == ("GBP", 100)


def test_a_formula_does_not_divide_one_currency_by_another():
    rows = {
        "spend": [{"campaign": "C", "amount": 100, "currency": "USD",
                   "happened_at": dt.date(2025, 1, 1)}],
        "deal": [{"outcome": "won", "campaign": "C", "amount": 100, "currency": "EUR",
                  "closed_at": dt.date(2025, 1, 5)}],
    }  # fmt: skip
    assert asked(rows, "campaign_roi").missing.code == "several_currencies"


def test_a_state_changes_amounts_and_a_median_too():
    rows = [
        {"outcome": "open", "amount": 100, "probability": 1, "currency": "USD",
         "created_at": dt.date(2025, 1, 3)},
        {"outcome": "open", "amount": 100, "probability": 1, "currency": "EUR",
         "created_at": dt.date(2025, 1, 3)},
    ]  # fmt: skip
    found = asked({"deal": rows, "exchange_rate": RATES}, "weighted_pipeline")
    assert found.figures.value[0] == pytest.approx(190)
    bills = [invoice(v, c, dt.date(2025, 2, 2)) for v, c in ((100, "USD"), (90, "EUR"), (1, "EUR"))]
    found = asked({"invoice": bills, "exchange_rate": RATES}, "average_basket", part="median")
    assert found.figures.value[0] == pytest.approx(80)


AMOUNTS = st.lists(
    st.tuples(
        st.integers(1, 5000),
        st.sampled_from([None, "EUR", "USD", "CHF"]),
        st.dates(dt.date(2025, 1, 1), dt.date(2025, 3, 31)),
        st.sampled_from(["P1", "P2"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(AMOUNTS)
def test_groups_and_periods_add_up_to_the_whole_once_changed(amounts):
    rows = [invoice(a, c, d, product=p) for a, c, d, p in amounts]
    rows.append(invoice(1, "EUR", dt.date(2025, 1, 1), product="P1"))
    measurer = Measurer(fill({"invoice": rows, "exchange_rate": RATES}), CATALOGUE)

    def total(**question):
        found = measurer.measure(Question(("revenue",), **question)).answers[0]
        return float(found.figures.value.sum())

    rates = {None: lambda d: 1, "EUR": lambda d: 1, "CHF": lambda d: 1.05,
             "USD": lambda d: 0.9 if d < dt.date(2025, 2, 1) else 0.8}  # fmt: skip
    expected = 1 + sum(a * rates[c](d) for a, c, d, _ in amounts)
    assert total() == pytest.approx(expected)
    assert total(by=("product",)) == pytest.approx(expected)
    assert total(grain=Grain.MONTH) == pytest.approx(expected)
    parts = [total(period=Period(dt.date(2025, m, 1), dt.date(2025, m + 1, 1))) for m in (1, 2, 3)]
    assert sum(parts) == pytest.approx(expected)


OWN = """\
spent_well:
  label: {{fr: a, en: a}}
  question: {{fr: a, en: a}}
  estimate: formula
  formula: revenue / acquisition_spend
  {how}
  unit: number
  better: higher
"""


@pytest.mark.parametrize("how", ["", "lags: [0, 2]", "settled: 1"])
def test_a_formula_of_amounts_in_two_currencies_is_refused_however_it_is_timed(how, tmp_path):
    (tmp_path / "own.yaml").write_text(OWN.format(how=how), encoding="utf-8")
    known = catalogue(tmp_path)

    def asked(currency):
        rows = {
            "invoice": [{"account": "A", "amount": 900, "currency": "EUR", "happened_at": day}
                        for day in MONTHS],
            "spend": [{"amount": 300, "currency": currency, "happened_at": day}
                      for day in MONTHS],
        }  # fmt: skip
        period = Period(MONTHS[2], MONTHS[-1])
        return Measurer(fill(rows), known).measure(Question(("spent_well",), period=period))

    assert asked("EUR")["spent_well"].figures.value[0] == 3
    refused = asked("USD")["spent_well"]
    assert refused.missing.code == "several_currencies"
    assert refused.missing.facts["currencies"] == ["EUR", "USD"]


def test_a_lagged_cost_of_spend_in_two_currencies_is_refused():
    rows = {
        "invoice": [{"account": "A", "amount": 900, "happened_at": day} for day in MONTHS],
        "spend": [{"amount": 300, "currency": currency, "happened_at": day}
                  for day in MONTHS for currency in ("USD", "GBP")],
    }  # fmt: skip
    period = Period(MONTHS[6], MONTHS[-1])
    answer = Measurer(fill(rows), built_in()).measure(Question(("cac_lagged",), period=period))
    assert answer["cac_lagged"].missing.code == "several_currencies"
