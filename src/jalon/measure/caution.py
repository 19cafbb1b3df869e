"""What must be said beside a figure: rows without a date, several currencies, the basis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jalon.catalogue.definition import Doubt, Measure, TimeKind, limited
from jalon.estimates.estimator import Aggregate, both
from jalon.measure.figure import Answer
from jalon.measure.question import Question
from jalon.measure.reader import Reader, without_filter
from jalon.measure.scan import bare
from jalon.model.periods import ALWAYS, Grain
from jalon.model.problems import Problem
from jalon.relations.clock import NOW
from jalon.relations.columns import readable

#: Above this share of undated rows, a figure by period is not given.
UNDATED = 0.2


def add_cautions(
    answer: Answer, measure: Measure, question: Question, reader: Reader, currency: str
) -> None:
    """Say what limits an answer; take back its values where they would mislead."""
    if measure.note:
        facts = {} if measure.found is None else {"limit": measure.found}
        answer.figures.notes.append((measure.note, facts, None))
    if measure.doubt:
        _say_doubt(answer, measure, measure.doubt, question, reader)
    if measure.past:
        _say_past(answer, measure, question, reader)
    if measure.date and measure.time is not TimeKind.STOCK:
        _say_undated(answer, measure, question, reader)
    if measure.unit == "money":
        _say_currency(answer, measure, question, reader, currency)


def _say_past(answer: Answer, measure: Measure, question: Question, reader: Reader) -> None:
    """A state before the last day observed is told from what is left of it."""
    last = reader.last(reader.scan(measure, question), NOW)
    ends = [each.last for each in answer.periods]
    past = np.array([end is not None and end < last for end in ends], dtype=bool)
    if past.any():
        answer.figures.notes.append((measure.past or "", {}, past))


def _say_doubt(
    answer: Answer, measure: Measure, doubt: Doubt, question: Question, reader: Reader
) -> None:
    """Rows that the figure leaves out, so many that it is biased."""
    when = doubt.when
    if doubt.limit:
        number = reader.limit(measure, doubt.limit, question)
        if number is None:
            return
        when = limited(when, number)
    out = reader.count(measure, when, question)
    counted = reader.count(measure, doubt.among, question)
    if out > doubt.over * (out + counted):
        answer.figures.notes.append((doubt.note, {"out": out, "counted": counted}, None))


def _say_undated(answer: Answer, measure: Measure, question: Question, reader: Reader) -> None:
    """Undated rows are in the untimed total and in no period."""
    if measure.horizon:
        return
    undated, rows = _undated(measure, question, reader)
    if not undated:
        return
    by_period = question.grain is not Grain.NONE or question.period != ALWAYS
    facts = {"undated": undated, "rows": rows, "column": measure.date}
    if by_period and undated > UNDATED * rows:
        _take_back(answer, Problem("mostly_undated", facts))
    else:
        code = "undated_left_out" if by_period else "undated_counted"
        answer.figures.notes.append((code, facts, None))


def _undated(measure: Measure, question: Question, reader: Reader) -> tuple[int, int]:
    """How many rows have no date, and of how many; a filter is counted only where some have."""
    among = measure.field("among")
    without = both(among, f"{measure.date} is null")
    if not reader.count(measure, without, without_filter(question)):
        return 0, 0
    return reader.count(measure, without, question), reader.count(measure, among, question)


def _say_currency(
    answer: Answer, measure: Measure, question: Question, reader: Reader, currency: str
) -> None:
    """The unit is the rows' currency; several of them are never summed in silence."""
    found = _currencies(measure, without_filter(question), reader, currency)
    if len(found) > 1 and question.where:
        found = _currencies(measure, question, reader, currency)
    if len(found) > 1:
        _take_back(answer, Problem("several_currencies", {"currencies": list(found)}))
    answer.unit = found[0] if len(found) == 1 else currency


def _currencies(
    measure: Measure, question: Question, reader: Reader, currency: str
) -> tuple[str, ...]:
    """The currencies of the rows that count; of a state, those it holds."""
    if "currency" not in readable(measure.table):
        return ()
    if not reader.source.present().has(measure.table, "currency"):
        return ()
    stock = measure.time is TimeKind.STOCK
    state = question.period if stock else None
    key = ("currencies", measure, question.clock, question.where, state)
    if key not in reader.kept:
        whole = replace(question, grain=Grain.NONE, by=())
        scan = reader.scan(measure, whole)
        scan = replace(scan if stock else bare(scan), dims=(("currency", "currency"),))
        asked = {"n": Aggregate("count", among=measure.field("among"))}
        summary = reader.ask(scan, asked, measure, whole)
        counted = zip(summary.labels("currency"), summary.sums["n"], strict=True)
        reader.keep(key, tuple(sorted({label or currency for label, n in counted if n > 0})))
    found: tuple[str, ...] = reader.kept[key]
    return found


def _take_back(answer: Answer, why: Problem) -> None:
    nothing = np.full(len(answer), np.nan)
    answer.figures.value = answer.figures.low = answer.figures.high = nothing
    answer.missing = why
