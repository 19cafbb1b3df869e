"""Rates over one mix: against the textbook's table, plain arithmetic, and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest

from jalon.stats.standardised import mix, standardised

#: Berkeley, autumn 1973, six departments: admitted and applicants, men then women (Bickel, Hammel
#: and O'Connell, Science 187 (1975), 398-404).
MEN = np.array([512, 353, 120, 138, 53, 22]), np.array([825, 560, 325, 417, 191, 373])
WOMEN = np.array([89, 17, 202, 131, 94, 24]), np.array([108, 25, 593, 375, 393, 341])


def test_berkeley_reverses() -> None:
    found = standardised(*MEN, *WOMEN)
    weight = (MEN[1] + WOMEN[1]) / 4526
    assert found.first == pytest.approx(float(weight @ (MEN[0] / MEN[1])))
    assert found.second == pytest.approx(0.42996, abs=1e-5)
    assert MEN[0].sum() / MEN[1].sum() > WOMEN[0].sum() / WOMEN[1].sum()
    assert found.difference.high < 0
    assert (found.agreeing, found.strata, found.covered) == (4, 6, 1)
    why = mix(*MEN, *WOMEN)
    assert why.row == 0 and why.first > why.second and why.rate > why.whole


def test_one_stratum_is_newcombes_difference() -> None:
    found = standardised([56], [70], [48], [80]).difference
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_strata_of_one_group_alone_are_left_out() -> None:
    found = standardised([5, 9, 0], [10, 10, 0], [3, 0, 7], [10, 0, 10])
    assert (found.first, found.second, found.strata) == (0.5, 0.3, 1)
    assert found.covered == 0.5
    nothing = standardised([1], [2], [0], [0])
    assert np.isnan(nothing.first) and nothing.p == 1


def test_swapping_the_groups_swaps_the_answer() -> None:
    one, other = standardised(*MEN, *WOMEN), standardised(*WOMEN, *MEN)
    assert (one.first, one.p) == pytest.approx((other.second, other.p))
    assert float(one.difference.low) == pytest.approx(-float(other.difference.high))


def test_the_interval_covers_as_announced() -> None:
    draw = np.random.default_rng(2)
    n1, n2 = np.array([60, 25, 12, 40]), np.array([15, 50, 30, 10])
    true1, true2 = np.array([0.1, 0.3, 0.5, 0.6]), np.array([0.2, 0.25, 0.5, 0.4])
    weight = (n1 + n2) / (n1 + n2).sum()
    truth, held = float(weight @ (true1 - true2)), 0
    for _ in range(2000):
        found = standardised(draw.binomial(n1, true1), n1, draw.binomial(n2, true2), n2).difference
        held += bool(found.low <= truth <= found.high)
    assert 0.93 <= held / 2000 <= 0.975
