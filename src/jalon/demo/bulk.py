"""Deals by the million, for benchmarks: the same columns, no other table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jalon.demo.channels import SOURCES
from jalon.demo.companies import PLACES, SECTORS
from jalon.demo.days import LAST, day_in, profile, stamp
from jalon.demo.draws import Draws, Flags, Floats, Ints, lognormal
from jalon.demo.losses import REASONS
from jalon.demo.pipeline import MEDIAN_AMOUNT, SPREAD
from jalon.demo.stages import STAGES
from jalon.demo.team import NAMES, TEAM, TEAMS

_OUTCOMES = ("won", "lost", "no_decision", "open")


def deals_only(rows: int, seed: int = 2026) -> pa.Table:
    """``rows`` deals of three years, dates in microseconds, amounts as decimals."""
    draws = Draws(seed, "bulk")
    rep = draws.whole(0, len(NAMES) - 1, rows)
    created = day_in(draws, draws.pick(profile(0.01, seasonal=True), rows))
    closed = created + 12 + draws.waiting(55, rows)
    sector = draws.pick([each.weight for each in SECTORS], rows)
    outcome = _outcomes(draws, sector, closed)
    stage = np.where(outcome == 3, draws.pick((0.2, 0.3, 0.3, 0.2), rows), 4 + outcome)
    columns = {
        "source_id": _ids("D", np.arange(rows) + 1),
        "account": _ids("A", draws.whole(1, max(rows * 2 // 3, 1), rows)),
        "owner": _named(NAMES, rep),
        "team": _named(TEAMS, TEAM[rep]),
        "source": _named(SOURCES, draws.whole(0, 8, rows)),
        "sector": _named([each.name for each in SECTORS], sector),
        "region": _named([each[0] for each in PLACES], draws.pick([p[4] for p in PLACES], rows)),
        "stage": _named(STAGES, stage),
        "outcome": _named(_OUTCOMES, outcome),
        "amount": _money(lognormal(MEDIAN_AMOUNT, SPREAD, draws.normal(rows))),
        "created_at": _moments(created, None),
        "closed_at": _moments(closed, outcome == 3),
        "loss_reason_stated": _reasons(draws, outcome),
    }
    return pa.table(columns)


def _outcomes(draws: Draws, sector: Ints, closed: Ints) -> Ints:
    n = len(sector)
    effects = np.array([each.effect for each in SECTORS])
    won = draws.chance(0.40 + effects[sector], n)
    missed = draws.pick((0.76, 0.14, 0.10), n) + 1
    return np.where(closed > LAST, 3, np.where(won, 0, missed))


def _reasons(draws: Draws, outcome: Ints) -> pa.Array:
    written = draws.pick((0.4, 0.16, 0.1, 0.1, 0.05, 0.04, 0.03, 0.02, 0.1), len(outcome))
    return _named(REASONS, written, outcome != 1)


def _named(names: Sequence[str], codes: Ints, missing: Flags | None = None) -> pa.Array:
    keys = pa.array(codes.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(keys, pa.array(names)).cast(pa.string())


def _ids(prefix: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _money(amounts: Floats) -> pa.Array:
    return pa.array(amounts).cast(pa.decimal128(18, 4))


def _moments(days: Ints, missing: Flags | None) -> pa.Array:
    return pa.array(stamp(days).astype("datetime64[us]"), mask=missing)
