"""Rows that a source no longer has: told of, gone where the export is whole, back when it is."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import jalon

Write = Callable[..., Path]
Make = Callable[..., jalon.Workspace]
HEAD = "source_id,name,account,owner,outcome,amount,created_at,closed_at\n"


def deals(*keys: int, dearer: Sequence[int] = ()) -> str:
    return HEAD + "".join(
        f"d{n},Affaire {n},a{n % 2},Ann,{'won' if n % 3 else 'open'},"
        f"{n * 100 + (1000 if n in dearer else 0)},2025-01-01,{'2025-02-01' if n % 3 else ''}\n"
        for n in keys
    )


def entry(done: Any, place: int = 0) -> dict[str, Any]:
    each: dict[str, Any] = done.record["files"][place]
    counted = sum(each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined"))
    assert each["rows_read"] == counted
    return each


def codes(done: Any, place: int = 0) -> list[str]:
    return [note.code for note in done.report.files[place].notes]


def keys(workspace: jalon.Workspace, table: str = "deal") -> list[str]:
    engine = workspace._door.store.engine
    return [row[0] for row in engine.rows(f"SELECT source_id FROM flat.{table} ORDER BY 1")]


def revenue(workspace: jalon.Workspace, **asked: Any) -> float:
    (found,) = workspace.measure("revenue", **asked).records()
    return float(found["value"] or 0)


def test_an_absent_row_stays_and_the_report_asks(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3, 4)))
    before = revenue(world)
    done = world.import_(write("deal.csv", deals(1, 2, 3)))
    (note,) = done.report.files[0].notes
    assert (note.code, note.facts["count"], note.facts["keys"]) == ("rows_absent", 1, ["d4"])
    assert entry(done)["rows_gone"] == 0
    assert keys(world) == ["d1", "d2", "d3", "d4"]
    assert revenue(world) == before


def test_a_row_absent_from_a_whole_export_is_gone_from_that_import_on(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    first = world.import_(write("deal.csv", deals(1, 2, 3, 4)))
    before = revenue(world)
    done = world.import_(write("deal.csv", deals(1, 3)), full=True)
    (note,) = done.report.files[0].notes
    assert note.code == "deals_gone"
    assert note.facts["sums"] == {"amount": "600.00"}
    assert note.facts["outcomes"] == {"won": 2}
    assert (entry(done)["rows_gone"], entry(done)["rows_unchanged"]) == (2, 2)
    assert keys(world) == ["d1", "d3"]
    assert revenue(world) == before - 600
    assert revenue(world, known_at=first.import_id) == before
    yesterday = dt.date.today() - dt.timedelta(days=1)
    assert revenue(world, as_of=yesterday) == before
    world.undo(str(done.import_id))
    assert revenue(world) == before


def test_a_row_that_was_gone_comes_back_as_itself(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3)))
    rows = "SELECT source_id, _row FROM flat.deal ORDER BY 1"
    engine = world._door.store.engine
    before = engine.rows(rows)
    gone = world.import_(write("deal.csv", deals(1, 2)), full=True)
    back = world.import_(write("deal.csv", deals(1, 2, 3)))
    assert codes(back) == ["rows_back"]
    assert entry(back)["rows_updated"] == 1
    assert engine.rows(rows) == before
    assert len(world.rows("revenue", known_at=gone.import_id)) == len(world.rows("revenue"))
    world.undo(str(back.import_id))
    assert keys(world) == ["d1", "d2"]


def test_only_rows_of_the_same_source_and_table_are_gone(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2)), source="ours")
    world.import_(write("deal.csv", deals(7, 8)), source="theirs")
    world.import_(write("account.csv", "source_id,name\na0,Zéro\na1,Un\n"), source="ours")
    world.import_(write("deal.csv", deals(1)), source="ours", full=True)
    assert keys(world) == ["d1", "d7", "d8"]
    assert keys(world, "account") == ["a0", "a1"]


def test_several_files_of_a_whole_export_are_judged_together(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("one/deal.csv", deals(1, 2, 3, 4)))
    files = [write("two/a/deal.csv", deals(1, 2)), write("two/b/deal.csv", deals(4))]
    done = world.import_(files, full=True)
    assert sum(each["rows_gone"] for each in done.record["files"]) == 1
    assert keys(world) == ["d1", "d2", "d4"]


def test_a_refused_row_of_a_whole_export_is_not_gone(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3)))
    broken = deals(1, 2, 3).replace(",200,", ",deux cents,")
    done = world.import_(write("deal.csv", broken), full=True)
    assert entry(done)["rows_quarantined"] == 1
    assert entry(done)["rows_gone"] == 0
    assert keys(world) == ["d1", "d2", "d3"]


def test_a_line_whose_key_cannot_be_read_bars_marking(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3)))
    ragged = deals(1, 2) + "d3,Affaire,trop,de,cellules,1,2,3,4,5,6,7,8\n"
    done = world.import_(write("deal.csv", ragged), full=True)
    assert codes(done)[-1] == "rows_absent_unread"
    assert keys(world) == ["d1", "d2", "d3"]


def test_what_refers_to_a_gone_row_still_finds_its_name(workspace: Make, write: Write) -> None:
    world = workspace()
    accounts = "source_id,name,sector\na0,Zéro,Santé\na1,Un,Industrie\n"
    world.import_(write("account.csv", accounts))
    world.import_(write("deal.csv", deals(1, 2, 3)))
    read = "SELECT source_id, account, sector FROM flat.deal ORDER BY 1"
    engine = world._door.store.engine
    before = engine.rows(read)
    world.import_(write("account.csv", accounts.replace("a1,Un,Industrie\n", "")), full=True)
    assert keys(world, "account") == ["a0"]
    assert engine.rows(read) == before
    world.import_(write("deal.csv", deals(1, 2, 3, dearer=[2])))
    assert engine.rows(read) == before


def test_a_first_import_has_nothing_absent(workspace: Make, write: Write) -> None:
    done = workspace().import_(write("deal.csv", deals(1, 2)), full=True)
    assert codes(done) == []
    assert entry(done)["rows_gone"] == 0


def test_a_file_of_other_rows_is_no_export_come_again(workspace: Make, write: Write) -> None:
    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3)))
    assert "rows_absent" not in codes(world.import_(write("deal.csv", deals(3, 4, 5))))
    narrow = "source_id,competitor\nd1,Rival\n"
    assert "rows_absent" not in codes(world.import_(write("deal.csv", narrow), table="deal"))


Step = tuple[tuple[int, ...], tuple[int, ...], bool]
steps = st.lists(
    st.tuples(
        st.lists(st.integers(1, 6), min_size=1, max_size=6, unique=True).map(tuple),
        st.lists(st.integers(1, 6), max_size=2, unique=True).map(tuple),
        st.booleans(),
    ),
    min_size=2,
    max_size=4,
)


def state(world: jalon.Workspace) -> Any:
    engine = world._door.store.engine
    read = "source_id, name, account, outcome, amount, first_amount, amount_change"
    held = engine.rows("SELECT 1 FROM duckdb_views() WHERE schema_name='flat' AND view_name='deal'")
    return engine.rows(f"SELECT {read} FROM flat.deal ORDER BY 1") if held else []


def apply(folder: Path, taken: Sequence[Step]) -> tuple[jalon.Workspace, list[str]]:
    world, made = jalon.open(folder / "ws"), []
    for number, (rows, dearer, full) in enumerate(taken):
        file = folder / f"{number}" / "deal.csv"
        file.parent.mkdir()
        file.write_text(deals(*rows, dearer=dearer), encoding="utf-8")
        made.append(str(world.import_(file, full=full).import_id))
    return world, made


QUICK = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@QUICK
@given(steps, st.integers(0, 3))
@example([((1,), (1,), False), ((2, 1), (1,), False), ((1,), (), False)], 0)
def test_undoing_any_import_leaves_what_the_others_make(taken: list[Step], away: int) -> None:
    away = away % len(taken)
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "all").mkdir(), (folder / "others").mkdir()
        world, made = apply(folder / "all", taken)
        world.undo(made[away])
        others, _ = apply(folder / "others", [*taken[:away], *taken[away + 1 :]])
        assert state(world) == state(others)
        world.close(), others.close()
    finally:
        shutil.rmtree(folder)


@QUICK
@given(steps)
def test_what_is_in_force_is_what_whole_exports_and_later_rows_say(taken: list[Step]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        world, _ = apply(folder, taken)
        expected: set[int] = set()
        for rows, _, full in taken:
            expected = set(rows) if full else expected | set(rows)
        assert keys(world) == sorted(f"d{n}" for n in expected)
        world.close()
    finally:
        shutil.rmtree(folder)


def test_the_page_of_an_upload_foresees_what_would_be_gone(workspace: Make, write: Write) -> None:
    from jalon.intake.pipeline import Brief  # noqa: PLC0415

    world = workspace()
    world.import_(write("deal.csv", deals(1, 2, 3)))
    later = write("deal.csv", deals(1, 2))
    for full, code in ((False, "rows_absent"), (True, "deals_gone")):
        plan, _ = world._door.foresee([later], Brief(full=full))
        assert [note.code for note in plan.files[0].notes] == [code]
    assert keys(world) == ["d1", "d2", "d3"]


@pytest.mark.parametrize("days", [0, 30])
def test_a_slipped_date_and_a_changed_amount_can_be_asked_for(
    workspace: Make, write: Write, days: int
) -> None:
    world = workspace()
    head = "source_id,name,outcome,amount,closed_at,expected_close_at\n"
    kept = "d2,B,lost,10,2026-07-01,2026-06-30\n"
    day = dt.date(2026, 6, 30)
    later = day + dt.timedelta(days=days)
    won = "d1,A,won,{},2026-07-01,{}\n"
    first = world.import_(write("deal.csv", head + won.format(1000, day) + kept))
    world.import_(write("deal.csv", head + won.format(900, later) + kept))
    world.import_(write("deal.csv", head + won.format(1200, later) + kept))
    read = (
        "SELECT first_expected_close_at, expected_close_slips, slipped_days, first_amount, "
        "amount_change FROM flat.deal ORDER BY source_id"
    )
    at = dt.datetime.combine(day, dt.time())
    assert world._door.store.engine.rows(read) == [
        (at, 1 if days else 0, days, 1000, 200),
        (at, 0, 0, 10, 0),
    ]
    (slipped,) = world.measure("win_rate", where="expected_close_slips > 0").records()
    assert slipped["n"] == (1 if days else 0)
    assert len(world.rows("win_rate", where="slipped_days > 7")) == (1 if days else 0)
    assert len(world.rows("win_rate", where="amount_change > 0")) == 1
    then = world.rows("win_rate", where="amount_change > 0", known_at=first.import_id)
    assert len(then) == 0


def test_a_date_that_comes_nearer_and_moves_again_counts_one_slip(
    workspace: Make, write: Write
) -> None:
    world = workspace()
    for day in ("", "2026-06-30", "2026-06-01", "", "2026-07-15"):
        world.import_(write("deal.csv", f"source_id,name,expected_close_at\nd1,A,{day}\n"))
    read = "SELECT expected_close_slips, slipped_days FROM flat.deal"
    assert world._door.store.engine.rows(read) == [(1, 15)]
