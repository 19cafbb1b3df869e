"""The pages used: by keyboard alone, without JavaScript, on paper."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

from .pages import ALL
from .sites import Site
from .visits import PHONE, visiting

FOCUSED = """() => {
  const each = document.activeElement;
  const rooms = ".menu, .filters, .cards, .chart, table, .links";
  return {tag: each.tagName.toLowerCase(), name: each.getAttribute("class") || "",
    text: each.textContent.trim(),
    href: each.getAttribute("href") || each.getAttribute("xlink:href"),
    inside: (each.closest(rooms) || document.body).getAttribute("class"),
    seen: each.matches(":focus-visible")};
}"""


def tab(page: Page) -> dict[str, Any]:
    page.keyboard.press("Tab")
    found = page.evaluate(FOCUSED)
    assert isinstance(found, dict)
    return found


def tabs(page: Page, until: str, most: int = 200) -> dict[str, Any]:
    """Tabs on to the first element whose text or address holds that."""
    for _ in range(most):
        found = tab(page)
        if until in f"{found['text']} {found['href']}":
            assert found["seen"], found
            return found
    raise AssertionError(f"the keyboard does not reach {until}")


def test_the_keyboard_reaches_everything_in_order(demo: Site, browser: Browser) -> None:
    with visiting(browser, demo) as (page, complaints):
        page.goto(demo.url + "/ventes")
        assert tab(page)["href"] == "#contenu"
        assert tabs(page, "Accueil")["inside"] == "menu"
        chip = tabs(page, "T3 2026")
        assert chip["tag"] == "summary"
        opened = "() => document.querySelectorAll('details.chip[open]').length"
        page.keyboard.press("Enter")
        assert page.evaluate(opened) == 1
        tab(page)
        page.keyboard.press("Escape")
        assert page.evaluate(opened) == 0
        assert page.evaluate(FOCUSED)["tag"] == "summary"
        page.keyboard.press("Enter")
        tabs(page, "T2 2026", 30)
        page.keyboard.press("Enter")
        page.wait_for_url("**/ventes?period=2026-T2")
        # The skip link leads past the menu; a card leads to its page.
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        tabs(page, "/indicateurs/revenue?", 40)
        tabs(page, "lignes", 200)
        page.keyboard.press("Enter")
        page.wait_for_url("**/lignes?**")
        assert tabs(page, "/lignes.xlsx")["href"]
        assert not complaints.found


def test_a_row_leads_to_the_figure_of_its_group_and_its_rows(demo: Site, browser: Browser) -> None:
    with visiting(browser, demo) as (page, complaints):
        page.goto(demo.url + "/indicateurs/win_rate")
        point = tabs(page, "period=2026-03")
        assert point["inside"] == "chart"
        tabs(page, "sector=Industrie")
        page.keyboard.press("Enter")
        page.wait_for_url("**sector=Industrie**")
        assert "Industrie" in page.locator(".filters").inner_text()
        tabs(page, "lignes")
        page.keyboard.press("Enter")
        page.wait_for_url("**/lignes**")
        assert page.locator("tbody tr").count() > 20
        for form in ("csv", "xlsx"):
            with page.expect_download() as waiting:
                page.locator(f"a[href*='lignes.{form}']").click()
            assert waiting.value.suggested_filename == f"jalon-win_rate.{form}"
        assert not [each for each in complaints.found if "lignes." not in each]


def test_a_filter_of_several_values_is_taken_by_keyboard(demo: Site, browser: Browser) -> None:
    with visiting(browser, demo) as (page, complaints):
        page.goto(demo.url + "/ventes?compare=previous")
        tabs(page, "Secteur\u00a0:")
        page.keyboard.press("Enter")
        tab(page)
        page.keyboard.press("Space")
        tab(page)
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url("**sector=**sector=**")
        assert "compare=previous" in page.url
        assert not complaints.found


def test_everything_works_without_javascript(demo: Site, browser: Browser) -> None:
    with visiting(browser, demo, java_script_enabled=False, viewport=PHONE) as (page, complaints):
        for path in ALL.values():
            answer = page.goto(demo.url + path)
            assert answer
            assert answer.status == 200
            assert page.locator("h1").is_visible()
        page.goto(demo.url + "/ventes")
        page.locator("details.chip summary").first.click()
        page.get_by_role("link", name="T2 2026").click()
        assert page.url.endswith("/ventes?period=2026-T2")
        page.locator("details.chip", has_text="Secteur").locator("summary").click()
        page.get_by_label("Santé").check()
        page.get_by_label("Industrie").check()
        page.locator("details.chip[open] button").click()
        assert "sector=Sant" in page.url
        assert "period=2026-T2" in page.url
        page.locator("details.chip summary").first.click()
        page.locator("input[name=from]").fill("2026-02-01")
        page.locator("input[name=to]").fill("2026-02-28")
        page.locator("form.dates button").click()
        assert "from=2026-02-01" in page.url
        assert "period=" not in page.url
        page.locator("details.more summary").first.click()
        assert page.locator("details.more table").first.is_visible()
        assert not complaints.found


def test_on_paper_the_menu_goes_and_the_filters_are_said(demo: Site, browser: Browser) -> None:
    with visiting(browser, demo) as (page, complaints):
        page.goto(demo.url + "/ventes?sector=Industrie&period=2026-T2")
        assert page.locator(".printed").is_hidden()
        page.emulate_media(media="print", color_scheme="dark")
        for gone in (".side", ".filters", ".grains", ".languages"):
            assert all(not each.is_visible() for each in page.locator(gone).all()), gone
        said = page.locator(".printed").inner_text()
        assert "T2 2026" in said
        assert "Industrie" in said
        assert page.get_by_text("données jusqu’au").is_visible()
        style = "() => getComputedStyle(document.documentElement).getPropertyValue('--surface')"
        ground = page.evaluate(style)
        assert ground.strip() == "#fff"
        assert page.pdf(format="A4")[:5] == b"%PDF-"
        assert not complaints.found
