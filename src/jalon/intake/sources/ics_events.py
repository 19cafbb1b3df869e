"""Calendars (iCalendar, RFC 5545): their events, one by one, and the occurrences of those that
come back.

The text is cut into components first, so that a broken event costs no other: lines are unfolded
whatever their ends, reminders, tasks and attached files are left aside.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component, Event
from icalendar.timezone import tzp

from jalon.model.problems import Problem, Where

LINE = re.compile(r"[A-Za-z0-9-]+[;:]")
#: No property of a meeting is longer; attached files are.
LONGEST = 5 * 2**20
#: Occurrences of an event that comes back, and of all of them in a file: the last ones are kept.
MOST = 10_000
MOST_OF_ALL = 200_000
YEARS = range(1970, 2200)
#: Rules that come back more often than once a day are no meetings, and have no end.
ENDLESS = re.compile(
    r"(?i)FREQ=(SECONDLY|MINUTELY|HOURLY)|BY(SECOND|MINUTE|HOUR)=[^;]*,|INTERVAL=[+-]?0*(;|$| )"
)
#: Without these, nobody knows when an event takes place.
TIMING = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})
#: The last day of a rule, in place of its last moment: that day counts.
DAY_UNTIL = re.compile(r"(?m)^(RRULE:.*UNTIL=\d{8})(?=;|$|\r)")
#: Seconds given to the rules of a file: one that never comes true is looked for very far.
PATIENCE = 30.0
SKIPPED = frozenset({"VALARM", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})


@dataclass(frozen=True)
class Occurrence:
    """An event as it takes place once: ``key`` tells it from all others, ``start`` is local."""

    key: str
    start: dt.datetime
    all_day: bool
    event: Event


@dataclass
class Diary:
    """What a calendar holds: occurrences, and the events that cannot be read.

    ``cut``: events whose occurrences were left out for their number; ``repeated``: how many are of
    events that come back. ``zones``: names of time zones
    that nobody knows, taken for local time. ``name``: what the calendar is called.
    """

    name: str = ""
    occurrences: list[Occurrence] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    repeated: int = 0
    zones: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Block:
    """The lines of a component, from its ``BEGIN``, which is at ``line`` in the file."""

    kind: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\r\n".join(self.lines) + "\r\n"


def diary(content: bytes, zone: str, last: dt.date) -> Diary:
    """The occurrences of a calendar up to a day, in the local time of a zone."""
    found = Diary()
    blocks = list(_blocks(_unfolded(_decoded(content)), found))
    # The zones that a former calendar described are forgotten.
    tzp.use_default()
    for block in blocks:
        if block.kind == "VTIMEZONE":
            _learn(block)
    events = [_event(block, found) for block in blocks if block.kind == "VEVENT"]
    series: dict[str, list[tuple[int, Event]]] = {}
    for line, event in filter(None, events):
        series.setdefault(str(event.get("UID") or f"line {line}"), []).append((line, event))
    patience = time.monotonic() + PATIENCE
    for uid, members in series.items():
        if time.monotonic() > patience and any(_rules(event) for _, event in members):
            found.cut.add(uid)
            continue
        _take(found, uid, members, ZoneInfo(zone), last)
    return found


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """The properties with their physical lines; a line that is none goes on the former one."""
    held, start = "", 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t"):
            held += line[1:]
        elif held and line and not LINE.match(line):
            held += line
        else:
            if held and len(held) <= LONGEST:
                yield start, held
            held, start = line, number
    if held and len(held) <= LONGEST:
        yield start, held


def _blocks(lines: Iterator[tuple[int, str]], found: Diary) -> Iterator[_Block]:
    """The time zones and events, whole; what lies in other components is left aside."""
    block: _Block | None = None
    aside = ""
    for number, line in lines:
        word, _, rest = line.partition(":")
        mark, kind = word.upper(), rest.strip().upper()
        if aside:
            aside = "" if (mark, kind) == ("END", aside) else aside
        elif mark == "BEGIN" and kind in SKIPPED:
            aside = kind
        elif mark == "BEGIN" and kind in ("VEVENT", "VTIMEZONE"):
            block = _Block(kind, number, [line])
        elif block is not None:
            if not mark.startswith("ATTACH"):
                block.lines.append(line)
            if (mark, kind) == ("END", block.kind):
                yield block
                block = None
        elif mark == "X-WR-CALNAME":
            found.name = rest.strip()


def _learn(block: _Block) -> None:
    """Make a time zone that the file describes known by its name."""
    try:
        Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{block.text}END:VCALENDAR\r\n")
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return


def _event(block: _Block, found: Diary) -> tuple[int, Event] | None:
    try:
        event = Event.from_ical(DAY_UNTIL.sub(r"\1T235959Z", block.text))
        start = _day_or_moment(event, "DTSTART")
        assert isinstance(event, Event)
    except Exception:  # a broken event may break in any way
        found.refused.append(Problem("unreadable_event", {}, Where(row=block.line)))
        return None
    if broken := TIMING & {name.upper() for name, _ in event.errors if name}:
        where = Where(row=block.line, column=min(broken))
        found.refused.append(Problem("unreadable_event", {}, where))
        return None
    if start.year not in YEARS:
        day = Where(row=block.line, column="DTSTART", value=start.isoformat())
        found.refused.append(Problem("event_out_of_range", {}, day))
        return None
    tzid = getattr(event["DTSTART"], "params", {}).get("TZID")
    if tzid and isinstance(start, dt.datetime) and start.tzinfo is None:
        found.zones.add(str(tzid))
    return block.line, event


def _take(
    found: Diary, uid: str, members: Sequence[tuple[int, Event]], zone: ZoneInfo, last: dt.date
) -> None:
    """The occurrences of the events that share an id."""
    events = [event for _, event in members]
    if len(events) == 1 and not {"RRULE", "RDATE", "RECURRENCE-ID"} & set(events[0]):
        found.occurrences.append(_occurrence(events[0], uid, zone))
        return
    told = [rule for each in events for rule in _rules(each)]
    where = Where(row=members[0][0], column="RRULE", value=" ".join(told)[:80])
    if any("FREQ=" not in rule.upper() for rule in told):
        found.refused.append(Problem("unreadable_event", {}, where))
        return
    if any(map(ENDLESS.search, told)):
        found.refused.append(Problem("endless_recurrence", {}, where))
        return
    try:
        found.occurrences += _expanded(found, uid, events, zone, last)
    except Exception:  # a rule may break in any way
        found.refused.append(Problem("unreadable_event", {}, where))


def _rules(event: Event) -> list[str]:
    # A rule that says nothing is empty, and is one.
    rules: Any = event.get("RRULE", [])
    return [each.to_ical().decode() for each in (rules if isinstance(rules, list) else [rules])]


def _day_or_moment(event: Component, name: str) -> dt.date:
    """A date or a moment of an event. Raises ValueError where it has none."""
    found = getattr(event.get(name), "dt", None)
    if not isinstance(found, dt.date):
        raise ValueError(name)  # noqa: TRY004 - the file is wrong, not the call
    return found


def _expanded(
    found: Diary, uid: str, events: Sequence[Event], zone: ZoneInfo, last: dt.date
) -> list[Occurrence]:
    calendar = Calendar()
    for event in events:
        calendar.add_component(event)
    query = recurring_ical_events.of(calendar)
    made: dict[str, Occurrence] = {}
    left = min(MOST, max(MOST_OF_ALL - found.repeated, 0))
    after = last + dt.timedelta(days=1)
    first = min(_day_or_moment(event, "DTSTART").year for event in events)
    # Year by year, so that a rule without end is followed no further than needed.
    for year in range(last.year, first - 2, -1):
        for each in query.between((year, 1, 1), min(dt.date(year + 1, 1, 1), after)):
            one = _occurrence(each, uid, zone, recurring=True)
            if one.start.date() <= last:
                made.setdefault(one.key, one)
        if len(made) > left:
            found.cut.add(uid)
            break
    kept = sorted(made.values(), key=lambda one: one.start)[max(len(made) - left, 0) :]
    found.repeated += len(kept)
    return kept


def _occurrence(event: Event, uid: str, zone: ZoneInfo, *, recurring: bool = False) -> Occurrence:
    start = _day_or_moment(event, "DTSTART")
    key = uid
    if recurring:
        # A moved occurrence keeps the moment that it had in the series.
        named = _day_or_moment(event, "RECURRENCE-ID") if "RECURRENCE-ID" in event else start
        key = f"{uid} {_local(named, zone):%Y-%m-%dT%H:%M}"
    return Occurrence(key, _local(start, zone), not isinstance(start, dt.datetime), event)


def _local(moment: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Local time without its zone; one that has no zone is local already."""
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time())
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
