"""What a person corrected is proposed for the next file of the same shape, and can be forgotten."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jalon.intake.map_file import Entry
from jalon.intake.memory import Memories, folded, merged, recall
from jalon.intake.report import FileReport
from jalon.model.problems import JalonError
from jalon.workspace import Brief, ReadOptions, Workspace, load_map, open_workspace

Write = Callable[..., Path]
SALES = """Réf.;Société;Situation;Montant HT;Créée le;Vendeur
1;Alpha;OK signé;10,50;13/02/2026;CL
2;Beta;KO;20,00;14/02/2026;HU
3;Gamma;en cours;30,00;15/02/2026;CL
"""
MAP = """files:
  - file: ventes*.csv
    table: deal
    source: gestion
    columns:
      Réf.: source_id
      Société: account
      Situation: [stage, outcome]
      Montant HT: amount
      Créée le: created_at
      Vendeur: null
    values:
      outcome: {OK signé: won, KO: lost, en cours: open}
    const: {currency: EUR}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Workspace]:
    with contextlib.closing(open_workspace(tmp_path / "w", create=True)) as found:
        yield found


def mapped(write: Write, text: str = MAP) -> Brief:
    return Brief(map_file=load_map(write("map.yaml", text)))


def kept(world: Workspace) -> list[Path]:
    return sorted((world.folder / "maps").glob("learnt-*.yaml"))


def only(done: Any) -> FileReport:
    (found,) = done.files
    assert isinstance(found, FileReport)
    return found


def fields(each: FileReport) -> dict[tuple[str, str], str]:
    return {(one["header"], one["field"]): one["how"] for one in each.columns}


def outcomes(world: Workspace) -> dict[str, int]:
    rows = world.store.engine.rows("SELECT outcome, count(*) FROM flat.deal GROUP BY 1")
    return dict(rows)


def test_a_corrected_mapping_serves_again_without_being_given(
    world: Workspace, write: Write
) -> None:
    taught = world.import_([write("ventes.csv", SALES)], mapped(write))
    assert not only(taught).memory
    later = SALES.replace("1;Alpha", "4;Delta").replace("2;Beta;KO", "5;Eta;ko")
    again = only(world.import_([write("ventes-mars.csv", later)]))
    assert again.table == "deal" and again.memory["import_id"] == taught.import_id
    assert fields(again)["Situation", "outcome"] == "memory"
    assert fields(again)["Montant HT", "amount"] == "memory"
    assert "Vendeur" in again.unmapped
    assert outcomes(world) == {"won": 2, "lost": 2, "open": 1}
    (proof,) = [one for one in again.evidence if one.decision == "mapping"]
    assert proof.because == "remembered" and proof.facts["import_id"] == taught.import_id


def test_what_is_kept_is_a_mapping_file_that_one_can_give_back(
    world: Workspace, write: Write
) -> None:
    world.import_([write("ventes.csv", SALES)], mapped(write))
    (file,) = kept(world)
    entry = load_map(file).entries[0]
    given = load_map(write("map.yaml", MAP)).entries[0]
    assert (entry.columns, entry.values, entry.const) == (given.columns, given.values, given.const)
    assert entry.file == "ventes.csv" and "Réf.: source_id" in file.read_text(encoding="utf-8")


def test_an_import_without_correction_teaches_nothing(world: Workspace, write: Write) -> None:
    world.import_([write("deal.csv", "source_id,outcome,amount\nd1,won,10\n")])
    assert kept(world) == []


def test_the_same_lesson_is_not_kept_twice(world: Workspace, write: Write) -> None:
    for name in ("ventes.csv", "ventes2.csv"):
        world.import_([write(name, SALES)], mapped(write))
    assert len(kept(world)) == 1


def test_memory_is_ignored_once_or_forgotten(world: Workspace, write: Write) -> None:
    file = write("ventes.csv", SALES)
    world.import_([file], mapped(write))
    plain, _ = world.look([file], Brief(recall=False))
    assert not only(plain).memory and only(plain).table != "deal"
    assert only(world.look([file])[0]).memory
    assert world.forget([file]) == 1 and kept(world) == []
    assert not only(world.look([file])[0]).memory


def test_undo_forgets_what_the_import_taught_and_returns_to_the_former(
    world: Workspace, write: Write
) -> None:
    file = write("ventes.csv", SALES)
    first = world.import_([file], mapped(write))
    other = MAP.replace("KO: lost", "KO: no_decision")
    second = world.import_([file], mapped(write, other))
    assert only(world.look([file])[0]).memory["import_id"] == second.import_id
    world.undo(str(second.import_id))
    assert only(world.look([file])[0]).memory["import_id"] == first.import_id
    world.undo(str(first.import_id))
    assert not only(world.look([file])[0]).memory and kept(world) == []


def test_a_failed_import_teaches_nothing(
    world: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("ventes.csv", SALES)

    def broken(*_: object) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(world.store, "write", broken)
    with pytest.raises(RuntimeError):
        world.import_([file], mapped(write))
    assert kept(world) == []


def test_an_explicit_map_wins_and_replaces_the_memory(world: Workspace, write: Write) -> None:
    file = write("ventes.csv", SALES)
    world.import_([file], mapped(write))
    told = mapped(write, MAP.replace("KO: lost", "KO: no_decision"))
    assert not only(world.import_([file], told)).memory
    assert outcomes(world) == {"won": 1, "no_decision": 1, "open": 1}
    world.import_([write("ventes3.csv", SALES)])
    assert outcomes(world) == {"won": 1, "no_decision": 1, "open": 1}


def test_a_header_that_vanished_is_a_note_and_the_rest_is_applied(
    world: Workspace, write: Write
) -> None:
    world.import_([write("ventes.csv", SALES)], mapped(write))
    without = "\n".join(
        ";".join(cell for n, cell in enumerate(row.split(";")) if n != 4)
        for row in SALES.splitlines()
    )
    found = only(world.import_([write("ventes2.csv", without)]))
    assert found.memory and fields(found)["Situation", "outcome"] == "memory"
    (note,) = [one for one in found.notes if one.code == "memory_headers_gone"]
    assert note.facts["headers"] == ["Créée le"]


def test_a_new_column_is_near_enough_and_another_file_is_not(
    world: Workspace, write: Write
) -> None:
    world.import_([write("ventes.csv", SALES)], mapped(write))
    wider = "\n".join(f"{row};x" for row in SALES.splitlines())
    assert only(world.look([write("wider.csv", wider)])[0]).memory
    other = "Réf.;Société;Ville;Pays;Note;Vendeur\n1;A;B;C;D;E\n2;F;G;H;I;J\n"
    plan, _ = world.look([write("deal.csv", other)], Brief(table="account"))
    assert not only(plan).memory


def test_learnt_values_stay_though_new_ones_appear(world: Workspace, write: Write) -> None:
    world.import_([write("ventes.csv", SALES)], mapped(write))
    later = SALES.replace("3;Gamma;en cours", "6;Zeta;à voir").replace("1;", "7;", 1)
    found = only(world.import_([write("ventes2.csv", later)]))
    assert found.memory and outcomes(world)["lost"] == 1
    assert any("à voir" in str(one.facts) for one in (*found.notes, *found.quarantine)) or (
        outcomes(world)["open"] == 2
    )


def test_an_answer_about_dates_is_remembered_until_the_cells_tell(
    world: Workspace, write: Write
) -> None:
    text = "source_id,outcome,amount,created_at\n"
    file = write("deal.csv", f"{text}d1,won,10,03/02/2026\n")
    world.import_([file], Brief(reading=ReadOptions(date_order="MDY")))
    found = only(world.import_([write("deal2.csv", f"{text}d2,won,10,04/02/2026\n")]))
    assert found.memory and found.date_order == "MDY"
    (proof,) = [one for one in found.evidence if one.decision == "date_order"]
    assert (proof.because, proof.certainty) == ("remembered", 1.0)
    sure = only(world.import_([write("deal3.csv", f"{text}d3,won,10,25/02/2026\n")]))
    assert sure.date_order == "DMY" and sure.rows_quarantined == 0


def test_how_a_file_is_cut_is_remembered(world: Workspace, write: Write) -> None:
    text = "Affaire;Compte;Statut;Montant HT\nA;École du Père;Gagné;10,50\nB;Müller;Perdu;20,00\n"
    write("affaires.csv", text, "cp850")
    file = write("affaires.csv", text, "cp850")
    world.import_([file], Brief(reading=ReadOptions(encoding="cp850")))
    later = write("affaires2.csv", text.replace("Père", "Frêne"), "cp850")
    found = only(world.import_([later]))
    assert found.memory and found.encoding == "cp850"


def test_a_broken_lesson_is_told_and_stops_nothing(world: Workspace, write: Write) -> None:
    file = write("ventes.csv", SALES)
    world.import_([file], mapped(write))
    kept(world)[0].write_text("files: [", encoding="utf-8")
    done = world.import_([write("deal.csv", "source_id,outcome,amount\nd1,won,10\n")])
    assert only(done).rows_added == 1
    assert [one.code for one in done.ignored] in (["memory_unreadable"], ["map_not_yaml"])


def test_the_rules_of_the_quarantine_are_no_lesson(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: []\n", encoding="utf-8")
    assert recall(tmp_path, ["x"]) == Memories()


def test_a_correction_goes_over_what_was_remembered() -> None:
    former = Entry.model_validate(
        {"file": "a", "table": "deal", "source": "s", "columns": {"A": "name", "B": "owner"}}
    )
    said = Entry.model_validate({"file": "a", "table": "deal", "columns": {"B": None}})
    (found,) = merged([former], [said])
    assert found.source == "s" and found.columns["B"] == () and found.columns["A"]
    assert folded(["Réf.", " ", "réf."]) == folded(["Réf."])


def test_an_import_goes_on_where_the_lesson_cannot_be_written(
    world: Workspace, write: Write
) -> None:
    (world.folder / "maps").write_text("in the way", encoding="utf-8")
    done: Any = None
    with contextlib.suppress(JalonError):
        done = world.import_([write("ventes.csv", SALES)], mapped(write))
    assert done is None or "memory_not_kept" in [one.code for one in done.ignored]
