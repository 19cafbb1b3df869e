"""A file written clean: it comes back the same, and no cell is a formula."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import jalon
from jalon.render.reading import write as write_clean

TEXT = (
    "nom;montant;le\n=1+1;-5,50;17/02/2025\n@cmd;1 234,00;18/02/2025\n"
    "Été;0,10;19/02/2025\n+33 6;7,00;20/02/2025\n"
)


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_what_is_written_clean_reads_back_the_same(
    write: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    tables = jalon.read(write("ventes.csv", TEXT))
    (path,) = write_clean(tables, tmp_path / f"clean.{kind}")
    (again,) = jalon.read(path)
    names = [str(each).lstrip("'") for each in again.text.column("nom").to_pylist()]
    assert names == ["=1+1", "@cmd", "Été", "+33 6"]
    assert [float(each) for each in again.table.column("montant").to_pylist()] == [
        -5.5,
        1234,
        0.1,
        7,
    ]
    assert [str(each)[:10] for each in again.table.column("le").to_pylist()] == [
        f"2025-02-{day}" for day in (17, 18, 19, 20)
    ]


def test_a_workbook_holds_no_formula(write: Callable[..., Path], tmp_path: Path) -> None:
    (path,) = write_clean(jalon.read(write("ventes.csv", TEXT)), tmp_path / "clean.xlsx")
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(n).decode() for n in book.namelist() if "worksheets/" in n]
    assert sheets
    assert all("<f>" not in each for each in sheets)


def test_another_extension_is_refused_with_the_choices(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(jalon.InputError) as caught:
        write_clean(jalon.read(write("ventes.csv", TEXT)), tmp_path / "clean.pdf")
    assert caught.value.problem.code == "unknown_extension"
