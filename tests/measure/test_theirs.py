"""A figure as another tool prints it is read with what its rounding may hide."""

import pytest

from jalon.measure.theirs import theirs_of
from jalon.model.problems import RequestError


@pytest.mark.parametrize(
    ("text", "unit", "value", "slack"),
    [
        ("45,2 %", "percent", 0.452, 0.0005),
        ("45.2%", "percent", 0.452, 0.0005),
        ("45", "percent", 0.45, 0.005),
        ("0,452", "percent", 0.452, 0.0005),
        ("0.5%", "percent", 0.005, 0.0005),
        ("12 345,67 €", "money", 12345.67, 0.005),
        ("12\u202f345 €", "money", 12345, 0.5),
        ("€12,345.67", "money", 12345.67, 0.005),
        ("1,2 M€", "money", 1_200_000, 50_000),
        ("980 k€ HT", "money", 980_000, 500),
        ("1.234.567", "money", 1_234_567, 0.5),
        ("37", "number", 37, 0.5),
        ("-12", "points", -12, 0.5),
        ("−12,5", "points", -12.5, 0.05),
        ("42 jours", "days", 42, 0.5),
        ("0.125", "per_year", 0.125, 0.0005),
    ],
)
def test_a_figure_is_read_in_the_unit_of_its_kpi(text, unit, value, slack):
    found = theirs_of(text, unit)
    assert found.value == pytest.approx(value)
    assert found.slack == pytest.approx(slack)


@pytest.mark.parametrize("text", ["", "abc", "12..5", "4 5 % 6 x", "1e5", "12 %%"])
def test_what_is_no_figure_is_refused_with_what_would_be(text):
    with pytest.raises(RequestError) as refused:
        theirs_of(text, "percent")
    assert refused.value.problem.code == "wrong_figure"


def test_a_share_of_what_is_no_rate_is_refused():
    with pytest.raises(RequestError):
        theirs_of("45 %", "money")


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,345 €"])
def test_thousands_or_decimals_are_asked_not_guessed(text):
    with pytest.raises(RequestError) as refused:
        theirs_of(text, "money")
    assert refused.value.problem.code == "ambiguous_figure"
