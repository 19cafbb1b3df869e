"""Small random companies, with holes everywhere, for the laws."""

import datetime as dt
import random
from functools import cache

from jalon.measure.example import fill

FIRST = dt.date(2024, 1, 1)
DAYS = 420


def rows_of(seed, size=48):
    """Rows by table: every column is sometimes missing."""
    draw = random.Random(seed)

    def maybe(value, chance=0.12):
        return None if draw.random() < chance else value

    def pick(*values):
        return maybe(draw.choice(values))

    def day(chance=0.06):
        return maybe(FIRST + dt.timedelta(days=draw.randrange(DAYS)), chance)

    def after(start, most=120):
        return maybe(start + dt.timedelta(days=draw.randrange(most)), 0.06) if start else day()

    def money(most=30_000):
        return maybe(round(draw.uniform(0, most), 2))

    sectors, owners = ("Bio", "Tech", "Agro"), ("Ann", "Bob", "Cid")
    sources = ("Web", "Salon", "Appel")
    accounts = [
        {"id": f"a{i}", "name": f"Compte {i}", "sector": pick(*sectors), "region": pick("N", "S"),
         "owner": pick(*owners), "status": pick("customer", "prospect", "other"),
         "created_at": day()}
        for i in range(size // 4)
    ]  # fmt: skip

    def account():
        return maybe(draw.choice([*(each["id"] for each in accounts), "Texte seul", "TEXTE SEUL"]))

    leads = [
        {"id": f"l{i}", "account": account(), "company": pick("Un", "UN", "Deux", "Trois"),
         "email": pick("a@x.fr", "A@x.fr", "b@x.fr"), "sector": pick(*sectors),
         "source": pick(*sources), "owner": pick(*owners), "status": pick("new", "qualified"),
         "created_at": day(), "campaign": pick("C1", "C2"), "contact_name": pick("P", "Q")}
        for i in range(size)
    ]  # fmt: skip
    deals = []
    for i in range(size):
        created = day()
        outcome = pick("open", "won", "won", "lost", "lost", "no_decision")
        closed = after(created) if outcome not in (None, "open") else None
        deals.append(
            {"id": f"d{i}", "account": account(), "lead": maybe(f"l{draw.randrange(size)}", 0.4),
             "owner": pick(*owners), "team": pick("T1", "T2"), "sector": pick(*sectors),
             "source": pick(*sources), "campaign": pick("C1", "C2"), "outcome": outcome,
             "invalid": pick(True, False, False, False), "amount": money(),
             "probability": maybe(draw.choice([0.1, 0.5, 1.0])), "created_at": created,
             "closed_at": closed, "stage": pick("1", "2"),
             "loss_reason_stated": pick("Prix", "Autre") if outcome == "lost" else None}
        )  # fmt: skip
    meetings = []
    for i in range(size):
        booked = day()
        meetings.append(
            {"id": f"m{i}", "deal": maybe(f"d{draw.randrange(size)}"), "owner": pick(*owners),
             "booked_at": booked, "due_at": after(booked, 30),
             "status": pick("held", "held", "no_show", "rescheduled", "booked", "not_held"),
             "rescheduled_from": maybe(f"m{draw.randrange(i)}", 0.7) if i else None,
             "kind": pick("R1", "R2")}
        )  # fmt: skip
    attendees = [
        {"id": f"t{i}", "meeting": f"m{draw.randrange(size)}", "person": pick(*owners),
         "side": pick("ours", "theirs")}
        for i in range(size)
    ]  # fmt: skip
    invoices = [
        {"id": f"i{i}", "account": account(), "deal": maybe(f"d{draw.randrange(size)}", 0.5),
         "amount": money(5000), "cost": money(2000),
         "kind": pick("invoice", "invoice", "credit_note"),
         "status": maybe(draw.choice(["paid", "cancelled", "draft"]), 0.6), "happened_at": day(),
         "product": pick("P1", "P2")}
        for i in range(2 * size)
    ]  # fmt: skip
    spend = [
        {"id": f"s{i}", "campaign": pick("C1", "C2"), "channel": pick("Web", "Salon"),
         "kind": pick("media", "tool"), "amount": round(draw.uniform(10, 900), 2),
         "happened_at": day()}
        for i in range(size // 3)
    ]  # fmt: skip
    answers = [
        {"id": f"q{i}", "account": account(), "kind": pick("nps", "nps", "csat"), "sent_at": day(),
         "answered_at": day(), "score": maybe(draw.randrange(11), 0.3)}
        for i in range(size)
    ]  # fmt: skip
    return {
        "account": accounts, "lead": leads, "deal": deals, "meeting": meetings,
        "meeting_attendee": attendees, "invoice": invoices, "spend": spend,
        "survey_answer": answers,
    }  # fmt: skip


@cache
def store_of(seed):
    """A store that holds such a company; kept, only to be read."""
    return fill(rows_of(seed))
