"""Every visual element on one page, where the design is judged: figures invented, coherent."""

from __future__ import annotations

from dataclasses import dataclass

from jalon import locale
from jalon.charts.data import Columns, Funnel, Limits, Point, Series
from jalon.views import paths
from jalon.views.frame import frame
from jalon.views.parts import (
    Badge,
    Card,
    Change,
    Figure,
    Frame,
    Lack,
    Notice,
    Picture,
    Row,
    Sentence,
    Shrunk,
    Spark,
    Table,
)
from jalon.views.source import Source

COUNTED = "275 sur 1\u202f042"


@dataclass(frozen=True)
class PatternsView:
    """``frame``: menu. The other fields are the elements, one kind each, as pages have them."""

    frame: Frame
    sentences: tuple[Sentence, ...]
    notices: tuple[Notice, ...]
    cards: tuple[Card, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    lacks: tuple[Lack, ...]
    tokens: tuple[str, ...]


def patterns_view(source: Source) -> PatternsView:
    """The page."""
    lang = source.lang
    return PatternsView(
        frame=frame(source, paths.PATTERNS, locale.text("page.patterns", lang), formats=()),
        sentences=(
            Sentence("Chiffre d’affaires, T3 2026\u00a0: 1,06\u00a0M€, −4\u202f% contre T3 2025."),
            Sentence("Le taux de succès n'a pas bougé au-delà du hasard.", quiet=True),
        ),
        notices=tuple(
            Notice(tone, f"Élément «\u00a0{tone}\u00a0»", "son texte,", "son détail.")
            for tone in ("bad", "guess", "plain", "good")
        ),
        cards=_cards(),
        pictures=(_picture(bars=False), _picture(bars=True), _funnel()),
        tables=(_table(bars=False), _table(bars=True)),
        lacks=(Lack(("Rendez-vous honorés",), "les rendez-vous", "Export de l’agenda."),),
        tokens=("paper", "surface", "soft", "ink", "muted", "line", "data", "data-soft", "ref",
                "good", "good-soft", "bad", "bad-soft", "guess", "guess-soft", "pole"),
    )  # fmt: skip


def _figure(
    value: float, change: Change | None, *badges: Badge, missing: str | None = None
) -> Figure:
    return Figure(
        "win_rate", None, "percent", None if missing else value, value - 0.03, value + 0.03, 0.95,
        1042, 275, 1042, "deal", None, "–" if missing else f"{value * 100:.1f}".replace(".", ","),
        "" if missing else "%", "" if missing else "23,8 à 29,1", COUNTED, COUNTED, change,
        badges, (), missing, "Choisissez une période plus longue." if missing else None,
    )  # fmt: skip


def _change(arrow: str, text: str, tone: str) -> Change:
    return Change(arrow, text, tone, 0.01, 0.0, 0.02, tone != "noise", "T3 2025")  # type: ignore[arg-type]


def _cards() -> tuple[Card, ...]:
    values = tuple(0.25 + 0.02 * ((n * 7) % 5 - 2) for n in range(13))
    line = Spark(
        values, tuple(v - 0.02 for v in values), tuple(v + 0.02 for v in values), "13 derniers mois"
    )
    figures = (
        _figure(0.264, _change("≈", "+0,9 pt", "noise")),
        _figure(0.231, _change("▼", "−4,1 pt", "bad"), Badge("n faible")),
        _figure(0.302, _change("▲", "+5,1 pt", "good"), Badge("71\u202f% mûr", "guess")),
        _figure(0.0, None, missing="Aucune ligne ne compte dans cette période."),
    )
    return tuple(
        Card("Taux de succès", "/modeles", each, line if each.value else None) for each in figures
    )


def _picture(bars: bool) -> Picture:
    points = tuple(
        Point(f"mois {n + 1}", 0.2 + 0.01 * ((n * 5) % 9), 0.18 + 0.01 * ((n * 5) % 9),
              0.22 + 0.01 * ((n * 5) % 9), "/modeles", f"mois {n + 1}")
        for n in range(18)
    )  # fmt: skip
    past = tuple(0.21 + 0.01 * ((n * 3) % 7) for n in range(18))
    kind = Columns if bars else Series
    chart = kind(points, past, "percent", provisional=(16, 17), alt="Un dessin d'exemple.")
    return Picture(
        "Dessin", "bande : intervalle à 95 %", chart, "Un dessin d'exemple.", _table(bars)
    )


def _shrunk(value: float) -> Shrunk:
    text = f"{value * 100:.1f}\u202f%".replace(".", ",")
    return Shrunk(value, value - 0.02, value + 0.02, 0.25, text, "23,8 à 29,1")


def _funnel() -> Picture:
    sizes = (30.0, 60.0, 90.0, 130.0, 180.0, 240.0)
    rates = (0.42, 0.21, 0.27, 0.11, 0.28, 0.25)
    points = tuple(
        Point(f"groupe {n + 1}", rate, None, None, "/modeles", f"groupe {n + 1}")
        for n, rate in enumerate(rates)
    )
    limits = tuple(
        Limits(label, sizes, tuple(0.25 - wide / size**0.5 for size in sizes),
               tuple(0.25 + wide / size**0.5 for size in sizes))
        for label, wide in (("95\u202f%", 0.85), ("99,8\u202f%", 1.34))
    )  # fmt: skip
    alt = "Un groupe sort des limites."
    chart = Funnel(points, sizes, 0.25, limits, (3,), alt=alt)
    return Picture("Entonnoir", "traits : limites à 95 et 99,8 %", chart, alt)


def _table(bars: bool) -> Table:
    names = ("Industrie", "Santé", "Services aux entreprises", "Logistique")
    rows = tuple(
        Row(
            name,
            "/modeles",
            "/modeles",
            _figure(0.32 - 0.03 * n, None),
            1 - 0.2 * n,
            None if bars else _shrunk(0.3 - 0.02 * n),
        )
        for n, name in enumerate(names)
    )
    note = "en parts" if bars else "par secteur"
    return Table(
        f"exemple-{bars}", "Taux de succès", note, "Secteur", "Taux", "Compte", rows,
        None if bars else (0.15, 0.4), None if bars else 0.264, bars,
        "Seul « Industrie » se distingue des autres au-delà du hasard.",
        "" if bars else "Lissé",
    )  # fmt: skip
