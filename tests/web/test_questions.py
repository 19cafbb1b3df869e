"""Questions of the page of an upload: readings side by side, answers, and what is remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .test_data import Door, chosen, column, opened

AMBIGUOUS = "source_id,name,account,outcome,amount,created_at\n" + "".join(
    f'd{n},A{n},C{n},won,"{n},234",0{n}/02/2026\n' for n in (3, 4, 5)
)
CLEAR = "source_id,name,account,outcome,amount,note\nd1,A,C,won,10.50,x\n"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path / "w") as found:
        yield found


def plain(text: str) -> str:
    return re.sub("[\u00a0\u202f]", " ", text)


def asks(door: Door, place: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = door.get(f"{place}.json").json()["tables"][0]["asks"]
    return found


def test_each_reading_shows_the_cells_as_it_would_take_them(door: Door) -> None:
    place = door.dropped(("deal.csv", AMBIGUOUS))
    order, mark = asks(door, place)
    assert order["options"][0]["samples"][0] == {"found": "03/02/2026", "read": "3 février 2026"}
    assert order["options"][1]["samples"][0]["read"] == "2 mars 2026"
    read = {each["value"]: plain(each["samples"][0]["read"]) for each in mark["options"]}
    assert read == {",": "3,234", ".": "3 234"}
    assert "trois chiffres" in mark["rests"]


def test_nothing_can_be_loaded_until_every_question_is_answered(door: Door) -> None:
    place = door.dropped(("deal.csv", AMBIGUOUS))
    order, mark = asks(door, place)
    page = door.get(place).text
    assert 'value="load"' not in page and ">Répondre<" in page
    assert door.post(f"{place}/charger").status_code == 422
    door.say(place, then="check", **{order["name"]: "DMY"})
    assert [each["name"] for each in asks(door, place)] == [mark["name"]]
    door.say(place, then="check", **{mark["name"]: "."})
    assert 'value="load"' in door.get(place).text
    door.loaded(place)
    with door.holder.reading() as workspace:
        total = workspace.store.engine.value("SELECT sum(amount) FROM flat.deal")
    assert int(total) == 3234 + 4234 + 5234


def test_a_question_is_a_named_group_of_buttons_that_need_no_script(door: Door) -> None:
    page = door.get(door.dropped(("deal.csv", AMBIGUOUS))).text
    groups = re.findall(r'<fieldset class="ask"><legend>(.*?)</legend>(.*?)</fieldset>', page, re.S)
    assert len(groups) == 2
    for legend, body in groups:
        assert plain(legend).endswith("?")
        assert len(re.findall(r'<label class="answer"><input type="radio"', body)) == 2
        assert body.count("required") == 2
    assert '<select name="0.date_order"' not in page


def test_the_page_says_how_the_file_was_read(door: Door) -> None:
    place = door.dropped(("deal.csv", AMBIGUOUS))
    page = door.get(place).text
    assert "Comment ce fichier a été lu" in page
    told = {
        (each["column"], each["decision"]): each
        for each in door.get(f"{place}.json").json()["tables"][0]["evidence"]
    }
    assert told["", "encodage"]["sure"] == "sûr"
    assert told["created_at", "ordre des dates"]["sure"] == "douteux"
    assert told["created_at", "ordre des dates"]["choice"] == "–"
    assert told["amount", "contenu"]["choice"] == "nombre"


def test_an_answer_serves_again_and_can_be_forgotten(door: Door) -> None:
    place = door.dropped(("deal.csv", AMBIGUOUS))
    order, mark = asks(door, place)
    door.say(place, **{order["name"]: "DMY", mark["name"]: "."})
    door.loaded(place)
    place = door.dropped(("deal-mars.csv", AMBIGUOUS))
    view = door.get(f"{place}.json").json()
    assert view["ready"] and "Repris de votre import du" in view["tables"][0]["recalled"]
    answer = door.say(place, then="unlearn")
    assert answer.headers["location"].endswith("?done=unlearnt")
    page = door.get(answer.headers["location"])
    assert "sont oubliées" in page.text and not door.get(f"{place}.json").json()["ready"]
    assert list((door.folder / "maps").glob("learnt-*")) == []


def test_a_correction_of_the_page_serves_again_and_another_goes_over_it(door: Door) -> None:
    place = door.dropped(("deal.csv", CLEAR))
    note = column(door.get(f"{place}.json").json(), "note")["name"]
    door.say(place, **{note: "competitor"})
    door.loaded(place)
    place = door.dropped(("deal2.csv", CLEAR.replace("d1", "d2")))
    view = door.get(f"{place}.json").json()
    assert column(view, "note")["how"] == "repris de votre dernier import"
    name = column(view, "name")["name"]
    door.say(place, **{name: ""})
    view = door.get(f"{place}.json").json()
    assert column(view, "note")["how"] == "repris de votre dernier import"
    assert chosen(column(view, "name")["options"]) == ""
    door.loaded(place)
    place = door.dropped(("deal3.csv", CLEAR.replace("d1", "d3")))
    view = door.get(f"{place}.json").json()
    assert column(view, "note")["how"] == "repris de votre dernier import"
    assert chosen(column(view, "name")["options"]) == ""
