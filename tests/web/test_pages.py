"""The pages over HTTP: small, the same figures in every form, the question carried along."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jinja2.meta
import jsonschema
import pytest
import python_calamine

from jalon.render.pages import Pages
from jalon.views.errors import ErrorView
from jalon.web.app import STATIC, TEMPLATES, static
from jalon.web.routes.pages import PAGES

from .pages import ALL, FIGURES, cards, html_path, links
from .sites import Site

HEAVIEST = 100_000
FILES = ("jalon.css", "jalon.js", "jalon.svg")


def said(site: Site, path: str) -> dict[str, Any]:
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    found = json.loads(answer.text)
    assert isinstance(found, dict)
    return found


def travelled(site: Site, path: str) -> int:
    """What a page weighs on the wire."""
    headers = {"accept-encoding": "gzip"}
    with httpx.stream("GET", site.url + path, headers=headers, timeout=60) as answer:
        answer.read()
        return answer.num_bytes_downloaded


@pytest.mark.parametrize("path", ALL.values(), ids=ALL)
def test_a_page_weighs_less_than_100_kb_with_its_style_and_script(demo: Site, path: str) -> None:
    shared = sum(travelled(demo, static(each)) for each in FILES)
    assert travelled(demo, path) + shared < HEAVIEST


@pytest.mark.parametrize("path", FIGURES.values(), ids=FIGURES)
def test_the_cards_and_the_json_say_the_same(demo: Site, path: str) -> None:
    shown = cards(demo.get(html_path(path)).text)
    record = said(demo, f"{path}.json")
    figures = [(each["label"], each["figure"]) for each in record.get("cards", [])]
    assert [label for label, _ in shown] == [label for label, _ in figures]
    for (_, value), (_, figure) in zip(shown, figures, strict=True):
        expected = "–" if figure["missing"] else figure["text"] + figure["suffix"]
        assert "".join(value.split()) == "".join(expected.split())


def tables(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of a page's JSON, those of its pictures too, in order."""
    parts: list[Any] = []
    for name, value in record.items():
        if name != "frame":
            parts += value if isinstance(value, list) else [value]
    kept = [each for each in parts if isinstance(each, dict)]
    found = [each["table"] if "chart" in each else each for each in kept]
    return [each for each in found if each and "rows" in each and "exports" in each]


def rows_of(table: dict[str, Any]) -> list[tuple[Any, ...]]:
    keys = ("value", "low", "high", "n", "numerator", "denominator")
    return [
        (row["label"], *(row["figure"][key] for key in keys), row["figure"]["unit"])
        for row in table["rows"]
    ]


@pytest.mark.parametrize("path", FIGURES.values(), ids=FIGURES)
def test_the_workbook_has_the_figures_of_the_json_to_the_digit(demo: Site, path: str) -> None:
    record = said(demo, f"{path}.json")
    content = io.BytesIO(demo.get(f"{path}.xlsx").content)
    book = python_calamine.CalamineWorkbook.from_filelike(content)
    expected = [rows_of(each) for each in tables(record)]
    if record.get("cards"):
        expected.insert(0, rows_of({"rows": record["cards"]}))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert len(sheets) == len(expected) + 1
    for sheet, rows in zip(sheets, expected, strict=False):
        found = [tuple(None if cell == "" else cell for cell in row[:8]) for row in sheet[1:]]
        assert [_close(each) for each in found] == [_close(each) for each in rows]
    about = {row[0]: row[1] for row in sheets[-1]}
    assert about["Page"] == record["frame"]["title"]
    assert about["Question posée"] == record["frame"]["asked"]


def _close(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """To the 15 digits that a workbook keeps."""
    return tuple(float(f"{each:.14g}") if isinstance(each, (int, float)) else each for each in row)


@pytest.mark.parametrize("path", FIGURES.values(), ids=FIGURES)
def test_the_csv_of_a_table_has_the_figures_of_the_json(demo: Site, path: str) -> None:
    for table in tables(said(demo, f"{path}.json"))[:3]:
        (address,) = [each["href"] for each in table["exports"] if each["text"] == "CSV"]
        text = demo.get(address).content.decode("utf-8-sig")
        _, *found = csv.reader(io.StringIO(text), delimiter=";")
        figures = {row[0]: row[1:7] for row in found}
        for label, *values, _ in rows_of(table):
            assert label in figures, address
            numbers = [float(each.replace(",", ".")) if each else None for each in figures[label]]
            assert numbers == values


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_json_is_as_the_description_says(demo: Site, lang: str) -> None:
    described = said(demo, "/openapi.json")
    read = {path: each["get"] for path, each in described["paths"].items() if "get" in each}
    assert len(read) >= len(PAGES)
    with demo.holder.reading() as workspace:
        known = workspace.imports()[-1].import_id
    for path, method in read.items():
        schema = method["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": described["components"]}
        for kpi in ("win_rate", "stated_loss_reasons") if "{kpi}" in path else ("",):
            address = path.replace("{kpi}", kpi).replace("{import_id}", known)
            if "{" not in address:
                record = said(demo, f"{address}?lang={lang}")
                jsonschema.Draft202012Validator(whole).validate(record)


# -- a template receives what its view declares ---------------------------------------------------

#: What other forms of the page say, and the page does not.
NOT_ON_PAGE = {"rows.html": {"raw", "title"}}
TEMPLATES_OF = {each.template: each.view for each in PAGES} | {"error.html": ErrorView}


def names_read(environment: jinja2.Environment, template: str) -> set[str]:
    """The names that a template takes from outside, and those that it is built of."""
    assert environment.loader
    tree = environment.parse(environment.loader.get_source(environment, template)[0])
    found = set(jinja2.meta.find_undeclared_variables(tree))
    for each in jinja2.meta.find_referenced_templates(tree):
        assert each
        found |= names_read(environment, each)
    return found


@pytest.mark.parametrize("template", TEMPLATES_OF)
def test_a_template_reads_all_that_its_view_declares_and_nothing_else(template: str) -> None:
    environment = Pages(TEMPLATES, lambda charts, lang: [], static).environment
    declared = {each.name for each in fields(TEMPLATES_OF[template])}
    read = names_read(environment, template) - set(environment.globals) - {"t", "svg", "parts"}
    assert read <= declared
    assert declared - read <= NOT_ON_PAGE.get(template, set())


# -- the question goes along ----------------------------------------------------------------------


def test_every_link_of_the_menu_carries_the_question(demo: Site) -> None:
    asked = {"period": "2026-T2", "compare": "previous", "sector": "Industrie"}
    html = demo.get("/ventes", params=asked).text
    menu = html[html.index("<nav") : html.index("</nav>")]
    found = links(menu)
    assert len(found) > 9
    for each in found:
        assert dict(parse_qsl(urlsplit(each).query)) == asked, each


def test_a_filter_changes_the_figures_and_is_said(demo: Site) -> None:
    whole = said(demo, "/indicateurs/win_rate.json")["figure"]
    part = said(demo, "/indicateurs/win_rate.json?sector=Industrie&sector=Santé")
    assert 0 < part["figure"]["n"] < whole["n"]
    html = demo.get("/indicateurs/win_rate?sector=Industrie&sector=Santé").text
    assert "Industrie et Santé" in html[html.index('class="filters"') :]
    assert "Secteur : Industrie et Santé" in part["frame"]["asked"]
    rows = said(demo, "/indicateurs/win_rate/lignes.json?sector=Industrie&sector=Santé")
    assert rows["total"] == part["figure"]["n"]


def test_a_filter_that_does_not_apply_is_said_rather_than_ignored(demo: Site) -> None:
    usual = said(demo, "/indicateurs/acquisition_spend.json")["figure"]
    figure = said(demo, "/indicateurs/acquisition_spend.json?sector=Industrie")["figure"]
    assert usual["value"] is not None
    assert figure["value"] is None
    assert "ne se filtre pas par" in figure["missing"]
    assert "ne se filtre pas par" in demo.get("/acquisition?sector=Industrie").text
    refused = demo.get("/indicateurs/acquisition_spend/lignes.json?sector=Industrie")
    assert refused.status_code == 400


def test_the_other_language_keeps_the_rest_of_the_address(demo: Site) -> None:
    path = "/indicateurs/win_rate?period=2026-T2&sector=Industrie&by=owner&grain=quarter"
    html = demo.get(path).text
    (other,) = {each for each in links(html) if "lang=en" in each}
    expected = {**dict(parse_qsl(urlsplit(path).query)), "lang": "en"}
    assert dict(parse_qsl(urlsplit(other).query)) == expected
    with httpx.Client(base_url=demo.url) as client:
        english = client.get(other)
        assert '<html lang="en">' in english.text
        assert client.cookies["lang"] == "en"
        assert '<html lang="en">' in client.get("/ventes").text
        assert '<html lang="fr">' in client.get("/ventes?lang=fr").text
    flags = english.headers["set-cookie"].casefold()
    assert "httponly" in flags
    assert "samesite=strict" in flags


@pytest.mark.parametrize("path", ["/?lang=en", "/ventes?lang=en", "/indicateurs/win_rate?lang=en"])
def test_an_english_page_has_no_french(demo: Site, path: str) -> None:
    html = demo.get(path).text.replace("Français", "")
    for word in ("Chiffre", "contre", "Voir", "Taux", "données", "dans le bruit"):
        assert f" {word} " not in html, word
    assert "page." not in html


def test_no_link_leads_nowhere(demo: Site) -> None:
    """One link of each kind, over pages of all kinds: by its page and the names of its question."""
    kinds: dict[tuple[str, ...], str] = {}
    for name in ("overview", "sales", "losses", "kpi-rate", "kpi-classes", "rows", "catalogue"):
        for each in links(demo.get(ALL[name]).text):
            where = urlsplit(each)
            assert not where.netloc, each
            names = sorted({name for name, _ in parse_qsl(where.query, keep_blank_values=True)})
            if where.path:
                kind = re.sub(r"(?<=^/indicateurs/)[a-z_]+", "…", where.path)
                kinds.setdefault((kind, *names), each)
    assert len(kinds) > 60
    for each in kinds.values():
        assert demo.get(each).status_code == 200, each


def test_static_files_are_small_and_ours() -> None:
    for each in STATIC.iterdir():
        content = each.read_text(encoding="utf-8")
        assert len(gzip.compress(content.encode())) < 15_000
        for outside in ("http://", "https://", "@import", "url("):
            assert outside not in content.replace("http://www.w3.org/", ""), (each, outside)
