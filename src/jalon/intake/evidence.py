"""All that the reading of a table rests on, decision by decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from jalon.intake.mapping import TableMap
from jalon.intake.memory import MARKS, Memory
from jalon.intake.text_table import ColumnProfile, Evidence, TextTable


def evidence_of(
    table: TextTable,
    profiles: Sequence[ColumnProfile],
    mapped: TableMap | None,
    because: Mapping[tuple[str, str], str],
    memory: Memory | None,
) -> tuple[Evidence, ...]:
    """The decisions on the file, then on its mapping, then on each of its columns."""
    found = list(table.evidence)
    if memory is not None and mapped is not None:
        facts: dict[str, object] = {
            "import_id": memory.import_id,
            "at": memory.at.isoformat(),
            "day": memory.at.date().isoformat(),
        }
        found.append(Evidence("mapping", mapped.table, "remembered", facts))
    for each in profiles:
        found += _of_column(each, mapped, because)
    return tuple(found)


def _of_column(
    profile: ColumnProfile, mapped: TableMap | None, because: Mapping[tuple[str, str], str]
) -> Iterator[Evidence]:
    """What a profile says, but for what the user, or a lesson, has told of the column."""
    for one in getattr(profile, "evidence", ()):
        said = _said(mapped, one.decision, profile.header)
        if said is None or (one.choice == said and one.certainty == 1.0):
            yield one
        else:
            why = because.get((one.decision, profile.header), "given")
            yield replace(one, choice=said, because=why, facts={}, certainty=1.0)


def _said(mapped: TableMap | None, decision: str, header: str) -> str | None:
    if mapped is None or decision not in MARKS:
        return None
    by: Mapping[str, str] = getattr(mapped, decision)
    return by.get(header) or by.get("*")
