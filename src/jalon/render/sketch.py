"""The small drawings of a page that need no chart engine: a line, an interval, a bar.

SVG with presentation attributes only: pages forbid inline styles. Coordinates are in the drawing's
own units; classes give the colours.
"""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup, escape

from jalon.views.parts import Figure, Spark

WIDTH, HEIGHT, PAD = 240.0, 34.0, 3.0
RANGE = 160.0


def spark(line: Spark) -> Markup:
    """A line over months with its band; the last point is marked."""
    known = [x for x in (*line.values, *line.lows, *line.highs) if x is not None]
    values = [x for x in line.values if x is not None]
    low, high = _ends(values, known)
    step = (WIDTH - 2 * PAD) / max(len(line.values) - 1, 1)

    def at(index: int, value: float) -> str:
        share = (min(max(value, low), high) - low) / (high - low)
        return f"{PAD + index * step:.1f},{HEIGHT - PAD - share * (HEIGHT - 2 * PAD):.1f}"

    parts = []
    for run in _runs(line):
        band = [i for i in run if line.lows[i] is not None and line.highs[i] is not None]
        if len(band) > 1:
            above = [at(i, line.highs[i] or 0.0) for i in band]
            below = [at(i, line.lows[i] or 0.0) for i in reversed(band)]
            parts.append(f'<polygon class="band" points="{" ".join([*above, *below])}"/>')
        points = " ".join(at(i, line.values[i] or 0.0) for i in run)
        parts.append(f'<polyline class="line" points="{points}"/>')
    last = max(i for i, value in enumerate(line.values) if value is not None)
    x, y = at(last, line.values[last] or 0.0).split(",")
    parts.append(f'<circle class="dot" cx="{x}" cy="{y}" r="2.5"/>')
    return _svg("spark", line.alt, WIDTH, HEIGHT, "".join(parts))


def interval(figure: Figure, scale: tuple[float, float], mean: float | None, alt: str) -> Markup:
    """An interval as a bar with the value as a dot, the mean of the whole behind it."""
    low, high = scale

    def at(value: float) -> float:
        return (min(max(value, low), high) - low) / (high - low) * (RANGE - 8) + 4

    parts = []
    if mean is not None:
        x = at(mean)
        parts.append(f'<line class="mean" x1="{x:.1f}" x2="{x:.1f}" y1="1" y2="17"/>')
    if figure.low is not None and figure.high is not None:
        left, right = at(figure.low), at(figure.high)
        parts.append(f'<line class="range" x1="{left:.1f}" x2="{right:.1f}" y1="9" y2="9"/>')
    if figure.value is not None:
        parts.append(f'<circle class="dot" cx="{at(figure.value):.1f}" cy="9" r="3.5"/>')
    return _svg("interval", alt, RANGE, 18, "".join(parts))


def bar(share: float, tone: str = "data") -> Markup:
    """A bar from zero."""
    width = max(min(share, 1.0), 0.0) * 100
    rect = f'<rect class="{escape(tone)}" width="{width:.1f}" height="10" y="4" rx="1"/>'
    return Markup(
        f'<svg class="bar" viewBox="0 0 100 18" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{rect}</svg>'
    )


def _ends(values: list[float], known: list[float]) -> tuple[float, float]:
    """The ends of the scale: bands are cut at twice the spread of the line."""
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    bottom, top = max(min(known), low - spread), min(max(known), high + spread)
    # A line that never moves is drawn in the middle.
    return (bottom, top) if top > bottom else (low - spread, high + spread)


def _runs(line: Spark) -> list[list[int]]:
    """The stretches without a gap."""
    indexed = groupby(range(len(line.values)), key=lambda i: line.values[i] is not None)
    return [list(run) for known, run in indexed if known]


def _svg(name: str, alt: str, width: float, height: float, content: str) -> Markup:
    said = (
        Markup('role="img" aria-label="{}"').format(alt)
        if alt
        else Markup('aria-hidden="true" focusable="false"')
    )
    return Markup('<svg class="{}" viewBox="0 0 {:g} {:g}" {}>{}</svg>').format(
        name, width, height, said, Markup(content)
    )
