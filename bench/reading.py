"""Reading a French file, nothing told, against Polars told everything; memory and odd cells."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

import jalon
from bench import data
from bench.timing import Sheet, best

MEMORY = """
import resource, sys, jalon
(table,) = jalon.read(sys.argv[1])
print(table.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def run(rows: int) -> None:
    """Print the ratios of reading that many rows, clean and with rows that need care."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-bench-"))
    try:
        _run(rows, folder)
    finally:
        shutil.rmtree(folder)


def _run(rows: int, folder: Path) -> None:
    deals = data.table(rows)
    french = data.french(deals, folder / "french.csv")
    spoilt = _spoilt(french, folder / "spoilt.csv")
    sheet = Sheet(f"Reading, {rows:,} rows in cp1252, « ; », decimal commas, jj/mm/aaaa")
    found = best(
        {
            "polars": lambda: _polars(french),
            "ours": lambda: jalon.read(french),
            "spoilt": lambda: jalon.read(spoilt),
        },
        3,
    )
    sheet.row("jalon.read, untold", found["ours"], "Polars, told", found["polars"], "≤ 2.5")
    sheet.row("1 row in 1,000 to mend", found["spoilt"], "clean", found["ours"], "")
    for name, cell in (("spaces", " "), ("1 1 1", "1 "), ("quotes", '"')):
        small, large = (_slow(folder, cell, size) for size in (1 << 18, 1 << 20))
        pair = best({"small": lambda p=small: _tried(p), "large": lambda p=large: _tried(p)}, 3)
        sheet.row(f"a cell of 1 MB of {name}", pair["large"], "256 kB", pair["small"], "≤ 4")


def large(gigabytes: float = 1.0) -> None:
    """Print the time and the peak memory of a large file against a tenth of it."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-bench-"))
    try:
        small = data.french(data.table(600_000), folder / "small.csv")
        head, _, body = small.read_bytes().partition(b"\n")
        whole = folder / "large.csv"
        with whole.open("wb") as out:
            out.write(head + b"\n")
            while out.tell() < gigabytes * 2**30:
                out.write(body)
        for path in (small, whole):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", MEMORY, str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds = time.perf_counter() - start
            size = path.stat().st_size / 2**20
            read, peak = done.stdout.split()
            print(f"{size:,.0f} MB, {read} rows: {seconds:.1f} s, peak {peak} MB")
    finally:
        shutil.rmtree(folder)


def _polars(path: Path) -> pl.DataFrame:
    names = path.open(encoding="cp1252").readline().strip().split(";")
    types = {n: pl.Float64 if n in ("amount", "probability") else pl.String for n in names}
    found = pl.read_csv(
        path, separator=";", encoding="cp1252", decimal_comma=True, schema_overrides=types
    )
    dates = [name for name in names if name.endswith("_at")]
    return found.with_columns(pl.col(dates).str.to_date("%d/%m/%Y"))


def _spoilt(path: Path, target: Path) -> Path:
    """One row in a thousand with a quote that is never closed, or a cell too few."""
    lines = path.read_bytes().split(b"\n")
    for number in range(1000, len(lines) - 1, 2000):
        lines[number] = lines[number].replace(b";", b';"', 1)
        lines[number + 500 : number + 501] = [lines[number + 500].rpartition(b";")[0]]
    target.write_bytes(b"\n".join(lines))
    return target


def _slow(folder: Path, cell: str, size: int) -> Path:
    path = folder / f"slow-{ord(cell[0])}-{size}.csv"
    rows = "".join(f"{i};12,5;{cell * (size // len(cell)) if i == 7 else 'x'}\n" for i in range(50))
    path.write_text("id;montant;note\n" + rows, encoding="utf-8")
    return path


def _tried(path: Path) -> None:
    with contextlib.suppress(jalon.JalonError):
        jalon.read(path)
