"""Where prospects come from: sources, channels, campaigns and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.demo.days import MONTHS, month_starts, profile, stamp
from jalon.demo.draws import Columns, Floats, Ints, labels, numbered, texts

KINDS = ("Média", "Salaires", "Outils")
BILLED_ON = 25
"""The day of the month of the spend: one that no reader takes for a month."""


@dataclass(frozen=True)
class Channel:
    """A paid channel.

    ``leads``: how many in three years; ``growth``: of its spend, a month; ``to_deal``: the chance
    that a lead becomes a deal; ``first``: the most days from lead to deal; ``decides``: mean days
    from quote to decision; ``split``: the shares of `KINDS` in its spend.
    """

    name: str
    source: str
    leads: int
    growth: float
    seasonal: bool
    cost_per_lead: float
    to_deal: float
    first: int
    decides: float
    months: int
    split: tuple[float, float, float]

    def profile(self) -> Floats:
        """The share of each month in its spend, and so in its leads."""
        return profile(self.growth, seasonal=self.seasonal)


CHANNELS = (
    Channel("Salons", "Salon", 900, 0.05, False, 260, 0.50, 26, 86, 6, (0.60, 0.30, 0.10)),
    Channel(
        "Publicité en ligne",
        "Publicité en ligne",
        1000,
        0.01,
        True,
        95,
        0.34,
        14,
        30,
        6,
        (0.70, 0.20, 0.10),
    ),
    Channel("E-mailing", "E-mailing", 650, 0.01, True, 40, 0.29, 14, 30, 6, (0.25, 0.45, 0.30)),
    Channel(
        "Fichiers achetés",
        "Fichier acheté",
        2300,
        0.01,
        True,
        9,
        0.065,
        20,
        30,
        12,
        (0.50, 0.40, 0.10),
    ),
    Channel(
        "Partenaires", "Partenaire", 400, 0.01, True, 120, 0.45, 14, 30, 12, (0.40, 0.50, 0.10)
    ),
)
WORD_OF_MOUTH = Channel("", "Recommandation", 220, 0.01, True, 0, 0.65, 10, 30, 36, (0, 0, 0))
"""Not a paid channel: no campaign, no spend."""
FLOWS = (*CHANNELS, WORD_OF_MOUTH)
SOURCES = (*(flow.source for flow in FLOWS), "Ancien fichier", "Client existant", "Relance")
OLD_FILE, EXISTING, RETRY = 6, 7, 8
SALON, BOUGHT = 0, 3
SOURCE_EFFECT: Floats = np.array([0.0, 0.0, -0.02, -0.08, 0.03, 0.06, 0.0, 0.05, -0.04])
"""What a source adds to the chance that a deal is won."""


def first_campaigns() -> Ints:
    """The number of the first campaign of each channel."""
    counts = [MONTHS // channel.months for channel in CHANNELS]
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def campaign_of(source: Ints, months: Ints) -> Ints:
    """The campaign that brought a lead of that source in that month; −1 for none."""
    lengths = np.array([flow.months for flow in FLOWS])[source]
    firsts = np.append(first_campaigns(), -1)[source]
    return np.where(firsts < 0, -1, firsts + months // lengths).astype(np.int64)


def campaign_names() -> list[str]:
    """The names of the campaigns, in order."""
    return [_name(channel, i) for channel in CHANNELS for i in range(MONTHS // channel.months)]


def _name(channel: Channel, rank: int) -> str:
    if channel.months == 12:
        return f"{channel.name} {2023 + rank}-{2024 + rank}"
    season = "hiver" if rank % 2 == 0 else "été"
    return f"{channel.name} {season} {2024 + rank // 2}"


def campaigns() -> Columns:
    """The table of the campaigns."""
    pairs = [(c, i) for c in CHANNELS for i in range(MONTHS // c.months)]
    starts = month_starts()
    names = campaign_names()
    return {
        "source_id": numbered("CAM", len(names), 2),
        "name": texts(names),
        "channel": texts([channel.name for channel, _ in pairs]),
        "started_at": stamp(np.array([starts[i * c.months] for c, i in pairs])),
        "ended_at": stamp(np.array([starts[(i + 1) * c.months] - 1 for c, i in pairs])),
    }


def spend(scale: float) -> Columns:
    """The table of the spend: each month, channel and kind."""
    shape = (len(CHANNELS), MONTHS, len(KINDS))
    channel, month, kind = (axis.ravel() for axis in np.indices(shape))
    amounts = np.stack([_amounts(each, scale) for each in CHANNELS])
    names = campaign_names()
    return {
        "source_id": numbered("DEP", channel.size),
        "campaign": labels(names, campaign_of(channel, month)),
        "channel": labels([each.name for each in CHANNELS], channel),
        "kind": labels(KINDS, kind),
        "amount": amounts.ravel(),
        "currency": labels(("EUR",), np.zeros(channel.size, dtype=np.int64)),
        "happened_at": stamp(month_starts()[month] + BILLED_ON - 1),
    }


def _amounts(channel: Channel, scale: float) -> Floats:
    monthly = channel.profile() * channel.leads * scale * channel.cost_per_lead
    return np.asarray(np.round(monthly[:, None] * np.array(channel.split)[None, :], 2))
