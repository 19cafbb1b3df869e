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

    ``signature`` names the way its rows are typed; ``text`` is the relation of all rows as text,
    ``rows`` the view of those that are typed, ``prints`` the view of all keys and digests;
    ``place`` is where the stage is kept. Where ``confirmed`` rows (``keys``) are left out because
    they have not changed, the stage ``rests_on`` the place of a former one.

    ``full``: the file is all that the source has for the table. ``spared``: the keys of the rows
    refused, ``unkeyed``: how many records have no readable key: they are in the file all the same.
    ``key``: what its keys are made of, and ``key_how`` why (``source_id``, ``declared``,
    ``natural``, ``digest``). ``idle``: how many source rows bring nothing.
    """

    table: str
    origin: str
    fields: tuple[str, ...]
    relation: str
    file: str = ""
    sheet: str | None = None
    precision: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signature: str = ""
    text: str = ""
    rows: str = ""
    prints: str = ""
    place: str = ""
    keys: str = ""
    confirmed: int = 0
    rests_on: str | None = None
    full: bool = False
    spared: tuple[str, ...] = ()
    unkeyed: int = 0
    key: tuple[str, ...] = ()
    key_how: str = ""
    idle: int = 0

    def save(self, engine: DuckDB, folder: Path, number: int) -> None:
        """Write the stage as ``<number>.parquet`` and ``<number>.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / f"{number}.parquet").replace("'", "''")
        engine.execute(
            f"COPY (FROM {quoted(self.relation)}) TO '{target}' "
            "(FORMAT parquet, COMPRESSION lz4_raw)"
        )
        if self.rests_on:
            keys = str(folder / f"{number}.keys").replace("'", "''")
            engine.execute(
                f"COPY (SELECT source_id FROM {quoted(self.keys)}) TO '{keys}' (FORMAT parquet)"
            )
        text = json.dumps(asdict(self), ensure_ascii=False)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")


def saved(engine: DuckDB, folder: Path) -> list[Stage]:
    """The stages of a folder, in order, each as a temporary table of the engine."""
    stages = []
    # Other things are kept beside the stages: those are numbers.
    for path in sorted(folder.glob("[0-9]*.json"), key=lambda each: int(each.stem)):
        facts = json.loads(path.read_text(encoding="utf-8"))
        for name in ("fields", "spared", "key"):
            facts[name] = tuple(facts.get(name, ()))
        facts["relation"] = f"saved_{path.stem}"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(facts['relation'])} AS {_rows(path)}")
        # What is loaded again is whole, and its text is not at hand.
        facts |= {"signature": "", "confirmed": 0, "rests_on": None}
        stages.append(Stage(**facts))
    return stages


def rows_of(folder: Path, number: int) -> str:
    """The query of all rows of a stage kept in that folder."""
    return _rows(folder / f"{number}.json")


def _rows(path: Path) -> str:
    """The query of all rows of a kept stage: its own, and those it confirms of a former one."""
    own = f"SELECT * FROM read_parquet('{_quoted(path.with_suffix('.parquet'))}')"
    rests_on = json.loads(path.read_text(encoding="utf-8")).get("rests_on")
    if not rests_on:
        return own
    base = path.parent.parent / f"{rests_on}.json"
    keys = f"read_parquet('{_quoted(path.with_suffix('.keys'))}')"
    # Lines are of two files: a number of its own for each row, since it becomes the row's.
    return (
        f"SELECT * REPLACE (row_number() OVER () AS _line) FROM ({own} UNION ALL BY NAME "
        f"SELECT b.* FROM ({_rows(base)}) b SEMI JOIN {keys} k USING (source_id))"
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
