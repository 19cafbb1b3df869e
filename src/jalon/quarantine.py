"""The quarantine of a workspace: rows set apart are listed, corrected, loaded again or left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.intake.pipeline import Brief, Looked, Prepared, stage_all
from jalon.intake.readings import Reading, read_readings, reading, write_readings
from jalon.intake.report import Report, refused, report
from jalon.intake.returned import Cells, Returned, again, marked, numbered
from jalon.intake.rules import Rule, Rules, load_rules, save_rules
from jalon.intake.set_aside import reason, set_aside
from jalon.intake.staging import Staged
from jalon.intake.text_table import TextTable
from jalon.model.problems import InputError, Problem, Where
from jalon.relations.expression import unknown
from jalon.state.journal import COMMITTED, Entry, Journal
from jalon.state.places import MAPS, STAGES
from jalon.store import quarantine as kept
from jalon.store.details import lines_of, read_returned, write_refused, write_returned
from jalon.store.load import Loaded
from jalon.store.quarantine import Lot, SetAside
from jalon.store.schema import quoted
from jalon.store.stage import rows_of
from jalon.store.store import Store

#: Loads what was prepared, as an import of its own.
Load = Callable[[Prepared], Report]


class Quarantine:
    """The rows set apart of a workspace. ``load`` brings prepared rows in."""

    def __init__(self, folder: Path, store: Store, journal: Journal, load: Load) -> None:
        self.folder, self.store, self.journal, self._load = folder, store, journal, load

    # -- reading ---------------------------------------------------------------------------------

    def lots(self, import_id: str | None = None) -> list[Lot]:
        """The lots of rows set apart, of an import or of all."""
        number = None if import_id is None else self._entry(import_id).number
        return kept.lots(self.store.engine, number)

    def rows(
        self,
        import_id: str | None = None,
        *,
        states: Sequence[str] = ("waiting",),
        lot: Lot | None = None,
        only: Sequence[int] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[SetAside]:
        """Rows set apart, as :func:`jalon.store.quarantine.set_aside` has them."""
        number = None if import_id is None else self._entry(import_id).number
        return kept.set_aside(
            self.store.engine,
            number,
            states=states,
            lot=lot,
            only=only,
            limit=limit,
            offset=offset,
        )

    def readings(self, import_id: str) -> tuple[Reading, ...]:
        """How each stage of an import was read; none for an import of before they were kept."""
        return read_readings(self._stages(self._entry(import_id)))

    def names(self) -> dict[int, str]:
        """The id of each import by its number."""
        return {each.number: each.id for each in self.journal.entries()}

    # -- what a person says ----------------------------------------------------------------------

    def leave_out(self, import_id: str, rows: Sequence[int]) -> int:
        """Say that rows are no records; how many waited."""
        number = self._entry(import_id).number
        with self.store.changing():
            return kept.leave_out(self.store.engine, number, rows)

    def wait_again(self, import_id: str, rows: Sequence[int]) -> int:
        """Take back that rows are no records; how many wait again."""
        number = self._entry(import_id).number
        with self.store.changing():
            return kept.wait_again(self.store.engine, number, rows)

    def reload(
        self,
        import_id: str,
        said: Mapping[int, Cells] | None = None,
        rows: Sequence[int] | None = None,
        zone: str = "Europe/Paris",
    ) -> Report | None:
        """Load waiting rows again (those of ``rows``, else all that wait), with corrected cells.

        Rows that are still wrong go on waiting, with their new reason. None where nothing waits.
        """
        entry = self._entry(import_id)
        waiting = self.rows(import_id, only=rows)
        looked = self._looked(entry, waiting, dict(said or {}))
        if not looked:
            return None
        prepared = Prepared(looked=looked)
        stage_all(prepared, self.store.engine, Brief(zone=zone))
        return self.still_wrong(prepared) if self.fruitless(prepared) else self._load(prepared)

    def fruitless(self, prepared: Prepared) -> bool:
        """Whether there are only rows that come back, and all of them are still wrong."""
        engine = self.store.engine
        back = all(each.returned for each in prepared.looked)
        return back and not any(_filled(engine, one) for one in prepared.staged)

    def still_wrong(self, prepared: Prepared) -> Report:
        """Nothing can be taken in: what was said and the new reasons are kept all the same."""
        nothing = [Loaded(0, 0, 0) for _ in prepared.staged]
        with self.store.changing():
            for record in _records(prepared, nothing):
                kept.returned(self.store.engine, record, None)
        return report(self.store.engine, prepared, nothing, None)

    def rules(self) -> Rules:
        """What means empty, by source, table and column."""
        return load_rules(self.folder / MAPS)

    def add_rule(self, rule: Rule) -> None:
        """Keep a rule for every import to come of its source."""
        save_rules(self.folder / MAPS, self.rules().plus(rule))

    def drop_rule(self, rule: Rule) -> None:
        """Forget a rule; rows that it let in stay."""
        save_rules(self.folder / MAPS, self.rules().minus(rule))

    # -- rows that come back ---------------------------------------------------------------------

    def returned(self, table: TextTable) -> list[Looked]:
        """The rows of a file that we wrote, each to be read as its import read it.

        Raises RequestError ``unknown_import`` where they come from another workspace, InputError
        ``quarantine_settled`` where none of them waits.
        """
        found: list[Looked] = []
        for import_id, said in marked(self.store.engine, table).items():
            entry = self._entry(import_id)
            rows = self.rows(import_id, only=list(said))
            own = _own(rows, said, self.readings(import_id), workbook=table.sheet is not None)
            found += self._looked(entry, rows, own)
        if not found:
            raise InputError.of("quarantine_settled", Where(table.file, table.sheet))
        return found

    def _looked(
        self, entry: Entry, rows: Sequence[SetAside], said: Mapping[int, Cells]
    ) -> list[Looked]:
        readings, made = read_readings(self._stages(entry)), []
        for place, how in enumerate(readings):
            own = [
                row
                for row in rows
                if row.reading == place and (row.cells or row.said or said.get(row.number or 0))
            ]
            if not own:
                continue
            rest, lines = self._beside(entry, place, own)
            told = Returned(entry.number, place, said=said, rest=rest, lines=lines)
            found = again(self.store.engine, how, own, self.rules(), told)
            made.append(Looked(found.table, found.profiles, found.guess, found.returned))
        return made

    def _beside(self, entry: Entry, place: int, rows: Sequence[SetAside]) -> tuple[str, str]:
        """The typed rows and the order lines that the rest of the file brought, as queries."""
        brought, numbers = [rows_of(self._stages(entry), place)], [entry.number]
        for later in self.journal.entries():
            if later.number <= entry.number or later.state != COMMITTED:
                continue
            for each in read_returned(self._stages(later)):
                if (each["import"], each["reading"]) == (entry.number, place):
                    brought.append(rows_of(self._stages(later), each["stage"]))
                    numbers.append(later.number)
        rest = " UNION ALL BY NAME ".join(f"FROM ({each})" for each in brought)
        return rest, lines_of(numbers, rows[0].table or "", rows[0].source or "")

    # -- kept with each import -------------------------------------------------------------------

    def keep(self, entry: Entry, prepared: Prepared, loaded: Sequence[Loaded]) -> list[Problem]:
        """Write beside the stages what an import sets apart, and what it brings back.

        Gives what must be said of it: how many rows are not kept, beyond the bound.
        """
        folder, engine = self._stages(entry), self.store.engine
        back = _back(prepared)
        new = [
            () if id(one.table) in back else refused(one, outcome)
            for one, outcome in zip(prepared.staged, loaded, strict=True)
        ]
        write_refused(folder, list(set_aside(engine, prepared.staged, new)))
        if any(new):
            write_readings(folder, _readings(prepared))
        write_returned(folder, _records(prepared, loaded))
        total = sum(map(len, new))
        most = kept.MOST
        return [Problem("quarantine_cut", {"count": total, "most": most})] if total > most else []

    def settle(self, entry: Entry, prepared: Prepared) -> None:
        """Once its rows are in: what an import says of the rows that waited before it."""
        engine, back = self.store.engine, _back(prepared)
        for stage in (one.stage for one in prepared.staged if id(one.table) not in back):
            kept.replace_former(engine, entry.number, stage.table, stage.origin, stage.relation)
        kept.replace_refused(engine, entry.number)

    def _stages(self, entry: Entry) -> Path:
        return self.folder / STAGES / entry.id

    def _entry(self, import_id: str) -> Entry:
        entries = [each for each in self.journal.entries() if each.state == COMMITTED]
        found = [each for each in entries if each.id == import_id or each.id.endswith(import_id)]
        if len(found) != 1:
            raise unknown(import_id, [each.id for each in entries], "unknown_import")
        return found[0]


def _back(prepared: Prepared) -> dict[int, Returned]:
    """What is known of the tables of rows that come back, by the identity of the table."""
    return {id(each.table): each.returned for each in prepared.looked if each.returned}


def _readings(prepared: Prepared) -> list[Reading]:
    profiles = {id(each.table): each.profiles for each in prepared.looked}
    return [reading(one.table, profiles[id(one.table)], one.map) for one in prepared.staged]


def _records(prepared: Prepared, loaded: Sequence[Loaded]) -> list[dict[str, Any]]:
    """What an import makes of the rows that come back in it."""
    back, made = _back(prepared), []
    for place, (one, outcome) in enumerate(zip(prepared.staged, loaded, strict=True)):
        of = back.get(id(one.table))
        if of:
            made.append(_record(place, of, refused(one, outcome)))
    return made


def _record(stage: int, of: Returned, problems: Sequence[Problem]) -> dict[str, Any]:
    wrong = {each.where.row or 0: each for each in problems}
    numbers = of.numbers
    return {
        "import": of.imported,
        "reading": of.reading,
        "stage": stage,
        "corrected": [number for line, number in numbers.items() if line not in wrong],
        "said": {row: dict(cells) for row, cells in of.said.items() if row in numbers.values()},
        "wrong": [{"number": numbers[line], **reason(each)} for line, each in wrong.items()],
    }


def _filled(engine: DuckDB, staged: Staged) -> bool:
    return bool(engine.value(f"SELECT count(*) FROM {quoted(staged.stage.relation)}"))


def _own(
    rows: Sequence[SetAside],
    said: Mapping[int, Cells],
    readings: Sequence[Reading],
    *,
    workbook: bool,
) -> dict[int, Cells]:
    """Of a file that we wrote, the cells that belong to each row's own file."""
    found: dict[int, Cells] = {}
    for row in rows:
        if row.number is not None and row.reading is not None and row.reading < len(readings):
            how, told = readings[row.reading], said.get(row.number, {})
            cells: Cells = {name: told[name] for name in how.headers if name in told}
            found[row.number] = numbered(cells, how) if workbook else cells
    return found
