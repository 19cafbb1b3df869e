"""What a score made of what is known at the start is worth, on later rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jalon.estimates.estimator import (
    Aggregate,
    Estimator,
    Figures,
    Histogram,
    Shape,
    both,
    empty,
    parts_of,
)
from jalon.relations.expression import names_in
from jalon.stats.interval import Floats
from jalon.stats.lift import Lift, lift
from jalon.stats.logistic import ridge_logistic
from jalon.stats.segments import sums

Note: TypeAlias = tuple[str, Mapping[str, Any], NDArray[np.bool_] | None]

#: The fewest successes to learn a score from, and to check it on.
LEARN, CHECK = 70, 40
#: The share of rows, the latest ones, on which the score is checked; that of the best by score.
LATER, BEST = 1 / 3, 0.1
#: A feature filled so much more, or less, often for successes was filled after the outcome.
LEAK = 0.3
#: The number that texts have where nothing is written.
NOTHING = 0


@dataclass(frozen=True)
class _Rows:
    """Rows of one group counted together: ``features`` a column each."""

    month: Floats
    won: Floats
    count: Floats
    features: Floats

    def kept(self, where: np.ndarray) -> _Rows:
        return _Rows(self.month[where], self.won[where], self.count[where], self.features[where])

    @property
    def successes(self) -> float:
        return float((self.count * self.won).sum())

    @property
    def failures(self) -> float:
        return float((self.count * (1 - self.won)).sum())


class TopLift(Estimator):
    """The share of ``success`` among the best tenth of later rows by score / among all of them.

    The score is a ridge logistic regression on the classes of ``features`` (texts that are never
    null, or numbers, after semicolons), learnt on earlier rows. ``months`` numbers the month of
    entry; ``at``: days after which the success of a row is settled. The later third of the rows, by
    month, checks the score; it is learnt on those whose outcome was settled before the first of
    them. A feature filled far more often for successes is left out: it was filled afterwards.
    """

    name = "top_lift"
    shape = Shape.HISTOGRAM
    fields = {
        "success": "condition",
        "features": "values",
        "months": "number",
        "at": "word",
        "among": "condition",
    }
    optional = frozenset({"among"})

    def aggregates(self, fields: Mapping[str, str]) -> dict[str, Aggregate]:
        """The condition on the rows."""
        told = both(fields.get("among"), f"{fields['months']} is not null")
        return {"n": Aggregate("count", among=told)}

    def keys(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Counted by success, month of entry and features."""
        keys = {
            "success": f"case when {fields['success']} then 1 else 0 end",
            "month": fields["months"],
        }
        for place, (_, feature) in enumerate(parts_of("values", fields["features"])):
            keys[f"feature {place}"] = feature
        return keys

    def finish_histogram(
        self, histogram: Histogram, level: float, fields: Mapping[str, str]
    ) -> Figures:
        """The lift of each group, its score learnt on the group's own rows."""
        features = [text for _, text in parts_of("values", fields["features"])]
        groups = histogram.groups
        value, low, high, best, mean = (empty(groups) for _ in range(5))
        figures = Figures(value, low, high, np.zeros(groups), best, mean)
        figures.missing = np.full(groups, "no_rows", dtype=object)
        for group in range(groups):
            rows = _rows(histogram, group, len(features))
            if not len(rows.count):
                continue
            earlier, later = _apart(rows, int(fields["at"]))
            leaks = _leaks(earlier)
            figures.n[group] = later.count.sum()
            left = [each for each, leak in zip(features, leaks, strict=True) if leak]
            figures.notes += _said(earlier, later, left, np.arange(groups) == group)
            if earlier.successes < LEARN or later.successes < CHECK or not earlier.failures:
                figures.missing[group] = "lift_few"
                continue
            found = _checked(earlier, later, ~leaks, level)
            figures.missing[group] = ""
            best[group], mean[group] = found.best, found.all
            value[group] = found.found.value
            low[group], high[group] = found.found.low, found.found.high
        return figures


def _said(
    earlier: _Rows, later: _Rows, leaks: Sequence[str], here: NDArray[np.bool_]
) -> Iterator[Note]:
    """On how many rows a group's score was learnt and checked, and what was left out of it."""
    facts = {
        "learnt": int(earlier.count.sum()),
        "learnt_won": int(earlier.successes),
        "checked": int(later.count.sum()),
        "checked_won": int(later.successes),
    }
    yield "lift_learnt", facts, here
    if leaks:
        columns = sorted(set().union(*(names_in(each) for each in leaks)))
        yield "lift_leak", {"columns": columns}, here


def _rows(histogram: Histogram, group: int, features: int) -> _Rows:
    keys, here = histogram.keys, histogram.group == group
    columns = [keys[f"feature {place}"][here] for place in range(features)]
    table = np.column_stack(columns) if columns else np.zeros((int(here.sum()), 0))
    return _Rows(keys["month"][here], keys["success"][here], histogram.count[here], table)


def _apart(rows: _Rows, days: int) -> tuple[_Rows, _Rows]:
    """The rows to learn from and the later third, cut between the two months that come nearest."""
    months, place = np.unique(rows.month, return_inverse=True)
    if not len(months):
        return rows, rows
    after = np.cumsum(np.bincount(place, rows.count)[::-1])[::-1] / rows.count.sum()
    first = months[np.argmin(np.abs(after - LATER))]
    # Entered on the last day of a month, a row is settled so many months later, not before.
    settled = first - days // 30 - 1
    return rows.kept(rows.month <= settled), rows.kept(rows.month >= first)


def _leaks(rows: _Rows) -> np.ndarray:
    """The features whose share filled differs too much between successes and the others."""
    filled = rows.features != NOTHING
    won, lost = rows.count * rows.won, rows.count * (1 - rows.won)
    shares = [(each[:, None] * filled).sum(axis=0) / max(each.sum(), 1) for each in (won, lost)]
    leaks: np.ndarray = np.abs(shares[0] - shares[1]) > LEAK
    return leaks


def _checked(earlier: _Rows, later: _Rows, kept: np.ndarray, level: float) -> Lift:
    """The lift on later rows of the score learnt on earlier ones."""
    features = earlier.features[:, kept]
    classes = [np.unique(features[:, place]) for place in range(features.shape[1])]
    profiles, place = np.unique(features, axis=0, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    n = sums(earlier.count, place, len(profiles))
    k = sums(earlier.count * earlier.won, place, len(profiles))
    model = ridge_logistic(_indicators(profiles, classes), k, n)
    score = model.log_odds(_indicators(later.features[:, kept], classes))
    return lift(score, later.count * later.won, later.count, BEST, level)


def _indicators(features: Floats, classes: Sequence[Floats]) -> Floats:
    """A column for each class; a class that was not learnt has none, and counts as the average."""
    columns = [
        (features[:, place, None] == known).astype(np.float64)
        for place, known in enumerate(classes)
    ]
    return np.hstack(columns) if columns else np.zeros((len(features), 0))
