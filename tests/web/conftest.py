"""Served workspaces and a browser, one of each a worker."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from jalon.charts.drawer import Drawer

from .sites import DATA, Site, made, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "no Chromium on this machine, pages are not looked at: apt-get install chromium "
    "fonts-dejavu-core, or run .ci/run, which installs them"
)
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]

Serve = Callable[[str], Site]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Serves the workspace of a name, once a worker."""
    own = tmp_path_factory.mktemp("sites")
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "made"
    known: dict[str, Site] = {}
    with contextlib.ExitStack() as closing:
        drawer = closing.enter_context(Drawer(own / "charts", workers=1))

        def site(name: str) -> Site:
            if name.endswith("_crm") and not (DATA / name).is_dir():
                pytest.skip(f"no ../shared/data/{name} beside this checkout")
            if name not in known:
                known[name] = closing.enter_context(served(name, made(name, shared, own), drawer))
            return known[name]

        yield site


@pytest.fixture(scope="session")
def demo(serve: Serve) -> Site:
    """The demo company."""
    return serve("demo")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Where it is missing tests skip and say so; on CI they fail."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("JALON_CI") else pytest.skip)(MISSING)
    with (
        sync_playwright() as playwright,
        contextlib.closing(
            playwright.chromium.launch(executable_path=found, args=OPTIONS)
        ) as opened,
    ):
        yield opened


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the pages are kept, to be looked at."""
    usual = Path(__file__).resolve().parents[2] / "build" / "screenshots"
    return Path(os.environ.get("JALON_SCREENSHOTS") or usual)
