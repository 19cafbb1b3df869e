"""Drawing: once for all who ask, kept, and going on when a process dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jalon.charts import drawer as drawers
from jalon.charts.data import Chart, Point, Series
from jalon.charts.drawer import Drawer
from jalon.charts.hand import DrawError, Hand
from jalon.charts.kept import Kept

from .examples import COLUMNS, SERIES, SINGLE


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Drawer]:
    with Drawer(tmp_path / "charts", workers=1) as found:
        yield found


def pid_of(drawer: Drawer) -> int:
    hand = drawer._hands.get()
    drawer._hands.put(hand)
    assert hand is not None
    assert hand.pid is not None
    return hand.pid


def test_what_is_kept_is_not_drawn_again(own: Drawer, tmp_path: Path) -> None:
    first = own.svg(SINGLE, "fr")
    assert first is not None
    assert own.svg(replace(SINGLE), "fr") == first
    assert own.drawn == 1
    with Drawer(tmp_path / "charts") as another:
        assert another.svg(SINGLE, "fr") == first
        assert another.drawn == 0


def test_a_chart_is_kept_by_all_that_it_shows(own: Drawer) -> None:
    (point,) = SINGLE.points
    others: list[tuple[Chart, str]] = [
        (SINGLE, "fr"),
        (SINGLE, "en"),
        (replace(SINGLE, alt="other"), "fr"),
        (replace(SINGLE, points=(replace(point, href="/other"),)), "fr"),
        (replace(SINGLE, points=(replace(point, title="other"),)), "fr"),
    ]
    assert len(set(own.svgs(others))) == own.drawn == len(others)


def test_a_file_that_was_cut_or_changed_is_drawn_again(own: Drawer, tmp_path: Path) -> None:
    first = own.svg(SINGLE, "fr")
    (file,) = (tmp_path / "charts").iterdir()
    whole = file.read_bytes()
    for broken in (
        b"",
        whole[:-100],
        b"\xff\xfe",
        whole.replace(b"<text", b"<texx", 1),
        whole[:50],
    ):
        file.write_bytes(broken)
        assert Kept(file.parent, 1_000, 1_000).get(file.stem) is None
    with Drawer(tmp_path / "charts", workers=1) as another:
        assert another.svg(SINGLE, "fr") == first
        assert another.drawn == 1
    assert file.read_bytes() == whole


def test_many_who_ask_the_same_have_it_drawn_once(own: Drawer) -> None:
    with ThreadPoolExecutor(20) as threads:
        found = set(threads.map(lambda _: own.svg(SERIES, "fr"), range(20)))
    assert len(found) == own.drawn == 1


def test_a_killed_process_is_replaced(own: Drawer) -> None:
    own.warm()
    before = pid_of(own)
    os.kill(before, signal.SIGKILL)
    assert own.svg(SERIES, "fr") is not None
    assert pid_of(own) != before


def test_a_process_killed_while_it_draws_is_replaced(own: Drawer) -> None:
    own.warm()
    pid = pid_of(own)
    os.kill(pid, signal.SIGSTOP)
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(own.svg(COLUMNS, "fr")))
    asking.start()
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    asking.join(30)
    assert found[0] is not None


class Doomed:
    """A hand that dies of a chart."""

    pid = None
    lives = 0
    alive = True

    def draw(self, chart: Series, lang: str, seconds: float) -> str:
        if chart.alt == "killer":
            Doomed.lives += 1
            raise DrawError("dead", died=True)
        if chart.alt == "wrong":
            raise DrawError("wrong", died=False)
        return "<svg/>"

    def close(self) -> None:
        pass


def test_a_chart_that_kills_twice_is_not_drawn_and_others_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(drawers, "Hand", Doomed)
    Doomed.lives = 0
    with Drawer(None) as found:
        asked: list[tuple[Chart, str]] = [
            (Series((), alt=each), "fr") for each in ("killer", "wrong", "fine")
        ]
        assert found.svgs(asked) == [None, None, "<svg/>"]
        assert Doomed.lives == 2
        assert "not drawn: dead" in caplog.text


def test_a_chart_that_does_not_answer_is_given_up() -> None:
    hand = Hand()
    try:
        assert hand.pid is not None
        os.kill(hand.pid, signal.SIGSTOP)
        with pytest.raises(DrawError) as stuck:
            hand.draw(SINGLE, "fr", 0.1)
        assert stuck.value.died
    finally:
        hand.close()


def test_a_chart_that_cannot_be_made_says_why() -> None:
    hand = Hand()
    try:
        with pytest.raises(DrawError, match="KeyError") as wrong:
            hand.draw(SERIES, "xx", 30)
        assert not wrong.value.died
        assert hand.draw(SINGLE, "fr", 30).startswith("<svg")
    finally:
        hand.close()


def test_processes_end_with_the_drawer(tmp_path: Path) -> None:
    drawer = Drawer(None)
    drawer.warm()
    hands: list[Any] = [drawer._hands.get(), drawer._hands.get()]
    for each in hands:
        drawer._hands.put(each)
    drawer.close()
    assert not any(each._process.is_alive() for each in hands)


def test_what_is_forgotten_is_drawn_again(own: Drawer, tmp_path: Path) -> None:
    own.svg(SINGLE, "fr")
    own.forget()
    assert not list((tmp_path / "charts").iterdir())
    own.svg(SINGLE, "fr")
    assert own.drawn == 2


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    kept = Kept(tmp_path / "file", 1_000, 1_000)
    kept.put("a", "<svg/>")
    assert kept.get("a") == "<svg/>"


def test_memory_is_bounded_by_bytes_the_oldest_used_go() -> None:
    kept = Kept(None, 30, 0)
    for key in "abc":
        kept.put(key, "x" * 10)
    assert kept.get("a")
    kept.put("d", "x" * 10)
    assert [kept.get(key) is not None for key in "abcd"] == [True, False, True, True]
    kept.put("d", "x" * 5)
    kept.put("e", "x" * 5)
    assert [kept.get(key) is not None for key in "acde"] == [True, True, True, True]


def test_the_folder_is_bounded_by_bytes_the_oldest_go(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 0, 1_000)
    for index in range(30):
        kept.put(f"{index}", "x" * 100)
        os.utime(tmp_path / f"{index}.svg", (index, index))
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 1_000
    assert kept.get("29") == "x" * 100
    assert kept.get("0") is None


def test_points_of_numpy_are_points(drawer: Drawer) -> None:
    values = np.array([0.1, 0.2])
    points = tuple(Point("a", value, value, value) for value in values)
    assert drawer.svg(Series(points, unit="percent"), "fr") is not None
