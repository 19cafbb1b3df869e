"""Numbers and periods as a person reads them: French spaces and marks, English ones."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from jalon.locale import numbers
from jalon.model.periods import Period


@pytest.mark.parametrize(
    ("value", "unit", "french", "english"),
    [
        (0.6315, "percent", "63,2\u202f%", "63.2%"),
        (10005534, "EUR", "10\u202f005\u202f534\u00a0€", "€10,005,534"),
        (54.407, "EUR", "54,41\u00a0€", "€54.41"),
        (34, "points", "+34,0", "+34.0"),
        (-6.2, "points", "−6,2", "−6.2"),
        (1234, "number", "1\u202f234", "1,234"),
        (47, "days", "47,0\u00a0j", "47.0\u00a0d"),
        (2.15, "per_year", "2,2\u00a0/an", "2.2\u00a0/yr"),
        (2.154, "times", "2,15\u00a0×", "2.15×"),
        (math.nan, "percent", "–", "–"),
        (math.inf, "EUR", "∞", "∞"),
        (-math.inf, "EUR", "−∞", "−∞"),
    ],
)
def test_a_figure_is_said_in_its_unit(value: float, unit: str, french: str, english: str) -> None:
    assert numbers.figure(value, unit, "fr") == french
    said = numbers.figure(value, unit, "en")
    digits = [each for each in said if each.isdigit() or each in ",.+-−∞–%"]
    assert digits == [each for each in english if each.isdigit() or each in ",.+-−∞–%"]


def test_a_count_is_whole() -> None:
    assert numbers.count(8800.0, "fr") == "8\u202f800"
    assert numbers.count(math.nan, "fr") == "–"


@pytest.mark.parametrize(
    ("first", "end", "french"),
    [
        ("2026-01-01", "2026-02-01", "janv. 2026"),
        ("2026-01-01", "2026-04-01", "T1 2026"),
        ("2026-01-01", "2027-01-01", "2026"),
    ],
)
def test_whole_periods_have_a_name(first: str, end: str, french: str) -> None:
    asked = Period(dt.date.fromisoformat(first), dt.date.fromisoformat(end))
    assert numbers.period(asked, "fr") == french


def test_other_periods_say_their_last_day_included() -> None:
    said = numbers.period(Period(dt.date(2026, 1, 5), dt.date(2026, 1, 8)), "fr")
    assert said == "05/01/2026 – 07/01/2026"
