"""What a person mistypes in a definition is said at its line, with what would do."""

import pytest

from jalon import locale
from jalon.catalogue.catalogue import DefinitionError, catalogue

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
  dimensions: [owner]
"""
GIVES = "      gives: [{value: 1}]\n"


def rows(text: str) -> str:
    return f"  examples:\n    - rows: {text}\n{GIVES}"


@pytest.mark.parametrize(
    ("typed", "instead", "code", "line", "mend"),
    [
        ("success: outcome", "success: outcom", "unknown_column", 7, "outcome"),
        ("'won'\n", "won\n", "kpi_unquoted", 7, "'won'"),
        ("'won'\n", "'gagnée'\n", "kpi_value", 7, "won"),
        ("'lost')", "'lost'", "expression_malformed", 8, "amount > 1000"),
        ("closed_at", "close_at", "kpi_column", 5, "closed_at"),
        ("closed_at", "amount", "kpi_not_date", 5, "closed_at"),
        ("proportion", "proportions", "kpi_estimate", 6, "proportion"),
        ("table: deal", "table: deals", "kpi_table", 4, "deal"),
        ("  estimate: proportion\n", "", "kpi_field_missing", 1, "mine"),
        ("  success: outcome = 'won'\n", "", "kpi_lacks", 1, "mine"),
        ("success:", "succes:", "kpi_field_unknown", 7, "success"),
        (", en: Mine", "", "kpi_language", 2, "fr et en"),
        ("{fr: À moi, en: Mine}", "À moi", "kpi_text", 2, "fr et en"),
        ("higher", "plus", "kpi_choice", 10, "higher, lower, context"),
        ("percent", "pourcent", "kpi_unit", 9, "percent"),
        ("[owner]", "[ownr]", "kpi_dimension", 11, "owner"),
        ("[owner]", "[stage_name, list_size, company]", None, 0, ""),
        ("[owner]", "owner", "kpi_list", 11, "[owner, sector]"),
        ("[owner]\n", "[owner]\n  horizon: un an\n", "kpi_number", 12, "chiffres"),
        ("  unit: percent\n", "  unit: percent\n  unit: money\n", "kpi_field_twice", 10, "un"),
        ("mine:", "Mon taux:", "kpi_id", 1, "minuscules"),
        ("  table", "\ttable", "yaml_tab", 4, "espaces"),
        ("[owner]", "[owner", "yaml_open", 12, "guillemets"),
        ("outcome = 'won'", "a: b", "yaml_colon", 7, "guillemets"),
        ("[owner]\n", f"[owner]\n{rows('{deals: [{outcome: won}]}')}", "kpi_table", 13, "deal"),
        ("[owner]\n", f"[owner]\n{rows('{deal: [{outcom: won}]}')}", "kpi_column", 13, "outcome"),
        ("[owner]\n", f"[owner]\n{rows('{deal: [{closed_at: hier}]}')}", "kpi_day", 13, "2026"),
        ("[owner]\n", f"[owner]\n{rows('{deal: []}').replace('value', 'valeur')}",
         "kpi_field_unknown", 14, "value"),
        ("[owner]\n", "[owner]\n  parts:\n    a:\n      success: outcom = 'won'\n",
         "unknown_column", 14, "outcome"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_line_with_its_mend(tmp_path, typed, instead, code, line, mend):
    assert typed in MINE
    text = MINE.replace(typed, instead, 1)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    if code is None:
        assert catalogue(tmp_path)["mine"].own
        return
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.row) == (code, line)
    for lang in locale.LANGUAGES:
        assert locale.sentence(problem, lang)
        assert locale.hint(problem, lang)
    assert mend in locale.hint(problem, "fr")


@pytest.mark.parametrize(
    ("taken", "code", "mend"),
    [("created_win", "unknown_kpi", "created_win_rate"), ("win_rate", "kpi_no_maturity", "mature")],
)
def test_a_maturity_that_cannot_be_taken_is_said(tmp_path, taken, code, mend):
    text = MINE + f"  matured_by: {taken}\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.row) == (code, 12)
    assert mend in locale.hint(problem, "fr")


@pytest.mark.parametrize(
    ("formula", "code", "mend"),
    [
        ("revenue / won_deal", "unknown_kpi", "won_deals"),
        ("revenue / mine", "kpi_cycle", "formule"),
        ("revenue /", "kpi_formula", "revenue / new_customers"),
        ("sum(revenue)", "kpi_formula", "revenue / new_customers"),
    ],
)
def test_a_wrong_formula_says_what_one_is(tmp_path, formula, code, mend):
    text = (
        "mine:\n  label: {fr: a, en: b}\n  question: {fr: a, en: b}\n  estimate: formula\n"
        f"  formula: {formula}\n  unit: money\n  better: higher\n"
    )
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.row) == (code, 5)
    assert mend in locale.hint(problem, "fr")


def test_a_file_in_another_encoding_says_so(tmp_path):
    (tmp_path / "mine.yaml").write_bytes(MINE.encode("latin-1"))
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    assert [each.code for each in caught.value.problems] == ["yaml_not_utf8"]
