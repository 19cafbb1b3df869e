"""Price, volume and mix against the published row, by hand, and laws of what adds up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalon.stats.mix import price_volume_mix

product = st.tuples(
    st.integers(-20, 300), st.floats(0.1, 500), st.integers(-20, 300), st.floats(0.1, 500)
)
products = st.lists(product, min_size=1, max_size=12)


def columns(rows):
    return [np.array(each, dtype=float) for each in zip(*rows, strict=True)]


def test_the_published_row_to_the_printed_digit():
    found = price_volume_mix([100, 50, 0], [10, 20, np.nan], [120, 40, 5], [10.5, 19, 30])
    assert found.total == pytest.approx(170)
    parts = (found.price, found.volume, found.mix, found.new, found.lost)
    assert [round(each, 2) for each in parts] == [10.00, 129.79, -119.79, 150.00, 0]


def test_two_kept_products_of_the_published_row():
    found = price_volume_mix([100, 50], [10, 20], [120, 40], [10.5, 19])
    assert (found.price, found.volume + found.mix) == pytest.approx((10, 10))


def test_one_product_has_no_mix_and_a_lost_one_is_apart():
    found = price_volume_mix([10, 4], [2, 7], [12, 0], [3, np.nan])
    assert found.mix == pytest.approx(0)
    assert found.volume == pytest.approx(2 * 2.5)
    assert (found.price, found.lost, found.total) == pytest.approx((11, -28, -12))


def test_the_same_prices_and_quantities_change_nothing():
    found = price_volume_mix([3, 5], [2, 9], [3, 5], [2, 9])
    assert found == type(found)(0, 0, 0, 0, 0, 0)


def test_quantities_all_given_back_leave_no_mean_price():
    found = price_volume_mix([10, -10], [2, 3], [4, 5], [2, 3])
    assert found.mix == 0
    assert found.total == pytest.approx(4 * 2 + 5 * 3 - (20 - 30))


@given(products)
def test_the_parts_add_up_to_the_change(rows):
    q0, p0, q1, p1 = columns(rows)
    found = price_volume_mix(q0, p0, q1, p1)
    parts = found.price + found.volume + found.mix + found.new + found.lost
    size = (abs(p0 * q0) + abs(p1 * q1)).sum()
    assert found.total == pytest.approx((p1 * q1 - p0 * q0).sum(), abs=1e-9 * (1 + size))
    assert parts == pytest.approx(found.total, abs=1e-6 * (1 + size + abs(found.volume)))


@given(products)
def test_the_way_back_has_the_same_parts_with_the_other_sign(rows):
    q0, p0, q1, p1 = columns(rows)
    there, back = price_volume_mix(q0, p0, q1, p1), price_volume_mix(q1, p1, q0, p0)
    for name, other in (
        ("total", "total"), ("price", "price"), ("volume", "volume"), ("mix", "mix"),
        ("new", "lost"),
    ):  # fmt: skip
        assert getattr(there, name) == pytest.approx(-getattr(back, other), rel=1e-9, abs=1e-6)
