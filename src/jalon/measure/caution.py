"""What must be said beside a figure: rows without a date, several currencies, the basis."""

from __future__ import annotations

import numpy as np

from jalon.catalogue.definition import Doubt, Measure, TimeKind, limited
from jalon.estimates.estimator import both
from jalon.measure.figure import Answer
from jalon.measure.money import reads_amounts
from jalon.measure.question import Question
from jalon.measure.reader import Reader, without_filter
from jalon.model.periods import ALWAYS, Grain
from jalon.model.problems import Problem
from jalon.relations.clock import NOW

#: Above this share of undated rows, a figure by period is not given.
UNDATED = 0.2


def add_cautions(answer: Answer, measure: Measure, question: Question, reader: Reader) -> None:
    """Say what limits an answer; take back its values where they would mislead."""
    if measure.note:
        facts = {} if measure.found is None else {"limit": measure.found}
        answer.figures.notes.append((measure.note, facts, None))
    if measure.doubt:
        _say_doubt(answer, measure, measure.doubt, question, reader)
    if measure.vintage:
        _say_vintage(answer, measure, question, reader)
    if measure.past:
        _say_past(answer, measure, question, reader)
    if measure.date and measure.time is not TimeKind.STOCK:
        _say_undated(answer, measure, question, reader)
    if measure.unit == "money" or reads_amounts(measure):
        _say_currency(answer, measure, question, reader)


def _say_vintage(answer: Answer, measure: Measure, question: Question, reader: Reader) -> None:
    """Of which day a state brought from outside is."""
    day = reader.bound(reader.scan(measure, question), "max", measure.vintage or "")
    if day is not None:
        answer.figures.notes.append(("vintage", {"day": day}, None))


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
    out, counted = reader.counts(measure, (when, doubt.among), question)
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


def _say_currency(answer: Answer, measure: Measure, question: Question, reader: Reader) -> None:
    """The unit is the rows' currency, or the company's where others were changed into it."""
    tender = reader.exchange.tender(measure, question)
    if tender.why:
        _take_back(answer, tender.why)
    if tender.changed:
        answer.figures.notes.append(("changed", {"currencies": list(tender.changed)}, None))
    if measure.unit == "money":
        answer.unit = tender.currency


def _take_back(answer: Answer, why: Problem) -> None:
    nothing = np.full(len(answer), np.nan)
    answer.figures.value = answer.figures.low = answer.figures.high = nothing
    answer.missing = why
