"""Groups beside each other: which are told apart, what is never said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jalon.measure.standing import standing
from jalon.render.records import results
from jalon.stats.shrinkage import shrunk
from jalon.views.groups import told

from .deals import closed, workspace_of

ALIKE = {"Ann": (11, 40), "Bob": (10, 45), "Cid": (14, 50), "Dee": (9, 38)}
ONE_BEST = {"Ann": (62, 80), "Bob": (30, 90), "Cid": (29, 85), "Dee": (33, 100)}


def _reps(folder: Path, reps: dict[str, tuple[int, int]], **more: int):
    deals = [each for name, (k, n) in reps.items() for each in closed(k, n, owner=name)]
    deals += closed(more.get("won", 0), more.get("unknown", 0))
    return workspace_of(folder, deals)


def test_alike_reps_cannot_be_told_apart(tmp_path: Path) -> None:
    answer = _reps(tmp_path, ALIKE).measure(["win_rate"], by="owner")["win_rate"]
    found = standing(answer)
    assert found is not None and not found.told and found.leader is None
    french = "Ces quatre commerciaux ne peuvent pas être départagés"
    assert told(answer, found, "fr").startswith(french)
    assert told(answer, found, "en").startswith("These four reps cannot be told apart")


def test_the_best_is_named_with_its_probability(tmp_path: Path) -> None:
    answer = _reps(tmp_path, ONE_BEST).measure(["win_rate"], by="owner")["win_rate"]
    found = standing(answer)
    assert found is not None
    assert found.leader == answer.groups["owner"].index("Ann")
    assert found.side[found.leader] == 1
    assert "Ann" in told(answer, found, "fr")
    k, n = zip(*ONE_BEST.values(), strict=True)
    assert np.allclose(found.rate.value, shrunk(k, n).rate.value)


def test_where_lower_is_better_the_lowest_leads(tmp_path: Path) -> None:
    answer = _reps(tmp_path, {**ALIKE, "Zoé": (2, 90)}).measure(["win_rate"], by="owner")[
        "win_rate"
    ]
    answer.better = "lower"
    found = standing(answer)
    assert found is not None and found.leader is not None
    assert answer.groups["owner"][found.leader] == "Zoé"
    assert found.side[found.leader] == -1


def test_rows_without_a_rep_are_no_rep(tmp_path: Path) -> None:
    workspace = _reps(tmp_path, ALIKE, won=90, unknown=100)
    answer = workspace.measure(["win_rate"], by="owner")["win_rate"]
    found = standing(answer)
    assert found is not None and not found.told
    assert found.named.tolist() == [each is not None for each in answer.groups["owner"]]
    assert np.isnan(found.rate.value[~found.named]).all()


def test_cohorts_followed_for_too_different_times_are_not_ranked(tmp_path: Path) -> None:
    answer = _reps(tmp_path, ONE_BEST).measure(["win_rate"], by="owner")["win_rate"]
    answer.maturity = np.array([0.95, 0.9, 0.92, 0.88])
    found = standing(answer)
    assert found is not None and found.told
    answer.maturity = np.array([0.95, 0.8, 0.6, 0.4])
    found = standing(answer)
    assert found is not None and not found.told and found.leader is None
    assert "ne se comparent pas" in told(answer, found, "fr")


@pytest.mark.parametrize(
    "asked", [{"by": ("owner", "sector")}, {"by": "owner", "grain": "month"}, {}]
)
def test_only_one_dimension_over_one_period_is_compared(tmp_path: Path, asked: dict) -> None:
    deals = [
        *closed(4, 9, owner="Ann", sector="Bio"),
        *closed(4, 9, owner="Bob", sector="Bio", day="2025-04-02"),
    ]
    answer = workspace_of(tmp_path, deals).measure(["win_rate"], **asked)["win_rate"]
    assert standing(answer) is None


def test_what_is_no_share_is_not_shrunk(tmp_path: Path) -> None:
    found = _reps(tmp_path, ALIKE).measure(["won_deals", "average_basket"], by="owner")
    assert [standing(each) for each in found] == [None] * len(found.answers)


def test_the_json_says_shrunk_rates_and_who_stands_apart(tmp_path: Path) -> None:
    found = _reps(tmp_path, ONE_BEST, won=1, unknown=3).measure(["win_rate"], by="owner")
    said = results(found, "fr")
    by_name = {each["group"]["owner"]: each["shrunk"] for each in said["results"]}
    assert by_name[None] is None
    assert by_name["Ann"]["low"] < by_name["Ann"]["value"] < 62 / 80
    assert sum(each["best"] for each in by_name.values() if each) == pytest.approx(1)
    (groups,) = said["groups"]
    assert (groups["above"], groups["leader"], groups["dimension"]) == (["Ann"], "Ann", "owner")
    plain = results(_one(found), "fr")
    assert "groups" not in plain and "shrunk" not in plain["results"][0]


def _one(found):
    answer = found["win_rate"].take(np.array([0]))
    return type(found)([answer])
