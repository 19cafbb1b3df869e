"""Charts to try, and a drawer that all tests share: its processes take a second to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jalon.charts.drawer import Drawer


@pytest.fixture(scope="session")
def drawer() -> Iterator[Drawer]:
    with Drawer(None, workers=1) as found:
        yield found
