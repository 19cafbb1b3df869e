"""The page of the settings: what is saved is the file, whole and as checked, and holds at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from jalon.holder import Holder
from jalon.state.settings import load
from jalon.web.app import create_app
from jalon.workspace import open_workspace

DEALS = """source_id,name,account,source,outcome,amount,currency,created_at,closed_at
d1,A,C1,SEO,won,10000,EUR,2025-01-13,2025-02-23
d2,Test B,C2,Salon,lost,2000,EUR,2025-01-14,2025-02-24
d3,C,C3,Salon,won,100,USD,2025-01-15,2025-02-25
"""
FILE = """\
# Les réglages de la maison
currency: EUR  # la nôtre

# octobre, comme les comptables
fiscal_year_start: 10
memory_limit: 4GB
"""
MINE = """\
mine:
  label: {fr: À moi, en: Mine}
  question: {fr: Combien ?, en: How many?}
  table: deal
  date: closed_at
  estimate: proportion
  success: outcome = 'won'
  among: outcome in ('won', 'lost')
  unit: percent
  better: higher
"""


class Fields(HTMLParser):
    """What a browser would send of a form left as it is."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and given.get("type") == "checkbox":
            if "checked" in given:
                self.found[name] = given.get("value") or ""
        elif tag == "input" and name:
            self.found[name] = given.get("value") or ""
        elif tag == "textarea":
            self._area, self.found[name] = name, ""
        elif tag == "select":
            self._select, self.found[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.found[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # The first line break after the tag is not part of what is said.
            self.found[self._area] = self.found[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data


class Visitor(TestClient):
    """A person at the settings of a workspace."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        super().__init__(create_app(holder, ["testserver"]), raise_server_exceptions=False)
        self.folder, self.file = folder, folder / "settings.yaml"

    def fields(self) -> dict[str, str]:
        answer = self.get("/reglages")
        assert answer.status_code == 200, answer.text
        return Fields(answer.text).found

    def save(self, **changed: str) -> httpx.Response:
        said = {**self.fields(), **{name.replace("__", "."): v for name, v in changed.items()}}
        return self.post("/reglages", data=said, follow_redirects=False)

    def figure(self, kpi: str) -> Any:
        return self.get(f"/indicateurs/{kpi}.json?period=all").json()["figure"]


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    folder = tmp_path / "ws"
    (tmp_path / "deal.csv").write_text(DEALS, encoding="utf-8")
    workspace = open_workspace(folder, create=True)
    workspace.import_([tmp_path / "deal.csv"])
    (folder / "settings.yaml").write_text(FILE, encoding="utf-8")
    workspace.renew()
    with contextlib.closing(Holder(workspace)) as holder:
        yield Visitor(folder, holder)


def faulty(html: str) -> set[str]:
    """The names of the fields that a page marks as wrong."""
    found = re.findall(r"<(?:input|select|textarea)[^>]*aria-invalid=\"true\"[^>]*>", html)
    return {name for each in found for name in re.findall(r'name="([^"]*)"', each)}


def test_a_form_sent_as_it_was_changes_nothing(visitor: Visitor) -> None:
    assert visitor.save().status_code == 303
    assert visitor.file.read_text(encoding="utf-8") == FILE


def test_what_is_saved_keeps_the_rest_of_the_file_and_its_comments(visitor: Visitor) -> None:
    answer = visitor.save(fiscal_year_start="4", icp="sector = 'Industrie'", rates="usd = 0,5")
    assert (answer.status_code, answer.headers["location"]) == (303, "/reglages?saved=1")
    text = visitor.file.read_text(encoding="utf-8")
    assert text.startswith(FILE.replace("fiscal_year_start: 10", "fiscal_year_start: 4"))
    found = load(visitor.file)
    assert (found.icp, dict(found.rates), found.memory_limit) == (
        "sector = 'Industrie'", {"USD": 0.5}, "4GB",
    )  # fmt: skip


def test_a_saved_setting_holds_at_once_for_the_pages_and_what_they_kept(visitor: Visitor) -> None:
    before = visitor.figure("revenue")
    assert "USD" in before["missing"]
    assert visitor.save(rates="USD = 0,5").status_code == 303
    assert visitor.figure("revenue")["value"] == 10_050
    assert visitor.figure("win_rate")["value"] == pytest.approx(2 / 3)
    assert visitor.save(excluded_deals="name ilike '%test%'").status_code == 303
    assert visitor.figure("win_rate")["value"] == 1
    assert visitor.save(rates="", excluded_deals="").status_code == 303
    assert visitor.figure("win_rate")["value"] == pytest.approx(2 / 3)
    assert "USD" in visitor.figure("revenue")["missing"]
    assert visitor.file.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "euro"),
        ("rates", "USD 0,9\nCHF zéro"),
        ("rates", "USD = -1"),
        ("zone", "Mars/Olympus"),
        ("icp", "secteur = 'Industrie'"),
        ("excluded_deals", "amount >"),
        ("required_fields.email", "beaucoup"),
        ("amount_bands", "5000 ; mille"),
        ("working_days.closed", "24/13/2026"),
        ("company.siren", "123"),
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_written(
    visitor: Visitor, field: str, value: str
) -> None:
    answer = visitor.save(**{field: value, "fiscal_year_start": "7"})
    assert answer.status_code == 422
    assert faulty(answer.text) == {field}
    assert visitor.file.read_text(encoding="utf-8") == FILE
    # What was typed is still there, the rest of it too.
    again = Fields(answer.text).found
    assert (again[field], again["fiscal_year_start"]) == (value, "7")


def test_all_that_is_wrong_is_said_at_once(visitor: Visitor) -> None:
    typed = {"currency": "euro", "icp": "secteur = 1", "rates": "x", "amount_bands": "mille"}
    answer = visitor.save(**typed)
    assert faulty(answer.text) == set(typed)
    # The top of the page leads to each of them.
    for name in typed:
        assert f'<a href="#s-{name.replace("_", "-")}"' in answer.text


def test_no_day_worked_is_refused(visitor: Visitor) -> None:
    said = {k: v for k, v in visitor.fields().items() if not k.startswith("working_days.week")}
    answer = visitor.post("/reglages", data=said)
    assert (answer.status_code, faulty(answer.text)) == (422, {"working_days.week.1"})


def test_a_dimension_is_made_used_and_taken_away_on_the_page(visitor: Visitor) -> None:
    made = {
        "dim.0.label": "Grand canal",
        "dim.0.of": "source",
        "dim.0.groups": "Digital : SEO ; SEA\nTerrain : Salon",
    }
    assert visitor.save(**made).status_code == 303
    known = load(visitor.file).dimensions["grand_canal"]
    assert (known.label, dict(known.groups)) == (
        "Grand canal", {"Digital": ("SEO", "SEA"), "Terrain": ("Salon",)},
    )  # fmt: skip
    page = visitor.get("/indicateurs/win_rate.json?period=all&by=grand_canal").json()
    rows = {row["label"]: row["figure"]["n"] for row in page["tables"][0]["rows"]}
    assert rows == {"Digital": 1, "Terrain": 2}
    assert visitor.save(**{"dim.0.drop": "on"}).status_code == 303
    assert visitor.file.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"dim.0.label": "Canal", "dim.0.of": "source"}, "dim.0.groups"),
        ({"dim.0.label": "Canal", "dim.0.of": "source", "dim.0.groups": "SEO"}, "dim.0.groups"),
        ({"dim.0.label": "Canal", "dim.0.groups": "A : b"}, "dim.0.of"),
        ({"dim.0.label": "Sector", "dim.0.of": "source", "dim.0.groups": "A : b"}, "dim.0.label"),
        ({"dim.0.of": "amount", "dim.0.bands": "10 ; 20"}, "dim.0.label"),
    ],
)
def test_a_wrong_dimension_is_said_where_it_is_wrong(
    visitor: Visitor, typed: dict[str, str], field: str
) -> None:
    answer = visitor.save(**typed)
    assert (answer.status_code, faulty(answer.text)) == (422, {field})


def test_a_file_edited_meanwhile_is_not_written_over_unseen(visitor: Visitor) -> None:
    said = visitor.fields()
    edited = FILE + "icp: sector = 'Santé'\n"
    visitor.file.write_text(edited, encoding="utf-8")
    answer = visitor.post("/reglages", data={**said, "currency": "CHF"})
    assert answer.status_code == 422
    assert "a changé depuis" in answer.text
    assert visitor.file.read_text(encoding="utf-8") == edited
    # Sent again from the page that said so, it is written.
    again = Fields(answer.text).found
    assert again["currency"] == "CHF"
    assert visitor.post("/reglages", data=again, follow_redirects=False).status_code == 303
    assert load(visitor.file).currency == "CHF"


@pytest.mark.parametrize(
    "text", ["currency: EURO\n", "curency: EUR\n", "a:\n\tb: 1\n", "icp: secteur = 1\n"]
)
def test_a_file_made_wrong_by_hand_stops_the_figures_and_is_said(
    visitor: Visitor, text: str
) -> None:
    visitor.file.write_text(text, encoding="utf-8")
    stopped = visitor.get("/indicateurs/win_rate")
    assert stopped.status_code in (400, 422)
    assert "settings.yaml" in stopped.text
    page = visitor.get("/reglages")
    assert page.status_code == 200
    assert faulty(page.text) or "À corriger" in page.text
    visitor.file.write_text(FILE, encoding="utf-8")
    assert visitor.get("/indicateurs/win_rate").status_code == 200


def test_a_setting_wrong_in_the_file_is_mended_on_the_page(visitor: Visitor) -> None:
    visitor.file.write_text("currency: EURO\nfiscal_year_start: 13\n", encoding="utf-8")
    page = visitor.get("/reglages")
    assert faulty(page.text) == {"currency", "fiscal_year_start"}
    assert visitor.save(currency="EUR", fiscal_year_start="2").status_code == 303
    assert visitor.get("/indicateurs/win_rate").status_code == 200


def test_the_companys_own_kpis_are_listed_and_their_faults_said(visitor: Visitor) -> None:
    file = visitor.folder / "kpis" / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    said = visitor.get("/reglages.json").json()
    assert [(each["kpi"], each["version"], each["measurable"]) for each in said["kpis"]] == [
        ("mine", "1", True)
    ]
    assert visitor.figure("mine")["value"] == pytest.approx(2 / 3)
    file.write_text(MINE.replace("outcome = 'won'", "outcom = 'won'"), encoding="utf-8")
    faults = visitor.get("/reglages.json").json()["kpi_faults"]
    assert len(faults) == 1
    assert "pis/mine.yaml, ligne 7" in faults[0]["text"]
    assert "outcome" in faults[0]["hint"]
    assert visitor.get("/indicateurs/mine").status_code == 400


def test_a_page_of_a_former_version_and_its_export_say_which(visitor: Visitor) -> None:
    file = visitor.folder / "kpis" / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    assert visitor.figure("mine")["version"] == 1
    file.write_text(MINE.replace("('won', 'lost')", "('won')"), encoding="utf-8")
    now, then = (visitor.figure(name) for name in ("mine", "mine@1"))
    assert (now["version"], now["value"]) == (2, 1)
    assert (then["version"], then["value"]) == (1, pytest.approx(2 / 3))
    page = visitor.get("/indicateurs/mine?period=all").text
    assert "la définition a changé sans que la raison soit dite" in page
    assert "1 (aujourd’hui\u00a0: 2)" in visitor.get("/indicateurs/mine@1").text
    heads, first = visitor.get("/indicateurs/mine@1.csv?period=all").text.splitlines()[:2]
    assert heads.split(";")[-1] == "Version de la définition"
    assert first.split(";")[-1] == "1"
    assert visitor.get("/indicateurs/mine@7").status_code == 404


def test_another_site_can_save_nothing(visitor: Visitor) -> None:
    said = {**visitor.fields(), "currency": "CHF"}
    answer = visitor.post("/reglages", data=said, headers={"origin": "http://elsewhere"})
    assert answer.status_code == 403
    assert visitor.file.read_text(encoding="utf-8") == FILE
