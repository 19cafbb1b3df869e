"""What is won more or less with a factor, other things held fixed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import (
    Estimator,
    Figures,
    Histogram,
    Shape,
    named_conditions,
    parts_of,
)
from jalon.stats.effects import adjusted_effects
from jalon.stats.fdr import benjamini_hochberg

#: Under so many rows, successes, failures, or rows with or without a factor: nothing is said.
LEAST_ROWS, LEAST_ENDS, LEAST_WITH = 150, 30, 20
#: The share of false findings that is borne among those declared.
FALSE = 0.05


class AdjustedEffects(Estimator):
    """The change in the share of ``success`` with each of ``factors``, others held fixed; points.

    ``factors``: ``name: condition`` after semicolons; ``size`` a number above zero, ``strata`` the
    columns held fixed beside it, after semicolons, the first one bending with size. The factors are
    as many classes, ``factor``.
    """

    name = "adjusted_effects"
    shape = Shape.HISTOGRAM
    fields = {
        "success": "condition",
        "factors": "conditions",
        "size": "number",
        "strata": "values",
        "among": "condition",
    }
    optional = frozenset({"among"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by success, size, factors and what is held fixed."""
        keys = {
            "success": f"case when {fields['success']} then 1 else 0 end",
            "size": fields["size"],
        }
        for name, condition in named_conditions(fields["factors"]).items():
            keys[f"factor {name}"] = f"case when {condition} then 1 else 0 end"
        for place, (_, column) in enumerate(parts_of("values", fields["strata"])):
            keys[f"stratum {place}"] = column
        return keys

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Points by factor; those that stay once false findings are controlled are said."""
        names = list(named_conditions(fields["factors"]))
        shape = (histogram.groups, len(names))
        value, low, high, p = (np.full(shape, np.nan) for _ in range(4))
        n, missing = np.zeros(shape), np.full(shape, "no_rows", dtype=object)
        for group in range(histogram.groups):
            rows = np.repeat(
                np.flatnonzero(histogram.group == group),
                histogram.count[histogram.group == group].astype(np.int64),
            )
            table = {name: values[rows] for name, values in histogram.keys.items()}
            n[group] = len(rows)
            missing[group] = _why_missing(table, names)
            tested = missing[group] == ""
            if not tested.any():
                continue
            factors = np.column_stack([table[f"factor {name}"] for name in names])[:, tested]
            strata = [
                np.unique(values, return_inverse=True)[1]
                for name, values in table.items()
                if name.startswith("stratum")
            ]
            effects = adjusted_effects(table["success"], factors, table["size"], strata, level)
            value[group, tested] = 100 * effects.found.value
            low[group, tested] = 100 * effects.found.low
            high[group, tested] = 100 * effects.found.high
            p[group, tested] = benjamini_hochberg(effects.p)
        missing = np.where(np.isnan(value) & (missing == ""), "factor_determined", missing)
        figures = Figures(
            value.ravel(), low.ravel(), high.ravel(), n.ravel(), missing=missing.ravel()
        )
        given = ~np.isnan(p.ravel())
        declared = given & (p.ravel() <= FALSE)
        figures.notes.append(("factor_declared", {}, declared))
        figures.notes.append(("factor_not_told", {}, given & ~declared))
        figures.spread = ("factor", names)
        return figures


def _why_missing(table: Mapping[str, np.ndarray], names: list[str]) -> list[str]:
    """By factor: nothing where there are enough rows, ends, and rows with and without it."""
    rows, won = len(table["success"]), int(table["success"].sum())
    if rows == 0:
        return ["no_rows"] * len(names)
    if rows < LEAST_ROWS or min(won, rows - won) < LEAST_ENDS:
        return ["few_for_effects"] * len(names)
    having = [int(table[f"factor {name}"].sum()) for name in names]
    return ["" if min(k, rows - k) >= LEAST_WITH else "few_with_factor" for k in having]
