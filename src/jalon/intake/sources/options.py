"""What the user decides about reading, in place of what the file shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadOptions:
    """The user's word on how to read; None leaves the decision to the file.

    ``directory`` holds temporary files (the system's where None). ``name`` is the file's name to
    show where the path is a temporary one. ``max_bytes`` bounds what a file may unpack to.
    ``own_siren`` and ``own_domains`` tell the company's own side of invoices and of meetings;
    ``zone`` is that of local times.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    decimal: str | None = None
    date_order: str | None = None
    directory: Path | None = None
    name: str | None = None
    max_bytes: int = 4 * 2**30
    own_siren: str | None = None
    own_domains: tuple[str, ...] = ()
    zone: str = "Europe/Paris"
