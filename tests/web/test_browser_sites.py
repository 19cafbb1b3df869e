"""The main pages in Chromium on companies of every kind: real ones, partial ones, a hostile one."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import Serve
from .visits import LOOKS, inspect

SITES = ("empty", "deals", "invoices", "maven_crm", "zoho_crm", "hostile")
PAGES = {
    "overview": "/",
    "sales": "/ventes",
    "losses": "/affaires-perdues",
    "customers": "/clients",
    "kpi-rate": "/indicateurs/win_rate",
}


@pytest.mark.parametrize("page_name", PAGES)
@pytest.mark.parametrize("name", SITES)
def test_a_page_looks_right_whatever_the_company(
    serve: Serve, browser: Browser, screenshots: Path, name: str, page_name: str
) -> None:
    picture = screenshots / name / page_name
    inspect(serve(name), browser, PAGES[page_name], picture, (LOOKS[0], LOOKS[3]))
