"""The files that the company exports: their names, encodings and headers.

Deals and companies are as HubSpot exports them in French, the rest as a small company keeps it in
its spreadsheets: all in the headers that the ordinary intake knows, with no mapping file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jalon.demo import cells
from jalon.demo.cells import Form


@dataclass(frozen=True)
class Column:
    """A header, the field under it and how it is written; ``instead`` where the field is empty."""

    header: str
    field: str
    form: Form = cells.plain
    instead: str | None = None


@dataclass(frozen=True)
class Layout:
    """A file: its table, its columns, its encoding, and the lines above the header."""

    file: str
    table: str
    columns: tuple[Column, ...]
    encoding: str = "utf-8-sig"
    title: tuple[str, ...] = ()


KINDS = cells.words({"new": "Nouvelle affaire", "expansion": "Extension"})
STANDING = cells.words({"customer": "Client", "prospect": "Prospect"})
LEAD_STATUS = cells.words(
    {
        "new": "Nouveau",
        "open": "En cours",
        "qualified": "Qualifié",
        "converted": "Converti",
        "disqualified": "Disqualifié",
    }
)
MEETING_STATUS = cells.words(
    {
        "booked": "Prévu",
        "held": "Effectué",
        "no_show": ("Absent", "Absent", "No-show"),
        "cancelled_by_us": "Annulé par nous",
        "cancelled_by_them": "Annulé par le client",
        "rescheduled": "Reporté",
    }
)
DIRECTION = cells.words({"inbound": "Entrant", "outbound": "Sortant"})
SIDE = cells.words({"ours": "Nous", "theirs": "Client"})
PIECE = cells.words({"invoice": "Facture", "credit_note": "Avoir"})
PIECE_STATUS = cells.words({"valid": "Validée", "cancelled": "Annulée"})
SURVEY = cells.words({"nps": "NPS", "csat": "CSAT", "ces": "CES"})
_TOUCHES = (
    Column("Dernier contact reçu", "last_inbound_at", cells.day),
    Column("Dernier contact émis", "last_outbound_at", cells.day),
    Column("Vérifié le", "last_verified_at", cells.day),
    Column("Opposition le", "opted_out_at", cells.day),
)

_OWN = (
    Column("Prospect", "lead"),
    Column("Produit", "product"),
    Column("Source", "source"),
    Column("Campagne", "campaign"),
    Column("Montant tarif", "list_amount", cells.money),
    Column("Raison de l'acheteur", "loss_reason_buyer"),
    Column("Commentaire de perte", "loss_comment"),
    Column("Concurrent", "competitor"),
)
"""What the company added to its deals in the CRM."""


def layouts(accounts: Mapping[str, str]) -> tuple[Layout, ...]:
    """All the files; ``accounts`` are the names of the accounts by identifier."""
    client = Column("Client", "account", cells.through(accounts))
    return (
        _deals(accounts),
        _companies(),
        _contacts(),
        *_prospecting(),
        *_meetings(),
        *_money(client),
        *_campaigns(),
        *_rest(client),
    )


def _deals(accounts: Mapping[str, str]) -> Layout:
    deals = (
        Column("ID de fiche d'informations", "source_id"),
        Column("Nom de la transaction", "name"),
        Column("Phase de la transaction", "stage"),
        Column("Pipeline", "source_id", cells.always("Pipeline des ventes")),
        Column("Montant", "amount", cells.money),
        Column("Currency", "currency"),
        Column("Date de fermeture", "closed_at", cells.day, instead="expected_close_at"),
        Column("Date de création", "created_at", cells.day),
        Column("Propriétaire de la transaction", "owner"),
        Column("Associated Company IDs (Primary)", "account"),
        Column("Associated Company (Primary)", "account", cells.through(accounts)),
        Column("Deal type", "kind", KINDS),
        Column("Deal probability", "probability", cells.number),
        Column("Closed lost reason", "loss_reason_stated"),
        *_OWN,
    )
    return Layout("transactions.csv", "deal", deals, "cp1252")


def _companies() -> Layout:
    columns = (
        Column("ID de fiche d'informations", "source_id"),
        Column("Nom de l'entreprise", "name"),
        Column("SIREN", "siren"),
        Column("SIRET", "siret"),
        Column("Secteur d'activité", "sector"),
        Column("Code NAF", "naf_code"),
        Column("Effectif", "employees"),
        Column("Taille", "size_band"),
        Column("Ville", "city"),
        Column("Code postal", "postcode"),
        Column("Région", "region"),
        Column("Pays/Région", "country"),
        Column("Company owner", "owner"),
        Column("Date de création", "created_at", cells.day),
        Column("Statut", "status", STANDING),
    )
    return Layout("entreprises.csv", "account", columns, "cp1252")


def _contacts() -> Layout:
    columns = (
        Column("Identifiant", "source_id"),
        Column("ID entreprise", "account"),
        Column("Nom complet", "name"),
        Column("Fonction", "job_title"),
        Column("E-mail", "email"),
        Column("Téléphone", "phone"),
        Column("Commercial", "owner"),
        Column("Créé le", "created_at", cells.day),
        *_TOUCHES,
    )
    return Layout("contacts.csv", "contact", columns)


def _prospecting() -> tuple[Layout, ...]:
    leads = (
        Column("Identifiant", "source_id"),
        Column("Société", "company"),
        Column("Nom du contact", "contact_name"),
        Column("Fonction", "job_title"),
        Column("E-mail", "email"),
        Column("Téléphone", "phone"),
        Column("SIREN", "siren"),
        Column("Secteur", "sector"),
        Column("Code NAF", "naf_code"),
        Column("Région", "region"),
        Column("Taille", "size_band"),
        Column("Source", "source"),
        Column("Campagne", "campaign"),
        Column("Commercial", "owner"),
        Column("Statut", "status", LEAD_STATUS),
        Column("Compte", "account"),
        Column("Créé le", "created_at", cells.minute),
        Column("Qualifié le", "qualified_at", cells.minute),
        Column("Converti le", "converted_at", cells.minute),
        *_TOUCHES,
    )
    return (Layout("prospects.csv", "lead", leads), _activities(), _stages())


def _activities() -> Layout:
    columns = (
        Column("Identifiant", "source_id"),
        Column("Date et heure", "happened_at", cells.minute),
        Column("Type", "kind"),
        Column("Sens", "direction", DIRECTION),
        Column("Résultat", "outcome"),
        Column("Commercial", "owner"),
        Column("Prospect", "lead"),
        Column("Affaire", "deal"),
    )
    return Layout("activites.csv", "activity", columns)


def _stages() -> Layout:
    columns = (
        Column("Identifiant", "source_id"),
        Column("Affaire", "deal"),
        Column("Étape", "stage"),
        Column("Rang", "rank"),
        Column("Entrée le", "entered_at", cells.day),
    )
    return Layout("etapes.csv.gz", "stage_change", columns)


def _meetings() -> tuple[Layout, ...]:
    meetings = (
        Column("Identifiant", "source_id"),
        Column("Affaire", "deal"),
        Column("Prospect", "lead"),
        Column("Compte", "account"),
        Column("Commercial", "owner"),
        Column("Pris le", "booked_at", cells.minute),
        Column("Prévu le", "due_at", cells.minute),
        Column("Statut", "status", MEETING_STATUS),
        Column("Reporté de", "rescheduled_from"),
        Column("Lieu", "place"),
        Column("Type", "kind"),
    )
    people = (
        Column("Identifiant", "source_id"),
        Column("Rendez-vous", "meeting"),
        Column("Personne", "person"),
        Column("Côté", "side", SIDE),
    )
    return (
        Layout("rendez-vous.csv", "meeting", meetings),
        Layout("participants.csv", "meeting_attendee", people),
    )


def _money(client: Column) -> tuple[Layout, ...]:
    quotes = (
        Column("Numéro", "source_id"),
        Column("Affaire", "deal"),
        Column("Version", "version"),
        Column("Montant HT", "amount", cells.money),
        Column("Envoyé le", "sent_at", cells.day),
        Column("Accepté le", "accepted_at", cells.day),
    )
    contracts = (
        Column("Numéro", "source_id"),
        client,
        Column("Produit", "product"),
        Column("Date de début", "started_at", cells.day),
        Column("Date de fin", "ended_at", cells.day),
        Column("Montant mensuel", "monthly_amount", cells.money),
    )
    return (
        Layout("devis.csv", "quote", quotes),
        _invoices(client),
        Layout("contrats.csv", "contract", contracts, "cp1252"),
    )


def _invoices(client: Column) -> Layout:
    columns = (
        Column("Numéro", "source_id"),
        Column("Date de facture", "happened_at", cells.day),
        client,
        Column("Affaire", "deal"),
        Column("Produit", "product"),
        Column("Montant HT", "amount", cells.euros),
        Column("Coût direct", "cost", cells.euros),
        Column("Devise", "currency"),
        Column("Type", "kind", PIECE),
        Column("Statut", "status", PIECE_STATUS),
    )
    return Layout("factures.csv", "invoice", columns)


def _campaigns() -> tuple[Layout, ...]:
    campaigns = (
        Column("Identifiant", "source_id"),
        Column("Nom", "name"),
        Column("Canal", "channel"),
        Column("Date de début", "started_at", cells.day),
        Column("Date de fin", "ended_at", cells.day),
    )
    spend = (
        Column("Identifiant", "source_id"),
        Column("Date", "happened_at", cells.day),
        Column("Campagne", "campaign"),
        Column("Canal", "channel"),
        Column("Nature", "kind"),
        Column("Montant", "amount", cells.money),
        Column("Devise", "currency"),
    )
    title = ("Ateliers Belledonne – Dépenses d'acquisition", "Situation au 30/09/2026", "")
    return (
        Layout("campagnes.csv", "campaign", campaigns),
        Layout("depenses.csv", "spend", spend, title=title),
    )


def _rest(client: Column) -> tuple[Layout, ...]:
    surveys = (
        Column("Identifiant", "source_id"),
        client,
        Column("Type", "kind", SURVEY),
        Column("Envoyée le", "sent_at"),
        Column("Répondue le", "answered_at"),
        Column("Note", "score"),
        Column("Commentaire", "comment"),
    )
    return (Layout("enquetes.xlsx", "survey_answer", surveys), *_references())


def _references() -> tuple[Layout, ...]:
    targets = (
        Column("Identifiant", "source_id"),
        Column("Indicateur", "kpi"),
        Column("Segment", "segment"),
        Column("Période", "period"),
        Column("Objectif", "value", cells.number),
        Column("Fixé par", "set_by"),
        Column("Fixé le", "set_at", cells.day),
    )
    reps = (
        Column("Identifiant", "source_id"),
        Column("Nom", "name"),
        Column("Équipe", "team"),
        Column("Responsable", "manager"),
        Column("Région", "region"),
        Column("Date d'entrée", "started_at", cells.day),
        Column("Date de sortie", "ended_at", cells.day),
    )
    return (
        Layout("objectifs.csv", "target", targets),
        Layout("commerciaux.csv", "rep", reps),
        *_outside(),
    )


def _outside() -> tuple[Layout, ...]:
    products = (
        Column("Référence", "source_id"),
        Column("Nom", "name"),
        Column("Famille", "family"),
        Column("Prix tarif", "list_price", cells.money),
        Column("Coût unitaire", "unit_cost", cells.money),
        Column("Devise", "currency"),
    )
    market = (
        Column("Identifiant", "source_id"),
        Column("Secteur", "sector"),
        Column("Nombre d'entreprises", "accounts"),
        Column("Situation au", "as_of", cells.day),
    )
    return (
        Layout("produits.csv", "product", products),
        Layout("univers.csv", "market", market),
    )
