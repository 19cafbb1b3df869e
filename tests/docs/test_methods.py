"""The tables of the methods' pages: what they print is so, what they promise is held."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "methods"
PAGE = (FOLDER / "intervalles.md").read_text(encoding="utf-8")
#: Tables that no draw enters, and that take no time.
EXACT = ("taux", "differences", "nombres", "nps")
#: Drawn with fixed seeds in a fraction of a second.
DRAWN = ("medianes", "moyennes", "sommes", "rapports", "formules", "accord", "equipe")


def _loaded(path: Path) -> Any:
    """A module that lies outside the packages under test."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


coverage = _loaded(ROOT / "bench" / "coverage.py")


def printed(name: str) -> list[list[str]]:
    """The cells of a table of the page, its heads first."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- / {name} -->", PAGE, re.DOTALL)
    assert found, name
    lines = [line.strip("| ").split(" | ") for line in found[1].splitlines()]
    return [lines[0], *lines[2:]]


def figures(name: str) -> list[list[float]]:
    """The rows of a table without their first cell."""
    return [[float(each.replace(",", ".")) for each in row[1:]] for row in printed(name)[1:]]


@pytest.mark.parametrize("name", EXACT)
def test_exact_tables_are_those_of_the_page(name: str) -> None:
    heads, *rows = coverage.TABLES[name](0)
    assert printed(name) == [[coverage._cell(cell) for cell in row] for row in (heads, *rows)]


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_tables_are_those_of_the_page(name: str) -> None:
    rows = list(coverage.TABLES[name](coverage.SEEDS))[1:]
    for drawn, shown in zip(rows, figures(name), strict=True):
        assert shown == pytest.approx([float(each) for each in list(drawn)[1:]], abs=0.15)


def test_mean_amounts_are_printed_for_each_spread() -> None:
    heads, rows = printed("moyennes")[0], figures("moyennes")
    for column, spread in enumerate(("0,8", "1,2", "1,8")):
        assert spread in heads[1 + column]
        assert all(90 <= row[column] <= 97.5 for row in rows)


def test_every_table_is_on_the_page_and_in_order() -> None:
    assert re.findall(r"<!-- (\w+) -->", PAGE) == list(coverage.TABLES)


def test_rates_cover_as_promised() -> None:
    assert dict(zip((10, 30, 100, 300), figures("taux"), strict=True))[30] == [95.3, 92.1]


def test_medians_cover_95_or_a_little_more_from_twenty_rows_on() -> None:
    """Between 93.5 and 97 but for 60 rows, where the two ranks that exist give 97.3."""
    amounts = {
        row[0]: each[0]
        for row, each in zip(printed("medianes")[1:], figures("medianes"), strict=True)
    }
    assert all(93.5 <= each <= 97 for n, each in amounts.items() if n not in ("10", "60"))
    assert amounts["60"] <= 97.3


def test_restricted_means_hold_whole_and_cut() -> None:
    for row, (whole, bias, cut, cut_bias, known, ignored, *_) in zip(
        printed("durees")[1:], figures("durees"), strict=True
    ):
        if row[0] in ("30", "60", "500"):
            assert 93 <= whole <= 97.5
            assert 93 <= cut <= 97.5
            # What is left at 30 customers is that of a cut known beforehand.
            assert abs(bias) < 3
            assert abs(cut_bias) < max(3, known + 0.5)
            assert ignored >= 20


def test_each_page_is_listed() -> None:
    listed = re.findall(r"\]\((\w+\.md)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(p.name for p in FOLDER.glob("*.md") if p.name != "README.md")
