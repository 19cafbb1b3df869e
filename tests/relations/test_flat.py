"""Flat tables: dimensions along their paths, customers, children, chains, clocks."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.relations.clock import Clock

DAY = dt.date


def flat(store, table, *columns, clock=None):
    """The rows of a flat table by source_id: one column's values, or tuples of several."""
    schema, name = store.relation(table, clock or Clock())
    listed = ", ".join(f'"{each}"' for each in columns)
    rows = store.engine.rows(f'SELECT source_id, {listed} FROM "{schema}"."{name}"')
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1] if len(columns) == 1 else tuple(row[1:]) for row in rows}


def test_a_deals_sector_is_its_own_else_its_accounts_else_its_leads():
    store = fill(
        {
            "account": [
                {"id": "a1", "name": "Alpha", "sector": "Bio"},
                {"id": "a2", "name": "Bolt"},
            ],
            "lead": [{"id": "l1", "sector": "Tech"}],
            "deal": [
                {"id": "own", "account": "a1", "lead": "l1", "sector": "Agro"},
                {"id": "account", "account": "a1", "lead": "l1"},
                {"id": "name", "account": " ALPHA "},
                {"id": "lead", "account": "a2", "lead": "l1"},
                {"id": "none", "account": "a2"},
                {"id": "unlinked", "account": "Zed"},
            ],
        }
    )
    assert flat(store, "deal", "sector") == {
        "own": "Agro", "account": "Bio", "name": "Bio", "lead": "Tech", "none": None,
        "unlinked": None,
    }  # fmt: skip
    assert flat(store, "deal", "account")["name"] == "Alpha"
    assert flat(store, "deal", "account")["unlinked"] == "Zed"


def test_a_deals_team_is_its_own_else_its_reps_and_the_manager_the_reps():
    store = fill(
        {
            "rep": [{"id": "r1", "name": "Ann", "team": "Nord", "manager": "Max", "region": "IDF"}],
            "deal": [
                {"id": "own", "owner": "r1", "team": "Sud"},
                {"id": "rep", "owner": "ann"},
                {"id": "stranger", "owner": "Bob"},
            ],
        }
    )
    assert flat(store, "deal", "owner", "team", "manager", "rep_region") == {
        "own": ("Ann", "Sud", "Max", "IDF"),
        "rep": ("Ann", "Nord", "Max", "IDF"),
        "stranger": ("Bob", None, None, None),
    }


def test_a_campaign_and_its_channel_are_found_through_the_lead():
    store = fill(
        {
            "campaign": [{"id": "c1", "name": "Salon", "channel": "Physique"}],
            "lead": [{"id": "l1", "campaign": "c1", "source": "Web"}],
            "deal": [{"id": "d1", "lead": "l1"}, {"id": "d2", "campaign": "Salon"}],
            "invoice": [{"id": "i1", "deal": "d1", "amount": 1}, {"id": "i2", "amount": 1}],
        }
    )
    assert flat(store, "deal", "campaign", "channel", "source") == {
        "d1": ("Salon", "Physique", "Web"),
        "d2": ("Salon", "Physique", None),
    }
    assert flat(store, "invoice", "campaign", "channel") == {
        "i1": ("Salon", "Physique"),
        "i2": (None, None),
    }


def test_an_invoice_has_an_owner_only_through_its_own_deal():
    store = fill(
        {
            "account": [{"id": "a1", "name": "Alpha", "owner": "Ann"}],
            "deal": [{"id": "d1", "account": "a1", "owner": "Bob"}],
            "invoice": [
                {"id": "i1", "account": "a1", "deal": "d1", "amount": 1},
                {"id": "i2", "account": "a1", "amount": 1},
            ],
        }
    )
    assert flat(store, "invoice", "owner") == {"i1": "Bob", "i2": None}


def test_a_customer_is_the_account_else_the_equal_text_else_the_leads_company():
    store = fill(
        {
            "account": [{"id": "a1", "name": "Alpha"}],
            "lead": [{"id": "l1", "company": "Zed SA"}, {"id": "l2", "account": "a1"}],
            "deal": [
                {"id": "key", "account": "a1"},
                {"id": "name", "account": "Alpha"},
                {"id": "lead", "lead": "l2"},
                {"id": "text", "account": "Blé & fils"},
                {"id": "folded", "account": "  BLÉ & FILS "},
                {"id": "other", "account": "Blé et fils"},
                {"id": "company", "lead": "l1"},
                {"id": "same", "account": "zed sa"},
                {"id": "nobody"},
            ],
        }
    )
    customer = flat(store, "deal", "customer")
    assert customer["key"] == customer["name"] == customer["lead"] > 0
    assert customer["text"] == customer["folded"] != customer["other"]
    assert customer["text"] < 0
    assert customer["company"] == customer["same"]
    assert customer["nobody"] is None
    known = {each for each in customer.values() if each is not None}
    assert len(known) == 4


def test_two_accounts_of_one_name_are_not_guessed_between():
    store = fill(
        {
            "account": [{"id": "a1", "name": "Alpha"}, {"id": "a2", "name": "alpha"}],
            "deal": [{"id": "d1", "account": "Alpha"}, {"id": "d2", "account": "a2"}],
        }
    )
    customer = flat(store, "deal", "customer")
    assert customer["d1"] < 0 < customer["d2"]


def test_children_are_counted_and_do_not_multiply_rows():
    store = fill(
        {
            "lead": [{"id": "l1"}, {"id": "l2"}],
            "deal": [
                {"id": "d1", "lead": "l1", "outcome": "won", "closed_at": DAY(2025, 3, 1)},
                {"id": "d2", "lead": "l1", "outcome": "won", "closed_at": DAY(2025, 2, 1)},
                {"id": "d3", "lead": "l1", "outcome": "won", "invalid": True,
                 "closed_at": DAY(2025, 1, 1)},
                {"id": "d4", "lead": "l1", "outcome": "lost"},
            ],
            "meeting": [
                {"id": f"m{i}", "deal": "d1", "status": status, "due_at": DAY(2025, 1, 1 + i)}
                for i, status in enumerate(["held", "held", "no_show"])
            ],
            "stage_change": [
                {"deal": "d1", "stage": "A", "entered_at": DAY(2025, 1, 1)},
                {"deal": "d1", "stage": "B", "entered_at": DAY(2025, 1, 9)},
            ],
        }
    )  # fmt: skip
    assert flat(store, "lead", "deals", "won_deals", "won_at") == {
        "l1": (4, 2, dt.datetime(2025, 2, 1)),
        "l2": (0, 0, None),
    }
    assert flat(store, "deal", "meetings_held")["d1"] == 2
    assert flat(store, "deal", "meetings_held")["d4"] == 0
    assert flat(store, "deal", "last_stage_at")["d1"] == dt.datetime(2025, 1, 9)


def test_a_chain_of_three_reschedulings_is_held_finally_at_every_step():
    meetings = [
        {"id": "m0", "status": "rescheduled", "due_at": DAY(2025, 1, 1)},
        {"id": "m1", "status": "rescheduled", "due_at": DAY(2025, 1, 2), "rescheduled_from": "m0"},
        {"id": "m2", "status": "rescheduled", "due_at": DAY(2025, 1, 3), "rescheduled_from": "m1"},
        {"id": "m3", "status": "held", "due_at": DAY(2025, 1, 4), "rescheduled_from": "m2"},
        {"id": "n0", "status": "rescheduled", "due_at": DAY(2025, 1, 1)},
        {"id": "n1", "status": "no_show", "due_at": DAY(2025, 1, 2), "rescheduled_from": "n0"},
        {"id": "p0", "status": "rescheduled", "due_at": DAY(2025, 1, 1)},
        {"id": "q0", "due_at": DAY(2025, 1, 1)},
    ]
    store = fill({"meeting": meetings})
    held = flat(store, "meeting", "held_finally")
    assert held == {
        "m0": True, "m1": True, "m2": True, "m3": True, "n0": False, "n1": False, "p0": False,
        "q0": False,
    }  # fmt: skip
    originals = flat(store, "meeting", "original")
    assert {each for each, first in originals.items() if first} == {"m0", "n0", "p0", "q0"}
    past = flat(store, "meeting", "held_finally", clock=Clock(as_of=DAY(2025, 1, 3)))
    assert not any(past.values())


def test_a_chain_that_turns_in_a_circle_ends():
    store = fill(
        {
            "meeting": [
                {"id": "a", "status": "rescheduled", "rescheduled_from": "b"},
                {"id": "b", "status": "held", "rescheduled_from": "a"},
            ]
        }
    )
    assert flat(store, "meeting", "held_finally") == {"a": True, "b": True}


@pytest.mark.parametrize("with_reps", [True, False])
def test_an_attendee_who_is_the_owner_is_counted_once(with_reps):
    reps = {"rep": [{"id": "r1", "name": "Ann"}, {"id": "r2", "name": "Bob"}]} if with_reps else {}
    key = "r1" if with_reps else "Ann"
    store = fill(
        {
            **reps,
            "meeting": [{"id": each, "owner": "Ann"} for each in ("alone", "twice", "team")]
            + [{"id": "by key", "owner": key}, {"id": "no owner"}, {"id": "nobody"}],
            "meeting_attendee": [
                {"meeting": "alone", "person": "Ann", "side": "ours"},
                {"meeting": "twice", "person": "Bob"},
                {"meeting": "twice", "person": "Bob", "side": "ours"},
                {"meeting": "team", "person": "Bob"},
                {"meeting": "team", "person": "Cid"},
                {"meeting": "team", "person": "Eve", "side": "theirs"},
                {"meeting": "by key", "person": "Ann"},
                {"meeting": "no owner", "person": "Bob"},
            ],
        }
    )
    assert flat(store, "meeting", "own_sellers", "party") == {
        "alone": (1, "solo"),
        "twice": (2, "team"),
        "team": (3, "team"),
        "by key": (1, "solo"),
        "no owner": (1, "solo"),
        "nobody": (0, None),
    }


def test_an_owner_written_in_another_case_is_the_same_seller():
    store = fill(
        {
            "meeting": [{"id": "m", "owner": "Ann"}],
            "meeting_attendee": [{"meeting": "m", "person": "ann"}],
        }
    )
    assert flat(store, "meeting", "own_sellers") == {"m": 1}


def test_defaults_fill_what_was_not_mapped_and_what_is_empty():
    store = fill({"deal": [{"id": "d1", "amount": 5}, {"id": "d2"}]})
    assert set(flat(store, "deal", "outcome", "invalid").values()) == {("open", False)}
    store = fill({"deal": [{"id": "d1", "outcome": "won", "invalid": True}, {"id": "d2"}]})
    assert flat(store, "deal", "outcome", "invalid") == {
        "d1": ("won", True),
        "d2": ("open", False),
    }


def test_an_invoice_counts_unless_cancelled_draft_or_without_amount():
    store = fill(
        {
            "invoice": [
                {"id": "plain", "amount": 10},
                {"id": "paid", "amount": 10, "status": "paid"},
                {"id": "cancelled", "amount": 10, "status": "cancelled"},
                {"id": "draft", "amount": 10, "status": "draft"},
                {"id": "none"},
                {"id": "credit", "amount": 10, "kind": "credit_note"},
                {"id": "signed", "amount": -10, "kind": "credit_note"},
            ]
        }
    )
    found = flat(store, "invoice", "counted", "net_amount")
    assert {each for each, (counted, _) in found.items() if counted} == {
        "plain", "paid", "credit", "signed",
    }  # fmt: skip
    assert found["credit"][1] == found["signed"][1] == -10
    assert found["plain"][1] == 10


def test_a_past_clock_hides_what_was_not_yet_born_and_reopens_what_was_not_yet_closed():
    store = fill(
        {
            "deal": [
                {"id": "then", "outcome": "won", "created_at": DAY(2025, 1, 1),
                 "closed_at": dt.datetime(2025, 1, 31, 23, 59), "competitor": "X"},
                {"id": "later", "outcome": "lost", "created_at": DAY(2025, 1, 31),
                 "closed_at": DAY(2025, 2, 1), "loss_reason_stated": "Prix", "competitor": "X"},
                {"id": "unborn", "outcome": "won", "created_at": DAY(2025, 2, 1)},
                {"id": "undated", "outcome": "lost"},
            ]
        }
    )  # fmt: skip
    clock = Clock(as_of=DAY(2025, 1, 31))
    found = flat(
        store, "deal", "outcome", "closed_at", "loss_reason_stated", "competitor", clock=clock
    )
    assert found == {
        "then": ("won", dt.datetime(2025, 1, 31, 23, 59), None, "X"),
        "later": ("open", None, None, None),
        "undated": ("lost", None, None, None),
    }
    assert set(flat(store, "deal", "observed_at", clock=clock).values()) == {
        dt.datetime(2025, 1, 31)
    }


@pytest.mark.parametrize(
    ("kpi", "rows"),
    [
        ("survey_response_rate", {"survey_answer": [
            {"kind": "nps", "sent_at": DAY(2025, 1, 1), "answered_at": DAY(2025, 1, 2), "score": 9},
            {"kind": "nps", "sent_at": DAY(2025, 1, 1), "answered_at": DAY(2025, 3, 1), "score": 9},
        ]}),
        ("qualification_rate", {"lead": [
            {"created_at": DAY(2025, 1, 1), "qualified_at": DAY(2025, 1, 2)},
            {"created_at": DAY(2025, 1, 1), "qualified_at": DAY(2025, 3, 1)},
        ]}),
        ("lead_conversion_rate", {"lead": [
            {"created_at": DAY(2025, 1, 1), "converted_at": DAY(2025, 1, 2)},
            {"created_at": DAY(2025, 1, 1), "converted_at": DAY(2025, 3, 1)},
        ]}),
    ],
)  # fmt: skip
def test_what_happened_to_a_row_after_a_past_day_is_not_known_then(kpi, rows):
    measurer = Measurer(fill(rows), built_in())
    answer = measurer.measure(Question((kpi,), clock=Clock(as_of=DAY(2025, 1, 31))))[kpi]
    assert answer.figures.value[0] == 0.5


@pytest.mark.parametrize("table", ["deal", "lead", "meeting"])
def test_one_clock_after_another_in_a_store_says_what_each_says_in_its_own(table):
    rows = {
        "deal": [{"id": "d", "outcome": "won", "amount": 5, "created_at": DAY(2025, 1, 1),
                  "closed_at": DAY(2025, 2, 10), "probability": 1.0}],
        "lead": [{"id": "l", "created_at": DAY(2025, 1, 1), "qualified_at": DAY(2025, 2, 1)}],
        "meeting": [{"id": "m", "deal": "d", "booked_at": DAY(2025, 1, 5), "status": "held",
                     "due_at": DAY(2025, 3, 1)}],
    }  # fmt: skip
    shared = fill(rows)
    for day in (DAY(2025, 1, 20), DAY(2025, 2, 20), DAY(2025, 1, 31)):
        for known in (None, 1):
            clock = Clock(as_of=day, known_at=known)
            kinds = {}
            for name, store in (("shared", shared), ("own", fill(rows))):
                place, relation = store.relation(table, clock)
                kinds[name] = store.engine.rows(f'SELECT * FROM {place}."{relation}"')
            assert kinds["shared"] == kinds["own"]
