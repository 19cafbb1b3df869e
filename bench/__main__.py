"""Run the benches and print their ratios."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import coverage, groups, imports, lives, measures, overview, pages, pollock, reading

BENCHES = {
    "groups": groups.run,
    "imports": imports.run,
    "large": lambda _: reading.large(),
    "lives": lives.run,
    "measures": measures.run,
    "overview": overview.run,
    "pages": pages.run,
    "pollock": lambda _: pollock.run(),
    "reading": reading.run,
}


def main() -> None:
    """All benches at their usual sizes, or one at a given size."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("bench", nargs="?", choices=sorted([*BENCHES, "coverage"]))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seeds", type=int, default=coverage.SEEDS, help="of coverage")
    parser.add_argument("--page", type=Path, help="where coverage writes its tables too")
    asked = parser.parse_args()
    if asked.bench == "coverage":
        coverage.run(asked.seeds, asked.page)
        return
    if asked.bench:
        BENCHES[asked.bench](asked.rows or 1_000_000)
        return
    pollock.run()
    reading.run(1_000_000)
    imports.run(1_000_000)
    for rows in (10_000, 1_000_000):
        measures.run(rows)
        overview.run(rows)
    lives.run(1_000_000)
    pages.run(1_000_000)
    groups.run(0)
    coverage.run()


if __name__ == "__main__":
    main()
