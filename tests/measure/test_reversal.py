"""Orders that reverse inside a dimension: said when sure, silent otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jalon.estimates.estimator import Figures
from jalon.measure.figure import Answer
from jalon.measure.reversal import reversals
from jalon.measure.standing import standing
from jalon.model.periods import Period
from jalon.render.records import results
from jalon.stats.proportion import wilson
from jalon.views.reversals import of_answers

from .deals import closed, workspace_of

#: Ann sells where it is easy, Bob where it is hard, and he wins more in both.
MIXED = [
    ("Ann", "Santé", 210, 300), ("Ann", "Bâtiment", 10, 60),
    ("Bob", "Santé", 50, 60), ("Bob", "Bâtiment", 90, 300),
]  # fmt: skip


def _answer(labels: dict[str, list[str]], k: np.ndarray, n: np.ndarray) -> Answer:
    found = wilson(k, n)
    figures = Figures(found.value, found.low, found.high, n, k, n)
    return Answer(
        "win_rate", None, "deal", "percent", 0.95, labels, [Period()] * len(k), figures,
        estimate="proportion",
    )  # fmt: skip


def _found(k: np.ndarray, n: np.ndarray):
    """Reversals of a table (groups, strata) of successes and trials."""
    groups, strata = k.shape
    whole = _answer({"owner": [f"g{g}" for g in range(groups)]}, k.sum(axis=1), n.sum(axis=1))
    labels = {
        "owner": [f"g{g}" for g in range(groups) for _ in range(strata)],
        "sector": [f"s{s}" for _ in range(groups) for s in range(strata)],
    }
    cells = _answer(labels, k.ravel(), n.ravel())
    stood = standing(whole)
    assert stood is not None
    asked: list[tuple[str, ...]] = []

    def ask(by: tuple[str, ...], period: Period | None) -> Answer:
        asked.append(by)
        return cells

    return reversals(whole, stood, ["owner", "sector"], ask), asked


@pytest.fixture
def workspace(tmp_path: Path):
    deals = [
        each
        for owner, sector, won, all_ in MIXED
        for each in closed(won, all_, owner=owner, sector=sector)
    ]
    return workspace_of(tmp_path, deals)


def test_the_seller_of_the_easy_sector_is_not_the_better_one(workspace) -> None:
    asked = {"by": "owner"}
    answers = workspace.measure(["win_rate"], **asked)
    (warned,) = of_answers(answers, workspace, asked, "fr")
    found = warned.reversal
    assert (found.first, found.second, found.inside) == ("Ann", "Bob", "sector")
    assert found.found.first == pytest.approx((210 / 300 + 10 / 60) / 2)
    assert found.found.second == pytest.approx((50 / 60 + 90 / 300) / 2)
    assert found.stratum == "Santé"
    assert "dans chaque secteur c\u2019est l\u2019inverse" in warned.text
    assert "«\u00a0Ann\u00a0» compte plus de cas dans «\u00a0Santé\u00a0» (83\u202f% contre 17" in (
        warned.text
    )
    said = json.loads(json.dumps(results(answers, "fr", [warned])))
    assert said["reversals"][0]["difference_high"] < 0
    (english,) = of_answers(answers, workspace, asked, "en")
    assert "within each sector it is the other way round" in english.text


def test_a_period_that_seems_better_by_its_mix_alone(tmp_path: Path) -> None:
    days = {"Ann": "2025-05-14", "Bob": "2024-05-15"}
    deals = [
        each
        for period, sector, won, all_ in MIXED
        for each in closed(won, all_, owner="Zoé", sector=sector, day=days[period])
    ]
    workspace = workspace_of(tmp_path, deals)
    asked = {"start": "2025-05-01", "end": "2025-05-31", "compare": "last-year"}
    answers = workspace.measure(["win_rate"], **asked)
    (warned,) = of_answers(answers, workspace, asked, "fr")
    assert warned.text.startswith("«\u00a0mai 2025\u00a0» a un taux plus élevé que")


def test_berkeley_is_said() -> None:
    k = np.array([[512, 353, 120, 138, 53, 22], [89, 17, 202, 131, 94, 24]], dtype=float)
    n = np.array([[825, 560, 325, 417, 191, 373], [108, 25, 593, 375, 393, 341]], dtype=float)
    (found,), asked = _found(k, n)
    assert (found.first, found.second) == ("g0", "g1")
    assert asked == [("owner", "sector")]


def test_groups_that_are_alike_cost_no_query() -> None:
    found, asked = _found(np.full((4, 3), 5.0), np.full((4, 3), 20.0))
    assert (found, asked) == ([], [])


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_without_a_reversal_it_stays_silent(gap: float) -> None:
    # Sectors differ and so do mixes; the sellers are alike, or differ the same way everywhere.
    draw, said = np.random.default_rng(9), 0
    for _ in range(200):
        rates = draw.uniform(0.15, 0.6, 4)
        share = draw.dirichlet(np.ones(4), 4)
        n = np.array([draw.multinomial(250, each) for each in share])
        true = np.clip(rates + gap * np.arange(4)[:, None] / 3, 0, 1)
        said += bool(_found(draw.binomial(n, true).astype(float), n.astype(float))[0])
    assert said / 200 <= 0.05
