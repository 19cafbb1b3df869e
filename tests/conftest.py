"""What all tests share: the real data sets where they are, and workspaces that close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import jalon

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


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
