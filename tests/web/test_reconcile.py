"""The page that leads from another tool's figure to ours."""

from __future__ import annotations

import csv
import io
import json

import pytest

from .pages import words
from .sites import Site

PAGE = "/indicateurs/win_rate/ecart"


def test_the_page_of_a_kpi_leads_there_with_its_question(demo: Site) -> None:
    page = demo.get("/indicateurs/win_rate?period=2025&sector=Industrie").text
    assert f'href="{PAGE}?period=2025&amp;sector=Industrie"' in page
    assert "/ecart" not in demo.get("/indicateurs/stated_loss_reasons").text


def test_the_way_is_said_and_each_step_shown(demo: Site) -> None:
    page = words(demo.get(f"{PAGE}?period=all&theirs=35+%25").text)
    assert "Une règle suffit à retrouver leur chiffre" in page
    assert "quel que soit le champ « issue »" in page
    record = json.loads(demo.get(f"{PAGE}.json?period=all&theirs=35+%25").text)
    (table,) = record["tables"]
    labels = [row["label"] for row in table["rows"]]
    assert (labels[0], labels[-1]) == ("Leur chiffre", "Notre chiffre")
    values = [row["figure"]["value"] for row in table["rows"]]
    assert values[0] == pytest.approx(0.35)
    assert values[-1] == pytest.approx(values[-2])
    assert values[-1] == pytest.approx(record["figure"]["value"])
    (address,) = [each["href"] for each in table["exports"] if each["text"] == "CSV"]
    text = demo.get(address).content.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text), delimiter=";")][1:] == labels


@pytest.mark.parametrize(
    ("typed", "said"),
    [("abc", "n’est pas un chiffre que je sais lire"), ("1.234", "Écrivez 1234 ou 1,23")],
)
def test_what_is_no_figure_is_said_beside_the_field(demo: Site, typed: str, said: str) -> None:
    answer = demo.get(f"/indicateurs/revenue/ecart?theirs={typed}")
    assert answer.status_code == 200
    assert said in words(answer.text)
    assert f'value="{typed}"' in answer.text


def test_what_is_typed_stays_text(demo: Site) -> None:
    page = demo.get(f"{PAGE}?theirs=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
