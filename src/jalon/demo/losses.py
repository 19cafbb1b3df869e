"""Why deals are lost: what truly happened, what the seller writes, what the buyer says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.demo.draws import Columns, Draws, Flags, Ints, Texts, blanked, labels
from jalon.demo.pipeline import LATE_EFFECT, Deals

REASONS = (
    "Prix",
    "Autre solution retenue",
    "Budget",
    "Report",
    "Offre inadaptée",
    "Relation",
    "Pas de besoin",
    "Délai du devis",
    "Autre",
)
PRICE, RIVAL, SLOW = 0, 1, 7
_CAUSES = (0.22, 0.22, 0.13, 0.14, 0.12, 0.09, 0.08, 0.0, 0.0)
"""The causes of losses that lateness did not make."""
_WRITTEN = (0.56, 0.12, 0.10, 0.08, 0.02, 0.0, 0.0, 0.0, 0.12)
"""What a seller writes who does not give the true cause."""
STATED_RIGHT = 0.40
NOT_STATED = 0.08
BUYER_ASKED = 0.30
RIVALS = ("Agencements Ormevire", "Vantrel Maintenance", "Groupe Solandier", "Ateliers Quenoisel")
_COMMENTS = (
    "Trouve notre prix trop élevé",
    "A retenu une autre solution",
    "Pas de budget cette année",
    "Projet repoussé à l'an prochain",
    "Notre offre ne couvre pas tout le besoin",
    "Le contact n'a pas accroché",
    "Finalement pas de besoin",
    "Devis arrivé trop tard, l'autre avait déjà répondu",
    "Sans plus de précision",
)


@dataclass(frozen=True)
class Losses:
    """For each deal the true cause (−1 where it is not shown as lost), and the columns written."""

    cause: Ints
    columns: Columns


def losses(seed: int, deals: Deals) -> Losses:
    """The causes and reasons of the lost deals."""
    draws = Draws(seed, "losses")
    cause = np.where(deals.lost, _causes(draws, deals), -1)
    stated = _stated(draws, cause)
    asked = deals.lost & draws.chance(BUYER_ASKED, deals.size)
    told = deals.lost & draws.chance(0.25, deals.size)
    columns = {
        "loss_reason_stated": labels(REASONS, stated),
        "loss_reason_buyer": labels(REASONS, np.where(asked, cause, -1)),
        "loss_comment": labels(_COMMENTS, np.where(told, stated, -1)),
        "competitor": _rivals(draws, deals.lost, cause),
    }
    return Losses(cause, columns)


def _causes(draws: Draws, deals: Deals) -> Ints:
    """A late quote is the cause of the share of late losses that would else have been won."""
    by_lateness = np.where(deals.late, -LATE_EFFECT / np.maximum(1 - deals.p, 0.05), 0.0)
    slow = draws.chance(by_lateness, deals.size)
    return np.where(slow, SLOW, draws.pick(_CAUSES, deals.size))


def _stated(draws: Draws, cause: Ints) -> Ints:
    n = len(cause)
    right = draws.chance(STATED_RIGHT, n)
    written = np.where(right, cause, draws.pick(_WRITTEN, n))
    silent = draws.chance(NOT_STATED, n) | (cause < 0)
    return np.where(silent, -1, written).astype(np.int64)


def _rivals(draws: Draws, lost: Flags, cause: Ints) -> Texts:
    n = len(cause)
    known = lost & draws.chance(np.where(cause == RIVAL, 0.8, 0.3), n)
    return blanked(labels(RIVALS, draws.pick((0.4, 0.3, 0.2, 0.1), n)), ~known)
