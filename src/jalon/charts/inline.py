"""An SVG fit for a page: small, without style, script or outside address; links that stay here.

What the renderer draws is written again, shape by shape, so that nothing enters a page unless it is
known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from jalon.charts import theme
from jalon.charts.data import Point
from jalon.charts.frame import HREF
from jalon.charts.hygiene import TITLE_LENGTH, own_path, shortened

_SPACE = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "text-anchor")
_NARROWEST = 24.0


@dataclass(frozen=True)
class _Shape:
    """Something drawn: its paint, its markup, and the point that it stands for, with its middle."""

    paint: tuple[tuple[str, str], ...]
    markup: str
    middle: float
    point: int | None


def inline(svg: str, alt: str, points: Sequence[Point]) -> str:
    """What the renderer drew, as it may stand in a page. ``points`` are those that have a mark.

    The SVG has ``class="chart"`` and is as wide as its place. Raises ValueError where the renderer
    drew something that is not known here.
    """
    root = ET.fromstring(svg)
    ground = root.find(f"{_SPACE}g")
    assert ground is not None
    left, top = _numbers(ground.get("transform", "0,0"))
    shapes = list(_shapes(ground, -left, -top, None))
    links = any(own_path(points[each.point].href) for each in shapes if each.point is not None)
    body = "".join(_marks(shapes, points, top, float(root.get("height", "0")), links))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="100%" '
        f'viewBox="{root.get("viewBox")}" role="{"group" if links else "img"}" '
        f"aria-label={quoteattr(shortened(alt, TITLE_LENGTH))} "
        f'font-family="{theme.FONT}" font-size="{theme.LETTERS}">'
        f'<g transform="translate({_short(left)} {_short(top)})" fill="none">{body}</g></svg>'
    )


def _shapes(node: ET.Element, x: float, y: float, point: int | None) -> Iterator[_Shape]:
    """The shapes below a node, in order, placed from the plot's corner."""
    tag = node.tag.removeprefix(_SPACE)
    if tag in {"g", "a"}:
        move = _numbers(node.get("transform", "0,0"))
        index = int(node.get(_LINK, "").removeprefix(HREF)) if tag == "a" else point
        for each in node:
            yield from _shapes(each, x + move[0], y + move[1], index)
        return
    paint = _paint(node)
    if not paint or node.get("display") == "none":
        return
    move = _numbers(node.get("transform", "0,0"))
    markup, middle = _leaf(tag, node, x + move[0], y + move[1])
    yield _Shape(tuple(paint.items()), markup, middle, point)


def _paint(node: ET.Element) -> dict[str, str]:
    """How a shape is painted, as attributes; nothing where it is not seen."""
    found = {name: value for name in _PAINT if (value := node.get(name)) is not None}
    if "stroke" not in found:
        found = {name: value for name, value in found.items() if not name.startswith("stroke")}
    if found.get("stroke-width") == "1":
        del found["stroke-width"]
    seen = {"fill", "stroke"} & set(found)
    return found if seen and all(_safe(each) for each in found.values()) else {}


def _safe(paint: str) -> bool:
    return re.fullmatch(r"var\(--[a-z-]+\)|[\d.,]+|start|middle|end", paint) is not None


def _leaf(tag: str, node: ET.Element, x: float, y: float) -> tuple[str, float]:
    """The markup of a shape, and the middle of a mark."""
    at = f'x="{_short(x)}" y="{_short(y)}"'
    if tag == "text":
        return f"<text {at}>{escape(''.join(node.itertext()))}</text>", x
    if tag == "line":
        across, down = float(node.get("x2", "0")), float(node.get("y2", "0"))
        return f'<path d="M{_short(x)},{_short(y)}l{_short(across)},{_short(down)}"/>', x
    if tag != "path":
        raise ValueError(f"a chart has an unknown shape: {tag}")
    path = node.get("d", "")
    if "A" in path:
        radius = _short(_numbers(path)[0])
        return f'<circle cx="{_short(x)}" cy="{_short(y)}" r="{radius}"/>', x
    start, _, breadth = (*_numbers(path), 0.0, 0.0, 0.0)[:3]
    return f'<path d="{_rounded(path)}"/>', start + breadth / 2


def _marks(
    shapes: Sequence[_Shape], points: Sequence[Point], top: float, height: float, links: bool
) -> Iterator[str]:
    """The groups of shapes painted alike; those of points with their link, title and place."""
    middles = sorted(each.middle for each in shapes if each.point is not None)
    breadth = min((b - a for a, b in pairwise(middles) if b > a), default=_NARROWEST)
    for (paint, pointed), group in groupby(
        shapes, lambda each: (each.paint, each.point is not None)
    ):
        painted = "".join(f" {name}={quoteattr(value)}" for name, value in paint)
        bare = ' stroke="none"' if "stroke" in dict(paint) else ""
        if not pointed:
            drawn = "".join(each.markup for each in group)
            yield f'<g aria-hidden="true"{painted}>{_joined(drawn)}</g>'
            continue
        yield f'<g{painted} pointer-events="all">'
        for each in group:
            start, whole = _short(each.middle - breadth / 2), _short(breadth)
            area = f"M{start},{_short(-top)}h{whole}v{_short(height)}h-{whole}"
            place = f'<path fill="none"{bare} d="{area}"/>'
            yield _mark(points[each.point or 0], place + each.markup, links)
        yield "</g>"


def _mark(point: Point, drawn: str, links: bool) -> str:
    # a <title> is both the name and the tooltip; with an aria-label too it would be read twice
    said = shortened(point.title or point.label, TITLE_LENGTH)
    title = f"<title>{escape(said)}</title>"
    if href := own_path(point.href):
        return f"<a href={quoteattr(href)}>{title}{drawn}</a>"
    role = ' role="img"' if links else ""
    return f"<g{role}>{title}{drawn}</g>"


def _joined(drawn: str) -> str:
    """Strokes painted alike, as one path."""
    return drawn.replace('"/><path d="', "")


def _numbers(text: str) -> list[float]:
    return [float(each) for each in _NUMBER.findall(text)]


def _rounded(path: str) -> str:
    return _NUMBER.sub(lambda found: _short(float(found[0])), path)


def _short(number: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0").replace("-0", "-0" if abs(number) >= 0.05 else "0")
