"""Calendars (``.ics``): the meetings with people of another side, and who takes part.

Own and other side are told by the domains of mail addresses. A diary does not say that a meeting
was held: a past one has no status, one to come is ``booked``, one called off ``cancelled``. What
is no meeting with another side (internal ones, days off, notes to oneself) is counted and left.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Event

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.ics_events import MOST, Diary, Occurrence, diary
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.own_domains import Sides, sides
from jalon.intake.sources.records import Record, lay
from jalon.intake.text_table import Evidence, Shape, TextTable
from jalon.model.problems import InputError, Problem, Where

SOURCE = "ics"
HORIZON = dt.timedelta(days=365)
MEETING = ("source_id", "owner", "booked_at", "due_at", "status", "place", "kind")
ATTENDEE = ("source_id", "meeting", "person", "side")
CALL = re.compile(
    r"(?i)\b(teams\.microsoft\.com|teams\.live\.com|meet\.google\.com|[\w-]+\.zoom\.us|zoom\.us"
    r"|[\w-]+\.webex\.com|whereby\.com|meet\.jit\.si)\b"
)
SAYS_CALL = ("LOCATION", "DESCRIPTION", "URL", "CONFERENCE", "X-GOOGLE-CONFERENCE")
TEAMS = "X-MICROSOFT-SKYPETEAMSMEETINGURL"


@dataclass(frozen=True)
class _Person:
    """Someone of a meeting, called by name where the calendar gives one."""

    mail: str
    name: str


@dataclass(frozen=True)
class _Meeting:
    """An occurrence with its people, those who declined left out."""

    one: Occurrence
    organizer: _Person | None
    people: tuple[_Person, ...]


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The meetings and their attendees, and what was left out. Raises InputError where none."""
    name, content = options.name or path.name, path.read_bytes()
    now = dt.datetime.now(ZoneInfo(options.zone)).replace(tzinfo=None)
    found = diary(content, options.zone, (now + HORIZON).date())
    if not found.occurrences and not found.refused:
        raise InputError.of("no_event", Where(file=name))
    meetings = [_with_people(each) for each in found.occurrences]
    own = _sides(meetings, found.name, options.own_domains)
    heap = _Heap(engine, name, hashlib.sha256(content).hexdigest(), options.zone, found, own, now)
    return heap.tables(meetings)


def _with_people(one: Occurrence) -> _Meeting:
    organizer = _person(one.event.get("ORGANIZER"))
    invited = one.event.get("ATTENDEE") or []
    invited = invited if isinstance(invited, list) else [invited]
    kept: dict[str, _Person] = {}
    for each in invited:
        person = _person(each)
        if person and _takes_part(each):
            kept.setdefault(person.mail, person)
    if organizer:
        kept.setdefault(organizer.mail, organizer)
    return _Meeting(one, organizer, tuple(kept.values()))


def _person(address: object) -> _Person | None:
    """The person of a calendar address; None where it gives no mail address."""
    mail = re.sub(r"(?i)^mailto:", "", str(address or "")).strip().lower()
    if "@" not in mail:
        return None
    name = str(getattr(address, "params", {}).get("CN") or "").strip(" '\"")
    return _Person(mail, name or mail)


def _takes_part(address: object) -> bool:
    told = getattr(address, "params", {})
    declined = str(told.get("PARTSTAT", "")).upper() == "DECLINED"
    return not declined and str(told.get("CUTYPE", "")).upper() not in ("ROOM", "RESOURCE")


def _sides(meetings: Sequence[_Meeting], name: str, told: Sequence[str]) -> Sides:
    """Each event counts once, however often it comes back."""
    organizers = {
        str(each.one.event.get("UID")): each.organizer.mail for each in meetings if each.organizer
    }
    return sides([*organizers.values(), *([name] if "@" in name else [])], told)


@dataclass(frozen=True)
class _Heap:
    """A calendar being made into tables."""

    engine: DuckDB
    file: str
    digest: str
    zone: str
    diary: Diary
    sides: Sides
    now: dt.datetime

    def tables(self, meetings: Sequence[_Meeting]) -> list[TextTable]:
        """The meetings, the attendees, and by reason what was left out."""
        if not self.sides.domains and any(each.people for each in meetings):
            return [self._meetings(meetings, ask=self._ask())]
        sorted_out: dict[str, list[_Meeting]] = {}
        for each in meetings:
            sorted_out.setdefault(self._reason(each), []).append(each)
        kept = sorted_out.pop("", [])
        made = [self._meetings(kept)] if kept or self.diary.refused else []
        made += [self._attendees(kept)] if kept else []
        return [*made, *(self._left(code, some) for code, some in sorted_out.items())]

    def _reason(self, each: _Meeting) -> str:
        """Why an occurrence is no meeting with another side; empty where it is one."""
        if any(not self.sides.ours(person.mail) for person in each.people):
            return ""
        if each.one.all_day:
            return "all_day_events"
        return "internal_meetings" if each.people else "events_without_attendees"

    def _left(self, code: str, some: Sequence[_Meeting]) -> TextTable:
        why = Problem(code, {"events": len(some)})
        records = [(i, self._row(each)) for i, each in enumerate(some, 1)]
        evidence = self._evidence()
        shape = Shape(None, SOURCE, why=why)
        return lay(self.engine, self.file, shape, MEETING, records, evidence=evidence)

    def _meetings(self, kept: Sequence[_Meeting], ask: Problem | None = None) -> TextTable:
        records: list[Record] = [(i, self._row(each)) for i, each in enumerate(kept, 1)]
        return lay(
            self.engine,
            self.file,
            Shape("meeting", SOURCE, ask=ask, notes=self._notes()),
            MEETING,
            records,
            rejected=self.diary.refused,
            evidence=self._evidence(),
            digest=self.digest,
        )

    def _row(self, each: _Meeting) -> tuple[str | None, ...]:
        event = each.one.event
        return (
            each.one.key,
            self._owner(each),
            self._created(event),
            each.one.start.isoformat(" "),
            self._status(each),
            str(event.get("LOCATION") or "").strip() or None,
            "visio" if _is_call(event) else None,
        )

    def _owner(self, each: _Meeting) -> str | None:
        """The organizer if of our side, else the only one of ours who takes part."""
        if each.organizer and self.sides.ours(each.organizer.mail):
            return each.organizer.name
        ours = [person.name for person in each.people if self.sides.ours(person.mail)]
        return ours[0] if len(ours) == 1 else None

    def _created(self, event: Event) -> str | None:
        created = event.get("CREATED")
        moment = getattr(created, "dt", None)
        if not isinstance(moment, dt.datetime):
            return None
        if moment.tzinfo:
            moment = moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return moment.isoformat(" ")

    def _status(self, each: _Meeting) -> str | None:
        if str(each.one.event.get("STATUS") or "").upper() == "CANCELLED":
            return "cancelled"
        return "booked" if each.one.start > self.now else None

    def _attendees(self, kept: Sequence[_Meeting]) -> TextTable:
        rows = [
            (
                f"{each.one.key} {person.mail}",
                each.one.key,
                person.name,
                "ours" if self.sides.ours(person.mail) else "theirs",
            )
            for each in kept
            for person in each.people
        ]
        shape = Shape("meeting_attendee", SOURCE)
        records: list[Record] = list(enumerate(rows, 1))
        return lay(self.engine, self.file, shape, ATTENDEE, records, digest=self.digest)

    def _evidence(self) -> list[Evidence]:
        return [self.sides.evidence] if self.sides.evidence else []

    def _notes(self) -> tuple[Problem, ...]:
        made = [
            Problem("own_domains_inferred", {"domain": each.choice, "certainty": each.certainty})
            for each in self._evidence()
            if each.certainty < 1 or each.because != "given"
        ]
        if self.diary.cut:
            made.append(Problem("occurrences_cut", {"events": len(self.diary.cut), "most": MOST}))
        if self.diary.zones:
            made.append(Problem("unknown_time_zone", {"zones": sorted(self.diary.zones)}))
        return tuple(made)

    def _ask(self) -> Problem:
        return Problem("must_ask_own_domains", {"option": "company"}, Where(file=self.file))


def _is_call(event: Event) -> bool:
    told = (str(event.get(name) or "") for name in SAYS_CALL)
    return bool(event.get(TEAMS)) or any(CALL.search(text) for text in told)
