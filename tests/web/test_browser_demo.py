"""Every page of the demo company in Chromium, wide and narrow, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jalon.views.subjects import SUBJECTS

from .sites import Site
from .visits import LOOKS, inspect

PAGES = {
    "overview": "/",
    **{each.name: each.path for each in SUBJECTS},
    "catalogue": "/indicateurs",
    "catalogue-search": "/indicateurs?q=client",
    "patterns": "/modeles",
    "settings": "/reglages",
    "kpi-rate": "/indicateurs/win_rate",
    "kpi-sum": "/indicateurs/revenue?by=owner&grain=quarter",
    "kpi-classes": "/indicateurs/stated_loss_reasons",
    "kpi-lifetime": "/indicateurs/customer_lifetime",
    "kpi-cost": "/indicateurs/cac?lang=en",
    "kpi-filtered": "/indicateurs/win_rate?period=2026-06&sector=Industrie&compare=previous",
    "kpi-unfit": "/indicateurs/acquisition_spend?sector=Industrie",
    "rows": "/indicateurs/win_rate/lignes",
    "reconcile": "/indicateurs/win_rate/ecart?theirs=35%20%25&period=all",
    "reconcile-refused": "/indicateurs/revenue/ecart?theirs=1.234",
    "overview-english": "/?lang=en&period=12m",
    "error": "/indicateurs/nothing_like_it",
    "missing": "/nulle-part",
}
REFUSED = {"error", "missing"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_right_at_every_width_light_and_dark(
    demo: Site, browser: Browser, screenshots: Path, name: str
) -> None:
    status = 404 if name in REFUSED else 200
    inspect(demo, browser, PAGES[name], screenshots / "demo" / name, LOOKS, status)
