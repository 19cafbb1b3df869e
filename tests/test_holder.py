"""Readers beside the writer: a committed state for a whole page, never a lock, never a half."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jalon.holder import Holder
from jalon.model.problems import WorkspaceError
from jalon.relations.clock import NOW
from jalon.workspace import Workspace, open_workspace

ASKED = [
    "win_rate",
    "revenue",
    "new_customers",
    "repeat_rate",
    "retention_rate",
    "customer_lifetime",
]


def exported(folder: Path, rows: int, won: int) -> Path:
    """Deals and invoices; ``won`` of three deals are won."""
    folder.mkdir()
    deals = ["source_id,name,account,owner,outcome,amount,created_at,closed_at"]
    invoices = ["source_id,account,amount,happened_at"]
    for n in range(rows):
        outcome = "won" if n % 3 < won else "lost"
        day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        deals.append(f"d{n},Affaire {n},C{n % 90},V{n % 7},{outcome},{n % 50 + 1},2025-01-01,{day}")
        invoices.append(f"i{n},C{n % 90},{n % 50 + won},{day}")
    (folder / "deal.csv").write_text("\n".join(deals) + "\n", encoding="utf-8")
    (folder / "invoice.csv").write_text("\n".join(invoices) + "\n", encoding="utf-8")
    return folder


def seen(workspace: Workspace) -> dict[str, str]:
    answers = workspace.measure(ASKED)
    # What is not defined is not equal to itself: texts are.
    return {each.kpi: f"{each.figures.value[0]:.9f} {each.figures.n[0]:.0f}" for each in answers}


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Holder]:
    workspace = open_workspace(tmp_path / "w", create=True)
    workspace.import_([exported(tmp_path / "first", 6_000, 1)])
    holder = Holder(workspace)
    yield holder
    holder.close()


def test_twenty_readers_during_an_import_see_the_state_before_or_after(
    held: Holder, tmp_path: Path
) -> None:
    with held.reading() as workspace:
        before = seen(workspace)
    second = exported(tmp_path / "second", 9_000, 2)
    found: list[dict[str, str]] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                with held.reading() as workspace:
                    found.append(seen(workspace))
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(20)]
    for each in readers:
        each.start()
    try:
        with held.writing() as workspace:
            workspace.import_([second])
        with held.reading() as workspace:
            after = seen(workspace)
    finally:
        done.set()
        for each in readers:
            each.join()
    assert not failed
    assert before != after
    assert all(each in (before, after) for each in found)
    assert before in found


def test_nothing_of_an_import_is_seen_at_any_step_before_its_end(
    held: Holder, tmp_path: Path
) -> None:
    second = exported(tmp_path / "second", 9_000, 2)
    with held.reading() as workspace:
        before = seen(workspace)
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        with held.reading() as workspace:
            workspace.measurer.forget()
            assert seen(workspace) == before
            assert len(workspace.store.imports()) == 1

    with held.writing() as writer:
        writer.import_([second], progress=step)
        # Committed, its grouped tables outdated: a reader makes its own.
        with held.reading() as workspace:
            outdated = seen(workspace)
            assert workspace.store.relation("customer", NOW) == ("temp", "customer_now")
    assert {"link", "flat"} <= set(steps)
    for _ in range(2):
        with held.reading() as workspace:
            assert seen(workspace) == outdated != before


def test_a_workspace_without_others_has_snapshots_too(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w", create=True)
    with workspace.snapshot():
        assert workspace.measure(ASKED)["win_rate"].missing is not None
    workspace.import_([exported(tmp_path / "first", 600, 1)])
    with workspace.snapshot():
        inside = seen(workspace)
    assert seen(workspace) == inside
    workspace.close()


def test_a_connection_beside_leaves_the_settings_of_an_import_alone(held: Holder) -> None:
    with held.writing() as writer, writer.store.engine.unordered(), held.looking() as workspace:
        assert not workspace.store.engine.value(
            "SELECT current_setting('preserve_insertion_order')"
        )


def test_past_tables_are_dropped_when_the_data_change(held: Holder, tmp_path: Path) -> None:
    kept = "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name LIKE '%_at_%'"
    with held.reading() as workspace:
        for day in ("2025-05-31", "2025-06-30"):
            workspace.measure(["win_rate"], as_of=day)
        assert workspace.store.engine.value(kept) >= 2
    with held.writing() as writer:
        writer.import_([exported(tmp_path / "second", 600, 2)])
    with held.reading() as workspace:
        assert workspace.store.engine.value(kept) <= 1


def test_who_waits_when_all_ends_is_told_so(held: Holder) -> None:
    held.listen()
    told: list[str] = []

    def read() -> None:
        try:
            while True:
                with held.reading() as workspace:
                    seen(workspace)
        except WorkspaceError as error:
            told.append(error.problem.code)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for each in readers:
        each.start()
    held.close()
    for each in readers:
        each.join(20)
    assert told == ["server_gone"] * 8
    with pytest.raises(WorkspaceError), held.writing():
        pass
    with pytest.raises(WorkspaceError), held.looking():
        pass
    open_workspace(held.folder).close()


def test_a_page_keeps_its_state_while_an_import_commits(held: Holder, tmp_path: Path) -> None:
    second = exported(tmp_path / "second", 9_000, 2)
    with held.reading() as workspace:
        first = seen(workspace)
        with held.writing() as writer:
            writer.import_([second])
        workspace.measurer.forget()
        assert seen(workspace) == first
    with held.reading() as workspace:
        assert seen(workspace) != first


def test_an_undo_is_seen_by_the_next_reader(held: Holder, tmp_path: Path) -> None:
    with held.reading() as workspace:
        before = seen(workspace)
    with held.writing() as writer:
        writer.import_([exported(tmp_path / "second", 9_000, 2)])
    with held.writing() as writer:
        writer.undo(writer.imports()[-1].import_id)
    with held.reading() as workspace:
        assert seen(workspace) == before


def test_readers_make_grouped_tables_of_their_own_during_an_import(
    held: Holder, tmp_path: Path
) -> None:
    with held.writing() as writer:
        # What an import leaves outdated, before the holder has grouped again.
        writer.store.engine.execute("INSERT INTO meta.stale VALUES ('customer')")
        with held.reading() as workspace:
            assert seen(workspace)["new_customers"].startswith("90.")


def test_an_error_in_a_page_leaves_the_reader_usable(held: Holder) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), held.reading() as workspace:
            seen(workspace)
            raise ZeroDivisionError
    with held.reading() as workspace:
        assert seen(workspace)["win_rate"].endswith(" 6000")


def test_past_clocks_follow_the_data_too(held: Holder, tmp_path: Path) -> None:
    def past(workspace: Workspace) -> float:
        answer = workspace.measure(["win_rate"], as_of="2025-06-30")["win_rate"]
        return float(answer.figures.value[0])

    with held.reading() as workspace:
        before = past(workspace)
    with held.writing() as writer:
        writer.import_([exported(tmp_path / "second", 9_000, 2)])
    with held.reading() as workspace:
        after = past(workspace)
    # The deals that the second file adds are told of in their earliest version.
    assert (before, after) == pytest.approx((1 / 3, 4 / 9))


def test_files_are_looked_at_during_a_write(held: Holder, tmp_path: Path) -> None:
    second = exported(tmp_path / "second", 200, 2)
    with held.writing() as writer:
        writer.store.engine.execute("BEGIN TRANSACTION")
        with held.looking() as workspace:
            report, _ = workspace.look([second])
        writer.store.engine.execute("ROLLBACK")
    assert {each.table for each in report.files} == {"deal", "invoice"}
