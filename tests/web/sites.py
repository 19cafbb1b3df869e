"""Workspaces served as they are in life: a real server, on a free port of this machine."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import uvicorn

from jalon.charts.drawer import Drawer
from jalon.demo.files import write
from jalon.demo.world import build, deals_only
from jalon.holder import Holder
from jalon.web.app import create_app
from jalon.workspace import open_workspace

from . import hostile

SEED = 2026
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Site:
    """A workspace and where it is served."""

    name: str
    url: str
    holder: Holder

    def get(self, path: str, **more: object) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, **more)  # type: ignore[arg-type]


@contextlib.contextmanager
def served(name: str, folder: Path, drawer: Drawer) -> Iterator[Site]:
    """That workspace, served until the block ends."""
    with contextlib.ExitStack() as closing:
        listening = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        holder = Holder(open_workspace(folder, create=True))
        closing.callback(holder.close)
        app = create_app(holder, [f"127.0.0.1:{port}"], drawer)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.01)
        yield Site(name, f"http://127.0.0.1:{port}", holder)
        server.should_exit = True
        thread.join(20)


def made(name: str, shared: Path, own: Path) -> Path:
    """The workspace of that name: made once for all workers, copied for this one."""
    shared.mkdir(parents=True, exist_ok=True)
    model = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (model / "made").exists():
            files = shared / f"{name}-files"
            files.mkdir(exist_ok=True)
            MAKERS[name](files)
            with contextlib.closing(open_workspace(model, create=True)) as workspace:
                if found := sorted(files.iterdir()):
                    workspace.import_(found)
            (model / "made").touch()
    return Path(shutil.copytree(model, own / name))


def _demo(folder: Path) -> None:
    write(build(SEED), folder)


def _invoices(folder: Path) -> None:
    everything = folder.with_name(f"{folder.name}-all")
    for each in write(build(SEED, 0.3), everything):
        if "factures" in each.name.casefold():
            shutil.copy(each, folder)


def _deals(folder: Path) -> None:
    pq.write_table(deals_only(4_000, SEED), folder / "deals.parquet")


def _real(name: str) -> Callable[[Path], None]:
    def copy(folder: Path) -> None:
        for each in (DATA / name).glob("*.csv"):
            shutil.copy(each, folder)

    return copy


MAKERS: Mapping[str, Callable[[Path], None]] = {
    "demo": _demo,
    "empty": lambda _: None,
    "deals": _deals,
    "invoices": _invoices,
    "maven_crm": _real("maven_crm"),
    "zoho_crm": _real("zoho_crm"),
    "hostile": hostile.write,
}
