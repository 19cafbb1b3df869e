"""From when to when the data tell: the first event and the last day observed."""

from __future__ import annotations

import datetime as dt

from jalon.measure import compile as compiler
from jalon.measure.reader import Reader
from jalon.relations.clock import NOW

#: Events by which a business is followed: what decides the period that pages show first.
FOLLOWED = {
    "deal": "created_at",
    "invoice": "happened_at",
    "meeting": "due_at",
    "lead": "created_at",
    "spend": "happened_at",
    "survey_answer": "sent_at",
    "contract": "started_at",
    "account": "created_at",
}


def reach(reader: Reader) -> tuple[dt.date, dt.date] | None:
    """The first day of any event and the last day that a source tells about; None without data."""
    key = ("reach",)
    if key not in reader.kept:
        found = [each for name, date in FOLLOWED.items() if (each := _of(reader, name, date))]
        ends = (min(a for a, _ in found), max(b for _, b in found)) if found else None
        reader.keep(key, ends)
    kept: tuple[dt.date, dt.date] | None = reader.kept[key]
    return kept


def _of(reader: Reader, name: str, date: str) -> tuple[dt.date, dt.date] | None:
    source = reader.source.relation(name, NOW)
    if source is None:
        return None
    first, last = (
        reader.source.answer(compiler.extreme(source, which, column).sql, {}, {}).column(0)[0]
        for which, column in (("min", date), ("max", "observed_at"))
    )
    if last.as_py() is None:
        return None
    return (first.as_py() or last.as_py()).date(), last.as_py().date()
