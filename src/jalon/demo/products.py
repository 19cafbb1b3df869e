"""What Ateliers Belledonne sells."""

from __future__ import annotations

import numpy as np

from jalon.demo.draws import Columns, Floats, Ints, labels, numbered, texts

NAMES = (
    "Agencement sur mesure",
    "Cloisons et plafonds",
    "Mobilier professionnel",
    "Signalétique",
    "Entretien Essentiel",
    "Entretien Complet",
    "Pièces et consommables",
)
FAMILIES = ("Agencement",) * 4 + ("Entretien",) * 2 + ("Pièces",)
LIST_PRICES = (9800.0, 7400.0, 5200.0, 3100.0, 380.0, 790.0, 140.0)
COST_SHARE: Floats = np.array([0.62, 0.60, 0.66, 0.55, 0.42, 0.45, 0.58])
"""The direct cost of a euro of sales."""
WORKS = (0.45, 0.25, 0.20, 0.10)
"""The shares of the four fittings in the deals."""
BASIC, FULL, PARTS = 4, 5, 6


def products() -> Columns:
    """The table of the products."""
    prices = np.array(LIST_PRICES)
    return {
        "source_id": numbered("PRD", len(NAMES), 2),
        "name": texts(NAMES),
        "family": texts(FAMILIES),
        "list_price": prices,
        "unit_cost": np.round(prices * COST_SHARE, 2),
        "currency": euros(len(NAMES)),
    }


def euros(n: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """A column of ``EUR``."""
    return texts(["EUR"] * n)


def named(codes: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The names of these products."""
    return labels(NAMES, codes)
