"""Best of several runs, the peers in turn, so that a noisy machine bears on both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping

Run = Callable[[], object]


def best(runs: Mapping[str, Run], times: int = 5) -> dict[str, float]:
    """Seconds of the best of ``times`` runs of each, taken in turn."""
    found = dict.fromkeys(runs, float("inf"))
    for _ in range(times):
        for name, run in runs.items():
            gc.collect()
            start = time.perf_counter()
            run()
            found[name] = min(found[name], time.perf_counter() - start)
    return found


class Sheet:
    """A table of results, printed as Markdown."""

    def __init__(self, title: str) -> None:
        print(f"\n### {title}\n\n| what | seconds | against | seconds | ratio | aim |")
        print("|---|---|---|---|---|---|")

    def row(self, what: str, seconds: float, against: str, other: float, aim: str) -> None:
        """One comparison."""
        ratio = seconds / other if other else float("nan")
        print(
            f"| {what} | {seconds:.4f} | {against} | {other:.4f} | {ratio:.2f} | {aim} |",
            flush=True,
        )
