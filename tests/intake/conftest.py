"""What the tests of intake share: an engine of their own, and the folder of real exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources import ReadOptions, read
from jalon.intake.text_table import TextTable


@pytest.fixture
def engine() -> Iterator[DuckDB]:
    engine = DuckDB.memory()
    yield engine
    engine.close()


@pytest.fixture
def shared_data() -> Path:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real exports at {folder}")
    return folder


@pytest.fixture
def read_text(engine: DuckDB, tmp_path: Path) -> Callable[..., TextTable]:
    def read_one(text: str | bytes, name: str = "f.csv", **options: object) -> TextTable:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, engine, ReadOptions(**options))[0]  # type: ignore[arg-type]

    return read_one


@pytest.fixture
def rows_of(engine: DuckDB) -> Callable[[TextTable], list[tuple[object, ...]]]:
    return lambda table: engine.rows(f"SELECT * FROM {table.relation} ORDER BY _line")
