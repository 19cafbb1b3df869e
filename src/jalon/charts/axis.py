"""Where an axis begins and ends, what values it shows, and which labels have room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LETTER = 6.2  # pixels that a character of 11 takes, no less in the usual sans-serifs
MOST_LABELS = 7


@dataclass(frozen=True)
class Scale:
    """An axis of values: its two ends, each a multiple of the step between its rules."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> list[float]:
        """The values that have a rule."""
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [_multiple(each, self.step) for each in range(first, last + 1)]


def scale(values: Iterable[float], unit: str, zero: bool, wanted: int = 5) -> Scale | None:
    """The axis that holds these values with about ``wanted`` rules; None where there are none."""
    found = list(values)
    if not found:
        return None
    low, high = min(found), max(found)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    most = max(abs(high), abs(low))
    if high - low <= max(1e-9 * most, 1e-12):
        room = most * 0.1 if most > 1e-9 else 0.05 if unit == "percent" else 1.0
        low, high = low - (0 if zero and not low else room), high + room
    step = _round_step((high - low) / wanted)
    if unit == "number" and all(each.is_integer() for each in found):
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(_multiple(first, step), _multiple(last, step), step)


def _multiple(times: int, step: float) -> float:
    """A multiple of the step as it is written: 0.15, where 3 × 0.05 is a hair above."""
    return round(times * step, max(0, 2 - math.floor(math.log10(step))))


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, not under the step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= step * (1 - 1e-9))


def shown(labels: Sequence[str], pixels: float) -> list[int]:
    """The indexes of the labels to write: even steps, first and last kept, none on another.

    ``pixels``: between two points.
    """
    last = len(labels) - 1
    if last < 1 or pixels <= 0:
        return list(range(len(labels)))
    room = max(len(each) for each in labels) * LETTER + 12
    step = max(math.ceil(last / (MOST_LABELS - 1)), math.ceil(room / pixels))
    found = list(range(0, last, step))
    if (last - found[-1]) * pixels < max(room, 0.6 * step * pixels) and len(found) > 1:
        found.pop()
    return [*found, last]
