"""Why another tool's figure is not ours: the rules that lead from one to the other.

Our figure is worked out again by the rules that another tool may follow, one, two or three at a
time; the fewest that give its figure, within its rounding, are a way from it to ours. Others may do
as well: a way is a reading of the gap, never a proof.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite
from typing import Any

from jalon.catalogue.definition import Definition, Measure
from jalon.estimates.estimator import Shape
from jalon.estimates.registry import estimators
from jalon.measure.basis import Task
from jalon.measure.figure import Answer
from jalon.measure.formula import combine
from jalon.measure.money import Money, reads_amounts
from jalon.measure.otherwise import Change, Reading, changes
from jalon.measure.own import Own
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.measure.theirs import Theirs
from jalon.model.periods import Grain
from jalon.model.problems import RequestError

#: Rules changed at a time, at most.
DEEPEST = 3
#: Ways worked out for each number of rules, at most.
WAYS = 600
#: Other ways told, at most.
TOLD = 3
#: The rules that other tools follow, the most usual first.
USUAL = (
    "rests_on", "counts_all", "counts_also", "counts_only", "counts_invalid", "dates_by",
    "counts_excluded", "with_vat", "adds_currencies", "ignores_credits", "adds_credits",
    "unweighted", "without", "counts_undated", "ignores_period", "is_part", "lacks_last_day",
    "lacks_first_day",
)  # fmt: skip
#: A way that does not reach their figure is told where it leaves at most this share of the gap.
LEFT = 0.2


@dataclass(frozen=True)
class Step:
    """One rule undone on the way. ``code``, ``facts``: the rule as they may follow it; ``of``: the
    KPI whose rule it is, where ours is a formula. ``value`` and ``n``: the figure once the rule is
    ours; ``change``: what that did to the figure, ``rows`` to the rows counted."""

    code: str
    facts: Mapping[str, Any]
    of: str | None
    value: float
    n: float
    change: float
    rows: float


@dataclass(frozen=True)
class Reconciliation:
    """``theirs`` and ``ours``: the figures. ``reached``: what the rules of the way give, all
    followed; None where none lead near. ``left``: the part of the gap that they leave. ``exact``:
    within the rounding of theirs. ``steps``: from theirs to ours. ``others``: other ways as short
    that are as exact, each by its rules. ``tried``: how many ways were worked out."""

    kpi: str
    part: str | None
    basis: str | None
    unit: str
    theirs: Theirs
    ours: float
    n: float
    reached: float | None
    exact: bool
    steps: tuple[Step, ...]
    others: tuple[tuple[Step, ...], ...]
    tried: int

    @property
    def left(self) -> float:
        """The part of the gap that the way does not tell."""
        return self.theirs.value - (self.ours if self.reached is None else self.reached)


@dataclass(frozen=True, eq=False)
class _Rule:
    """A change of what is read under a name: that of an operand, or "" of the KPI itself."""

    name: str
    change: Change


@dataclass(frozen=True, eq=False)
class _Root:
    """A definition, by a basis and a part: its readings by name, and what made it not ours."""

    measure: Measure
    readings: Mapping[str, Reading]
    rules: tuple[_Rule, ...]
    switched: tuple[Change, ...]


@dataclass(frozen=True)
class _Way:
    """A root and the rules of it that are followed otherwise."""

    root: _Root
    rules: tuple[_Rule, ...] = ()

    @property
    def length(self) -> int:
        """How many rules are otherwise."""
        return len(self.rules) + len(self.root.switched)

    @property
    def readings(self) -> dict[str, Reading]:
        """What is counted under each name."""
        found = dict(self.root.readings)
        for rule in self.rules:
            found[rule.name] = rule.change.make(found[rule.name])
        return found


Figure = tuple[float, float]


def reconcile(measurer: Measurer, question: Question, theirs: Theirs) -> Reconciliation:
    """The shortest way from another tool's figure to ours, on the same rows.

    Raises RequestError for a KPI of several figures, or one that cannot be measured.
    """
    search = _Search(measurer, replace(question, by=(), grain=Grain.NONE, compare=None))
    return search.run(theirs)


class _Search:
    def __init__(self, measurer: Measurer, question: Question) -> None:
        self.measurer, self.question = measurer, question
        self.known: dict[_Way, Figure] = {}
        self.definition: Definition = measurer.bases.catalogue[question.kpis[0]]
        self.others: dict[tuple[bool, bool], Measurer] = {(True, True): measurer}

    def run(self, theirs: Theirs) -> Reconciliation:
        ours = self.measurer.measure(self.question).answers[0]
        if ours.missing is not None:
            raise RequestError(ours.missing)
        roots = self._roots(ours)
        start = _Way(roots[0])
        self._work_out([start])
        found = self._closest(roots, start, theirs)
        best = found[0] if found else None
        value, n = self.known[start]
        return Reconciliation(
            ours.kpi,
            ours.part,
            ours.basis,
            ours.unit,
            theirs,
            value,
            n,
            self.known[best][0] if best else None,
            best is not None and self._exact(best, theirs),
            self._steps(best, start) if best else (),
            tuple(self._steps(each, start) for each in found[1 : TOLD + 1]),
            len(self.known),
        )

    # -- what may be otherwise ---------------------------------------------------------------------

    def _roots(self, ours: Answer) -> list[_Root]:
        """Our definition first, then its other bases and parts."""
        found: list[_Root] = []
        for part in self.definition.parts or (None,):
            for basis in dict.fromkeys(each.basis for each in self.definition.rules(part)):
                asked = replace(self.question, part=part, basis=basis)
                task = self.measurer.bases.task(self.definition.id, asked)
                if not isinstance(task, Task) or task.measure.basis != basis:
                    continue
                switched = _switched(task.measure, ours, self.definition)
                root = self._root(task.measure, switched) if len(switched) < 2 else None
                found += [root] if root else []
        found.sort(key=lambda each: len(each.switched))
        if not found or found[0].switched:
            raise RequestError.of("not_reconciled", kpi=self.definition.id)
        return found

    def _root(self, measure: Measure, switched: tuple[Change, ...]) -> _Root | None:
        if measure.classes or measure.lags or measure.settled:
            return None
        whole = {"": measure} if _plain(measure) else None
        leaves = self._operands(measure) if measure.estimate == "formula" else whole
        if leaves is None:
            return None
        readings = {name: Reading.of(leaf, self.question.period) for name, leaf in leaves.items()}
        excluded = self.measurer.reader.own.excluded
        rules = tuple(
            _Rule(name, change)
            for name, reading in readings.items()
            for change in changes(reading, excluded, self._converted(reading.measure))
            # What multiplies an operand does not multiply its formula.
            if not (name and change.group == "vat")
        )
        return _Root(measure, readings, rules, switched)

    def _operands(self, measure: Measure) -> dict[str, Measure] | None:
        """What a formula combines; None where that is a formula too, or cannot be asked alone."""
        found: dict[str, Measure] = {}
        for name in self.measurer.bases.operands(measure):
            task = self.measurer.bases.operand(name, measure, self.question)
            if not isinstance(task, Task) or not _plain(task.measure):
                return None
            found[name] = task.measure
        return found

    def _converted(self, measure: Measure) -> bool:
        if not reads_amounts(measure):
            return False
        return bool(self.measurer.reader.exchange.tender(measure, self.question).changed)

    # -- the search ----------------------------------------------------------------------------

    def _closest(self, roots: Sequence[_Root], start: _Way, theirs: Theirs) -> list[_Way]:
        """The shortest ways to their figure; else the one that comes nearest, if near enough."""
        if self._exact(start, theirs):
            return []
        gap = abs(self.known[start][0] - theirs.value)
        nearest, seen = None, start
        for length in range(1, DEEPEST + 1):
            ways = list(_ways(roots, length))[:WAYS]
            self._work_out(ways)
            moved = [each for each in ways if isfinite(self.known[each][0])]
            exact = [each for each in moved if self._exact(each, theirs)]
            if exact:
                return sorted(exact, key=lambda each: (_strange(each), self._gap(each, theirs)))
            for each in moved:
                # A rule more must tell half of what was left.
                if self._gap(each, theirs) < self._gap(nearest or seen, theirs) / 2:
                    nearest = each
        return [nearest] if nearest and self._gap(nearest, theirs) <= LEFT * gap else []

    def _gap(self, way: _Way, theirs: Theirs) -> float:
        return abs(self.known[way][0] - theirs.value)

    def _exact(self, way: _Way, theirs: Theirs) -> bool:
        return self._gap(way, theirs) <= theirs.slack + 1e-9 * abs(theirs.value)

    def _steps(self, way: _Way, start: _Way) -> tuple[Step, ...]:
        """The rules of a way undone one by one, in order, its root last."""
        steps: list[Step] = []
        here = way
        while here.rules:
            rule, rest = here.rules[0], _Way(here.root, here.rules[1:])
            steps.append(self._step(rule, here, rest))
            here = rest
        steps += [self._step(_Rule("", each), here, start) for each in here.root.switched]
        return tuple(steps)

    def _step(self, rule: _Rule, before: _Way, after: _Way) -> Step:
        self._work_out([each for each in (before, after) if each not in self.known])
        (was, counted), (now, n) = self.known[before], self.known[after]
        read = before.root.readings.get(rule.name)
        facts = dict(rule.change.facts) | {"table": read.measure.table if read else ""}
        return Step(rule.change.code, facts, rule.name or None, now, n, now - was, n - counted)

    # -- figures -------------------------------------------------------------------------------

    def _work_out(self, ways: Sequence[_Way]) -> None:
        """Their figures, those of one period and one set of settings together."""
        asked = [each for each in ways if each not in self.known]
        answers = self._answers({each: each.readings for each in asked})
        for way in asked:
            found = answers[way]
            if "" in found:
                self.known[way] = _figure(found[""], way.readings[""].times)
            else:
                self.known[way] = _figure(combine(way.root.measure, found, self.question), 1.0)

    def _answers(self, ways: Mapping[_Way, Mapping[str, Reading]]) -> dict[_Way, dict[str, Answer]]:
        wanted: dict[tuple[bool, bool], dict[Any, dict[Measure, None]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for readings in ways.values():
            for each in readings.values():
                wanted[each.chosen, each.converted][each.period][each.built()] = None
        told: dict[Any, Answer] = {}
        for settled, periods in wanted.items():
            for period, measures in periods.items():
                question = replace(self.question, period=period)
                answers = self._measurer(*settled).bare(list(measures), question)
                told |= {
                    (settled, period, measure): answer
                    for measure, answer in zip(measures, answers, strict=True)
                }
        return {
            way: {
                name: told[(each.chosen, each.converted), each.period, each.built()]
                for name, each in readings.items()
            }
            for way, readings in ways.items()
        }

    def _measurer(self, chosen: bool, converted: bool) -> Measurer:
        """What measures with these settings."""
        if (chosen, converted) not in self.others:
            reader = self.measurer.reader
            own: Own = reader.own if chosen else replace(reader.own, excluded=None)
            money: Money = reader.exchange.money
            money = money if converted else replace(money, mixed=True)
            bases = self.measurer.bases
            other = Measurer(reader.source, bases.catalogue, bases.settled, money, own)
            other.reader.begin()
            self.others[chosen, converted] = other
        return self.others[chosen, converted]


def _switched(measure: Measure, ours: Answer, definition: Definition) -> tuple[Change, ...]:
    """What makes a basis and a part another than ours."""
    found: list[Change] = []
    if measure.basis != (ours.basis or "") and len(definition.bases) > 1:
        bases = (("basis", measure.basis), ("ours", ours.basis))
        found.append(Change("rests_on", "basis", lambda each: each, bases))
    if measure.part != ours.part:
        parts = (("part", measure.part), ("ours", ours.part))
        found.append(Change("is_part", "part", lambda each: each, parts))
    return tuple(found)


def _plain(measure: Measure) -> bool:
    if measure.estimate == "formula" or measure.classes:
        return False
    return estimators()[measure.estimate].shape not in (Shape.TARGET, Shape.SNAPSHOTS)


def _strange(way: _Way) -> int:
    """How seldom other tools follow the rules of a way."""
    codes = [each.code for each in (*way.root.switched, *(rule.change for rule in way.rules))]
    return sum(USUAL.index(code) if code in USUAL else len(USUAL) for code in codes)


def _ways(roots: Sequence[_Root], length: int) -> Iterator[_Way]:
    """All the ways with so many rules otherwise, at most one of a group of a name."""
    for root in roots:
        count = length - len(root.switched)
        if count < 0:
            continue
        for rules in combinations(root.rules, count):
            groups = {(rule.name, rule.change.group) for rule in rules}
            single = length > 1 and any(rule.change.alone for rule in rules)
            if len(groups) == count and not single:
                yield _Way(root, rules)


def _figure(answer: Answer, times: float) -> Figure:
    if answer.missing is not None or not len(answer):
        return float("nan"), 0.0
    return float(answer.figures.value[0]) * times, float(answer.figures.n[0])
