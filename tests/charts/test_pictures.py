"""What a page gets: an SVG without anything that its policy refuses, with links that are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from jalon.charts.data import Chart, Columns, Curve, Point, Series, Survival
from jalon.charts.drawer import Drawer
from jalon.charts.spec import layered, spec
from jalon.charts.theme import LIGHT, resolved

from .examples import COLUMNS, EMPTY, FUNNEL, KINDS, NEGATIVE, SERIES, SINGLE, SURVIVAL, point

SVG = "{http://www.w3.org/2000/svg}"
kinds = pytest.mark.parametrize("chart", KINDS.values(), ids=KINDS)


@pytest.fixture
def drawn(drawer: Drawer) -> Callable[..., ET.Element]:
    def tree(chart: Chart, lang: str = "fr") -> ET.Element:
        svg = drawer.svg(chart, lang)
        assert svg is not None
        return ET.fromstring(svg)

    return tree


def texts(tree: ET.Element) -> list[str]:
    return [each.text or "" for each in tree.iter(f"{SVG}text")]


def paths(tree: ET.Element, paint: str) -> list[str]:
    """The paths of the groups painted so."""
    return [
        each.get("d", "")
        for group in tree.iter(f"{SVG}g")
        if paint in (group.get("fill"), group.get("stroke"))
        for each in group.iter(f"{SVG}path")
        if each.get("fill") != "none"
    ]


@kinds
def test_altair_finds_every_kind_right(chart: Chart) -> None:
    assert layered(chart, "fr").to_dict(validate=True)["layer"]
    with alt.data_transformers.enable(consolidate_datasets=False):
        assert layered(chart, "fr").to_dict() == spec(chart, "fr")


@kinds
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_strict_policy_refuses_nothing(drawer: Drawer, chart: Chart, lang: str) -> None:
    svg = drawer.svg(chart, lang)
    assert svg is not None
    tree = ET.fromstring(svg)
    known = {"svg", "g", "a", "path", "circle", "text", "title"}
    assert {each.tag.removeprefix(SVG) for each in tree.iter()} <= known
    names = {name for each in tree.iter() for name in each.attrib}
    assert not names & {"style", "id", "onclick", "onload"}
    assert "xlink" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


@kinds
def test_colours_are_those_of_the_page(drawer: Drawer, chart: Chart) -> None:
    svg = drawer.svg(chart, "fr")
    assert svg is not None
    paints = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) - {"none"}
    assert all(re.fullmatch(r"var\(--[a-z-]+\)", each) for each in paints)
    assert {each[6:-1] for each in paints} <= set(LIGHT)
    assert "var(" not in resolved(svg)


@kinds
def test_a_chart_has_its_name(drawn: Callable[..., ET.Element], chart: Chart) -> None:
    tree = drawn(chart)
    assert tree.get("class") == "chart"
    assert tree.get("width") == "100%"
    assert tree.get("viewBox") == f"0 0 {chart.width} {chart.height}"
    assert tree.get("aria-label") == chart.alt
    assert tree.get("role") == ("group" if list(tree.iter(f"{SVG}a")) else "img")


def test_a_chart_without_message_is_a_chart(drawn: Callable[..., ET.Element]) -> None:
    assert drawn(replace(SINGLE, alt="")).get("aria-label") == "Graphique"


@pytest.mark.parametrize("chart", [SERIES, COLUMNS], ids=["series", "columns"])
def test_marks_lead_to_their_rows_and_say_all(
    drawn: Callable[..., ET.Element], chart: Series | Columns
) -> None:
    links = list(drawn(chart).iter(f"{SVG}a"))
    assert [each.get("href") for each in links] == [each.href for each in chart.points]
    assert [each.findtext(f"{SVG}title") for each in links] == [each.title for each in chart.points]


def test_what_is_not_a_link_is_hidden_from_a_reader(drawn: Callable[..., ET.Element]) -> None:
    ground = drawn(SERIES)[0]
    for group in ground:
        assert group.get("aria-hidden") == "true" or list(group.iter(f"{SVG}a"))


def test_a_mark_without_link_has_a_name_beside_links(drawn: Callable[..., ET.Element]) -> None:
    points = (point(0, 0.2), replace(point(1, 0.3), href=None))
    tree = drawn(replace(SINGLE, points=points))
    assert len(list(tree.iter(f"{SVG}a"))) == 1
    (mark,) = [each for each in tree.iter(f"{SVG}g") if each.get("role") == "img"]
    assert mark.findtext(f"{SVG}title") == points[1].title


def test_a_chart_is_small(drawer: Drawer) -> None:
    svg = drawer.svg(SERIES, "fr")
    assert svg is not None
    assert len(svg.encode()) < 8_000


@pytest.mark.parametrize(
    ("values", "unit", "french", "english"),
    [
        ((0.15, 0.34), "percent", "30\u202f%", "30%"),
        ((0.011, 0.016), "percent", "1,4\u202f%", "1.4%"),
        ((1_000.0, 9_000.0), "EUR", "4\u202f000\u00a0€", "€4,000"),
        ((100_000.0, 390_000.0), "EUR", "200\u00a0k€", "€200k"),
        ((1e7, 5e7), "EUR", "20\u00a0M€", "€20M"),
        ((-4_000.0, 4_000.0), "EUR", "−4\u202f000\u00a0€", "−€4,000"),
        ((12_000.0, 52_000.0), "number", "20\u202f000", "20,000"),
        ((-20.0, 40.0), "points", "+20", "+20"),
        ((-20.0, 40.0), "points", "−20", "−20"),
        ((3.0, 13.0), "days", "10\u00a0j", "10\u00a0d"),
        ((3.0, 13.0), "months", "10\u00a0mois", "10\u00a0months"),
        ((3.0, 13.0), "per_year", "10\u00a0/an", "10\u00a0/yr"),
    ],
)
def test_an_axis_says_its_unit(
    drawn: Callable[..., ET.Element],
    values: tuple[float, ...],
    unit: str,
    french: str,
    english: str,
) -> None:
    chart = Series(tuple(Point("a", each) for each in values), unit=unit)
    assert french in texts(drawn(chart, "fr"))
    assert english in texts(drawn(chart, "en"))


def test_few_periods_are_named(drawn: Callable[..., ET.Element]) -> None:
    labels = [each.label for each in SERIES.points]
    found = [each for each in texts(drawn(SERIES)) if each in labels]
    assert found[0] == labels[0]
    assert found[-1] == labels[-1]
    assert 3 <= len(found) <= 7


def test_an_unknown_value_breaks_line_and_band(drawn: Callable[..., ET.Element]) -> None:
    points = tuple(point(index, None if index == 4 else value) for index, value in enumerate(RATES))
    tree = drawn(Series(points, unit="percent"))
    (line,) = paths(tree, "var(--data)")
    (area,) = paths(tree, "var(--data-soft)")
    assert line.count("M") == area.count("M") == 2
    assert len(list(tree.iter(f"{SVG}circle"))) == len(RATES) - 1


RATES = tuple(0.2 + 0.01 * (index % 4) for index in range(9))


def test_what_is_estimated_is_dashed_in_its_colour(drawn: Callable[..., ET.Element]) -> None:
    tree = drawn(SERIES)
    dashed = {each.get("stroke") for each in tree.iter(f"{SVG}g") if each.get("stroke-dasharray")}
    assert dashed == {"var(--guess)", "var(--ref)"}
    guessed = [each for each in tree.iter(f"{SVG}g") if each.get("fill") == "var(--guess)"]
    assert [len(list(each.iter(f"{SVG}circle"))) for each in guessed] == [2]


def test_an_estimated_period_between_others_keeps_its_place(
    drawn: Callable[..., ET.Element],
) -> None:
    tree = drawn(replace(SERIES, provisional=(5,)))
    titles = [each.findtext(f"{SVG}title") for each in tree.iter(f"{SVG}a")]
    assert titles == [each.title for each in SERIES.points]


def test_a_lone_point_has_a_dot_and_an_interval(drawn: Callable[..., ET.Element]) -> None:
    tree = drawn(SINGLE)
    assert len(list(tree.iter(f"{SVG}circle"))) == 1
    assert len(paths(tree, "var(--data-soft)")) == 1


def test_nothing_to_draw_is_said(drawn: Callable[..., ET.Element]) -> None:
    assert "Aucune valeur à tracer" in texts(drawn(EMPTY))
    assert "No value to draw" in texts(drawn(Columns(()), "en"))
    assert "Aucune valeur à tracer" in texts(drawn(Survival((Curve("a", (), ()),))))


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_not_drawn(
    drawn: Callable[..., ET.Element], strange: float
) -> None:
    points = (
        Point("a", 1.0, 0.5, strange),
        Point("b", strange, 0.0, 1.0),
        Point("c", 2.0, 1.0, 3.0),
    )
    tree = drawn(Series(points, (strange, None, 1.0)))
    assert len(list(tree.iter(f"{SVG}circle"))) == 2


def test_an_interval_without_width_is_drawn(drawn: Callable[..., ET.Element]) -> None:
    points = tuple(Point(each, 0.0, 0.0, 0.0) for each in "abc")
    tree = drawn(Series(points, unit="percent"))
    assert len(list(tree.iter(f"{SVG}circle"))) == 3


def test_bars_stand_on_zero(drawn: Callable[..., ET.Element]) -> None:
    tree = drawn(NEGATIVE)
    bars = [re.findall(r"-?[\d.]+", each) for each in paths(tree, "var(--data)")]
    tops = [float(each[1]) for each in bars]
    bottoms = [top + float(each[3]) for top, each in zip(tops, bars, strict=True)]
    assert bottoms[0] == pytest.approx(tops[1], abs=0.2)
    assert bottoms[0] == pytest.approx(bottoms[2], abs=0.2)


def test_a_reference_is_a_thin_mark_a_bar(drawn: Callable[..., ET.Element]) -> None:
    (marks,) = paths(drawn(COLUMNS), "var(--ref)")
    assert marks.count("M") == len(COLUMNS.reference)


def test_curves_are_named_apart_at_their_ends(drawn: Callable[..., ET.Element]) -> None:
    tree = drawn(SURVIVAL)
    at = {each.text: float(each.get("y", "0")) for each in tree.iter(f"{SVG}text")}
    assert at["clients 2023"] - at["clients 2024"] >= 13
    assert "36\u00a0mois" in at


def test_a_curve_stops_where_it_is_not_known(drawn: Callable[..., ET.Element]) -> None:
    curve = Curve("a", (0.0, 1.0, 2.0, 3.0), (1.0, 0.8, None, 0.5))
    (line,) = paths(drawn(Survival((curve,))), "var(--data)")
    assert line.count("L") == 2


def test_a_funnel_names_what_stands_out_and_links_every_point(
    drawn: Callable[..., ET.Element],
) -> None:
    tree = drawn(FUNNEL)
    said = texts(tree)
    assert {"Rep 1", "95\u202f%", "99,8\u202f%", "26,0\u202f%"} <= set(said)
    assert "Rep 2" not in said
    assert said.count("300\u00a0cas") == 1
    links = {each.get("href") for each in tree.iter(f"{SVG}a")}
    assert links == {f"/affaires?owner={index}" for index in range(5)}


def test_a_point_far_right_has_its_name_on_its_left(drawn: Callable[..., ET.Element]) -> None:
    tree = drawn(replace(FUNNEL, named=(0, 4)))
    sides = {
        text.text: group.get("text-anchor")
        for group in tree.iter(f"{SVG}g")
        for text in group.findall(f"{SVG}text")
    }
    assert (sides["Rep 0"], sides["Rep 4"]) == ("start", "end")
