"""The settings used in a browser: by keyboard, without JavaScript, wrong and then mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jalon.charts.drawer import Drawer
from jalon.state.settings import load
from jalon.workspace import open_workspace

from .sites import Site, served
from .visits import OVERFLOW, audited, look, visiting

DEALS = """source_id,name,account,source,outcome,amount,created_at,closed_at
d1,A,C1,SEO,won,10000,2025-01-13,2025-02-23
d2,B,C2,Salon,lost,2000,2025-01-14,2025-02-24
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small workspace of its own: its settings are changed."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "deal.csv").write_text(DEALS, encoding="utf-8")
    workspace = open_workspace(folder / "ws", create=True)
    workspace.import_([folder / "deal.csv"])
    workspace.close()
    with (
        Drawer(folder / "charts", workers=1) as drawer,
        served("settings", folder / "ws", drawer) as site,
    ):
        yield site


def test_what_is_wrong_is_seen_heard_and_mended(
    small: Site, browser: Browser, screenshots: Path
) -> None:
    with visiting(browser, small) as (page, complaints):
        page.goto(small.url + "/reglages")
        page.get_by_label("Devise de l’entreprise").fill("euro")
        page.get_by_label("Un prospect est à notre image si").fill("secteur = 'Industrie'")
        page.get_by_label("Devise de l’entreprise").press("Enter")
        field = page.get_by_label("Devise de l’entreprise")
        assert field.input_value() == "euro"
        assert field.get_attribute("aria-invalid") == "true"
        said = str(field.get_attribute("aria-describedby")).split()
        assert "EUR" in " ".join(page.locator(f"#{each}").inner_text() for each in said)
        wrong: list[object] = []
        for width, scheme in (("1440", "light"), ("390", "dark")):
            look(page, width, scheme)
            picture = screenshots / "settings" / f"wrong-{width}-{scheme}.png"
            page.screenshot(path=picture, full_page=True)
            wrong += page.evaluate(OVERFLOW)
            wrong += audited(page, whole=width == "1440")
        field.fill("CHF")
        page.get_by_label("Un prospect est à notre image si").fill("sector = 'Industrie'")
        page.get_by_role("button", name="Enregistrer").press("Enter")
        page.get_by_text("Les réglages sont enregistrés").wait_for()
        wrong += page.evaluate("() => window.refusedByPolicy")
        assert not wrong + complaints.found
    found = load(small.holder.folder / "settings.yaml")
    assert (found.currency, found.icp) == ("CHF", "sector = 'Industrie'")


def test_a_day_and_a_dimension_are_set_without_javascript(small: Site, browser: Browser) -> None:
    with visiting(browser, small, java_script_enabled=False) as (page, complaints):
        page.goto(small.url + "/reglages")
        page.get_by_label("Samedi").check()
        page.get_by_label("Nom", exact=True).fill("Canal")
        page.get_by_label("Faite de").select_option("source")
        page.get_by_label("Regroupements").fill("Digital : SEO")
        page.get_by_role("button", name="Enregistrer").click()
        assert page.get_by_text("Les réglages sont enregistrés").is_visible()
        page.goto(small.url + "/indicateurs/win_rate?period=all&by=canal")
        assert page.get_by_role("rowheader", name="Digital").is_visible()
        assert not complaints.found
    found = load(small.holder.folder / "settings.yaml")
    assert found.working_days.week == (1, 2, 3, 4, 5, 6)
    assert dict(found.dimensions["canal"].groups) == {"Digital": ("SEO",)}
