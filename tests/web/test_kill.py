"""A server killed at any moment starts again whole; twenty readers are served during an import."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PAGES = ("/", "/ventes", "/indicateurs/win_rate", "/donnees", "/indicateurs/win_rate/lignes")


def deals(path: Path, rows: int, won: int) -> Path:
    """``won`` of three deals are won."""
    lines = ["source_id,account,owner,outcome,amount,created_at,closed_at"]
    for n in range(rows):
        outcome = "won" if n % 3 < won else "lost"
        day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        lines.append(f"d{n},C{n % 90},V{n % 7},{outcome},{n % 50 + 1},2025-01-01,{day}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``jalon serve`` on that workspace, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("jalon"), "serve", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, "--workspace", folder], stdout=quiet, stderr=quiet)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{url}/static/jalon.css", timeout=5)
                break
            assert process.poll() is None, "the server has stopped"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.1)
        yield process, url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def dropped(url: str, file: Path) -> str:
    """Drop a file, begin to load it: the address of the job."""
    with file.open("rb") as content:
        found = httpx.post(
            f"{url}/donnees/depots", files={"files": (file.name, content)}, timeout=60
        )
    assert found.status_code == 303, found.text[:300]
    begun = httpx.post(f"{url}{found.headers['location']}/charger", timeout=60)
    return f"{url}{begun.headers['location']}"


def loaded(job: str) -> None:
    until = time.monotonic() + 60
    while httpx.get(f"{job}.json", timeout=60).json()["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert httpx.get(f"{job}.json", timeout=60).json()["state"] == "done"


def rate(url: str) -> float | None:
    found = httpx.get(f"{url}/indicateurs/win_rate.json?period=all", timeout=60).json()
    value: float | None = found["figure"]["value"]
    return value


@pytest.mark.xdist_group("kill")
def test_a_server_killed_during_an_upload_an_import_or_a_page_starts_again_whole(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "w"
    first = deals(tmp_path / "deal.csv", 3_000, 1)
    second = deals(tmp_path / "deal2.csv", 40_000, 2)
    with serving(folder) as (process, url):
        loaded(dropped(url, first))
        before = rate(url)
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            head = (
                f"POST /donnees/depots HTTP/1.1\r\nHost: {host}:{port}\r\n"
                "Content-Length: 9000000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: "
                'form-data; name="files"; filename="a.csv"\r\n\r\n'
            )
            line.sendall(head.encode() + b"a,b\n" * 200_000)
            time.sleep(0.3)
            process.kill()
            process.wait()
    assert before == pytest.approx(1 / 3)
    with serving(folder) as (process, url):
        assert list((folder / "uploads").iterdir()) == []
        assert rate(url) == before
        dropped(url, second)
        time.sleep(0.5)
        process.kill()
        process.wait()
    with serving(folder) as (process, url):
        between = rate(url)
        asking = threading.Thread(target=_ask, args=(f"{url}/ventes",))
        asking.start()
        time.sleep(0.02)
        process.kill()
        process.wait()
        asking.join()
    assert between == pytest.approx(1 / 3) or between == pytest.approx(2 / 3)
    with serving(folder) as (_, url):
        assert rate(url) == between
        assert all(httpx.get(url + page, timeout=60).status_code == 200 for page in PAGES)


@pytest.mark.xdist_group("kill")
def test_twenty_readers_during_an_import_get_their_pages(tmp_path: Path) -> None:
    with serving(tmp_path / "w") as (_, url):
        loaded(dropped(url, deals(tmp_path / "deal.csv", 3_000, 1)))
        before = rate(url)
        statuses: list[int] = []
        seen: list[float | None] = []
        stop = threading.Event()

        def read(number: int) -> None:
            while not stop.is_set():
                page = PAGES[number % len(PAGES)]
                statuses.append(httpx.get(url + page, timeout=60).status_code)
                if number == 0:
                    seen.append(rate(url))

        readers = [threading.Thread(target=read, args=(n,)) for n in range(20)]
        for each in readers:
            each.start()
        try:
            loaded(dropped(url, deals(tmp_path / "deal2.csv", 30_000, 2)))
        finally:
            stop.set()
            for each in readers:
                each.join()
        after = rate(url)
    assert set(statuses) == {200}
    assert len(statuses) > 20
    assert before != after
    assert set(seen) <= {before, after}


def _ask(address: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(address, timeout=10)
