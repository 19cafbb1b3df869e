"""A workspace that another process holds: the same answers, errors and files as at home."""

from __future__ import annotations

import json
import pickle
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import jalon
from jalon.cli.app import build
from jalon.distant import Distant, reached
from jalon.model.problems import JalonError
from jalon.workspace import Workspace, door, open_workspace

#: A process that holds a workspace until its input ends.
HOLDER = """
import sys
from jalon.holder import Holder
from jalon.workspace import open_workspace
holder = Holder(open_workspace(sys.argv[1], create=True))
holder.listen()
print("held", flush=True)
sys.stdin.read()
holder.close()
"""

GROUPED = ["new_customers", "customer_lifetime", "repeat_rate", "retention_rate"]
QUESTIONS: list[dict[str, Any]] = [
    {"kpis": ["win_rate", "revenue", *GROUPED]},
    {"kpis": ["win_rate", "average_basket"], "by": "owner", "grain": "quarter"},
    {
        "kpis": "win_rate",
        "where": "amount > 20",
        "compare": "previous",
        "start": "2025-06-01",
        "end": "2025-08-31",
    },
    {"kpis": ["win_rate", "new_customers"], "as_of": "2025-06-30"},
    {"kpis": "hold_rate"},
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


@contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a workspace."""
    command = [sys.executable, "-W", "ignore", "-c", HOLDER, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(30)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    with jalon.open(folder) as workspace:
        workspace.import_(exported(tmp_path / "first", 600, 1))
    return folder


@pytest.fixture
def served(filled: Path) -> Iterator[Distant]:
    with holding(filled):
        found = door(filled)
        assert isinstance(found, Distant)
        yield found


def answers(workspace: jalon.Workspace) -> list[Any]:
    told = [workspace.measure(**each) for each in QUESTIONS]
    return [json.dumps(each.records(), default=str) for each in told] + [
        workspace.rows("win_rate", limit=20).to_pylist(),
        [(each.import_id, each.undone) for each in workspace.imports()],
        workspace.kpis(),
    ]


def figures(workspace: Workspace | Distant) -> dict[str, str]:
    """What a reader sees; an undefined value is not equal to itself, its text is."""
    found = {"imports": str(sum(not each.undone for each in workspace.imports()))}
    for each in workspace.measure(["win_rate", "revenue", *GROUPED]):
        found[each.kpi] = f"{each.figures.value[0]:.9f} {each.figures.n[0]:.0f}"
    return found


def told(folder: Path, *words: object) -> tuple[int, Any]:
    """A command's exit status, and what it prints as JSON."""
    line = [*map(str, words), "--workspace", str(folder), "--json"]
    done = CliRunner().invoke(build(), line)
    return done.exit_code, json.loads(done.stdout)


def command(folder: Path, *words: object) -> Any:
    """What a command that succeeds prints as JSON."""
    status, found = told(folder, *words)
    assert status == 0, found
    return found


def test_the_same_questions_have_the_same_answers(filled: Path) -> None:
    with jalon.open(filled) as workspace:
        assert isinstance(workspace._door, Workspace)
        at_home = answers(workspace)
        doubts = workspace._door.examine()
        lacking = workspace._door.lacks("hold_rate")
    with holding(filled), jalon.open(filled) as workspace:
        assert isinstance(workspace._door, Distant)
        assert answers(workspace) == at_home
        assert workspace._door.examine() == doubts
        assert workspace._door.lacks("hold_rate") == lacking
        assert len(workspace.measure("win_rate", by="owner").to_pandas()) == 7
    assert not (filled / "server.json").exists()
    with jalon.open(filled) as workspace:
        assert answers(workspace) == at_home


def test_every_command_works_while_another_process_holds_the_workspace(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(tmp_path / "second", 900, 2)
    words = ("measure", "win_rate", "--by", "owner")
    alone = command(filled, *words)
    with holding(filled):
        assert command(filled, *words) == alone
        # The server works in another folder: a path is the caller's.
        monkeypatch.chdir(tmp_path)
        plan = command(filled, "import", "second", "--dry-run")
        assert plan["import_id"] is None
        done = command(filled, "import", "second")
        assert {each["table"]: each["rows_read"] for each in done["files"]} == {
            "deal": 900,
            "invoice": 900,
        }
        assert command(filled, *words) != alone
        assert command(filled, "rows", "win_rate")["total"] == 900
        listed = command(filled, "kpis", "list")["kpis"]
        assert {each["id"]: each["measurable"] for each in listed}["win_rate"] is True
        assert len(command(filled, "imports")["imports"]) == 2
        assert "problems" in command(filled, "doctor")
        command(filled, "undo", done["import_id"])
        assert command(filled, *words) == alone


def test_errors_cross_with_their_code_and_status(filled: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("x;y\n1;2\n", encoding="utf-8")
    cases = [
        ("measure", "win_rat"),
        ("measure", "win_rate", "--by", "moon"),
        ("measure", "win_rate", "--where", "nothing = 1"),
        ("measure", "win_rate", "--as-of", "never"),
        ("undo", "unknown"),
        ("import", asked),
        ("import", tmp_path / "absent.csv"),
    ]
    at_home = [told(filled, *words) for words in cases]
    with holding(filled):
        assert [told(filled, *words) for words in cases] == at_home
    assert [status for status, _ in at_home] == [2, 2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize("kind", ["InputError", "MustAskError", "RequestError", "WorkspaceError"])
def test_an_error_survives_the_way(kind: str) -> None:
    made: type[JalonError] = getattr(jalon, kind)
    error = made.of("some_code", path="x", choices=["a", "b"])
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), back.problems, str(back)) == (made, error.problems, str(error))


def test_readers_through_the_door_see_before_or_after_an_import(
    served: Distant, tmp_path: Path
) -> None:
    second = exported(tmp_path / "second", 20_000, 2)
    before = figures(served)
    found: list[dict[str, str]] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                found.append({k: v for k, v in figures(served).items() if k != "imports"})
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(20)]
    for each in readers:
        each.start()
    try:
        steps: list[str] = []
        served.import_([second], progress=steps.append)
    finally:
        done.set()
        for each in readers:
            each.join()
    after = figures(served)
    assert not failed
    assert steps
    del before["imports"], after["imports"]
    assert before != after
    assert all(each in (before, after) for each in found)
    assert before in found


def test_eight_kills_of_the_holder_during_an_import_leave_before_or_after(
    filled: Path, tmp_path: Path
) -> None:
    second = exported(tmp_path / "second", 20_000, 2)
    workspace = open_workspace(filled)
    before = figures(workspace)
    began = time.perf_counter()
    identifier = workspace.import_([second]).import_id
    took = time.perf_counter() - began
    after = figures(workspace)
    workspace.undo(str(identifier))
    assert figures(workspace) == before
    workspace.close()
    moments = random.Random(20260105)
    codes: list[str] = []
    for _ in range(8):
        with holding(filled) as process:
            found = reached(filled)
            assert found

            def kill(process: subprocess.Popen[str] = process) -> None:
                time.sleep(moments.random() * took)
                process.send_signal(signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            try:
                found.import_([second])
                codes.append("done")
            except JalonError as error:
                codes.append(error.problem.code)
            killer.join()
        assert (filled / "server.json").exists()
        opened = door(filled)
        assert isinstance(opened, Workspace)
        seen = figures(opened)
        assert seen in (before, after)
        stages = {each.name for each in (filled / "stages").iterdir()}
        assert stages == {each.import_id for each in opened.imports()}
        if seen == after:
            opened.undo(opened.imports()[-1].import_id)
            assert figures(opened) == before
        opened.close()
    assert set(codes) <= {"done", "server_gone"}
    assert "server_gone" in codes


def place(distant: Distant) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((distant.folder / "server.json").read_text())
    return found


def test_only_the_owner_can_read_where_the_server_is(served: Distant) -> None:
    assert (served.folder / "server.json").stat().st_mode & 0o777 == 0o600
    assert set(place(served)) == {"host", "port", "token", "pid", "url"}
    assert not list(served.folder.glob("*.new"))


def test_what_is_not_ours_is_refused_and_keeps_no_one_waiting(served: Distant) -> None:
    where = place(served)
    address = (where["host"], where["port"])
    for _ in range(3):
        with pytest.raises((AuthenticationError, EOFError, OSError)):
            Client(address, authkey=b"another secret")
    for nonsense in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 40, b"\x00\x00\x00\x05abc"):
        with socket.create_connection(address) as link:
            link.sendall(nonsense)
    silent = [socket.create_connection(address) for _ in range(10)]
    with Client(address, authkey=bytes.fromhex(where["token"])) as line:
        line.send_bytes(b"not a message")
    with Client(address, authkey=bytes.fromhex(where["token"])) as line:
        line.send(("close", (), {}))
        kind, error = line.recv()
        assert (kind, error.problem.code) == ("failed", "internal_error")
    began = time.perf_counter()
    assert figures(served)["imports"] == "1"
    assert time.perf_counter() - began < 5
    for each in silent:
        each.close()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": "127.0.0.1", "port": 99999}'])
def test_a_broken_server_file_is_ignored(filled: Path, text: str) -> None:
    (filled / "server.json").write_text(text)
    (filled / "server.json").chmod(0o600)
    with jalon.open(filled) as workspace:
        assert isinstance(workspace._door, Workspace)


def test_a_stale_server_file_is_ignored_then_written_anew(filled: Path) -> None:
    with holding(filled) as process:
        old = (filled / "server.json").read_text()
        process.kill()
        process.wait()
    assert (filled / "server.json").read_text() == old
    with jalon.open(filled) as workspace:
        assert isinstance(workspace._door, Workspace)
    with holding(filled):
        assert (filled / "server.json").read_text() != old
        assert isinstance(door(filled), Distant)


def test_a_server_file_that_others_may_have_written_is_not_followed(served: Distant) -> None:
    (served.folder / "server.json").chmod(0o644)
    assert reached(served.folder) is None
    (served.folder / "server.json").chmod(0o600)
    assert reached(served.folder)


def test_a_server_of_another_folder_is_not_taken_for_this_one(
    served: Distant, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    jalon.open(other).close()
    (other / "server.json").write_text((served.folder / "server.json").read_text())
    (other / "server.json").chmod(0o600)
    assert reached(other) is None


def test_a_server_that_stops_while_it_is_used_is_said(filled: Path) -> None:
    with holding(filled):
        found = door(filled)
        assert figures(found)["imports"] == "1"
    with pytest.raises(jalon.WorkspaceError) as caught:
        found.measure("win_rate")
    assert caught.value.problem.code == "server_gone"
    again = door(filled)
    assert isinstance(again, Workspace)
    again.close()
