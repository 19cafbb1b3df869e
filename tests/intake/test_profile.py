"""What a column is said to hold, and what its cells become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from sqlglot import exp

from jalon.intake import parse
from jalon.intake.profile import profile
from jalon.intake.text_table import Content


@pytest.fixture
def column(read_text, engine):
    """The profile of a column of these cells, and its cells read by a function of ``parse``."""

    def build(*cells, reader=None, more="", **given):
        lines = ["id;valeur"] + [f'x{i};"{cell}"' for i, cell in enumerate(cells)]
        table = read_text("\n".join(lines) + "\n")
        found = profile(table, engine, **given)[1]
        if reader is None:
            return found
        sql = reader(exp.column("c1"), found).sql(dialect="duckdb")
        return found, [
            r[0] for r in engine.rows(f"SELECT {sql} FROM {table.relation} ORDER BY _line")
        ]

    return build


NUMBERS = [
    (("1 234,50", "-3,5"), [D("1234.5"), D("-3.5")]),
    (("1\u00a0234,50", "2\u202f345 678,5"), [D("1234.5"), D("2345678.5")]),
    (("1.234,50", "12.345"), [D("1234.5"), D("12345")]),
    (("1,234.50", "12,345"), [D("1234.5"), D("12345")]),
    (("$1,117.10K", "$342.09K"), [D("1117100"), D("342090")]),
    (("12,5 k€", "1,25 M€", "3 €"), [D("12500"), D("1250000"), D("3")]),
    (("(123,40)", "12,00"), [D("-123.4"), D("12")]),
    (("12,5-", "3,5"), [D("-12.5"), D("3.5")]),
    (("−12,5", "3"), [D("-12.5"), D("3")]),
    (("1E+5", "2.5"), [D("100000"), D("2.5")]),
    (("-$5.00", "$6.10"), [D("-5"), D("6.1")]),
    (("1'234.50", "2"), [D("1234.5"), D("2")]),
    (("1,00005", "-1,00005"), [D("1.0001"), D("-1.0001")]),
    (("0,5", "99999999999999999999"), [D("0.5"), None]),
    (("1,5", "n/a", "abc", "1.5", "2,5", "3,5", "4,5"),
     [D("1.5"), None, None, None, D("2.5"), D("3.5"), D("4.5")]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "amounts"), NUMBERS)
def test_amounts_are_read_exactly(column, cells, amounts):
    assert column(*cells, reader=parse.money)[1] == amounts


def test_a_number_that_fits_neither_reading_is_never_read_as_another(column):
    found, amounts = column("1 000,50", "12.5", "3,5", "4,5", "5,5", "6,5", reader=parse.money)
    assert found.decimal == ","
    assert amounts[:2] == [D("1000.5"), None]
    assert found.agreement == pytest.approx(5 / 6)


def test_thousands_or_decimals_alone_are_not_guessed(column):
    found, amounts = column("1,234", "5,678", reader=parse.money)
    assert (found.decimal, amounts) == (None, [None, None])
    assert [e.facts["choices"] for e in found.evidence if e.decision == "decimal"] == [[",", "."]]


def test_the_users_decimal_mark_settles_what_the_cells_do_not(column):
    assert column("1,234", reader=parse.money, decimal=",")[1] == [D("1.234")]
    assert column("1,234", reader=parse.money, decimal=".")[1] == [D("1234")]


def test_the_other_columns_settle_what_a_column_does_not(read_text, engine):
    table = read_text("a;b;d;e\n1,234;1.5;01/02/2026;25/12/2026\n2,345;2.5;03/04/2026;26/12/2026\n")
    a, _, d, _ = profile(table, engine)
    assert (a.decimal, a.thousands) == (".", ",")
    assert (d.date_order, d.date_choices, d.date_formats) == ("DMY", (), ("%d/%m/%Y",))
    assert {e.because for e in (*a.evidence, *d.evidence)} >= {"other_columns"}


@pytest.mark.parametrize(
    "cells", [("00001", "00002"), ("01000", "75011"), ("01.13", "46.31"), ("12345678901234567890",)]
)
def test_codes_are_text(column, cells):
    assert column(*cells).content is Content.TEXT


def test_whole_numbers_are_integers(column):
    found, values = column("1", "1 234", "-5", reader=parse.integer)
    assert found.content is Content.INTEGER
    assert values == [1, 1234, -5]
    assert column("1", "2.5", "3.0", reader=parse.integer)[1] == [1, None, 3]


DAY = dt.datetime
DATES = [
    (("2026-01-31",), [DAY(2026, 1, 31)], "day"),
    (("2026-01-31T10:20:30",), [DAY(2026, 1, 31, 10, 20, 30)], "second"),
    (("2026-07-31T10:20:00Z", "2026-01-31T10:20:00+0100"),
     [DAY(2026, 7, 31, 12, 20), DAY(2026, 1, 31, 10, 20)], "minute"),
    (("31/01/2026", "1/2/2026"), [DAY(2026, 1, 31), DAY(2026, 2, 1)], "day"),
    (("1/31/2026", "1/2/2026"), [DAY(2026, 1, 31), DAY(2026, 1, 2)], "day"),
    (("31-01-2026 10:20",), [DAY(2026, 1, 31, 10, 20)], "minute"),
    (("31.01.2026",), [DAY(2026, 1, 31)], "day"),
    (("31/01/26", "02/03/26"), [DAY(2026, 1, 31), DAY(2026, 3, 2)], "day"),
    (("19970131", "19970201"), [DAY(1997, 1, 31), DAY(1997, 2, 1)], "day"),
    (("15 Apr, 2021 00:03:00",), [DAY(2021, 4, 15, 0, 3)], "minute"),
    (("3 janv. 2026", "14 août 2025", "1er mai 2024"),
     [DAY(2026, 1, 3), DAY(2025, 8, 14), DAY(2024, 5, 1)], "day"),
    (("avril 2021", "décembre 2022"), [DAY(2021, 4, 1), DAY(2022, 12, 1)], "month"),
    (("April 5, 2021", "May 6, 2021"), [DAY(2021, 4, 5), DAY(2021, 5, 6)], "day"),
    (("2021-04", "2021-05"), [DAY(2021, 4, 1), DAY(2021, 5, 1)], "month"),
    (("05/13/2026 1:05 PM",), [DAY(2026, 5, 13, 13, 5)], "minute"),
    (("31/01/2026 14h30",), [DAY(2026, 1, 31, 14, 30)], "minute"),
    (("31/01/2026", "-", "31/02/2026", "01/02/2026", "02/02/2026", "03/02/2026"),
     [DAY(2026, 1, 31), None, None, *(DAY(2026, 2, day) for day in (1, 2, 3))], "day"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "moments", "precision"), DATES)
def test_dates_are_read_in_the_order_of_their_column(column, cells, moments, precision):
    found, read = column(*cells, reader=parse.moment)
    assert read == moments
    assert (found.content, found.precision) == (Content.DATE, precision)


def test_dates_that_read_both_ways_are_not_guessed(column):
    found, read = column("01/02/2026", "03/04/2026", reader=parse.moment)
    assert (found.date_order, found.date_choices) == (None, ("DMY", "MDY"))
    assert read == [None, None]


def test_dates_proven_in_both_orders_are_not_guessed(column):
    found, read = column("13/02/2026", "05/02/2026", "02/25/2026", reader=parse.moment)
    assert (found.date_order, found.date_choices) == (None, ("DMY", "MDY"))
    assert read == [None, None, None]
    assert [one.because for one in found.evidence][-1] == "days_in_both_orders"


def test_a_lone_date_in_another_order_does_not_undo_the_column(column):
    cells = [f"{day}/02/2026" for day in range(13, 23)]
    found, read = column(*cells, "05/02/2026", "02/25/2026", reader=parse.moment)
    assert found.date_order == "DMY"
    assert read[-2:] == [DAY(2026, 2, 5), None]


def test_a_number_that_reads_both_ways_is_not_guessed_where_both_marks_are_proven(column):
    found, read = column("1,234", "12.50", "7,25", reader=parse.money)
    assert (found.decimal, read) == (None, [None, None, None])
    assert [one.because for one in found.evidence][-1] == "both_decimal_marks"


def test_the_users_order_settles_dates_that_read_both_ways(column):
    def american(cell, found):
        return parse.moment(cell, found, "MDY")

    assert column("01/02/2026", reader=american)[1] == [DAY(2026, 1, 2)]
    assert column("01/02/2026", reader=parse.moment, date_order="DMY")[1] == [DAY(2026, 2, 1)]


def test_one_late_day_decides_a_column_of_a_hundred_thousand(read_text, engine):
    rows = [
        f"{i};0{1 + i % 9}/0{1 + i % 7}/20{10 + i % 16} 0{i % 10}:{10 + i % 50}:{10 + i % 49}"
        for i in range(40_000)
    ]
    rows[33_333] = "33333;25/03/2026 01:02:03"
    table = read_text("id;date\n" + "\n".join(rows) + "\n")
    found = profile(table, engine)[1]
    assert found.date_order == "DMY"
    rows[33_333] = "33333;03/25/2026 01:02:03"
    table = read_text("id;date\n" + "\n".join(rows) + "\n")
    assert profile(table, engine)[1].date_order == "MDY"


def test_one_late_decimal_decides_a_column_of_many_values(read_text, engine):
    rows = [f"{i};{1 + i % 9},{100 + i % 900}" for i in range(40_000)]
    rows[33_333] = "33333;7,5"
    rows += [f"{i};{i}" for i in range(40_000)]
    found = profile(read_text("id;v\n" + "\n".join(rows) + "\n"), engine)[1]
    assert (found.decimal, found.content) == (",", Content.DECIMAL)


def test_one_leading_zero_makes_text_of_a_column_of_many_values(read_text, engine):
    rows = [f"{i};{100_000 + i}" for i in range(40_000)]
    rows[33_333] = "33333;012345"
    assert profile(read_text("id;v\n" + "\n".join(rows) + "\n"), engine)[1].content is Content.TEXT


@pytest.mark.parametrize(
    "cells", [("Oui", "Non"), ("Yes", "No"), ("TRUE", "FALSE"), ("Vrai", "Faux"), ("x", "X")]
)
def test_flags_are_read(column, cells):
    found, values = column(*cells, reader=parse.flag)
    assert found.content is Content.FLAG
    assert values == [True, cells[1] == "X"]


def test_shares_are_put_between_0_and_1_by_the_scale_of_their_column(column):
    assert column("45 %", "5 %", reader=parse.share)[1] == pytest.approx([0.45, 0.05])
    assert column("45", "5", "1", reader=parse.share)[1] == pytest.approx([0.45, 0.05, 0.01])
    assert column("0,45", "1", reader=parse.share)[1] == pytest.approx([0.45, 1.0])


def test_currencies_are_found_in_cells(column):
    assert column("12 €", "13,5 €").currency == "EUR"
    assert column("$12.5", "$13").currency == "USD"
    assert column("12 €", "$13").currency is None


def test_an_unreadable_cell_is_one_that_says_something(read_text, engine):
    table = read_text("a;b\n1;12,5\n2;abc\n3;n/a\n4;\n5;13,5\n6;14,5\n7;1,5\n8;2,5\n")
    found = profile(table, engine)[1]
    cell = exp.column("c1")
    where = parse.unreadable(cell, parse.money(cell, found)).sql(dialect="duckdb")
    assert engine.rows(f"SELECT c1 FROM {table.relation} WHERE {where}") == [("abc",)]
