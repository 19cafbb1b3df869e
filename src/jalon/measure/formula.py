"""Formula KPIs: the figures of others combined, row by row, with their intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlglot
from sqlglot import exp

from jalon.catalogue.definition import Measure
from jalon.estimates.estimator import Figures, Floats
from jalon.measure.algebra import Estimate
from jalon.measure.figure import Answer
from jalon.measure.question import Question
from jalon.model.periods import Grain, Period
from jalon.model.problems import Problem
from jalon.stats.poisson import garwood

Key = tuple[Period, tuple[Any, ...]]


def combine(measure: Measure, operands: Mapping[str, Answer], question: Question) -> Answer:
    """A formula over answers, for each group and period that any of them has.

    Where one of them is missing, or two are in different currencies, so is the formula.
    """
    why = next((each.missing for each in operands.values() if each.missing), None)
    why = why or _several_currencies(operands)
    if why:
        return Answer.lacking(measure.kpi, measure.part, measure.unit, question.level, why)
    rows = _Rows(operands, question)
    tree = sqlglot.parse_one(measure.formula or "", into=exp.Condition, dialect="duckdb")
    columns = {name: rows.aligned(each) for name, each in operands.items()}
    figures = _figures(tree, columns, rows)
    units = [each.unit for each in operands.values() if each.unit.isupper()]
    answer = Answer(
        measure.kpi,
        measure.part,
        measure.basis or None,
        units[0] if measure.unit == "money" and units else measure.unit,
        question.level,
        {name: [group[i] for _, group in rows.keys] for i, name in enumerate(rows.names)},
        [period for period, _ in rows.keys],
        figures,
    )
    return answer.take(rows.ranked())


def _several_currencies(operands: Mapping[str, Answer]) -> Problem | None:
    """Why answers cannot be combined: each adds in one currency, but not in the same one."""
    found = sorted({each.unit for each in operands.values() if each.unit.isupper()})
    return Problem("several_currencies", {"currencies": found}) if len(found) > 1 else None


def operands_in_order(formula: str) -> list[str]:
    """The KPIs that a formula combines, as they are written, each once."""
    tree = sqlglot.parse_one(formula, into=exp.Condition, dialect="duckdb")
    return list(dict.fromkeys(each.name for each in tree.find_all(exp.Column, bfs=False)))


class _Rows:
    """The groups and periods of several answers, each with its place."""

    def __init__(self, operands: Mapping[str, Answer], question: Question) -> None:
        self.operands, self.question = operands, question
        # Operands that are shares of the same classes are combined class by class.
        every = [tuple(each.groups) for each in operands.values()]
        alike = all(names == every[0] for names in every) and set(question.by) <= set(every[0])
        self.names = every[0] if alike else question.by
        self.places: dict[Key, int] = {}
        for answer in operands.values():
            for row in range(len(answer)):
                self.places.setdefault(self.key(answer, row), len(self.places))
        self.keys = list(self.places)

    def key(self, answer: Answer, row: int) -> Key:
        group = tuple(answer.groups[name][row] for name in self.names)
        whole = self.question.grain is Grain.NONE
        return self.question.period if whole else answer.periods[row], group

    def placed(self, answer: Answer, values: Floats, absent: float) -> Floats:
        """Values of an answer at the places of the formula."""
        found = np.full(len(self.places), absent)
        for row in range(len(answer)):
            found[self.places[self.key(answer, row)]] = values[row]
        return found

    def aligned(self, answer: Answer) -> Estimate:
        """The figures of an operand at the places of the formula."""
        figures = answer.figures
        bounded = not bool(np.isnan(figures.high).all())
        # A flow or a count that is not there is 0; a cost that is not there is not known.
        counted = answer.unit == "number" and bool((figures.value == figures.n).all())
        absent = 0.0 if figures.missing is None and (bounded or counted) else np.nan
        low = high = np.nan
        if _counts(figures):
            # None seen is not none possible: a count of zero has its own upper bound.
            none = garwood(0, answer.level)
            low, high = float(none.low), float(none.high)
        return Estimate(
            self.placed(answer, figures.value, absent),
            self.placed(answer, figures.low, low),
            self.placed(answer, figures.high, high),
        )

    def smallest_n(self) -> Floats:
        """The smallest n of the operands that have an interval; of all, where none has."""
        every = list(self.operands.values())
        drawn = [each for each in every if not np.isnan(each.figures.low).all()]
        counts = [self.placed(each, each.figures.n, 0.0) for each in drawn or every]
        smallest: Floats = np.minimum.reduce(counts)
        return smallest

    def ranked(self) -> np.ndarray:
        """The places by period, then by group, those not known last."""

        def rank(place: int) -> tuple[Any, ...]:
            period, group = self.keys[place]
            return period.start or dt.date.min, tuple((each is None, str(each)) for each in group)

        return np.array(sorted(range(len(self.keys)), key=rank), dtype=np.int64)


def _counts(figures: Figures) -> bool:
    """Whether the figures are counts with an interval."""
    bounded = not bool(np.isnan(figures.high).all())
    return bounded and figures.missing is None and bool((figures.value == figures.n).all())


def _figures(tree: exp.Expr, columns: Mapping[str, Estimate], rows: _Rows) -> Figures:
    result = _evaluate(tree, columns)
    notes: list[Any] = [
        (code, facts, None)
        for answer in rows.operands.values()
        for code, facts, mask in answer.figures.notes
        if mask is None
    ]
    missing = np.where(np.isnan(result.value), "formula_undefined", "").astype(object)
    n = rows.smallest_n()
    figures = Figures(result.value, result.low, result.high, n, notes=notes, missing=missing)
    if isinstance(tree, exp.Div):
        figures.numerator = _evaluate(tree.this, columns).value
        figures.denominator = _evaluate(tree.expression, columns).value
    return figures


def _evaluate(tree: exp.Expr, columns: Mapping[str, Estimate]) -> Estimate:
    if isinstance(tree, exp.Paren):
        return _evaluate(tree.this, columns)
    if isinstance(tree, exp.Column):
        return columns[tree.name]
    if isinstance(tree, exp.Literal):
        rows = len(next(iter(columns.values())).value)
        return Estimate.exact(np.full(rows, float(tree.this)))
    left, right = _evaluate(tree.this, columns), _evaluate(tree.expression, columns)
    if isinstance(tree, exp.Add):
        return left + right
    if isinstance(tree, exp.Sub):
        return left - right
    return left * right if isinstance(tree, exp.Mul) else left / right
