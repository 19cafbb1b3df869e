"""The data pages: drop files, check what was understood, load, read the report, take back."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from collections import OrderedDict
from typing import Any

import yaml
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from jalon import locale
from jalon.intake.report import Report
from jalon.model.problems import InputError, MustAskError
from jalon.render.page_json import model, record
from jalon.render.sheets import Sheet, as_csv, as_workbook
from jalon.state.places import MAPS
from jalon.views import paths
from jalon.views.corrections import corrected
from jalon.views.data import (
    ConfirmView,
    DataView,
    ImportView,
    confirm_view,
    data_view,
    import_view,
)
from jalon.views.job import JobView, job_view
from jalon.views.upload import DepositView, deposit_view, ready
from jalon.web.context import Context, language, remember
from jalon.web.deposits import MAX_BYTES, MAX_FILES, Deposit, Deposits
from jalon.web.jobs import Jobs
from jalon.web.routes.pages import WORKBOOK, download

#: Plans of uploads remembered: looking at a large file takes seconds.
PLANS = 8
#: Fields of the form of an upload: twenty files of some hundreds of columns.
MAX_FIELDS = 20_000
MESSAGES = ("undone", "dropped", "corrected", "forgotten", "unlearnt")


class Data:
    """The routes, with what they keep: deposits, imports under way, plans of uploads."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.deposits = Deposits(context.folder)
        self.deposits.forget_drafts()
        self.jobs = Jobs()
        self._plans: OrderedDict[tuple[str, str], tuple[Report, str]] = OrderedDict()
        self._remembering = threading.Lock()

    # -- reading ---------------------------------------------------------------------------------

    def data(self, request: Request) -> Response:
        """What is held, what was imported, what awaits a decision."""
        limits = (MAX_FILES, MAX_BYTES // 2**20)
        with self.context.reading(request) as (source, workspace):
            view = data_view(source, workspace, _done(request), limits, self.context.holder.busy)
        return self._page(request, "data.html", view)

    def report(self, request: Request, import_id: str) -> Response:
        """The report of an import."""
        asked = request.query_params.get("page", "1")
        page = int(asked) if asked.isdecimal() and int(asked[:9]) > 0 else 1
        with self.context.reading(request) as (source, workspace):
            view = import_view(source, workspace, import_id, page)
        return self._page(request, "import.html", view)

    def refused(self, request: Request, import_id: str, form: str) -> Response:
        """The cells that an import set apart, as CSV or XLSX."""
        with self.context.reading(request) as (source, workspace):
            view = import_view(source, workspace, import_id, whole=True)
        lang = source.lang
        names = ("file", "row", "column", "value", "reason")
        heads = tuple(locale.text(f"data.head.{name}", lang) for name in names)
        sheet = Sheet(locale.text("data.quarantine", lang), heads, view.refused)
        if form == "csv":
            return download(as_csv(sheet, lang), "text/csv; charset=utf-8", "quarantaine.csv")
        about = [(locale.text("page.sheet.page", lang), view.frame.title)]
        content = as_workbook([sheet], about, lang, view.frame.title)
        return download(content, WORKBOOK, "quarantaine.xlsx")

    def confirm(self, request: Request, import_id: str) -> Response:
        """Ask before an import is taken back."""
        with self.context.reading(request) as (source, workspace):
            view = confirm_view(source, workspace, import_id)
        return self._page(request, "confirm.html", view)

    # -- uploads ---------------------------------------------------------------------------------

    def deposit(self, request: Request, name: str) -> Response:
        """What was understood of an upload."""
        deposit = self.deposits[name]
        plan, document = self._plan(deposit)
        said = deposit.said()
        told, full = any(said.values()), bool(said.get("full"))
        with self.context.reading(request) as (source, _):
            view = deposit_view(source, name, plan, document, told, _done(request), full=full)
        return self._page(request, "deposit.html", view)

    async def receive(self, request: Request) -> Response:
        """Files dropped."""
        try:
            form = await request.form(max_files=MAX_FILES, max_fields=10)
        except HTTPException as error:
            many = str(error.detail).startswith("Too many")
            code = "upload_too_many" if many else "upload_refused"
            raise InputError.of(code, files=MAX_FILES) from None
        async with contextlib.AsyncExitStack() as closing:
            closing.push_async_callback(form.close)
            files = [
                (each.filename, each.file)
                for _, each in form.multi_items()
                if isinstance(each, UploadFile) and each.filename
            ]
            deposit = await run_in_threadpool(self.deposits.receive, files)
        return _go(f"{paths.DATA}/depots/{deposit.id}")

    async def correct(self, request: Request, name: str) -> Response:
        """What the user says of an upload."""
        try:
            form = await request.form(max_files=0, max_fields=MAX_FIELDS)
        except HTTPException:
            raise InputError.of("upload_refused", files=MAX_FILES) from None
        said = {key: str(value) for key, value in form.multi_items()}
        return await run_in_threadpool(self._corrected, name, said)

    def _corrected(self, name: str, said: dict[str, str]) -> Response:
        """Loaded at once only where nothing changes from what was shown."""
        deposit = self.deposits[name]
        if said.get("then") == "unlearn":
            with self.context.holder.looking() as workspace:
                workspace.forget([deposit.files], deposit.brief(workspace.settings.zone))
            return _go(f"{paths.DATA}/depots/{name}?done=unlearnt")
        before = deposit.said()
        after: dict[str, Any] = {"files": [], "readings": {}}
        if said.get("then") != "forget":
            plan, document = self._plan(deposit)
            after = corrected(plan, document, before, said)
        if after != before:
            deposit.correct(after)
            done = "corrected" if any(after.values()) else "forgotten"
            return _go(f"{paths.DATA}/depots/{name}?done={done}")
        if said.get("then") == "load" and ready(self._plan(deposit)[0]):
            return self.load(name)
        return _go(f"{paths.DATA}/depots/{name}")

    def load(self, name: str) -> Response:
        """Begin the import of an upload. Raises MustAskError where an answer is awaited."""
        deposit = self.deposits[name]
        plan, _ = self._plan(deposit)
        asked = [each.must_ask for each in plan.files if each.must_ask]
        if asked:
            raise MustAskError(asked)
        job = self.jobs.start(
            deposit.id, tuple(deposit.names), functools.partial(self._load, deposit)
        )
        return _go(f"{paths.DATA}/travaux/{job.id}")

    def _load(self, deposit: Deposit, step: Any) -> Report:
        with self.context.holder.writing() as workspace:
            brief = deposit.brief(workspace.settings.zone)
            done = workspace.import_([deposit.files], brief, step)
        if done.import_id and not done.must_ask:
            self.deposits.remove(deposit)
        return done

    def drop(self, name: str) -> Response:
        """Give an upload up."""
        self.deposits.remove(self.deposits[name])
        return _go(f"{paths.DATA}?done=dropped")

    def job(self, request: Request, name: str) -> Response:
        """An import under way: asked again until its end."""
        job = self.jobs[name]
        with self.context.reading(request) as (source, _):
            view = job_view(source, job)
        response = self._page(request, "job.html", view)
        if view.state in ("waiting", "running"):
            response.headers["refresh"] = "2"
        return response

    def undo(self, import_id: str) -> Response:
        """Take an import back."""
        with self.context.holder.writing() as workspace:
            workspace.undo(import_id)
        return _go(f"{paths.DATA}?done=undone")

    def _plan(self, deposit: Deposit) -> tuple[Report, dict[str, Any]]:
        """What an import would do, and its mapping as data; kept until it is corrected."""
        learnt = sorted(each.name for each in (self.context.folder / MAPS).glob("learnt-*"))
        key = (deposit.id, json.dumps([deposit.said(), learnt]))
        found = self._plans.get(key)
        if found is None:
            with self.context.holder.looking() as workspace:
                found = workspace.foresee([deposit.files], deposit.brief(workspace.settings.zone))
            with self._remembering:
                self._plans[key] = found
                while len(self._plans) > PLANS:
                    self._plans.popitem(last=False)
        plan, text = found
        return plan, yaml.safe_load(text) or {}

    def _page(self, request: Request, template: str, view: Any) -> Response:
        if request.url.path.endswith(".json"):
            return JSONResponse(record(view))
        return remember(request, HTMLResponse(self.context.pages.page(template, view)))


def _done(request: Request) -> str:
    """What was just done, as the address that the browser was sent to says it."""
    said = request.query_params.get("done")
    return locale.text(f"data.done.{said}", language(request)) if said in MESSAGES else ""


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)


def router(context: Context) -> APIRouter:
    """The routes of the data pages."""
    data, found = Data(context), APIRouter()
    top = paths.DATA

    def read(path: str, page: Any, view: type) -> None:
        found.add_api_route(
            f"{path}.json", page, name=view.__name__, response_model=None,
            responses={200: {"model": model(view)}},
        )  # fmt: skip
        found.add_api_route(path, page, include_in_schema=False, response_model=None)

    def refused(form: str) -> Any:
        def answer(request: Request, import_id: str) -> Response:
            return data.refused(request, import_id, form)

        return answer

    for form in ("csv", "xlsx"):
        found.add_api_route(
            f"{top}/imports/{{import_id}}.{form}", refused(form), include_in_schema=False,
            response_model=None,
        )  # fmt: skip
    read(top, data.data, DataView)
    read(f"{top}/imports/{{import_id}}/annuler", data.confirm, ConfirmView)
    read(f"{top}/imports/{{import_id}}", data.report, ImportView)
    read(f"{top}/depots/{{name}}", data.deposit, DepositView)
    read(f"{top}/travaux/{{name}}", data.job, JobView)
    for path, page in (
        (f"{top}/depots", data.receive),
        (f"{top}/depots/{{name}}", data.correct),
        (f"{top}/depots/{{name}}/charger", data.load),
        (f"{top}/depots/{{name}}/abandonner", data.drop),
        (f"{top}/imports/{{import_id}}/annuler", data.undo),
    ):
        found.add_api_route(
            path, page, methods=["POST"], include_in_schema=False, response_model=None
        )
    return found
