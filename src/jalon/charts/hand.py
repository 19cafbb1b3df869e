"""A process that draws, and may die: vl-convert aborts on what it cannot bear.

It is spawned, never forked: a child forked after vl-convert has run hangs for ever.
"""

from __future__ import annotations

import contextlib
import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection

from jalon.charts.data import Chart


class DrawError(Exception):
    """A chart was not drawn. ``died``: the process did not survive it, or did not answer."""

    def __init__(self, why: str, died: bool) -> None:
        super().__init__(why)
        self.died = died


class Hand:
    """One drawing process, started here; one chart at a time."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_draw_for_ever, args=(theirs,), name="jalon-charts", daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def draw(self, chart: Chart, lang: str, seconds: float) -> str:
        """The chart's SVG. Raises DrawError, ``died`` where no answer came in that time."""
        try:
            self._pipe.send((chart, lang))
            if not self._pipe.poll(seconds):
                raise DrawError(f"no answer in {seconds} s", died=True)
            drawn, answer = self._pipe.recv()
        except (EOFError, OSError) as lost:
            raise DrawError("the drawing process died", died=True) from lost
        if not drawn:
            raise DrawError(answer, died=False)
        return str(answer)

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5)


def _draw_for_ever(pipe: Connection) -> None:
    # the parent's Ctrl+C is the parent's to answer: it closes the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from jalon.charts.render import draw  # noqa: PLC0415 - only this process loads Altair

    with contextlib.suppress(EOFError, OSError):
        while True:
            chart, lang = pipe.recv()
            try:
                answer = (True, draw(chart, lang))
            except Exception as wrong:  # whatever it is, the page says that there is no chart
                answer = (False, f"{type(wrong).__name__}: {wrong}"[:500])
            pipe.send(answer)
