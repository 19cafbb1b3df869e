"""Worked examples: a dozen rows in an engine in memory, and the figures that they must give."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from jalon.catalogue.catalogue import Catalogue, operands_of
from jalon.catalogue.definition import Definition, Example, Measure, TimeKind
from jalon.estimates.estimator import Shape
from jalon.estimates.registry import estimators
from jalon.measure import compile as compiler
from jalon.measure.figure import Answer, Results
from jalon.measure.own import own_of
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.periods import Grain, Period
from jalon.model.problems import Problem, RequestError
from jalon.model.tables import TABLES, Column, Kind
from jalon.relations.clock import NOW, Clock
from jalon.state.settings import Settings
from jalon.store.stage import Stage
from jalon.store.store import Store

LOADED_AT = dt.datetime(2100, 1, 1)


def fill(rows: Mapping[str, Sequence[Mapping[str, Any]]], at: dt.datetime = LOADED_AT) -> Store:
    """A store in memory that holds these rows, by table.

    A row's ``id`` is its ``source_id``; without one it is its place in the list.
    """
    store = Store.memory()
    bring(store, 1, rows, at)
    return store


def bring(
    store: Store, number: int, rows: Mapping[str, Sequence[Mapping[str, Any]]], at: dt.datetime
) -> None:
    """Import these rows, by table, into a store in memory."""
    stages = []
    for name, content in rows.items():
        table = _typed(name, content)
        relation = f"example_{name}"
        store.engine.connection.register(f"lent_{name}", table)
        store.engine.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS FROM lent_{name}")
        fields = tuple(each for each in table.column_names if each in TABLES[name])
        stages.append(Stage(name, "example", fields, relation))
    store.write(number, f"example-{number}", at, stages)


def filled(example: Example) -> Store:
    """A store in memory that holds an example's rows, import by import."""
    store = Store.memory()
    for number, each in enumerate(example.before, 1):
        bring(store, number, each.rows, dt.datetime.combine(each.at, dt.time()))
    bring(store, len(example.before) + 1, example.rows, LOADED_AT)
    return store


def run(kpi: str, example: Example, catalogue: Catalogue) -> list[Results]:
    """The results for each figure that an example gives, in order."""
    store = filled(example)
    measurer = settled(store, catalogue, example)
    return [measurer.measure(question(kpi, {**example.ask, **gives})) for gives in example.gives]


def settled(store: Store, catalogue: Catalogue, example: Example) -> Measurer:
    """What measures an example, under its settings."""
    own = own_of(Settings.model_validate(example.settings))
    return Measurer(store, catalogue, own=own)


def question(kpi: str, asked: Mapping[str, Any]) -> Question:
    """What an example asks: ``by``, ``grain``, ``from``, ``to`` (inclusive), ``part``…"""
    by = asked.get("by") or ()
    to = asked.get("to")
    as_of = asked.get("as_of")
    return Question(
        (kpi,),
        (by,) if isinstance(by, str) else tuple(by),
        Grain(asked.get("grain", "none")),
        Period(asked.get("from"), to + dt.timedelta(days=1) if to else None),
        asked.get("where"),
        asked.get("part"),
        Clock(as_of=as_of) if as_of else NOW,
        basis=asked.get("basis"),
    )


def found(results: Results, gives: Mapping[str, Any]) -> tuple[Answer, int]:
    """The answer and the row of it that an expected figure is about. Raises LookupError."""
    answer = results.answers[0]
    group = gives.get("group") or {}
    for row in range(len(answer)):
        same = all(answer.groups[name][row] == label for name, label in group.items())
        period = gives.get("period")
        if same and (period is None or answer.periods[row].start == period):
            return answer, row
    raise LookupError(f"no figure for {dict(gives)}")


def _typed(name: str, content: Sequence[Mapping[str, Any]]) -> pa.Table:
    table = TABLES[name]
    used = [each for each in table.columns if any(each.name in row for row in content)]
    columns: dict[str, pa.Array] = {
        "_line": pa.array(range(2, len(content) + 2), pa.int64()),
        "_lines": pa.array([1] * len(content), pa.int64()),
        "source_id": pa.array([str(row.get("id", i)) for i, row in enumerate(content)]),
    }
    for each in used:
        columns[each.name] = pa.array(
            [_value(each, row.get(each.name)) for row in content], _ARROW[each.kind]
        )
    return pa.table(columns)


_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.CODE: pa.string(),
    Kind.REFERENCE: pa.string(),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.NUMBER: pa.float64(),
    Kind.SHARE: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.MOMENT: pa.timestamp("us"),
    Kind.FLAG: pa.bool_(),
}


def _value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind is Kind.MOMENT and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    if column.kind is Kind.MONEY:
        return Decimal(str(value))
    return str(value) if column.kind in (Kind.TEXT, Kind.CODE, Kind.REFERENCE) else value


def check_examples(definitions: Iterable[Definition], catalogue: Catalogue) -> None:
    """Run the examples of definitions. Raises RequestError with every figure that differs."""
    problems = [
        problem
        for definition in definitions
        for number, example in enumerate(definition.examples, 1)
        for problem in differences(definition.id, example, catalogue, number)
    ]
    if problems:
        raise RequestError(problems)


def differences(kpi: str, example: Example, catalogue: Catalogue, number: int = 1) -> list[Problem]:
    """Where the figures of an example are not what it says, to one part in a million."""
    problems = []
    for gives, results in zip(example.gives, run(kpi, example, catalogue), strict=True):
        try:
            answer, row = found(results, gives)
        except LookupError:
            facts = {"kpi": kpi, "number": number, "field": "group"}
            facts |= {"expected": gives.get("group") or gives.get("period"), "found": None}
            problems.append(Problem("example_differs", facts))
            continue
        for name in ("value", "low", "high", "n", "numerator", "denominator", "maturity"):
            if name in gives and not _same(gives[name], _figure(answer, name, row)):
                facts = {
                    "kpi": kpi,
                    "number": number,
                    "field": name,
                    "expected": gives[name],
                    "found": _figure(answer, name, row),
                }
                problems.append(Problem("example_differs", facts))
    return problems


def _figure(answer: Answer, name: str, row: int) -> float | None:
    values = answer.maturity if name == "maturity" else getattr(answer.figures, name)
    return None if values is None else float(values[row])


def _same(expected: float | None, value: float | None) -> bool:
    if expected is None or value is None:
        return (value is None or math.isnan(value)) and expected is None
    return math.isclose(expected, value, rel_tol=1e-6, abs_tol=1e-9)


def sql_of(definition: Definition, catalogue: Catalogue) -> list[str]:
    """The queries of a KPI, as they would be asked of a workspace with all tables."""
    statements: list[str] = []
    for part in definition.parts or (None,):
        for measure in definition.rules(part):
            rules = [
                measure,
                *(catalogue[name].rules()[0] for name in sorted(operands_of(measure))),
            ]
            statements += [sql for rule in rules for sql in (statement(rule),) if sql]
    return list(dict.fromkeys(statements))


def statement(measure: Measure) -> str | None:
    """The query of a measure over the flat table; None for a formula."""
    if not measure.table:
        return None
    estimator = estimators()[measure.estimate]
    fields = dict(measure.fields)
    scan = compiler.Scan(
        measure.table,
        ("flat", measure.table),
        measure.date,
        measure.time is TimeKind.STOCK,
        tuple(measure.classes),
        Grain.NONE,
        1,
        (False, False),
        None,
        measure.horizon,
    )
    if estimator.shape is Shape.HISTOGRAM:
        keys = tuple(estimator.keys(fields).items())
        added = tuple(estimator.added(fields).items())
        return compiler.histogram(scan, keys, fields.get("among"), added).sql
    if estimator.shape is Shape.RANKS:
        return compiler.values(scan, fields["value"], estimator.aggregates(fields)["n"].among).sql
    asked = tuple(estimator.aggregates(fields).items())
    if estimator.shape is Shape.UNITS:
        added = tuple(estimator.by_unit(fields).items())
        return compiler.units(scan, fields["per"], added, fields.get("among"), asked).sql
    return compiler.sums(scan, asked).sql
