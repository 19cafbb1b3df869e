"""A company's own KPIs: a YAML in a folder is enough; a wrong one says all that is wrong."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import DefinitionError, built_in, catalogue
from jalon.measure.example import fill, found, question
from jalon.measure.run import Measurer

#: Faults of catalogue.py, reported; strict, so that the mend takes the mark away.

TOY = """\
# Nos indicateurs
big_win_rate:
  label: {fr: Grosses gagnées, en: Big wins}
  question: {fr: Combien de grosses ?, en: How many big ones?}
  table: deal
  date: closed_at
  estimate: proportion
  success: outcome = 'won'
  among: outcome in ('won', 'lost') and amount > 1000
  unit: percent
  better: higher
  dimensions: [owner]
  examples:
    - rows:
        deal:
          - {outcome: won, amount: 2000, closed_at: 2025-01-01}
          - {outcome: lost, amount: 2000, closed_at: 2025-01-02}
          - {outcome: won, amount: 10, closed_at: 2025-01-03}
      gives:
        - {value: 0.5, n: 2}
spend_per_win:
  label: {fr: Dépense par vente, en: Spend per win}
  question: {fr: Combien par vente ?, en: How much per win?}
  estimate: formula
  formula: acquisition_spend / (won_deals * 1)
  unit: money
  better: lower
"""


def test_a_toy_kpi_in_a_folder_is_loaded_and_measured_beside_ours(tmp_path):
    (tmp_path / "nos.yaml").write_text(TOY, encoding="utf-8")
    known = catalogue(tmp_path)
    assert known["big_win_rate"].own
    assert not known["win_rate"].own
    assert set(built_in().public()) < set(known.public())
    example = known["big_win_rate"].examples[0]
    store = fill({**example.rows, "spend": [{"amount": 90, "happened_at": dt.date(2025, 1, 1)}]})
    measurer = Measurer(store, known)
    for gives in example.gives:
        answer, row = found(measurer.measure(question("big_win_rate", gives)), gives)
        assert (answer.figures.value[row], answer.figures.n[row]) == (0.5, 2)
    answer = measurer.measure(question("spend_per_win", {})).answers[0]
    assert answer.figures.value[0] == 45
    assert "big_win_rate" not in built_in().definitions


def test_no_folder_or_an_empty_one_leaves_ours(tmp_path):
    assert catalogue(None) is catalogue(tmp_path) is catalogue(tmp_path / "none") is built_in()


WRONG = """\
unknown_things:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  date: closed_on
  estimate: proportion
  success: outcom = 'won'
  among: sum(amount) > 1
  better: higher
lacking:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  date: closed_at
  estimate: mean
  better: higher
strange:
  label: {fr: a}
  question: {fr: a, en: a}
  table: deal
  estimate: proportion
  succes: outcome = 'won'
  better: maybe
no_table:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deals
  estimate: count
  better: higher
no_estimate:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  estimate: average
  better: higher
round_one:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  estimate: formula
  formula: round_two / 2
  better: higher
round_two:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  estimate: formula
  formula: round_one + nothing_such
  better: higher
types:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  estimate: mean
  value: amount > 'x'
  better: higher
"""


def test_a_wrong_file_gives_every_problem_at_once_with_file_and_line(tmp_path):
    (tmp_path / "a.yaml").write_text(WRONG, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("broken: [1,\n  2\nother: x", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("strange: 5\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    seen = {
        (each.code, each.where.file.rsplit("/", 1)[-1], each.where.row)
        for each in caught.value.problems
    }
    assert {
        ("kpi_column", "a.yaml", 5),
        ("unknown_column", "a.yaml", 7),
        ("expression_not_allowed", "a.yaml", 8),
        ("kpi_lacks", "a.yaml", 10),
        ("kpi_language", "a.yaml", 18),
        ("kpi_field_unknown", "a.yaml", 22),
        ("kpi_choice", "a.yaml", 23),
        ("kpi_table", "a.yaml", 27),
        ("kpi_estimate", "a.yaml", 34),
        ("kpi_cycle", "a.yaml", 40),
        ("kpi_cycle", "a.yaml", 46),
        ("unknown_kpi", "a.yaml", 46),
        ("expression_types", "a.yaml", 53),
        ("kpi_empty", "c.yaml", 1),
    } <= seen
    assert any(code.startswith("yaml_") and file == "b.yaml" for code, file, _ in seen)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    "formula",
    ["(select 1)", "win_rate; win_rate", "abs(win_rate)", "win_rate > 1", "win_rate ** 2", "",
     pytest.param("'x'"), pytest.param("1 / 2"),
     pytest.param("win_rate / 'x'")],
)  # fmt: skip
def test_a_formula_is_only_the_four_operations_over_kpis(tmp_path, formula):
    body = TOY.replace("acquisition_spend / (won_deals * 1)", '"' + formula + '"')
    (tmp_path / "own.yaml").write_text(body, encoding="utf-8")
    with pytest.raises(DefinitionError):
        catalogue(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b\n",
        "5\n",
        "\x00",
        "a: *x\n",
        "? {a: 1}\n: 2\n",
        pytest.param("1: {}\n"),
    ],
)
def test_a_file_that_is_not_a_list_of_kpis_is_a_definition_error(tmp_path, text):
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError):
        catalogue(tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file_adds_nothing(tmp_path, text):
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    assert catalogue(tmp_path).public() == built_in().public()


LISTS = """\
gap:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  date: closed_at
  estimate: adjusted_gap
  success: outcome = 'won'
  exposed: team = 'A'
  strata: sector; coalesce(secteur, ''); kind
  better: higher
effects:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: deal
  estimate: adjusted_effects
  success: outcome = 'won'
  size: amount
  strata: sector;
  factors: "big: amount > 1; slow: quotd_at is null; size; long: amount"
  better: higher
covered:
  label: {fr: a, en: a}
  question: {fr: a, en: a}
  table: target
  estimate: target
  give: coverage
  only: revenu
  open: covered
  better: higher
"""


def test_lists_of_values_conditions_and_kpis_are_checked_one_by_one(tmp_path):
    (tmp_path / "a.yaml").write_text(LISTS, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        catalogue(tmp_path)
    seen = {(each.code, each.where.row, each.facts.get("name")) for each in caught.value.problems}
    assert seen == {
        ("unknown_column", 9, "secteur"),
        ("kpi_series", 18, None),
        ("unknown_column", 19, "quotd_at"),
        ("kpi_series", 19, None),
        ("expression_not_condition", 19, None),
        ("unknown_kpi", 27, "revenu"),
        ("kpi_cycle", 21, None),
    }
    nearest = {each.facts["name"]: each.facts["nearest"] for each in caught.value.problems
               if "nearest" in each.facts}  # fmt: skip
    assert "sector" in nearest["secteur"]
    assert "quoted_at" in nearest["quotd_at"]
    assert "revenue" in nearest["revenu"]
