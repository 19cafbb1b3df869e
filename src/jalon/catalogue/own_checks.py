"""Checks of what a person types: names of a company's definition, values, units, worked examples.

Ours are checked by their tests; these say what a schema cannot, with what would do.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from sqlglot import exp

from jalon.catalogue.definition import Definition, Example
from jalon.model.problems import JalonError, Problem
from jalon.model.tables import GROUPED, TABLES, Column, Kind
from jalon.relations.columns import dimensions, named
from jalon.relations.expression import parse

UNITS = (
    "percent", "money", "number", "points", "days", "hours", "months", "per_year", "times", "index",
)  # fmt: skip
#: What an example may ask, and what it may give.
GIVES = frozenset(
    [
        "part",
        "basis",
        "by",
        "group",
        "grain",
        "period",
        "from",
        "to",
        "as_of",
        "where",
        "value",
        "low",
        "high",
        "n",
        "numerator",
        "denominator",
        "maturity",
        "missing",
        "unit",
        "level",
    ]
)
Said = tuple[str, dict[str, Any]]


class Placed(Protocol):
    """What knows the line of each field of an entry."""

    def problem(self, code: str, at: str | None = None, /, **facts: Any) -> Problem:
        """A problem at the line of a field."""


def check_own(definition: Definition, place: Placed) -> Iterator[Problem]:
    """The id, units, dimensions and examples of a company's definition."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", definition.id) or re.search(r"__\d+$", definition.id):
        yield place.problem("kpi_id")
    units = {rule.unit for part in definition.parts or (None,) for rule in definition.rules(part)}
    for unit in sorted(units):
        if unit not in UNITS and not re.fullmatch("[A-Z]{3}", unit):
            near = get_close_matches(unit, UNITS, 3)
            yield place.problem("kpi_unit", "unit", found=unit, nearest=near, known=UNITS)
    yield from _check_dimensions(definition, place)
    yield from _check_values(definition, place)
    for number, example in enumerate(definition.examples):
        yield from _check_example(example, f"examples.{number}", place)


def _check_dimensions(definition: Definition, place: Placed) -> Iterator[Problem]:
    """Dimensions that no table has, and that resemble one; those of settings are not known here."""
    tables = {
        rule.table
        for part in definition.parts or (None,)
        for rule in definition.rules(part)
        if rule.table in TABLES or rule.table in GROUPED
    }
    known = {name for table in tables or TABLES for name in dimensions(table)} | {"amount_band"}
    every = {name for table in TABLES for name in dimensions(table)}
    for number, name in enumerate(definition.dimensions):
        near = get_close_matches(name, known, 3, 0.75)
        if name not in known and (near or name in every):
            facts = {"found": name, "nearest": near, "known": sorted(known)}
            yield place.problem("kpi_dimension", f"dimensions.{number}", **facts)


def _check_values(definition: Definition, place: Placed) -> Iterator[Problem]:
    """The values that expressions compare columns with."""
    said = {
        (name, text, rule.table)
        for part in definition.parts or (None,)
        for rule in definition.rules(part)
        for name, text in rule.fields
    }
    for name, text, table in sorted(said):
        for code, facts in values_of(text, table):
            yield place.problem(code, name, **facts)


def _check_example(example: Example, path: str, place: Placed) -> Iterator[Problem]:
    for name, rows in example.rows.items():
        if name not in TABLES:
            facts = {"found": name, "nearest": get_close_matches(name, TABLES, 3)}
            yield place.problem("kpi_table", f"{path}.rows.{name}", **facts, known=sorted(TABLES))
            continue
        columns = {each.name: each for each in TABLES[name].columns}
        for number, row in enumerate(rows):
            for column, value in row.items():
                at = f"{path}.rows.{name}.{number}.{column}"
                yield from _check_cell(columns, column, value, name, at, place)
    for number, gives in enumerate(example.gives):
        for field in gives:
            if field not in GIVES:
                near = get_close_matches(field, GIVES, 3)
                facts = {"field": field, "nearest": near}
                yield place.problem("kpi_field_unknown", f"{path}.gives.{number}.{field}", **facts)


def _check_cell(
    columns: Mapping[str, Column], name: str, value: Any, table: str, at: str, place: Placed
) -> Iterator[Problem]:
    if name == "id":
        return
    if name not in columns:
        facts = {"found": name, "table": table, "nearest": get_close_matches(name, columns, 3)}
        yield place.problem("kpi_column", at, **facts)
    elif columns[name].kind is Kind.MOMENT and not isinstance(value, (dt.date, type(None))):
        yield place.problem("kpi_day", at, field=name, found=str(value))


# -- expressions ---------------------------------------------------------------------------------


def meant(problem: Problem, table: str) -> Said:
    """What a wrong expression most likely meant: a value that lacks its apostrophes."""
    name = problem.facts.get("name")
    if problem.code == "unknown_column":
        for column in TABLES[table].columns if table in TABLES else ():
            if name in column.values:
                return "kpi_unquoted", {"name": name, "column": column.name}
    return problem.code, dict(problem.facts)


def values_of(text: str, table: str) -> Iterator[Said]:
    """The values that an expression compares a column with, and that the column cannot have."""
    if table not in TABLES:
        return
    declared = {each.name: each.values for each in TABLES[table].columns}
    try:
        tree = parse(text, named(table))
    except JalonError:
        return
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        column = node.this
        values = declared.get(column.name, ()) if isinstance(column, exp.Column) else ()
        others = node.expressions if isinstance(node, exp.In) else [node.expression]
        for each in others:
            if values and isinstance(each, exp.Literal) and each.this not in values:
                near = get_close_matches(each.this, values, 3)
                facts = {"found": each.this, "column": column.name}
                yield "kpi_value", {**facts, "nearest": near, "known": list(values)}
