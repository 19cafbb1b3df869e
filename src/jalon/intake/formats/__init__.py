"""What a cell can be: one module a format, each with values that it takes and values it refuses.

A format is found by lying in this folder: a module with a ``FORMAT``.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module


@dataclass(frozen=True)
class CellFormat:
    """A format of cells: a pattern of the whole cell (for Python and the engine), then a check."""

    name: str
    description: str
    pattern: str
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    check: Callable[[str], bool] | None = None

    def accepts(self, value: str) -> bool:
        """Whether the cell is of this format; blanks around it do not count."""
        text = value.strip()
        if re.fullmatch(self.pattern, text) is None:
            return False
        return self.check is None or self.check(text)

    def recognise(self, values: Iterable[str]) -> float:
        """The share of the values that are of this format, 0 where there is none."""
        taken = [self.accepts(value) for value in values]
        return sum(taken) / len(taken) if taken else 0.0


@cache
def formats() -> dict[str, CellFormat]:
    """The formats of the folder by name, in the order of their modules."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (getattr(import_module(f"{__name__}.{name}"), "FORMAT", None) for name in names)
    return {one.name: one for one in found if one is not None}


def recognise(values: Iterable[str]) -> dict[str, float]:
    """The share of the values that each format takes, surest first; those at 0 left out."""
    values = list(values)
    shares = {name: one.recognise(values) for name, one in formats().items()}
    return dict(sorted(((n, s) for n, s in shares.items() if s), key=lambda item: -item[1]))
