"""How a column of the world is written in a French export: dates, amounts, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Cells = list[str]
Form = Callable[[npt.NDArray[Any]], Cells]


def plain(column: npt.NDArray[Any]) -> Cells:
    """Text and whole numbers as they are."""
    return ["" if value is None else str(value) for value in column]


def day(column: npt.NDArray[Any]) -> Cells:
    """``31/12/2025``."""
    return [_turned(text) for text in np.datetime_as_string(column, unit="D")]


def minute(column: npt.NDArray[Any]) -> Cells:
    """``31/12/2025 14:05``."""
    found = np.datetime_as_string(column, unit="m")
    return [_turned(text) + text[10:].replace("T", " ") for text in found]


def _turned(text: str) -> str:
    return "" if text == "NaT" else f"{text[8:10]}/{text[5:7]}/{text[:4]}"


def money(column: npt.NDArray[Any]) -> Cells:
    """``12 500,50``."""
    return [f"{value:,.2f}".replace(",", " ").replace(".", ",") for value in column.tolist()]


def euros(column: npt.NDArray[Any]) -> Cells:
    """``12 500,50 €``, with the no-break spaces of a spreadsheet."""
    return [text.replace(" ", "\u00a0") + "\u00a0€" for text in money(column)]


def number(column: npt.NDArray[Any]) -> Cells:
    """``0,25``, and whole numbers without decimals."""
    return [f"{value:g}".replace(".", ",") for value in column.tolist()]


def words(known: Mapping[str, str | tuple[str, ...]]) -> Form:
    """The company's words for coded values; where it has several, each in its turn."""

    def written(column: npt.NDArray[Any]) -> Cells:
        return ["" if value is None else _word(known[value], i) for i, value in enumerate(column)]

    return written


def _word(known: str | tuple[str, ...], turn: int) -> str:
    return known if isinstance(known, str) else known[turn % len(known)]


def through(names: Mapping[str, str]) -> Form:
    """The name of the row that a reference points to."""

    def written(column: npt.NDArray[Any]) -> Cells:
        return ["" if value is None else names[value] for value in column]

    return written


def always(text: str) -> Form:
    """The same text on every row."""

    def written(column: npt.NDArray[Any]) -> Cells:
        return [text] * len(column)

    return written
