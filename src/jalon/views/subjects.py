"""The subjects that have a page: what each shows, in order. A new subject is an entry here.

A page is built of whatever of this the workspace's data can measure; the rest is said to be
lacking, with what to bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["series", "columns", "by", "classes", "survival"]


@dataclass(frozen=True)
class Panel:
    """One picture or table of a subject.

    ``series`` a line with its band, ``columns`` bars over time, ``by`` a table by the first of
    ``dimensions`` that the data know, ``classes`` the KPI's own classes as bars. ``wide``: over the
    whole width.
    """

    form: Form
    kpi: str
    dimensions: tuple[str, ...] = ()
    part: str | None = None
    wide: bool = False
    tone: Literal["data", "ref", "guess"] = "data"


@dataclass(frozen=True)
class Subject:
    """A page: its address and the codes of its texts come from ``name``.

    ``more``: the KPIs of the subject that the page names without measuring them, so that it stays
    short and quick.
    """

    name: str
    path: str
    cards: tuple[str, ...]
    panels: tuple[Panel, ...]
    more: tuple[str, ...] = ()

    @property
    def kpis(self) -> tuple[str, ...]:
        """The KPIs of the subject, each once: those of cards and panels, then the others."""
        shown = (*self.cards, *(each.kpi for each in self.panels))
        return tuple(dict.fromkeys((*shown, *self.more)))


SUBJECTS = (
    Subject(
        "prospects",
        "/prospection",
        (
            "list_size",
            "completeness_rate",
            "duplicate_rate",
            "qualification_rate",
            "lead_conversion_rate",
        ),
        (
            Panel("by", "lead_conversion_rate", ("source", "campaign", "sector")),
            Panel("by", "completeness_rate", ("source", "sector", "owner")),
            Panel("series", "lead_conversion_rate", wide=True),
            Panel("by", "qualification_rate", ("campaign", "channel", "sector")),
            Panel("by", "list_size", ("sector", "region", "size_band")),
        ),
        (
            "icp_fit_rate",
            "validity_rate",
            "reachability_rate",
            "hard_bounce_rate",
            "return_to_sender_rate",
            "freshness_days",
            "diversity_index",
            "outreach_volume",
            "prospecting_effort",
            "first_contact_delay",
            "pickup_rate",
            "pitched_call_rate",
            "top_decile_lift",
            "opt_out_rate",
            "prospects_past_retention",
        ),
    ),
    Subject(
        "meetings",
        "/rendez-vous",
        ("meetings_booked", "meetings_held", "hold_rate", "no_show_rate", "team_meeting_share"),
        (
            Panel("columns", "meetings_held", wide=True),
            Panel("by", "hold_rate", ("owner", "team")),
            Panel("by", "meetings_held", ("party", "owner")),
            Panel("by", "no_show_rate", ("source", "sector", "kind")),
            Panel("by", "team_meeting_share", ("owner", "sector")),
        ),
        (
            "booking_rate",
            "recovered_no_show_rate",
            "meeting_win_rate",
            "second_meeting_rate",
            "meetings_per_win",
            "solo_team_gap",
        ),
    ),
    Subject(
        "sales",
        "/ventes",
        (
            "revenue",
            "average_basket",
            "win_rate",
            "created_win_rate",
            "value_win_rate",
            "sales_cycle_days",
            "weighted_pipeline",
            "purchase_frequency",
        ),
        (
            Panel("columns", "revenue", wide=True),
            Panel("series", "win_rate", wide=True),
            Panel("by", "win_rate", ("amount_band", "product", "sector")),
            Panel("by", "revenue", ("product_family", "product", "sector")),
            Panel("by", "average_basket", ("sector", "size_band", "product")),
            Panel("by", "win_rate", ("source", "campaign", "region")),
        ),
        (
            "pipeline_coverage",
            "forecast_accuracy",
            "target_attainment",
            "target_pacing_gap",
            "target_hit_probability",
            "sales_velocity",
            "stage_conversion_rate",
            "win_curve",
            "quote_acceptance_rate",
            "discount_rate",
            "stale_deals",
            "gross_margin_rate",
        ),
    ),
    Subject(
        "losses",
        "/affaires-perdues",
        ("usable_reason_rate", "win_rate", "value_win_rate", "created_win_rate"),
        (
            Panel("classes", "stated_loss_reasons", tone="ref"),
            Panel("classes", "stated_loss_reasons", part="amount", tone="ref"),
            Panel("by", "usable_reason_rate", ("owner", "team")),
            Panel("by", "win_rate", ("competitor", "amount_band", "product")),
            Panel("by", "win_rate", ("owner", "team")),
            Panel("by", "win_rate", ("sector", "size_band", "region")),
            Panel("series", "win_rate", wide=True),
        ),
        (
            "no_decision_rate",
            "competitor_loss_rate",
            "reason_agreement",
            "loss_factor_effect",
        ),
    ),
    Subject(
        "acquisition",
        "/acquisition",
        ("cac", "acquisition_spend", "new_customers", "campaign_roi", "lead_conversion_rate"),
        (
            Panel("columns", "acquisition_spend", wide=True),
            Panel("by", "cac", ("channel", "campaign")),
            Panel("by", "campaign_roi", ("campaign", "channel")),
            Panel("by", "acquisition_spend", ("channel", "campaign", "kind")),
            Panel("by", "new_customers", ("channel", "source", "campaign")),
        ),
        (
            "cost_per_lead",
            "cac_lagged",
            "cac_payback_months",
            "ltv_cac_ratio",
            "attributed_revenue",
        ),
    ),
    Subject(
        "customers",
        "/clients",
        (
            "new_customers",
            "retention_rate",
            "churn_rate",
            "customer_lifetime",
            "repeat_rate",
            "nps",
            "csat",
            "survey_response_rate",
        ),
        (
            Panel("columns", "new_customers", wide=True),
            Panel("by", "retention_rate", ("sector", "size_band", "region")),
            Panel("by", "customer_lifetime", ("sector", "size_band", "region")),
            Panel("by", "nps", ("sector", "team", "owner")),
            Panel("by", "repeat_rate", ("sector", "source", "region")),
        ),
        (
            "customer_lifetime_value",
            "revenue_per_customer",
            "net_revenue_retention",
            "new_customer_revenue_share",
            "revenue_concentration",
            "ces",
        ),
    ),
    Subject(
        "sectors",
        "/secteurs",
        ("new_customers", "revenue", "win_rate"),
        (
            Panel("classes", "sector_conversion_rate", wide=True),
            Panel("classes", "accounts_by_sector"),
            Panel("by", "revenue", ("sector",)),
            Panel("by", "average_basket", ("sector",)),
            Panel("by", "customer_lifetime", ("sector",)),
        ),
        (
            "penetration_rate",
            "icp_fit_rate",
            "diversity_index",
        ),
    ),
    Subject(
        "team",
        "/equipe",
        ("revenue", "win_rate", "sales_cycle_days", "meetings_held", "hold_rate"),
        (
            Panel("by", "win_rate", ("owner", "team")),
            Panel("by", "revenue", ("owner", "team")),
            Panel("by", "meetings_held", ("owner", "team")),
            Panel("by", "sales_cycle_days", ("owner", "team")),
            Panel("by", "win_rate", ("team", "manager", "rep_region")),
            Panel("by", "usable_reason_rate", ("owner",)),
        ),
        (
            "target_attainment",
            "target_pacing_gap",
            "prospecting_effort",
            "meeting_win_rate",
            "discount_rate",
            "stale_deals",
        ),
    ),
)

#: The overview's cards, those that most businesses run by.
HEADLINES = (
    "revenue",
    "win_rate",
    "new_customers",
    "average_basket",
    "cac",
    "hold_rate",
    "customer_lifetime",
    "nps",
    "lead_conversion_rate",
    "sales_cycle_days",
    "repeat_rate",
    "list_size",
)
HEADLINES_SHOWN = 8


def subject(name: str) -> Subject:
    """The subject of that name. Raises KeyError."""
    return next(each for each in SUBJECTS if each.name == name)
