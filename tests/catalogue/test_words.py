"""A definition says its formula in words, and what each of its versions changed."""

import re
from pathlib import Path

import pytest

from jalon.catalogue.catalogue import DefinitionError, built_in, catalogue

ALL = built_in().definitions
MINE = """\
big_win_rate:
  label: {{fr: Grosses gagnées, en: Big wins}}
  question: {{fr: Combien ?, en: How many?}}
  table: deal
  date: closed_at
  estimate: proportion
  success: outcome = 'won'
  among: outcome in ('won', 'lost')
  unit: percent
  better: higher
{more}
"""
WHY = "why: {fr: Sans les petites., en: Without the small ones.}"


def of(folder: Path, more: str):  # type: ignore[no-untyped-def]
    (folder / "mine.yaml").write_text(MINE.format(more=more), encoding="utf-8")
    return catalogue(folder)["big_win_rate"]


@pytest.mark.parametrize("kpi", ALL)
def test_every_kpi_of_ours_says_its_formula_in_both_languages(kpi):
    definition = ALL[kpi]
    for part in definition.parts or (None,):
        words = definition.said(part)
        assert words, part
        for text in (words.fr, words.en):
            assert text.strip()
            assert not text.endswith(".")
            # A reader of words reads no name of the code.
            assert not re.search(r"[a-z]_[a-z]", text)
        assert words.fr != words.en


@pytest.mark.parametrize("kpi", ALL)
def test_parts_that_differ_say_different_formulas(kpi):
    definition = ALL[kpi]
    said = [definition.said(part) for part in definition.parts]
    assert len(set(said)) == len(said)


def test_a_definition_of_ones_own_may_say_no_words(tmp_path):
    assert of(tmp_path, "").said() is None


def test_the_version_is_that_of_the_last_change(tmp_path):
    assert of(tmp_path, "").version == 1
    found = of(tmp_path, f"  changes: [{{version: 3, on: 2026-11-28, {WHY}}}]")
    assert (found.version, found.changes[0].on.year) == (3, 2026)
    same = of(tmp_path, f"  version: 3\n  changes: [{{version: 3, on: 2026-11-28, {WHY}}}]")
    assert same.version == 3


@pytest.mark.parametrize(
    ("more", "code", "line"),
    [
        (f"  version: 2\n  changes: [{{version: 3, on: 2026-11-28, {WHY}}}]",
         "kpi_changes_last", 11),
        (f"  changes:\n    - {{version: 3, on: 2026-01-01, {WHY}}}\n"
         f"    - {{version: 2, on: 2026-11-28, {WHY}}}", "kpi_changes_order", 11),
        ("  changes: [{version: 2, on: 2026-11-28}]", "kpi_change_why", 11),
        (f"  changes: [{{version: 1, on: 2026-11-28, {WHY}}}]", "kpi_number", 11),
    ],
)  # fmt: skip
def test_changes_that_do_not_hold_are_said_with_their_line(tmp_path, more, code, line):
    with pytest.raises(DefinitionError) as caught:
        of(tmp_path, more)
    assert [(each.code, each.where.row) for each in caught.value.problems] == [(code, line)]
