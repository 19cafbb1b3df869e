"""The look: one meaning a colour, as CSS variables; letters; strokes."""

from __future__ import annotations

import re
from typing import Any, Final

DATA, DATA_SOFT = "var(--data)", "var(--data-soft)"
GUESS, GUESS_SOFT = "var(--guess)", "var(--guess-soft)"
REF, LINE, MUTED, INK = "var(--ref)", "var(--line)", "var(--muted)", "var(--ink)"

LETTERS = 11
FONT = "system-ui, sans-serif"
STROKE = 2.0
DASHES = [4, 3]
DOT = 32.0  # in Vega's square pixels: a radius of 2.8

LIGHT: Final = {
    "data": "#24609b",
    "data-soft": "#d5e3f1",
    "ref": "#98a2ae",
    "guess": "#7a4fa3",
    "guess-soft": "#ece3f4",
    "ink": "#1b2430",
    "muted": "#566170",
    "line": "#e3e0d9",
}


def config() -> dict[str, Any]:
    """Vega-Lite's settings: no frame, no ground, letters of the page."""
    return {
        "background": "transparent",
        "view": {"stroke": None},
        "text": {"font": FONT, "fontSize": LETTERS, "fill": MUTED},
        "aria": False,
    }


def resolved(text: str, colours: dict[str, str] = LIGHT) -> str:
    """An SVG or a specification with real colours: for a notebook, a PDF, a PNG, a mail."""
    return re.sub(
        r'"var\(--([a-z-]+)\)"', lambda found: f'"{colours.get(found[1], LIGHT["ink"])}"', text
    )
