"""What the page of a KPI says of groups: shrunk rates, the funnel, orders that reverse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jalon.charts.data import Funnel
from jalon.model.periods import ALWAYS
from jalon.render.exports import sheets
from jalon.views.asking import Asked, Span
from jalon.views.kpi import KpiView, kpi_view
from jalon.views.source import Source
from measure.deals import closed, workspace_of

REPS = {"Ann": (12, 40), "Bob": (13, 42), "Cid": (85, 100), "Dee": (25, 80), "Eve": (9, 31)}


def _page(folder: Path, deals: list[dict], by: str = "owner", lang: str = "fr") -> KpiView:
    asked = Asked(lang, Span("all", ALWAYS), dt.date(2025, 3, 31))
    return kpi_view(Source(workspace_of(folder, deals), asked), "win_rate", by=by)


def _deals(reps: dict[str, tuple[int, int]]) -> list[dict]:
    return [each for name, (k, n) in reps.items() for each in closed(k, n, owner=name)]


def test_the_funnel_has_every_rep_and_names_the_one_beyond(tmp_path: Path) -> None:
    page = _page(tmp_path, _deals(REPS))
    assert page.funnel is not None and isinstance(page.funnel.chart, Funnel)
    chart = page.funnel.chart
    assert {each.label for each in chart.points} == set(REPS)
    assert {chart.points[at].label for at in chart.named} >= {"Cid"}
    assert chart.mean == pytest.approx(144 / 293)
    assert all(each.href and "owner=" in each.href for each in chart.points)
    assert "Hors des limites à 99,8" in page.funnel.reading and "Cid" in page.funnel.reading
    inner, outer = chart.limits
    assert inner.x == outer.x
    assert all(a <= b for a, b in zip(outer.low, inner.low, strict=True))


def test_three_reps_have_a_table_and_no_funnel(tmp_path: Path) -> None:
    page = _page(tmp_path, _deals({name: REPS[name] for name in ("Ann", "Bob", "Dee")}))
    assert page.funnel is None
    (table,) = page.tables
    assert table.reading.startswith("Ces trois commerciaux ne peuvent pas être départagés")


def test_the_table_and_its_workbook_have_the_shrunk_rates(tmp_path: Path) -> None:
    page = _page(tmp_path, [*_deals(REPS), *closed(3, 9)], lang="en")
    (table,) = page.tables
    by_name = {row.label: row.shrunk for row in table.rows}
    assert table.shrunk_head == "Shrunk"
    assert by_name["Cid"] is not None and by_name["Cid"].value < 0.85
    assert [row.figure.n for row in table.rows if row.shrunk is None] == [9]
    assert sum(each.best for each in by_name.values() if each) == pytest.approx(1)
    sheet = next(each for each in sheets(page) if each.name == table.name)
    assert sheet.heads[-4:][0] == "Shrunk rate"
    assert all(len(row) == len(sheet.heads) for row in sheet.rows)


def test_the_page_warns_of_an_order_that_reverses(tmp_path: Path) -> None:
    deals = [
        each
        for owner, sector, won, all_ in (
            ("Ann", "Santé", 210, 300), ("Ann", "Bâtiment", 10, 60),
            ("Bob", "Santé", 50, 60), ("Bob", "Bâtiment", 90, 300),
        )
        for each in closed(won, all_, owner=owner, sector=sector)
    ]  # fmt: skip
    page = _page(tmp_path, deals)
    (said,) = page.reversals
    assert "«\u00a0Ann\u00a0» a un taux plus élevé" in said


def test_a_page_without_an_order_to_doubt_warns_of_nothing(tmp_path: Path) -> None:
    assert _page(tmp_path, _deals(REPS), by="sector").reversals == ()
