"""A definition that changes is a new version; what was measured by the former can be again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jalon.catalogue.catalogue import built_in, load
from jalon.catalogue.history import digests, known_in, meaning
from jalon.cli.app import build
from jalon.model.problems import RequestError
from jalon.render.records import results
from jalon.workspace import Workspace, open_workspace

DEALS = """source_id,account,outcome,amount,currency,created_at,closed_at
d1,C1,won,9000,EUR,2025-01-13,2025-02-23
d2,C2,lost,9000,EUR,2025-01-14,2025-02-24
d3,C3,won,100,EUR,2025-01-15,2025-02-25
d4,C4,lost,50,EUR,2025-01-15,2025-02-25
d5,C5,lost,20,EUR,2025-01-15,2025-02-25
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
half:
  label: {fr: Moitié, en: Half}
  question: {fr: Combien ?, en: How many?}
  estimate: formula
  formula: mine / 2
  unit: percent
  better: higher
"""
BIG = MINE.replace("('won', 'lost')\n", "('won', 'lost') and amount > 60\n")
HUGE = MINE.replace("('won', 'lost')\n", "('won', 'lost') and amount > 5000\n")
TOLD = HUGE.replace(
    "better: higher\nhalf",
    "better: higher\n  changes:\n    - version: 3\n      on: 2026-11-28\n"
    "      why: {fr: Les grosses seulement., en: Big ones only.}\nhalf",
)


@pytest.fixture
def said(tmp_path: Path) -> Callable[[str], Workspace]:
    """The workspace, opened again with these definitions."""
    folder, closing = tmp_path / "ws", contextlib.ExitStack()
    (tmp_path / "deal.csv").write_text(DEALS, encoding="utf-8")

    def opened(text: str) -> Workspace:
        closing.close()
        first = not folder.exists()
        (folder / "kpis").mkdir(parents=True, exist_ok=True)
        (folder / "kpis" / "mine.yaml").write_text(text, encoding="utf-8")
        workspace = closing.enter_context(contextlib.closing(open_workspace(folder, create=first)))
        if first:
            workspace.import_([tmp_path / "deal.csv"])
        return workspace

    with closing:
        yield opened  # type: ignore[misc]


def figures(workspace: Workspace, *kpis: str) -> dict[str, tuple[int, float]]:
    found = results(workspace.measure(kpis), "fr")["results"]
    return {each["kpi"]: (each["version"], each["value"]) for each in found}


def test_a_kpi_edited_twice_has_three_versions_each_measured_again(said):
    assert figures(said(MINE), "mine", "half") == {"mine": (1, 0.4), "half": (1, 0.2)}
    assert figures(said(BIG), "mine", "half") == {
        "mine": (2, pytest.approx(2 / 3)), "half": (2, pytest.approx(1 / 3)),
    }  # fmt: skip
    workspace = said(HUGE)
    asked = ("mine", "mine@1", "mine@2", "mine@3", "half", "half@1", "half@2")
    assert figures(workspace, *asked) == {
        "mine": (3, 0.5), "mine@1": (1, 0.4), "mine@2": (2, pytest.approx(2 / 3)),
        "mine@3": (3, 0.5), "half": (3, 0.25), "half@1": (1, 0.2),
        "half@2": (2, pytest.approx(1 / 3)),
    }  # fmt: skip
    # What changed is said, without a reason where none was given.
    changes = workspace.catalogue["mine"].changes
    assert [(each.version, each.why) for each in changes] == [(2, None), (3, None)]
    # Told afterwards, the version stays and has its reason.
    told = said(TOLD).catalogue["mine"]
    assert (told.version, [each.why.en for each in told.changes]) == (3, ["Big ones only."])


def test_the_same_meaning_is_the_same_version(said):
    figures(said(MINE), "mine")
    other = MINE.replace("À moi", "Le mien").replace("outcome = 'won'", "outcome  =  'won'")
    other = other.replace("unit: percent", "unit: percent\n  dimensions: [owner]", 1)
    assert said(other).catalogue["mine"].version == 1
    assert said(BIG).catalogue["mine"].version == 2
    # Put back as it was, it is the first version again, not a third.
    assert said(MINE).catalogue["mine"].version == 1
    assert said(BIG).catalogue["mine"].version == 2


def test_a_version_that_was_never_kept_is_refused_with_those_that_were(said):
    workspace = said(MINE)
    figures(workspace, "mine")
    with pytest.raises(RequestError) as caught:
        workspace.measure("mine@4")
    assert caught.value.problem.code == "unknown_version"
    assert caught.value.problem.facts["known"] == [1]
    with pytest.raises(RequestError) as caught:
        workspace.measure("nothing@1")
    assert caught.value.problem.code == "unknown_kpi"
    assert figures(workspace, "win_rate@1") == {"win_rate@1": (1, 0.4)}


def test_a_kpi_taken_away_can_still_be_measured_by_its_version(said):
    figures(said(MINE), "half")
    workspace = said("")
    assert figures(workspace, "half@1", "mine@1") == {"half@1": (1, 0.2), "mine@1": (1, 0.4)}
    with pytest.raises(RequestError):
        workspace.measure("mine")


def test_the_command_line_shows_a_former_card_and_checks_what_changed_unsaid(said, tmp_path):
    folder, run = tmp_path / "ws", CliRunner()

    def jalon(*words: str) -> tuple[int, dict]:
        done = run.invoke(build(), [*words, "--workspace", str(folder), "--json"])
        return done.exit_code, json.loads(done.output)

    figures(said(MINE), "mine")
    said(BIG).close()
    file = folder / "kpis" / "mine.yaml"
    status, error = jalon("kpis", "check", str(file))
    assert (status, error["error"]["code"], error["error"]["where"]["row"]) == (2, "kpi_changed", 1)
    assert "version 2" in error["error"]["hint"].replace("version à 2", "version 2")
    assert (
        jalon("kpis", "show", "mine", "--version", "1")[1]["among"]
        == MINE.split("among: ")[1].split("\n", maxsplit=1)[0]
    )
    now = jalon("kpis", "show", "mine")[1]
    assert (now["version"], now["changes"][0]["version"]) == (2, 2)
    why = "changes: [{version: 2, on: 2026-11-28, why: {fr: Oui., en: Yes.}}]"
    told = BIG.replace("better: higher\n", f"better: higher\n  {why}\n")
    file.write_text(told, encoding="utf-8")
    assert jalon("kpis", "check", str(file)) == (0, {"ok": True, "kpis": ["mine", "half"]})


def test_a_file_of_the_workspace_is_checked_with_those_beside_it(said, tmp_path):
    kpis = tmp_path / "ws" / "kpis"
    said(MINE).close()
    other = MINE[MINE.index("half:") :].replace("half:", "third:").replace("/ 2", "/ 3")
    (kpis / "other.yaml").write_text(other, encoding="utf-8")
    words = ["--workspace", str(tmp_path / "ws"), "--json"]
    done = CliRunner().invoke(build(), ["kpis", "check", str(kpis / "other.yaml"), *words])
    assert json.loads(done.output) == {"ok": True, "kpis": ["third"]}
    (kpis / "other.yaml").write_text(MINE, encoding="utf-8")
    done = CliRunner().invoke(build(), ["kpis", "check", str(kpis / "other.yaml"), *words])
    assert json.loads(done.output)["error"]["code"] == "kpi_twice"


def test_the_meaning_is_what_measures_and_nothing_that_only_says():
    ours = built_in()
    win = ours["win_rate"]
    assert not {"label", "caution", "words", "examples"} & set(meaning(win))
    assert {"success", "among", "date", "estimate", "unit"} <= set(meaning(win))
    assert len(set(digests(ours).values())) == len(ours.definitions)


def test_a_formula_changes_with_what_it_combines(tmp_path):
    def digest(text: str) -> str:
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        return digests(load([tmp_path / "a.yaml"], built_in(), own=True))["half"]

    assert digest(MINE) != digest(BIG)
    assert digest(MINE) == digest(MINE.replace("Combien", "Quoi"))


def test_what_is_kept_survives_another_process_keeping_the_same(said, tmp_path):
    figures(said(MINE), "mine")
    assert known_in(tmp_path / "ws")["mine"].version == 1
    assert known_in(tmp_path / "nowhere")["win_rate"].version == 1
