"""What is true of the demo company and that a good measure must find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from jalon.demo import channels, companies, contracts, leads, pipeline, surveys, team
from jalon.demo.days import SEASON
from jalon.demo.losses import PRICE, SLOW, Losses
from jalon.demo.pipeline import Deals

EQUAL_SECTORS = ("Services aux entreprises", "Éducation")
"""Two sectors that win as often, whatever the sample says."""


_FAIRS = channels.CHANNELS[channels.SALON]


def _restricted_means() -> dict[int, float]:
    return {months: contracts.restricted_mean(months) for months in (12, 24, 36, 48)}


def _to_deal() -> dict[str, float]:
    return {each.source: each.to_deal for each in channels.FLOWS}


def _costs() -> dict[str, float]:
    return {each.source: each.cost_per_lead for each in channels.CHANNELS}


def _sector_effects() -> dict[str, float]:
    return {each.name: each.effect for each in companies.SECTORS}


def _blanks() -> dict[str, dict[str, float]]:
    return {
        field: dict(zip(channels.SOURCES, shares, strict=False))
        for field, shares in leads.BLANKS.items()
    }


def _salon_lag() -> float:
    """Mean days from the lead to the decision, by construction."""
    to_deal, to_request, to_quote = (3 + _FAIRS.first) / 2, 13.0, 0.6 * 4 + 0.4 * 16.5
    return to_deal + to_request + to_quote + _FAIRS.decides


@dataclass(frozen=True)
class Truths:
    """The planted truths: first what depends on the seed, then what does not.

    Effects are in share points (−0.10 is ten points less). ``true_causes`` are those of the deals
    shown as lost, by share. ``restricted_mean`` is in months, by horizon in months; ``hazards``
    are the chances of leaving, a month, of the loyal and of the others, ``nps`` is that of the
    others and of the loyal. ``blanks``: by field and source, the share of leads without it.
    ``left_open``: the share of not-won deals never closed, by all and by ``leaves_open``.
    """

    true_causes: Mapping[str, float]
    salon_cac: float
    copies_of_siren: int
    copies_of_email: int
    past_retention: int
    late_effect: float = pipeline.LATE_EFFECT
    late_after_days: int = pipeline.LATE_AFTER
    discount_effect: float = 0.0
    team_effect: float = pipeline.TEAM_EFFECT
    salon_lag_days: float = field(default_factory=_salon_lag)
    salon_growth: float = _FAIRS.growth
    loyal_share: float = contracts.LOYAL_SHARE
    hazards: tuple[float, float] = (contracts.LOYAL_HAZARD, contracts.FICKLE_HAZARD)
    restricted_mean: Mapping[int, float] = field(default_factory=_restricted_means)
    bad_source: str = channels.SOURCES[channels.BOUGHT]
    to_deal: Mapping[str, float] = field(default_factory=_to_deal)
    cost_per_lead: Mapping[str, float] = field(default_factory=_costs)
    sector_effects: Mapping[str, float] = field(default_factory=_sector_effects)
    equal_sectors: tuple[str, str] = EQUAL_SECTORS
    blanks: Mapping[str, Mapping[str, float]] = field(default_factory=_blanks)
    na_phones: float = leads.NA_PHONES
    xxx_jobs: float = leads.XXX_JOBS
    season: tuple[float, ...] = SEASON
    growth: float = channels.WORD_OF_MOUTH.growth
    mean_over_median: float = 2.0
    leaves_open: str = team.NAMES[team.LEAVES_OPEN]
    left_open: tuple[float, float] = (pipeline.LEFT_OPEN, pipeline.LEFT_OPEN_BY_ONE)
    nps: tuple[float, float] = (surveys.true_nps(0), surveys.true_nps(1))


def truths(deals: Deals, lost: Losses, file: leads.Leads) -> Truths:
    """The truths of a world."""
    return Truths(
        true_causes=_causes(lost),
        salon_cac=_salon_cac(deals),
        copies_of_siren=file.copies_of_siren,
        copies_of_email=file.copies_of_email,
        past_retention=file.past_retention,
    )


def _causes(lost: Losses) -> dict[str, float]:
    shown = lost.cause[lost.cause >= 0]
    shares = {"Prix": PRICE, "Délai du devis": SLOW}
    return {name: float(np.mean(shown == code)) for name, code in shares.items()}


def _salon_cac(deals: Deals) -> float:
    """What a customer truly costs: the cost of a lead over its chance of becoming one."""
    chances = deals.p[(deals.lead >= 0) & (deals.source == channels.SALON)]
    return _FAIRS.cost_per_lead / (_FAIRS.to_deal * float(chances.mean()))
