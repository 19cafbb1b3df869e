"""Deals made from counts, for questions about groups and days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jalon.workspace import Workspace, open_workspace

DAY = dt.date(2025, 3, 12)


def workspace_of(folder: Path, deals: Iterable[Mapping[str, Any]], **others: str) -> Workspace:
    """A workspace with these deals, one line each; ``others``: other tables as CSV texts."""
    heads = ("source_id", "owner", "sector", "source", "outcome", "amount", "created_at",
             "closed_at")  # fmt: skip
    lines = [",".join(heads)]
    for number, deal in enumerate(deals):
        day = deal.get("day", DAY)
        row = {"source_id": f"d{number}", "amount": 100, "created_at": day, "closed_at": day}
        row |= {name: value for name, value in deal.items() if name != "day"}
        lines.append(",".join(str(row.get(name, "")) for name in heads))
    texts = {"deal": "\n".join(lines) + "\n", **others}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = open_workspace(folder / "w", create=True)
    found.import_([folder / f"{name}.csv" for name in texts])
    return found


def closed(won: int, all_: int, **columns: Any) -> list[dict[str, Any]]:
    """So many closed deals, so many of them won."""
    return [{"outcome": "won" if at < won else "lost", **columns} for at in range(all_)]
