"""The overview by month and sector, on deals with three activities each and one invoice.

The peers: filtered aggregates written by hand, one query a KPI, Polars over columns in memory.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import jalon
from bench.timing import Sheet, best
from jalon.demo.world import deals_only
from jalon.engines.duckdb import DuckDB

#: The overview's figures that these tables can tell, and what was done to get them.
KPIS = (
    "revenue",
    "average_basket",
    "new_customers",
    "repeat_rate",
    "customer_lifetime",
    "win_rate",
    "sales_cycle_days",
    "outreach_volume",
    "pickup_rate",
)
START, END = dt.date(2023, 1, 1), dt.date(2027, 1, 1)

KINDS = ("call", "email", "visit", "note")
OUTCOMES = ("answered", "pitched", "no_answer", "voicemail")
DAY = np.timedelta64(1, "D")

#: What a careful analyst would write for the same statistics: one query a table and date, each
#: condition in a filter of its own; histograms of durations for the lifetime and the cycle.
BY_HAND = (
    """
    SELECT date_trunc('month', happened_at)::DATE AS period, sector,
      count(*) FILTER (WHERE counted AND net_amount IS NOT NULL) AS n,
      sum(net_amount) FILTER (WHERE counted) AS revenue,
      sum(net_amount::DOUBLE * net_amount::DOUBLE) FILTER (WHERE counted) AS squares,
      count(*) FILTER (WHERE counted AND net_amount < 0) AS negative,
      count(*) FILTER (WHERE counted AND kind = 'invoice' AND net_amount IS NOT NULL) AS orders,
      sum(net_amount) FILTER (WHERE counted AND kind = 'invoice') AS ordered,
      sum(net_amount::DOUBLE * net_amount::DOUBLE)
        FILTER (WHERE counted AND kind = 'invoice') AS order_squares,
      count(*) FILTER (WHERE counted AND kind = 'invoice' AND net_amount > 0) AS positive,
      sum(CASE WHEN net_amount > 0 THEN ln(net_amount::DOUBLE) END)
        FILTER (WHERE counted AND kind = 'invoice') AS logs,
      sum(CASE WHEN net_amount > 0 THEN ln(net_amount::DOUBLE) * ln(net_amount::DOUBLE) END)
        FILTER (WHERE counted AND kind = 'invoice') AS log_squares
    FROM flat.invoice WHERE happened_at >= $start AND happened_at < $end GROUP BY 1, 2
    """,
    """
    SELECT date_trunc('month', first_at)::DATE AS period, sector, count(*) AS n,
      count(*) FILTER (WHERE date_diff('day', first_at, observed_at) >= 365) AS old,
      count(*) FILTER (WHERE date_diff('day', first_at, observed_at) >= 365
        AND date_diff('day', first_at, second_at) <= 365) AS again
    FROM flat.customer WHERE first_at >= $start AND first_at < $end GROUP BY 1, 2
    """,
    """
    SELECT date_trunc('month', first_at)::DATE AS period, sector, lifetime_days,
      ended_at IS NOT NULL AS ended, date_diff('day', first_at, observed_at) AS followed,
      count(*) AS n
    FROM flat.customer WHERE first_at >= $start AND first_at < $end GROUP BY ALL
    """,
    """
    SELECT date_trunc('month', closed_at)::DATE AS period, sector,
      count(*) FILTER (WHERE outcome = 'won' AND NOT invalid) AS won,
      count(*) FILTER (WHERE outcome IN ('won', 'lost') AND NOT invalid) AS closed
    FROM flat.deal WHERE closed_at >= $start AND closed_at < $end GROUP BY 1, 2
    """,
    """
    SELECT date_trunc('month', created_at)::DATE AS period, sector,
      greatest(date_diff('day', created_at, coalesce(closed_at, observed_at)), 0) AS days,
      CASE WHEN closed_at IS NULL THEN 0 WHEN outcome = 'won' THEN 1 ELSE 2 END AS cause,
      count(*) AS n
    FROM flat.deal WHERE created_at >= $start AND created_at < $end AND NOT invalid
      AND (outcome = 'open' OR closed_at IS NOT NULL) GROUP BY ALL
    """,
    """
    SELECT date_trunc('month', happened_at)::DATE AS period, sector,
      count(*) FILTER (WHERE coalesce(direction, 'outbound') = 'outbound'
        AND kind IN ('call', 'email', 'letter', 'visit', 'demo')) AS n,
      count(*) FILTER (WHERE coalesce(direction, 'outbound') = 'outbound' AND kind = 'call'
        AND outcome IN ('pitched', 'answered')) AS answered,
      count(*) FILTER (WHERE coalesce(direction, 'outbound') = 'outbound' AND kind = 'call'
        AND outcome IS NOT NULL) AS calls
    FROM flat.activity WHERE happened_at >= $start AND happened_at < $end GROUP BY 1, 2
    """,
)

#: The columns that Polars is given, by table: those that the figures read.
READ = {
    "invoice": ("happened_at", "sector", "counted", "kind", "net_amount"),
    "customer": ("first_at", "second_at", "ended_at", "observed_at", "lifetime_days", "sector"),
    "deal": ("created_at", "closed_at", "observed_at", "sector", "outcome", "invalid"),
    "activity": ("happened_at", "sector", "direction", "kind", "outcome"),
}


def run(rows: int) -> None:
    """Print the ratios of the overview over that many deals."""
    folder = Path(tempfile.mkdtemp(prefix="jalon-bench-"))
    try:
        files = world(rows, folder / "files")
        with jalon.open(folder / "ws") as workspace:
            workspace.import_(files)
            shutil.rmtree(files)
            compare(rows, workspace)
    finally:
        shutil.rmtree(folder)


def compare(rows: int, workspace: jalon.Workspace) -> None:
    """The ratios over a workspace that holds that many deals."""
    engine: DuckDB = workspace._door.store.engine
    measurer = workspace._door.measurer
    last = END - dt.timedelta(days=1)

    def page(*kpis: str) -> Callable[[], object]:
        """The page asked of a measurer that has kept its plans and none of its answers."""

        def ask() -> object:
            measurer.forget()
            return workspace.measure(kpis, by="sector", grain="month", start=START, end=last)

        return ask

    def by_hand() -> object:
        return [engine.ask(sql, {"start": START, "end": END}) for sql in BY_HAND]

    def apart() -> object:
        return [page(kpi)() for kpi in KPIS]

    levels = count(0)

    def rolled() -> object:
        """Asked at a level of its own, so that statistics are kept and answers are not."""
        level = 0.95 - 1e-9 * next(levels)
        return workspace.measure(
            KPIS, by="sector", grain="quarter", start=START, end=last, level=level
        )

    def again() -> object:
        return workspace.measure(KPIS, by="sector", grain="month", start=START, end=last)

    page(*KPIS)()
    by_hand()
    times = 30 if rows <= 100_000 else 7
    found = best({"page": page(*KPIS), "hand": by_hand, "apart": apart}, times)
    page(*KPIS)()
    kept = best({"rolled": rolled, "again": again}, times)
    sheet = Sheet(f"{len(KPIS)} figures of the overview by month and sector, {rows:,} deals")
    aim = "≤ 2" if rows <= 100_000 else "≤ 0.8"
    sheet.row("page, with intervals", found["page"], "SQL by hand", found["hand"], aim)
    sheet.row("page, with intervals", found["page"], "a query a KPI", found["apart"], "")
    sheet.row("another roll-up", kept["rolled"], "the first view", found["page"], "≤ 0.1")
    sheet.row("the same view again", kept["again"], "the first view", found["page"], "≤ 0.1")
    tables = {
        name: pl.from_arrow(engine.run(f"SELECT {', '.join(columns)} FROM flat.{name}"))
        for name, columns in READ.items()
    }
    found = best({"page": page(*KPIS), "polars": lambda: by_polars(tables)}, max(times // 2, 3))
    sheet.row("page, with intervals", found["page"], "Polars in memory", found["polars"], "< 1")


def by_polars(tables: dict[str, pl.DataFrame]) -> list[pl.DataFrame]:
    """The same statistics by Polars, from tables whose columns it holds in memory."""
    within = {
        name: tables[table].lazy().filter(pl.col(date).is_between(START, END, closed="left"))
        for name, table, date in (
            ("invoice", "invoice", "happened_at"),
            ("customer", "customer", "first_at"),
            ("closed", "deal", "closed_at"),
            ("created", "deal", "created_at"),
            ("activity", "activity", "happened_at"),
        )
    }
    asked = [
        _invoiced(within["invoice"]),
        *_customers(within["customer"]),
        _closed(within["closed"]),
        _cycle(within["created"]),
        _active(within["activity"]),
    ]
    return pl.collect_all(asked)


def _month(date: str) -> pl.Expr:
    return pl.col(date).dt.truncate("1mo").alias("period")


def _invoiced(rows: pl.LazyFrame) -> pl.LazyFrame:
    amount = pl.col("net_amount").cast(pl.Float64)
    counted = pl.col("counted") & pl.col("net_amount").is_not_null()
    order, positive = counted & (pl.col("kind") == "invoice"), pl.col("net_amount") > 0
    log = amount.log()
    return rows.group_by(_month("happened_at"), "sector").agg(
        counted.sum().alias("n"),
        pl.col("net_amount").filter(counted).sum().alias("revenue"),
        (amount * amount).filter(counted).sum().alias("squares"),
        (counted & (pl.col("net_amount") < 0)).sum().alias("negative"),
        order.sum().alias("orders"),
        pl.col("net_amount").filter(order).sum().alias("ordered"),
        (amount * amount).filter(order).sum().alias("order_squares"),
        (order & positive).sum().alias("positive"),
        log.filter(order & positive).sum().alias("logs"),
        (log * log).filter(order & positive).sum().alias("log_squares"),
    )


def _customers(rows: pl.LazyFrame) -> list[pl.LazyFrame]:
    followed = (pl.col("observed_at").dt.date() - pl.col("first_at").dt.date()).dt.total_days()
    second = (pl.col("second_at").dt.date() - pl.col("first_at").dt.date()).dt.total_days()
    old = followed >= 365
    counts = rows.group_by(_month("first_at"), "sector").agg(
        pl.len().alias("n"), old.sum().alias("old"), (old & (second <= 365)).sum().alias("again")
    )
    ended = pl.col("ended_at").is_not_null().alias("ended")
    lives = rows.group_by(
        _month("first_at"), "sector", "lifetime_days", ended, followed.alias("followed")
    ).agg(pl.len().alias("n"))
    return [counts, lives]


def _closed(rows: pl.LazyFrame) -> pl.LazyFrame:
    valid = ~pl.col("invalid")
    return rows.group_by(_month("closed_at"), "sector").agg(
        ((pl.col("outcome") == "won") & valid).sum().alias("won"),
        (pl.col("outcome").is_in(["won", "lost"]) & valid).sum().alias("closed"),
    )


def _cycle(rows: pl.LazyFrame) -> pl.LazyFrame:
    end = pl.coalesce("closed_at", "observed_at").dt.date()
    days = (end - pl.col("created_at").dt.date()).dt.total_days().clip(0).alias("days")
    lost = pl.when(pl.col("outcome") == "won").then(1).otherwise(2)
    cause = pl.when(pl.col("closed_at").is_null()).then(0).otherwise(lost).alias("cause")
    kept = ~pl.col("invalid") & ((pl.col("outcome") == "open") | pl.col("closed_at").is_not_null())
    grouped = rows.filter(kept).group_by(_month("created_at"), "sector", days, cause)
    return grouped.agg(pl.len().alias("n"))


def _active(rows: pl.LazyFrame) -> pl.LazyFrame:
    out = pl.col("direction").fill_null("outbound") == "outbound"
    call = out & (pl.col("kind") == "call")
    return rows.group_by(_month("happened_at"), "sector").agg(
        (out & pl.col("kind").is_in(["call", "email", "letter", "visit", "demo"])).sum().alias("n"),
        (call & pl.col("outcome").is_in(["pitched", "answered"])).sum().alias("answered"),
        (call & pl.col("outcome").is_not_null()).sum().alias("calls"),
    )


def world(rows: int, folder: Path) -> Path:
    """Files of ``rows`` deals, three times as many activities, an invoice each, their accounts."""
    folder.mkdir(parents=True, exist_ok=True)
    deals = deals_only(rows)
    draws = np.random.default_rng(2026)
    created = deals.column("created_at").to_numpy().astype("datetime64[D]")
    pq.write_table(deals.drop_columns(["sector"]), folder / "deal.parquet")
    pq.write_table(_accounts(rows, draws), folder / "account.parquet")
    pq.write_table(_activities(deals, created, draws), folder / "activity.parquet")
    pq.write_table(_invoices(deals, created, draws), folder / "invoice.parquet")
    return folder


def _accounts(rows: int, draws: np.random.Generator) -> pa.Table:
    count = max(rows * 2 // 3, 1)
    return pa.table(
        {
            "source_id": _ids("A", count),
            "name": _ids("Client ", count),
            "sector": _drawn(draws, ("Bio", "Santé", "Conseil", "Industrie", "Énergie"), count),
        }
    )


def _activities(deals: pa.Table, created: np.ndarray, draws: np.random.Generator) -> pa.Table:
    rows = 3 * deals.num_rows
    of = np.tile(np.arange(deals.num_rows), 3)
    moments = created[of] + draws.integers(0, 60, rows) * DAY
    return pa.table(
        {
            "source_id": _ids("T", rows),
            "deal": deals.column("source_id").take(of),
            "account": deals.column("account").take(of),
            "owner": deals.column("owner").take(of),
            "kind": _drawn(draws, KINDS, rows),
            "direction": _drawn(draws, ("outbound", "outbound", "inbound"), rows),
            "outcome": _drawn(draws, OUTCOMES, rows),
            "happened_at": pa.array(moments.astype("datetime64[us]")),
        }
    )


def _invoices(deals: pa.Table, created: np.ndarray, draws: np.random.Generator) -> pa.Table:
    rows = deals.num_rows
    moments = created + draws.integers(10, 120, rows) * DAY
    return pa.table(
        {
            "source_id": _ids("F", rows),
            "deal": deals.column("source_id"),
            "account": deals.column("account"),
            "amount": deals.column("amount"),
            "kind": _drawn(draws, ("invoice",) * 19 + ("credit_note",), rows),
            "happened_at": pa.array(moments.astype("datetime64[us]")),
        }
    )


def _ids(prefix: str, count: int) -> pa.Array:
    numbers = pa.array(np.arange(1, count + 1)).cast(pa.string())
    return pc.binary_join_element_wise(prefix, numbers, "")


def _drawn(draws: np.random.Generator, names: tuple[str, ...], count: int) -> pa.Array:
    codes = pa.array(draws.integers(0, len(names), count).astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(names)).cast(pa.string())
