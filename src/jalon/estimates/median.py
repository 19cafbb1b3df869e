"""The median of a value, with its exact interval."""

from __future__ import annotations

from collections.abc import Mapping

from jalon.estimates.estimator import Aggregate, Estimator, Shape, both


class Median(Estimator):
    """The median of ``value`` over ``among``; its interval runs between two of the values.

    It does not merge: the engine gives the values of the ranks needed (:func:`stats.median.ranks`).
    """

    name = "median"
    shape = Shape.RANKS
    fields = {"value": "number", "among": "condition"}
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows, as the single aggregate ``n``."""
        return {
            "n": Aggregate(
                "count", among=both(fields.get("among"), f"{fields['value']} is not null")
            )
        }
