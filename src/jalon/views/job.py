"""The page of a loading: what it does, step by step, then what became of each file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jalon import locale
from jalon.intake.report import Report, facts
from jalon.model.problems import JalonError
from jalon.model.tables import TABLES
from jalon.views import paths
from jalon.views.data import FileCounts, file_counts, sentence
from jalon.views.frame import frame
from jalon.views.parts import Frame, Link
from jalon.views.source import Source


@dataclass(frozen=True)
class JobView:
    """``frame``: menu. ``state``: waiting, running, done or failed. ``said``: it in words.
    ``steps``: what was begun. ``files``: what became of each, once done. ``problems``: what failed
    and what to do. ``next``: where to go on."""

    frame: Frame
    state: str
    said: str
    steps: tuple[str, ...]
    files: tuple[FileCounts, ...]
    problems: tuple[tuple[str, str], ...]
    next: tuple[Link, ...]


def job_view(source: Source, job: Any) -> JobView:
    """An import under way, or its end."""
    lang = source.lang
    path = f"{paths.DATA}/travaux/{job.id}"
    # Read first: a job that has ended since has its report.
    now = job.state
    report: Report | None = job.report
    kept = facts(report)["files"] if report else []
    error: JalonError | None = job.error
    problems = [
        (sentence(each, lang), locale.hint(each, lang) or "")
        for each in (error.problems if error else ())
    ]
    nothing = report is not None and report.import_id is None
    state = "nothing" if nothing else now
    return JobView(
        frame=frame(source, path, locale.text("data.loading", lang), filters=None, formats=()),
        state=now,
        said=locale.text(f"data.job.{state}", lang),
        steps=tuple(locale.text("data.step", lang, name=_step(each, lang)) for each in job.steps),
        files=tuple(file_counts(each, lang) for each in kept),
        problems=tuple(problems),
        next=tuple(_next(source, job, report)),
    )


def _next(source: Source, job: Any, report: Report | None) -> list[Link]:
    lang, asked = source.lang, source.asked
    held = report is not None and (report.must_ask or report.import_id is None)
    found = []
    if report is not None and report.import_id:
        place = f"{paths.DATA}/imports/{report.import_id}"
        found.append(Link(locale.text("data.read_figures", lang), asked.href(paths.OVERVIEW)))
        found.append(Link(locale.text("data.see_report", lang), asked.href(place)))
    if job.state == "failed" or held:
        place = f"{paths.DATA}/depots/{job.deposit}"
        found.append(Link(locale.text("data.answer", lang), asked.href(place)))
    return found


def _step(name: str, lang: str) -> str:
    """A step of an import: a table, a file, or a named one."""
    if name in TABLES:
        return (TABLES[name].fr if lang == "fr" else TABLES[name].en).lower()
    said = locale.text(f"data.step.{name}", lang)
    return name if said.startswith("data.step.") else said
