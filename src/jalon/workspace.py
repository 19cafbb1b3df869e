"""The one door to a workspace: its data, its journal, its settings, its KPIs."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.history import known_in
from jalon.distant import Distant, reached
from jalon.intake.foresee import foreseen
from jalon.intake.map_file import load as load_map
from jalon.intake.map_file import write as write_map
from jalon.intake.memory import Memories, forget, learn, recall, unlearn
from jalon.intake.pipeline import Brief, Prepared, look, prepare
from jalon.intake.report import Report, facts, planned, report
from jalon.intake.sources.options import ReadOptions
from jalon.measure.figure import Results
from jalon.measure.money import Money
from jalon.measure.own import check, own_of
from jalon.measure.question import Question
from jalon.measure.reconcile import Reconciliation, reconcile
from jalon.measure.run import Measurer
from jalon.measure.theirs import theirs_of
from jalon.model.periods import Grain, Period, parse_day
from jalon.model.problems import JalonError, Problem, RequestError, Where, WorkspaceError
from jalon.quarantine import Quarantine
from jalon.relations.clock import NOW, Clock
from jalon.relations.expression import unknown
from jalon.state.journal import COMMITTED, FAILED, STARTED, UNDOING, UNDONE, Entry, Journal
from jalon.state.places import DATABASE, KPIS, MAPS, SETTINGS, STAGES, STATE
from jalon.state.settings import Settings, load
from jalon.store import holdings as stored
from jalon.store.details import (
    bring_details,
    read_report,
    write_lines,
    write_report,
)
from jalon.store.examine import examine
from jalon.store.keys import remembered
from jalon.store.load import Loaded
from jalon.store.prints import narrow
from jalon.store.space import is_full
from jalon.store.stage import Stage, saved
from jalon.store.store import Store

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Import:
    """One import as listed: ``undone`` where it was taken back."""

    import_id: str
    at: dt.datetime
    files: tuple[str, ...]
    undone: bool


class Workspace:
    """A folder that holds a company's data, opened by one process at a time.

    Use :func:`open_workspace`. ``notices``: what was found and mended when it was opened.
    """

    def __init__(self, folder: Path, store: Store, journal: Journal, settings: Settings) -> None:
        self.folder, self.store, self.journal, self.settings = folder, store, journal, settings
        self.notices: list[Problem] = []
        self.stamp = stamp(folder)
        self._pending: tuple[int, tuple[stored.Pending, str | None]] | None = None

    @cached_property
    def catalogue(self) -> Catalogue:
        """The built-in KPIs and the company's own."""
        return known_in(self.folder)

    @cached_property
    def measurer(self) -> Measurer:
        """What measures, and keeps what it has measured."""
        settings = self.settings
        money = Money(settings.currency, tuple(sorted(settings.rates.items())))
        own = own_of(settings)
        check(own, str(self.folder / SETTINGS))
        return Measurer(self.store, self.catalogue, settings.bases, money, own)

    @cached_property
    def quarantine(self) -> Quarantine:
        """The rows set apart: listed, corrected, loaded again or left out."""
        return Quarantine(self.folder, self.store, self.journal, self._load)

    def renew(self) -> None:
        """Read the settings and the company's KPIs again where their files have changed.

        What was measured under the former ones is dropped. Raises WorkspaceError or
        DefinitionError where they are wrong now: nothing is measured under settings that are no
        longer those of the files.
        """
        now = stamp(self.folder)
        if now == self.stamp:
            return
        settings, known = load(self.folder / SETTINGS), known_in(self.folder)
        check(own_of(settings), str(self.folder / SETTINGS))
        self.settings, self.stamp = settings, now
        self.store.told_through = dict(settings.data_through)
        self.__dict__.pop("measurer", None)
        self.__dict__["catalogue"] = known

    def close(self) -> None:
        """Give the database file back to other processes."""
        self.store.close()

    def beside(self) -> Workspace:
        """The same workspace for another thread of this process, to read: see :meth:`snapshot`."""
        found = Workspace(self.folder, self.store.beside(), self.journal, self.settings)
        found.__dict__["catalogue"], found.stamp = self.catalogue, self.stamp
        return found

    @property
    def committed(self) -> int | None:
        """The number of the state that the last snapshot saw: it changes with each write."""
        return self.store.committed

    def snapshot(self) -> AbstractContextManager[None]:
        """One committed state of the data for a whole block."""
        return self.store.snapshot()

    # -- imports ---------------------------------------------------------------------------------

    def look(self, paths: Sequence[str | Path], brief: Brief | None = None) -> tuple[Report, str]:
        """What an import would do, and the mapping file that says so; nothing is loaded."""
        prepared = look(paths, self.store.engine, self._known(brief))
        return planned(prepared), write_map(each.guess for each in prepared.looked)

    def foresee(self, paths: Sequence[str | Path], brief: Brief) -> tuple[Report, str]:
        """As :meth:`look`, with the rows that the import would set apart."""
        prepared = look(paths, self.store.engine, self._known(brief))
        plan = foreseen(prepared, self.store.engine, brief.zone, full=brief.full)
        return plan, write_map(each.guess for each in prepared.looked)

    def import_(
        self,
        paths: Sequence[str | Path],
        brief: Brief | None = None,
        progress: Progress = lambda _: None,
    ) -> Report:
        """Bring files into the workspace: all that can be read, in one transaction.

        Raises InputError where nothing of them can be loaded, MustAskError where a decision is the
        user's.
        """
        known = self._known(brief)
        prepared = prepare(paths, self.store.engine, known, progress)
        if not prepared.staged:
            return report(self.store.engine, prepared, [], None)
        if self.quarantine.fruitless(prepared):
            return self.quarantine.still_wrong(prepared)
        done = self._load(prepared, progress)
        return self._learn(done, prepared, known.memories)

    def _learn(self, done: Report, prepared: Prepared, known: Memories) -> Report:
        """Remember what was corrected of the files that an import has taken in."""
        taken = {id(each.table) for each in prepared.staged}
        lessons = [
            each.lesson for each in prepared.looked if each.lesson and id(each.table) in taken
        ]
        try:
            at = self._entry(str(done.import_id), self.journal.entries()).at
            learn(self.folder / MAPS, str(done.import_id), at, lessons, known)
        except OSError as error:
            problem = Problem("memory_not_kept", {"detail": str(error)[:200]})
            return replace(done, ignored=(*done.ignored, problem))
        return done

    def forget(self, paths: Sequence[str | Path], brief: Brief | None = None) -> int:
        """Remove what is remembered of files such as these; how many lessons that is."""
        known = replace(self._known(brief), recall=True, map_file=None)
        prepared = look(paths, self.store.engine, known)
        used = [each.memory.headers for each in prepared.looked if each.memory]
        return forget(known.memories, used)

    def _load(self, prepared: Prepared, progress: Progress = lambda _: None) -> Report:
        """Bring in what was prepared, as an import."""
        at = dt.datetime.now().replace(microsecond=0)
        identifier = f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        files = sorted({each.table.file for each in prepared.staged})
        entry = self.journal.start(identifier, at, files)
        try:
            done = self._write(entry, prepared, progress)
        except BaseException as error:
            shutil.rmtree(self._stages(entry), ignore_errors=True)
            if not is_full(error):
                self.journal.mark(entry, FAILED)
                raise
            # Even a word in the journal may find no room: the next opening settles it.
            with suppress(Exception):
                self.journal.mark(entry, FAILED)
            raise WorkspaceError.of("disk_full", Where(file=str(self.folder))) from error
        self.journal.mark(entry, COMMITTED)
        return done

    def _known(self, brief: Brief | None) -> Brief:
        """What the user says, and what the settings say where the user does not."""
        brief = brief or Brief(zone=self.settings.zone)
        company, said = self.settings.company, brief.reading
        reading = replace(
            said,
            own_siren=said.own_siren or company.siren,
            own_domains=said.own_domains or company.domains,
        )
        found = replace(brief, reading=reading, keys=remembered(self.store.engine))
        kept = [each.id for each in self.journal.entries() if each.state == COMMITTED]
        found = replace(found, memories=recall(self.folder / MAPS, kept))
        return replace(found, rules=self.quarantine.rules(), returned=self.quarantine.returned)

    def _write(self, entry: Entry, prepared: Prepared, progress: Progress) -> Report:
        engine = self.store.engine
        with engine.unordered():
            self._keep_stages(entry, prepared)
        made: list[Report] = []

        def finish(loaded: list[Loaded]) -> Mapping[str, Any]:
            done = report(engine, prepared, loaded, entry.id)
            cut = self.quarantine.keep(entry, prepared, loaded)
            made.append(replace(done, ignored=(*done.ignored, *cut)))
            self._keep_details(entry, made[0], prepared)
            return {"files": [[each.file, each.table, each.rows_read] for each in done.files]}

        stages = [each.stage for each in prepared.staged]
        self.store.write(entry.number, entry.id, entry.at, stages, finish, progress)
        return made[0]

    def _keep_stages(self, entry: Entry, prepared: Prepared) -> None:
        """Write the stages, without the rows that a former one has and this one confirms."""
        engine = self.store.engine
        narrowed = narrow(engine, [each.stage for each in prepared.staged])
        for number, (staged, stage) in enumerate(zip(prepared.staged, narrowed, strict=True)):
            kept = replace(stage, place=f"{entry.id}/{number}")
            kept.save(engine, self._stages(entry), number)
            prepared.staged[number] = replace(staged, stage=kept)

    def _keep_details(self, entry: Entry, done: Report, prepared: Prepared) -> None:
        """The rows refused and the order lines: beside the stages, and in the database."""
        folder = self._stages(entry)
        write_report(folder, facts(done))
        for staged in prepared.staged:
            if staged.lines:
                write_lines(self.store.engine, folder, staged.stage, staged.lines)
        self._bring_details(entry.number)
        self.quarantine.settle(entry, prepared)

    def _bring_details(self, number: int) -> None:
        entry = next(each for each in self.journal.entries() if each.number == number)
        bring_details(self.store.engine, self._stages(entry), number)

    def _stages(self, entry: Entry) -> Path:
        return self.folder / STAGES / entry.id

    def imports(self) -> list[Import]:
        """All imports that were committed, in order, those taken back too."""
        return [
            Import(each.id, each.at, each.files, each.state == UNDONE)
            for each in self.journal.entries()
            if each.state in (COMMITTED, UNDONE)
        ]

    def account_of(self, import_id: str) -> tuple[Import, Mapping[str, Any] | None, int]:
        """An import, what it did (:func:`jalon.intake.report.facts`), and its number.

        Raises RequestError ``unknown_import``.
        """
        entry = self._entry(import_id, self.journal.entries())
        found = Import(entry.id, entry.at, entry.files, entry.state == UNDONE)
        return found, read_report(self._stages(entry)), entry.number

    def refused(
        self, import_id: str, limit: int | None = None, offset: int = 0
    ) -> tuple[list[stored.Refused], int]:
        """The cells for which an import refused rows, and how many there are."""
        entry = self._entry(import_id, self.journal.entries())
        return stored.refused(self.store.engine, entry.number, limit, offset)

    def holdings(self) -> list[stored.Holding]:
        """Every table that has rows."""
        return stored.holdings(self.store)

    def proposals(self) -> list[tuple[str, str, str]]:
        """References that resemble a name: the table, the text, the name."""
        return stored.proposals(self.store.engine)

    def pending(self) -> tuple[stored.Pending, str | None]:
        """What awaits a person, and the last import that refused rows; kept until data change."""
        version = self.store.version()
        if self._pending is None or self._pending[0] != version:
            found = stored.pending(self.store.engine)
            known = {each.number: each.id for each in self.journal.entries()}
            last = known.get(found.number) if found.number is not None else None
            self._pending = version, (found, last)
        return self._pending[1]

    def undo(self, import_id: str) -> Import:
        """Take an import back whole; the later ones stay, loaded again from their stages.

        Raises RequestError ``unknown_import`` or ``already_undone``.
        """
        entries = self.journal.entries()
        entry = self._entry(import_id, entries)
        if entry.state == UNDONE:
            raise RequestError.of("already_undone", import_id=entry.id)
        self.journal.mark(entry, UNDOING)
        later = [e for e in entries if e.number > entry.number and e.state == COMMITTED]
        try:
            self.store.undo(entry.number, [self._replayed(each) for each in later])
        except BaseException:
            self.journal.mark(entry, COMMITTED)
            raise
        self.journal.mark(entry, UNDONE)
        unlearn(self.folder / MAPS, entry.id)
        return Import(entry.id, entry.at, entry.files, True)

    def _entry(self, import_id: str, entries: Sequence[Entry]) -> Entry:
        known = [each for each in entries if each.state in (COMMITTED, UNDONE)]
        found = [each for each in known if each.id == import_id or each.id.endswith(import_id)]
        if len(found) != 1:
            raise unknown(import_id, [each.id for each in known], "unknown_import")
        return found[0]

    def _replayed(self, entry: Entry) -> tuple[int, dt.datetime, Callable[[], Sequence[Stage]]]:
        folder = self._stages(entry)
        return entry.number, entry.at, lambda: saved(self.store.engine, folder)

    def recover(self) -> None:
        """Compare the journal with the database, and mend what a crash left between them.

        An import that the journal calls committed and the database lacks (its write-ahead log was
        cut or deleted) is loaded again from its stages.
        """
        held = {number for number, *_ in self.store.imports()}
        lost: list[Entry] = []
        for entry in self.journal.entries():
            if entry.state == STARTED:
                known = entry.number in held
                self.journal.mark(entry, COMMITTED if known else FAILED)
                if not known:
                    shutil.rmtree(self._stages(entry), ignore_errors=True)
            elif entry.state == UNDOING:
                self.journal.mark(entry, COMMITTED if entry.number in held else UNDONE)
            elif entry.state == COMMITTED and entry.number not in held:
                lost.append(entry)
        if lost:
            self._redo(lost)

    def _redo(self, lost: Sequence[Entry]) -> None:
        missing = [each for each in lost if not self._stages(each).is_dir()]
        if missing:
            facts = {"imports": [each.id for each in missing]}
            self.notices.append(Problem("import_lost", facts))
        redone = [each for each in lost if each not in missing]
        if not redone:
            return
        first = redone[0].number
        again = [
            each
            for each in self.journal.entries()
            if each.state == COMMITTED and each.number >= first and each not in missing
        ]
        imports = [(each.id, *self._replayed(each)) for each in again]
        self.store.replay(first, imports, self._bring_details)
        self.notices.append(Problem("import_redone", {"imports": [each.id for each in redone]}))

    # -- measures --------------------------------------------------------------------------------

    def measure(self, kpis: str | Sequence[str], **asked: Any) -> Results:
        """Measure KPIs; ``asked`` as in :meth:`question`.

        Raises RequestError where the question is wrong.
        """
        return self.measurer.measure(self.question(kpis, **asked))

    def rows(
        self,
        kpi: str,
        *,
        limit: int | None = 100,
        offset: int = 0,
        sort: str | None = None,
        only: bool = False,
        **asked: Any,
    ) -> tuple[pa.Table, int]:
        """The rows behind a figure (with the same filters), and how many there are.

        ``sort`` and ``only`` as in :meth:`Measurer.rows`.
        """
        return self.measurer.rows(self.question(kpi, **asked), limit, offset, sort=sort, only=only)

    def reconcile(self, kpi: str, theirs: str | float, **asked: Any) -> Reconciliation:
        """The way from another tool's figure (``45,2 %``) to ours; ``asked`` as for measures.

        Raises RequestError for a figure that is none, or a KPI that has several or none here.
        """
        unit = self.catalogue[kpi].rules(asked.get("part"))[0].unit
        return reconcile(self.measurer, self.question(kpi, **asked), theirs_of(str(theirs), unit))

    def question(
        self,
        kpis: str | Sequence[str],
        *,
        by: str | Sequence[str] = (),
        grain: str = "none",
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
        where: str | None = None,
        part: str | None = None,
        as_of: str | dt.date | None = None,
        known_at: str | None = None,
        compare: str | None = None,
        level: float = 0.95,
        basis: str | None = None,
    ) -> Question:
        """The question that these words ask."""
        if grain not in set(Grain):
            raise unknown(grain, list(Grain), "unknown_grain")
        if compare not in (None, "previous", "last-year"):
            raise unknown(compare, ["previous", "last-year"], "unknown_comparison")
        first, last = _day(start, "--from"), _day(end, "--to", end=True)
        if first and last and last < first:
            raise RequestError.of("period_reversed", start=first.isoformat(), end=last.isoformat())
        return Question(
            kpis=tuple(_words(kpis)),
            by=tuple(_words(by)),
            grain=Grain(grain),
            period=Period(first, last + dt.timedelta(days=1) if last else None),
            where=where or None,
            part=part,
            clock=self.clock(as_of, known_at),
            compare=compare,
            level=level,
            basis=basis,
            fiscal_month=self.settings.fiscal_year_start,
        )

    def clock(self, as_of: str | dt.date | None, known_at: str | None) -> Clock:
        """The two clocks that a user sets."""
        if as_of is None and known_at is None:
            return NOW
        day = _day(as_of, "--as-of", end=True)
        if known_at is not None:
            return Clock(day, self._number_at(known_at), fallback=False)
        assert day is not None
        after = dt.datetime.combine(day, dt.time()) + dt.timedelta(days=1)
        known = [number for number, _, at, _ in self.store.imports() if at < after]
        return Clock(day, max(known, default=0), fallback=True)

    def _number_at(self, known_at: str) -> int:
        """The last import known: named itself, or made by that time."""
        imports = self.store.imports()
        for number, name, _, _ in imports:
            if name == known_at or name.endswith(f"-{known_at}"):
                return number
        try:
            at = dt.datetime.fromisoformat(known_at)
        except ValueError:
            raise unknown(known_at, [name for _, name, _, _ in imports], "unknown_import") from None
        if len(known_at) == len("2026-01-31"):
            at += dt.timedelta(days=1)
        return max((number for number, _, made, _ in imports if made <= at), default=0)

    def lacks(self, kpi: str) -> Problem | None:
        """What a KPI would need to be measured here; None where nothing."""
        return self.measurer.lacks(kpi)

    def examine(self) -> list[Problem]:
        """What is wrong with the data held, and could be mended."""
        return examine(self.store)


def open_workspace(folder: str | Path, *, create: bool = False) -> Workspace:
    """The workspace of that folder.

    Raises WorkspaceError ``no_workspace`` where there is none and ``create`` is not asked,
    ``workspace_locked`` where another process holds it.
    """
    folder = Path(folder)
    if not (folder / STATE).exists():
        if not create:
            raise WorkspaceError.of("no_workspace", Where(file=str(folder)), path=str(folder))
        _lay(folder)
    settings = load(folder / SETTINGS)
    store = Store.open(folder / DATABASE, memory_limit=settings.memory_limit)
    store.told_through = dict(settings.data_through)
    workspace = Workspace(folder, store, Journal(folder / STATE), settings)
    try:
        workspace.recover()
    except BaseException:
        workspace.close()
        raise
    return workspace


def door(folder: str | Path, *, create: bool = False) -> Workspace | Distant:
    """The workspace of that folder: through the server that holds it, else the file itself.

    Raises WorkspaceError as :func:`open_workspace`.
    """
    return reached(Path(folder)) or open_workspace(folder, create=create)


def stamp(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What changes when the settings or the company's KPIs do: their files, as they lie."""
    found = []
    for path in (folder / SETTINGS, *sorted((folder / KPIS).glob("*.yaml"))):
        with suppress(OSError):
            seen = path.stat()
            found.append((path.name, seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return tuple(found)


def _lay(folder: Path) -> None:
    try:
        (folder / KPIS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError.of(
            "workspace_unwritable", Where(file=str(folder)), path=str(folder), detail=str(error)
        ) from None
    Journal(folder / STATE)


def _words(names: str | Sequence[str]) -> list[str]:
    if isinstance(names, str):
        return [each.strip() for each in names.split(",") if each.strip()]
    return list(names)


def _day(day: str | dt.date | None, option: str, *, end: bool = False) -> dt.date | None:
    if day is None or day == "":
        return None
    if isinstance(day, dt.datetime):
        return day.date()
    return day if isinstance(day, dt.date) else parse_day(day, option, end=end)


__all__ = [
    "Brief",
    "Import",
    "JalonError",
    "ReadOptions",
    "Workspace",
    "load_map",
    "open_workspace",
]
