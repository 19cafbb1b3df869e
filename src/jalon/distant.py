"""A workspace held by a running server: the same door, from another process.

The server writes where it listens, and a secret, in a file of the workspace that its owner alone
can read. Each end proves to the other that it knows the secret, which never travels
(:mod:`multiprocessing.connection`); what follows is a message for each call.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

import pyarrow as pa

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.history import known_in
from jalon.intake.pipeline import Brief
from jalon.intake.readings import Reading
from jalon.intake.report import Report
from jalon.intake.rules import Rule, Rules
from jalon.measure.figure import Results
from jalon.measure.reconcile import Reconciliation
from jalon.model.problems import Problem, WorkspaceError
from jalon.state.places import SERVER, SETTINGS
from jalon.state.settings import Settings, load
from jalon.store.quarantine import Lot, SetAside

Progress = Callable[[str], None]

#: Seconds that the other end has for each step of proving that it knows the secret.
PATIENCE = 10


class Distant:
    """A workspace through the server that holds it. ``notices`` are the server's own affair."""

    def __init__(self, folder: Path, place: Mapping[str, Any]) -> None:
        self.folder, self._place = folder, place
        self.notices: list[Problem] = []

    @property
    def url(self) -> str | None:
        """Where the server's pages are; None where it has none."""
        found = self._place.get("url")
        return str(found) if found else None

    @cached_property
    def catalogue(self) -> Catalogue:
        """The built-in KPIs and the company's own."""
        return known_in(self.folder)

    @cached_property
    def settings(self) -> Settings:
        """The company's settings."""
        return load(self.folder / SETTINGS)

    def close(self) -> None:
        """Nothing is held here."""

    def look(self, paths: Sequence[str | Path], brief: Brief | None = None) -> tuple[Report, str]:
        """As :meth:`Workspace.look`."""
        found: tuple[Report, str] = self._ask("look", _absolute(paths), brief)
        return found

    def import_(
        self,
        paths: Sequence[str | Path],
        brief: Brief | None = None,
        progress: Progress = lambda _: None,
    ) -> Report:
        """As :meth:`Workspace.import_`. Interrupted here, it goes on there."""
        found: Report = self._ask("import_", _absolute(paths), brief, progress=progress)
        return found

    def forget(self, paths: Sequence[str | Path], brief: Brief | None = None) -> int:
        """As :meth:`Workspace.forget`."""
        found: int = self._ask("forget", _absolute(paths), brief)
        return found

    def imports(self) -> Any:
        """As :meth:`Workspace.imports`."""
        return self._ask("imports")

    def undo(self, import_id: str) -> Any:
        """As :meth:`Workspace.undo`."""
        return self._ask("undo", import_id)

    @cached_property
    def quarantine(self) -> DistantQuarantine:
        """As :attr:`Workspace.quarantine`."""
        return DistantQuarantine(self._ask)

    def measure(self, kpis: str | Sequence[str], **asked: Any) -> Results:
        """As :meth:`Workspace.measure`."""
        found: Results = self._ask("measure", kpis, asked=asked)
        return found

    def rows(self, kpi: str, **asked: Any) -> tuple[pa.Table, int]:
        """As :meth:`Workspace.rows`."""
        found: tuple[pa.Table, int] = self._ask("rows", kpi, asked=asked)
        return found

    def reconcile(self, kpi: str, theirs: str | float, **asked: Any) -> Reconciliation:
        """As :meth:`Workspace.reconcile`."""
        found: Reconciliation = self._ask("reconcile", kpi, theirs, asked=asked)
        return found

    def lacks(self, kpi: str) -> Problem | None:
        """As :meth:`Workspace.lacks`."""
        found: Problem | None = self._ask("lacks", kpi)
        return found

    def examine(self) -> list[Problem]:
        """As :meth:`Workspace.examine`."""
        found: list[Problem] = self._ask("examine")
        return found

    def _ask(
        self,
        method: str,
        *given: Any,
        asked: Mapping[str, Any] | None = None,
        progress: Progress = lambda _: None,
    ) -> Any:
        """One call. Raises what the server's own call raises, or WorkspaceError ``server_gone``."""
        try:
            with _connected(self._place) as line:
                line.send((method, given, dict(asked or {})))
                while True:
                    kind, value = line.recv()
                    if kind != "progress":
                        break
                    progress(value)
        except (OSError, EOFError, AuthenticationError) as error:
            raise WorkspaceError.of(
                "server_gone", path=str(self.folder), detail=str(error)[:200]
            ) from None
        if kind == "failed":
            raise value
        return value


class DistantQuarantine:
    """The quarantine of a workspace through the server that holds it."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def lots(self, import_id: str | None = None) -> list[Lot]:
        """As :meth:`Quarantine.lots`."""
        found: list[Lot] = self._ask("quarantine", "lots", import_id)
        return found

    def rows(self, import_id: str | None = None, **asked: Any) -> list[SetAside]:
        """As :meth:`Quarantine.rows`."""
        found: list[SetAside] = self._ask("quarantine", "rows", import_id, asked=asked)
        return found

    def readings(self, import_id: str) -> tuple[Reading, ...]:
        """As :meth:`Quarantine.readings`."""
        found: tuple[Reading, ...] = self._ask("quarantine", "readings", import_id)
        return found

    def names(self) -> dict[int, str]:
        """As :meth:`Quarantine.names`."""
        found: dict[int, str] = self._ask("quarantine", "names")
        return found

    def rules(self) -> Rules:
        """As :meth:`Quarantine.rules`."""
        found: Rules = self._ask("quarantine", "rules")
        return found

    def leave_out(self, import_id: str, rows: Sequence[int]) -> int:
        """As :meth:`Quarantine.leave_out`."""
        return int(self._ask("mend", "leave_out", import_id, list(rows)))

    def wait_again(self, import_id: str, rows: Sequence[int]) -> int:
        """As :meth:`Quarantine.wait_again`."""
        return int(self._ask("mend", "wait_again", import_id, list(rows)))

    def reload(self, import_id: str, *given: Any) -> Report | None:
        """As :meth:`Quarantine.reload`."""
        found: Report | None = self._ask("mend", "reload", import_id, *given)
        return found

    def add_rule(self, rule: Rule) -> None:
        """As :meth:`Quarantine.add_rule`."""
        self._ask("mend", "add_rule", rule)

    def drop_rule(self, rule: Rule) -> None:
        """As :meth:`Quarantine.drop_rule`."""
        self._ask("mend", "drop_rule", rule)


def reached(folder: Path) -> Distant | None:
    """The workspace through its server; None where no server answers for that folder."""
    try:
        place = _read(folder / SERVER)
        with _connected(place) as line:
            line.send(("folder", (), {}))
            kind, value = line.recv()
    except (OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, AuthenticationError):
        return None
    same = kind == "done" and Path(value).resolve() == folder.resolve()
    return Distant(folder, place) if same else None


def line_of(link: socket.socket, secret: bytes, *, server: bool) -> Connection:
    """A line over a socket, once each end has proved that it knows the secret.

    Raises OSError, EOFError or AuthenticationError where the other end does not, or keeps silent.
    """
    link.settimeout(None)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _limit(link, PATIENCE)
    line = Connection(link.detach())
    steps = (deliver_challenge, answer_challenge)
    try:
        for step in steps if server else reversed(steps):
            step(line, secret)
        bare = socket.socket(fileno=line.fileno())
        _limit(bare, 0)
        bare.detach()
    except BaseException as error:
        line.close()
        if isinstance(error, AssertionError):
            raise AuthenticationError(str(error)[:100]) from None
        raise
    return line


def _limit(link: socket.socket, seconds: int) -> None:
    """How long a read of a socket waits at most; 0 for no end."""
    told = seconds * 1000 if os.name == "nt" else struct.pack("ll", seconds, 0)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, told)


def _read(file: Path) -> Mapping[str, Any]:
    """Where a server says that it listens. Raises PermissionError for what another may have said.

    What comes through a line is unpickled: a place that others can write is not to be trusted.
    """
    with file.open(encoding="utf-8") as opened:
        about = os.fstat(opened.fileno())
        if os.name == "posix" and (about.st_uid != os.getuid() or about.st_mode & 0o077):
            raise PermissionError(str(file))
        place: Mapping[str, Any] = json.load(opened)
    return place


def _connected(place: Mapping[str, Any]) -> Connection:
    address = str(place["host"]), int(place["port"])
    secret = bytes.fromhex(place["token"])
    return line_of(socket.create_connection(address, timeout=PATIENCE), secret, server=False)


def _absolute(paths: Sequence[str | Path]) -> list[str]:
    """The server works in another folder."""
    return [str(Path(each).absolute()) for each in paths]
