"""How each stage of an import was read, kept so that its refused rows can be read again alike.

One file beside the stages (``readings.json``): for each stage, in order, its file and sheet, its
headers, the profiles of its columns and its mapping. It holds no cell of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from jalon.intake.mapping import TableMap
from jalon.intake.profile import Profile
from jalon.intake.text_table import ColumnProfile, TextTable

READINGS = "readings.json"


@dataclass(frozen=True)
class Reading:
    """How a table of a file was read: enough to type a row of it again."""

    file: str
    sheet: str | None
    headers: tuple[str, ...]
    delimiter: str | None
    profiles: tuple[Profile, ...]
    map: TableMap


def reading(table: TextTable, profiles: Sequence[ColumnProfile], mapped: TableMap) -> Reading:
    """The reading of a table, without the examples of its cells."""
    kept = tuple(
        replace(each, examples=(), evidence=()) for each in profiles if isinstance(each, Profile)
    )
    return Reading(table.file, table.sheet, table.headers, table.delimiter, kept, mapped)


def write_readings(folder: Path, found: Sequence[Reading]) -> None:
    """Keep the readings of an import, in the order of its stages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / READINGS).write_bytes(_adapter().dump_json(tuple(found), ensure_ascii=True))


def read_readings(folder: Path) -> tuple[Reading, ...]:
    """The readings of an import; none where they were not kept."""
    try:
        return _adapter().validate_json((folder / READINGS).read_bytes())
    except (OSError, ValueError):
        return ()


@cache
def _adapter() -> TypeAdapter[tuple[Reading, ...]]:
    return TypeAdapter(tuple[Reading, ...])
