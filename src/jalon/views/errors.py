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
    today = dt.date.today()
    asked = Asked(lang, usual(today), today)
    said = tuple(
        (capital(locale.sentence(each, lang)), locale.hint(each, lang) or "")
        for each in error.problems[:SAID]
    )
    languages = tuple(
        Link(locale.text(f"page.lang.{each}", each), f"/?lang={each}", each == lang)
        for each in locale.LANGUAGES
    )
    title = locale.text("page.error.title", lang)
    frame = Frame(title, lang, "", menu(asked, path), languages)
    return ErrorView(frame, said, Link(locale.text("page.error.back", lang), paths.OVERVIEW))
