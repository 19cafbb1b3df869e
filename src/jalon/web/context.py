"""What a request is answered with: the workspace, the drawings, the language, the question."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from jalon import locale
from jalon.charts.drawer import Drawer
from jalon.holder import Holder
from jalon.model.tables import TABLES
from jalon.relations.columns import dimensions
from jalon.render.pages import Pages
from jalon.views.asking import RESERVED, asked
from jalon.views.source import Source
from jalon.workspace import Workspace

COOKIE = "lang"
#: Pages kept in memory, 20 to 60 kB each.
KEPT = 200
YEAR = 365 * 24 * 3600
DEFAULT = "fr"

#: Every dimension of every table: what an address may filter by.
KNOWN = frozenset(name for table in TABLES for name in dimensions(table)) - RESERVED


class KeptPages:
    """The last pages written, by what they say: the state of the data, the address, the day."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: tuple[object, ...]) -> bytes | None:
        """A page kept."""
        return self._pages.get(key)

    def put(self, key: tuple[object, ...], page: bytes) -> None:
        """Keep a page, the oldest giving way."""
        with self._changing:
            self._pages[key] = page
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)


@dataclass(frozen=True)
class Context:
    """What the application keeps: ``holder`` has the workspace, ``pages`` the templates, ``kept``
    the pages already written."""

    holder: Holder
    drawer: Drawer
    pages: Pages
    folder: Path
    kept: KeptPages = field(default_factory=KeptPages)

    @contextmanager
    def reading(self, request: Request) -> Iterator[tuple[Source, Workspace]]:
        """The workspace as last committed, with the question of the request's address.

        Raises RequestError where the address asks for what does not exist.
        """
        lang = language(request)
        with self.holder.reading() as workspace:
            known = workspace.measurer.reach()
            last = known[1] if known else dt.date.today()
            fiscal = workspace.settings.fiscal_year_start
            names = KNOWN | (workspace.settings.dimensions.keys() - RESERVED)
            question = asked(request.query_params.multi_items(), lang, last, names, fiscal)
            question = replace(question, dated=known is not None)
            yield Source(workspace, question), workspace


def language(request: Request) -> str:
    """The language asked: in the address, else the one chosen before, else French."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted in locale.LANGUAGES:
            return str(wanted)
    return DEFAULT


def remember(request: Request, response: Response) -> Response:
    """The answer, that keeps the language chosen in the address for the pages that follow."""
    wanted = request.query_params.get("lang")
    if wanted in locale.LANGUAGES:
        response.set_cookie(COOKIE, str(wanted), max_age=YEAR, samesite="strict", httponly=True)
    return response
