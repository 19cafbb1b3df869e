"""The canonical tables: one declaration that drives store, mapping, validation, erasure and docs.

A table is what was imported (its own columns), then what can be worked out from it: a *path* finds
a dimension along declared references, a *child* counts or bounds the rows that point here, a
*derived* column is an expression over the former. Expressions are in the KPI language, that is SQL
over the declared columns; ``:as_of`` is the end of the last day that may be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, whatever the engine."""

    TEXT = "text"
    CODE = "code"
    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    MOMENT = "moment"
    FLAG = "flag"
    SHARE = "share"
    REFERENCE = "reference"

    @property
    def sql(self) -> str:
        """The column type in the store. A reference is the integer of its interned text."""
        return SQL_TYPES[self]


SQL_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.NUMBER: "DOUBLE",
    Kind.INTEGER: "BIGINT",
    Kind.MOMENT: "TIMESTAMP",
    Kind.FLAG: "BOOLEAN",
    Kind.SHARE: "DOUBLE",
    Kind.REFERENCE: "INTEGER",
}


@dataclass(frozen=True)
class Column:
    """A column as imported.

    ``few``: holds few different values, so it can be a key of a cell. ``personal``: says something
    about a person. ``event``: its dates say until when the source was fed, for the rows that meet
    ``event_if`` (a meeting that is only planned says nothing of its day). ``dated_by``: the moment
    that dates this value, before which it was ``before``. ``history``: the child that tells what it
    was under a past clock. ``values``: the only ones allowed.
    ``required``: a row without it is refused. ``to``: the table that a reference points to.
    ``check``: how its values are checked at intake (a module of ``intake/checks``); the table then
    also has ``<name>_normal`` and ``<name>_state``, worked out ``of`` it and mapped by nobody.
    """

    name: str
    kind: Kind
    fr: str
    en: str
    to: str | None = None
    few: bool = False
    personal: bool = False
    event: bool = False
    event_if: str | None = None
    required: bool = False
    default: str | bool | None = None
    dated_by: str | None = None
    before: str | None = None
    history: str | None = None
    values: tuple[str, ...] = ()
    check: str | None = None
    of: str | None = None


#: What a check says of a value; nothing where there is none. Unchecked: no rule is known for it
#: (the postcode of a far country).
STATES = ("valid", "invalid", "unchecked")


def _worked_out(column: Column) -> tuple[Column, ...]:
    """A checked column, then its value in normal form (none unless valid) and its state."""
    if column.check is None:
        return (column,)
    normal = Column(
        f"{column.name}_normal",
        column.kind,
        f"{column.fr} (forme normale)",
        f"{column.en} (normal form)",
        few=column.few,
        personal=column.personal,
        of=column.name,
    )
    state = Column(
        f"{column.name}_state",
        Kind.CODE,
        f"{column.fr} (validité)",
        f"{column.en} (validity)",
        few=True,
        personal=column.personal,
        values=STATES,
        of=column.name,
    )
    return column, normal, state


@dataclass(frozen=True)
class Child:
    """A figure about the rows of ``table`` whose reference ``by`` points here.

    ``does`` is count, distinct, min, second (the second lowest), max, sum, or last (by the child's
    date) of ``column``, over the rows that meet ``where``
    (an expression over the child's own columns, its keys, and ``parent_…`` columns of this row).
    """

    name: str
    table: str
    by: str
    does: str
    column: str | None = None
    where: str | None = None
    kind: Kind = Kind.INTEGER


@dataclass(frozen=True)
class Earliest:
    """What the earliest row of ``table`` whose reference ``by`` points here has as ``column``.

    ``column`` may be one that is worked out there; ``where`` says which rows count, ``at`` dates
    them; a row of which it is not known is passed over.
    """

    name: str
    table: str
    by: str
    column: str
    at: str
    where: str
    kind: Kind
    fr: str
    en: str


@dataclass(frozen=True)
class Derived:
    """A column worked out from the others of the row, in the KPI expression language.

    ``window``: among the rows of the same customer, counted in order of the table's date.
    """

    name: str
    kind: Kind
    expression: str
    fr: str = ""
    en: str = ""
    few: bool = False


@dataclass(frozen=True)
class Silences:
    """How long a row goes without a contact, between its ``start`` and its ``end``.

    A contact is a row of one of the tables ``of`` (table, moment, condition on its status or None)
    whose reference ``by`` points here. The table then also has ``last_contact_at`` and
    ``longest_silence_days``, its start and its end being looked at as contacts.
    """

    by: str
    of: tuple[tuple[str, str, str | None], ...]
    start: str
    end: str


#: What silences add to a table.
SILENCE_COLUMNS: Mapping[str, Kind] = {
    "last_contact_at": Kind.MOMENT,
    "longest_silence_days": Kind.INTEGER,
}


@dataclass(frozen=True)
class Revision:
    """What the versions of a row, from one import to the next, tell of one of its columns.

    ``does``: ``first``, the first value known; ``later``, how many times it moved to a later one.
    """

    name: str
    column: str
    does: str
    kind: Kind
    fr: str
    en: str


@dataclass(frozen=True)
class Table:
    """A canonical table. ``paths``: for a dimension, where it is looked for, in order; a path is
    references and then a column (``account.sector``), the row's own column being its name alone.

    ``natural``: the column that names a row to a person, by which references may be linked.
    ``customer``: the expression paths to who is counted as the customer.
    ``born``: the moment from which the row exists.
    """

    name: str
    fr: str
    en: str
    columns: tuple[Column, ...]
    born: str | None = None
    natural: str | None = None
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    derived: tuple[Derived, ...] = ()
    customer: tuple[str, ...] = ()
    revisions: tuple[Revision, ...] = ()
    silences: Silences | None = None
    earliest: tuple[Earliest, ...] = ()

    def __post_init__(self) -> None:
        columns = tuple(each for column in self.columns for each in _worked_out(column))
        object.__setattr__(self, "columns", columns)

    def column(self, name: str) -> Column:
        """The imported column of that name. Raises KeyError."""
        return self._by_name[name]

    @property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    def fillable(self) -> tuple[Column, ...]:
        """The columns that a file may fill: all but those worked out of others at intake."""
        return tuple(column for column in self.columns if column.of is None)

    def references(self) -> Iterator[Column]:
        """The columns that point to another table."""
        return (column for column in self.columns if column.kind is Kind.REFERENCE)


def _text(name: str, fr: str, en: str, **more: object) -> Column:
    return Column(name, Kind.TEXT, fr, en, **more)  # type: ignore[arg-type]


def _code(name: str, fr: str, en: str, **more: object) -> Column:
    return Column(name, Kind.CODE, fr, en, few=True, **more)  # type: ignore[arg-type]


def _money(name: str, fr: str, en: str, **more: object) -> Column:
    return Column(name, Kind.MONEY, fr, en, **more)  # type: ignore[arg-type]


def _when(name: str, fr: str, en: str, **more: object) -> Column:
    return Column(name, Kind.MOMENT, fr, en, **more)  # type: ignore[arg-type]


def _clock(name: str, fr: str, en: str) -> Column:
    """A moment that is not known before it comes."""
    return _when(name, fr, en, dated_by=name)


def _to(name: str, table: str, fr: str, en: str, **more: object) -> Column:
    return Column(name, Kind.REFERENCE, fr, en, to=table, **more)  # type: ignore[arg-type]


OUTCOMES = ("open", "won", "lost", "no_decision")
#: Entering a stage where deals are lost is no step forward, whatever rank the CRM gives it.
_FORWARD = (
    "coalesce(lower(trim(stage)), '') not in ('lost', 'closed lost', 'closedlost', 'perdu', "
    "'perdue', 'perdus', 'perdues', 'fermé perdu', 'fermée perdue', 'sans suite', 'abandonnée')"
)
#: How a deal is known to have entered a stage: its source dates it, or two imports show it.
ENTRIES = ("told", "observed")
MEETING_STATUSES = (
    "booked",
    "held",
    "no_show",
    "not_held",
    "cancelled",
    "cancelled_by_us",
    "cancelled_by_them",
    "rescheduled",
)

#: What we did towards somebody: an activity without a direction is ours.
_OURS = "coalesce(direction, 'outbound') = 'outbound'"

ACCOUNT = Table(
    "account",
    "Comptes",
    "Accounts",
    natural="name",
    born="created_at",
    columns=(
        _text("name", "Nom", "Name"),
        _code("status", "Statut", "Status"),
        _text("siren", "SIREN", "SIREN", check="siren"),
        _text("siret", "SIRET", "SIRET", check="siret"),
        _text("vat_number", "N° de TVA", "VAT number", check="vat"),
        _code("naf_code", "Code NAF", "NAF code", check="naf"),
        _code("sector", "Secteur", "Sector"),
        Column("employees", Kind.INTEGER, "Effectif", "Employees"),
        _code("size_band", "Taille", "Size band"),
        _text("city", "Ville", "City"),
        _text("postcode", "Code postal", "Postcode", check="postcode"),
        _code("region", "Région", "Region"),
        _code("country", "Pays", "Country"),
        _text("email", "E-mail", "Email", personal=True, check="email"),
        _text("phone", "Téléphone", "Phone", personal=True, check="phone"),
        _to("owner", "rep", "Commercial", "Owner"),
        _when("created_at", "Créé le", "Created at", event=True),
    ),
    paths={
        "sector": ("sector",),
        "region": ("region",),
        "size_band": ("size_band",),
        "country": ("country",),
        "owner": ("owner",),
        "team": ("owner.team",),
        "rep_region": ("owner.region",),
    },
    children=(
        Child(
            "first_order_at",
            "invoice",
            "account",
            "min",
            "happened_at",
            "kind = 'invoice' and coalesce(status, '') <> 'draft'",
            Kind.MOMENT,
        ),
        Child(
            "first_won_at", "deal", "account", "min", "closed_at", "outcome = 'won'", Kind.MOMENT
        ),
        Child("won_deals", "deal", "account", "count", None, "outcome = 'won' and not invalid"),
        Child(
            "closed_deals",
            "deal",
            "account",
            "count",
            None,
            "outcome in ('won', 'lost') and not invalid",
        ),
    ),
    derived=(
        Derived(
            "standing",
            Kind.CODE,
            "case when status in ('customer', 'prospect') then status "
            "when first_order_at is not null or won_deals > 0 then 'customer' "
            "else 'prospect' end",
            "Client ou prospect",
            "Customer or prospect",
            few=True,
        ),
    ),
)

CONTACT = Table(
    "contact",
    "Contacts",
    "Contacts",
    natural="name",
    born="created_at",
    columns=(
        _to("account", "account", "Compte", "Account"),
        _text("name", "Nom", "Name", personal=True),
        _text("job_title", "Fonction", "Job title"),
        _text("email", "E-mail", "Email", personal=True, check="email"),
        _text("phone", "Téléphone", "Phone", personal=True, check="phone"),
        _to("owner", "rep", "Commercial", "Owner"),
        _when("created_at", "Créé le", "Created at", event=True),
        _clock("last_inbound_at", "Dernier contact reçu", "Last inbound contact"),
        _clock("last_outbound_at", "Dernier contact émis", "Last outbound contact"),
        _clock("last_verified_at", "Vérifié le", "Verified at"),
        _clock("opted_out_at", "Opposition le", "Opted out at"),
    ),
    paths={
        "sector": ("account.sector",),
        "region": ("account.region",),
        "size_band": ("account.size_band",),
        "owner": ("owner",),
        "team": ("owner.team",),
    },
)

PRODUCT = Table(
    "product",
    "Produits",
    "Products",
    natural="name",
    columns=(
        _text("name", "Nom", "Name"),
        _code("family", "Famille", "Family"),
        _money("list_price", "Prix tarif", "List price"),
        _money("unit_cost", "Coût unitaire", "Unit cost"),
        _code("currency", "Devise", "Currency"),
    ),
)

LEAD = Table(
    "lead",
    "Prospects",
    "Leads",
    born="created_at",
    columns=(
        _to("account", "account", "Compte", "Account"),
        _text("company", "Société", "Company"),
        _text("contact_name", "Nom du contact", "Contact name", personal=True),
        _text("job_title", "Fonction", "Job title"),
        _text("email", "E-mail", "Email", personal=True, check="email"),
        _text("phone", "Téléphone", "Phone", personal=True, check="phone"),
        _text("siren", "SIREN", "SIREN", check="siren"),
        _code("sector", "Secteur", "Sector"),
        _code("region", "Région", "Region"),
        _code("size_band", "Taille", "Size band"),
        _code("source", "Source", "Source"),
        _to("campaign", "campaign", "Campagne", "Campaign"),
        _to("owner", "rep", "Commercial", "Owner"),
        _code("status", "Statut", "Status"),
        _when("created_at", "Créé le", "Created at", event=True),
        _when("qualified_at", "Qualifié le", "Qualified at", event=True, dated_by="qualified_at"),
        _when("converted_at", "Converti le", "Converted at", event=True, dated_by="converted_at"),
        _clock("last_inbound_at", "Dernier contact reçu", "Last inbound contact"),
        _clock("last_outbound_at", "Dernier contact émis", "Last outbound contact"),
        _clock("last_verified_at", "Vérifié le", "Verified at"),
        _clock("opted_out_at", "Opposition le", "Opted out at"),
    ),
    paths={
        "sector": ("sector", "account.sector"),
        "region": ("region", "account.region"),
        "size_band": ("size_band", "account.size_band"),
        "source": ("source",),
        "campaign": ("campaign",),
        "channel": ("campaign.channel",),
        "owner": ("owner",),
        "team": ("owner.team",),
        "rep_region": ("owner.region",),
    },
    children=(
        Child("deals", "deal", "lead", "count"),
        Child("won_deals", "deal", "lead", "count", None, "outcome = 'won' and not invalid"),
        Child(
            "won_at",
            "deal",
            "lead",
            "min",
            "closed_at",
            "outcome = 'won' and not invalid",
            Kind.MOMENT,
        ),
        Child("outbound", "activity", "lead", "count", None, _OURS),
        Child("first_outbound_at", "activity", "lead", "min", "happened_at", _OURS, Kind.MOMENT),
        Child(
            "inbound_at",
            "activity",
            "lead",
            "max",
            "happened_at",
            "direction = 'inbound'",
            Kind.MOMENT,
        ),
    ),
    derived=(
        Derived(
            "heard_at",
            Kind.MOMENT,
            "greatest(created_at, last_inbound_at, inbound_at)",
            "Dernier signe du prospect",
            "Last heard from",
        ),
    ),
    customer=("account", "company"),
)

DEAL = Table(
    "deal",
    "Affaires",
    "Deals",
    natural="name",
    born="created_at",
    columns=(
        _to("account", "account", "Compte", "Account"),
        _to("lead", "lead", "Prospect", "Lead"),
        _text("name", "Nom", "Name"),
        _to("owner", "rep", "Commercial", "Owner"),
        _code("team", "Équipe", "Team"),
        _to("product", "product", "Produit", "Product"),
        _code("source", "Source", "Source"),
        _to("campaign", "campaign", "Campagne", "Campaign"),
        _code("stage", "Étape", "Stage", history="last_stage"),
        _code(
            "outcome",
            "Issue",
            "Outcome",
            values=OUTCOMES,
            default="open",
            dated_by="closed_at",
            before="open",
        ),
        Column("invalid", Kind.FLAG, "Non valable", "Invalid", few=True, default=False),
        _money("amount", "Montant", "Amount"),
        _money("list_amount", "Montant tarif", "List amount"),
        _code("currency", "Devise", "Currency"),
        Column("probability", Kind.SHARE, "Probabilité", "Probability", dated_by="closed_at"),
        _code("sector", "Secteur", "Sector"),
        _code("region", "Région", "Region"),
        _code("size_band", "Taille", "Size band"),
        _when("created_at", "Créée le", "Created at", event=True),
        _when("expected_close_at", "Clôture prévue", "Expected close"),
        _when("closed_at", "Close le", "Closed at", event=True, dated_by="closed_at"),
        _code("loss_reason_stated", "Raison de perte", "Loss reason", dated_by="closed_at"),
        _code("loss_reason_buyer", "Raison de l'acheteur", "Buyer's reason", dated_by="closed_at"),
        _text("loss_comment", "Commentaire de perte", "Loss comment", dated_by="closed_at"),
        _code("competitor", "Concurrent", "Competitor", dated_by="closed_at"),
        _code("kind", "Type", "Kind"),
    ),
    paths={
        "sector": ("sector", "account.sector", "lead.sector"),
        "region": ("region", "account.region", "lead.region"),
        "size_band": ("size_band", "account.size_band", "lead.size_band"),
        "country": ("account.country",),
        "source": ("source", "lead.source"),
        "first_source": ("lead.source", "source"),
        "campaign": ("campaign", "lead.campaign"),
        "channel": ("campaign.channel", "lead.campaign.channel"),
        "owner": ("owner",),
        "team": ("team", "owner.team"),
        "manager": ("owner.manager",),
        "rep_region": ("owner.region",),
        "product": ("product",),
        "product_family": ("product.family",),
    },
    children=(
        Child("meetings_held", "meeting", "deal", "count", None, "status = 'held'"),
        Child("first_held_at", "meeting", "deal", "min", "due_at", "status = 'held'", Kind.MOMENT),
        Child(
            "second_held_at", "meeting", "deal", "second", "due_at", "status = 'held'", Kind.MOMENT
        ),
        Child("activities", "activity", "deal", "count"),
        Child("quotes", "quote", "deal", "count"),
        Child("first_quoted_at", "quote", "deal", "min", "sent_at", None, Kind.MOMENT),
        Child("quoted_at", "quote", "deal", "max", "sent_at", None, Kind.MOMENT),
        Child("quote_accepted_at", "quote", "deal", "max", "accepted_at", None, Kind.MOMENT),
        Child("reached_rank", "stage_change", "deal", "max", "rank", _FORWARD),
        Child("last_stage_at", "stage_change", "deal", "max", "entered_at", None, Kind.MOMENT),
        Child("last_stage", "stage_change", "deal", "last", "stage", None, Kind.CODE),
    ),
    derived=(
        Derived(
            "amount_band",
            Kind.CODE,
            "case when amount is null then null when amount < 5000 then '< 5 k' "
            "when amount < 20000 then '5-20 k' when amount < 50000 then '20-50 k' "
            "else '> 50 k' end",
            "Tranche de montant",
            "Amount band",
            few=True,
        ),
        Derived(
            "slipped_days",
            Kind.INTEGER,
            "date_diff('day', first_expected_close_at, expected_close_at)",
            "Glissement (jours)",
            "Slipped days",
        ),
        Derived(
            "amount_change",
            Kind.MONEY,
            "amount - first_amount",
            "Variation du montant",
            "Amount change",
        ),
    ),
    revisions=(
        Revision(
            "first_expected_close_at",
            "expected_close_at",
            "first",
            Kind.MOMENT,
            "Première clôture prévue",
            "First expected close",
        ),
        Revision(
            "expected_close_slips",
            "expected_close_at",
            "later",
            Kind.INTEGER,
            "Reports de la clôture",
            "Close date slips",
        ),
        Revision("first_amount", "amount", "first", Kind.MONEY, "Premier montant", "First amount"),
    ),
    earliest=(
        Earliest(
            "first_party",
            "meeting",
            "deal",
            "party",
            "due_at",
            "status = 'held'",
            Kind.CODE,
            "Premier rendez-vous seul ou en équipe",
            "First meeting solo or team",
        ),
    ),
    silences=Silences(
        "deal",
        (("activity", "happened_at", None), ("meeting", "due_at", "held")),
        "created_at",
        "closed_at",
    ),
    customer=("account", "lead.account", "lead.company"),
)

STAGE_CHANGE = Table(
    "stage_change",
    "Changements d'étape",
    "Stage changes",
    born="entered_at",
    columns=(
        _to("deal", "deal", "Affaire", "Deal", required=True),
        _code("stage", "Étape", "Stage"),
        Column("rank", Kind.INTEGER, "Rang", "Rank"),
        _when(
            "entered_at",
            "Entrée le",
            "Entered at",
            event=True,
            event_if="how IS DISTINCT FROM 'observed'",
        ),
        _code("how", "Connue par", "Known by", values=ENTRIES, default="told", of="entered_at"),
    ),
)

ACTIVITY = Table(
    "activity",
    "Activités",
    "Activities",
    born="happened_at",
    columns=(
        _to("lead", "lead", "Prospect", "Lead"),
        _to("account", "account", "Compte", "Account"),
        _to("deal", "deal", "Affaire", "Deal"),
        _to("owner", "rep", "Commercial", "Owner"),
        _code("kind", "Type", "Kind"),
        _code("direction", "Sens", "Direction", values=("inbound", "outbound")),
        _code("outcome", "Résultat", "Outcome"),
        _when("happened_at", "Date", "Date", event=True),
    ),
    paths={
        "sector": ("account.sector", "deal.sector", "deal.account.sector", "lead.sector"),
        "region": ("account.region", "deal.account.region", "lead.region"),
        "source": ("deal.source", "lead.source"),
        "campaign": ("deal.campaign", "lead.campaign"),
        "owner": ("owner",),
        "team": ("owner.team",),
        "deal_kind": ("deal.kind",),
    },
    derived=(
        Derived(
            "hour",
            Kind.CODE,
            "case when hour(happened_at) < 10 then '00-10 h' when hour(happened_at) < 12 "
            "then '10-12 h' when hour(happened_at) < 14 then '12-14 h' "
            "when hour(happened_at) < 16 then '14-16 h' when hour(happened_at) < 18 "
            "then '16-18 h' when happened_at is not null then '18-24 h' end",
            "Heure",
            "Hour",
            few=True,
        ),
    ),
)

MEETING = Table(
    "meeting",
    "Rendez-vous",
    "Meetings",
    born="booked_at",
    columns=(
        _to("deal", "deal", "Affaire", "Deal"),
        _to("lead", "lead", "Prospect", "Lead"),
        _to("account", "account", "Compte", "Account"),
        _to("owner", "rep", "Commercial", "Owner"),
        _when("booked_at", "Pris le", "Booked at", event=True),
        _when(
            "due_at",
            "Prévu le",
            "Due at",
            event=True,
            event_if="status IS NULL OR status IN ('held', 'no_show', 'not_held')",
        ),
        _code(
            "status",
            "Statut",
            "Status",
            values=MEETING_STATUSES,
            dated_by="due_at",
            before="booked",
        ),
        _to("rescheduled_from", "meeting", "Reporté de", "Rescheduled from"),
        _text("place", "Lieu", "Place"),
        _code("kind", "Type", "Kind"),
    ),
    paths={
        "sector": (
            "deal.sector",
            "account.sector",
            "deal.account.sector",
            "lead.sector",
        ),
        "region": ("account.region", "deal.region", "deal.account.region"),
        "size_band": ("account.size_band", "deal.account.size_band"),
        "source": ("deal.source", "lead.source", "deal.lead.source"),
        "campaign": ("deal.campaign", "lead.campaign", "deal.lead.campaign"),
        "channel": (
            "deal.campaign.channel",
            "lead.campaign.channel",
            "deal.lead.campaign.channel",
        ),
        "owner": ("owner",),
        "team": ("owner.team",),
        "rep_region": ("owner.region",),
    },
    children=(
        Child(
            "colleagues",
            "meeting_attendee",
            "meeting",
            "distinct",
            "person_name",
            "side = 'ours' and (parent_owner_name is null "
            "or lower(person_name) <> lower(parent_owner_name))",
        ),
        Child("rebooked", "meeting", "rescheduled_from", "count"),
    ),
    derived=(
        Derived(
            "own_sellers",
            Kind.INTEGER,
            "colleagues + case when owner is null then 0 else 1 end",
            "Vendeurs présents",
            "Own sellers",
            few=True,
        ),
        Derived(
            "party",
            Kind.CODE,
            "case when own_sellers >= 2 then 'team' when own_sellers = 1 then 'solo' end",
            "Seul ou en équipe",
            "Solo or team",
            few=True,
        ),
        Derived(
            "original",
            Kind.FLAG,
            "rescheduled_from is null",
            "Premier créneau",
            "First slot",
            few=True,
        ),
    ),
    revisions=(
        Revision(
            "due_moves",
            "due_at",
            "later",
            Kind.INTEGER,
            "Reports sur la même fiche",
            "Moves of the same record",
        ),
    ),
)

MEETING_ATTENDEE = Table(
    "meeting_attendee",
    "Participants",
    "Meeting attendees",
    columns=(
        _to("meeting", "meeting", "Rendez-vous", "Meeting", required=True),
        _to("person", "rep", "Personne", "Person", personal=True),
        _code("side", "Côté", "Side", values=("ours", "theirs"), default="ours"),
    ),
)

QUOTE = Table(
    "quote",
    "Devis",
    "Quotes",
    born="sent_at",
    columns=(
        _to("deal", "deal", "Affaire", "Deal"),
        Column("version", Kind.INTEGER, "Version", "Version"),
        _money("amount", "Montant", "Amount"),
        _when("sent_at", "Envoyé le", "Sent at", event=True),
        _when("accepted_at", "Accepté le", "Accepted at", event=True, dated_by="accepted_at"),
    ),
    paths={
        "sector": ("deal.sector", "deal.account.sector"),
        "owner": ("deal.owner",),
        "team": ("deal.team", "deal.owner.team"),
        "product": ("deal.product",),
    },
)

INVOICE = Table(
    "invoice",
    "Factures",
    "Invoices",
    born="happened_at",
    columns=(
        _to("account", "account", "Client", "Customer"),
        _to("deal", "deal", "Affaire", "Deal"),
        _to("product", "product", "Produit", "Product"),
        _money("amount", "Montant HT", "Amount excl. VAT"),
        _money("cost", "Coût direct", "Direct cost"),
        _code("currency", "Devise", "Currency"),
        _code("kind", "Type", "Kind", values=("invoice", "credit_note"), default="invoice"),
        _code("status", "Statut", "Status"),
        _when("happened_at", "Date", "Date", event=True),
        _text("seller_siren", "SIREN du vendeur", "Seller's SIREN"),
        _text("buyer_siren", "SIREN de l'acheteur", "Buyer's SIREN"),
    ),
    paths={
        "sector": ("account.sector", "deal.account.sector"),
        "region": ("account.region", "deal.account.region"),
        "size_band": ("account.size_band", "deal.account.size_band"),
        "country": ("account.country", "deal.account.country"),
        "product": ("product",),
        "product_family": ("product.family",),
        "owner": ("deal.owner",),
        "team": ("deal.team", "deal.owner.team"),
        "rep_region": ("deal.owner.region",),
        "source": ("deal.source", "deal.lead.source"),
        "first_source": ("deal.lead.source", "deal.source"),
        "campaign": ("deal.campaign", "deal.lead.campaign"),
        "channel": ("deal.campaign.channel", "deal.lead.campaign.channel"),
    },
    derived=(
        Derived(
            "counted",
            Kind.FLAG,
            "coalesce(status, '') not in ('cancelled', 'draft') and amount is not null",
            "Compte dans le CA",
            "Counts in revenue",
            few=True,
        ),
        Derived(
            "net_amount",
            Kind.MONEY,
            "case when kind = 'credit_note' then - abs(amount) else amount end",
            "Montant net",
            "Net amount",
        ),
    ),
    customer=("account", "deal.account"),
)

CONTRACT = Table(
    "contract",
    "Contrats",
    "Contracts",
    born="started_at",
    columns=(
        _to("account", "account", "Client", "Customer"),
        _when("started_at", "Début", "Started at", event=True),
        _when("ended_at", "Fin", "Ended at", event=True, dated_by="ended_at"),
        _money("monthly_amount", "Montant mensuel", "Monthly amount"),
        _to("product", "product", "Produit", "Product"),
    ),
    paths={
        "sector": ("account.sector",),
        "region": ("account.region",),
        "size_band": ("account.size_band",),
        "product": ("product",),
        "owner": ("account.owner",),
        "team": ("account.owner.team",),
    },
    customer=("account",),
)

CAMPAIGN = Table(
    "campaign",
    "Campagnes",
    "Campaigns",
    natural="name",
    born="started_at",
    columns=(
        _text("name", "Nom", "Name"),
        _code("channel", "Canal", "Channel"),
        _when("started_at", "Début", "Started at", event=True),
        _when("ended_at", "Fin", "Ended at"),
    ),
)

SPEND = Table(
    "spend",
    "Dépenses d'acquisition",
    "Acquisition spend",
    born="happened_at",
    columns=(
        _to("campaign", "campaign", "Campagne", "Campaign"),
        _code("channel", "Canal", "Channel"),
        _code("kind", "Nature", "Kind"),
        _money("amount", "Montant", "Amount", required=True),
        _code("currency", "Devise", "Currency"),
        Column("leads", Kind.INTEGER, "Prospects obtenus", "Leads obtained"),
        Column("customers", Kind.INTEGER, "Clients obtenus", "Customers obtained"),
        _when("happened_at", "Date", "Date", event=True),
    ),
    paths={"campaign": ("campaign",), "channel": ("channel", "campaign.channel")},
)

SURVEY_ANSWER = Table(
    "survey_answer",
    "Enquêtes",
    "Survey answers",
    born="sent_at",
    columns=(
        _to("account", "account", "Compte", "Account"),
        _code("kind", "Type", "Kind", values=("nps", "csat", "ces")),
        _code("touchpoint", "Point de contact", "Touchpoint"),
        _when("sent_at", "Envoyée le", "Sent at", event=True),
        _when("answered_at", "Répondue le", "Answered at", event=True, dated_by="answered_at"),
        Column("score", Kind.NUMBER, "Note", "Score", dated_by="answered_at"),
        _text("comment", "Commentaire", "Comment", personal=True, dated_by="answered_at"),
    ),
    paths={
        "sector": ("account.sector",),
        "region": ("account.region",),
        "size_band": ("account.size_band",),
        "country": ("account.country",),
        "owner": ("account.owner",),
        "team": ("account.owner.team",),
    },
)

REP = Table(
    "rep",
    "Commerciaux",
    "Reps",
    natural="name",
    born="started_at",
    columns=(
        _text("name", "Nom", "Name", personal=True),
        _code("team", "Équipe", "Team"),
        _code("manager", "Responsable", "Manager"),
        _code("region", "Région", "Region"),
        _when("started_at", "Entrée", "Started at"),
        _when("ended_at", "Sortie", "Ended at"),
    ),
)

TARGET = Table(
    "target",
    "Objectifs",
    "Targets",
    born="set_at",
    columns=(
        _code("kpi", "Indicateur", "KPI", required=True),
        _text("segment", "Segment", "Segment"),
        _text("period", "Période", "Period"),
        Column("value", Kind.NUMBER, "Valeur", "Value"),
        _text("set_by", "Fixé par", "Set by"),
        _when("set_at", "Fixé le", "Set at"),
    ),
)

EXCHANGE_RATE = Table(
    "exchange_rate",
    "Taux de change",
    "Exchange rates",
    columns=(
        _code("currency", "Devise", "Currency", required=True),
        _when("happened_at", "Date", "Date", required=True),
        Column("rate", Kind.NUMBER, "Taux", "Rate", required=True),
    ),
)

MARKET = Table(
    "market",
    "Univers",
    "Market",
    born="as_of",
    columns=(
        _code("sector", "Secteur", "Sector"),
        _code("region", "Région", "Region"),
        _code("size_band", "Taille", "Size band"),
        Column("accounts", Kind.INTEGER, "Entreprises", "Accounts", required=True),
        _when("as_of", "Au", "As of"),
    ),
)

#: Columns that a company's settings make, in no file and no table: definitions may name them.
SETTLED: Mapping[str, Mapping[str, Kind]] = {
    "lead": {"icp_fit": Kind.FLAG, "completeness": Kind.SHARE, "complete": Kind.FLAG},
}

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        ACCOUNT,
        CONTACT,
        PRODUCT,
        LEAD,
        DEAL,
        STAGE_CHANGE,
        ACTIVITY,
        MEETING,
        MEETING_ATTENDEE,
        QUOTE,
        INVOICE,
        CONTRACT,
        CAMPAIGN,
        SPEND,
        SURVEY_ANSWER,
        REP,
        TARGET,
        EXCHANGE_RATE,
        MARKET,
    )
}


@dataclass(frozen=True)
class Grouped:
    """A table that no file brings: one row a customer, worked out from the rows of ``of``.

    ``where`` says which rows count, ``at`` dates them, ``until`` is the end that each row states
    (contracts); without it a customer's end is a silence longer than nine gaps in ten.

    ``beside``: one row for each row of ``of`` instead, all of them, with columns more
    (``BESIDE``), found over the rows that count: ``first_at``, the first ``at`` of the row's
    customer, with ``age_days``, the days since, and ``sold``, the amount; or ``last_at``, the last
    ``at`` of all rows.
    """

    name: str
    fr: str
    en: str
    of: str
    where: str
    at: str
    amount: str
    until: str | None = None
    beside: str | None = None


#: The columns that a table of rows has more than that it is made from.
BESIDE: Mapping[str, Mapping[str, Kind]] = {
    "first_at": {"first_at": Kind.MOMENT, "age_days": Kind.INTEGER, "sold": Kind.MONEY},
    "last_at": {"last_at": Kind.MOMENT},
}

GROUPED: Mapping[str, Grouped] = {
    each.name: each
    for each in (
        Grouped(
            "customer",
            "Clients (factures)",
            "Customers (invoices)",
            of="invoice",
            where="kind = 'invoice' and coalesce(status, '') <> 'draft' "
            "and happened_at is not null",
            at="happened_at",
            amount="net_amount",
        ),
        Grouped(
            "customer_won",
            "Clients (affaires gagnées)",
            "Customers (won deals)",
            of="deal",
            where="outcome = 'won' and not invalid and closed_at is not null",
            at="closed_at",
            amount="amount",
        ),
        Grouped(
            "customer_contract",
            "Clients (contrats)",
            "Customers (contracts)",
            of="contract",
            where="started_at is not null",
            at="started_at",
            amount="monthly_amount",
            until="ended_at",
        ),
        Grouped(
            "sale",
            "Ventes (factures)",
            "Sales (invoices)",
            of="invoice",
            where="kind = 'invoice' and coalesce(status, '') <> 'draft' "
            "and happened_at is not null",
            at="happened_at",
            amount="net_amount",
            beside="first_at",
        ),
        Grouped(
            "sale_won",
            "Ventes (affaires gagnées)",
            "Sales (won deals)",
            of="deal",
            where="outcome = 'won' and not invalid and closed_at is not null",
            at="closed_at",
            amount="amount",
            beside="first_at",
        ),
        Grouped(
            "universe",
            "Univers (dernière date)",
            "Universe (last date)",
            of="market",
            where="accounts is not null",
            at="as_of",
            amount="accounts",
            beside="last_at",
        ),
    )
}

#: What a grouped table has beside the dimensions of the table it is made from.
GROUPED_COLUMNS: Mapping[str, Kind] = {
    "first_at": Kind.MOMENT,
    "second_at": Kind.MOMENT,
    "last_at": Kind.MOMENT,
    "orders": Kind.INTEGER,
    "order_days": Kind.INTEGER,
    "total_amount": Kind.MONEY,
    "silence_days": Kind.INTEGER,
    "ended_at": Kind.MOMENT,
    "lost_at": Kind.MOMENT,
    "lifetime_days": Kind.INTEGER,
    "observed_at": Kind.MOMENT,
}
