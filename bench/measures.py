"""A page's KPIs by month and sector against hand-written SQL for the same statistics."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import jalon
from bench import data
from bench.timing import Sheet, best

KPIS = (
    "win_rate",
    "created_win_rate",
    "value_win_rate",
    "revenue",
    "average_basket",
    "usable_reason_rate",
)
START, END = dt.date(2023, 1, 1), dt.date(2026, 12, 31)

#: What a careful analyst would write: filtered aggregates, one query a date, the same statistics.
BY_HAND = (
    """
    SELECT date_trunc('month', closed_at)::DATE AS period, sector,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid) AS won,
      count(*) FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS closed,
      count(*) FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid
        AND amount IS NOT NULL) AS vn,
      sum(CASE WHEN outcome = 'won' THEN amount ELSE 0 END)
        FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid AND amount IS NOT NULL) AS x,
      sum(amount) FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS y,
      sum(CASE WHEN outcome = 'won' THEN amount::DOUBLE * amount::DOUBLE ELSE 0 END)
        FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS xx,
      sum(amount::DOUBLE * amount::DOUBLE)
        FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS yy,
      sum(CASE WHEN outcome = 'won' THEN amount::DOUBLE * amount::DOUBLE ELSE 0 END)
        FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS xy,
      count(*) FILTER (WHERE outcome = 'lost' AND NOT invalid AND amount IS NOT NULL) AS told,
      sum(amount) FILTER (WHERE outcome = 'lost' AND NOT invalid) AS told_sum,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid AND amount IS NOT NULL) AS wn,
      sum(amount) FILTER (WHERE outcome = 'won' AND NOT invalid) AS revenue,
      sum(amount::DOUBLE * amount::DOUBLE)
        FILTER (WHERE outcome = 'won' AND NOT invalid) AS squares,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid AND amount < 0) AS negative,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid AND amount > 0) AS positive,
      sum(CASE WHEN amount > 0 THEN ln(amount::DOUBLE) END)
        FILTER (WHERE outcome = 'won' AND NOT invalid) AS logs,
      sum(CASE WHEN amount > 0 THEN ln(amount::DOUBLE) * ln(amount::DOUBLE) END)
        FILTER (WHERE outcome = 'won' AND NOT invalid) AS log_squares,
      count(*) FILTER (WHERE outcome = 'lost' AND NOT invalid) AS lost,
      count(*) FILTER (WHERE outcome = 'lost' AND NOT invalid AND loss_reason_stated IS NOT NULL
        AND lower(trim(loss_reason_stated)) NOT IN ('autre', 'autres', 'other', 'inconnu', '?',
        'ras', 'n/a', 'divers', 'non renseigné', 'non précisé', 'perdu', 'lost')) AS usable
    FROM flat.deal WHERE closed_at >= $start AND closed_at < $end AND closed_at IS NOT NULL
    GROUP BY 1, 2
    """,
    """
    SELECT date_trunc('month', created_at)::DATE AS period, sector,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid) AS won,
      count(*) FILTER (WHERE NOT invalid) AS created,
      count(*) FILTER (WHERE NOT invalid AND outcome <> 'open') AS mature
    FROM flat.deal WHERE created_at >= $start AND created_at < $end AND created_at IS NOT NULL
    GROUP BY 1, 2
    """,
)


def run(rows: int) -> None:
    """Print the ratios of measures over that many rows."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-bench-"))
    try:
        path = data.clean(data.table(rows), folder / "deal.csv")
        own_kpis(folder / "ws" / "kpis")
        with jalon.open(folder / "ws") as workspace:
            workspace.import_(path)
            path.unlink()
            _run(rows, workspace)
    finally:
        shutil.rmtree(folder)


def _run(rows: int, workspace: jalon.Workspace) -> None:
    engine = workspace._door.store.engine
    measurer = workspace._door.measurer
    where = count(1)

    def page(**more: Any) -> Callable[[], object]:
        """The page asked of a measurer that has kept its plans and none of its answers."""

        def ask() -> object:
            measurer.forget()
            return workspace.measure(KPIS, by="sector", grain="month", start=START, end=END, **more)

        return ask

    def by_hand() -> object:
        bounds = {"start": START, "end": END + dt.timedelta(days=1)}
        return [engine.run(sql, bounds) for sql in BY_HAND]

    def new_value() -> object:
        measurer.forget()
        return workspace.measure(
            KPIS, by="sector", grain="month", start=START, end=END, where=f"amount > {next(where)}"
        )

    def new_period() -> object:
        measurer.forget()
        last = END - dt.timedelta(days=next(where))
        return workspace.measure(KPIS, by="sector", grain="month", start=START, end=last)

    def rolled() -> object:
        return workspace.measure(KPIS, by="sector", start=START, end=END)

    page()()
    times = 15 if rows <= 100_000 else 7
    found = best(
        {
            "page": page(),
            "hand": by_hand,
            "filtered": page(where="amount > 0"),
            "value": new_value,
            "period": new_period,
        },
        times,
    )
    first = best({"first": page()}, 3)["first"]
    second = best({"second": rolled}, times)["second"]
    sheet = Sheet(f"A page of {len(KPIS)} KPIs by month and sector, {rows:,} rows")
    aim = "≤ 2" if rows < 1_000_000 else "≤ 1.3 (aim 0.7)"
    sheet.row("page, with intervals", found["page"], "SQL by hand", found["hand"], aim)
    sheet.row("second roll-up", second, "first", first, "≤ 0.1")
    more = {
        name: 1000 * (found[name] - found[other])
        for name, other in (("value", "filtered"), ("period", "page"))
    }
    print(
        f"\nnew filter value: {more['value']:+.1f} ms; new period: {more['period']:+.1f} ms (≤ 5)"
    )
    _many(rows, workspace, times)


def _many(rows: int, workspace: jalon.Workspace, times: int) -> None:
    """A page of twenty of a company's own KPIs, in one pass and one at a time."""
    measurer = workspace._door.measurer
    names = [f"own_{number}" for number in range(20)]

    def together() -> object:
        measurer.forget()
        return workspace.measure(names, by="sector", grain="month", start=START, end=END)

    def apart() -> object:
        for name in names:
            measurer.forget()
            workspace.measure(name, by="sector", grain="month", start=START, end=END)
        return None

    together()
    apart()
    found = best({"together": together, "apart": apart}, max(times // 3, 2))
    sheet = Sheet(f"Twenty own KPIs by month and sector, {rows:,} rows")
    sheet.row("one query a KPI", found["apart"], "one pass", found["together"], "≥ 4")


def own_kpis(folder: Path) -> None:
    """Twenty win rates of a company's own, each of its slice of the deals."""
    folder.mkdir(parents=True, exist_ok=True)
    slices = [f"amount >= {1000 * number}" for number in range(1, 11)]
    slices += [f"source = '{name}'" for name in ("Salons", "E-mailing", "Relance", "Web", "Autre")]
    slices += [f"team = '{name}'" for name in ("Nord", "Alpes", "Ouest", "Sud", "Est")]
    text = "".join(
        f"own_{number}:\n  label: {{fr: A, en: A}}\n  question: {{fr: A, en: A}}\n"
        "  table: deal\n  date: closed_at\n  estimate: proportion\n  unit: percent\n"
        "  better: higher\n  dimensions: [sector]\n  success: outcome = 'won'\n"
        f"  among: \"outcome in ('won', 'lost') and not invalid and {each}\"\n"
        for number, each in enumerate(slices)
    )
    (folder / "own.yaml").write_text(text, encoding="utf-8")
