"""Calendars: meetings right to the hour, each side by its own domains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vCalAddress, vText

import jalon
from jalon.intake.sources.ics_events import MOST, diary
from jalon.model.problems import InputError, MustAskError

PARIS = ZoneInfo("Europe/Paris")
ANN, BOB = "ann@jalon.example", "bob@client.example"
LAST = dt.date(2026, 12, 31)
#: The clock goes forward on 29 March 2026.
MARCH = dt.datetime(2026, 3, 16, 9, 0, tzinfo=PARIS)


def address(mail: str, **told: str) -> vCalAddress:
    who = vCalAddress(f"MAILTO:{mail}")
    for name, value in told.items():
        who.params[name] = vText(value)
    return who


def event(
    uid: str,
    start: dt.date,
    *,
    who: tuple[Any, ...] = (BOB,),
    organizer: str | None = ANN,
    **told: Any,
) -> Event:
    """An event of ours with a client, unless said otherwise."""
    made = Event()
    made.add("uid", uid)
    made.add("dtstart", start)
    made.add("created", dt.datetime(2026, 1, 15, 8, 30, tzinfo=dt.UTC))
    if organizer:
        made["organizer"] = address(organizer, CN="Ann Martin")
    for each in who:
        made.add("attendee", each if isinstance(each, vCalAddress) else address(each), encode=False)
    for name, value in told.items():
        made.add(name.replace("_", "-"), value)
    return made


def calendar(*events: Event) -> bytes:
    made = Calendar()
    made.add("prodid", "-//jalon//tests//")
    made.add("version", "2.0")
    for each in events:
        made.add_component(each)
    return bytes(made.to_ical())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


def brought(
    workspace: jalon.Workspace, folder: Path, content: bytes
) -> dict[str | None, list[dict[str, Any]]]:
    """The entries of the report, by table."""
    path = folder / "agenda.ics"
    path.write_bytes(content)
    found: dict[str | None, list[dict[str, Any]]] = {}
    for each in workspace.import_([path]).record["files"]:
        found.setdefault(each["table"], []).append(each)
    return found


def meetings(workspace: jalon.Workspace) -> list[dict[str, Any]]:
    rows = workspace.rows("meetings_booked").to_pylist()
    return sorted(rows, key=lambda each: each["due_at"])


def starts(content: bytes, zone: str = "Europe/Paris") -> list[dt.datetime]:
    return sorted(each.start for each in diary(content, zone, LAST).occurrences)


def test_a_weekly_series_keeps_its_hour_across_the_clock_change(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    weekly = event("w", MARCH, rrule={"freq": "weekly", "count": 4})
    found = brought(world, tmp_path, calendar(weekly))
    assert [each["due_at"] for each in meetings(world)] == [
        dt.datetime(2026, 3, 16, 9),
        dt.datetime(2026, 3, 23, 9),
        dt.datetime(2026, 3, 30, 9),
        dt.datetime(2026, 4, 6, 9),
    ]
    (report,) = found["meeting"]
    assert report["rows_read"] == report["rows_added"] == 4
    assert meetings(world)[0]["booked_at"] == dt.datetime(2026, 1, 15, 9, 30)
    assert {each["owner"] for each in meetings(world)} == {"Ann Martin"}


def test_a_series_in_universal_time_moves_with_the_clock() -> None:
    start = dt.datetime(2026, 3, 16, 8, 0, tzinfo=dt.UTC)
    content = calendar(event("w", start, rrule={"freq": "weekly", "count": 3}))
    assert [each.hour for each in starts(content)] == [9, 9, 10]


def test_the_hours_are_those_of_the_zone_of_the_workspace() -> None:
    content = calendar(event("w", MARCH, rrule={"freq": "weekly", "count": 3}))
    assert [each.hour for each in starts(content, "America/Martinique")] == [4, 4, 3]


def test_a_floating_hour_is_local() -> None:
    assert starts(calendar(event("f", dt.datetime(2026, 3, 16, 9)))) == [
        dt.datetime(2026, 3, 16, 9)
    ]


ZONE = """BEGIN:VTIMEZONE
TZID:Chez nous
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:{0}
TZOFFSETTO:{0}
END:STANDARD
END:VTIMEZONE
"""
BARE = """BEGIN:VEVENT
UID:{uid}
DTSTART;TZID={zone}:20260316T090000
ORGANIZER:mailto:ann@jalon.example
ATTENDEE;CN=Bob:mailto:bob@client.example
END:VEVENT
"""


def bare(*parts: str) -> bytes:
    return "".join(["BEGIN:VCALENDAR\n", *parts, "END:VCALENDAR\n"]).encode()


@pytest.mark.parametrize(("offset", "hour"), [("+0500", 5), ("-0300", 13), ("+0500", 5)])
def test_a_zone_that_the_file_describes_is_that_of_this_file_alone(offset: str, hour: int) -> None:
    content = bare(BARE.format(uid="z", zone="Chez nous"), ZONE.format(offset))
    assert [each.hour for each in starts(content)] == [hour]


def test_names_of_zones_of_another_maker_are_known() -> None:
    assert starts(bare(BARE.format(uid="z", zone="Romance Standard Time")))[0].hour == 9


def test_a_zone_that_nobody_knows_is_said(world: jalon.Workspace, tmp_path: Path) -> None:
    found = brought(world, tmp_path, bare(BARE.format(uid="z", zone="Nulle part")))
    assert meetings(world)[0]["due_at"].hour == 9
    assert any("Nulle part" in note for note in found["meeting"][0]["notes"])


def test_exceptions_moves_and_additions_of_a_series() -> None:
    weekly = event(
        "w",
        MARCH,
        rrule={"freq": "weekly", "count": 4},
        exdate=MARCH + dt.timedelta(days=7),
        rdate=dt.datetime(2026, 3, 20, 15, tzinfo=PARIS),
    )
    moved = event("w", dt.datetime(2026, 3, 31, 11, tzinfo=PARIS))
    moved.add("recurrence-id", dt.datetime(2026, 3, 30, 9, tzinfo=PARIS))
    found = diary(calendar(weekly, moved), "Europe/Paris", LAST).occurrences
    assert sorted(each.start for each in found) == [
        dt.datetime(2026, 3, 16, 9),
        dt.datetime(2026, 3, 20, 15),
        dt.datetime(2026, 3, 31, 11),
        dt.datetime(2026, 4, 6, 9),
    ]
    assert "w 2026-03-30T09:00" in {each.key for each in found}


def test_an_occurrence_called_off_is_cancelled_and_the_others_say_nothing(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    weekly = event("w", MARCH, rrule={"freq": "weekly", "count": 3})
    off = event("w", MARCH + dt.timedelta(days=7), status="CANCELLED")
    off.add("recurrence-id", MARCH + dt.timedelta(days=7))
    brought(world, tmp_path, calendar(weekly, off))
    assert [each["status"] for each in meetings(world)] == [None, "cancelled", None]


def test_a_diary_does_not_say_that_a_meeting_was_held(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    brought(world, tmp_path, calendar(event("w", MARCH)))
    (held,) = world.measure("meetings_held").records()
    assert held["value"] is None
    assert held["missing"]


def test_a_meeting_to_come_is_booked(world: jalon.Workspace, tmp_path: Path) -> None:
    soon = dt.datetime.now(PARIS).replace(microsecond=0) + dt.timedelta(days=30)
    brought(world, tmp_path, calendar(event("s", soon)))
    assert [each["status"] for each in meetings(world)] == ["booked"]


def test_only_meetings_with_another_side_are_kept_and_all_are_counted(
    world: jalon.Workspace, tmp_path: Path
) -> None:
    kept = event("k", MARCH, who=(BOB, "zoe@paris.jalon.example"))
    internal = event("i", MARCH, who=("zoe@jalon.example",))
    declined = event("d", MARCH, who=(address(BOB, PARTSTAT="DECLINED"),))
    room = event("r", MARCH, who=(address("salle@salles.example", CUTYPE="ROOM"),))
    alone = event("a", MARCH, who=(), organizer=None)
    leave = event("l", dt.date(2026, 3, 16), who=())
    fair = event("f", dt.date(2026, 3, 17))
    content = calendar(kept, internal, declined, room, alone, leave, fair)
    found = brought(world, tmp_path, content)
    assert {each["source_id"] for each in meetings(world)} == {"k", "f"}
    left = {each["why"] for each in found[None]}
    assert any("internes" in why and ": 3" in why.replace("\u00a0", " ") for why in left)
    assert len(left) == 3
    sides = world._door.store.engine.rows(  # type: ignore[attr-defined]
        "SELECT side, count(*) FROM current.meeting_attendee GROUP BY side ORDER BY side"
    )
    assert sides == [("ours", 3), ("theirs", 2)]


def test_the_owner_is_of_our_side(world: jalon.Workspace, tmp_path: Path) -> None:
    ours = [event(f"o{n}", MARCH) for n in range(3)]
    theirs = event("t", MARCH, organizer=BOB, who=(address(ANN, CN="Ann M."),))
    both = event("b", MARCH, organizer=BOB, who=(ANN, "zoe@jalon.example"))
    brought(world, tmp_path, calendar(*ours, theirs, both))
    owners = {each["source_id"]: each["owner"] for each in meetings(world)}
    assert (owners["t"], owners["b"]) == ("Ann M.", None)


def test_public_providers_are_no_company(world: jalon.Workspace, tmp_path: Path) -> None:
    with pytest.raises(MustAskError) as caught:
        brought(world, tmp_path, calendar(event("p", MARCH, organizer="moi@gmail.com")))
    assert caught.value.problem.code == "must_ask_own_domains"


def test_the_domains_of_the_settings_win(tmp_path: Path) -> None:
    place = tmp_path / "jalon-data"
    place.mkdir()
    (place / "settings.yaml").write_text("company: {domains: [client.example]}\n")
    with jalon.open(place) as workspace:
        brought(workspace, tmp_path, calendar(event("p", MARCH)))
        assert [each["owner"] for each in meetings(workspace)] == [BOB]


@pytest.mark.parametrize(
    "told",
    [
        {"location": "https://teams.microsoft.com/l/meetup-join/1"},
        {"description": "Rejoindre : https://meet.google.com/abc-defg-hij"},
        {"url": "https://nous.zoom.us/j/1"},
        {"x_microsoft_skypeteamsmeetingurl": "https://teams.live.com/x"},
    ],
)
def test_a_link_to_a_call_makes_it_a_video_meeting(
    world: jalon.Workspace, tmp_path: Path, told: dict[str, str]
) -> None:
    brought(world, tmp_path, calendar(event("v", MARCH, **told)))
    assert [each["kind"] for each in meetings(world)] == ["visio"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=1",
        "FREQ=HOURLY;COUNT=99999999",
        "FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4",
        "FREQ=WEEKLY;BYDAY=QQ",
        "pas une règle",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1",
    ],
)
def test_a_rule_that_has_no_end_or_no_meaning_is_set_apart(rule: str) -> None:
    text = BARE.format(uid="bad", zone="Europe/Paris").replace(
        "END:VEVENT", f"RRULE:{rule}\nEND:VEVENT"
    )
    found = diary(bare(text, BARE.format(uid="good", zone="Europe/Paris")), "Europe/Paris", LAST)
    assert [each.key for each in found.occurrences] == ["good"]
    assert [each.where.column for each in found.refused] == ["RRULE"]


def test_a_series_without_end_stops_at_the_last_day_asked() -> None:
    content = calendar(event("w", MARCH, rrule={"freq": "weekly"}))
    assert starts(content)[-1] == dt.datetime(2026, 12, 28, 9)


def test_the_occurrences_of_a_series_are_bounded_and_the_last_ones_kept() -> None:
    long = event("d", dt.datetime(1990, 1, 1, 9), rrule={"freq": "daily"})
    found = diary(calendar(long, event("k", MARCH)), "Europe/Paris", LAST)
    assert len(found.occurrences) == MOST + 1
    assert max(each.start for each in found.occurrences) == dt.datetime(2026, 12, 31, 9)
    assert found.cut == {"d"}


@pytest.mark.parametrize("until", ["20260406", "20260406T070000Z", "20260406T090000"])
def test_the_last_day_of_a_rule_counts_however_it_is_written(until: str) -> None:
    text = BARE.format(uid="w", zone="Europe/Paris").replace(
        "END:VEVENT", f"RRULE:FREQ=WEEKLY;UNTIL={until}\nEND:VEVENT"
    )
    assert len(starts(bare(text))) == 4


DAMAGED = {
    "no start": "BEGIN:VEVENT\nUID:x\nEND:VEVENT\n",
    "no date": "BEGIN:VEVENT\nUID:x\nDTSTART:demain\nEND:VEVENT\n",
    "far": "BEGIN:VEVENT\nUID:x\nDTSTART:00010101T000000\nEND:VEVENT\n",
    "noise": "BEGIN:VEVENT\nUID:x\n;;;:::\n=;DTSTART\nEND:VEVENT\n",
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_broken_event_costs_no_other(what: str) -> None:
    found = diary(
        bare(DAMAGED[what], BARE.format(uid="good", zone="Europe/Paris")), "Europe/Paris", LAST
    )
    assert [each.key for each in found.occurrences] == ["good"]
    assert [each.where.row for each in found.refused] == [2]


def test_old_encodings_bare_ends_of_lines_and_broken_folds_are_read() -> None:
    text = BARE.format(uid="é", zone="Europe/Paris").replace(
        "END:VEVENT", "LOCATION:Salle d'été\n au 2e\nsuite sans repli\nEND:VEVENT"
    )
    for content in (
        bare(text).decode().encode("cp1252"),
        bare(text).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + bare(text),
    ):
        (found,) = diary(content, "Europe/Paris", LAST).occurrences
        assert str(found.event["LOCATION"]) == "Salle d'étéau 2esuite sans repli"


def test_reminders_tasks_and_attached_files_are_no_meetings() -> None:
    inside = "BEGIN:VALARM\nTRIGGER:-PT15M\nATTENDEE:mailto:a@b.example\nEND:VALARM\n"
    text = BARE.format(uid="k", zone="Europe/Paris").replace(
        "END:VEVENT", f"{inside}ATTACH;VALUE=BINARY:{'QUJD' * 1000}\nEND:VEVENT"
    )
    task = "BEGIN:VTODO\nUID:t\nDTSTART:20260316T090000\nEND:VTODO\n"
    (found,) = diary(bare(text, task), "Europe/Paris", LAST).occurrences
    assert found.key == "k"
    assert str(found.event["ATTENDEE"]).lower() == f"mailto:{BOB}"


def test_a_calendar_without_events_is_refused(world: jalon.Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        brought(world, tmp_path, bare())
    assert caught.value.problem.code == "no_event"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 364), st.integers(0, 23), st.integers(1, 10))
def test_a_local_series_keeps_its_hour_whatever_the_day(day: int, hour: int, count: int) -> None:
    start = dt.datetime(2026, 1, 1, hour, tzinfo=PARIS) + dt.timedelta(days=day)
    if start.hour != hour or hour in (2, 3):
        return  # an hour that a change of clock skips or repeats
    content = calendar(event("w", start, rrule={"freq": "daily", "count": count}))
    found = [each.start for each in diary(content, "Europe/Paris", LAST).occurrences]
    first = start.replace(tzinfo=None)
    within = [first + dt.timedelta(days=n) for n in range(count)]
    assert found == [each for each in within if each.date() <= LAST]


def test_the_same_calendar_again_changes_nothing(world: jalon.Workspace, tmp_path: Path) -> None:
    content = calendar(event("w", MARCH, rrule={"freq": "weekly", "count": 4}))
    brought(world, tmp_path, content)
    again = brought(world, tmp_path, content)["meeting"][0]
    assert (again["rows_added"], again["rows_unchanged"]) == (0, 4)
