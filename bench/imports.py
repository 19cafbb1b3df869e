"""Importing deals against the engine's own reader, told everything."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

import jalon
from bench import data
from bench.timing import Sheet


def run(rows: int) -> None:
    """Print the ratios of imports of that many rows."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-bench-"))
    try:
        _run(rows, folder)
    finally:
        shutil.rmtree(folder)


def _run(rows: int, folder: Path) -> None:
    deals = data.table(rows)
    for name in ("clean", "french", "changed"):
        (folder / name).mkdir()
    clean = data.clean(deals, folder / "clean" / "deal.csv")
    french = data.french(deals, folder / "french" / "deal.csv")
    changed = data.changed(deals, folder / "changed" / "deal.csv")
    names = deals.column_names
    del deals
    sheet = Sheet(f"Imports, {rows:,} rows")
    peer, first, in_french, again, one_percent = (float("inf"),) * 5
    for _ in range(3 if rows <= 1_000_000 else 1):
        peer = min(peer, _peer(clean, names, folder / "peer.duckdb"))
        seconds, workspace = _import(clean, folder / "ws")
        first = min(first, seconds)
        again = min(again, _timed(lambda w=workspace: w.import_(clean)))
        one_percent = min(one_percent, _timed(lambda w=workspace: w.import_(changed)))
        workspace.close()
        seconds, workspace = _import(french, folder / "ws")
        in_french = min(in_french, seconds)
        workspace.close()
    sheet.row("first import, clean", first, "read_csv into a file", peer, "≤ 3")
    sheet.row("first import, French", in_french, "first import, clean", first, "≤ 1.5")
    sheet.row("unchanged again", again, "first import, clean", first, "")
    sheet.row("1 % changed", one_percent, "first import, clean", first, "≤ 0.5")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the process: {peak:,.0f} MB")


def _peer(path: Path, names: list[str], target: Path) -> float:
    """Seconds of DuckDB's reader, every type told, into a table of a database file."""
    target.unlink(missing_ok=True)
    columns = {name: data.TYPES.get(name, "VARCHAR") for name in names}
    start = time.perf_counter()
    connection = duckdb.connect(str(target))
    connection.execute(
        f"CREATE TABLE deal AS FROM read_csv('{path}', header=true, delim=',', quote='\"', "
        f"escape='\"', auto_detect=false, columns={columns})"
    )
    connection.close()
    return time.perf_counter() - start


def _import(path: Path, folder: Path) -> tuple[float, jalon.Workspace]:
    shutil.rmtree(folder, ignore_errors=True)
    workspace = jalon.open(folder)
    return _timed(lambda: workspace.import_(path)), workspace


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start
