"""Which basis a KPI rests on here: the first of its definition's that the data can bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jalon.catalogue.catalogue import Catalogue
from jalon.catalogue.definition import Definition, Measure, limited
from jalon.estimates.estimator import Shape, both
from jalon.estimates.registry import estimators
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.reader import Reader, without_filter
from jalon.measure.scan import timeless
from jalon.model.problems import Problem, RequestError
from jalon.model.tables import GROUPED, SETTLED
from jalon.relations.columns import readable
from jalon.relations.expression import unknown

#: The setting that makes a column which no file brings.
SETTING_OF = {"icp_fit": "icp"}
#: A KPI rests on a basis whose required columns are filled at least so far.
FILLED = 0.8


@dataclass(frozen=True)
class Task:
    """One answer to make: the definition, and what is measured."""

    definition: Definition
    measure: Measure


@dataclass(frozen=True)
class Lacking:
    """Why a KPI cannot be measured here, on its first basis."""

    measure: Measure
    why: Problem


class Bases:
    """Chooses bases over one source. ``settled``: by KPI (or ``*``), the basis that a company
    wants whatever its data."""

    def __init__(self, reader: Reader, catalogue: Catalogue, settled: Mapping[str, str]) -> None:
        self.reader, self.catalogue, self.settled = reader, catalogue, settled

    def task(self, name: str, question: Question) -> Task | Lacking:
        """What is measured of a KPI.

        Raises RequestError for an unknown KPI, part or dimension.
        """
        definition = self.catalogue[name]
        _check_part(definition, question.part)
        _check_dimensions(definition, question.by, self.reader.own)
        return self._choice(definition, question)

    def operand(self, name: str, measure: Measure, question: Question) -> Task | Lacking:
        """An operand on the basis of its formula, where it has a choice."""
        asked = replace(question, part=None, basis=measure.basis or None)
        return self._choice(self.catalogue[name], asked)

    def operands(self, measure: Measure) -> list[str]:
        """The KPIs that a formula combines."""
        return self.catalogue.operands(measure.formula or "")

    def _choice(self, definition: Definition, question: Question) -> Task | Lacking:
        part = question.part if question.part in definition.parts else None
        rules = definition.rules(part)
        wanted = question.basis or self.settled.get(definition.id) or self.settled.get("*")
        rules = [each for each in rules if each.basis == wanted] or rules
        blind = [each for each in rules if not set(question.by) <= self._readable(each)]
        rules = [each for each in rules if each not in blind]
        if not rules:
            strange = next(name for name in question.by if name not in self._readable(blind[0]))
            return Lacking(blind[0], _lacking(blind[0], strange, 0, 0))
        lacking: Problem | None = None
        for by in dict.fromkeys((question.by, ())):
            for measure in rules:
                why = self._lacks(measure, question, by)
                found = measure
                if why is None and measure.limit:
                    found, why = self._limited(measure, question)
                if why is None:
                    return Task(definition, found)
                lacking = lacking or why
        assert lacking is not None
        return Lacking(rules[0], lacking)

    def _limited(self, measure: Measure, question: Question) -> tuple[Measure, Problem | None]:
        """A measure with its limit in figures, or why its rows do not give one."""
        assert measure.limit is not None
        number = self.reader.limit(measure, measure.limit, question)
        if number is None:
            return measure, Problem("no_limit", {"least": measure.limit.least})
        fields = tuple((name, limited(text, number)) for name, text in measure.fields)
        return replace(measure, fields=fields, found=number), None

    def _readable(self, measure: Measure) -> set[str]:
        """The dimensions that a measure's table has; a formula's operands see to theirs."""
        if measure.estimate == "formula" or _of_others(measure):
            return set(self.reader.own.allowed(self.catalogue[measure.kpi].dimensions))
        own = self.reader.own.columns(measure.table)
        return {*readable(measure.table), *(each.name for each in own)}

    def _lacks(self, measure: Measure, question: Question, by: tuple[str, ...]) -> Problem | None:
        """What keeps a basis from being used; None where nothing does.

        ``by``: dimensions that must hold something there, for the basis to answer by them.
        """
        if measure.estimate == "formula":
            return self._formula_lacks(measure, question, by)
        kept = self.reader.kept
        if _of_others(measure):
            by = ()
        key = ("lacks", measure, question.clock, by)
        if key not in kept:
            self.reader.keep(key, self._why_lacking(measure, without_filter(question), by))
        found: Problem | None = kept[key]
        return found

    def _formula_lacks(
        self, measure: Measure, question: Question, by: tuple[str, ...]
    ) -> Problem | None:
        for name in self.operands(measure):
            task = self.operand(name, measure, question)
            if isinstance(task, Lacking):
                return task.why
            why = self._lacks(task.measure, question, by)
            if why is not None:
                return why
        return None

    def _why_lacking(
        self, measure: Measure, question: Question, by: Sequence[str]
    ) -> Problem | None:
        group = GROUPED.get(measure.table)
        shown = {"table": group.of if group else measure.table}
        if self.reader.source.relation(measure.table, question.clock) is None:
            return Problem("needs_table", shown)
        for told in (*measure.some, *by):
            # A column, or the condition that its values must meet for the source to tell it.
            name, *more = told.split(" ", 1)
            asked = told if more else f"{name} is not null"
            if self.reader.count(measure, asked, question) == 0:
                return _lacking(measure, name, 0, self.reader.count(measure, None, question))
        if not measure.needs:
            return None
        among = timeless(measure.field("among"))
        rows = self.reader.count(measure, among, question)
        if rows == 0:
            return Problem("needs_rows", shown)
        for name in measure.needs:
            filled = self.reader.count(measure, both(among, f"{name} is not null"), question)
            if filled < FILLED * rows:
                return _lacking(measure, name, filled, rows)
        return None


def _of_others(measure: Measure) -> bool:
    """Whether a measure is about other KPIs, by their dimensions: targets."""
    estimator = estimators().get(measure.estimate)
    return estimator is not None and estimator.shape is Shape.TARGET


def _lacking(measure: Measure, name: str, filled: int, rows: int) -> Problem:
    if name in SETTLED.get(measure.table, {}):
        return Problem("needs_setting", {"setting": SETTING_OF.get(name, name)})
    facts = {"table": measure.table, "column": name, "filled": filled, "rows": rows}
    return Problem("needs_column", facts)


def _check_part(definition: Definition, part: str | None) -> None:
    if part and part not in definition.parts:
        raise unknown(part, definition.parts, "unknown_part", kpi=definition.id)


def _check_dimensions(definition: Definition, by: Sequence[str], own: Own) -> None:
    allowed = own.allowed(definition.dimensions)
    for name in by:
        if name not in allowed:
            raise unknown(name, allowed, "unknown_dimension", kpi=definition.id)
    if len(set(by)) != len(by):
        raise RequestError.of("dimension_twice", kpi=definition.id)
