"""The pages of the quarantine: see what waits, correct it, load it again, leave it out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from jalon.intake.rules import Rule
from jalon.model.problems import InputError, RequestError
from jalon.render import quarantine as written
from jalon.render.page_json import model, record
from jalon.store.quarantine import SetAside
from jalon.views.data import several
from jalon.views.quarantine import (
    PATH,
    LotView,
    QuarantineView,
    changed,
    found_lot,
    lot_view,
    quarantine_view,
    rule_of,
)
from jalon.web.context import Context, language, remember
from jalon.web.routes.pages import WORKBOOK, download

MAX_FIELDS = 20_000
#: What may just have been done, each with how many rows.
MESSAGES = ("loaded", "wrong", "left", "waiting", "ruled", "dropped", "nothing")


class Quarantined:
    """The routes."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def listed(self, request: Request) -> Response:
        """What waits, and why."""
        with self.context.reading(request) as (source, workspace):
            view = quarantine_view(source, workspace, _done(request))
        return self._page(request, "quarantine.html", view)

    def lot(self, request: Request, import_id: str, name: str) -> Response:
        """The rows of a lot."""
        asked = request.query_params.get("page", "1")
        page = int(asked) if asked.isdecimal() and int(asked[:9]) > 0 else 1
        with self.context.reading(request) as (source, workspace):
            view = lot_view(source, workspace, import_id, name, page, _done(request))
        return self._page(request, "quarantine_rows.html", view)

    def exported(self, request: Request, form: str) -> Response:
        """The rows that wait, as a file to correct and bring back."""
        lang = language(request)
        with self.context.reading(request) as (_, workspace):
            if form == "csv":
                content = written.csv_of(workspace.quarantine, None, lang)
                return download(content, "text/csv; charset=utf-8", "quarantaine.csv")
            content = written.workbook_of(workspace.quarantine, None, lang)
        return download(content, WORKBOOK, "quarantaine.xlsx")

    async def act(self, request: Request, import_id: str) -> Response:
        """What a person says of rows: corrected, left out, a value that means empty."""
        return await run_in_threadpool(self._act, import_id, await _form(request))

    def _act(self, import_id: str, form: dict[str, str]) -> Response:
        with self.context.holder.writing() as workspace:
            lot = form.get("lot", "")
            if "empty" in form:
                done = _empty(workspace, import_id, form["empty"])
            elif "leave" in form or "wait" in form:
                done = _moved(workspace, import_id, form)
            else:
                done = _reloaded(workspace, import_id, form)
            there = any(True for _ in _lots(workspace, import_id, lot))
        to = f"{PATH}/{import_id}/{lot}" if there else PATH
        return RedirectResponse(f"{to}?{'&'.join(f'{k}={n}' for k, n in done.items())}", 303)

    async def drop(self, request: Request) -> Response:
        """Forget a rule."""
        form = await request.form(max_files=0, max_fields=200)
        told = {name: str(form.get(name, "")) for name in ("source", "table", "header")}
        rule = Rule(**told, values=tuple(str(each) for each in form.getlist("value")))
        await run_in_threadpool(self._drop, rule)
        return RedirectResponse(f"{PATH}?dropped=1", 303)

    def _drop(self, rule: Rule) -> None:
        with self.context.holder.writing() as workspace:
            workspace.quarantine.drop_rule(rule)

    def _page(self, request: Request, template: str, view: Any) -> Response:
        if request.url.path.endswith(".json"):
            return JSONResponse(record(view))
        return remember(request, HTMLResponse(self.context.pages.page(template, view)))


async def _form(request: Request) -> dict[str, str]:
    try:
        form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    except HTTPException:
        raise InputError.of("upload_refused") from None
    return {key: str(value) for key, value in form.multi_items()}


def _lots(workspace: Any, import_id: str, name: str) -> list[Any]:
    try:
        return [found_lot(workspace, import_id, name)]
    except RequestError:
        return []


def _numbers(workspace: Any, import_id: str, form: dict[str, str], verb: str) -> list[int]:
    """The rows that a button names: one, or all of the lot."""
    said = form[verb]
    if said.isdecimal():
        return [int(said[:9])]
    lot = found_lot(workspace, import_id, form.get("lot", ""))
    rows = workspace.quarantine.rows(import_id, states=(lot.state,), lot=lot)
    return [row.number for row in rows if row.number is not None]


def _moved(workspace: Any, import_id: str, form: dict[str, str]) -> dict[str, int]:
    if "leave" in form:
        rows = _numbers(workspace, import_id, form, "leave")
        return {"left": workspace.quarantine.leave_out(import_id, rows)}
    rows = _numbers(workspace, import_id, form, "wait")
    return {"waiting": workspace.quarantine.wait_again(import_id, rows)}


def _reloaded(workspace: Any, import_id: str, form: dict[str, str]) -> dict[str, int]:
    said, rows = changed(workspace, import_id, form)
    if not rows:
        return {"nothing": 1}
    return _outcome(workspace, import_id, said, rows)


def _empty(workspace: Any, import_id: str, number: str) -> dict[str, int]:
    """Make a rule of a value, and load again the rows that wait because of it."""
    wanted = [int(number[:9])] if number.isdecimal() else []
    found = workspace.quarantine.rows(import_id, only=wanted)
    rule = rule_of(found[0]) if found else None
    if rule is None:
        return {"nothing": 1}
    workspace.quarantine.add_rule(rule)
    done = {"ruled": 1}
    for name in dict.fromkeys(workspace.quarantine.names().values()):
        if name not in {each.import_id for each in workspace.imports() if not each.undone}:
            continue
        rows = [row.number for row in workspace.quarantine.rows(name) if _same(row, rule)]
        if rows:
            for what, count in _outcome(workspace, name, {}, rows).items():
                done[what] = done.get(what, 0) + count
    return done


def _same(row: SetAside, rule: Rule) -> bool:
    """Whether a rule bears on a row: its cell of that column, whatever it was refused for."""
    cell = {**(row.cells or {}), **row.said}.get(rule.header) or ""
    value = cell.strip().lower()
    place = (row.source, row.table) == (rule.source, rule.table)
    return place and value in {each.strip().lower() for each in rule.values}


def _outcome(
    workspace: Any, import_id: str, said: dict[int, dict[str, str]], rows: list[int]
) -> dict[str, int]:
    done = workspace.quarantine.reload(import_id, said, rows, workspace.settings.zone)
    if done is None:
        return {"nothing": 1}
    wrong = sum(each.rows_quarantined for each in done.files)
    loaded = sum(each.rows_read for each in done.files) - wrong
    return {name: count for name, count in (("loaded", loaded), ("wrong", wrong)) if count}


def _done(request: Request) -> str:
    """What was just done, as the address that the browser was sent to says it."""
    lang, said = language(request), request.query_params
    counts = {name: said[name] for name in MESSAGES if said.get(name, "").isdecimal()}
    return " ".join(
        several(f"quarantine.done.{name}", int(count[:9]), lang) for name, count in counts.items()
    )


def router(context: Context) -> APIRouter:
    """The routes of the quarantine."""
    pages, found = Quarantined(context), APIRouter()

    def exported(form: str) -> Any:
        def answer(request: Request) -> Response:
            return pages.exported(request, form)

        return answer

    for form in ("csv", "xlsx"):
        found.add_api_route(
            f"{PATH}.{form}", exported(form), include_in_schema=False, response_model=None
        )
    for path, page, view in (
        (PATH, pages.listed, QuarantineView),
        (f"{PATH}/{{import_id}}/{{name}}", pages.lot, LotView),
    ):
        found.add_api_route(
            f"{path}.json", page, name=view.__name__, response_model=None,
            responses={200: {"model": model(view)}},
        )  # fmt: skip
        found.add_api_route(path, page, include_in_schema=False, response_model=None)
    for path, act in ((f"{PATH}/regles", pages.drop), (f"{PATH}/{{import_id}}", pages.act)):
        found.add_api_route(
            path, act, methods=["POST"], include_in_schema=False, response_model=None
        )
    return found
