"""The application: its routes, its protection, its errors said in the reader's language."""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from jalon.charts.drawer import Drawer
from jalon.holder import Holder
from jalon.model.problems import JalonError, Problem, RequestError
from jalon.render.pages import Pages
from jalon.render.records import error as error_record
from jalon.views.errors import error_view
from jalon.web.context import Context, language
from jalon.web.guard import Guard
from jalon.web.routes import data, pages, quarantine, settings

HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"
YEAR = 365 * 24 * 3600
#: Codes of what is not there, and of what someone else holds.
STATUS = {
    "page_unknown": 404,
    "unknown_kpi": 404,
    "unknown_version": 404,
    "unknown_import": 404,
    "unknown_deposit": 404,
    "unknown_lot": 404,
    "unknown_job": 404,
    "already_undone": 409,
    "upload_too_large": 413,
}

log = logging.getLogger("jalon.web")


def create_app(holder: Holder, hosts: list[str], drawer: Drawer | None = None) -> FastAPI:
    """The application on a workspace. ``hosts``: the names under which it may be asked for."""
    folder = holder.folder
    drawer = drawer or Drawer(folder / "cache" / "charts")

    def draw(charts, lang):  # type: ignore[no-untyped-def]
        return drawer.svgs([(each, lang) for each in charts])

    context = Context(holder, drawer, Pages(TEMPLATES, draw, static), folder)
    app = FastAPI(
        title="Jalon",
        version=metadata.version("jalon"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.context = context
    app.mount("/static", Kept(directory=STATIC), name="static")
    app.include_router(quarantine.router(context))
    app.include_router(data.router(context))
    app.include_router(settings.router(context))
    app.include_router(pages.router(context))
    app.add_exception_handler(JalonError, _refused(context))
    app.add_exception_handler(HTTPException, _http(context))
    app.add_exception_handler(Exception, _broken(context))
    app.add_middleware(GZipMiddleware, minimum_size=600)
    app.add_middleware(Guard, hosts=hosts)
    return app


@cache
def static(name: str) -> str:
    """The address of a file of ours, that changes when it does."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


class Kept(StaticFiles):
    """Files whose address changes when they do: browsers may keep them."""

    def file_response(self, *args, **kwargs) -> Response:  # type: ignore[no-untyped-def]
        """The file, to be kept."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={YEAR}, immutable"
        return response


# -- errors --------------------------------------------------------------------------------------


def _refused(context: Context):  # type: ignore[no-untyped-def]
    def answer(request: Request, error: JalonError) -> Response:
        usual = 400 if isinstance(error, RequestError) else 422
        return _said(context, request, error, STATUS.get(error.problem.code, usual))

    return answer


def _http(context: Context):  # type: ignore[no-untyped-def]
    def answer(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return _said(context, request, RequestError.of("page_unknown"), 404)
        return Response(str(error.detail), error.status_code)

    return answer


def _broken(context: Context):  # type: ignore[no-untyped-def]
    def answer(request: Request, error: Exception) -> Response:
        log.exception("page failed: %s", request.url.path, exc_info=error)
        problem = Problem("internal_error", {"detail": type(error).__name__})
        return _said(context, request, JalonError(problem), 500)

    return answer


def _said(context: Context, request: Request, error: JalonError, status: int) -> Response:
    """An error in the form that was asked for."""
    lang = language(request)
    if request.url.path.endswith((".json", ".csv", ".xlsx")):
        return JSONResponse(error_record(error, lang), status)
    view = error_view(error, lang, request.url.path)
    return HTMLResponse(context.pages.page("error.html", view), status)
