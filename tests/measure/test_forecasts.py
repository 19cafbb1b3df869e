"""What a deal may add to a forecast."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer

CATALOGUE = built_in()
OPEN = {"outcome": "open", "amount": 1000, "probability": 0.4, "created_at": dt.date(2025, 1, 2),
        "expected_close_at": dt.date(2025, 3, 2)}  # fmt: skip
LOST = {**OPEN, "outcome": "lost", "amount": 50_000, "probability": 0.9,
        "closed_at": dt.date(2025, 2, 1)}  # fmt: skip
FORECASTS = ["weighted_pipeline", "open_deals"]


@pytest.mark.parametrize("kpi", FORECASTS)
@pytest.mark.parametrize("outcome", ["lost", "no_decision"])
def test_a_lost_deal_adds_0_to_any_forecast(kpi, outcome):
    def value(rows):
        answer = Measurer(fill({"deal": rows}), CATALOGUE).measure(Question((kpi,))).answers[0]
        return answer.figures.value[0]

    assert value([OPEN, {**LOST, "outcome": outcome}]) == value([OPEN]) > 0
