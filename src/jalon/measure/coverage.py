"""Pipeline coverage: what is open and due within a target's period, for what remains to be won."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jalon.estimates.estimator import Figures
from jalon.measure.figure import Answer
from jalon.measure.target import Actual, Row, Standing, Target, grain_of, key_of
from jalon.model.periods import ALWAYS, Grain, Period, forward
from jalon.model.problems import Problem

#: Months over which the company's own win rate is taken, and the fewest closed deals that tell it.
HISTORY, LEAST_CLOSED = 12, 30
#: From this share of the amount due, what sleeps is said.
ASLEEP = 0.01

Measured = tuple[Answer, Mapping[Any, Actual]]


class Coverage(Standing):
    """Open amount due from the last day observed to the end of the period / target not yet won.

    The definition names the KPIs: ``open`` (amount open, dated by its expected close), ``stale``
    (the part of it that sleeps), ``rate`` (share of the closed amounts that is won) and ``only``
    (those whose targets are covered).
    """

    def asked(self, target: Target) -> bool:
        """Whether a target is one of those asked, of a KPI that open deals are to fill."""
        covered = [each.strip() for each in self._kpi("only").split(";")]
        return target.kpi in covered and super().asked(target)

    def answer(self, targets: Sequence[Target]) -> Answer:
        """The answer on these targets, unless what is open cannot be told or added to them."""
        every = self.measured(self._kpi("open"), Grain.NONE, ALWAYS)[0]
        if not targets or every.missing is not None:
            return self.lacking(every.missing or Problem("no_target"))
        self.day = self.last(every) or dt.date.today()
        late = Period(None, self.day)
        self.late = self.measured(self._kpi("open"), Grain.NONE, late)[1]
        self.due = self._ahead("open", targets)
        self.stale = self._ahead("stale", targets)
        self.rate = self._own_rate()
        answer = super().answer(targets)
        measured = [each for each, _ in self.due.values()]
        units = {every.unit, *(self.of(each)[0].unit for each in targets)}
        currencies = sorted(each for each in units if each.isupper())
        why = next((each.missing for each in measured if each.missing), None)
        if len(currencies) > 1:
            why = Problem("several_currencies", {"currencies": currencies})
        return self.lacking(why) if why else answer

    def row(self, target: Target) -> Row:
        """The coverage of a target: amount due for what remains, in times."""
        done, due, nan = self.actual(target).value, self._of(self.due, target), np.nan
        remaining = target.value - done
        why = ""
        if self._over(target):
            why = "target_period_over"
        elif np.isnan(done):
            why = "no_actual"
        elif target.value <= 0:
            why = "target_not_positive"
        elif remaining <= 0:
            why = "target_reached"
        value = nan if why else due.value / remaining
        return value, nan, nan, due.n, due.value, remaining, why

    def say(self, figures: Figures, where: np.ndarray, target: Target) -> None:
        """What the amount due leaves out or should not be trusted for, and what it is to be."""
        super().say(figures, where, target)
        if self._over(target):
            return
        notes = figures.notes
        late = self.late.get((self.day, key_of(target)[1]), Actual(0.0))
        if late.n:
            notes.append(("coverage_late", {"deals": int(late.n), "amount": late.value}, where))
        due, stale = self._of(self.due, target), self._of(self.stale, target)
        if due.value > 0 and stale.value >= ASLEEP * due.value:
            facts = {"deals": int(stale.n), "share": stale.value / due.value}
            notes.append(("coverage_stale", facts, where))
        if self.rate:
            facts = {"rate": self.rate, "times": round(1 / self.rate, 1)}
            notes.append(("coverage_own_rate", facts, where))
        of_all = self.due[grain_of(target.period)][0].figures.notes
        notes += [(code, facts, where) for code, facts, mask in of_all if mask is None]

    def _kpi(self, field: str) -> str:
        return self.measure.field(field) or ""

    def _over(self, target: Target) -> bool:
        assert target.period.end is not None
        return self.day >= target.period.end

    def _of(self, measured: Mapping[Grain, Measured], target: Target) -> Actual:
        found = measured.get(grain_of(target.period))
        return found[1].get(key_of(target), Actual(0.0)) if found else Actual(0.0)

    def _ahead(self, field: str, targets: Sequence[Target]) -> dict[Grain, Measured]:
        """A KPI over what is left of the periods, by their grain."""
        ends: dict[Grain, list[dt.date]] = defaultdict(list)
        for each in targets:
            if each.period.end:
                ends[grain_of(each.period)].append(each.period.end)
        kpi, first = self._kpi(field), self.day
        return {
            grain: self.measured(
                kpi, grain, Period(first, max(*last, first + dt.timedelta(days=1)))
            )
            for grain, last in ends.items()
        }

    def _own_rate(self) -> float | None:
        """The share of closed amounts that this company won of late; None where it is not known."""
        before = Period(forward(self.day, -HISTORY), self.day)
        plain = replace(self.question, by=(), grain=Grain.NONE, period=before, part=None)
        answer = self.ask(replace(plain, kpis=(self._kpi("rate"),), compare=None, basis=None))
        figures = answer.figures
        if answer.missing is not None or not figures.n[0] >= LEAST_CLOSED:
            return None
        return float(figures.value[0]) if figures.value[0] > 0 else None
