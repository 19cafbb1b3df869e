"""Histories cut at a migration are found, and their lifetimes come out right."""

import numpy as np
import pytest

from jalon.stats.survival import horizon, kaplan_meier, restricted_mean
from jalon.stats.truncation import entries

#: Months of history, and the mean stays of the two halves of the customers.
SPAN, STAYS = 60.0, (60.0, 8.0)


def world(draw, n, cut):
    """n customers known to a system that began at ``cut``: durations, ends, follow-ups in days."""
    began = draw.uniform(0, SPAN, 20 * n)
    lasted = draw.exponential(np.where(draw.random(20 * n) < 0.5, *STAYS))
    kept = np.flatnonzero(began + lasted >= cut)[:n]
    followed = SPAN - began[kept]
    lived = np.minimum(lasted[kept], followed)
    return np.ceil(30 * lived), lasted[kept] < followed, np.ceil(30 * followed)


def true_mean(days):
    return sum(15 * stay * (1 - np.exp(-days / 30 / stay)) for stay in STAYS)


def estimates(seed, n, cut, runs):
    """Relative errors and coverage of the restricted mean, and how often a cut was found."""
    draw, errors, held, found = np.random.default_rng(seed), [], [], 0
    for _ in range(runs):
        duration, ended, followed = world(draw, n, cut)
        entry, since = entries(duration, ended, followed)
        found += since is not None
        curves = kaplan_meier(duration, ended, entry=entry)
        end = horizon(curves)
        if np.isnan(end[0]):
            continue
        mean, truth = restricted_mean(curves, end), true_mean(end[0])
        errors.append(mean.value[0] / truth - 1)
        held.append(mean.low[0] <= truth <= mean.high[0])
    assert len(held) > 0.9 * runs
    return np.mean(errors), np.mean(held), found / runs


@pytest.mark.parametrize(("n", "bias"), [(30, 0.035), (60, 0.03), (500, 0.01)])
def test_a_cut_history_is_found_without_being_told_and_its_mean_covered(n, bias):
    error, held, found = estimates(7, n, 30, 2000 if n < 500 else 400)
    assert abs(error) < bias
    assert 0.93 <= held <= 0.975
    assert found > 0.9


def test_a_whole_history_is_seldom_taken_for_cut():
    error, held, found = estimates(8, 60, 0, 2000)
    assert abs(error) < 0.03
    assert 0.93 <= held <= 0.975
    assert found < 0.13


def test_a_cut_ignored_would_lengthen_lives_by_a_fifth():
    duration, ended, _ = world(np.random.default_rng(9), 2000, 30)
    curves = kaplan_meier(duration, ended)
    end = horizon(curves)
    assert restricted_mean(curves, end).value[0] / true_mean(end[0]) > 1.2


def test_customers_who_all_began_together_show_no_cut():
    entry, cut = entries([30, 60, 90, 100], [1, 1, 1, 0], [100, 100, 100, 100])
    assert cut is None
    assert not entry.any()


def test_the_order_and_the_merging_of_rows_do_not_matter():
    duration, ended, followed = world(np.random.default_rng(3), 300, 30)
    entry, cut = entries(duration, ended, followed)
    order = np.random.default_rng(4).permutation(300)
    again, other = entries(duration[order], ended[order], followed[order])
    assert cut == other
    assert (entry[order] == again).all()
    half = np.full(600, 0.5)
    twice = [np.concatenate((each, each)) for each in (duration, ended, followed)]
    assert entries(*twice, half)[1] == cut


def test_without_an_end_there_is_nothing_to_find():
    assert entries([5, 6], [0, 0], [5, 6])[1] is None
