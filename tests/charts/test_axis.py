"""Axes: round steps, room for labels, numbers as a person reads them."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jalon.charts.axis import LETTER, MOST_LABELS, scale, shown
from jalon.charts.formats import number_locale, wording

NUMBERS = some.floats(-1e12, 1e12).map(lambda each: each if abs(each) > 1e-6 else 0.0)


@given(some.lists(NUMBERS, min_size=1, max_size=30), some.booleans())
def test_an_axis_holds_its_values_between_round_rules(values: list[float], zero: bool) -> None:
    found = scale(values, "EUR", zero)
    assert found is not None
    slack = found.step * 1e-6
    assert found.low - slack <= min(values) <= max(values) <= found.high + slack
    assert 2 <= len(found.ticks) <= 9
    assert (found.ticks[0], found.ticks[-1]) == (found.low, found.high)
    assert round(found.step / 10 ** math.floor(math.log10(found.step) + 1e-9), 6) in {1, 2, 5}
    if zero:
        assert 0.0 in found.ticks


def test_an_axis_of_no_value_is_none() -> None:
    assert scale([], "percent", zero=False) is None


def test_a_rate_goes_no_further_than_everything() -> None:
    found = scale([0.03, 0.98], "percent", zero=False)
    assert found is not None
    assert (found.low, found.high) == (0.0, 1.0)


def test_whole_numbers_have_whole_rules() -> None:
    found = scale([1.0, 3.0], "number", zero=True)
    assert found is not None
    assert found.ticks == [0, 1, 2, 3]


@pytest.mark.parametrize("value", [0.0, 7.0, -3.0])
def test_a_single_value_has_room_around(value: float) -> None:
    found = scale([value, value], "days", zero=False)
    assert found is not None
    assert found.low < value < found.high or value in (found.low, found.high)
    assert found.low < found.high


@given(some.lists(some.text("ab 26.", max_size=14), min_size=1, max_size=90), some.floats(2, 80))
def test_labels_never_touch_and_keep_both_ends(labels: list[str], pixels: float) -> None:
    found = shown(labels, pixels)
    assert found[0] == 0
    assert found[-1] == len(labels) - 1
    assert len(found) <= MOST_LABELS
    room = max(map(len, labels)) * LETTER
    if (len(labels) - 1) * pixels >= room + 12:
        gaps = [(right - left) * pixels for left, right in itertools.pairwise(found)]
        assert all(gap >= room for gap in gaps)


def test_labels_are_evenly_chosen() -> None:
    assert shown(["oct. 24"] * 24, 40) == [0, 4, 8, 12, 16, 20, 23]
    assert shown(["oct. 24"] * 13, 60) == [0, 2, 4, 6, 8, 10, 12]
    assert shown(["oct. 24"] * 12, 60) == [0, 2, 4, 6, 8, 11]


def test_numbers_are_those_of_the_page() -> None:
    french = number_locale("fr")
    assert french["decimal"] == ","
    assert french["thousands"] == french["percent"][0] == "\u202f"
    assert french["minus"] == "\u2212"
    assert number_locale("en")["percent"] == "%"


def test_every_unit_has_its_wording() -> None:
    for unit in (
        "percent",
        "number",
        "days",
        "months",
        "points",
        "per_year",
        "times",
        "EUR",
        "GBP",
    ):
        for lang in ("fr", "en"):
            assert wording([0.0, 10.0], 5.0, unit, lang).longest >= 2
