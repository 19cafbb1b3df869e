"""Objectives set by the direction, and the outside universe."""

from __future__ import annotations

import numpy as np

from jalon.demo.companies import SECTORS
from jalon.demo.days import MONTHS, START, month_starts, season, stamp
from jalon.demo.draws import Columns, numbered, texts
from jalon.demo.team import TEAMS

MONTHLY = (
    ("revenue", 170_000.0, 0.048),
    ("new_customers", 11.0, 0.035),
    ("meetings_held", 29.0, 0.051),
)
"""Each followed figure: its objective in the first month, and how it grows a month."""
#: How much of the season the direction puts into its objectives.
SEASONAL = 0.3
#: Objectives go on after the last month of the data, to the end of the year.
AHEAD = 3
YEARLY = (("win_rate", 0.48), ("nps", 20.0), ("hold_rate", 0.80))
AUTHOR = "Direction commerciale"


def targets(scale: float) -> Columns:
    """The table of the objectives: by month for all and by team, by year for rates."""
    rows = [*_monthly(scale), *_yearly()]
    kpi, segment, period, value, day = (list(column) for column in zip(*rows, strict=True))
    return {
        "source_id": numbered("OBJ", len(rows), 4),
        "kpi": texts(kpi),
        "segment": texts(segment),
        "period": texts(period),
        "value": np.array(value, dtype=np.float64),
        "set_by": texts([AUTHOR] * len(rows)),
        "set_at": stamp(np.array(day)),
    }


def _monthly(scale: float) -> list[tuple[str, str | None, str, float, int]]:
    starts = month_starts()
    periods = START.astype("datetime64[M]") + np.arange(MONTHS + AHEAD)
    days = (periods.astype("datetime64[D]") - START).astype(np.int64)
    weights = season(days) ** SEASONAL
    rows: list[tuple[str, str | None, str, float, int]] = []
    for month, period in enumerate(map(str, periods)):
        day = int(starts[12 * (month // 12)]) - 15
        for kpi, first, growth in MONTHLY:
            value = float(round(first * scale * (1 + growth) ** month * weights[month]))
            rows.append((kpi, None, period, value, day))
            rows += [(kpi, f"team={team}", period, float(round(value / 3)), day) for team in TEAMS]
    return rows


def _yearly() -> list[tuple[str, str | None, str, float, int]]:
    return [
        (kpi, None, str(year), value, 365 * (year - 2024) + 77)
        for year in (2024, 2025, 2026)
        for kpi, value in YEARLY
    ]


def market() -> Columns:
    """The table of the universe: companies by sector."""
    n = len(SECTORS)
    return {
        "source_id": numbered("UNI", n, 2),
        "sector": texts([each.name for each in SECTORS]),
        "accounts": np.array([each.universe for each in SECTORS]),
        "as_of": stamp(np.full(n, 91)),
    }
