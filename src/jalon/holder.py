"""One process holds a workspace for all: readers beside the one that writes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from jalon.model.problems import JalonError, Problem
from jalon.state.places import SERVER
from jalon.workspace import Workspace

#: Readers: as many pages are measured at once; the others wait their turn.
READERS = 2


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
        self._listener: Listener | None = None
        workspace.store.group_all()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Workspace]:
        """The workspace as last committed, the same for the whole block."""
        reader = self._taken()
        try:
            with reader.snapshot():
                yield reader
        finally:
            self._given_back(reader)

    def _taken(self) -> Workspace:
        """A reader, first come first served."""
        with self._turn:
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
            before = self._writer.store.version()
            yield self._writer
            if self._writer.store.version() != before:
                self._writer.store.group_all()

    @contextlib.contextmanager
    def looking(self) -> Iterator[Workspace]:
        """A workspace to look at files with, whatever is being written."""
        with self._opening:
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
        """Stop listening, and give the file back once what is being written is done."""
        if self._listener is not None:
            (self.folder / SERVER).unlink(missing_ok=True)
            self._listener.close()
        with self._write:
            for _ in range(READERS):
                self._taken().close()
            self._writer.close()

    # -- other processes -------------------------------------------------------------------------

    def listen(self) -> None:
        """Answer other processes of this machine that know the secret."""
        token = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), authkey=token)
        host, port = self._listener.address[:2]
        self._place = {"host": host, "port": port, "token": token.hex(), "pid": os.getpid()}
        self.announce(None)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def announce(self, url: str | None) -> None:
        """Write where this process is reached, for its owner alone."""
        target = self.folder / SERVER
        draft = target.with_suffix(f".{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({**self._place, "url": url}, out)
        draft.replace(target)

    def _accept(self, listener: Listener) -> None:
        while True:
            try:
                line = listener.accept()
            except (AuthenticationError, EOFError, ConnectionError):
                continue
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: Connection) -> None:
        """Answer one call; a caller that goes away is let go."""
        with contextlib.suppress(OSError, EOFError), line:
            method, given, asked = line.recv()
            answer = _ANSWERS.get(method)
            if answer is None:
                return
            try:
                line.send(("done", answer(self, line, given, asked)))
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


def _folder(
    holder: Holder, line: Connection, given: tuple[Any, ...], asked: Mapping[str, Any]
) -> str:
    return str(holder.folder.resolve())


#: All that another process may ask.
_ANSWERS: Mapping[str, Call] = {
    **{name: _read(name) for name in ("measure", "rows", "lacks", "imports", "examine")},
    "look": _look,
    "import_": _import,
    "undo": _undo,
    "folder": _folder,
}
