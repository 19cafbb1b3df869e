"""What an estimator is: sufficient statistics asked of an engine, and a function that finishes.

Statistics that add (counts, sums) merge by adding; those of :attr:`Shape.HISTOGRAM` merge by adding
the counts of equal keys; a distinct count, a median or a figure about units (customers, which have
several rows) does not merge and is asked at the grain needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Shape(StrEnum):
    """The query that an estimator needs."""

    SUMS = "sums"
    DISTINCT = "distinct"
    HISTOGRAM = "histogram"
    RANKS = "ranks"
    UNITS = "units"
    TARGET = "target"
    SNAPSHOTS = "snapshots"
    FORMULA = "formula"


@dataclass(frozen=True)
class Aggregate:
    """A figure over rows: ``count`` of them, or ``sum``, ``square`` (of sums), ``log``,
    ``log_square``, ``cross`` (of two values), ``distinct``, ``top`` (the ten largest, added).

    ``of`` and ``by`` are expressions over the row, ``among`` the condition that keeps it.
    """

    does: str
    of: str | None = None
    by: str | None = None
    among: str | None = None


@dataclass
class Figures:
    """Estimates of one KPI, one element a group.

    ``numerator`` and ``denominator`` are what the value is made of, where it is a quotient.
    ``notes``: code, facts, and the groups concerned (None: all). ``missing``: why there is no
    value, by group ("" where there is one). ``spread``: the name and the labels of the classes that
    an estimator of a histogram makes of each group; the figures are then those of the first group
    class by class, of the second, and so on.
    """

    value: Floats
    low: Floats
    high: Floats
    n: Floats
    numerator: Floats | None = None
    denominator: Floats | None = None
    notes: list[tuple[str, Mapping[str, Any], NDArray[np.bool_] | None]] = field(
        default_factory=list
    )
    missing: NDArray[np.object_] | None = None
    spread: tuple[str, Sequence[Any]] | None = None


@dataclass(frozen=True)
class Histogram:
    """Rows of a histogram query: ``group`` is the number of the group each belongs to.

    A key that holds texts comes as numbers, equal texts having the same whatever the key and the
    empty text 0.
    ``sums``: what :meth:`Estimator.added` asks to add up over the rows counted together.
    """

    group: NDArray[np.int64]
    groups: int
    keys: Mapping[str, Floats]
    count: Floats
    sums: Mapping[str, Floats] = field(default_factory=dict)


class Estimator:
    """One way to make a figure. Subclasses live one a module and are found by lying there.

    ``fields``: the fields of a definition that it reads and what each holds (:func:`parts_of`),
    ``optional`` among them; the first words of the class docstring say what it estimates.
    ``censored``: rows that are not over are followed to date and then taken out, so that cohorts of
    unequal maturity give comparable figures.
    """

    name: ClassVar[str]
    shape: ClassVar[Shape] = Shape.SUMS
    fields: ClassVar[Mapping[str, str]] = {}
    optional: ClassVar[frozenset[str]] = frozenset()
    censored: ClassVar[bool] = False

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The statistics to ask for, by name: how many rows there are, for a histogram."""
        return {"n": Aggregate("count", among=fields.get("among"))}

    def finish(
        self, sums: Mapping[str, Floats], level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Values and intervals from the statistics of each group."""
        raise NotImplementedError

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """The same from a histogram."""
        raise NotImplementedError

    def finish_against(
        self, histogram: Histogram, level: float, fields: Mapping[str, str], other: Floats
    ) -> Figures:
        """The same beside the value that the KPI ``against`` has for each group."""
        raise NotImplementedError

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """For a histogram: the expressions counted by."""
        raise NotImplementedError

    def added(self, fields: Mapping[str, str]) -> dict[str, str]:
        """For a histogram: the expressions added up beside the count, by name."""
        return {}

    def by_unit(self, fields: Mapping[str, str]) -> dict[str, str]:
        """For units: the expressions added up over the rows of each, by name.

        :meth:`aggregates` are then over these names.
        """
        raise NotImplementedError


def parts_of(kind: str, text: str) -> list[tuple[str, str]]:
    """The expressions of a field with what each must be: ``condition``, ``number`` or ``any``.

    ``condition``, ``number`` and ``any`` fields are one expression; ``values`` are several after
    semicolons, ``conditions`` several ``name: condition``. A ``word`` and ``kpis`` (ids after
    semicolons) have none.
    """
    if kind == "values":
        return [("any", each.strip()) for each in text.split(";")]
    if kind == "conditions":
        return [("condition", each) for each in named_conditions(text).values()]
    return [] if kind in ("word", "kpis") else [(kind, text)]


def named_conditions(text: str) -> dict[str, str]:
    """``name: condition`` after semicolons, by name; no condition where there is no colon."""
    told = (each.partition(":") for each in text.split(";"))
    return {name.strip(): condition.strip() for name, _, condition in told}


def both(*conditions: str | None) -> str | None:
    """The conjunction of conditions, those that are there."""
    kept = [f"({each})" for each in conditions if each]
    return " and ".join(kept) or None


def empty(groups: int) -> Floats:
    """As many unknown values."""
    return np.full(groups, np.nan)


def where_empty(n: Floats, code: str = "no_rows") -> NDArray[np.object_]:
    """The reason for the groups that have no row."""
    return np.where(n > 0, "", code).astype(object)


def columns(sums: Mapping[str, Floats], names: Sequence[str]) -> list[Floats]:
    """Several statistics as floats, in order."""
    return [np.asarray(sums[name], dtype=np.float64) for name in names]
