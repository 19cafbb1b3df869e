"""Every code that the source can utter has its sentence, in French and in English."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import jalon
from jalon import locale
from jalon.model.problems import Problem, Where
from jalon.model.tables import TABLES

SOURCE = Path(jalon.__file__).parent
CODE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
#: What takes a code, and at which place: ``Problem("code")``, ``InputError.of("code")``…
UTTERS = {
    "Problem": 0,
    "Refused": 0,
    "of": 0,
    "noting": 0,
    "problem": 0,
    "unknown": 2,
    "_refuse": 2,
}
#: The classes whose ``of`` makes an error of a code; others' means something else.
ERRORS = {"InputError", "JalonError", "MustAskError", "RequestError", "WorkspaceError"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def texts(node: ast.AST | None) -> Iterator[str]:
    """The texts that an expression may be: itself, or either side of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Dict):
        for each in node.values:
            yield from texts(each)


def constants(scope: ast.AST, name: str) -> Iterator[str]:
    """What a local name is set to, in that function."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == name for each in node.targets
        ):
            yield from texts(node.value)


def uttered() -> dict[str, str]:
    """Every code of a problem in the source, and the file that utters it."""
    found: dict[str, str] = {}
    for path, tree in trees():
        for scope in ast.walk(tree):
            if not isinstance(scope, ast.FunctionDef | ast.Module):
                continue
            for node in ast.walk(scope):
                for code in (*_codes(scope, node), *_noted(node)):
                    if CODE.match(code):
                        found.setdefault(code, path.name)
    return found


def _codes(scope: ast.AST, node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "of":
        owner = getattr(node.func, "value", None)
        if not (isinstance(owner, ast.Name) and owner.id in ERRORS):
            return
    place = UTTERS.get(name)
    if place is None or len(node.args) <= place:
        return
    argument = node.args[place]
    yield from texts(argument)
    if isinstance(argument, ast.Name):
        yield from constants(scope, argument.id)
    if isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute):
        for each in (*argument.args, argument.func.value):
            yield from (text for text in texts(each) if "_" in text)
            if isinstance(each, ast.Name) and isinstance(scope, ast.FunctionDef):
                yield from (text for text in constants(scope, each.id) if "_" in text)


def _noted(node: ast.AST) -> Iterator[str]:
    """Notes are appended as (code, facts, where it holds); missing figures chosen by np.where."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "append" and node.args and isinstance(node.args[0], ast.Tuple):
        if len(node.args[0].elts) == 3:
            yield from texts(node.args[0].elts[0])
    elif node.func.attr == "where":
        for each in node.args[1:]:
            yield from (text for text in texts(each) if "_" in text)


def evidence(place: int) -> set[str]:
    """The decisions (0) or the reasons (2) that reading gives."""
    found: set[str] = set()
    for _, tree in trees():
        for scope in ast.walk(tree):
            if not isinstance(scope, ast.FunctionDef):
                continue
            for node in ast.walk(scope):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Evidence":
                    if len(node.args) <= place:
                        continue
                    found |= set(texts(node.args[place]))
                    if isinstance(node.args[place], ast.Name):
                        found |= set(constants(scope, node.args[place].id))  # type: ignore[attr-defined]
    return found


def because_fields() -> set[str]:
    """The reasons that readings, headers and sheets left out carry to the evidence."""
    found: set[str] = set()
    for path in (SOURCE / "intake" / "sources").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                places = {"_transcoded": [2], "Header": [-1], "Survey": [4]}.get(name, [])
                for place in places:
                    found |= set(texts(node.args[place]))
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "because":
                found |= set(texts(node.value))
            if isinstance(node, ast.Dict):
                keys = [getattr(key, "value", None) for key in node.keys]
                if "left_out" in keys:
                    found |= set(texts(node.values[keys.index("left_out")]))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                filled = getattr(node.targets[0].value, "id", "")
                found |= set(texts(node.value)) if filled == "left_out" else set()
    return found


def kinds() -> set[str]:
    """What a file that is no table may be, and why one is too large or unreadable."""
    tree = ast.parse((SOURCE / "intake" / "sources" / "kinds.py").read_text(encoding="utf-8"))
    found = {"folder", "prose", "binary", "xls", "xlsb", "ods", "pbix"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            found |= set(texts(node.elts[1]))
    for path in (SOURCE / "intake" / "sources").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                found |= set(texts(node.value))
    return found - {"gzip", "parquet"}


def from_yaml() -> set[str]:
    """The codes of notes and reasons that the catalogue and the presets name."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.yaml"):
        if path.parent.name != "locale":
            found |= set(_named(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return {each for each in found if CODE.match(each)}


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("note", "missing", "undefined", "why") and isinstance(value, str):
                yield value
            yield from _named(value)
    elif isinstance(node, list):
        for each in node:
            yield from _named(each)


def lacking(codes: Iterable[str], prefix: str = "") -> dict[str, list[str]]:
    return {
        lang: missing
        for lang in locale.LANGUAGES
        if (missing := sorted(c for c in codes if prefix + c not in locale.sentences(lang)))
    }


def test_the_scan_sees_the_codes_of_every_room() -> None:
    codes = uttered()
    assert {
        "no_workspace", "workspace_locked", "unknown_kpi", "unreadable_cell", "key_twice",
        "must_ask_date_order", "truncated", "binary_file", "needs_column", "mostly_undated",
        "kpi_cycle", "import_redone", "doctor_empty", "map_unknown_field", "too_many_cells",
    } <= set(codes)  # fmt: skip


def test_every_problem_has_a_sentence_in_each_language() -> None:
    assert lacking(uttered()) == {}


#: Codes that stand in tables of code and rows, where the scan cannot follow them.
BESIDES = {
    *("repeated_header", "total_row", "footer", "undated_counted", "undated_left_out"),
    *("unclosed_quote", "too_few_cells"),
}


def test_the_codes_that_the_scan_cannot_follow_are_still_in_the_source() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path, _ in trees())
    assert all(f'"{code}"' in source for code in BESIDES)
    assert lacking(BESIDES) == {}


def test_every_note_of_the_catalogue_and_the_presets_has_a_sentence() -> None:
    assert {"revenue_of_won_deals", "support_cases"} <= from_yaml()
    assert lacking(from_yaml()) == {}


def test_every_decision_of_reading_and_its_reason_have_a_text() -> None:
    assert lacking(evidence(0), "decision.") == {}
    assert lacking(evidence(2) | because_fields(), "because.") == {}


def test_what_a_refused_file_is_has_a_word() -> None:
    assert {"pdf", "picture", "packed", "invalid_bytes", "memory"} <= kinds() | {"memory"}
    assert lacking(kinds(), "word.") == {}


def test_every_table_has_a_word() -> None:
    assert lacking(TABLES, "word.") == {}


def test_every_text_of_the_command_line_is_there() -> None:
    codes = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said" and node.args:
                codes |= set(texts(node.args[0]))
    assert len(codes) > 40
    assert lacking(codes, "cli.") == {}


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    french, english = (locale.sentences(lang) for lang in locale.LANGUAGES)
    assert set(french) == set(english)
    for code in french:
        assert _fields(french[code]) == _fields(english[code]), code


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_key_is_written_twice() -> None:
    for lang in locale.LANGUAGES:
        text = (SOURCE / "locale" / f"{lang}.yaml").read_text(encoding="utf-8")
        keys = re.findall(r"^([\w.]+):", text, re.M)
        assert len(keys) == len(set(keys)), {key for key in keys if keys.count(key) > 1}


def test_french_keeps_its_marks_on_the_line() -> None:
    """A no-break space stands before ``: ; ! ?`` and inside « », in what is said."""
    wrong = re.compile(r"« | [:;!?»]|«[^\u00a0]|[^\u00a0]»")
    for code, said in locale.sentences("fr").items():
        assert not wrong.search(said), (code, said)
        bare = re.sub(r"(values|links|const|table)(:|\}\})|\{\w*:[?.\w%]*\}|\{\{.*?\}\}", "", said)
        assert not re.search(r"[\w)][:;!?](\s|$)", bare), (code, said)


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_a_fact_that_is_missing_breaks_no_sentence(lang: str) -> None:
    for code in locale.sentences(lang):
        locale.text(code, lang)
        problem = Problem(code, {}, Where("f.csv", "S", 3, "Montant", "1\u202f000"))
        assert "f.csv" in locale.sentence(problem, lang)
        locale.hint(problem, lang)


def test_an_unknown_code_is_shown_rather_than_hidden() -> None:
    assert locale.sentence(Problem("never_heard"), "fr") == "never_heard"


def test_a_sentence_says_where_down_to_the_cell() -> None:
    problem = Problem(
        "unreadable_cell", {"expected": "money"}, Where("ventes.csv", None, 17, "Montant", "abc")
    )
    french, english = (locale.sentence(problem, lang) for lang in ("fr", "en"))
    assert french.startswith(
        "ventes.csv, ligne 17, colonne «\u00a0Montant\u00a0», «\u00a0abc\u00a0»\u00a0: "
    )
    assert english.startswith("ventes.csv, row 17, column “Montant”, “abc”")
    assert "montant" in french.rsplit(":", 1)[1]


def test_control_characters_and_endless_values_are_made_safe() -> None:
    said = locale.sentence(
        Problem("unknown_value", {}, Where(value="a\x1b[31m\x00" + "b" * 999)), "fr"
    )
    assert "\x1b" not in said
    assert "\x00" not in said
    assert len(said) < 200


def test_braces_in_a_value_are_only_text() -> None:
    said = locale.sentence(Problem("unknown_kpi", {"name": "{0.__class__}"}), "en")
    assert "{0.__class__}" in said


def test_a_word_agrees_with_its_number() -> None:
    def said(rows: int, lang: str) -> str:
        return locale.text("because.all_cells_blank", lang, rows=rows)

    assert said(1, "fr") == "1 ligne sans aucune valeur"
    assert said(2, "fr") == "2 lignes sans aucune valeur"
    assert said(1, "en") == "1 row without any value"
    assert said(0, "en") == "0 rows without any value"


def test_a_long_path_keeps_the_name_of_its_file_and_a_long_value_its_beginning() -> None:
    where = Where(file="/dossier" * 30 + "/settings.yaml", value="Durand " * 30)
    said = locale.place(where, "fr")
    assert "/settings.yaml" in said
    assert "Durand" in said
    assert len(said) < 220
