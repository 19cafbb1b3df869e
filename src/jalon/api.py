"""Jalon in Python and in a notebook: open a workspace, import, measure, read a file."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from jalon.distant import Distant
from jalon.intake.map_file import load as load_map
from jalon.intake.pipeline import Brief
from jalon.intake.reading import ReadTable, read_typed
from jalon.intake.report import Report
from jalon.intake.sources.options import ReadOptions
from jalon.locale import numbers
from jalon.measure.figure import Results
from jalon.render.records import import_report, reconciliation
from jalon.render.records import results as result_records
from jalon.workspace import Import, door
from jalon.workspace import Workspace as Held

if TYPE_CHECKING:
    import pandas
    import polars

    from jalon.charts.notebook import NotebookChart


#: What reading a file alone may hold of its cells; the rest waits on the disk.
READ_MEMORY = "500MB"


def open(folder: str | Path, *, create: bool = True, lang: str = "fr") -> Workspace:
    """The workspace of a folder, made where there is none.

    Raises WorkspaceError where another process holds it, or where there is none and ``create`` is
    False.
    """
    return Workspace(door(folder, create=create), lang)


def read(file: str | Path, **options: Any) -> list[ReadTable]:
    """The tables of a file, without a workspace.

    Each has ``.text`` (Arrow, every cell as found), ``.table`` (Arrow, typed), ``.evidence`` and
    ``.quarantine``. ``options`` are those of ReadOptions: encoding, delimiter, header_row, sheet,
    decimal, date_order. Raises InputError where the file cannot be read.
    """
    from jalon.engines.duckdb import DuckDB

    engine = DuckDB.memory(memory_limit=READ_MEMORY)
    return read_typed(Path(file), engine, ReadOptions(**options))


class Workspace:
    """A company's data. Close it, or use ``with``: one process at a time may hold it."""

    def __init__(self, door: Held | Distant, lang: str = "fr") -> None:
        self._door, self.lang = door, lang

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<jalon workspace {self._door.folder}>"

    def close(self) -> None:
        """Give the workspace back to other processes."""
        self._door.close()

    def import_(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        table: str | None = None,
        source: str | None = None,
        map: str | Path | None = None,
        full: bool = False,
        **reading: Any,
    ) -> ImportResult:
        """Bring files or folders in, in one transaction; the report of every row.

        ``map``: a mapping file. ``full``: the files are all that their source has, so that rows
        which are not there are marked gone. ``reading``: encoding, delimiter, decimal,
        date_order… Raises InputError, and MustAskError where a decision is the user's.
        """
        several = [paths] if isinstance(paths, (str, Path)) else list(paths)
        told = load_map(map) if map else None
        zone = self._door.settings.zone
        brief = Brief(table, source, told, ReadOptions(**reading), zone, full=full)
        return ImportResult(self._door.import_(several, brief), self.lang)

    def imports(self) -> list[Import]:
        """All imports, those taken back too."""
        return self._door.imports()

    def undo(self, import_id: str) -> Import:
        """Take an import back whole."""
        return self._door.undo(import_id)

    def kpis(self) -> list[str]:
        """The ids of the KPIs known here."""
        return self._door.catalogue.public()

    def measure(
        self,
        kpis: str | Sequence[str],
        by: str | Sequence[str] = (),
        grain: str = "none",
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
        where: str | None = None,
        as_of: str | dt.date | None = None,
        **more: Any,
    ) -> Result:
        """Measure KPIs, in one pass. ``start`` and ``end`` are inclusive.

        ``more``: part, known_at, compare ("previous" or "last-year"), level, basis. Raises
        RequestError where the question is wrong.
        """
        found = self._door.measure(
            kpis, by=by, grain=grain, start=start, end=end, where=where, as_of=as_of, **more
        )
        return Result(found, self.lang)

    def reconcile(self, kpi: str, theirs: str | float, **asked: Any) -> dict[str, Any]:
        """Why another tool's figure (``"45,2 %"``) is not ours: the way from one to the other.

        ``asked``: start, end, where, part, as_of… as for :meth:`measure`. The record is the JSON of
        the command line. Raises RequestError for a figure that is none, or a KPI that has several.
        """
        return reconciliation(self._door.reconcile(kpi, theirs, **asked), self.lang)

    def rows(self, kpi: str, limit: int | None = None, **asked: Any) -> pa.Table:
        """The rows behind a figure, with the same filters as :meth:`measure`."""
        return self._door.rows(kpi, limit=limit, **asked)[0]


class ImportResult:
    """The report of an import: ``record`` is the JSON of the command line."""

    def __init__(self, report: Report, lang: str) -> None:
        self.report, self.record = report, import_report(report, lang)

    @property
    def import_id(self) -> str | None:
        """What :meth:`Workspace.undo` takes."""
        return self.report.import_id

    def __repr__(self) -> str:
        files = ", ".join(
            f"{each.file} → {each.table}: {each.rows_added} + {each.rows_updated} "
            f"({each.rows_quarantined} ✗)"
            for each in self.report.files
            if each.table
        )
        return f"<import {self.import_id}: {files}>"


class Result:
    """The figures of a question: one row a figure, columns as in the JSON."""

    def __init__(self, results: Results, lang: str = "fr") -> None:
        self.results, self.lang = results, lang

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records())

    def __len__(self) -> int:
        return len(self.results)

    @property
    def sql(self) -> tuple[str, ...]:
        """The queries that made the figures."""
        return self.results.sql

    def records(self) -> list[dict[str, Any]]:
        """The results as dictionaries."""
        records: list[dict[str, Any]] = result_records(self.results, self.lang)["results"]
        return records

    def to_arrow(self) -> pa.Table:
        """An Arrow table; a group is a column named after its dimension, a period two columns."""
        return pa.Table.from_pylist([_flattened(each) for each in self.records()])

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas data frame (``pip install jalon[pandas]``)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """A polars data frame (``pip install jalon[polars]``)."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def chart(self) -> NotebookChart:
        """An Altair chart: a line a group over periods, or an interval a group."""
        from jalon.charts.notebook import notebook_chart

        return notebook_chart(self.results, self.lang)

    def __repr__(self) -> str:
        return f"<jalon result: {len(self)} figures>\n{self._repr_text()}"

    def _repr_text(self) -> str:
        lines = []
        for each in self.records()[:20]:
            group = " ".join(str(value) for value in each["group"].values())
            lines.append(f"{each['kpi']} {group} {_shown(each, self.lang)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table with intervals, for a notebook."""
        rows = self.records()
        dims = list(dict.fromkeys(name for each in rows for name in each["group"]))
        heads = ["KPI", *dims, "", "", "n"]
        body = [
            "<tr>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(each, dims, self.lang))
            + "</tr>"
            for each in rows[:500]
        ]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _cells(each: dict[str, Any], dims: Sequence[str], lang: str) -> list[str]:
    period = each["period"]
    name = each["kpi"] + (f" ({each['part']})" if each["part"] else "")
    if period:
        name += f" {period['from'] or ''} → {period['to'] or ''}"
    groups = ["–" if each["group"].get(d) is None else str(each["group"][d]) for d in dims]
    between = ""
    if each["low"] is not None and each["high"] is not None:
        between = (
            f"[{numbers.figure(each['low'], each['unit'], lang)} ; "
            f"{numbers.figure(each['high'], each['unit'], lang)}]"
        )
    value = each["missing"] or numbers.figure(each["value"], each["unit"], lang)
    return [name, *groups, value, between, str(each["n"])]


def _shown(each: dict[str, Any], lang: str) -> str:
    cells = _cells(each, (), lang)
    return " ".join(cells[1:3]) + f" n={cells[-1]}"


def _flattened(each: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {"kpi": each["kpi"], "part": each["part"], "unit": each["unit"]}
    flat |= each["group"]
    period = each["period"] or {"from": None, "to": None}
    flat |= {"from": period["from"], "to": period["to"]}
    rest = (
        "basis",
        "value",
        "low",
        "high",
        "level",
        "n",
        "numerator",
        "denominator",
        "maturity",
        "missing",
    )
    flat |= {name: each[name] for name in rest}
    flat["notes"] = " ".join(each["notes"])
    flat["version"] = each["version"]
    if "shrunk" in each:
        drawn = each["shrunk"] or dict.fromkeys(("value", "low", "high", "best"))
        flat |= {f"shrunk_{name}": value for name, value in drawn.items()}
    if "compare" in each:
        flat |= {
            f"compare_{name}": value for name, value in each["compare"].items() if name != "period"
        }
    return flat
