"""One chart of each kind, as pages make them."""

from __future__ import annotations

from jalon.charts.data import (
    Chart,
    Columns,
    Curve,
    Funnel,
    Limits,
    Point,
    Series,
    Survival,
)

MONTHS = ("oct.", "nov.", "déc.", "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.")


def point(index: int, value: float | None, around: float = 0.03) -> Point:
    """A rate of a month, with its interval and its rows."""
    label = f"{MONTHS[index % 10]} {24 + index // 10}"
    if value is None:
        return Point(label, None)
    href = f"/affaires?kpi=win_rate&mois=2026-{index}"
    return Point(label, value, value - around, value + around, href, f"{label} : {value:.1%}, n 87")


RATES = tuple(0.25 + 0.013 * (index * 7 % 5) for index in range(24))
SERIES = Series(
    tuple(point(index, value) for index, value in enumerate(RATES)),
    reference=(*(value - 0.01 for value in RATES[:23]), None),
    unit="percent",
    provisional=(22, 23),
    alt="Le taux de succès n’a pas bougé au-delà du hasard.",
)
COLUMNS = Columns(
    tuple(point(index, 300_000.0 + 9_000 * index) for index in range(12)),
    reference=tuple(290_000.0 + 5_000 * index for index in range(11)),
    unit="EUR",
    provisional=frozenset({11}),
    alt="Le chiffre d’affaires monte.",
)
MONTHS_OF_LIFE = tuple(float(month) for month in range(37))
SURVIVAL = Survival(
    (
        Curve(
            "clients 2024",
            MONTHS_OF_LIFE,
            tuple(0.97**month for month in MONTHS_OF_LIFE),
            tuple(0.96**month for month in MONTHS_OF_LIFE),
            tuple(0.98**month for month in MONTHS_OF_LIFE),
        ),
        Curve("clients 2023", MONTHS_OF_LIFE, tuple(0.968**month for month in MONTHS_OF_LIFE)),
    ),
    alt="Un client sur trois est là après trois ans.",
)
NEGATIVE = Columns(
    tuple(point(index, value) for index, value in enumerate((4_000.0, -1_500.0, 2_500.0))),
    unit="EUR",
    alt="Des avoirs en novembre.",
)
EMPTY = Series(tuple(Point(label, None) for label in MONTHS), alt="Rien encore.")
SINGLE = Series((point(0, 0.3),), unit="percent", alt="Un mois.")
SIZES = (24.0, 60.0, 110.0, 180.0, 290.0)
FUNNEL = Funnel(
    tuple(
        Point(f"Rep {index}", rate, href=f"/affaires?owner={index}", title=f"Rep {index}, n 87")
        for index, rate in enumerate((0.41, 0.12, 0.27, 0.3, 0.24))
    ),
    SIZES,
    0.26,
    (
        Limits("95\u202f%", SIZES, (0.1, 0.15, 0.18, 0.2, 0.21), (0.45, 0.37, 0.34, 0.33, 0.31)),
        Limits("99,8\u202f%", SIZES, (0.0, 0.1, 0.14, 0.16, 0.18), (0.6, 0.45, 0.4, 0.37, 0.35)),
    ),
    named=(1,),
    alt="Un commercial sort des limites.",
)
KINDS: dict[str, Chart] = {
    "series": SERIES,
    "columns": COLUMNS,
    "survival": SURVIVAL,
    "funnel": FUNNEL,
    "negative": NEGATIVE,
    "empty": EMPTY,
    "single": SINGLE,
    "none": Series((), alt="Rien."),
    "no-columns": Columns((), alt="Rien."),
    "no-funnel": Funnel((), alt="Rien."),
    "no-curve": Survival((), alt="Rien."),
}
