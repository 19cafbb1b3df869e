"""What is doubtful in the data held: links that miss, contradictions, rows set apart."""

from __future__ import annotations

from collections.abc import Iterator

from jalon.model.problems import Problem
from jalon.store.link import UNLINKED
from jalon.store.store import Store


def examine(store: Store) -> list[Problem]:
    """Everything that a person may want to mend, most telling first."""
    if not store.present().columns:
        return [Problem("doctor_empty")]
    return [*_quarantine(store), *_proposals(store), *_unlinked(store), *_deals(store)]


def _quarantine(store: Store) -> Iterator[Problem]:
    rows = store.engine.rows(
        "SELECT i.id, count(DISTINCT (q.file, q.sheet, q.row)) FROM meta.quarantine q "
        "JOIN meta.import i ON i.number = q.import "
        "WHERE coalesce(q.state, 'waiting') = 'waiting' GROUP BY 1 ORDER BY 1"
    )
    for identifier, count in rows:
        yield Problem("doctor_quarantine", {"import_id": identifier, "count": count})


def _proposals(store: Store) -> Iterator[Problem]:
    rows = store.engine.rows(
        "SELECT target, text, candidate FROM meta.proposal ORDER BY score DESC, text LIMIT 20"
    )
    for table, text, candidate in rows:
        yield Problem("doctor_proposal", {"table": table, "text": text, "candidate": candidate})


def _unlinked(store: Store) -> Iterator[Problem]:
    rows = store.engine.rows(
        "SELECT target, count(DISTINCT text), list(DISTINCT text ORDER BY text)[:3] "
        f"{UNLINKED} AND text NOT IN (SELECT text FROM meta.proposal) GROUP BY 1 ORDER BY 1"
    )
    for table, count, examples in rows:
        yield Problem("doctor_unlinked", {"table": table, "count": count, "examples": examples})


def _deals(store: Store) -> Iterator[Problem]:
    if not store.present().has("deal"):
        return
    closed, undated, reversed_ = store.engine.rows(
        "SELECT count(*) FILTER (WHERE outcome IN ('won', 'lost')), "
        "count(*) FILTER (WHERE outcome IN ('won', 'lost') AND closed_at IS NULL), "
        "count(*) FILTER (WHERE closed_at < created_at) FROM flat.deal"
    )[0]
    if undated:
        yield Problem("doctor_undated_closings", {"count": undated, "rows": closed})
    if reversed_:
        yield Problem("doctor_reversed", {"count": reversed_})
    conflicts = store.engine.value(
        "SELECT count(*) FROM flat.deal WHERE (outcome = 'won' AND regexp_matches(lower(stage), "
        "'lost|perdu')) OR (outcome <> 'won' AND regexp_matches(lower(stage), "
        "'\\b(won|gagn[ée]e?)\\b')) OR (outcome IN ('won', 'lost') AND regexp_matches("
        "lower(stage), 'lead generated|prospect|nouveau|qualif'))"
    )
    if conflicts:
        yield Problem("doctor_stage_conflict", {"count": conflicts})
