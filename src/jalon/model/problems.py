"""Problems as values: a code with its facts, and the error that carries them to a user.

A problem is found deep down, where no language is known. It is kept as a code and facts on the
ladder file → sheet → row → cell; its sentence is written last, by :mod:`jalon.locale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Where:
    """Where something is, from the file down to the cell; what is not known is None.

    ``row`` is the physical line of a text file, or the sheet's row, from 1.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The known coordinates only, in order."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a code, the facts its sentence needs, and where it is."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default_factory=Where)

    def at(self, **coordinates: Any) -> Problem:
        """The same problem, one more step down the ladder."""
        return replace(self, where=replace(self.where, **coordinates))


class JalonError(Exception):
    """What the user asked cannot be done. Carries at least one problem; exit status 1.

    ``str(error)`` is the code and facts; the sentence comes from :func:`jalon.locale.sentence`.
    """

    exit_status = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("; ".join(f"{p.code} {dict(p.facts)}" for p in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)

    @classmethod
    def of(cls, code: str, where: Where | None = None, **facts: Any) -> JalonError:
        """The error of a single problem: ``InputError.of("empty_file", Where(file="a.csv"))``."""
        return cls(Problem(code, facts, where or Where()))

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.problems[0]


class InputError(JalonError):
    """A file, or what it holds, is refused."""


class MustAskError(InputError):
    """A decision is the user's: the problem's facts give ``choices`` and the ``option``."""


class RequestError(JalonError):
    """The question is wrong: an unknown KPI, dimension or expression; exit status 2."""

    exit_status = 2


class WorkspaceError(JalonError):
    """The workspace is missing, broken, or held by another process."""
