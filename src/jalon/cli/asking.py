"""A question on a terminal: the readings of some cells side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from jalon import locale

if TYPE_CHECKING:
    from jalon.model.problems import Problem
    from jalon.views.questions import Question, Reading

#: A longer cell is cut.
WIDEST = 32


def side_by_side(asked: Problem, lang: str) -> list[str]:
    """The lines of a table: as found, then as each answer reads it; none where nothing is read."""
    if "previews" not in asked.facts:
        return []
    from jalon.views.questions import question

    found = question(asked, lang)
    if found is None:
        return []
    rows = [_heads(found, lang), *_cells(found.readings)]
    if not any(row[0] for row in rows[1:]):
        rows = [row[1:] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return [f"    {line}".rstrip() for line in padded]


def _heads(found: Question, lang: str) -> list[str]:
    """What is typed to answer stands above what it makes of the cells."""
    answers = (f"{found.option} {_typed(each.value)}" for each in found.readings)
    return [locale.text("ask.found", lang), *answers]


def _typed(value: str) -> str:
    return value if value.isalnum() or "-" in value or "_" in value else f'"{value}"'


def _cells(readings: Sequence[Reading]) -> Iterator[list[str]]:
    yield ["", *(_cut(each.title) for each in readings)]
    for samples in zip_longest(*(each.samples for each in readings)):
        found = next((one.found for one in samples if one), "")
        yield [_cut(found), *(_cut(one.read) if one else "" for one in samples)]


def _cut(text: str) -> str:
    shown = "".join(
        each if each.isprintable() or each in "\u00a0\u202f" else "\ufffd" for each in text
    )
    return shown if len(shown) <= WIDEST else f"{shown[: WIDEST - 1]}…"
