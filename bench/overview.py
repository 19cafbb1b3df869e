"""The overview by month and sector, on deals with three activities each and one invoice.

The peers: filtered aggregates written by hand, one query a KPI, Polars over columns in memory.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import jalon
from jalon.demo.world import deals_only

KINDS = ("call", "email", "visit", "note")
OUTCOMES = ("answered", "pitched", "no_answer", "voicemail")
DAY = np.timedelta64(1, "D")


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
