"""One process holds a workspace for all: readers beside the one that writes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jalon.distant import line_of
from jalon.model.problems import JalonError, Problem, WorkspaceError
from jalon.state.places import SERVER
from jalon.workspace import Workspace

#: Readers: as many pages are measured at once; the others wait their turn.
READERS = 2
#: Callers that may wait to be let in.
BACKLOG = 64


class Holder:
    """A workspace held for many threads and, once it listens, for other processes.

    Readers see the last committed state, one for a whole page; one thread at a time writes.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.folder: Path = workspace.folder
        self._writer = workspace
        self._write = threading.RLock()
        self._opening = threading.Lock()
        # The last given back is the first taken: what it has kept serves again.
        self._free = [workspace.beside() for _ in range(READERS)]
        self._waiting: deque[Future[Workspace]] = deque()
        self._turn = threading.Lock()
        self._place: dict[str, Any] = {}
        self._listener: threading.Thread | None = None
        self._closing = self._closed = False
        workspace.store.group_all()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Workspace]:
        """The workspace as last committed, the same for the whole block.

        Raises JalonError where its settings or KPIs have become wrong.
        """
        reader = self._taken()
        try:
            reader.renew()
            with reader.snapshot():
                yield reader
        finally:
            self._given_back(reader)

    def _taken(self) -> Workspace:
        """A reader, first come first served."""
        with self._turn:
            self._check()
            if self._free:
                return self._free.pop()
            waiting: Future[Workspace] = Future()
            self._waiting.append(waiting)
        return waiting.result()

    def _given_back(self, reader: Workspace) -> None:
        with self._turn:
            if self._waiting:
                self._waiting.popleft().set_result(reader)
            else:
                self._free.append(reader)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Workspace]:
        """The workspace to import into or to undo in: one thread at a time."""
        with self._write:
            self._check()
            self._writer.renew()
            before = self._writer.store.version()
            yield self._writer
            if self._writer.store.version() != before:
                self._writer.store.group_all()

    @contextlib.contextmanager
    def looking(self) -> Iterator[Workspace]:
        """A workspace to look at files with, whatever is being written."""
        with self._opening:
            self._check()
            self._writer.renew()
            found = self._writer.beside()
        try:
            yield found
        finally:
            found.close()

    @property
    def busy(self) -> bool:
        """Whether something is being written now."""
        if self._write.acquire(blocking=False):
            self._write.release()
            return False
        return True

    def close(self) -> None:
        """Stop listening, and give the file back once what is under way is done.

        Whoever comes later is told WorkspaceError ``server_gone``.
        """
        self._deafen()
        with self._write, self._opening:
            if self._closed:
                return
            readers = [self._taken() for _ in range(READERS)]
            with self._turn:
                self._closed = True
                for each in self._waiting:
                    each.set_exception(self._gone())
            for reader in readers:
                reader.close()
            self._writer.close()

    def _check(self) -> None:
        if self._closed:
            raise self._gone()

    def _gone(self) -> JalonError:
        return WorkspaceError.of("server_gone", path=str(self.folder), detail="closed")

    # -- other processes -------------------------------------------------------------------------

    def listen(self) -> None:
        """Answer other processes of this machine that know the secret."""
        secret = secrets.token_bytes(32)
        listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        host, port = listening.getsockname()
        self._place = {"host": host, "port": port, "token": secret.hex(), "pid": os.getpid()}
        self.announce(None)
        given = (listening, secret)
        self._listener = threading.Thread(target=self._accept, args=given, daemon=True)
        self._listener.start()

    def _deafen(self) -> None:
        """Stop listening. A closed socket does not wake who waits on it: a last caller does."""
        if self._listener is None:
            return
        (self.folder / SERVER).unlink(missing_ok=True)
        self._closing = True
        with contextlib.suppress(OSError):
            socket.create_connection((self._place["host"], self._place["port"]), 1).close()
        self._listener.join()
        self._listener = None

    def announce(self, url: str | None) -> None:
        """Write where this process is reached, for its owner alone."""
        target = self.folder / SERVER
        draft = target.with_suffix(f".{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({**self._place, "url": url}, out)
        draft.replace(target)

    def _accept(self, listening: socket.socket, secret: bytes) -> None:
        """Give each caller a thread, where it proves who it is: none keeps another waiting."""
        with listening:
            while not self._closing:
                try:
                    link, _ = listening.accept()
                    threading.Thread(target=self._serve, args=(link, secret), daemon=True).start()
                except (OSError, RuntimeError):
                    # No more files or threads are to be had: some will be given back.
                    time.sleep(0.05)

    def _serve(self, link: socket.socket, secret: bytes) -> None:
        """Answer one call; who is not ours, says nonsense or goes away is let go."""
        with contextlib.suppress(Exception), line_of(link, secret, server=True) as line:
            method, given, asked = line.recv()
            try:
                line.send(("done", _ANSWERS[method](self, line, given, asked)))
            except JalonError as error:
                line.send(("failed", error))
            except (OSError, EOFError):
                raise
            except Exception as error:
                detail = f"{type(error).__name__}: {error}"[:300]
                line.send(("failed", JalonError(Problem("internal_error", {"detail": detail}))))


Call = Callable[[Holder, Connection, tuple[Any, ...], Mapping[str, Any]], Any]


def _read(name: str) -> Call:
    def call(
        holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
    ) -> Any:
        with holder.reading() as workspace:
            return getattr(workspace, name)(*given, **asked)

    return call


def _look(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> Any:
    with holder.looking() as workspace:
        return workspace.look(*given)


def _forget(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> int:
    with holder.looking() as workspace:
        return workspace.forget(*given)


def _import(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> Any:
    def step(name: str) -> None:
        # The caller may have gone: the import goes on.
        with contextlib.suppress(OSError):
            line.send(("progress", name))

    paths, brief = given
    with holder.writing() as workspace:
        return workspace.import_(paths, brief, step)


def _undo(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> Any:
    with holder.writing() as workspace:
        return workspace.undo(*given)


def _quarantine(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> Any:
    name, *rest = given
    if name not in ("lots", "rows", "readings", "names", "rules"):
        raise KeyError(name)
    with holder.reading() as workspace:
        return getattr(workspace.quarantine, name)(*rest, **asked)


def _mend(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> Any:
    name, *rest = given
    if name not in ("leave_out", "wait_again", "reload", "add_rule", "drop_rule"):
        raise KeyError(name)
    with holder.writing() as workspace:
        return getattr(workspace.quarantine, name)(*rest)


def _folder(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> str:
    return str(holder.folder.resolve())


#: All that another process may ask.
_ANSWERS: Mapping[str, Call] = {
    **{
        name: _read(name)
        for name in ("measure", "rows", "reconcile", "lacks", "imports", "examine")
    },
    "look": _look,
    "forget": _forget,
    "import_": _import,
    "undo": _undo,
    "quarantine": _quarantine,
    "mend": _mend,
    "folder": _folder,
}
