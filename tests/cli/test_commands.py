"""The command line: the JSON that it promises, its exit statuses, and what bad input gets."""

from __future__ import annotations

import ast
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jalon.cli.app import build

Write = Callable[..., Path]

DEALS = (
    "source_id;account;owner;outcome;amount;created_at;closed_at\n"
    "d1;Alpha;Ann;won;1 000,10;01/01/2025;05/01/2025\n"
    "d2;Bêta;Bob;lost;50;01/01/2025;17/02/2025\n"
    "d3;Alpha;Ann;won;7,07;01/01/2025;28/02/2025\n"
    "d4;Gamma;Bob;won;abc;01/01/2025;01/03/2025\n"
)


class Jalon:
    """Runs commands in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.app = folder, build()

    def __call__(self, *words: object, lang: str | None = "fr", where: str = "jalon-data") -> Any:
        told = [str(each) for each in words]
        own = "check" in told or told[0] == "demo" or "--help" in told
        told += [] if own else ["--workspace", str(self.folder / where)]
        told += ["--lang", lang] if lang else []
        done = CliRunner().invoke(self.app, told)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return done

    def json(self, *words: object, status: int = 0, **options: Any) -> Any:
        done = self(*words, "--json", **options)
        assert done.exit_code == status, done.output
        return json.loads(done.stdout)

    def error(self, *words: object, status: int, **options: Any) -> dict[str, Any]:
        """The error of a command: the same in JSON and in words, in both languages."""
        found = self.json(*words, status=status, **options)
        assert set(found) == {"error"}
        error = found["error"]
        assert {"code", "message", "where", "hint"} <= set(error)
        messages = []
        for lang in ("fr", "en"):
            said = self(*words, lang=lang, **options)
            assert said.exit_code == status
            assert said.stdout == ""
            assert error["code"] not in said.stderr.replace("must_ask", "")
            messages.append(said.stderr)
        assert messages[0] != messages[1]
        assert " ".join(error["message"].split()) in " ".join(messages[0].split())
        return dict(error)


@pytest.fixture
def run(tmp_path: Path) -> Jalon:
    return Jalon(tmp_path)


@pytest.fixture
def filled(run: Jalon, write: Write) -> Jalon:
    run.json("import", write("deal.csv", DEALS))
    return run


# --- what is promised ---------------------------------------------------------------------------

REPORT = {
    "file": str, "sheet": (str, type(None)), "table": (str, type(None)),
    "preset": (str, type(None)), "encoding": str, "delimiter": str, "header_row": int,
    "decimal": (str, type(None)), "date_order": (str, type(None)), "rows_read": int,
    "rows_added": int, "rows_updated": int, "rows_unchanged": int, "rows_quarantined": int,
    "columns": list, "unmapped": list, "sums": dict, "quarantine": list,
}  # fmt: skip


def has(record: dict[str, Any], shape: dict[str, Any]) -> None:
    for name, kind in shape.items():
        assert name in record, name
        assert isinstance(record[name], kind), (name, record[name])


def test_reconcile_walks_from_their_figure_to_ours(filled: Jalon) -> None:
    # Two won of three: 66.7 %; whatever the date, a period says nothing of it.
    found = filled.json("reconcile", "win_rate", "--theirs", "50 %", "--from", "2025-02-01")
    assert (found["kpi"], found["basis"], found["unit"]) == ("win_rate", "deal", "percent")
    assert found["ours"] == {"value": 0.5, "n": 2}
    assert found["theirs"] == {"value": 0.5, "slack": 0.005}
    assert found["steps"] == []
    found = filled.json("reconcile", "win_rate", "--theirs", "66,7", "--from", "2025-02-01")
    assert [each["rule"] for each in found["steps"]] == ["ignores_period"]
    assert found["steps"][0] | {"facts": {}} == {
        "rule": "ignores_period", "facts": {}, "of": None, "value": 0.5, "n": 2,
        "change": pytest.approx(-1 / 6), "rows": -1,
    }  # fmt: skip
    for lang, said in (("fr", "ne tient pas compte de la période"), ("en", "heed the period")):
        asked = ("reconcile", "win_rate", "--theirs", "66,7 %", "--from", "2025-02-01")
        assert said in " ".join(filled(*asked, lang=lang).stdout.split())


def test_reconcile_refuses_what_is_no_figure_and_what_is_not_measured(filled: Jalon) -> None:
    for theirs, code in (("beaucoup", "wrong_figure"), ("1.234", "ambiguous_figure")):
        error = filled.error("reconcile", "win_rate", "--theirs", theirs, status=2)
        assert error["code"] == code
        assert error["hint"]
    assert filled.error("reconcile", "nps", "--theirs", "40", status=2)["code"] == "needs_table"


def test_import_prints_the_report_of_every_row(run: Jalon, write: Write) -> None:
    found = run.json("import", write("deal.csv", DEALS))
    assert isinstance(found["import_id"], str)
    (each,) = found["files"]
    has(each, REPORT)
    assert (each["file"], each["table"], each["encoding"]) == ("deal.csv", "deal", "utf-8")
    assert (each["delimiter"], each["decimal"], each["date_order"]) == (";", ",", "DMY")
    assert (each["rows_read"], each["rows_added"], each["rows_quarantined"]) == (4, 3, 1)
    assert each["sums"] == {"amount": "1057.17"}
    (refused,) = each["quarantine"]
    assert (refused["row"], refused["header"], refused["value"]) == (5, "amount", "abc")
    assert refused["reason"] == "ce n’est pas un montant."
    assert {"header": "outcome", "field": "outcome", "how": "model"} in each["columns"]


def test_measure_prints_figures_with_their_interval(filled: Jalon) -> None:
    found = filled.json("measure", "win_rate", "revenue", "--by", "owner")
    assert isinstance(found["as_of"], str)
    assert found["sql"]
    assert all(isinstance(each, str) for each in found["sql"])
    for each in found["results"]:
        has(
            each,
            {
                "kpi": str, "unit": str, "group": dict, "period": (dict, type(None)),
                "part": (str, type(None)), "basis": (str, type(None)), "value": float,
                "low": float, "high": float, "level": float, "n": int, "numerator": (int, float),
                "denominator": (int, type(None)), "maturity": (float, type(None)), "notes": list,
                "missing": (str, type(None)),
            },
        )  # fmt: skip
    rates = {e["group"]["owner"]: e["value"] for e in found["results"] if e["kpi"] == "win_rate"}
    assert rates == {"Ann": 1.0, "Bob": 0.0}


def test_measure_bounds_are_inclusive_and_a_comparison_has_its_difference(filled: Jalon) -> None:
    asked = ("measure", "win_rate", "--from", "2025-02-01", "--to", "2025-02-28")
    (found,) = filled.json(*asked, "--compare", "previous")["results"]
    assert found["period"] == {"from": "2025-02-01", "to": "2025-02-28"}
    assert (found["n"], found["numerator"]) == (2, 1)
    compare = found["compare"]
    assert set(compare) == {
        "period", "value", "low", "high", "difference", "difference_low", "difference_high",
        "conclusive",
    }  # fmt: skip
    assert compare["difference"] == pytest.approx(-0.5)
    assert compare["conclusive"] is False


def test_reps_that_cannot_be_told_apart_are_said_so(filled: Jalon) -> None:
    said = filled("measure", "win_rate", "--by", "owner").output
    assert "Ces deux commerciaux ne peuvent pas être départagés" in said
    found = filled.json("measure", "win_rate", "--by", "owner")
    (groups,) = found["groups"]
    assert (groups["above"], groups["below"], groups["leader"]) == ([], [], None)
    for each in found["results"]:
        assert each["shrunk"]["low"] <= each["shrunk"]["value"] <= each["shrunk"]["high"]
    assert "groups" not in filled.json("measure", "win_rate")


def test_a_missing_value_is_said_and_is_no_error(filled: Jalon) -> None:
    (found,) = filled.json("measure", "meetings_held")["results"]
    assert found["value"] is None
    assert "meeting" in found["missing"]
    shown = filled("measure", "meetings_held")
    assert shown.exit_code == 0
    assert "rendez-vous" in shown.stdout


def test_rows_are_those_behind_the_figure(filled: Jalon) -> None:
    found = filled.json("rows", "win_rate", "--where", "owner = 'Ann'")
    assert found["total"] == 2
    assert len(found["rows"]) == 2
    assert all(len(row) == len(found["columns"]) for row in found["rows"])
    place = found["columns"].index("amount")
    assert sorted(row[place] for row in found["rows"]) == [7.07, 1000.1]
    first = filled.json("rows", "win_rate", "--limit", "1", "--offset", "1")
    assert (len(first["rows"]), first["total"]) == (1, 3)


def test_kpis_are_listed_with_what_they_need(filled: Jalon) -> None:
    listed = {each["id"]: each for each in filled.json("kpis", "list")["kpis"]}
    assert len(listed) >= 30
    for each in listed.values():
        has(each, {"id": str, "label": dict, "unit": str, "measurable": bool, "needs": list})
        assert set(each["label"]) == {"fr", "en"}
    assert listed["win_rate"]["measurable"]
    assert not listed["nps"]["measurable"]
    assert "survey_answer" in " ".join(listed["nps"]["needs"])


def test_kpis_are_listed_without_a_workspace_too(run: Jalon) -> None:
    assert run.json("kpis", "list")["kpis"][0]["measurable"] is None
    assert not (run.folder / "jalon-data").exists()


def test_a_kpi_shows_its_whole_card(run: Jalon) -> None:
    card = run.json("kpis", "show", "win_rate")
    assert set(card) >= {
        "id", "label", "question", "formula", "sql", "table", "date", "among", "dimensions",
        "unit", "better", "caution", "example", "version",
    }  # fmt: skip
    assert set(card["question"]) == {"fr", "en"}
    assert "sector" in card["dimensions"]


def test_imports_are_listed_and_one_is_undone(filled: Jalon) -> None:
    (listed,) = filled.json("imports")["imports"]
    has(listed, {"import_id": str, "at": str, "files": list, "undone": bool})
    assert listed["files"] == ["deal.csv"]
    assert filled.json("undo", listed["import_id"]) == {
        "import_id": listed["import_id"],
        "undone": True,
    }
    assert filled.json("imports")["imports"][0]["undone"] is True
    assert filled.error("undo", listed["import_id"], status=2)["code"] == "already_undone"
    (found,) = filled.json("measure", "win_rate")["results"]
    assert found["value"] is None


def test_doctor_says_what_to_mend(filled: Jalon) -> None:
    problems = filled.json("doctor")["problems"]
    codes = {each["code"] for each in problems}
    assert "doctor_quarantine" in codes
    for each in problems:
        has(each, {"code": str, "message": str, "where": dict, "hint": (str, type(None))})
        assert each["message"] != each["code"]


def test_read_shows_the_file_with_its_evidence(run: Jalon, write: Write, tmp_path: Path) -> None:
    file = write("ventes.csv", DEALS, "cp1252")
    (table,) = run.json("read", file, "--out", tmp_path / "clean.csv")["tables"]
    has(table, {"columns": list, "first_rows": list, "evidence": list, "quarantine": list})
    assert table["rows_read"] == 4
    found = {each["decision"]: each for each in table["evidence"]}
    assert found["encoding"]["choice"] == "cp1252"
    assert found["delimiter"]["choice"] == ";"
    assert all(" " in each["because"] for each in table["evidence"])
    shown = run("read", file)
    assert "encodage" in shown.stdout
    assert "decision." not in shown.stdout
    assert "because." not in shown.stdout
    assert (tmp_path / "clean.csv").read_text(encoding="utf-8").startswith('"source_id"')


def test_read_writes_formulas_inert(run: Jalon, write: Write, tmp_path: Path) -> None:
    file = write("f.csv", "nom;montant\n=HYPERLINK(1);-5,5\n@SUM;7,0\n")
    run.json("read", file, "--out", tmp_path / "clean.csv")
    clean = (tmp_path / "clean.csv").read_text(encoding="utf-8")
    assert "'=HYPERLINK" in clean
    assert "'@SUM" in clean
    assert "-5.5" in clean
    assert "'-5" not in clean


def test_dry_run_writes_a_map_that_the_import_takes_and_loads_nothing(
    run: Jalon, write: Write, tmp_path: Path
) -> None:
    file = write("ventes.csv", DEALS)
    shown = run("import", file, "--table", "deal", "--dry-run")
    assert shown.exit_code == 0
    assert run.json("imports")["imports"] == []
    (tmp_path / "map.yaml").write_text(shown.stdout, encoding="utf-8")
    found = run.json("import", file, "--map", tmp_path / "map.yaml")
    assert found["files"][0]["rows_added"] == 3
    assert {each["how"] for each in found["files"][0]["columns"]} == {"map"}


def test_screens_are_in_the_language_asked(filled: Jalon) -> None:
    french, english = (filled("measure", "win_rate", lang=lang).stdout for lang in ("fr", "en"))
    assert "Taux de succès" in french
    assert "66,7\u202f%" in french
    assert "66.7%" in english


# --- bad input ----------------------------------------------------------------------------------


def png(write: Write) -> Path:
    path = write("photo.csv", "")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    return path


def cut(write: Write) -> Path:
    path = write("deal.csv.gz", "")
    whole = gzip.compress(DEALS.encode() * 500)
    path.write_bytes(whole[: len(whole) // 2])
    return path


FILES: dict[str, tuple[str, Callable[[Write], Path]]] = {
    "a picture": ("not_a_table", png),
    "an empty file": ("empty_file", lambda write: write("deal.csv", "")),
    "headers only": (
        "header_only",
        lambda write: write("deal.csv", DEALS.partition("\n")[0] + "\n"),
    ),
    "a cut archive": ("truncated", cut),
    "no file": ("missing_file", lambda write: write("deal.csv", "").with_name("absent.csv")),
    "prose": ("not_a_table", lambda write: write("notes.md", "# Notes\n\nRien à lire.\n")),
    "no known table": (
        "no_table_recognised",
        lambda write: write("x.csv", "alpha,beta\nfoo,bar\nbaz,qux\n"),
    ),
    "dates that must be asked": (
        "must_ask",
        lambda write: write("deal.csv", "source_id,outcome,closed_at\nd1,won,01/02/2025\n"),
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file_gets_a_sentence_and_the_workspace_is_untouched(
    filled: Jalon, write: Write, what: str
) -> None:
    code, make = FILES[what]
    before = filled.json("measure", "win_rate", "revenue")["results"]
    error = filled.error("import", make(write), status=1)
    assert error["code"] == code
    assert error["where"]["file"].endswith((".csv", ".gz", ".md"))
    assert len(error["message"].split()) >= 4
    assert error["hint"]
    if code == "must_ask":
        assert error["choices"] == ["DMY", "MDY"]
        assert error["option"] == "--date-order"
    assert filled.json("measure", "win_rate", "revenue")["results"] == before
    assert len(filled.json("imports")["imports"]) == 1


def test_the_option_that_a_question_names_answers_it(run: Jalon, write: Write) -> None:
    file = FILES["dates that must be asked"][1](write)
    found = run.json("import", file, "--date-order", "mdy")
    assert found["files"][0]["rows_added"] == 1
    (each,) = run.json("measure", "win_rate", "--grain", "month")["results"]
    assert each["period"]["from"] == "2025-01-01"


def test_in_a_folder_what_must_be_asked_is_held_back_and_the_rest_is_loaded(
    run: Jalon, write: Write
) -> None:
    folder = write("deal.csv", DEALS).parent
    write("invoice.csv", "source_id,account,amount,happened_at\ni1,A,5,01/02/2025\n")
    write("README.md", "# Lisez-moi\n")
    found = run.json("import", folder, status=1)
    files = {each["file"]: each for each in found["files"]}
    assert files["deal.csv"]["rows_added"] == 3
    assert files["invoice.csv"]["must_ask"]["choices"] == ["DMY", "MDY"]
    assert [each["where"]["file"].split("/")[-1] for each in found["ignored"]] == ["README.md"]


MAPS = {
    "no YAML": ("files: [", "map_not_yaml"),
    "an unknown key": ("files: [{file: deal.csv, tabel: deal}]", "map_unknown_key"),
    "an unknown table": ("files: [{file: deal.csv, table: deals}]", "map_unknown_table"),
    "an unknown field": (
        "files: [{file: deal.csv, table: deal, columns: {amount: amout}}]",
        "map_unknown_field",
    ),
    "an unknown header": (
        "files: [{file: deal.csv, table: deal, columns: {Montant HT: amount}}]",
        "map_unknown_header",
    ),
    "an unknown value": (
        "files: [{file: deal.csv, table: deal, const: {outcome: gagné}}]",
        "map_unknown_value",
    ),
}


@pytest.mark.parametrize("what", MAPS)
def test_a_wrong_map_names_its_line_and_loads_nothing(run: Jalon, write: Write, what: str) -> None:
    text, code = MAPS[what]
    told = write("map.yaml", text)
    error = run.error("import", write("deal.csv", DEALS), "--map", told, status=1)
    assert error["code"] == code
    assert error["where"]["file"].endswith("map.yaml")
    assert run.json("imports")["imports"] == []


QUESTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown KPI": (("measure", "win_rat"), "unknown_kpi"),
    "an unknown dimension": (("measure", "win_rate", "--by", "sectr"), "unknown_dimension"),
    "an unknown part": (("measure", "average_basket", "--part", "mode"), "unknown_part"),
    "an unknown grain": (("measure", "win_rate", "--grain", "lustre"), "unknown_grain"),
    "an unknown comparison": (
        ("measure", "win_rate", "--from", "2025", "--compare", "never"),
        "unknown_comparison",
    ),
    "a date that is none": (("measure", "win_rate", "--from", "hier"), "wrong_date"),
    "a day that does not exist": (("measure", "win_rate", "--to", "2025-02-30"), "wrong_date"),
    "a period that ends before it begins": (
        ("measure", "win_rate", "--from", "2025-02-01", "--to", "2025-01-01"),
        "period_reversed",
    ),
    "a comparison without a period": (
        ("measure", "win_rate", "--compare", "previous"),
        "compare_needs_period",
    ),
    "an unknown column": (("measure", "win_rate", "--where", "amont > 1"), "unknown_column"),
    "half an expression": (("measure", "win_rate", "--where", "amount >"), "expression_malformed"),
    "no condition": (("measure", "win_rate", "--where", "amount"), "expression_not_condition"),
    "text against a number": (
        ("measure", "win_rate", "--where", "amount = 'x'"),
        "expression_types",
    ),
    "an unknown import": (("undo", "20200101-000000-ffff"), "unknown_import"),
    "an unknown moment": (("measure", "win_rate", "--known-at", "jadis"), "unknown_import"),
    "rows of an unknown KPI": (("rows", "revenu"), "unknown_kpi"),
    "the card of an unknown KPI": (("kpis", "show", "revenu"), "unknown_kpi"),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_wrong_question_gets_a_sentence_and_status_2(filled: Jalon, what: str) -> None:
    words, code = QUESTIONS[what]
    error = filled.error(*words, status=2)
    assert error["code"] == code


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("measure", "win_rat"), "win_rate"),
        (("measure", "win_rate", "--by", "sectr"), "sector"),
        (("measure", "win_rate", "--where", "amont > 1"), "amount"),
    ],
)
def test_an_unknown_name_gets_the_nearest(
    filled: Jalon, words: tuple[str, ...], nearest: str
) -> None:
    assert nearest in filled.error(*words, status=2)["hint"]


@pytest.mark.parametrize(
    "where",
    [
        "1=1; DROP TABLE version.deal",
        "amount > (SELECT count(*) FROM meta.import)",
        "amount in (select amount from version.deal)",
        "read_text('/etc/passwd') = 'x'",
        "query('select 1') = 1",
        "getenv('HOME') = 'x'",
        "_import = 1",
        "name = 'x' UNION SELECT 1",
        "repeat('x', 2000000000) = 'x'",
        "amount > 1 -- or 1=1",
        "(" * 80 + "amount > 1" + ")" * 80,
        "amount > 1 or " * 2000 + "amount > 1",
        "pragma_version() is not null",
        "amount > :end",
        "$1 = 1",
        "deal.amount > 1 and version.deal.amount > 1",
        "1=1",
        "amount > 1 LIMIT 1",
        "exists (select 1)",
        "\x00amount > 1",
        "",
    ],
)
def test_a_hostile_filter_is_refused_or_harmless(filled: Jalon, where: str) -> None:
    done = filled("measure", "win_rate", "--where", where, "--json")
    found = json.loads(done.stdout)
    if done.exit_code:
        assert done.exit_code == 2
        assert found["error"]["message"]
        assert "internal_error" not in found["error"]["code"]
    else:
        assert where in ("", "amount > 1 -- or 1=1")
    (after,) = filled.json("measure", "win_rate")["results"]
    assert after["n"] == 3


def test_wrong_use_is_status_2(filled: Jalon) -> None:
    for words in (("mesure",), ("measure",), ("measure", "win_rate", "--nope"), ("import",)):
        assert CliRunner().invoke(filled.app, list(words)).exit_code == 2
    done = CliRunner().invoke(filled.app, ["kpis", "list", "--lang", "de", "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "unknown_language"


@pytest.mark.parametrize(
    "words",
    [("measure", "win_rate"), ("rows", "win_rate"), ("imports",), ("undo", "x"), ("doctor",)],
)
def test_without_a_workspace_one_is_told_what_to_do(run: Jalon, words: tuple[str, ...]) -> None:
    error = run.error(*words, status=1)
    assert error["code"] == "no_workspace"
    assert "jalon import" in error["hint"]
    assert not (run.folder / "jalon-data").exists()


def test_a_workspace_held_by_another_process_is_said(filled: Jalon) -> None:
    script = (
        "import sys, jalon; w = jalon.open(sys.argv[1]); print('held', flush=True); "
        "sys.stdin.read()"
    )
    folder = str(filled.folder / "jalon-data")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == "held\n"
        assert filled.error("measure", "win_rate", status=1)["code"] == "workspace_locked"
        holder.stdin.close()
    assert filled.json("measure", "win_rate")["results"]


def test_a_wrong_setting_names_its_field(filled: Jalon) -> None:
    (filled.folder / "jalon-data" / "settings.yaml").write_text("fiscal_year_start: 13\n")
    error = filled.error("measure", "win_rate", status=1)
    assert error["code"] == "settings_wrong"
    assert "fiscal_year_start" in error["message"]


def test_a_folder_that_cannot_be_made_is_said(run: Jalon, write: Write) -> None:
    (run.folder / "jalon-data").write_text("a file")
    error = run.error("import", write("deal.csv", DEALS), status=1)
    assert error["code"] == "workspace_unwritable"


def test_a_database_that_is_none_is_said(filled: Jalon) -> None:
    (filled.folder / "jalon-data" / "jalon.duckdb").write_bytes(b"not a database" * 1000)
    error = filled.error("measure", "win_rate", status=1)
    assert error["code"] == "workspace_unreadable"
    assert error["hint"]


def test_check_says_every_fault_of_a_file_of_kpis(run: Jalon, write: Write) -> None:
    file = write("mine.yaml", "mine:\n  table: deal\n  estimate: magic\n")
    found = run.json("kpis", "check", file, status=2)
    assert found["error"]["code"].startswith("kpi_")
    assert found["error"]["where"]["file"].endswith("mine.yaml")
    missing = run.error("kpis", "check", run.folder / "absent.yaml", status=1)
    assert missing["code"] == "missing_file"


# --- at once ------------------------------------------------------------------------------------

HEAVY = (
    "duckdb", "pyarrow", "numpy", "scipy", "pandas", "polars", "sqlglot", "pydantic", "babel",
    "sqlalchemy", "python_calamine", "xlsxwriter", "rapidfuzz", "charset_normalizer",
)  # fmt: skip


@pytest.mark.parametrize(("lang", "word"), [("fr", "Mesurer"), ("en", "Measure")])
def test_help_is_instant_and_in_the_language_asked(lang: str, word: str) -> None:
    script = (
        "import sys; sys.argv = ['jalon', *sys.argv[1:]]\n"
        "from jalon.cli import main\n"
        "try: main()\n"
        f"finally: print('HEAVY', [n for n in {HEAVY!r} if n in sys.modules])\n"
    )
    for words in (["--help"], ["measure", "--help"], ["kpis", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            env={**os.environ, "JALON_LANG": lang, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=True,
        )
        # Typer itself takes pydantic for the arguments of a command.
        heavy = set(ast.literal_eval(done.stdout.rsplit("HEAVY", 1)[1].strip()))
        assert heavy <= (set() if words == ["--help"] else {"pydantic"})
        if words == ["--help"]:
            assert word in done.stdout


def test_the_command_speaks_english_from_its_first_word_to_its_error(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("jalon")
    done = subprocess.run(
        [command, "measure", "win_rate", "--lang", "en", "--workspace", tmp_path / "none"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "there is no Jalon workspace" in done.stderr
    assert "rror —" in done.stderr
    assert "Erreur" not in done.stderr
