"""The fourteen sellers of the demo: three teams, their habits and their skill."""

from __future__ import annotations

import numpy as np

from jalon.demo.days import stamp
from jalon.demo.draws import Columns, Draws, Floats, Ints, labels, numbered, texts

TEAMS = ("Alpes", "Ouest", "Nord")
REGIONS = ("Auvergne-Rhône-Alpes", "Pays de la Loire", "Hauts-de-France")
MANAGERS = ("Irène Castaval", "Bertrand Oluzac", "Sabine Ferroudy")
NAMES = (
    "Agnès Tirvalle",
    "Bruno Mescarel",
    "Chloé Vandorme",
    "Didier Ransolle",
    "Elsa Porquenac",
    "Franck Belazier",
    "Gwen Tarnelou",
    "Hugo Sarmindel",
    "Isabelle Covreau",
    "Jérôme Paldouzier",
    "Karine Lestrevain",
    "Ludovic Omberan",
    "Mélanie Fauquérol",
    "Nicolas Drévessac",
)
TEAM = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2])
SLOWNESS: Floats = np.array(
    [-0.16, -0.08, 0.02, 0.10, 0.16, -0.12, -0.04, 0.04, 0.12, 0.00, -0.10, 0.08, 0.14, -0.16]
)
"""How much more often than the mean a seller's quote leaves late."""
SKILL: Floats = np.array(
    [0.05, 0.02, 0.01, -0.03, -0.05, 0.03, 0.00, 0.01, -0.04, 0.02, 0.04, -0.02, -0.03, -0.01]
)
"""What a seller adds to the chance of winning: the slow ones are a little weaker."""
LEAVES_OPEN = 9
"""The seller who does not close what is lost."""


def reps() -> Columns:
    """The table of the sellers."""
    n = len(NAMES)
    started = np.array([-2400 + 131 * i for i in range(n)])
    return {
        "source_id": numbered("COM", n, 2),
        "name": texts(NAMES),
        "team": labels(TEAMS, TEAM),
        "manager": labels(MANAGERS, TEAM),
        "region": labels(REGIONS, TEAM),
        "started_at": stamp(started),
        "ended_at": stamp(started, where=np.zeros(n, dtype=np.bool_)),
    }


def someone_of(draws: Draws, teams: Ints) -> Ints:
    """A seller of each of these teams."""
    sizes = np.bincount(TEAM)
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return firsts[teams] + draws.whole(0, sizes[teams] - 1, len(teams))


def colleague_of(draws: Draws, reps: Ints) -> Ints:
    """Another seller of the same team for each."""
    sizes = np.bincount(TEAM)
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    teams = TEAM[reps]
    step = draws.whole(1, sizes[teams] - 1, len(reps))
    return np.asarray(firsts[teams] + (reps - firsts[teams] + step) % sizes[teams])
