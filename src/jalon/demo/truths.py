"""What is true of the demo company and that a good measure must find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jalon.demo import channels, companies, contracts, leads, pipeline, surveys, team
from jalon.demo.days import SEASON
from jalon.demo.flow import Flow
from jalon.demo.losses import PRICE, SLOW, Losses
from jalon.demo.pipeline import Deals

EQUAL_SECTORS = ("Logistique", "Agroalimentaire")
"""Two sectors that win as often, whatever the sample says."""
OBSERVED_TO = "2026-09-30"


@dataclass(frozen=True)
class Truths:
    """The planted truths, by the number of their section in ``docs/demo.md``.

    Effects are in share points (−0.10 is ten points less). ``true_causes`` are those of the deals
    shown as lost, by share. ``restricted_mean`` is in months, by horizon in months.
    """

    late_effect: float
    late_after_days: int
    discount_effect: float
    true_causes: Mapping[str, float]
    team_effect: float
    salon_lag_days: float
    salon_growth: float
    salon_cac: float
    loyal_share: float
    hazards: tuple[float, float]
    restricted_mean: Mapping[int, float]
    bad_source: str
    to_deal: Mapping[str, float]
    cost_per_lead: Mapping[str, float]
    sector_effects: Mapping[str, float]
    equal_sectors: tuple[str, str]
    copies_of_siren: int
    copies_of_email: int
    blanks: Mapping[str, Mapping[str, float]]
    na_phones: float
    xxx_jobs: float
    past_retention: int
    season: tuple[float, ...]
    growth: float
    mean_over_median: float
    leaves_open: str
    left_open: tuple[float, float]
    nps: tuple[float, float]


def truths(flow: Flow, deals: Deals, lost: Losses, file: leads.Leads) -> Truths:
    """The truths of a world."""
    salon = channels.CHANNELS[channels.SALON]
    return Truths(
        late_effect=pipeline.LATE_EFFECT,
        late_after_days=pipeline.LATE_AFTER,
        discount_effect=0.0,
        true_causes=_causes(lost),
        team_effect=pipeline.TEAM_EFFECT,
        salon_lag_days=_salon_lag(),
        salon_growth=salon.growth,
        salon_cac=_salon_cac(flow, deals),
        loyal_share=contracts.LOYAL_SHARE,
        hazards=(contracts.LOYAL_HAZARD, contracts.FICKLE_HAZARD),
        restricted_mean={m: contracts.restricted_mean(m) for m in (12, 24, 36, 48)},
        bad_source=channels.SOURCES[channels.BOUGHT],
        to_deal={each.source: each.to_deal for each in channels.FLOWS},
        cost_per_lead={each.source: each.cost_per_lead for each in channels.CHANNELS},
        sector_effects={each.name: each.effect for each in companies.SECTORS},
        equal_sectors=EQUAL_SECTORS,
        copies_of_siren=file.copies_of_siren,
        copies_of_email=file.copies_of_email,
        blanks=_blanks(),
        na_phones=leads.NA_PHONES,
        xxx_jobs=leads.XXX_JOBS,
        past_retention=file.past_retention,
        season=SEASON,
        growth=channels.WORD_OF_MOUTH.growth,
        mean_over_median=2.0,
        leaves_open=team.NAMES[team.LEAVES_OPEN],
        left_open=(pipeline.LEFT_OPEN, pipeline.LEFT_OPEN_BY_ONE),
        nps=(surveys.true_nps(0), surveys.true_nps(1)),
    )


def _causes(lost: Losses) -> dict[str, float]:
    shown = lost.cause[lost.cause >= 0]
    shares = {"Prix": PRICE, "Délai du devis": SLOW}
    return {name: float(np.mean(shown == code)) for name, code in shares.items()}


def _salon_lag() -> float:
    """Mean days from the lead to the decision, by construction."""
    salon = channels.CHANNELS[channels.SALON]
    to_deal, to_request, to_quote = (3 + salon.first) / 2, 13.0, 0.6 * 4 + 0.4 * 16.5
    return to_deal + to_request + to_quote + salon.decides


def _salon_cac(flow: Flow, deals: Deals) -> float:
    """What a customer truly costs: the cost of all the leads over the customers they must give."""
    salon = channels.CHANNELS[channels.SALON]
    chances = deals.p[(deals.lead >= 0) & (deals.source == channels.SALON)]
    share = salon.to_deal * float(chances.mean())
    return salon.cost_per_lead / share


def _blanks() -> dict[str, dict[str, float]]:
    pairs = {field: zip(channels.SOURCES, shares, strict=False) for field, shares in leads.BLANKS.items()}
    return {field: dict(found) for field, found in pairs.items()}
