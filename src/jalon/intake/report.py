"""The report of an import: what became of every row of every table of every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.intake.mapping import TableMap
from jalon.intake.pipeline import Looked, Prepared
from jalon.intake.staging import Staged
from jalon.intake.text_table import ColumnProfile, Evidence, TextTable
from jalon.model.problems import Problem, Where
from jalon.model.tables import TABLES, Kind
from jalon.store.link import UNLINKED
from jalon.store.load import Loaded

SHOWN = 1_000
#: Values shown of each column.
EXAMPLES = 3


@dataclass(frozen=True)
class FileReport:
    """One table of one file. ``table`` is None where it has no place in the model (``why``).

    ``examples``: by header, the commonest values; ``undecided``: the headers of dates that read day
    first or month first.
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
    quarantine: tuple[Problem, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Problem, ...] = ()
    why: Problem | None = None
    must_ask: Problem | None = None
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()


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
    files += [_held(by_table[id(table)], problem) for table, problem in prepared.held]
    order = {(each.table.file, each.table.sheet): i for i, each in enumerate(prepared.looked)}
    files.sort(key=lambda each: order[each.file, each.sheet])
    return Report(import_id, tuple(files), tuple(prepared.ignored), *_links(engine))


def planned(prepared: Prepared) -> Report:
    """What an import would do: how each file is read and mapped, no row loaded."""
    files = []
    for each in prepared.looked:
        made = each.guess.maps
        files += [_described(each, mapped) for mapped in made] if made else [_placeless(each)]
    return Report(None, tuple(files), tuple(prepared.ignored))


def facts(done: Report) -> dict[str, Any]:
    """A report in facts without language, to be kept: problems as their code and facts."""
    left_out = {"quarantine", "evidence", "examples", "undecided"}
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
        evidence=table.evidence,
        notes=looked.guess.notes,
        examples={each.header: each.examples[:EXAMPLES] for each in looked.profiles},
        undecided=tuple(_undecided(looked.profiles, mapped)),
    )


def _undecided(profiles: Sequence[ColumnProfile], mapped: TableMap) -> list[str]:
    """The headers of mapped dates of which no cell tells the day from the month."""
    read = {index for each in mapped.fields for index in each.columns}
    said = mapped.date_order
    return [
        each.header
        for each in profiles
        if each.index in read
        and len(each.date_choices) > 1
        and not ("*" in said or each.header in said)
    ]


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
    known = [each for each in found if each]
    return said or (max(set(known), key=known.count) if known else None)


def _loaded(engine: DuckDB, looked: Looked, staged: Staged, outcome: Loaded) -> FileReport:
    table = looked.table
    described = _described(looked, staged.map)
    repeated = [
        Problem("key_twice", {"key": key}, Where(table.file, table.sheet, line, None, key))
        for line, key in outcome.repeated
    ]
    refused = sorted((*staged.refused, *repeated), key=lambda each: each.where.row or 0)
    counts = {
        "rows_added": outcome.added,
        "rows_updated": outcome.updated,
        "rows_unchanged": outcome.unchanged,
        "rows_quarantined": len(refused),
    }
    values = {**vars(described), **counts}
    values["rows_read"] = table.rows
    values["sums"] = _sums(engine, staged, outcome)
    values["quarantine"] = tuple(refused)
    return FileReport(**values)


def _sums(engine: DuckDB, staged: Staged, outcome: Loaded) -> dict[str, str]:
    """The exact sums of the money columns of the rows taken in."""
    table = TABLES[staged.stage.table]
    money = [each for each in staged.stage.fields if table.column(each).kind is Kind.MONEY]
    if not money:
        return {}
    # Of a key that comes twice, only the first row is taken in.
    first = " QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY _line) = 1"
    once = first if outcome.repeated or outcome.doubled else ""
    figures = ", ".join(f'sum("{each}")' for each in money)
    source = staged.whole or staged.stage.relation
    row = engine.rows(f"SELECT {figures} FROM (FROM {source}{once})")[0]
    return {
        name: _exact(value) for name, value in zip(money, row, strict=True) if value is not None
    }


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
        evidence=table.evidence,
        why=looked.guess.why,
    )


def _held(looked: Looked, problem: Problem) -> FileReport:
    values = {**vars(_placeless(looked)), "must_ask": problem, "why": None}
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
