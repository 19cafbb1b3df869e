"""Files that no one writes on purpose, or only one who means harm: read, or refused in words."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import jalon
from jalon.engines.duckdb import DuckDB
from jalon.intake.profile import profile
from jalon.intake.sources import read


def test_ten_thousand_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    names = [f"col{i}" for i in range(10_000)]
    rows = [[f"{i}.{j}" for j in range(10_000)] for i in range(3)]
    path.write_text("\n".join(";".join(row) for row in [names, *rows]) + "\n", encoding="utf-8")
    (table,) = read(path, DuckDB.memory())
    assert len(table.headers) == 10_000
    assert table.rows == 3


def test_a_line_of_seventy_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"a;b\n1;" + b"x" * (70 << 20))
    with pytest.raises(jalon.JalonError) as refused:
        jalon.read(path)
    assert refused.value.problem.code == "too_large"
    assert refused.value.problem.facts["reason"] == "line"


def test_a_line_of_seventy_megabytes_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"a;b\n1;\xe9" + b"x" * (70 << 20))
    with pytest.raises(jalon.JalonError) as refused:
        jalon.read(path)
    assert refused.value.problem.facts["reason"] == "line"


@pytest.mark.parametrize("cell", [" ", "1 ", '"', "'", "-", "1,", "/", "T1 ", "(", "\u00a0"])
def test_a_cell_of_a_megabyte_costs_no_more_than_its_length(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "slow.csv"
    long = cell * ((1 << 20) // len(cell))
    rows = "".join(f"{i};12,5;{long if i == 7 else 'x'}\n" for i in range(20))
    path.write_text("id;montant;note\n" + rows, encoding="utf-8")
    start = time.process_time()
    try:
        tables = jalon.read(path)
    except jalon.JalonError:
        tables = []
    # A cost that grows with the square of the length takes hours, not seconds.
    assert time.process_time() - start < 30
    assert all(table.rows >= 19 for table in tables)


def test_a_table_of_ten_thousand_columns_is_read_and_judged(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    rows = (";".join(f"{column + row},5" for column in range(10_000)) for row in range(3))
    names = ";".join(f"c{column}" for column in range(10_000))
    path.write_text("\n".join([names, *rows]), encoding="utf-8")
    engine = DuckDB.memory()
    start = time.process_time()
    (table,) = read(path, engine)
    found = profile(table, engine)
    assert len(found) == 10_000
    assert {(one.content, one.decimal, one.filled) for one in found} == {("decimal", ",", 3)}
    # A question a column, each as dear as the table is wide, takes hours.
    assert time.process_time() - start < 120


class Meddling(DuckDB):
    """An engine before which another program does something to the file."""

    meddle: Callable[[], None] | None = None

    def execute(self, *given: Any) -> Any:
        self.before()
        return super().execute(*given)

    def value(self, *given: Any) -> Any:
        self.before()
        return super().value(*given)

    def before(self) -> None:
        if self.meddle:
            self.meddle()


@pytest.mark.parametrize("taken_away", [True, False])
def test_a_file_changed_while_it_is_read_is_refused(tmp_path: Path, taken_away: bool) -> None:
    path = tmp_path / "moving.csv"
    path.write_text("id;nom\n" + "".join(f"{i};x\n" for i in range(5000)), encoding="utf-8")
    engine = Meddling.memory()
    half = path.stat().st_size // 2
    remove, cut = partial(path.unlink, missing_ok=True), partial(os.truncate, path, half)
    engine.meddle = remove if taken_away else cut  # type: ignore[attr-defined]
    with pytest.raises(jalon.JalonError) as refused:
        read(path, engine)
    assert refused.value.problem.code == "changed_while_read"
