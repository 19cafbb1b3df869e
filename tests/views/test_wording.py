"""Figures in words, in French typography."""

from __future__ import annotations

import datetime as dt

import pytest

from jalon.locale import numbers
from jalon.model.periods import Period
from jalon.views.plain import plain
from jalon.views.wording import against_of, between, moved, split, whole


@pytest.mark.parametrize(
    ("value", "unit", "text", "suffix"),
    [
        (0.264, "percent", "26,4", "%"),
        (1_062_000.0, "EUR", "1,06", "M€"),
        (2751.4, "EUR", "2 751", "€"),
        (31.42, "months", "31,4", "mois"),
        (58.0, "number", "58", ""),
        (34.0, "points", "+34,0", ""),
        (None, "percent", "–", ""),
        (-0.484, "percent", "−48,4", "%"),
    ],
)
def test_a_value_and_its_unit_are_told_apart(
    value: float | None, unit: str, text: str, suffix: str
) -> None:
    found = split(value, unit, "fr")
    assert (found[0].replace("\u202f", " ").replace("\u00a0", " "), found[1]) == (text, suffix)


def test_an_interval_does_not_repeat_the_unit() -> None:
    assert between(0.238, 0.291, "percent", "fr") == "23,8 à 29,1"
    assert between(2540.2, 2980.9, "EUR", "fr") == "2\u202f540 à 2\u202f981"
    assert between(None, 1.0, "EUR", "fr") == ""


@pytest.mark.parametrize(
    ("difference", "former", "unit", "text"),
    [
        (0.009, 0.255, "percent", "+0,9 pt"),
        (-9.0, 67.0, "number", "−9 (−13 %)"),
        (-45_000.0, 1_100_000.0, "EUR", "−4,1 %"),
        (-38.4, 450.0, "EUR", "−38 € (−8,5 %)"),
        (1.9, 22.0, "points", "+1,9"),
    ],
)
def test_a_movement_is_told_in_its_unit(
    difference: float, former: float, unit: str, text: str
) -> None:
    found = moved(difference, former, unit, "fr")
    assert found.replace("\u202f", " ").replace("\u00a0", " ") == text


def test_a_period_under_way_is_compared_to_the_same_day() -> None:
    now = Period(dt.date(2026, 7, 1), dt.date(2026, 10, 1))
    then = Period(dt.date(2025, 7, 1), dt.date(2025, 9, 24))
    assert against_of(now, then, "fr") == "T3 2025 au même jour"
    assert against_of(now, Period(dt.date(2025, 7, 1), dt.date(2025, 10, 1)), "fr") == "T3 2025"


def test_a_condition_reads_as_words() -> None:
    text = plain("outcome in ('won', 'lost') and not invalid", "deal", "fr")
    assert text == "issue parmi (gagnée, perdue) et hors non valable"


def test_a_difference_of_a_few_euros_has_cents() -> None:
    assert numbers.step(4.2, "EUR", "fr").replace("\u00a0", " ") == "4,20 €"
    assert whole(0.5, "percent", "en") == "50.0%"
