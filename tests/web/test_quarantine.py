"""What was set apart is seen in its row, corrected there, ruled upon, and brought back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.test_data import Door, opened, plain, report_of

GOOD = "".join(f"g{n};G{n};C{n};won;{n}0,00;{n}/01/2025\n" for n in range(10, 25))
DEALS = (
    "Référence;Affaire;Compte;Issue;Montant;Créée le\n"
    "d1;=1+1;C1;won;1 000,50;13/01/2025\n"
    "d2;<b>B</b>;C2;lost;-5,5x;14/01/2025\n"
    "d3;C;C3;won;à voir;03/02/2025\n"
    "d4;D;C3;won;à voir;pas de date\n"
    f"{GOOD}Total;;;;1 012,75;\n"
)
TOP = "/donnees/quarantaine"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path / "w") as found:
        yield found


def loaded(door: Door, text: str = DEALS, name: str = "affaires.csv") -> str:
    path = report_of(door.loaded(door.dropped((name, text))))
    return path.rsplit("/", 1)[1]


def lot(door: Door, text: str, kind: str = "waiting") -> str:
    listed = door.get(f"{TOP}.json").json()[kind]
    return next(each["href"] for each in listed if text in plain(each["text"]))


def act(door: Door, place: str, **form: str) -> httpx.Response:
    action = place.rsplit("/", 1)[0]
    form |= {"lot": place.rsplit("/", 1)[1]}
    answer = door.post(action, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return door.get(answer.headers["location"])


def amounts(door: Door) -> dict[str, Any]:
    with door.holder.reading() as workspace:
        rows = workspace.store.engine.rows(
            "SELECT source_id, amount FROM version.deal WHERE _until IS NULL"
        )
    return dict(rows)


def row_of(view: dict[str, Any], key: str) -> dict[str, Any]:
    return next(each for each in view["rows"] if each["cells"][0]["text"] == key)


def cell(row: dict[str, Any], header: str) -> str:
    return next(each["name"] for each in row["cells"] if each["header"] == header)


def test_what_waits_is_listed_by_reason_with_the_faulty_cell_in_its_row(door: Door) -> None:
    loaded(door)
    listed = [plain(each["text"]) for each in door.get(f"{TOP}.json").json()["waiting"]]
    assert listed == ["3 lignes en attente : « Montant » illisible"]
    place = lot(door, "Montant")
    view = door.get(f"{place}.json").json()
    row = row_of(view, "d2")
    assert [each["header"] for each in row["cells"] if each["faulty"]] == ["Montant"]
    page = door.get(place).text
    faulty = re.findall(r"<input[^>]*aria-invalid=\"true\"[^>]*>", page)
    assert len(faulty) == len(view["rows"]) and all("Montant, ligne" in each for each in faulty)
    assert "<b>B</b>" not in page and "&lt;b&gt;B&lt;/b&gt;" in page
    assert "total" in plain(door.get(lot(door, "total", "settled")).text).lower()


def test_a_cell_is_corrected_in_its_row_and_loaded_as_an_import(door: Door) -> None:
    loaded(door)
    place = lot(door, "Montant")
    view = door.get(f"{place}.json").json()
    page = act(door, place, **{cell(row_of(view, "d2"), "Montant"): "2 000,10"})
    assert "Une ligne chargée." in page.text
    assert str(amounts(door)["d2"]) == "2000.1000"
    imports = door.get("/donnees.json").json()["imports"]
    assert imports[0]["files"] == ["quarantaine de affaires.csv"]
    door.post(f"{imports[0]['href']}/annuler")
    assert "d2" not in amounts(door)
    assert row_of(door.get(f"{lot(door, 'Montant')}.json").json(), "d2")


def test_a_row_still_wrong_says_its_new_reason_and_keeps_what_was_typed(door: Door) -> None:
    loaded(door)
    place = lot(door, "Montant")
    view = door.get(f"{place}.json").json()
    page = act(door, place, **{cell(row_of(view, "d2"), "Créée le"): "demain"})
    assert "Une ligne reste à corriger." in page.text
    assert len(door.get("/donnees.json").json()["imports"]) == 1
    again = door.get(f"{lot(door, 'Montant')}.json").json()
    assert "demain" in {each["text"] for each in row_of(again, "d2")["cells"]}
    page = act(door, lot(door, "Montant"), **{cell(row_of(again, "d2"), "Montant"): "5"})
    assert "Une ligne reste à corriger." in page.text
    assert row_of(door.get(f"{lot(door, 'Créée')}.json").json(), "d2")


def test_a_row_is_left_out_and_taken_back(door: Door) -> None:
    loaded(door)
    place = lot(door, "Montant")
    number = str(row_of(door.get(f"{place}.json").json(), "d2")["number"])
    assert "Une ligne laissée de côté." in act(door, place, leave=number).text
    assert "d2" not in str(door.get(f"{place}.json").json().get("rows"))
    aside = lot(door, "Montant", "settled")
    act(door, aside, wait="all")
    assert row_of(door.get(f"{lot(door, 'Montant')}.json").json(), "d2")
    act(door, lot(door, "Montant"), leave="all")
    assert not [e for e in door.get(f"{TOP}.json").json()["waiting"] if "Montant" in e["text"]]


def test_a_value_that_means_empty_is_a_rule_for_what_waits_and_what_comes(door: Door) -> None:
    loaded(door)
    place = lot(door, "Montant")
    row = row_of(door.get(f"{place}.json").json(), "d3")
    assert plain(row["empty"]) == "« à voir » : toujours vide dans « Montant »"
    page = act(door, place, empty=str(row["number"]))
    assert "La règle est retenue" in page.text and "Une ligne chargée." in page.text
    found = amounts(door)
    assert found["d3"] is None and "d4" not in found
    assert "Créée" in str(door.get(f"{TOP}.json").json()["waiting"])
    loaded(door, DEALS.replace("d3;", "d33;"))
    assert amounts(door)["d33"] is None

    rules = door.get(f"{TOP}.json").json()["rules"]
    assert "à voir" in rules[0]["text"]
    fields: dict[str, Any] = {}
    for name, value in rules[0]["fields"]:
        fields.setdefault(name, []).append(value)
    assert "est retirée" in door.post(f"{TOP}/regles", data=fields).text
    assert door.get(f"{TOP}.json").json()["rules"] == []


def test_the_file_has_the_columns_the_reason_and_the_row_and_comes_back(door: Door) -> None:
    loaded(door)
    exported = door.get(f"{TOP}.csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(exported), delimiter=";"))
    assert [each["ligne d’origine"] for each in lines] == ["3", "4", "5"]
    assert "Montant" in lines[0]["motif"] and lines[0]["Montant"] == "'-5,5x"
    lines[0]["Montant"], lines[0]["Affaire"] = "'-7,25", "B"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(lines)
    report = door.get(f"{report_of(door.loaded(door.dropped(('q.csv', out.getvalue()))))}.json")
    counts = dict(report.json()["files"][0]["counts"])
    assert (counts["Lignes lues"], counts["Ajoutées"], counts["Mises de côté"]) == ("3", "1", "2")
    assert str(amounts(door)["d2"]) == "-7.2500"
    assert len(door.get(f"{lot(door, 'Montant')}.json").json()["rows"]) == 2
    assert door.get(f"{TOP}.xlsx").content[:2] == b"PK"


def test_a_row_that_was_badly_cut_is_corrected_too(door: Door) -> None:
    loaded(door, DEALS + "d9;N;C9;won;12,50;14/01/2025;en trop;encore\n")
    place = lot(door, "cellules")
    row = row_of(door.get(f"{place}.json").json(), "d9")
    assert row["rest"] == "en trop;encore"
    assert "Rien n’a été modifié" in act(door, place, then="reload").text
    page = act(door, place, **{f"take.{row['number']}": "1"})
    assert "Une ligne chargée." in page.text and str(amounts(door)["d9"]) == "12.5000"


def test_the_sums_before_and_after_are_said(door: Door) -> None:
    import_id = loaded(door)
    report = door.get(f"/donnees/imports/{import_id}.json").json()
    counts = {
        name: plain(text).replace("\u202f", " ") for name, text in report["files"][0]["counts"]
    }
    assert counts["Montants illisibles (Montant)"] == "3"
    assert "Somme lue (Montant)" not in counts
    report = DEALS.replace("d4;D;C3;won;à voir;pas de date", "d4;D;C3;won;4 150,50;pas de date")
    import_id = loaded(door, report)
    report = door.get(f"/donnees/imports/{import_id}.json").json()
    counts = {
        name: plain(text).replace("\u202f", " ") for name, text in report["files"][0]["counts"]
    }
    assert counts["Somme lue (Montant)"] == ("7 701,00 = chargée 3 550,50 + quarantaine 4 150,50")


def test_another_site_and_an_unknown_lot_change_nothing(door: Door) -> None:
    import_id = loaded(door)
    place = lot(door, "Montant")
    answer = door.post(
        place.rsplit("/", 1)[0], data={"leave": "0"}, headers={"origin": "http://evil"}
    )
    assert answer.status_code == 403
    assert door.get(f"{TOP}/{import_id}/nope").status_code == 404
    assert door.get(f"{TOP}/nope/nope").status_code == 404
