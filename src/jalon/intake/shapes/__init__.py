"""Text tables whose rows are not yet those of a table of ours: one module a shape.

A shape is found by lying in this folder: a module with ``recognises(table, engine)``, whether a
text table is of that shape, and ``reshape(table, engine)``, the text tables that it makes.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from jalon.engines.duckdb import DuckDB
from jalon.intake.text_table import TextTable

Recognises = Callable[[TextTable, DuckDB], bool]
Reshape = Callable[[TextTable, DuckDB], list[TextTable]]


@cache
def shapes() -> tuple[tuple[Recognises, Reshape], ...]:
    """The shapes of the folder, in the order of their modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple((each.recognises, each.reshape) for each in modules)


def reshaped(table: TextTable, engine: DuckDB) -> list[TextTable]:
    """The tables of the first shape that recognises this one; the table itself where none does."""
    for recognises, reshape in shapes():
        if recognises(table, engine):
            return reshape(table, engine)
    return [table]
