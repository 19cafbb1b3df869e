"""Names that attack: shown as text on every page, chart and export, and the server lives."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import python_calamine
from playwright.sync_api import Browser

from jalon.render.cells import FORMULA, legible

from .conftest import Serve
from .hostile import EACH, NAMES
from .pages import ALL, FIGURES, links, parts
from .sites import Site
from .visits import visiting

BY = ("sector", "owner", "source", "product", "campaign", "team")


@pytest.fixture(scope="module")
def site(serve: Serve) -> Site:
    return serve("hostile")


@pytest.mark.parametrize(
    "path", [*ALL.values(), *(f"/indicateurs/win_rate?period=all&by={each}" for each in BY)]
)
def test_a_page_shows_names_as_text(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    html = answer.text
    for tag, given in parts(html):
        assert tag not in ("img", "iframe", "b", "object", "base"), given
        assert tag != "script" or (given.get("src") or "").startswith("/static/")
        assert not [each for each in given if each.startswith("on") or each == "style"], given
    for each in links(html):
        assert each.startswith(("/", "#")), each
        assert not each.startswith("//"), each
    assert "\x00" not in html
    assert "\x1b" not in html
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", html)


def test_every_name_is_there_and_can_be_filtered_by(site: Site) -> None:
    record = site.get("/indicateurs/win_rate.json?period=all&by=sector").json()
    rows = {row["label"]: row for row in record["tables"][0]["rows"]}
    for name in NAMES.values():
        shown = "".join(each for each in rows if legible(each) == legible(name))
        assert shown, name
        row = rows[shown]
        assert row["figure"]["n"] == EACH
        if len(name) > 200:
            assert row["href"] is None
            continue
        there = site.get(row["href"])
        assert there.status_code == 200
        chip = re.search(r"Secteur\s*: <strong><bdi>(.*?)</bdi>", there.text, re.S)
        assert chip
        assert f"sur {EACH}" in there.text.replace("\u202f", "").replace("\u00a0", " ")
        behind = site.get(row["rows_href"].replace("/lignes", "/lignes.json")).json()
        assert behind["total"] == EACH


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_filter_by_a_name_works_or_says_why_not(site: Site, name: str) -> None:
    for path in ("/ventes", "/indicateurs/win_rate.json", "/indicateurs/win_rate/lignes"):
        answer = site.get(path, params={"sector": name, "period": "all"})
        assert answer.status_code == (400 if len(name) > 1_000 else 200), answer.text[:300]


@pytest.mark.parametrize(
    "path", [*FIGURES.values(), "/indicateurs/win_rate/lignes"], ids=[*FIGURES, "rows"]
)
def test_exports_are_inert_and_well_formed(site: Site, path: str) -> None:
    text = site.get(f"{path}.csv?period=all").content.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text), delimiter=";"):
        for cell in row:
            assert not cell.startswith(FORMULA) or re.fullmatch(r"-?[\d,e-]+", cell), cell
    content = site.get(f"{path}.xlsx?period=all").content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for part in packed.namelist():
            if part.endswith((".xml", ".rels")):
                tree = ET.fromstring(packed.read(part))
                assert not [each for each in tree.iter() if each.tag.endswith("}f")], part
                assert "TargetMode" not in {name for each in tree.iter() for name in each.attrib}
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert all(book.get_sheet_by_name(each).to_python() for each in book.sheet_names)


def test_exported_names_come_back_the_same(site: Site) -> None:
    content = site.get("/indicateurs/win_rate/lignes.xlsx?period=all").content
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    head, *rows = book.get_sheet_by_index(0).to_python()
    found = {row[head.index("Secteur")] for row in rows}
    for name in NAMES.values():
        if "\r" not in name and "\u2028" not in name:
            assert legible(name)[:32_000] in {each[:32_000] for each in found}, name


def test_nothing_runs_in_the_browser(site: Site, browser: Browser, screenshots: Path) -> None:
    paths = [
        "/?period=all",
        "/affaires-perdues?period=all",
        "/acquisition?period=all",
        "/indicateurs/win_rate?period=all&by=owner",
        "/indicateurs/stated_loss_reasons?period=all",
        "/indicateurs/win_rate/lignes?period=all&sector=" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/indicateurs?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "/nulle-part/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/ventes?period=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ]
    with visiting(browser, site) as (page, complaints):
        for path in paths:
            page.goto(site.url + path)
            assert page.evaluate("() => document.querySelectorAll('img, iframe').length") == 0
            scripts = "() => [...document.scripts].map((each) => new URL(each.src).pathname)"
            assert page.evaluate(scripts) == ["/static/jalon.js"]
            assert page.evaluate("() => window.refusedByPolicy") == []
        assert not complaints.found


def test_charts_hold_no_markup_of_names(site: Site) -> None:
    html = site.get(
        "/indicateurs/win_rate?period=all&sector=" + "%3Cscript%3Ealert(1)%3C/script%3E"
    )
    (drawn,) = re.findall(r'<figure class="chart">(.*?)</figure>', html.text, re.S)
    tree = ET.fromstring(drawn)
    known = {"svg", "g", "a", "path", "circle", "text", "title", "rect", "line", "defs", "clipPath"}
    assert {each.tag.rsplit("}", 1)[-1] for each in tree.iter()} <= known
    for each in tree.iter():
        href = each.get("href") or each.get("{http://www.w3.org/1999/xlink}href")
        assert href is None or href.startswith("/indicateurs/")
