"""Jalon measures whether a company's sales approach works, and says how sure it is.

>>> import jalon
>>> ws = jalon.open("jalon-data")                                          # doctest: +SKIP
>>> ws.import_("exports/")                                                 # doctest: +SKIP
>>> ws.measure(["win_rate", "revenue"], by="sector", grain="month")        # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jalon.model.problems import (
    InputError,
    JalonError,
    MustAskError,
    Problem,
    RequestError,
    WorkspaceError,
)

if TYPE_CHECKING:
    from jalon.api import ImportResult, Result, Workspace, open, read

__all__ = [
    "ImportResult",
    "InputError",
    "JalonError",
    "MustAskError",
    "Problem",
    "RequestError",
    "Result",
    "Workspace",
    "WorkspaceError",
    "open",
    "read",
]

_LAZY = ("open", "read", "Workspace", "Result", "ImportResult")


def __getattr__(name: str) -> Any:
    """The surface that needs the engine is imported when first used: ``--help`` stays instant."""
    if name in _LAZY:
        from jalon import api

        return getattr(api, name)
    raise AttributeError(f"module 'jalon' has no attribute {name!r}")
