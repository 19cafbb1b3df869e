"""What needs someone: figures that moved beyond chance, rows that await a decision, old data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from jalon import locale
from jalon.locale import numbers
from jalon.views import paths
from jalon.views.parts import Card, Link, Notice
from jalon.views.source import Source
from jalon.views.wording import whole

#: Notices shown at most.
SHOWN = 6
#: Days after which data are said to be old.
OLD = 45


@dataclass(frozen=True)
class Waiting:
    """What awaits a person in the data: rows refused, references that lead nowhere, likely links
    to confirm; ``import_id`` is the last import that refused rows."""

    rows: int = 0
    unlinked: int = 0
    proposals: int = 0
    import_id: str | None = None


def notices(
    source: Source, cards: Sequence[Card], waiting: Waiting, today: dt.date | None = None
) -> list[Notice]:
    """What needs someone: the unfavourable first, then what awaits, then the favourable."""
    moved = [each for each in cards if each.figure.change and each.figure.change.conclusive]
    bad = [_moved(source, each) for each in moved if _tone(each) == "bad"]
    good = [_moved(source, each) for each in moved if _tone(each) == "good"]
    found = [*bad, *_waiting(source, waiting), *_old(source, today or dt.date.today()), *good]
    return found[:SHOWN]


def _tone(card: Card) -> str:
    return card.figure.change.tone if card.figure.change else "none"


def _moved(source: Source, card: Card) -> Notice:
    lang, figure, change = source.lang, card.figure, card.figure.change
    assert change is not None
    way = "up" if change.value > 0 else "down"
    value = whole(figure.value, figure.unit, lang)
    facts = {"label": card.label, "change": change.text, "against": change.against, "value": value}
    between = f" ({figure.between})" if figure.between else ""
    return Notice(
        "good" if change.tone == "good" else "bad",
        locale.text(f"page.notice.{way}", lang, **facts),
        locale.text("page.notice.now", lang, value=value, between=between),
        figure.rests,
        Link(locale.text("page.notice.why", lang), card.href),
    )


def _waiting(source: Source, waiting: Waiting) -> list[Notice]:
    lang, asked = source.lang, source.asked
    found = []
    if waiting.rows:
        place = f"{paths.DATA}/imports/{waiting.import_id}" if waiting.import_id else paths.DATA
        rows = numbers.count(waiting.rows, lang)
        found.append(
            Notice(
                "guess",
                locale.text("page.notice.rows", lang, n=rows),
                locale.text("page.notice.rows.text", lang),
                locale.text("page.notice.rows.detail", lang),
                Link(locale.text("page.notice.rows.link", lang), asked.href(place)),
            )
        )
    if waiting.unlinked:
        rows = numbers.count(waiting.unlinked, lang)
        found.append(
            Notice(
                "guess",
                locale.text("page.notice.unlinked", lang, n=rows),
                locale.text("page.notice.unlinked.text", lang),
                "",
                Link(locale.text("page.notice.unlinked.link", lang), asked.href(paths.DATA)),
            )
        )
    return found


def _old(source: Source, today: dt.date) -> list[Notice]:
    lang, last = source.lang, source.asked.last
    if (today - last).days <= OLD:
        return []
    day = numbers.day(last, lang)
    return [
        Notice(
            "plain",
            locale.text("page.notice.old", lang, day=day),
            locale.text("page.notice.old.text", lang),
            "",
            Link(locale.text("page.notice.old.link", lang), source.asked.href(paths.DATA)),
        )
    ]
