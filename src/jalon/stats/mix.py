"""What made sales change between two periods: prices, volume, mix, products new and lost."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from jalon.stats.interval import Bools, Floats, floats


@dataclass(frozen=True, slots=True)
class Change:
    """A change of sales and its parts, in the unit of price × quantity; the parts add up to it."""

    total: float
    price: float
    volume: float
    mix: float
    new: float
    lost: float


def price_volume_mix(
    quantity_before: ArrayLike,
    price_before: ArrayLike,
    quantity_after: ArrayLike,
    price_after: ArrayLike,
) -> Change:
    """The change of ``Σ price × quantity`` over products, one element a product in the same order.

    For the products of both periods, the two orders of changing prices and quantities averaged
    (T. L. Bennet, JRSS 83 (1920); Shapley's value of two factors): ``price = Σ Δp (q0 + q1) / 2``
    and a quantity effect ``Σ Δq (p0 + p1) / 2``. Of that, ``volume`` is the change of the whole
    quantity at the mean price, averaged over both periods, and ``mix`` what is left: more of the
    dear products, or of the cheap ones. A product without quantity before is ``new``, one without
    any after is ``lost`` (at most 0), whatever price is given there (NaN included).

    Symmetric: the change back has the same parts with the other sign, new and lost exchanged. It
    is defined at zero and for credit notes, where a logarithmic decomposition (LMDI) is not. Where
    the whole quantity is 0 in a period there is no mean price: the quantity effect is then all
    volume.
    """
    q0, q1 = floats(quantity_before), floats(quantity_after)
    p0, p1 = floats(price_before), floats(price_after)
    kept = (q0 != 0) & (q1 != 0)
    new, lost = _value(p1, q1, (q0 == 0) & (q1 != 0)), -_value(p0, q0, (q1 == 0) & (q0 != 0))
    q0, q1, p0, p1 = q0[kept], q1[kept], p0[kept], p1[kept]
    price = float(((p1 - p0) * (q0 + q1)).sum() / 2)
    quantity = float(((q1 - q0) * (p0 + p1)).sum() / 2)
    volume = quantity
    if q0.sum() != 0 and q1.sum() != 0:
        mean = (p0 @ q0 / q0.sum() + p1 @ q1 / q1.sum()) / 2
        volume = float((q1.sum() - q0.sum()) * mean)
    total = price + quantity + new + lost
    return Change(total, price, volume, quantity - volume, new, lost)


def _value(price: Floats, quantity: Floats, among: Bools) -> float:
    return float((price[among] * quantity[among]).sum())
