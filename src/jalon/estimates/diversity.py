"""How evenly rows divide among classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jalon.estimates.estimator import Estimator, Figures, Histogram, Shape, empty
from jalon.stats.diversity import evenness, simpson


class Diversity(Estimator):
    """The normalised entropy of the classes that ``value`` names, from 0 (one) to 1 (even); a
    state, no interval.

    The number of classes is that of all rows asked, the same for each group. ``give: simpson``
    gives instead the chance that two rows are not of one class.
    """

    name = "diversity"
    shape = Shape.HISTOGRAM
    fields = {"value": "any", "among": "condition", "give": "word"}
    optional = frozenset({"among", "give"})

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by class."""
        return {"of": fields["value"]}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """The index of each group."""
        classes, place = np.unique(histogram.keys["of"], return_inverse=True)
        counts = np.zeros((histogram.groups, max(len(classes), 1)))
        np.add.at(counts, (histogram.group, place), histogram.count)
        n = counts.sum(axis=1)
        value = simpson(counts) if fields.get("give") == "simpson" else evenness(counts)
        nothing = empty(histogram.groups)
        missing = np.where(n > 0, "", "no_rows").astype(object)
        return Figures(value, nothing, nothing, n, missing=missing)
