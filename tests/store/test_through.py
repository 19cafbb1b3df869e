"""Until when the data tell: events, not plans."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import jalon
from jalon.workspace import open_workspace

HEAD = "source_id,owner,booked_at,due_at,status\n"


def reach(tmp_path: Path, rows: str) -> tuple[dt.date, dt.date] | None:
    path = tmp_path / "meeting.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with jalon.open(tmp_path / "w") as workspace:
        workspace.import_(path)
    held = open_workspace(tmp_path / "w")
    try:
        return held.measurer.reach()
    finally:
        held.close()


def test_a_planned_meeting_does_not_move_the_end_of_the_data(tmp_path: Path) -> None:
    rows = "m1,Ann,2025-02-20,2025-03-01,held\nm2,Ann,2025-02-25,2025-06-01,booked\n"
    assert reach(tmp_path, rows) == (dt.date(2025, 3, 1), dt.date(2025, 3, 1))


def test_a_diary_without_statuses_tells_until_its_last_meeting(tmp_path: Path) -> None:
    rows = "m1,Ann,2025-02-20,2025-03-01,\nm2,Ann,2025-02-25,2025-06-01,\n"
    assert reach(tmp_path, rows) == (dt.date(2025, 3, 1), dt.date(2025, 6, 1))


def test_an_empty_workspace_tells_nothing(tmp_path: Path) -> None:
    jalon.open(tmp_path / "w").close()
    held = open_workspace(tmp_path / "w")
    assert held.measurer.reach() is None
    held.close()
