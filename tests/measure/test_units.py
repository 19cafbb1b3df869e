"""Figures about customers who have several invoices, against plain arithmetic on the rows."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer

CATALOGUE = built_in()
#: Customer, amount in cents, whether it is a credit note.
INVOICES = st.lists(
    st.tuples(st.sampled_from("ABCDEFGHIJKLMNOP"), st.integers(1, 500_000), st.booleans()),
    min_size=1,
    max_size=40,
)

laws = settings(max_examples=25, derandomize=True, deadline=None)


def ask(invoices, kpi, part=None):
    rows = [
        {"account": who, "amount": cents / 100, "kind": "credit_note" if credit else "invoice"}
        for who, cents, credit in invoices
    ]
    return Measurer(fill({"invoice": rows}), CATALOGUE).measure(Question((kpi,), part=part))[kpi]


def totals(invoices):
    found = defaultdict(float)
    for who, cents, credit in invoices:
        found[who] += -cents / 100 if credit else cents / 100
    return np.array(list(found.values()))


@laws
@given(INVOICES)
def test_customers_are_added_up_before_they_are_averaged(invoices):
    figures, each = ask(invoices, "revenue_per_customer").figures, totals(invoices)
    assert figures.n[0] == len(each)
    assert figures.value[0] == pytest.approx(each.mean(), abs=1e-6)


@settings(laws, max_examples=10)
@given(INVOICES)
def test_concentration_is_that_of_the_customers_whatever_the_order(invoices):
    each = totals(invoices)
    kept = np.sort(each[each > 1e-9])[::-1]
    for given_rows in (invoices, invoices[::-1]):
        top = ask(given_rows, "revenue_concentration").figures
        squares = ask(given_rows, "revenue_concentration", "squares").figures
        if not kept.size:
            assert np.isnan(top.value[0])
            continue
        assert top.value[0] == pytest.approx(kept[:10].sum() / kept.sum())
        assert squares.value[0] == pytest.approx(((kept / kept.sum()) ** 2).sum())
        assert 1 / kept.size - 1e-9 <= squares.value[0] <= 1 + 1e-9
