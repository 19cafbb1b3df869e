"""What a value must be to be used: one module a check, each with values that it takes and refuses.

A check is found by lying in this folder: a module with a ``CHECK``, named by ``Column.check``. The
rules are those of the field's libraries; nothing is asked of a network.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

#: The country of a value whose row names none.
HOME = "FR"
#: The country of a value whose row names one that is not known.
NOWHERE = ""


def _every(value: str, country: str) -> bool:
    return True


@dataclass(frozen=True)
class Check:
    """A check of one kind of value.

    ``normalise``: the value in normal form, None where it is not valid; it is given the ISO 3166
    code of the row's country (``HOME`` where there is none, ``NOWHERE`` where it is not known).
    ``covers``: whether a rule is known for that value and country; without one it is unchecked.
    ``by_country``: whether the country matters.
    ``plain``: SQL that gives the normal form of the plainest values of ``HOME``, from a column
    called ``value``, and NULL for all others; where it gives one, so does ``normalise``.
    ``accepted``: values and their normal forms, a country after a value where it is another than
    ``HOME`` (``"1000 @BE"``).
    """

    name: str
    description: str
    normalise: Callable[[str, str], str | None]
    accepted: Mapping[str, str]
    refused: tuple[str, ...]
    covers: Callable[[str, str], bool] = _every
    by_country: bool = False
    plain: str | None = None

    def verdict(self, value: str, country: str = HOME) -> tuple[str | None, str]:
        """The normal form, and ``valid``, ``invalid`` or ``unchecked``."""
        normal = self.normalise(value, country)
        if normal is not None:
            return normal, "valid"
        return None, "invalid" if self.covers(value, country) else "unchecked"


@cache
def checks() -> Mapping[str, Check]:
    """The checks of the folder, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (getattr(import_module(f"{__name__}.{name}"), "CHECK", None) for name in names)
    return {each.name: each for each in found if each is not None}
