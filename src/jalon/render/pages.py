"""A view as an HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jalon import locale
from jalon.charts.data import Chart
from jalon.charts.hygiene import shortened
from jalon.render import sketch
from jalon.views import wording
from jalon.views.parts import Picture, Table

Draw = Callable[[Sequence[Chart], str], Sequence[str | None]]

#: Longer names are cut on a page; they stand whole in the exports.
NAME = 120


class Pages:
    """The templates of a folder. ``draw`` gives the SVG of charts, None for one that failed."""

    def __init__(self, folder: Path, draw: Draw, static: Callable[[str], str]) -> None:
        self.draw = draw
        self.environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["name"] = _name
        self.environment.globals |= {
            "spark": sketch.spark,
            "interval": sketch.interval,
            "bar": sketch.bar,
            "whole": wording.whole,
            "static": static,
            "is_table": lambda each: isinstance(each, Table),
        }

    def page(self, template: str, view: Any) -> str:
        """The page of a view: the template gets the view's fields, and what every page has."""
        lang = view.frame.lang
        said = {each.name: getattr(view, each.name) for each in fields(view)}
        charts = list(_pictures(view))
        drawn = self.draw([each.chart for each in charts], lang) if charts else []
        svgs = {id(each): Markup(svg) for each, svg in zip(charts, drawn, strict=True) if svg}
        return self.environment.get_template(template).render(
            **said,
            t=lambda code, **facts: locale.text(code, lang, **facts),
            svg=lambda picture: svgs.get(id(picture)),
        )


def _pictures(view: Any) -> list[Picture]:
    """The pictures of a view, in order."""
    found: list[Picture] = []
    for each in fields(view):
        value = getattr(view, each.name)
        several = value if isinstance(value, tuple) else (value,)
        found += [one for one in several if isinstance(one, Picture)]
    return found


def _name(text: str) -> str:
    """A name out of someone's files, as a page can show it."""
    return shortened(text, NAME)
