"""The report of an import: what became of every row of every table of every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.intake.evidence import evidence_of
from jalon.intake.mapping import TableMap
from jalon.intake.pipeline import Looked, Prepared
from jalon.intake.staging import Staged
from jalon.intake.sums import sums
from jalon.intake.text_table import ColumnProfile, Evidence, TextTable
from jalon.model.problems import Problem, Where
from jalon.store.link import UNLINKED
from jalon.store.load import Absence, Loaded

SHOWN = 1_000
#: Values shown of each column.
EXAMPLES = 3


@dataclass(frozen=True)
class FileReport:
    """One table of one file. ``table`` is None where it has no place in the model (``why``).

    ``examples``: by header, the commonest values; ``asks``: what must be answered before it is
    taken in; ``must_ask``: the first of that, where taking it in was tried. ``memory``: the import
    (its ``import_id`` and ``at``) whose corrected mapping is used again. ``checks``: by header
    (joined by `` + `` where several fill the field), how many of its values are ``valid``,
    ``invalid`` and ``unchecked``, and ``examples`` of the invalid ones, the commonest. ``sums`` (of
    the rows taken in), ``sums_read`` and the like: see
    :class:`jalon.intake.sums.Sums`. ``key``: the ``columns`` (headers) that tell a row from the
    others, and ``how`` they were chosen: ``source_id``, ``declared``, ``natural``, ``digest``.
    ``rows_gone``: how many rows known from the source are marked gone; they are no rows read.
    """

    file: str
    sheet: str | None
    table: str | None
    preset: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int = 1
    decimal: str | None = None
    date_order: str | None = None
    rows_read: int = 0
    rows_added: int = 0
    rows_updated: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    columns: tuple[Mapping[str, Any], ...] = ()
    unmapped: tuple[str, ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)
    sums_read: Mapping[str, str] = field(default_factory=dict)
    sums_quarantined: Mapping[str, str] = field(default_factory=dict)
    sums_doubled: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    quarantine: tuple[Problem, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Problem, ...] = ()
    why: Problem | None = None
    must_ask: Problem | None = None
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asks: tuple[Problem, ...] = ()
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    key: Mapping[str, Any] = field(default_factory=dict)
    rows_gone: int = 0
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The whole import. ``proposals``: references that resemble a name, for the user to decide;
    ``unlinked``: by table pointed to, how many different references lead nowhere."""

    import_id: str | None
    files: tuple[FileReport, ...]
    ignored: tuple[Problem, ...] = ()
    proposals: tuple[Mapping[str, Any], ...] = ()
    unlinked: Mapping[str, int] = field(default_factory=dict)

    @property
    def must_ask(self) -> bool:
        """Whether a file was held back for a decision."""
        return any(each.must_ask for each in self.files)


def report(
    engine: DuckDB, prepared: Prepared, loaded: Sequence[Loaded], import_id: str | None
) -> Report:
    """The report of what was prepared and loaded, in the order of the files."""
    by_table = {id(each.table): each for each in prepared.looked}
    files = [
        _loaded(engine, by_table[id(staged.table)], staged, outcome)
        for staged, outcome in zip(prepared.staged, loaded, strict=True)
    ]
    files += [_placeless(each) for each in prepared.looked if not each.guess.maps]
    files += [_held(by_table[at], problems) for at, problems in _by_table(prepared).items()]
    order = {(each.table.file, each.table.sheet): i for i, each in enumerate(prepared.looked)}
    files.sort(key=lambda each: order[each.file, each.sheet])
    return Report(import_id, tuple(files), tuple(prepared.ignored), *_links(engine))


def _by_table(prepared: Prepared) -> dict[int, list[Problem]]:
    """What is asked, by table."""
    found: dict[int, list[Problem]] = {}
    for table, problem in prepared.held:
        found.setdefault(id(table), []).append(problem)
    return found


def planned(prepared: Prepared) -> Report:
    """What an import would do: how each file is read and mapped, no row loaded."""
    files = []
    for each in prepared.looked:
        made = each.guess.maps
        files += [_described(each, mapped) for mapped in made] if made else [_placeless(each)]
    return Report(None, tuple(files), tuple(prepared.ignored))


def facts(done: Report) -> dict[str, Any]:
    """A report in facts without language, to be kept: problems as their code and facts."""
    left_out = {"quarantine", "evidence", "examples", "asks", "checks"}
    files = [
        {name: _kept(value) for name, value in vars(each).items() if name not in left_out}
        for each in done.files
    ]
    ignored = [_kept(each) for each in done.ignored]
    return {"files": files, "ignored": ignored, "unlinked": dict(done.unlinked)}


def _kept(value: Any) -> Any:
    if isinstance(value, Problem):
        return {
            "code": value.code,
            "facts": {name: _kept(each) for name, each in value.facts.items()},
            "where": value.where.as_dict(),
        }
    if isinstance(value, (tuple, list)):
        return [_kept(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _kept(each) for name, each in value.items()}
    return value


def _described(looked: Looked, mapped: TableMap) -> FileReport:
    table = looked.table
    place = looked.guess.maps.index(mapped)
    return FileReport(
        table.file,
        table.sheet,
        mapped.table,
        mapped.preset,
        table.encoding,
        table.delimiter,
        table.header_row,
        _mark(looked.profiles, mapped, "decimal"),
        _mark(looked.profiles, mapped, "date_order"),
        rows_read=table.rows,
        columns=tuple(_columns(table, mapped)),
        unmapped=tuple(table.headers[index] for index in looked.guess.unmapped[place]),
        evidence=_evidence(looked, mapped),
        notes=(*looked.guess.notes, *_gone(looked)),
        examples={each.header: each.examples[:EXAMPLES] for each in looked.profiles},
        asks=looked.asked(mapped),
        key=_key(table, mapped),
        memory=_memory(looked),
    )


def _evidence(looked: Looked, mapped: TableMap | None) -> tuple[Evidence, ...]:
    found = looked.because, looked.memory
    return evidence_of(looked.table, looked.profiles, mapped, *found)


def _memory(looked: Looked) -> dict[str, Any]:
    """Of what import the mapping was remembered."""
    found = looked.memory
    return {"import_id": found.import_id, "at": found.at.isoformat()} if found else {}


def _gone(looked: Looked) -> list[Problem]:
    """The note on headers that were remembered, and are no more."""
    where = Where(looked.table.file, looked.table.sheet)
    facts = {"headers": list(looked.gone), "count": len(looked.gone)}
    return [Problem("memory_headers_gone", facts, where)] if looked.gone else []


def _key(table: TextTable, mapped: TableMap) -> dict[str, Any]:
    """What tells the rows apart, by its headers."""
    known = mapped.of("deal" if mapped.stages else "source_id")
    columns = mapped.key or (known.columns if known and mapped.key_how == "source_id" else ())
    return {"columns": [table.headers[index] for index in columns], "how": mapped.key_how}


def _columns(table: TextTable, mapped: TableMap) -> list[dict[str, Any]]:
    return [
        {"header": table.headers[index], "field": each.field, "how": each.how.value}
        for each in mapped.fields
        for index in each.columns
    ]


def _mark(profiles: Sequence[ColumnProfile], mapped: TableMap, name: str) -> str | None:
    """The decimal mark or date order of the mapped columns: the commonest that one tells."""
    read = {index for each in mapped.fields for index in each.columns}
    said = getattr(mapped, name).get("*")
    found = [getattr(each, name) for each in profiles if each.index in read]
    known = [each for each in (*found, *getattr(mapped, name).values()) if each]
    return said or (max(set(known), key=known.count) if known else None)


def _loaded(engine: DuckDB, looked: Looked, staged: Staged, outcome: Loaded) -> FileReport:
    table = looked.table
    described = _described(looked, staged.map)
    set_apart = refused(staged, outcome)
    counts = {
        "rows_added": outcome.added,
        "rows_updated": outcome.updated,
        "rows_unchanged": outcome.unchanged,
        "rows_quarantined": len(set_apart),
    }
    values = {**vars(described), **counts}
    values["rows_read"] = table.rows
    values |= _sums(engine, staged, outcome)
    values["quarantine"] = set_apart
    values["checks"] = _checks(staged)
    # Rows that come back from the quarantine are no export come again.
    absent = None if looked.returned else outcome.absent
    values["rows_gone"] = absent.count if absent and absent.gone else 0
    values["notes"] = (
        *described.notes,
        *staged.notes,
        *history_notes(described, outcome.back, absent),
    )
    return FileReport(**values)


def refused(staged: Staged, outcome: Loaded) -> tuple[Problem, ...]:
    """The rows that an import refused of a table of a file, in the order of their lines."""
    table = staged.table
    repeated = [
        Problem("key_twice", {"key": key}, Where(table.file, table.sheet, line, None, key))
        for line, key in outcome.repeated
    ]
    return tuple(sorted((*staged.refused, *repeated), key=lambda each: each.where.row or 0))


def history_notes(each: FileReport, back: int, absent: Absence | None) -> list[Problem]:
    """What a file says of rows known before: absent from it, gone, or back."""
    where = Where(each.file, each.sheet)
    notes = [absence_note(absent, each.table, where)] if absent else []
    if back:
        notes.append(Problem("rows_back", {"count": back, "table": each.table}, where))
    return notes


def absence_note(absent: Absence, table: str | None, where: Where) -> Problem:
    """What is said of the rows that a source has no more."""
    facts: dict[str, Any] = {"count": absent.count, "keys": list(absent.keys), "table": table}
    if absent.unread:
        return Problem("rows_absent_unread", {**facts, "unread": absent.unread}, where)
    if not absent.gone:
        return Problem("rows_absent", facts, where)
    facts["sums"] = {name: _exact(value) for name, value in absent.sums.items()}
    facts["outcomes"] = dict(absent.by_outcome)
    money = facts["sums"].get("amount")
    if not absent.by_outcome:
        return Problem("rows_gone_sum" if money else "rows_gone", {**facts, "amount": money}, where)
    closed = sum(n for outcome, n in absent.by_outcome.items() if outcome != "open")
    won = absent.by_outcome.get("won", 0)
    facts |= {"amount": money or "0", "won": won, "closed": closed}
    facts["open"] = absent.count - closed
    return Problem("deals_gone", facts, where)


def _sums(engine: DuckDB, staged: Staged, outcome: Loaded) -> dict[str, Any]:
    """The exact sums of the money columns, before and after."""
    found = sums(engine, staged, outcome)
    told = {
        "sums": found.taken,
        "sums_read": found.read,
        "sums_quarantined": found.quarantined,
        "sums_doubled": found.doubled,
    }
    exact = {
        name: {field: _exact(total) for field, total in totals.items()}
        for name, totals in told.items()
    }
    return {**exact, "unread": dict(found.unread)}


def _checks(staged: Staged) -> dict[str, dict[str, Any]]:
    """What became of the values of each checked column, by its headers."""
    headers = {
        each.field: " + ".join(staged.table.headers[index] for index in each.columns)
        for each in staged.map.fields
    }
    return {headers.get(name, name): asdict(each) for name, each in staged.tallies.items()}


def _exact(value: Decimal) -> str:
    text = f"{value:f}"
    if "." not in text:
        return text
    whole, _, cents = text.partition(".")
    cents = cents.rstrip("0")
    return f"{whole}.{cents.ljust(2, '0')}"


def _placeless(looked: Looked) -> FileReport:
    table = looked.table
    return FileReport(
        table.file,
        table.sheet,
        None,
        None,
        table.encoding,
        table.delimiter,
        table.header_row,
        unmapped=table.headers,
        evidence=_evidence(looked, None),
        why=looked.guess.why,
    )


def _held(looked: Looked, problems: Sequence[Problem]) -> FileReport:
    """A table that awaits an answer, as it would be read."""
    asked = {"must_ask": problems[0], "asks": tuple(problems)}
    values = {**vars(_placeless(looked)), **asked, "why": None, "memory": _memory(looked)}
    return FileReport(**values)


def _links(engine: DuckDB) -> tuple[tuple[dict[str, Any], ...], dict[str, int]]:
    proposals = tuple(
        {"table": target, "text": text, "candidate": candidate, "score": score}
        for target, text, candidate, score in engine.rows(
            "SELECT target, text, candidate, score FROM meta.proposal ORDER BY target, text"
        )
    )
    unlinked = dict(
        engine.rows(
            f"SELECT target, count(DISTINCT text) {UNLINKED} GROUP BY target ORDER BY target"
        )
    )
    return proposals, unlinked
