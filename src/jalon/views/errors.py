"""The page of what cannot be shown: what, where, what to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jalon import locale
from jalon.model.problems import JalonError
from jalon.views import paths
from jalon.views.asking import Asked, usual
from jalon.views.frame import menu
from jalon.views.parts import Frame, Link
from jalon.views.wording import capital

#: Problems said at most.
SAID = 20


@dataclass(frozen=True)
class ErrorView:
    """``frame``: menu. ``problems``: what is wrong and what to do, a pair each. ``back``: a way
    out."""

    frame: Frame
    problems: tuple[tuple[str, str], ...]
    back: Link


def error_view(error: JalonError, lang: str, path: str) -> ErrorView:
    """The page of an error."""
    said = tuple(
        (capital(locale.sentence(each, lang)), locale.hint(each, lang) or "")
        for each in error.problems[:SAID]
    )
    frame = bare_frame(locale.text("page.error.title", lang), lang, path)
    return ErrorView(frame, said, Link(locale.text("page.error.back", lang), paths.OVERVIEW))


def bare_frame(title: str, lang: str, path: str, home: str = paths.OVERVIEW) -> Frame:
    """The frame of a page that reads no data; the other languages lead to ``home``."""
    today = dt.date.today()
    asked = Asked(lang, usual(today), today)
    languages = tuple(
        Link(locale.text(f"page.lang.{each}", each), f"{home}?lang={each}", each == lang)
        for each in locale.LANGUAGES
    )
    return Frame(title, lang, "", menu(asked, path), languages)
