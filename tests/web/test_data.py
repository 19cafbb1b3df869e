"""The journey of a file: dropped, checked, corrected, loaded, reported, taken back."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import datetime as dt
import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from jalon.holder import Holder
from jalon.web import deposits as kept
from jalon.web import guard
from jalon.web.app import create_app
from jalon.workspace import open_workspace

DEALS = """source_id,name,account,owner,outcome,amount,created_at,closed_at,note
d1,A,C1,Julie,won,10.50,2025-01-13,2025-02-23,x
d2,B,C2,Julie,lost,abc,2025-01-14,2025-02-24,y
d3,C,C3,Paul,won,20,2025-01-15,2025-02-25,z
"""
AMBIGUOUS = "source_id,name,account,outcome,amount,created_at,closed_at\n" + "".join(
    f"d{n},A{n},C{n},won,{n}0,0{n}/04/2025,0{n}/05/2025\n" for n in range(1, 9)
)
HOSTILE = (
    "<script>alert(1)</script>.csv",
    '"><img src=x onerror=alert(1)>.csv',
    '=HYPERLINK("http://evil").csv',
    "../../../etc/passwd.csv",
    "..\\..\\boot.csv",
    "a\x1b[31mb.csv",
    "a\ufffeb\u202e.csv",
    "x" * 300 + ".csv",
    "…",
    ".csv",
    "CON.csv",
    "*[a]?.csv",
    "{{7*7}}.csv",
)


class Door(TestClient):
    """A person at a workspace's pages."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        super().__init__(create_app(holder, ["testserver"]), raise_server_exceptions=False)
        self.folder, self.holder = folder, holder

    def drop(self, *files: tuple[str, str | bytes], **more: Any) -> httpx.Response:
        sent = [("files", (name, text, "text/csv")) for name, text in files]
        return self.post("/donnees/depots", files=sent, follow_redirects=False, **more)

    def dropped(self, *files: tuple[str, str | bytes]) -> str:
        answer = self.drop(*files)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def say(self, place: str, **form: str) -> httpx.Response:
        return self.post(place, data=form, follow_redirects=False)

    def loaded(self, place: str) -> dict[str, Any]:
        begun = self.say(place, then="load")
        assert "/travaux/" in begun.headers["location"], begun.headers["location"]
        return self.ended(begun.headers["location"])

    def ended(self, job: str) -> dict[str, Any]:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = self.get(f"{job}.json").json()
            if found["state"] in ("done", "failed"):
                return found
            time.sleep(0.02)
        raise AssertionError("the import does not end")

    @property
    def uploads(self) -> list[Path]:
        folder = self.folder / "uploads"
        return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path / "w") as found:
        yield found


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Door]:
    with contextlib.closing(Holder(open_workspace(folder, create=True))) as holder:
        yield Door(folder, holder)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def report_of(done: dict[str, Any]) -> str:
    return next(each["href"] for each in done["next"] if "/imports/" in each["href"])


def column(view: dict[str, Any], header: str, place: int = 0) -> dict[str, Any]:
    return next(each for each in view["tables"][place]["columns"] if each["header"] == header)


def chosen(options: list[dict[str, Any]]) -> str:
    return next(each["value"] for each in options if each["chosen"])


# -- the journey ---------------------------------------------------------------------------------


def test_a_file_is_dropped_checked_corrected_loaded_reported_and_taken_back(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    view = door.get(f"{place}.json").json()
    assert view["ready"] and not view["told"]
    assert [plain(each) for each in view["tables"][0]["refusals"]] == [
        "Colonne « amount », « abc » : ce n’est pas un montant."
    ]
    assert chosen(column(view, "note")["options"]) == ""

    note = column(view, "note")["name"]
    answer = door.say(place, **{note: "competitor"})
    assert answer.headers["location"] == f"{place}?done=corrected"
    page = door.get(answer.headers["location"])
    assert "Rien n’est encore chargé" in page.text
    view = door.get(f"{place}.json").json()
    assert chosen(column(view, "note")["options"]) == "competitor"
    assert column(view, "note")["how"] == "votre choix"
    assert column(view, "amount")["how"] != "votre choix"

    done = door.loaded(place)
    assert done["state"] == "done" and done["files"][0]["file"] == "deal.csv"
    assert door.uploads == []
    path = report_of(done)
    report = door.get(f"{path}.json").json()
    counts = dict(report["files"][0]["counts"])
    assert [counts[name] for name in ("Lignes lues", "Ajoutées", "Mises de côté")] == [
        "3",
        "2",
        "1",
    ]
    assert counts["Somme de Montant"] == "30,5"
    assert report["refused"] == [["deal.csv", "3", "amount", "abc", "Ce n’est pas un montant."]]
    assert "Ce n’est pas un montant." in door.get(path).text
    assert "This is not" in door.get(path, params={"lang": "en"}).text
    door.cookies.clear()

    held = door.get("/donnees.json").json()
    assert [(each["table"], each["rows"]) for each in held["held"]] == [("Affaires", "2")]
    assert "n’a pas pu être lue" in held["doubts"][0]["text"]
    assert held["doubts"][0]["link"]["href"] == "/donnees/quarantaine"

    assert "Annuler" in door.get(f"{path}/annuler").text
    answer = door.post(f"{path}/annuler", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/donnees?done=undone")
    page = door.get(answer.headers["location"])
    assert "a été annulé" in page.text
    assert door.get("/donnees.json").json()["held"] == []
    assert door.post(f"{path}/annuler").status_code == 409
    assert door.get(path).status_code == 200


def test_corrections_are_seen_before_anything_is_loaded(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    note = column(door.get(f"{place}.json").json(), "note")["name"]
    answer = door.say(place, **{note: "competitor", "then": "load"})
    assert answer.headers["location"] == f"{place}?done=corrected"
    assert door.get("/donnees.json").json()["imports"] == []
    door.loaded(place)
    assert len(door.get("/donnees.json").json()["imports"]) == 1


def test_corrections_are_forgotten_on_demand(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    before = door.get(f"{place}.json").json()
    door.say(place, **{"0.table": "lead"})
    assert door.get(f"{place}.json").json()["tables"][0]["said"] != before["tables"][0]["said"]
    assert door.say(place, then="forget").headers["location"] == f"{place}?done=forgotten"
    assert door.get(f"{place}.json").json() == before


def test_a_file_not_recognised_is_still_recognised_once_its_header_row_is_told(door: Door) -> None:
    place = door.dropped(
        ("x.csv", "foo;bar;baz\nAffaire;Montant;Etape\nA;10;Gagnée\nB;20;Perdue\n")
    )
    assert not door.get(f"{place}.json").json()["ready"]
    door.say(place, **{"0.header_row": "2", "0.table": ""})
    view = door.get(f"{place}.json").json()
    assert view["ready"] and {each["how"] for each in view["tables"][0]["columns"]} == {"son nom"}
    door.say(place, **{"0.header_row": "1"})
    assert not door.get(f"{place}.json").json()["ready"]


def test_a_table_of_which_no_column_is_read_asks_and_is_not_loaded(door: Door) -> None:
    place = door.dropped(("mystere.csv", "foo;bar\n1;2\n3;4\n"))
    door.say(place, **{"0.table": "spend"})
    view = door.get(f"{place}.json").json()
    assert not view["ready"] and "aucune colonne" in view["tables"][0]["asks"][0]["text"].lower()
    assert door.post(f"{place}/charger").status_code == 422
    name = column(view, "foo")["name"]
    door.say(place, **{name: "amount"})
    assert door.loaded(place)["state"] == "done"


def test_stages_mean_what_the_user_says(door: Door) -> None:
    rows = "\n".join(f"A{n};C{n};{stage};10" for n, stage in enumerate(["Signé", "Refroidi"] * 4))
    place = door.dropped(("affaires.csv", f"Affaire;Compte;Etape;Montant\n{rows}\n"))
    values = door.get(f"{place}.json").json()["tables"][0]["values"]
    cold = next(each for each in values if each["label"] == "refroidi")
    assert chosen(cold["options"]) == "open"
    door.say(place, **{cold["name"]: "lost"})
    values = door.get(f"{place}.json").json()["tables"][0]["values"]
    assert chosen(next(e for e in values if e["label"] == "refroidi")["options"]) == "lost"
    door.loaded(place)
    with door.holder.reading() as workspace:
        rows = workspace.store.engine.rows("SELECT outcome, count(*) FROM flat.deal GROUP BY 1")
        assert ("lost", 4) in rows


def test_dates_that_read_both_ways_are_asked_then_read_as_answered(door: Door) -> None:
    place = door.dropped(("deal.csv", AMBIGUOUS))
    view = door.get(f"{place}.json").json()
    asked = view["tables"][0]["asks"][0]
    assert not view["ready"]
    assert {each["value"] for each in asked["options"]} == {"DMY", "MDY"}
    assert "avril" in asked["options"][0]["text"]
    assert door.say(place, then="load").headers["location"] == place
    refused = door.post(f"{place}/charger")
    assert refused.status_code == 422 and "jour d’abord ou mois d’abord" in refused.text

    door.say(place, **{asked["name"]: "MDY"})
    view = door.get(f"{place}.json").json()
    assert view["ready"] and view["tables"][0]["asks"] == []
    door.loaded(place)
    with door.holder.reading() as workspace:
        found = workspace.store.engine.value("SELECT max(created_at) FROM flat.deal")
    assert found == dt.datetime(2025, 8, 4)


def test_a_file_may_be_left_out(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS), ("lead.csv", "company,email\nA,a@b.fr\n"))
    view = door.get(f"{place}.json").json()
    number = next(n for n, each in enumerate(view["tables"]) if each["file"] == "lead.csv")
    door.say(place, **{f"{number}.table": "-"})
    report = door.get(f"{report_of(door.loaded(place))}.json").json()
    assert {each["file"]: each["table"] for each in report["files"]}["deal.csv"] == "Affaires"
    held = door.get("/donnees.json").json()["held"]
    assert [each["table"] for each in held] == ["Affaires"]


def test_what_is_no_table_is_said_by_its_name_alone(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS), ("offre.pdf", b"%PDF-1.4 x"))
    for text in (door.get(place).text, door.get(f"{place}.json").text):
        assert "offre.pdf" in text and str(door.folder) not in text
    path = report_of(door.loaded(place))
    assert "offre.pdf" in door.get(path).text and str(door.folder) not in door.get(path).text


def test_two_imports_wait_for_each_other(door: Door) -> None:
    first, second = door.dropped(("deal.csv", DEALS)), door.dropped(("deal.csv", DEALS))
    with door.holder.writing():
        begun = [door.say(each, then="load").headers["location"] for each in (first, second)]
        again = door.say(first, then="load").headers["location"]
        assert again == begun[0]
        waiting = door.get(begun[0])
        assert waiting.headers["refresh"] == "2" and "En attente" in waiting.text
    assert [door.ended(each)["state"] for each in begun] == ["done", "done"]
    assert len(door.get("/donnees.json").json()["imports"]) == 2


def test_a_report_outlives_the_server_and_tells_of_the_command_lines_imports(
    tmp_path: Path, write: Callable[[str, str], Path]
) -> None:
    with contextlib.closing(open_workspace(tmp_path / "w", create=True)) as workspace:
        done = workspace.import_([write("deal.csv", DEALS)])
    with opened(tmp_path / "w") as door:
        report = door.get(f"/donnees/imports/{done.import_id}.json").json()
        assert dict(report["files"][0]["counts"])["Lignes lues"] == "3"
        assert report["total"] == 1


def test_the_quarantine_is_paged_and_exported_whole_and_inert(door: Door) -> None:
    bad = ["=1+1", "+33", "@SUM(A1)", "x" * 10_000, "<b>", "-2+3a"] * 20
    rows = [f'd{n},A,C,won,"{value}",2025-01-13' for n, value in enumerate(bad)]
    text = "source_id,name,account,outcome,amount,created_at\nk,A,C,won,1,2025-01-13\n"
    path = report_of(door.loaded(door.dropped(("deal.csv", text + "\n".join(rows) + "\n"))))
    view = door.get(f"{path}.json").json()
    refused = view["total"]
    assert refused > 50 and len(view["refused"]) == 50
    assert door.get(f"{path}.json", params={"page": 2}).json()["refused"] != view["refused"]
    assert door.get(view["after"]["href"]).status_code == 200
    page = door.get(path).text
    assert "<b>" not in page and "x" * 200 not in page

    exported = door.get(f"{path}.csv").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(exported), delimiter=";"))
    assert len(lines) == refused + 1
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "@", "-"))]
    book = zipfile.ZipFile(io.BytesIO(door.get(f"{path}.xlsx").content))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


# -- what is refused -----------------------------------------------------------------------------


def test_hostile_names_are_text_and_stay_in_their_folder(door: Door) -> None:
    for name in HOSTILE:
        place = door.dropped((name, DEALS))
        files = [each for each in door.uploads[0].rglob("*") if each.is_file()]
        assert len(files) == 1 and files[0].parent.name == "files", name
        assert len(files[0].name.encode()) < 255
        door.post(f"{place}/abandonner")
        assert door.uploads == []
    place = door.dropped(*[(name, DEALS) for name in HOSTILE])
    view = door.get(f"{place}.json").json()
    assert len(view["tables"]) == len({each["file"] for each in view["tables"]}) == len(HOSTILE)
    path = report_of(door.loaded(place))
    for each in (path, "/donnees", f"{path}/annuler", "/"):
        answer = door.get(each)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img" not in answer.text


def test_hostile_cells_and_headers_are_text(door: Door) -> None:
    header = "<script>alert(1)</script>,{{7*7}},=cmd,amount,created_at"
    place = door.dropped(("spend.csv", f"{header}\n{'<b>' * 4000},\x1b[31m,=1+1,5,2025-01-13\n"))
    for each in (place, f"{place}?lang=en"):
        page = door.get(each).text
        assert "<script>alert" not in page and "<b><b>" not in page and "\x1b" not in page
    path = report_of(door.loaded(place))
    assert "<script>alert" not in door.get(path).text


def test_bytes_that_are_no_text_in_a_name_are_replaced(door: Door) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="\xed\xa0\x80\xff\xe9.csv"'
        b"\r\n\r\n" + DEALS.encode() + b"\r\n--b--\r\n"
    )
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = door.post("/donnees/depots", content=body, headers=kind, follow_redirects=False)
    assert answer.status_code == 303
    assert door.get(f"{answer.headers['location']}.json").status_code == 200


@pytest.mark.parametrize("ending", ["gone", "short"])
def test_nothing_is_kept_of_an_upload_that_breaks_off(door: Door, ending: str) -> None:
    """The browser goes away, or what it sends ends before its last mark."""
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
    messages = [
        {"type": "http.request", "body": part, "more_body": True},
        {"type": "http.request", "body": DEALS.encode() * 50, "more_body": ending == "gone"},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/donnees/depots",
        "query_string": b"",
        "headers": [
            (b"host", b"testserver"),
            (b"content-type", b"multipart/form-data; boundary=b"),
        ],
    }
    answers: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        answers.append(message)

    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with contextlib.suppress(ClientDisconnect), ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, door.app(scope, receive, send)).result()
    assert door.uploads == []
    assert not [each for each in answers if each.get("status") in (200, 303)]


def test_what_a_dead_upload_left_is_removed_at_start(tmp_path: Path) -> None:
    with opened(tmp_path / "w") as door:
        place = door.dropped(("deal.csv", DEALS))
    left = tmp_path / "w" / "uploads" / "0123456789abcdef.part"
    (left / "files").mkdir(parents=True)
    (left / "files" / "half.csv").write_text("x", encoding="utf-8")
    with opened(tmp_path / "w") as door:
        assert not left.exists() and door.get(place).status_code == 200


def test_a_deposit_that_nobody_loads_is_forgotten(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    long_ago = time.time() - kept.KEPT - 60
    os.utime(door.uploads[0], (long_ago, long_ago))
    door.dropped(("deal.csv", DEALS))
    assert door.get(place).status_code == 404 and len(door.uploads) == 1


def test_an_upload_is_bounded_in_bytes_and_in_files(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = door.drop(*[(f"{n}.csv", DEALS) for n in range(kept.MAX_FILES + 1)])
    assert many.status_code == 422 and "Trop de fichiers" in many.text
    assert door.drop().status_code == 422
    monkeypatch.setattr(guard, "MOST", 2_000)
    told = door.drop(("deal.csv", DEALS * 40))
    assert told.status_code == 413 and "jalon import" in told.text
    body = (b"x" * 1_000 for _ in range(9))
    kind = {"content-type": "multipart/form-data; boundary=b"}
    untold = door.post("/donnees/depots", content=body, headers=kind)
    assert untold.status_code in (413, 422)
    assert door.uploads == []


def test_another_site_changes_nothing(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    for header in ({"origin": "http://evil"}, {"host": "evil"}, {"sec-fetch-site": "cross-site"}):
        assert door.drop(("deal.csv", DEALS), headers=header).status_code == 403
        for path in (place, f"{place}/charger", f"{place}/abandonner"):
            assert door.post(path, headers=header).status_code == 403
    assert len(door.uploads) == 1 and door.get("/donnees.json").json()["imports"] == []


def test_what_is_not_there_is_404_in_every_form(door: Door) -> None:
    for path in ("imports/nope", "depots/nope", "depots/0123456789abcdef", "travaux/nope"):
        for form in ("", ".json"):
            assert door.get(f"/donnees/{path}{form}").status_code == 404
    assert "n’existent plus" in door.get("/donnees/depots/nope").text
    assert door.post("/donnees/depots/nope/charger").status_code == 404
    assert door.post("/donnees/imports/nope/annuler").status_code == 404


def test_an_import_that_fails_says_why_and_leaves_the_data_as_they_were(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    door.get(place)
    file = next((door.folder / "uploads").rglob("deal.csv"))
    file.unlink()
    begun = door.say(place, then="load")
    done = door.ended(begun.headers["location"])
    assert done["next"][-1]["href"] == place and "Rien n’a été chargé" in done["said"]
    assert door.get("/donnees.json").json()["imports"] == []


def test_a_deposit_is_given_up(door: Door) -> None:
    place = door.dropped(("deal.csv", DEALS))
    answer = door.post(f"{place}/abandonner", follow_redirects=False)
    assert answer.headers["location"] == "/donnees?done=dropped"
    assert door.uploads == [] and door.get(place).status_code == 404


def test_the_menu_of_every_page_counts_what_awaits(door: Door) -> None:
    assert 'class="count"' not in door.get("/ventes").text
    door.loaded(door.dropped(("deal.csv", DEALS)))
    for path in ("/", "/ventes", "/indicateurs", "/donnees"):
        assert '<span class="count">1</span>' in door.get(path).text
