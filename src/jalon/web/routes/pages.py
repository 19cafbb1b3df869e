"""The pages that read: each as HTML, JSON, CSV and a workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from jalon.render.exports import csv_of, workbook_of
from jalon.render.page_json import model, record
from jalon.views import paths
from jalon.views.attention import Waiting
from jalon.views.catalogue import CatalogueView, catalogue_view
from jalon.views.kpi import KpiView, kpi_view
from jalon.views.overview import OverviewView, overview_view
from jalon.views.patterns import PatternsView, patterns_view
from jalon.views.reconcile import ReconcileView, reconcile_view
from jalon.views.rests import rests_on
from jalon.views.rows import RowsView, rows_view
from jalon.views.source import Source
from jalon.views.subject import SubjectView, subject_view
from jalon.views.subjects import SUBJECTS, Subject
from jalon.web.context import Context, remember
from jalon.workspace import Workspace

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Make = Callable[[Source, Workspace, Request, str], Any]


@dataclass(frozen=True)
class Page:
    """A page: its address, its template, what makes its view from a request and a form."""

    name: str
    path: str
    template: str
    view: type
    make: Make
    forms: Sequence[str] = field(default=("json", "xlsx", "csv"))


def _overview(source: Source, workspace: Workspace, request: Request, form: str) -> OverviewView:
    found, import_id = workspace.pending()
    waiting = Waiting(found.rows, found.unlinked, found.proposals, import_id)
    return overview_view(source, waiting, empty=not workspace.imports())


def _subject(subject: Subject) -> Make:
    def make(source: Source, workspace: Workspace, request: Request, form: str) -> SubjectView:
        return subject_view(source, subject)

    return make


def _kpi(source: Source, workspace: Workspace, request: Request, form: str) -> KpiView:
    query, kpi = request.query_params, request.path_params["kpi"]
    part = query.get("part") or None
    return kpi_view(
        source,
        kpi,
        by=query.get("by") or None,
        grain=query.get("grain") or "month",
        part=part,
        rests=rests_on(source, workspace, kpi, part),
    )


def _rows(source: Source, workspace: Workspace, request: Request, form: str) -> RowsView:
    query = request.query_params
    page = query.get("page") or "1"
    return rows_view(
        source,
        request.path_params["kpi"],
        page=int(page) if page.isdecimal() and len(page) < 10 else 1,
        sort=query.get("sort") or None,
        only=query.get("only") == "success",
        part=query.get("part") or None,
        whole=form in ("csv", "xlsx"),
    )


def _reconcile(source: Source, workspace: Workspace, request: Request, form: str) -> ReconcileView:
    query = request.query_params
    return reconcile_view(
        source,
        request.path_params["kpi"],
        typed=(query.get("theirs") or "").strip()[:60],
        part=query.get("part") or None,
    )


def _catalogue(source: Source, workspace: Workspace, request: Request, form: str) -> CatalogueView:
    return catalogue_view(source, (request.query_params.get("q") or "")[:200])


def _patterns(source: Source, workspace: Workspace, request: Request, form: str) -> PatternsView:
    return patterns_view(source)


PAGES = (
    Page("overview", "/", "overview.html", OverviewView, _overview),
    *(Page(each.name, each.path, "subject.html", SubjectView, _subject(each)) for each in SUBJECTS),
    Page("rows", paths.rows("{kpi}"), "rows.html", RowsView, _rows),
    Page("reconcile", paths.reconcile("{kpi}"), "reconcile.html", ReconcileView, _reconcile),
    Page("kpi", paths.kpi("{kpi}"), "kpi.html", KpiView, _kpi),
    Page("catalogue", paths.CATALOGUE, "catalogue.html", CatalogueView, _catalogue, ("json",)),
    Page("patterns", paths.PATTERNS, "patterns.html", PatternsView, _patterns, ("json",)),
)


def router(context: Context) -> APIRouter:
    """The routes of the pages: their other forms first, whose addresses are longer."""
    found = APIRouter()
    for page in PAGES:
        stem = "/accueil" if page.path == "/" else page.path
        for form in page.forms:
            found.add_api_route(
                f"{stem}.{form}",
                _answering(context, page, form),
                methods=["GET"],
                name=f"{page.name}.{form}",
                include_in_schema=form == "json",
                response_model=None,
                responses={200: {"model": model(page.view)}} if form == "json" else None,
            )
    for page in PAGES:
        found.add_api_route(
            page.path,
            _answering(context, page, "html"),
            methods=["GET"],
            name=page.name,
            include_in_schema=False,
            response_model=None,
            response_class=HTMLResponse,
        )
    return found


def _answering(context: Context, page: Page, form: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        with context.reading(request) as (source, workspace):
            today = dt.date.today()
            key = (workspace.committed, workspace.stamp, str(request.url), source.lang, today, form)
            kept = context.kept.get(key)
            view = None if kept else page.make(source, workspace, request, form)
        if kept is None:
            response = as_form(context, page, view, form, request)
            if form == "html":
                context.kept.put(key, bytes(response.body))
        else:
            response = HTMLResponse(kept)
        return remember(request, response)

    return answer


def as_form(context: Context, page: Page, view: Any, form: str, request: Request) -> Response:
    """A view in the form asked."""
    name = f"jalon-{request.path_params.get('kpi') or page.name}"
    if form == "json":
        return JSONResponse(record(view))
    if form == "csv":
        content = csv_of(view, request.query_params.get("table"))
        return download(content, "text/csv; charset=utf-8", f"{name}.csv")
    if form == "xlsx":
        return download(workbook_of(view, str(request.url)), WORKBOOK, f"{name}.xlsx")
    return HTMLResponse(context.pages.page(page.template, view))


def download(content: bytes, kind: str, name: str) -> Response:
    """A file to keep."""
    plain = "".join(each for each in name if each.isascii() and (each.isalnum() or each in "-_."))
    headers = {"content-disposition": f'attachment; filename="{plain}"'}
    return Response(content, media_type=kind, headers=headers)
