"""An import killed at any moment leaves the workspace as before it, or as after it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jalon

#: A process that has everything imported and no thread: each order is run in a fork of it.
SERVER = """
import os, sys, time
import jalon, jalon.api, jalon.intake.sources.csv, babel.dates, rapidfuzz
for line in sys.stdin:
    what, folder, argument, kill = line.rstrip("\\n").split("\\t")
    pid = os.fork()
    if pid == 0:
        workspace = jalon.open(folder)
        if what.startswith("import"):
            workspace.import_(argument)
        elif what.startswith("undo"):
            workspace.undo(argument)
        if what.endswith("!"):
            os.kill(os.getpid(), 9)
        workspace.close()
        os._exit(0)
    if kill:
        time.sleep(float(kill))
        os.kill(pid, 9)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Server:
    """Runs imports and undos in processes that may be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, what: str, folder: Path, argument: object, kill: float | None = None) -> int:
        """The exit status; ``kill`` seconds after its beginning the process is killed."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        stdin.write(f"{what}\t{folder}\t{argument}\t{'' if kill is None else kill}\n")
        stdin.flush()
        return int(stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def deals(path: Path, rows: int, *, changed: int = 0, new: int = 0) -> Path:
    """A file of deals; ``changed`` of them have another amount, ``new`` more are there."""
    outcomes = ("won", "lost", "open")
    lines = ["source_id,name,account,owner,outcome,amount,created_at,closed_at"]
    for n in range(rows + new):
        amount = n * 7 % 9001 + (1000 if n < changed else 0)
        day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        lines.append(
            f"d{n},Affaire {n},Compte {n % 900},Vendeur {n % 7},{outcomes[n % 3]},{amount}.25,"
            f"2025-01-01,{day}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def figures(folder: Path) -> dict[str, Any]:
    """What a reader would see."""
    with jalon.open(folder) as workspace:
        return seen(workspace)


def seen(workspace: jalon.Workspace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "imports": sum(not each.undone for each in workspace.imports()),
    }
    for each in workspace.measure(["win_rate", "revenue"], by="owner"):
        found[each["kpi"], each["group"].get("owner")] = (each["value"], each["n"])
    return found


EMPTY = {"imports": 0}


def empty(found: dict[str, Any]) -> bool:
    return found["imports"] == 0 and all(
        value is None for key, (value, _) in ((k, v) for k, v in found.items() if k != "imports")
    )


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("exports")
    first = deals(folder / "first" / "deal.csv", 12_000)
    second = deals(folder / "second" / "deal.csv", 12_000, changed=4_000, new=1_000)
    return first, second


def test_ten_kills_of_a_first_import_leave_nothing_or_all(
    server: Server, exports: tuple[Path, Path], tmp_path: Path
) -> None:
    began = time.perf_counter()
    assert server.run("import", tmp_path / "whole", exports[0]) == 0
    took = time.perf_counter() - began
    whole = figures(tmp_path / "whole")
    moments = random.Random(20260101)
    outcomes = []
    for number in range(10):
        folder = tmp_path / f"killed-{number}"
        status = server.run("import", folder, exports[0], kill=moments.random() * took)
        outcomes.append(status)
        found = figures(folder)
        assert empty(found) or found == whole
        if number % 5 == 0:
            if not empty(found):
                with jalon.open(folder) as workspace:
                    workspace.undo(workspace.imports()[-1].import_id)
            with jalon.open(folder) as workspace:
                workspace.import_(exports[0])
                assert seen(workspace) == whole
    assert any(outcomes), "no import was killed before its end"


def test_sixty_kills_of_a_new_workspace_leave_one_that_opens(
    server: Server, tmp_path: Path
) -> None:
    began = time.perf_counter()
    assert server.run("open", tmp_path / "whole", "") == 0
    took = time.perf_counter() - began
    moments = random.Random(20260104)
    outcomes = []
    for number in range(60):
        folder = tmp_path / f"killed-{number}"
        outcomes.append(server.run("open", folder, "", kill=moments.random() * took))
        with jalon.open(folder) as workspace:
            assert workspace.imports() == []
        assert not list(folder.glob("*.new*"))
    assert any(outcomes), "no opening was killed before its end"


def test_ten_kills_of_a_later_import_leave_the_former_state_or_the_later(
    server: Server, exports: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "workspace"
    server.run("import", folder, exports[0])
    before = figures(folder)
    began = time.perf_counter()
    assert server.run("import", folder, exports[1]) == 0
    took = time.perf_counter() - began
    after = figures(folder)
    assert before["revenue", "Vendeur 0"] != after["revenue", "Vendeur 0"]
    moments = random.Random(20260102)
    outcomes = []
    for _ in range(10):
        with jalon.open(folder) as workspace:
            if seen(workspace) == after:
                workspace.undo(workspace.imports()[-1].import_id)
                assert seen(workspace) == before
        outcomes.append(server.run("import", folder, exports[1], kill=moments.random() * took))
        assert figures(folder) in (before, after)
    assert any(outcomes)
    with jalon.open(folder) as workspace:
        if seen(workspace) == before:
            workspace.import_(exports[1])
        assert seen(workspace) == after


def test_a_killed_undo_leaves_the_import_or_takes_it_back_whole(
    server: Server, exports: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "workspace"
    server.run("import", folder, exports[0])
    server.run("import", folder, exports[1])
    with_both = figures(folder)
    with jalon.open(tmp_path / "second") as workspace:
        workspace.import_(exports[1])
        second_only = seen(workspace)
    moments = random.Random(20260103)
    for _ in range(4):
        with jalon.open(folder) as workspace:
            first = workspace.imports()[0]
        if first.undone:
            break
        server.run("undo", folder, first.import_id, kill=moments.random() * 0.5)
        assert figures(folder) in (with_both, second_only)


def lost_after(server: Server, folder: Path, export: Path) -> Path:
    """Import, and be killed after the commit, before anything is written from the log."""
    assert server.run("import!", folder, export) == signal.SIGKILL
    return folder / "jalon.duckdb.wal"


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_log_cut_or_deleted_after_the_commit_is_noticed_and_redone(
    server: Server, tmp_path: Path, share: float
) -> None:
    first = deals(tmp_path / "first" / "deal.csv", 300)
    second = deals(tmp_path / "second" / "deal.csv", 300, changed=100, new=50)
    folder = tmp_path / "workspace"
    server.run("import", folder, first)
    log = lost_after(server, folder, second)
    assert log.exists(), "the log was written into the database already: nothing is lost here"
    if share:
        with log.open("r+b") as opened:
            opened.truncate(int(log.stat().st_size * share))
    else:
        log.unlink()
    with jalon.open(folder, create=False) as workspace:
        notices = workspace._door.notices
        found = seen(workspace)
        assert [each.code for each in notices] == ["import_redone"]
        assert notices[0].facts["imports"] == [workspace.imports()[-1].import_id]
    with jalon.open(tmp_path / "expected") as expected:
        expected.import_(first)
        expected.import_(second)
        assert found == seen(expected)
    with jalon.open(folder, create=False) as workspace:
        assert workspace._door.notices == []
        assert seen(workspace) == found


def test_a_deleted_database_is_made_again_from_the_imports_kept(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    with jalon.open(folder) as workspace:
        workspace.import_(deals(tmp_path / "first" / "deal.csv", 300))
        gone = workspace.import_(deals(tmp_path / "undone" / "deal.csv", 300, changed=200))
        workspace.import_(deals(tmp_path / "second" / "deal.csv", 300, changed=100, new=50))
        workspace.undo(gone.import_id)
        expected = seen(workspace)
        earlier = workspace.imports()[0].import_id
        known = workspace.measure("revenue", known_at=earlier).records()
    for each in folder.glob("jalon.duckdb*"):
        each.unlink()
    with jalon.open(folder, create=False) as workspace:
        (notice,) = workspace._door.notices
        assert notice.code == "import_redone"
        assert len(notice.facts["imports"]) == 2
        assert seen(workspace) == expected
        assert workspace.measure("revenue", known_at=earlier).records() == known
        assert [each.undone for each in workspace.imports()] == [False, True, False]


def test_a_lost_import_whose_stages_are_lost_too_is_said_to_be_lost(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    with jalon.open(folder) as workspace:
        done = workspace.import_(deals(tmp_path / "first" / "deal.csv", 30))
    for each in folder.glob("jalon.duckdb*"):
        each.unlink()
    for each in (folder / "stages" / str(done.import_id)).iterdir():
        each.unlink()
    (folder / "stages" / str(done.import_id)).rmdir()
    with jalon.open(folder, create=False) as workspace:
        (notice,) = workspace._door.notices
        assert notice.code == "import_lost"
        assert notice.facts["imports"] == [done.import_id]
