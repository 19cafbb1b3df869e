"""The leads that come in: from which source, when, and which become deals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.demo.channels import FLOWS, OLD_FILE, Channel, campaign_of
from jalon.demo.days import LAST, day_in, month_starts
from jalon.demo.draws import Draws, Flags, Ints

OLD_LEADS = 400
"""Leads of the file that was bought before the first day."""


@dataclass(frozen=True)
class Flow:
    """The leads, one an index, each of its own company (the same index).

    ``day`` and ``minute`` say when it came; ``deal_day`` when it became a deal, where ``to_deal``.
    """

    source: Ints
    campaign: Ints
    day: Ints
    minute: Ints
    qualified: Flags
    qualified_day: Ints
    to_deal: Flags
    deal_day: Ints

    @property
    def size(self) -> int:
        """How many leads there are."""
        return len(self.source)


def flow(seed: int, scale: float) -> Flow:
    """The leads of three years, then those of the old file."""
    draws = Draws(seed, "flow")
    source, day = _arrivals(draws, scale)
    n = len(source)
    wanted = draws.chance(np.append([each.to_deal for each in FLOWS], 0.0)[source], n)
    longest = np.array([*(each.first for each in FLOWS), 10])[source]
    deal_day = day + draws.whole(3, longest, n)
    to_deal = wanted & (deal_day < LAST)
    late_enough = day + draws.whole(1, 20, n)
    warm = draws.chance(0.18, n) & (late_enough <= LAST) & (source != OLD_FILE)
    return Flow(
        source=source,
        campaign=_campaigns(source, day),
        day=day,
        minute=draws.whole(8 * 60, 18 * 60, n),
        qualified=to_deal | warm,
        qualified_day=np.where(to_deal, draws.whole(day + 1, deal_day, n), late_enough),
        to_deal=to_deal,
        deal_day=deal_day,
    )


def _arrivals(draws: Draws, scale: float) -> tuple[Ints, Ints]:
    sources, days = [], []
    for rank, channel in enumerate(FLOWS):
        found = _days_of(draws, channel, scale)
        sources.append(np.full(len(found), rank))
        days.append(found)
    old = draws.whole(-990, -45, round(OLD_LEADS * scale))
    sources.append(np.full(len(old), OLD_FILE))
    return np.concatenate(sources).astype(np.int64), np.concatenate([*days, old])


def _days_of(draws: Draws, channel: Channel, scale: float) -> Ints:
    months = draws.pick(channel.profile(), round(channel.leads * scale))
    return day_in(draws, months)


def _campaigns(source: Ints, day: Ints) -> Ints:
    months = np.searchsorted(month_starts(), np.maximum(day, 0), side="right") - 1
    known = np.where(source == OLD_FILE, len(FLOWS) - 1, source)
    return campaign_of(known, months)
