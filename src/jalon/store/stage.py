"""What one file brings to one table, typed: kept as Parquet, so that it can be loaded again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jalon.engines.duckdb import DuckDB
from jalon.store.schema import quoted


@dataclass(frozen=True)
class Stage:
    """Typed rows for ``table``, lying in the engine as ``relation``.

    Columns: ``_line`` (physical row), ``_lines`` (how many source rows made it), ``source_id``, and
    ``fields`` (references as text).
    ``precision`` is that of each moment (``day``, ``minute``…): a coarser copy of a known moment
    is no change. ``links``: by target table, reference text to the key or name it stands for.
    """

    table: str
    origin: str
    fields: tuple[str, ...]
    relation: str
    file: str = ""
    sheet: str | None = None
    precision: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def save(self, engine: DuckDB, folder: Path, number: int) -> None:
        """Write the stage as ``<number>.parquet`` and ``<number>.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / f"{number}.parquet").replace("'", "''")
        engine.execute(
            f"COPY (FROM {quoted(self.relation)}) TO '{target}' "
            "(FORMAT parquet, COMPRESSION lz4_raw)"
        )
        text = json.dumps(asdict(self), ensure_ascii=False)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")


def saved(engine: DuckDB, folder: Path) -> list[Stage]:
    """The stages of a folder, in order, each as a temporary table of the engine."""
    stages = []
    for path in sorted(folder.glob("*.json"), key=lambda each: int(each.stem)):
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["fields"] = tuple(facts["fields"])
        facts["relation"] = f"saved_{path.stem}"
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {quoted(facts['relation'])} AS FROM read_parquet(?)",
            [str(path.with_suffix(".parquet"))],
        )
        stages.append(Stage(**facts))
    return stages
