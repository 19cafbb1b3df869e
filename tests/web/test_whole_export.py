"""The page of an upload: what tells the rows apart, and the box that says the export is whole."""

from __future__ import annotations

from web.test_data import Door, door  # noqa: F401 (a fixture)

HEAD = "source_id,name,account,outcome,amount,created_at,closed_at\n"
TWO = f"{HEAD}d1,A,C1,won,10,2025-01-13,2025-02-23\nd2,B,C2,won,20,2025-01-14,2025-02-24\n"
ONE = TWO.rsplit("d2", 1)[0]


def held(door: Door) -> int:  # noqa: F811
    with door.holder.looking() as workspace:
        return int(workspace.store.engine.value("SELECT count(*) FROM flat.deal"))


def test_rows_are_gone_only_where_the_box_is_ticked_and_shown_before(door: Door) -> None:  # noqa: F811
    door.loaded(door.dropped(("deal.csv", TWO)))
    place = door.dropped(("deal.csv", ONE))
    page = door.get(place).text
    assert "clé" in page and "source_id" in page
    assert "Cet export est complet" in page
    assert not door.get(f"{place}.json").json()["full"]
    answer = door.say(place, full="yes", then="load")
    assert "/travaux/" not in answer.headers["location"]
    shown = door.get(f"{place}.json").json()
    assert shown["full"]
    assert any("disparues" in note for note in shown["tables"][0]["notes"])
    assert held(door) == 2
    begun = door.say(place, full="yes", then="load")
    assert door.ended(begun.headers["location"])["state"] == "done"
    assert held(door) == 1


def test_a_box_left_alone_marks_nothing(door: Door) -> None:  # noqa: F811
    door.loaded(door.dropped(("deal.csv", TWO)))
    door.loaded(door.dropped(("deal.csv", ONE)))
    assert held(door) == 2
