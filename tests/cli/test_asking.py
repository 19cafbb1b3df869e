"""Questions, explanations and what is remembered, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_commands import Jalon

Write = Callable[..., Path]
AMBIGUOUS = "source_id;outcome;amount;closed_at\nd1;won;1,234;03/02/2026\n"


@pytest.fixture
def run(tmp_path: Path) -> Jalon:
    return Jalon(tmp_path)


def test_the_readings_stand_side_by_side_with_what_to_type(run: Jalon, write: Write) -> None:
    done = run("import", write("deal.csv", AMBIGUOUS))
    assert done.exit_code == 1
    lines = [" ".join(line.split()) for line in done.stderr.splitlines()]
    assert "dans le fichier --date-order DMY --date-order MDY" in lines
    assert "03/02/2026 3 février 2026 2 mars 2026" in lines
    assert 'dans le fichier --decimal "," --decimal "."' in lines
    assert "1,234 1,234 1 234" in lines


def test_a_question_as_json_has_both_readings_and_the_option(run: Jalon, write: Write) -> None:
    error = run.error("import", write("deal.csv", AMBIGUOUS), status=1)
    assert error["code"] == "must_ask" and error["option"] == "--date-order"
    assert error["previews"] == {"DMY": ["2026-02-03"], "MDY": ["2026-03-02"]}
    assert error["found"] == ["03/02/2026"]


def test_the_options_answer_and_the_answer_is_remembered(run: Jalon, write: Write) -> None:
    file = write("deal.csv", AMBIGUOUS)
    run.json("import", file, "--date-order", "dmy", "--decimal", ".")
    done = run("import", file)
    assert done.exit_code == 0 and "correspondance retenue de l’import du" in done.stdout
    (found,) = run.json("import", file)["files"]
    assert found["memory"]["import_id"] and found["sums"] == {"amount": "1234.00"}
    assert run("import", file, "--no-memory").exit_code == 1
    assert run("import", file).exit_code == 0
    assert run("import", file, "--forget").exit_code == 1
    assert run("import", file).exit_code == 1


@pytest.mark.parametrize(("lang", "sure"), [("fr", "sûr"), ("en", "sure")])
def test_explain_says_on_what_each_decision_rests(
    run: Jalon, write: Write, lang: str, sure: str
) -> None:
    file = write("deal.csv", "source_id;outcome;amount;closed_at\nd1;won;1,50;23/02/2026\n")
    done = run("import", file, "--explain", lang=lang)
    assert done.exit_code == 0 and sure in done.stdout.split()
    plan = run("import", file, "--dry-run", "--explain", lang=lang).stdout
    assert plan.startswith("#") and f"({sure})" in plan
    decided = run.json("import", file, lang=lang)["files"][0]["evidence"]
    told = {(one["decision"], one["column"]): one for one in decided}
    assert told["date_order", "closed_at"]["choice"] == "DMY"
    assert told["content", "amount"]["certainty"] == 1.0
    assert all(" " in one["because"] for one in decided)
