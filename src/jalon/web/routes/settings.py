"""The page of the settings: read them, change them, see the company's own KPIs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from jalon import locale
from jalon.catalogue.catalogue import Catalogue, built_in
from jalon.catalogue.history import known_in
from jalon.measure.own import own_of, wrong
from jalon.model.problems import InputError, JalonError, Problem
from jalon.render.page_json import model, record
from jalon.state import settings_file
from jalon.state.places import KPIS, SETTINGS
from jalon.state.settings import understood
from jalon.views import paths
from jalon.views.errors import bare_frame
from jalon.views.frame import frame
from jalon.views.settings import Desk, Fault, SettingsView, fault, groups, own_kpis, to_mend
from jalon.views.settings_form import Texts, Wrong, changed, place, shown
from jalon.views.source import Source
from jalon.web.context import Context, language, remember
from jalon.workspace import Workspace

MAX_FIELDS = 5_000


@dataclass(frozen=True)
class Typed:
    """What a person typed and why it was not saved: ``wrong`` by name of the form."""

    texts: Texts
    wrong: tuple[Wrong, ...]


class Desks:
    """The routes."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.file: Path = context.folder / SETTINGS
        self._writing = threading.Lock()

    def shown(self, request: Request) -> Response:
        """The settings as they are."""
        view = self._view(request, None)
        if request.url.path.endswith(".json"):
            return JSONResponse(record(view))
        return remember(request, self._page(view))

    async def save(self, request: Request) -> Response:
        """Write what was typed; nothing where any of it is wrong, each said beside its field."""
        try:
            form = await request.form(max_files=0, max_fields=MAX_FIELDS)
        except HTTPException:
            raise InputError.of("upload_refused") from None
        texts = {name: str(value) for name, value in form.multi_items()}
        return await run_in_threadpool(self._save, request, texts)

    def _save(self, request: Request, texts: Texts) -> Response:
        with self._writing:
            problems = self._written(texts, language(request))
        if not problems:
            return RedirectResponse(f"{paths.SETTINGS}?saved=1", 303)
        return self._page(self._view(request, Typed(texts, problems)), 422)

    def _written(self, texts: Texts, lang: str) -> tuple[Wrong, ...]:
        """Write the file as the form asks, whole; else what is wrong, and nothing is written."""
        name = str(self.file)
        try:
            before = settings_file.read(self.file)
            raw = settings_file.raw(before, name)
        except JalonError as error:
            return tuple(("", each) for each in error.problems)
        if texts.get("digest") != settings_file.digest(before):
            return (("", Problem("settings_changed")),)
        changes, problems = changed(texts, raw, lang)
        after = settings_file.rewritten(before, changes)
        problems += [(place(each.where.column, texts), each) for each in self._problems(after)]
        if problems:
            return tuple(problems)
        try:
            settings_file.write(self.file, after)
        except OSError as error:
            return (("", Problem("settings_unwritable", {"detail": str(error)})),)
        return ()

    def _problems(self, text: str) -> list[Problem]:
        settings, problems = understood(text, SETTINGS)
        return [*problems, *wrong(own_of(settings), SETTINGS)]

    def _page(self, view: SettingsView, status: int = 200) -> HTMLResponse:
        return HTMLResponse(self.context.pages.page("settings.html", view), status)

    # -- what the page says ----------------------------------------------------------------------

    def _view(self, request: Request, typed: Typed | None) -> SettingsView:
        lang, folder = language(request), self.context.folder
        text, raw, found = self._found()
        with ExitStack() as reading:
            source, workspace = self._read(request, reading)
            known, kpi_problems = self._known(workspace)
            texts = typed.texts if typed else shown(raw, lang)
            beside = (
                typed.wrong if typed else tuple((place(p.where.column, texts), p) for p in found)
            )
            sources = sorted({each for held in _held(workspace) for each in held})
            desk = Desk(raw, texts, beside, sources, known, lang)
            made = groups(desk)
            fields = {entry.name for group in made for entry in group.entries}
            lacks = workspace.lacks if workspace else None
            return SettingsView(
                frame=_framed(source, lang),
                message=locale.text("settings.saved", lang) if _saved(request) else "",
                faults=tuple(fault(each, lang) for at, each in beside if at not in fields),
                mend=tuple(to_mend(made)),
                groups=made,
                file=str(self.file),
                digest=settings_file.digest(text),
                kpis=tuple(own_kpis(known, lang, lacks)),
                kpi_faults=self._faults(kpi_problems, lang),
                folder=str(folder / KPIS),
                closed=locale.text("settings.closed", lang) if _closed(found) else "",
            )

    def _read(self, request: Request, reading: ExitStack) -> tuple[Source | None, Workspace | None]:
        """The workspace, where its settings let it be read."""
        try:
            return reading.enter_context(self.context.reading(request))
        except JalonError:
            return None, None

    def _known(self, workspace: Workspace | None) -> tuple[Catalogue, Sequence[Problem]]:
        """The KPIs, and what is wrong in the company's own."""
        if workspace:
            return workspace.catalogue, ()
        try:
            return known_in(self.context.folder), ()
        except JalonError as error:
            return built_in(), error.problems

    def _found(self) -> tuple[str, dict[str, Any], list[Problem]]:
        """The file's text, the settings as written, and what is wrong in them."""
        text = ""
        try:
            text = settings_file.read(self.file)
            return text, settings_file.raw(text, SETTINGS), self._problems(text)
        except JalonError as error:
            return text, {}, list(error.problems)

    def _faults(self, problems: Sequence[Problem], lang: str) -> tuple[Fault, ...]:
        folder = str(self.context.folder) + "/"
        near = (
            each.at(file=each.where.file.removeprefix(folder)) if each.where.file else each
            for each in problems
        )
        return tuple(dict.fromkeys(fault(each, lang) for each in near))


def _held(workspace: Workspace | None) -> list[Sequence[str]]:
    return [each.sources for each in workspace.holdings()] if workspace else []


def _framed(source: Source | None, lang: str) -> Any:
    title = locale.text("page.settings", lang)
    if source is None:
        return bare_frame(title, lang, paths.SETTINGS, paths.SETTINGS)
    return frame(source, paths.SETTINGS, title, filters=None, formats=("json",))


def _saved(request: Request) -> bool:
    return request.query_params.get("saved") == "1"


def _closed(found: Sequence[Problem]) -> bool:
    return any(each.code.startswith(("yaml_", "settings_no_names")) for each in found)


def router(context: Context) -> APIRouter:
    """The routes of the settings."""
    pages, found = Desks(context), APIRouter()
    path = paths.SETTINGS
    found.add_api_route(
        f"{path}.json",
        pages.shown,
        name="settings.json",
        response_model=None,
        responses={200: {"model": model(SettingsView)}},
    )
    found.add_api_route(path, pages.shown, include_in_schema=False, response_model=None)
    found.add_api_route(
        path, pages.save, methods=["POST"], include_in_schema=False, response_model=None
    )
    return found
