"""Every definition's worked examples, run; the figures were worked out by hand."""

import numpy as np
import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import filled, found, question, settled

CATALOGUE = built_in()
CASES = [
    pytest.param(kpi, number, id=f"{kpi}-{number + 1}")
    for kpi, definition in CATALOGUE.definitions.items()
    for number in range(len(definition.examples))
]
#: What an entry may say: what is asked, and what is expected.
ASKED = {"by", "grain", "from", "to", "part", "as_of", "where", "basis", "group", "period"}
EXPECTED = {
    "value", "low", "high", "n", "numerator", "denominator", "maturity", "basis", "missing",
}  # fmt: skip


def same(got, expected):
    if expected is None:
        return got is None or np.isnan(got)
    return got is not None and got == pytest.approx(expected, rel=1e-6, abs=1e-9)


def differences(answer, row, gives):
    """What an answer's row says otherwise than expected."""
    figures = answer.figures
    columns = {
        "value": figures.value,
        "low": figures.low,
        "high": figures.high,
        "n": figures.n,
        "numerator": figures.numerator,
        "denominator": figures.denominator,
        "maturity": answer.maturity,
    }
    for name, values in columns.items():
        if name in gives:
            got = None if values is None else values[row]
            if not same(got, gives[name]):
                yield name, got, gives[name]
    if "basis" in gives and answer.basis != gives["basis"]:
        yield "basis", answer.basis, gives["basis"]
    why = answer.why_missing(row)
    if (why.code if why else None) != gives.get("missing"):
        yield "missing", why, gives.get("missing")


@pytest.mark.parametrize("kpi", CATALOGUE.public())
def test_every_public_kpi_has_a_worked_example_that_says_why(kpi):
    examples = CATALOGUE[kpi].examples
    assert examples
    for each in examples:
        assert each.why
        assert each.gives
        for gives in each.gives:
            assert gives.keys() <= ASKED | EXPECTED
            assert gives.keys() & EXPECTED - {"basis"}


@pytest.mark.parametrize(("kpi", "number"), CASES)
def test_an_example_gives_the_figures_worked_out_by_hand(kpi, number):
    example = CATALOGUE[kpi].examples[number]
    measurer = settled(filled(example), CATALOGUE, example)
    wrong = []
    # The first figure's basis must be the one chosen without being asked.
    first = example.gives[0]
    unasked = measurer.measure(question(kpi, {**example.ask, **first, "basis": None}))
    wrong += [each for each in differences(*found(unasked, first), first) if each[0] == "basis"]
    for gives in example.gives:
        asked = {**example.ask, **gives}
        answer, row = found(measurer.measure(question(kpi, asked)), gives)
        wrong += [(gives, *each) for each in differences(answer, row, gives)]
    assert not wrong
