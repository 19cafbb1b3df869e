"""What a customer brings over time: value by age, for customers followed for unequal times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.stats.interval import Floats, Interval, Ints, floats, normal_quantile


@dataclass(frozen=True, slots=True)
class Worth:
    """By age in months (element a: the month that begins at age a): ``mean``, the value that a
    customer brought at that age, those who had left counting 0; ``followed``, how many customers
    had been followed to its end. ``influence``: each customer's part in each mean's error."""

    mean: Floats
    followed: Floats
    influence: Floats


def worth_by_age(
    customer: Ints, age: Ints, value: Floats, followed: Ints, months: int, least: float = 10
) -> Worth:
    """The value of a customer at each age, over the customers followed to the end of that age.

    One row is the ``value`` that a ``customer`` (codes from 0) brought at an ``age`` (whole months
    from the first order); ``followed`` has one element a customer: the whole months since its
    first order. A customer who left is followed still, and brings 0: the mean at an age is thus
    the margin of those who stay times the share that stays, ``m(a) S(a)``, whatever links the two,
    and is defined where nobody has left. Ages stop at ``months``, or before the first that fewer
    than ``least`` customers have reached.
    """
    at_age = np.array([float((followed > a).sum()) for a in range(months)])
    known = int(np.argmax(np.append(at_age, 0.0) < least))
    seen = np.zeros((followed.size, known))
    kept = (age < known) & (age < followed[customer])
    np.add.at(seen, (customer[kept], age[kept]), value[kept])
    reached = followed[:, None] > np.arange(known)[None, :]
    mean = seen.sum(axis=0) / at_age[:known]
    influence = np.where(reached, (seen - mean) / at_age[:known], 0.0)
    return Worth(mean, at_age[:known], influence)


def lifetime_value(worth: Worth, discount: float, level: float = 0.95) -> Interval:
    """``Σ over ages of mean(a) / (1 + discount)^((a + 1/2) / 12)``, in the unit of the values.

    ``discount`` is a yearly rate. The error is that of a sum of means over overlapping customers:
    ``Σ over customers of (Σ over ages of weight × influence)²``. For a positive value the interval
    is symmetric on the scale of logarithms, since amounts have a long right tail; otherwise around
    the value. NaN without an age.
    """
    if worth.mean.size == 0:
        nothing = floats(np.nan)
        return Interval(nothing, nothing, nothing)
    weight = (1 + discount) ** (-(np.arange(worth.mean.size) + 0.5) / 12)
    value = float(weight @ worth.mean)
    error = float(np.sqrt(((worth.influence @ weight) ** 2).sum()))
    reach = normal_quantile(level) * error
    if value > 0:
        spread = np.exp(reach / value)
        return Interval(floats(value), floats(value / spread), floats(value * spread))
    return Interval(floats(value), floats(value - reach), floats(value + reach))


def payback(worth: Worth, cost: float) -> float:
    """The months until the values add up to ``cost``; inf where they never do.

    Within a month value is taken to come evenly.
    """
    total = np.append(0.0, np.cumsum(worth.mean))
    if not total.max() >= cost:
        return np.inf
    month = int(np.argmax(total >= cost))
    if month == 0:
        return 0.0
    return float(month - 1 + (cost - total[month - 1]) / worth.mean[month - 1])
