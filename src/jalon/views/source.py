"""What views ask of a workspace, and how a page's question is put to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa

from jalon import locale
from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Text
from jalon.measure.figure import Answer, Results
from jalon.measure.own import Own, own_of
from jalon.measure.reconcile import Reconciliation
from jalon.model.periods import MONTH_DAYS, Period, forward
from jalon.model.problems import Problem
from jalon.relations.columns import label
from jalon.state.settings import Settings
from jalon.store.holdings import Pending
from jalon.views.asking import Asked


class Door(Protocol):
    """The part of a workspace that pages read."""

    @property
    def catalogue(self) -> Catalogue:
        """The KPIs."""

    @property
    def settings(self) -> Settings:
        """The company's settings."""

    def measure(self, kpis: Sequence[str], **asked: Any) -> Results:
        """Measure KPIs."""

    def rows(
        self, kpi: str, *, limit: int | None, offset: int, **asked: Any
    ) -> tuple[pa.Table, int]:
        """The rows behind a figure."""

    def reconcile(self, kpi: str, theirs: str | float, **asked: Any) -> Reconciliation:
        """The way from another tool's figure to ours."""

    def lacks(self, kpi: str) -> Problem | None:
        """What a KPI would need."""

    def pending(self) -> tuple[Pending, str | None]:
        """What awaits a person in the data, and the last import that refused rows."""


@dataclass(frozen=True)
class Source:
    """A workspace as one page reads it, with the page's question."""

    door: Door
    asked: Asked

    @property
    def lang(self) -> str:
        """The reader's language."""
        return self.asked.lang

    def label(self, kpi: str) -> str:
        """The name of a KPI."""
        return self.words(self.door.catalogue[kpi].label)

    def words(self, said: Text) -> str:
        """A text of the catalogue, in the reader's language and typography."""
        found = said.of(self.lang)
        return locale.typeset(found) if self.lang == "fr" else found

    def able(self, kpis: Iterable[str]) -> list[str]:
        """Those that the workspace's data can measure."""
        return [kpi for kpi in kpis if self.door.lacks(kpi) is None]

    def measure(
        self,
        kpis: Sequence[str],
        *,
        by: str | None = None,
        grain: str = "none",
        compare: bool = False,
        part: str | None = None,
        **other: Any,
    ) -> dict[str, Answer]:
        """The answer of each KPI to the page's question.

        A KPI that one of the filters does not apply to (a sector has no campaign spend) answers
        that, never a figure that ignores the filter.
        """
        words: dict[str, Any] = {"grain": grain, "part": part}
        if by:
            words["by"] = by
        found: dict[str, Answer] = {}
        for stretch, several in self._by_stretch(kpis).items():
            question = {**self.asked.question(), **_bounds(stretch), **words, **other}
            if compare and self.asked.comparison and stretch.start:
                question["compare"] = self.asked.comparison
            found |= zip(several, self.door.measure(several, **question).answers, strict=True)
        return {kpi: found[kpi] if kpi in found else self._refused(kpi, part) for kpi in kpis}

    def question(self, kpi: str) -> dict[str, Any]:
        """The page's question as it is put to one KPI."""
        return {**self.asked.question(), **_bounds(self.stretch(kpi))}

    def stretch(self, kpi: str) -> Period:
        """The period that a KPI is measured on, where the page asks for another.

        A rate at twelve months is that of the customers who came a year before, so that they have
        been followed for long enough; a lifetime is that of all who came before the end: the
        customers of a quarter have been followed for a few months, and their mean would only say
        so. A score is learnt on all that came before too, and forecasts are judged over a year.
        """
        period = self.asked.span.period
        rule = self.door.catalogue[kpi].rules()[0]
        if rule.estimate == "top_lift" or (rule.estimate == "lifetime" and not rule.horizon):
            return Period(None, period.end)
        if rule.estimate == "forecast" and period.end:
            return Period(forward(period.end, -12), period.end)
        if rule.horizon and period.start and period.end:
            months = -round(rule.horizon / MONTH_DAYS)
            return Period(forward(period.start, months), forward(period.end, months))
        return period

    def _by_stretch(self, kpis: Sequence[str]) -> dict[Period, list[str]]:
        """The KPIs that the filters apply to, by the period they are measured on."""
        found: dict[Period, list[str]] = {}
        for kpi in kpis:
            if not self._unfit(kpi):
                found.setdefault(self.stretch(kpi), []).append(kpi)
        return found

    def dimensions(self, kpi: str) -> tuple[str, ...]:
        """What a KPI may be broken down and filtered by."""
        return self._own.allowed(self.door.catalogue[kpi].dimensions)

    def dimension(self, name: str) -> str:
        """The name of a dimension for a person: the company's own, else ours."""
        return self._own.label(name, self.lang) or label(name, self.lang)

    @cached_property
    def _own(self) -> Own:
        """What the company's settings make, once a page."""
        return own_of(self.door.settings)

    def _unfit(self, kpi: str) -> list[str]:
        definition = self.door.catalogue[kpi]
        able = {*self.dimensions(kpi), *(definition.classes or ())}
        return [name for name, _ in self.asked.filters if name not in able]

    def _refused(self, kpi: str, part: str | None) -> Answer:
        rule = self.door.catalogue[kpi].rules(part)[0]
        why = Problem("filter_unfit", {"kpi": self.label(kpi), "dimensions": self._unfit(kpi)})
        return Answer.lacking(kpi, part, rule.unit, 0.95, why)


def _bounds(period: Period) -> dict[str, Any]:
    return {"start": period.start, "end": period.last}
