"""``.chart()`` in a notebook: an Altair chart that stands alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import altair as alt
import pytest
import vl_convert

import jalon


@pytest.fixture
def world(tmp_path: Path, write: Callable[..., Path]) -> Iterator[jalon.Workspace]:
    rows = "".join(
        f"d{index},{'Ann' if index % 2 else 'Bob'},{'won' if index % 3 else 'lost'},"
        f"{100 + index},2025-{1 + index % 6:02}-05\n"
        for index in range(60)
    )
    file = write("deal.csv", "source_id,owner,outcome,amount,closed_at\n" + rows)
    with jalon.open(tmp_path / "jalon-data") as workspace:
        workspace.import_(file)
        yield workspace


def svg(chart: alt.LayerChart | alt.VConcatChart) -> str:
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def test_over_periods_it_is_a_line(world: jalon.Workspace) -> None:
    found = world.measure("win_rate", grain="month", start="2025-01-01", end="2025-06-30").chart()
    assert isinstance(found, alt.LayerChart)
    said = json.dumps(found.to_dict())
    assert "#24609b" in said
    assert "var(" not in said
    assert "jalon.invalid" not in said
    assert "janv. 2025" in said
    assert "janv. 2025" in svg(found)


def test_by_a_dimension_it_is_an_interval_a_line(world: jalon.Workspace) -> None:
    found = world.measure("win_rate", by="owner").chart()
    assert isinstance(found, alt.LayerChart)
    drawn = svg(found)
    assert "Ann" in drawn
    assert "Bob" in drawn
    assert found.to_dict()["layer"][0]["mark"]["type"] == "rule"


def test_a_single_figure_is_one_interval(world: jalon.Workspace) -> None:
    assert "win_rate" in svg(world.measure("win_rate").chart())


def test_several_answers_stand_below_one_another(world: jalon.Workspace) -> None:
    found = world.measure(["win_rate", "revenue"], by="owner").chart()
    assert isinstance(found, alt.VConcatChart)
    assert len(found.to_dict()["vconcat"]) == 2
    assert "revenue" in svg(found)


def test_a_group_and_periods_are_a_line_a_group(world: jalon.Workspace) -> None:
    asked = world.measure(
        "win_rate", by="owner", grain="month", start="2025-01-01", end="2025-06-30"
    )
    assert len(asked.chart().to_dict()["vconcat"]) == 2


def test_a_comparison_is_dashed(world: jalon.Workspace) -> None:
    asked = world.measure(
        "win_rate", grain="month", start="2025-04-01", end="2025-06-30", compare="previous"
    )
    assert "#98a2ae" in json.dumps(asked.chart().to_dict())


def test_a_figure_that_is_missing_is_said(world: jalon.Workspace) -> None:
    assert svg(world.measure("nps").chart())
