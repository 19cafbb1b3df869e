import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multinomial

from jalon.stats.net import net_score

SHAPES = [
    (0.3, 0.3), (0.5, 0.2), (0.6, 0.1), (0.1, 0.5), (0.8, 0.05),
    (0.7, 0.1), (0.35, 0.25), (0.2, 0.6), (0.05, 0.9), (0.9, 0.02),
]  # fmt: skip
answers = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)).filter(any)


def exact_coverage(n, promoters, detractors):
    up, down = (x.ravel() for x in np.indices((n + 1, n + 1)))
    up, down = up[up + down <= n], down[up + down <= n]
    found, truth = net_score(up, down, n), 100 * (promoters - detractors)
    chance = multinomial.pmf(
        np.stack([up, down, n - up - down], axis=1),
        n,
        [promoters, detractors, 1 - promoters - detractors],
    )
    return chance[(found.low <= truth) & (truth <= found.high)].sum()


@pytest.mark.parametrize("n", [10, 30, 100])
def test_net_score_covers_over_all_shapes_of_answers(n):
    covers = np.array([exact_coverage(n, *shape) for shape in SHAPES])
    assert covers.min() >= 0.945
    assert covers.max() <= 0.995
    assert 0.95 <= covers.mean() <= 0.975


def test_a_net_score_is_in_points():
    found = net_score(60, 20, 100)
    assert found.value == 40
    assert (found.low, found.high) == pytest.approx((23.6, 54.8), abs=0.1)


def test_all_promoters_still_leave_doubt():
    found = net_score(10, 0, 10)
    assert found.value == found.high == 100
    assert 40 < found.low < 60


def test_without_answers_there_is_no_score():
    found = net_score(0, 0, 0)
    assert np.isnan([found.value, found.low, found.high]).all()


@given(answers)
def test_swapping_promoters_and_detractors_mirrors_the_score(counts):
    up, down, _ = counts
    there, back = net_score(up, down, sum(counts)), net_score(down, up, sum(counts))
    assert there.low == pytest.approx(-back.high)


@given(answers, st.floats(0.5, 0.98))
def test_net_score_holds_its_value_and_widens_with_the_level(counts, level):
    up, down, n = counts[0], counts[1], sum(counts)
    narrow, wide = net_score(up, down, n, level), net_score(up, down, n, level + 0.015)
    assert -100 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high <= 100
