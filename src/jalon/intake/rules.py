"""Rules of reading that a person gives once: "``NC`` means empty in this column".

They lie in ``maps/rules.yaml`` of the workspace, by source, table and header, and hold for every
later import of that source::

    empty:
    - source: hubspot
      table: deal
      header: Montant
      values: [NC, à voir]

A value is compared without the spaces around it, whatever its case.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from jalon.engines.duckdb import DuckDB
from jalon.intake.mapping import TableMap
from jalon.intake.text_table import TextTable
from jalon.model.problems import InputError, Where

FILE = "rules.yaml"

#: By the index of a column, the values that say nothing there.
Empty = Mapping[int, tuple[str, ...]]


class Rule(BaseModel):
    """Values that mean empty in a column of a source's table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    table: str
    header: str
    values: tuple[str, ...]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    empty: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Rules:
    """The rules of a workspace."""

    empty: tuple[Rule, ...] = ()

    def of(self, mapped: TableMap) -> dict[str, tuple[str, ...]]:
        """By header, what means empty in the file that this mapping reads."""
        told: dict[str, tuple[str, ...]] = dict(mapped.empty)
        for each in self.empty:
            if (each.source, each.table) == (mapped.source, mapped.table):
                known = told.get(each.header, ())
                told[each.header] = (*known, *(v for v in each.values if v not in known))
        return told

    def plus(self, rule: Rule) -> Rules:
        """The rules with one more; one column has one rule."""
        same = [each for each in self.empty if _place(each) == _place(rule)]
        values = dict.fromkeys(v for each in (*same, rule) for v in each.values)
        kept = [each for each in self.empty if each not in same]
        return Rules((*kept, rule.model_copy(update={"values": tuple(values)})))

    def minus(self, rule: Rule) -> Rules:
        """The rules without the values of this one."""
        left = []
        for each in self.empty:
            same = _place(each) == _place(rule)
            values = tuple(v for v in each.values if not (same and v in rule.values))
            left += [each.model_copy(update={"values": values})] if values else []
        return Rules(tuple(left))


def _place(rule: Rule) -> tuple[str, str, str]:
    return rule.source, rule.table, rule.header


def load_rules(folder: Path) -> Rules:
    """The rules kept in that folder. Raises InputError ``rules_invalid`` with what is wrong."""
    path = folder / FILE
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Rules(_Written.model_validate(written or {}).empty)
    except FileNotFoundError:
        return Rules()
    except (OSError, ValueError, yaml.YAMLError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError.of("rules_invalid", Where(file=str(path)), why=first[:200]) from None


def save_rules(folder: Path, rules: Rules) -> None:
    """Keep the rules; whole, or the former ones."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = [{**each.model_dump(), "values": list(each.values)} for each in rules.empty]
    draft = folder / f"{FILE}.{os.getpid()}.new"
    text = yaml.safe_dump({"empty": listed}, allow_unicode=True, sort_keys=False)
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / FILE)


def ruled(mapped: TableMap, rules: Rules, headers: Sequence[str]) -> TableMap:
    """The mapping with the rules that bear on columns of the file."""
    told = {header: values for header, values in rules.of(mapped).items() if header in headers}
    return replace(mapped, empty=told)


def columns_of(maps: Iterable[TableMap], headers: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """What means empty by column, for all the tables that a file fills."""
    found: dict[int, tuple[str, ...]] = {}
    for mapped in maps:
        for index, header in enumerate(headers):
            found[index] = (*found.get(index, ()), *mapped.empty.get(header, ()))
    return {index: tuple(dict.fromkeys(values)) for index, values in found.items() if values}


def emptied(engine: DuckDB, table: TextTable, empty: Empty) -> TextTable:
    """The table with these cells blank, as a view over it; ``found`` is the table as it was."""
    name = f"{table.relation}_ruled"
    cells = ", ".join(
        _cell(f"c{index}", empty.get(index, ())) for index in range(len(table.headers))
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT _line, {cells} FROM {table.relation}"
    )
    return replace(table, relation=name, found=table.relation)


def _cell(name: str, values: Sequence[str]) -> str:
    if not values:
        return name
    listed = ", ".join("'" + _plain(value).replace("'", "''") + "'" for value in values)
    return f"CASE WHEN lower(trim({name})) NOT IN ({listed}) THEN {name} END AS {name}"


def _plain(value: str) -> str:
    return value.strip().lower()
