"""The lift of a learnt score: on rows whose truth is known, on noise, on leaks, on too few."""

import datetime as dt
import random

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.estimates.estimator import Histogram
from jalon.estimates.registry import estimators
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer

FIELDS = {"success": "s", "features": "source; sector", "months": "m", "at": "180"}
#: Share and success rate of three sources.
SHARES, RATES = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.15, 0.05])
TRUTH = RATES[0] / (SHARES @ RATES)


def drawn(seed, rows=3000, rates=RATES):
    """Leads of 36 months: source, a sector that tells nothing, converted or not."""
    draw = np.random.default_rng(seed)
    source = draw.choice(3, rows, p=SHARES)
    won = (draw.random(rows) < rates[source]).astype(float)
    return {"month": draw.integers(1, 37, rows).astype(float), "success": won,
            "feature 0": source + 1.0, "feature 1": draw.integers(1, 9, rows) + 0.0}  # fmt: skip


def measured(keys, order=None):
    kept = keys if order is None else {name: values[order] for name, values in keys.items()}
    rows = len(kept["month"])
    histogram = Histogram(np.zeros(rows, np.int64), 1, kept, np.ones(rows))
    return estimators()["top_lift"].finish_histogram(histogram, 0.95, FIELDS)


def notes(figures):
    return {code: facts for code, facts, _ in figures.notes}


def test_the_lift_of_the_best_source_is_found():
    held = []
    for seed in range(60):
        figures = measured(drawn(seed))
        held.append(figures.low[0] <= TRUTH <= figures.high[0])
        assert figures.value[0] == pytest.approx(figures.numerator[0] / figures.denominator[0])
    assert 0.85 <= np.mean(held) <= 1


def test_noise_sorts_nothing():
    found = [measured(drawn(seed, rates=np.full(3, 0.12))) for seed in range(60)]
    assert np.mean([each.low[0] <= 1 <= each.high[0] for each in found]) >= 0.85
    assert np.mean([each.value[0] for each in found]) == pytest.approx(1, abs=0.06)


def test_the_order_of_rows_changes_nothing():
    keys = drawn(1)
    found = measured(keys)
    shuffled = measured(keys, np.random.default_rng(5).permutation(3000))
    assert shuffled.value[0] == pytest.approx(found.value[0], rel=1e-9)
    assert shuffled.low[0] == pytest.approx(found.low[0], rel=1e-9)


def test_rows_not_settled_before_the_later_third_are_not_learnt_from():
    keys = drawn(2)
    facts = notes(measured(keys))["lift_learnt"]
    first = 25
    assert facts["checked"] == (keys["month"] >= first).sum()
    assert facts["learnt"] == (keys["month"] <= first - 7).sum()


def test_what_comes_after_cannot_teach_the_score():
    """In the months between, and in those that check it, sources change places."""
    keys = drawn(3)
    late = keys["month"] > 18
    turned = {**keys, "success": np.where(late, keys["feature 0"] == 3, keys["success"])}
    assert measured(turned).value[0] < 0.5


@pytest.mark.parametrize("rows", [0, 3, 400])
def test_too_few_conversions_give_no_figure(rows):
    figures = measured(drawn(4, rows))
    assert figures.missing[0] == ("lift_few" if rows else "no_rows")
    assert np.isnan(figures.value[0])


def test_a_column_filled_after_the_sale_is_left_out_and_named():
    keys = drawn(5)
    draw = np.random.default_rng(6)
    filled = draw.random(3000) < np.where(keys["success"] == 1, 0.9, 0.3)
    leaking = {**keys, "feature 1": np.where(filled, keys["feature 1"], 0)}
    figures = measured(leaking)
    assert notes(figures)["lift_leak"] == {"columns": ["sector"]}
    alone = measured({**keys, "feature 1": np.ones(3000)})
    assert figures.value[0] == pytest.approx(alone.value[0])


def test_from_leads_and_deals_to_the_figure():
    draw, leads, deals = random.Random(7), [], []
    for i in range(2400):
        source = draw.choices(["Salon", "Web", "Achat"], [0.2, 0.3, 0.5])[0]
        day = dt.date(2022, 1, 1) + dt.timedelta(days=draw.randrange(900))
        won = draw.random() < {"Salon": 0.4, "Web": 0.15, "Achat": 0.05}[source]
        # The status tells the outcome: it must teach nothing.
        told = {"status": "client" if won else "perdu"}
        leads.append({"id": f"L{i}", "source": source, "created_at": day, **told})
        if won:
            signed = day + dt.timedelta(days=draw.randrange(10, 150))
            deals.append({"lead": f"L{i}", "outcome": "won", "amount": 1, "closed_at": signed})
    deals.append({"outcome": "lost", "amount": 1, "closed_at": dt.date(2025, 1, 1)})
    measurer = Measurer(fill({"lead": leads, "deal": deals}), built_in())
    answer = measurer.measure(Question(("top_decile_lift",)))["top_decile_lift"]
    assert answer.unit == "times"
    assert answer.figures.low[0] <= TRUTH <= answer.figures.high[0]
    assert answer.figures.low[0] > 1.5
