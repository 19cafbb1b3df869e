"""A disk that is full: a clear refusal, and the workspace as it was."""

import sqlite3
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest

import jalon
from jalon.store.space import is_full

SCRIPT = """
import resource, sys
import jalon
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
try:
    jalon.read(sys.argv[1])
except jalon.JalonError as error:
    print(error.problem.code)
"""


def test_the_error_of_a_full_disk_is_known_whoever_raises_it() -> None:
    assert is_full(OSError(ENOSPC, "No space left on device"))
    assert is_full(sqlite3.OperationalError("database or disk is full"))
    outer = RuntimeError("IO Error")
    outer.__cause__ = OSError(ENOSPC, "no room")
    assert is_full(outer)
    assert not is_full(ValueError("full name missing"))


def test_no_room_for_the_copy_that_reading_needs_is_said(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_bytes("Nom;Ville\nÉté;Nîmes\n".encode("cp1252"))
    command = [sys.executable, "-c", SCRIPT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["unreadable_file"], ["disk_full"])


def test_an_import_that_fills_the_disk_leaves_the_workspace_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deal.csv"
    path.write_text("source_id,outcome,amount\nd1,won,10\n", encoding="utf-8")
    with jalon.open(tmp_path / "jalon-data") as workspace:
        workspace.import_(path)
        path.write_text("source_id,outcome,amount\nd1,won,99\n", encoding="utf-8")

        def full(*_: object) -> None:
            raise OSError(ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("jalon.store.store.refresh", full)
            with pytest.raises(jalon.JalonError) as refused:
                workspace.import_(path)
        assert refused.value.problem.code == "disk_full"
        assert workspace.measure("revenue").records()[0]["value"] == 10
        assert len(workspace.imports()) == 1
        workspace.import_(path)
        assert workspace.measure("revenue").records()[0]["value"] == 99
