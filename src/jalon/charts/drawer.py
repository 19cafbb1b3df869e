"""Charts to SVG: kept by what they show, drawn side by side in processes that may die."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from queue import SimpleQueue

from jalon.charts.data import Chart, Series
from jalon.charts.hand import DrawError, Hand
from jalon.charts.kept import Kept

_LOG = logging.getLogger(__name__)
_MEMORY_BYTES, _DISK_BYTES = 16_000_000, 64_000_000
_SECONDS = 30.0


class Drawer:
    """Draws charts, and keeps them. Threads may share it; close it.

    ``cache_dir``: where SVGs are kept between runs; None keeps in memory alone. ``workers``: how
    many processes draw; they start with the first chart, or with :meth:`warm`. The program's main
    module must bear being imported (``if __name__ == "__main__"``), as for any spawned process.
    """

    def __init__(self, cache_dir: Path | None, workers: int = 2) -> None:
        self.drawn = 0
        self._kept = Kept(cache_dir, _MEMORY_BYTES, _DISK_BYTES)
        self._workers = workers
        self._hands: SimpleQueue[Hand | None] = SimpleQueue()
        for _ in range(workers):
            self._hands.put(None)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="charts")
        self._under_way: dict[str, Future[str | None]] = {}
        self._lock, self._warming = threading.Lock(), threading.Lock()

    def __enter__(self) -> Drawer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def svg(self, chart: Chart, lang: str) -> str | None:
        """The chart as an SVG for a page; None where it cannot be drawn (the log says why)."""
        return self._asked(chart, lang).result()

    def svgs(self, asked: Sequence[tuple[Chart, str]]) -> list[str | None]:
        """Several charts, each with its language, drawn side by side; in the order asked."""
        return [each.result() for each in [self._asked(chart, lang) for chart, lang in asked]]

    def warm(self) -> None:
        """Start the processes, each with an empty chart, so that the first page need not wait."""
        with self._warming:
            hands = [self._hands.get() or Hand() for _ in range(self._workers)]
            for each in hands:
                self._hands.put(_warmed(each))

    def forget(self) -> None:
        """Empty what is kept, on the disk too: after an erasure."""
        self._kept.clear()

    def close(self) -> None:
        """End the processes. What is kept on the disk stays."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        while not self._hands.empty():
            if hand := self._hands.get():
                hand.close()

    def _asked(self, chart: Chart, lang: str) -> Future[str | None]:
        """The chart to come: kept, under way for another thread, or now begun."""
        key = _key(chart, lang)
        with self._lock:
            if (known := self._under_way.get(key)) is not None:
                return known
            if (svg := self._kept.get(key)) is not None:
                done: Future[str | None] = Future()
                done.set_result(svg)
                return done
            begun = self._threads.submit(self._draw, key, chart, lang)
            self._under_way[key] = begun
            return begun

    def _draw(self, key: str, chart: Chart, lang: str) -> str | None:
        try:
            svg = self._by_hand(chart, lang)
            self._kept.put(key, svg)
        except (DrawError, OSError) as wrong:
            _LOG.warning("a chart was not drawn: %s", wrong)
            return None
        else:
            return svg
        finally:
            with self._lock:
                self._under_way.pop(key, None)

    def _by_hand(self, chart: Chart, lang: str) -> str:
        """Drawn by a free process; by a new one where it died, once."""
        hand = self._hands.get()
        try:
            for last in (False, True):
                hand = hand or Hand()
                try:
                    svg = hand.draw(chart, lang, _SECONDS)
                except DrawError as wrong:
                    if wrong.died:
                        hand.close()
                        hand = None
                    if last or not wrong.died:
                        raise
                else:
                    with self._lock:
                        self.drawn += 1
                    return svg
            raise AssertionError
        finally:
            self._hands.put(hand)


def _warmed(hand: Hand) -> Hand | None:
    """The process, once it has drawn; None where it did not live."""
    try:
        hand.draw(Series(()), "fr", _SECONDS)
    except DrawError as wrong:
        _LOG.warning("a drawing process did not start: %s", wrong)
        hand.close()
        return None
    return hand


def _key(chart: Chart, lang: str) -> str:
    """The name of a chart's picture: what it shows, its language, and what draws it."""
    shown = json.dumps(asdict(chart), sort_keys=True, default=sorted)
    return hashlib.sha256(
        f"{_version()} {lang} {type(chart).__name__} {shown}".encode()
    ).hexdigest()


@cache
def _version() -> str:
    """What changes pictures: the code of this room, its texts, and the libraries."""
    found = hashlib.sha256()
    for folder, ends in (("jalon.charts", ".py"), ("jalon.locale", ("numbers.py", ".yaml"))):
        for file in sorted(resources.files(folder).iterdir(), key=lambda each: each.name):
            if file.name.endswith(ends):
                found.update(file.read_bytes())
    for name in ("altair", "vl-convert-python", "babel"):
        found.update(metadata.version(name).encode())
    return found.hexdigest()
