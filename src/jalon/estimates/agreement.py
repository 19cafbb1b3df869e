"""How far two columns agree beyond what chance would give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Estimator, Figures, Histogram, Shape
from jalon.stats.agreement import cohen_kappa
from jalon.stats.segments import sums


class Kappa(Estimator):
    """Cohen's kappa between ``value`` and ``other``, the classes being those that either holds."""

    name = "kappa"
    shape = Shape.HISTOGRAM
    fields = {"value": "any", "other": "any", "among": "condition"}
    optional = frozenset({"among"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by both."""
        return {"value": fields["value"], "other": fields["other"]}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """Kappa of each group's table, with the interval of Fleiss, Cohen and Everitt."""
        both = np.concatenate([histogram.keys["value"], histogram.keys["other"]])
        classes, codes = np.unique(both, return_inverse=True)
        row, column = codes[: histogram.count.size], codes[histogram.count.size :]
        tables = np.zeros((histogram.groups, classes.size, classes.size))
        np.add.at(tables, (histogram.group, row, column), histogram.count)
        found = cohen_kappa(tables, level)
        n = sums(histogram.count, histogram.group, histogram.groups)
        missing = np.where(n > 0, np.where(np.isnan(found.value), "one_class", ""), "no_rows")
        return Figures(found.value, found.low, found.high, n, missing=missing.astype(object))
