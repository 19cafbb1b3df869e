"""What a measure answers: one answer a KPI and part, its figures kept as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jalon.estimates.estimator import Figures, Floats, empty
from jalon.model.periods import Period
from jalon.model.problems import Problem


@dataclass(frozen=True)
class Comparison:
    """Another period's figures beside these, row by row, and their difference."""

    periods: Sequence[Period]
    value: Floats
    low: Floats
    high: Floats
    difference: Floats
    difference_low: Floats
    difference_high: Floats
    conclusive: NDArray[np.bool_]


@dataclass
class Answer:
    """The figures of one KPI and part: one element a group and period.

    ``groups``: by dimension (or class), the label of each row, None where not known. ``periods``:
    of each row. ``missing`` says why the whole has no value. ``estimate`` (how values are worked
    out) and ``better`` (higher, lower, context: what is favourable) are the catalogue's.
    ``version``: of the definition.
    """

    kpi: str
    part: str | None
    basis: str | None
    unit: str
    level: float
    groups: Mapping[str, list[Any]]
    periods: Sequence[Period]
    figures: Figures
    maturity: Floats | None = None
    missing: Problem | None = None
    compare: Comparison | None = None
    sql: tuple[str, ...] = ()
    version: int = 1
    estimate: str = ""
    better: str = "context"

    def __len__(self) -> int:
        return len(self.figures.value)

    @classmethod
    def lacking(cls, kpi: str, part: str | None, unit: str, level: float, why: Problem) -> Answer:
        """The answer of a KPI that cannot be measured: one row, no value, and why."""
        nothing = empty(1)
        figures = Figures(nothing, nothing, nothing, np.zeros(1))
        return cls(kpi, part, None, unit, level, {}, [Period()], figures, missing=why)

    def notes(self, row: int) -> list[Problem]:
        """What must be said beside a row's value."""
        return [
            Problem(code, facts)
            for code, facts, rows in self.figures.notes
            if rows is None or bool(rows[row])
        ]

    def why_missing(self, row: int) -> Problem | None:
        """Why a row has no value; None where it has one."""
        if self.missing is not None:
            return self.missing
        codes = self.figures.missing
        if codes is not None and codes[row]:
            return Problem(str(codes[row]))
        if np.isnan(self.figures.value[row]):
            return Problem("not_defined")
        return None

    def take(self, rows: NDArray[np.int64]) -> Answer:
        """The same answer with these rows, in this order."""
        figures = self.figures
        taken = Figures(
            figures.value[rows],
            figures.low[rows],
            figures.high[rows],
            figures.n[rows],
            None if figures.numerator is None else figures.numerator[rows],
            None if figures.denominator is None else figures.denominator[rows],
            [(c, f, None if mask is None else mask[rows]) for c, f, mask in figures.notes],
            None if figures.missing is None else figures.missing[rows],
        )
        places = rows.tolist()
        return replace(
            self,
            groups={name: [labels[at] for at in places] for name, labels in self.groups.items()},
            periods=[self.periods[at] for at in places],
            figures=taken,
            maturity=None if self.maturity is None else self.maturity[rows],
        )


@dataclass(frozen=True)
class Results:
    """The answers to a question, in the order asked."""

    answers: Sequence[Answer]
    as_of: str | None = None
    dimensions: tuple[str, ...] = ()
    sql: tuple[str, ...] = field(default=())

    @property
    def nbytes(self) -> int:
        """Bytes in memory, about: some two hundred a figure with its labels."""
        return 200 * len(self)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def __len__(self) -> int:
        return sum(len(answer) for answer in self.answers)

    def __getitem__(self, kpi: str) -> Answer:
        """The first answer of that KPI. Raises KeyError."""
        for answer in self.answers:
            if answer.kpi == kpi:
                return answer
        raise KeyError(kpi)
