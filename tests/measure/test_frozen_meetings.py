"""The same bookings read at several dates, by chains of records and by one record moved."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.relations.clock import Clock
from jalon.store.stage import Stage

CATALOGUE = built_in()


def day(number):
    return dt.date(2025, 3, number)


def rate(store, part, **clock):
    asked = Question(("hold_rate",), part=part, clock=Clock(**clock))
    return float(Measurer(store, CATALOGUE).measure(asked).answers[0].figures.value[0])


def write(store, number, rows):
    table = fill({"meeting": rows}).engine.run("SELECT * FROM temp.example_meeting")
    store.engine.connection.register("lent_more", table)
    store.engine.execute(f"CREATE TEMP TABLE more_{number} AS FROM lent_more")
    fields = tuple(each for each in table.column_names if each[0] != "_" and each != "source_id")
    stage = Stage("meeting", "example", fields, f"more_{number}")
    store.write(number, f"more-{number}", dt.datetime(2100, 1, number), [stage])


def booking(key, due, status, former=None):
    return {"id": key, "booked_at": day(1), "due_at": due, "status": status,
            "rescheduled_from": former}  # fmt: skip


def chained():
    """Ten bookings, held 4, then 7, then 8 of them in the end."""
    first = [booking(f"o{i}", day(3), "held" if i < 4 else "rescheduled") for i in range(10)]
    second = [booking(f"s{i}", day(10), "held", f"o{i}") for i in (4, 5, 6)]
    second.append(booking("s7", day(10), "rescheduled", "o7"))
    third = [booking("t7", day(17), "held", "s7")]
    return first, second, third


def test_ten_bookings_rebooked_give_40_70_then_80_and_the_frozen_figures_stay():
    first, second, third = chained()
    store = fill({"meeting": first})
    assert rate(store, "final") == pytest.approx(0.4)
    write(store, 2, second)
    assert rate(store, "final") == pytest.approx(0.7)
    write(store, 3, third)
    assert rate(store, "final") == pytest.approx(0.8)
    for read, expected in ((3, 0.4), (10, 0.7), (17, 0.8)):
        assert rate(store, "final", as_of=day(read)) == pytest.approx(expected)
        assert rate(store, "first", as_of=day(read)) == pytest.approx(0.4)
    for known, expected in ((1, 0.4), (2, 0.7), (3, 0.8)):
        assert rate(store, "final", known_at=known) == pytest.approx(expected)
        assert rate(store, "first", known_at=known) == pytest.approx(0.4)


def test_a_booking_moved_on_its_own_record_is_not_held_at_its_first_slot():
    rows = [booking(f"o{i}", day(3), "held" if i < 4 else "no_show") for i in range(10)]
    store = fill({"meeting": rows})
    write(store, 2, [booking(f"o{i}", day(10), "held") for i in (4, 5, 6)])
    assert rate(store, "first") == pytest.approx(0.4)
    assert rate(store, "final") == pytest.approx(0.7)
    assert rate(store, "first", known_at=1) == pytest.approx(0.4)
    assert rate(store, "final", known_at=1) == pytest.approx(0.4)
