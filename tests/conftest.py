"""What all tests share: the real data sets where they are, and workspaces that close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

import jalon

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


class Grouping(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a file of pages to one worker, which opens its browser and serves its workspaces once;
    other tests one by one. (``--dist loadgroup`` groups nothing with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return file if file.startswith("tests/web/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Grouping:
    return Grouping(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets, beside the checkout; tests on them skip elsewhere."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this checkout: real data sets are not measured")
    return SHARED


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Callable[..., jalon.Workspace]]:
    """Opens workspaces in a temporary folder, and closes them."""
    opened: list[jalon.Workspace] = []

    def make(name: str = "jalon-data", **options: object) -> jalon.Workspace:
        found = jalon.open(tmp_path / name, **options)  # type: ignore[arg-type]
        opened.append(found)
        return found

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a text file in a temporary folder."""

    def file(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    return file
