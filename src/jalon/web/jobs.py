"""Imports under way: one at a time, each told step by step."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from jalon.intake.report import Report
from jalon.model.problems import JalonError, Problem, RequestError, Where

#: Jobs remembered after their end.
KEPT = 50
Work = Callable[[Callable[[str], None]], Report]

log = logging.getLogger("jalon.web")


@dataclass
class Job:
    """An import: ``state`` is waiting, running, done or failed; ``steps`` what was begun."""

    id: str
    deposit: str
    files: tuple[str, ...]
    state: str = "waiting"
    steps: list[str] = field(default_factory=list)
    report: Report | None = None
    error: JalonError | None = None


class Jobs:
    """The imports begun from pages."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changing = threading.Lock()

    def __getitem__(self, name: str) -> Job:
        """The job of that id. Raises RequestError ``unknown_job``."""
        found = self._jobs.get(name)
        if found is None:
            raise RequestError.of("unknown_job", Where(value=name[:40]))
        return found

    def start(self, deposit: str, files: tuple[str, ...], work: Work) -> Job:
        """Begin an import in a thread; the one under way for a deposit is given again."""
        with self._changing:
            for each in self._jobs.values():
                if each.deposit == deposit and each.state in ("waiting", "running"):
                    return each
            job = Job(secrets.token_hex(8), deposit, files)
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        threading.Thread(target=_run, args=(job, work), name=f"import-{job.id}").start()
        return job


def _run(job: Job, work: Work) -> None:
    def step(name: str) -> None:
        job.state = "running"
        if name not in job.steps:
            job.steps.append(name)

    try:
        job.report = work(step)
        job.state = "done"
    except JalonError as error:
        job.error, job.state = error, "failed"
    except Exception as error:
        log.exception("import failed")
        job.error = JalonError(Problem("internal_error", {"detail": type(error).__name__}))
        job.state = "failed"
