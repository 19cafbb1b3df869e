"""Serving a workspace on this machine: the pages, and the door for other processes."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from jalon.charts.drawer import Drawer
from jalon.distant import reached
from jalon.holder import Holder
from jalon.model.problems import RequestError, WorkspaceError
from jalon.web.app import create_app
from jalon.workspace import open_workspace

HOST, PORT = "127.0.0.1", 8420
#: Ports tried after the usual one when it is taken and none was asked.
TRIED = 20


def serve(
    folder: Path,
    host: str = HOST,
    port: int | None = None,
    *,
    ready: Callable[[str], None] = lambda _: None,
    browse: bool = False,
) -> None:
    """Serve until interrupted. ``ready`` is told the address once pages answer.

    Raises RequestError ``host_refused`` for an address that other machines could reach,
    ``port_taken``; WorkspaceError where another process holds the workspace.
    """
    _refuse_others(host)
    refuse_served(folder)
    with contextlib.ExitStack() as closing:
        listening = closing.enter_context(_bound(host, port))
        workspace = open_workspace(folder, create=True)
        holder = closing.enter_context(contextlib.closing(Holder(workspace)))
        drawer = closing.enter_context(Drawer(folder / "cache" / "charts"))
        address, taken = listening.getsockname()[:2]
        names = [f"{name}:{taken}" for name in (_bracketed(address), "localhost")]
        url = f"http://{names[0]}"
        holder.listen()
        holder.announce(url)
        server = _Server(
            uvicorn.Config(
                create_app(holder, names, drawer),
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
            ),
            lambda: _told(url, ready, browse),
        )
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start answering, then say so."""
        await super().startup(sockets)
        if self.started:
            self._tell()


def _told(url: str, ready: Callable[[str], None], browse: bool) -> None:
    ready(url)
    # The first page compiles queries and starts the drawing processes: let it be nobody's.
    threading.Thread(target=_asked_once, args=(url,), daemon=True).start()
    if browse:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _asked_once(url: str) -> None:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=60) as page:
        page.read()


def refuse_served(folder: Path) -> None:
    """Raise WorkspaceError ``already_served``, with the address, where a server has it open."""
    held = reached(folder)
    if held is not None:
        raise WorkspaceError.of("already_served", path=str(folder), url=held.url or "")


def _refuse_others(host: str) -> None:
    """Until accounts exist, whoever reaches the pages reads everything: this machine alone may."""
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise RequestError.of("host_refused", host=host)


def _bound(host: str, port: int | None) -> socket.socket:
    """A socket on that port; on the first free one from the usual where none was asked."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [port] if port is not None else range(PORT, PORT + TRIED):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, candidate))
        except (OSError, OverflowError):
            found.close()
            continue
        return found
    raise RequestError.of("port_taken", port=port if port is not None else PORT)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
