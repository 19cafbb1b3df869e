"""How long customers stay: BG/NBD against ``lifetimes``, Kaplan-Meier against ``lifelines``.

``lifetimes`` is found in a folder of its own (``JALON_PEERS``, a virtual environment that has it);
each program times its own fit, in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from lifelines import KaplanMeierFitter

from bench.timing import Sheet, best
from jalon.engines.duckdb import DuckDB
from jalon.stats.btyd import fit_bgnbd
from jalon.stats.survival import kaplan_meier

#: Published for the sample of CDNOW, in weeks (Fader, Hardie and Lee, 2005).
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
DAYS = 3 * 365

_PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
from lifetimes import BetaGeoFitter
if sys.argv[1] == "sample":
    from lifetimes.datasets import load_cdnow_summary
    found = load_cdnow_summary(index_col=[0])
    found[["frequency", "recency", "T"]].to_csv(sys.argv[2], index=False)
else:
    found = pd.DataFrame(dict(np.load(sys.argv[2])))
took = []
for _ in range(int(sys.argv[3])):
    start = time.perf_counter()
    model = BetaGeoFitter().fit(found["frequency"], found["recency"], found["T"])
    took.append(time.perf_counter() - start)
print(json.dumps({"seconds": min(took), "parameters": list(map(float, model.params_))}))
"""


def run(rows: int) -> None:
    """Print the ratios. ``rows``: customers of the large fits; survival has ten times as many."""
    _survival(10 * rows)
    if peers := os.environ.get("JALON_PEERS"):
        with tempfile.TemporaryDirectory() as folder:
            _repeat_buyers(rows, Path(folder), Path(peers))


def _survival(rows: int) -> None:
    """From one row a customer to the curve; ours counts them by the engine first."""
    draws = np.random.default_rng(2026)
    lived, seen = draws.exponential(700, rows), draws.uniform(0, DAYS, rows)
    days, ended = np.minimum(lived, seen).astype(np.int64), lived <= seen
    engine = DuckDB.memory()
    customers = pa.table({"days": days, "ended": ended})
    sql = "SELECT days, ended, count(*) AS n FROM customers GROUP BY ALL"

    def ours() -> np.ndarray:
        with engine.lend("customers", customers):
            found = engine.ask(sql)
        names = ("days", "ended", "n")
        return kaplan_meier(*(found.column(each).to_numpy() for each in names)).survival

    def theirs() -> np.ndarray:
        fitted = KaplanMeierFitter().fit(days, ended).survival_function_
        return fitted.loc[np.unique(days)].to_numpy().ravel()

    gap = np.abs(ours() - theirs()).max()
    found = best({"ours": ours, "lifelines": theirs}, 3)
    sheet = Sheet(f"Kaplan-Meier on {rows:,} customers")
    sheet.row("counted, then the curve", found["ours"], "lifelines", found["lifelines"], "≤ 0.33")
    print(f"\nlargest difference of the curves: {gap:.1e} (≤ 1e-9)")


def _repeat_buyers(rows: int, folder: Path, peers: Path) -> None:
    sheet = Sheet("BG/NBD")
    sample, summary = folder / "sample.csv", folder / "customers.npz"
    theirs = _peer(peers, "sample", sample, 5)
    found = pd.read_csv(sample)
    columns = [found[each].to_numpy() for each in ("frequency", "recency", "T")]
    _compare(sheet, f"the published sample, {len(found):,} customers", columns, theirs, 20, "≤ 0.2")
    frequency, recency, age = simulated(rows)
    np.savez(summary, frequency=frequency, recency=recency, T=age)
    theirs = _peer(peers, "simulated", summary, 1)
    what = f"{rows:,} customers over three years, in days"
    _compare(sheet, what, [frequency, recency, age], theirs, 3, "≤ 0.33")


def _compare(
    sheet: Sheet, what: str, columns: list[np.ndarray], theirs: dict[str, object], times: int,
    aim: str,
) -> None:  # fmt: skip
    fit = counted(columns)
    ours = best({"ours": fit}, times)["ours"]
    sheet.row(what, ours, "lifetimes", float(str(theirs["seconds"])), aim)
    model = fit_bgnbd(*columns)
    print(f"\nours {model}; lifetimes {theirs['parameters']}\n")


def counted(columns: list[np.ndarray]) -> Callable[[], object]:
    """Our fit from one row a customer: counted alike by the engine, then fitted."""
    engine = DuckDB.memory()
    customers = pa.table(dict(zip(("x", "last", "age"), columns, strict=True)))
    sql = "SELECT x, last, age, count(*) AS n FROM customers GROUP BY ALL"

    def fit() -> object:
        with engine.lend("customers", customers):
            found = engine.ask(sql)
        return fit_bgnbd(*(found.column(each).to_numpy() for each in ("x", "last", "age", "n")))

    return fit


def _peer(peers: Path, which: str, path: Path, times: int) -> dict[str, object]:
    script = path.parent / "peer.py"
    script.write_text(_PEER, encoding="utf-8")
    command = [str(peers / "bin" / "python"), str(script), which, str(path), str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def simulated(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat purchases, last one and age, in days, of customers who follow the model itself."""
    draws = np.random.default_rng(2026)
    age = draws.integers(1, DAYS, rows)
    rate = draws.gamma(R, 1 / (7 * ALPHA), rows)
    leave = draws.beta(A, B, rows)
    frequency, recency = np.zeros(rows), np.zeros(rows)
    clock = np.zeros(rows)
    there = np.arange(rows)
    while there.size:
        clock[there] += np.ceil(draws.exponential(1 / np.maximum(rate[there], 1e-12)))
        there = there[clock[there] <= age[there]]
        frequency[there] += 1
        recency[there] = clock[there]
        there = there[draws.random(there.size) >= leave[there]]
    return frequency, recency, age.astype(np.float64)
