"""What customers bring over time: their lifetime value, and how soon it pays their cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from jalon.estimates.estimator import (
    Aggregate,
    Estimator,
    Figures,
    Floats,
    Histogram,
    Shape,
    both,
    empty,
)
from jalon.model.periods import MONTH_DAYS
from jalon.stats.worth import Worth, lifetime_value, payback, worth_by_age


class LifetimeValue(Estimator):
    """Σ over months of what a customer ``per`` brings (``value``), discounted, up to ``months``.

    ``age`` and ``followed`` are the days from the customer's first order to the row and to the end
    of observation. Customers who have left count 0; ages that fewer than ten customers have reached
    are left out, and the horizon is said. ``discount``: yearly rate. ``give: payback`` gives
    instead the months until the value, not discounted, reaches what a customer cost (``against``, a
    KPI).
    """

    name = "lifetime_value"
    shape = Shape.HISTOGRAM
    fields = {
        "per": "any",
        "value": "number",
        "age": "number",
        "followed": "number",
        "among": "condition",
        "months": "word",
        "discount": "word",
        "give": "word",
        "against": "kpis",
    }
    optional = frozenset({"among", "discount", "give", "against"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows."""
        known = f"{fields['per']} is not null"
        return {"n": Aggregate("count", among=both(fields.get("among"), known))}

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Added up by customer and day."""
        return {"customer": fields["per"], "age": fields["age"], "followed": fields["followed"]}

    def added(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The value."""
        return {"value": fields["value"]}

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """In the unit of the value, each group's customers apart."""
        value, low, high, n, months = (empty(histogram.groups) for _ in range(5))
        for group, (worth, customers) in enumerate(_worths(histogram, int(fields["months"]))):
            found = lifetime_value(worth, float(fields.get("discount") or 0), level)
            value[group], low[group], high[group] = found.value, found.low, found.high
            n[group], months[group] = customers, worth.mean.size
        missing = _missing(n, months)
        figures = Figures(value, low, high, n, missing=missing)
        _say_months(figures, months)
        return figures

    def finish_against(
        self, histogram: Histogram, level: float, fields: Mapping[str, str], other: Floats
    ) -> Figures:
        """Months until each group's customers have paid their cost; no interval is claimed."""
        value, n, months = (empty(histogram.groups) for _ in range(3))
        for group, (worth, customers) in enumerate(_worths(histogram, int(fields["months"]))):
            value[group] = payback(worth, other[group])
            n[group], months[group] = customers, worth.mean.size
        missing = _missing(n, months)
        missing = np.where((missing == "") & np.isnan(other), "cost_unknown", missing)
        missing = np.where((missing == "") & np.isinf(value), "not_paid_back", missing)
        value = np.where(missing == "", value, np.nan)
        nothing = empty(n.size)
        figures = Figures(value, nothing, nothing, n, missing=missing.astype(object))
        _say_months(figures, months)
        return figures


def _worths(histogram: Histogram, months: int) -> Iterator[tuple[Worth, int]]:
    """Each group's values by age, and its number of customers."""
    ages = np.maximum(histogram.keys["age"] // MONTH_DAYS, 0).astype(np.int64)
    lives = (histogram.keys["followed"] // MONTH_DAYS).astype(np.int64)
    for group in range(histogram.groups):
        rows = histogram.group == group
        _, first, customer = np.unique(
            histogram.keys["customer"][rows], return_index=True, return_inverse=True
        )
        followed = lives[rows][first]
        value = histogram.sums["value"][rows]
        yield worth_by_age(customer, ages[rows], value, followed, months), first.size


def _missing(n: Floats, months: Floats) -> NDArray[np.object_]:
    short = np.where(months > 0, "", "too_few_followed")
    return np.where(n > 0, short, "no_rows").astype(object)


def _say_months(figures: Figures, months: Floats) -> None:
    counts = np.unique(months[months > 0])
    for count in counts:
        # Said of all where it is one: a formula keeps such notes.
        where = None if counts.size == 1 else months == count
        figures.notes.append(("worth_horizon", {"months": int(count)}, where))
