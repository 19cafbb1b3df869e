"""What an adjusted gap says of how much it could have seen."""

import numpy as np
import pytest

from jalon.estimates.estimator import Histogram
from jalon.estimates.strata import AdjustedGap


def gap(team, solo, won_team, won_solo):
    """The figures of one stratum, so many rows of each kind and so many won among them."""
    keys = {
        "exposed": np.array([1.0, 1, 0, 0]),
        "success": np.array([1.0, 0, 1, 0]),
        "stratum0": np.zeros(4),
    }
    count = np.array([won_team, team - won_team, won_solo, solo - won_solo], float)
    histogram = Histogram(np.zeros(4, np.int64), 1, keys, count)
    return AdjustedGap().finish_histogram(histogram, 0.95, {"strata": "sector"})


def seen(figures):
    return next((facts for code, facts, _ in figures.notes if code == "gap_to_be_seen"), None)


def test_a_small_study_says_the_gap_that_it_could_have_seen():
    # Halves of 100 and 100: a standard error of 7.07 points, 2.8 of which are 20 points.
    assert seen(gap(100, 100, 50, 50)) == {"points": 20, "rows": 200, "exposed": 100}


@pytest.mark.parametrize(("team", "solo", "said"), [(100, 500, False), (99, 900, True)])
def test_from_600_deals_and_100_concerned_nothing_more_is_said(team, solo, said):
    assert (seen(gap(team, solo, team // 2, solo // 2)) is not None) is said


def test_too_few_of_a_kind_give_no_figure_and_no_such_note():
    figures = gap(19, 900, 9, 450)
    assert np.isnan(figures.value[0])
    assert seen(figures) is None
