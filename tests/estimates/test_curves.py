"""Curves and steps: their classes, group by group."""

import numpy as np
import pytest

from jalon.estimates.estimator import Histogram
from jalon.estimates.registry import estimators


def histogram(group, count=None, **keys):
    group = np.array(group)
    counts = np.ones(group.size) if count is None else np.array(count, float)
    columns = {name: np.array(values, float) for name, values in keys.items()}
    return Histogram(group, int(group.max()) + 1, columns, counts)


def test_the_curve_of_the_method_is_read_at_each_age_of_each_group():
    times, causes = [1, 2, 2, 3, 4, 5, 6, 7], [1, 2, 0, 1, 2, 0, 1, 0]
    told = histogram([0] * 8 + [1], duration=[*times, 2], cause=[*causes, 1])
    found = estimators()["curve"].finish_histogram(told, 0.95, {"at": "1,3,6"})
    assert found.spread == ("day", [1, 3, 6])
    assert found.value == pytest.approx([0.125, 0.275, 0.5, 0, 1, 1])
    assert found.n.tolist() == [8, 8, 8, 1, 1, 1]


def test_one_age_alone_is_a_figure_without_classes_and_few_ends_are_said():
    told = histogram([0, 0], duration=[5, 9], cause=[1, 0], count=[40, 60])
    found = estimators()["curve"].finish_histogram(told, 0.95, {"at": "9"})
    assert found.spread is None
    assert found.value == pytest.approx([0.4])
    assert [(code, mask.tolist()) for code, _, mask in found.notes] == [("few_ends", [False])]
    few = histogram([0, 0], duration=[5, 9], cause=[1, 0], count=[4, 60])
    found = estimators()["curve"].finish_histogram(few, 0.95, {"at": "9"})
    assert [mask.tolist() for _, _, mask in found.notes] == [[True]]


def test_an_age_that_nobody_has_been_followed_to_is_not_given():
    told = histogram([0, 0], duration=[5, 9], cause=[1, 0])
    found = estimators()["curve"].finish_histogram(told, 0.95, {"at": "9,10"})
    assert found.missing.tolist() == ["", "not_followed"]


def test_steps_count_those_that_went_past_them_and_the_won_everywhere():
    told = histogram([0, 0, 0, 1], step=[1, 2, 2, 3], won=[0, 0, 1, 0], count=[5, 3, 2, 4])
    found = estimators()["steps"].finish_histogram(told, 0.95, {})
    assert found.spread == ("stage", [1, 2, 3])
    assert found.n.tolist() == [10, 5, 2, 4, 4, 4]
    assert found.numerator.tolist() == [5, 2, 2, 4, 4, 0]


def test_steps_never_widen_along_the_way():
    rng = np.random.default_rng(3)
    told = histogram(
        rng.integers(0, 3, 200), step=rng.integers(1, 7, 200), won=rng.random(200) < 0.2
    )
    found = estimators()["steps"].finish_histogram(told, 0.95, {})
    reached = found.n.reshape(3, -1)
    assert (np.diff(reached) <= 0).all()
    assert (found.numerator.reshape(3, -1)[:, :-1] == reached[:, 1:]).all()
