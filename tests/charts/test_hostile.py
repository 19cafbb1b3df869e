"""Labels and links that come from a file: drawn as text, and the process lives."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from jalon.charts.data import Columns, Curve, Point, Series, Survival
from jalon.charts.drawer import Drawer
from jalon.charts.hygiene import AXIS_LENGTH, TITLE_LENGTH, own_path, printable, shortened

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "formula": '=HYPERLINK("http://x")',
    "long": "x" * 10_000,
    "right to left": "שלום עולם",
    "override": "\u202eabc",
    "emoji": "👩‍👩‍👧 été 🇫🇷",
    "nul": "a\x00b",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb\x9fc",
    "not a character": "a\ufffeb\uffffc\ufdd0d\U0001fffe",
    "half a character": "a\ud800b\udfffc",
    "lines": "a\r\nb\u2028c\td",
    "expression": "'+datum.value+'${1}{{x}}",
    "entity": "&amp;&#0;&lt;]]>",
    "byte order": "\ufeffa",
    "variable": 'a" fill="var(--data)',
}


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_label_is_text(drawer: Drawer, label: str) -> None:
    point = Point(label, 1.0, 0.5, 1.5, "/x", label)
    curve = Curve(label, (0.0, 1.0), (1.0, 0.5))
    for chart in (
        Series((point, point), alt=label),
        Columns((point,), alt=label),
        Survival((curve,), alt=label),
    ):
        svg = drawer.svg(chart, "fr")
        assert svg is not None
        tree = ET.fromstring(svg)
        said = shortened(label, AXIS_LENGTH).removeprefix("\ufeff")  # Vega trims, it too
        assert said in [each.text for each in tree.iter(f"{SVG}text")]
        known = {"svg", "g", "a", "path", "circle", "text", "title"}
        assert {each.tag.removeprefix(SVG) for each in tree.iter()} <= known
        assert tree.get("aria-label") == shortened(label, TITLE_LENGTH)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some.text(some.characters(exclude_categories=()), min_size=1, max_size=30))
def test_any_label_is_drawn_and_read_back(drawer: Drawer, label: str) -> None:
    svg = drawer.svg(Series((Point(label, 1.0, title=label),), alt="x"), "fr")
    assert svg is not None
    tree = ET.fromstring(svg)
    assert shortened(label, TITLE_LENGTH) == tree.findtext(f".//{SVG}title")
    assert svg.encode()


@given(some.text(some.characters(exclude_categories=())))
def test_what_is_printable_stays_so(label: str) -> None:
    found = printable(label)
    assert len(found) == len(label)
    assert printable(found) == found
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in found)
    found.encode()


def test_ordinary_letters_are_kept() -> None:
    said = "L’objectif : 1\u202f042\u00a0€, 26,4\u202f% – « été » 👩‍👧 שלום"
    assert printable(said) == said


def test_a_label_is_cut_to_a_sane_length() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"
    assert len(shortened("x" * 10_000, TITLE_LENGTH)) == TITLE_LENGTH


KEPT = [
    "/",
    "/affaires",
    "/affaires?kpi=win_rate&secteur=%3Cb%3E&where=amount>5",
    "/a?x='\"<>",
    "/é?q=«",
    "/a//b#c",
]
DROPPED = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\\\\evil",
    "https://evil.example",
    "data:text/html,x",
    " /a",
    "a/b",
    "",
    "/a\x00b",
    "/a\ud800",
    "/a b",
]


@pytest.mark.parametrize("href", KEPT)
def test_a_path_of_this_site_is_kept_as_it_is(drawer: Drawer, href: str) -> None:
    assert own_path(href) == href
    svg = drawer.svg(Series((Point("a", 1.0, href=href, title="t"),)), "fr")
    assert svg is not None
    assert [each.get("href") for each in ET.fromstring(svg).iter(f"{SVG}a")] == [href]


@pytest.mark.parametrize("href", DROPPED)
def test_any_other_link_is_left_out(drawer: Drawer, href: str) -> None:
    assert own_path(href) is None
    svg = drawer.svg(Columns((Point("a", 1.0, href=href, title="t"),)), "fr")
    assert svg is not None
    tree = ET.fromstring(svg)
    assert not list(tree.iter(f"{SVG}a"))
    assert tree.get("role") == "img"
    assert "evil" not in svg


def test_numbers_beyond_reason_are_drawn(drawer: Drawer) -> None:
    for values in ((1e300, -1e300), (1e-300, 2e-300), (0.0, 5e-324), (1e15, 1e15 + 1)):
        chart = Series(tuple(Point("a", each) for each in values))
        assert drawer.svg(chart, "fr") is not None, values
        assert drawer.svg(Columns(chart.points, unit="EUR"), "fr") is not None, values


def test_many_points_are_drawn(drawer: Drawer) -> None:
    points = tuple(Point(f"jour {index}", float(index % 7)) for index in range(2_000))
    assert drawer.svg(Series(points), "fr") is not None


def test_a_picture_smaller_than_its_words_is_drawn(drawer: Drawer) -> None:
    tiny = Series((Point("a" * 50, 1.0), Point("b" * 50, 2.0)), width=20, height=10)
    assert drawer.svg(tiny, "fr") is not None
    assert drawer.svg(replace(tiny, unit="EUR"), "en") is not None
