"""Every page in Chromium, wide and narrow, light and dark: nothing wrong, nothing from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jalon.views.subjects import SUBJECTS

from .conftest import Serve
from .visits import LOOKS, OVERFLOW, audited, look, visiting

SUBJECT_PAGES = {each.name: each.path for each in SUBJECTS}
DEMO = {
    "overview": "/",
    **SUBJECT_PAGES,
    "catalogue": "/indicateurs",
    "catalogue-search": "/indicateurs?q=client",
    "patterns": "/modeles",
    "kpi-rate": "/indicateurs/win_rate",
    "kpi-sum": "/indicateurs/revenue?by=owner&grain=quarter",
    "kpi-classes": "/indicateurs/stated_loss_reasons",
    "kpi-lifetime": "/indicateurs/customer_lifetime",
    "kpi-cost": "/indicateurs/cac?lang=en",
    "kpi-filtered": "/indicateurs/win_rate?period=2026-06&sector=Industrie&compare=previous",
    "kpi-unfit": "/indicateurs/acquisition_spend?sector=Industrie",
    "rows": "/indicateurs/win_rate/lignes",
    "overview-english": "/?lang=en&period=12m",
    "error": "/indicateurs/nothing_like_it",
    "missing": "/nulle-part",
}
OTHERS = {
    "overview": "/",
    "sales": "/ventes",
    "losses": "/affaires-perdues",
    "customers": "/clients",
    "kpi-rate": "/indicateurs/win_rate",
}
SITES = ("maven_crm", "zoho_crm", "empty", "deals", "invoices", "hostile")
VISITS = [
    *(pytest.param("demo", *each, marks=pytest.mark.xdist_group("demo")) for each in DEMO.items()),
    *(
        pytest.param(site, *each, marks=pytest.mark.xdist_group("sites"))
        for site in SITES
        for each in OTHERS.items()
    ),
]


@pytest.mark.parametrize(("name", "page_name", "path"), VISITS)
def test_a_page_looks_right_at_every_width_light_and_dark(
    serve: Serve, browser: Browser, screenshots: Path, name: str, page_name: str, path: str
) -> None:
    site = serve(name)
    refused = page_name in ("error", "missing")
    folder = screenshots / name
    with visiting(browser, site) as (page, complaints):
        answer = page.goto(site.url + path)
        assert answer is not None
        assert answer.status == (404 if refused else 200)
        wrong: list[object] = []
        for width, scheme in LOOKS:
            look(page, width, scheme)
            page.screenshot(path=folder / f"{page_name}-{width}-{scheme}.png", full_page=True)
            wrong += [(width, each) for each in page.evaluate(OVERFLOW)]
            if (width, scheme) != LOOKS[3]:
                first = (width, scheme) == LOOKS[0]
                wrong += [(width, scheme, each) for each in audited(page, whole=first)]
        wrong += page.evaluate("() => window.refusedByPolicy")
        wrong += complaints.found
        assert not wrong
