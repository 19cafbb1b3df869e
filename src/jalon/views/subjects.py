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
    """A page: its address and the codes of its texts come from ``name``."""

    name: str
    path: str
    cards: tuple[str, ...]
    panels: tuple[Panel, ...]


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
