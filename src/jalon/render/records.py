"""Answers, reports and definitions as the plain records of the JSON contract."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jalon import locale
from jalon.catalogue.definition import Definition, Measure, Text
from jalon.intake.report import FileReport, Report
from jalon.intake.text_table import Evidence
from jalon.measure.figure import Answer, Results
from jalon.measure.reconcile import Reconciliation, Step
from jalon.measure.standing import Standing, standing
from jalon.model.periods import Period
from jalon.model.problems import JalonError, Problem
from jalon.views import groups
from jalon.views.reversals import Warned

Record = dict[str, Any]


def results(answers: Results, lang: str, warned: Sequence[Warned] = ()) -> Record:
    """What ``jalon measure --json`` prints. ``warned``: the orders that reverse inside the mix."""
    stood = [(answer, standing(answer)) for answer in answers]
    told = [_told(answer, each, lang) for answer, each in stood if each]
    return {
        "as_of": answers.as_of or dt.date.today().isoformat(),
        "results": [record for answer, each in stood for record in _records(answer, each, lang)],
        "sql": list(answers.sql),
        **({"groups": told} if told else {}),
        **({"reversals": [_reversal(each) for each in warned]} if warned else {}),
    }


def reconciliation(found: Reconciliation, lang: str) -> Record:
    """What ``jalon reconcile --json`` prints."""
    return {
        "kpi": found.kpi,
        "part": found.part,
        "basis": found.basis,
        "unit": found.unit,
        "theirs": {"value": found.theirs.value, "slack": found.theirs.slack},
        "ours": {"value": number(found.ours), "n": whole(found.n)},
        "reached": None if found.reached is None else number(found.reached),
        "exact": found.exact,
        "left": number(found.left),
        "steps": [_step(each) for each in found.steps],
        "others": [[_step(each) for each in way] for way in found.others],
        "tried": found.tried,
    }


def _step(step: Step) -> Record:
    return {
        "rule": step.code,
        "facts": {name: _plain(value) for name, value in step.facts.items()},
        "of": step.of,
        "value": number(step.value),
        "n": whole(step.n),
        "change": number(step.change),
        "rows": whole(step.rows),
    }


def _records(answer: Answer, stood: Standing | None, lang: str) -> list[Record]:
    """One record a row of an answer."""
    records = [_figure(answer, row, lang) for row in range(len(answer))]
    for row, record in enumerate(records):
        if stood is not None:
            record["shrunk"] = _shrunk(stood, row)
    return records


def _shrunk(stood: Standing, row: int) -> Record | None:
    """A group's rate drawn towards that of all; None for what is no group."""
    if not stood.named[row]:
        return None
    found = (stood.rate.value, stood.rate.low, stood.rate.high, stood.best)
    names = ("value", "low", "high", "best")
    return {name: number(each[row]) for name, each in zip(names, found, strict=True)}


def _told(answer: Answer, stood: Standing, lang: str) -> Record:
    """Which groups of an answer stand apart from the others, and the sentence that says it."""
    labels = answer.groups[stood.dimension]

    def on(rows: NDArray[np.bool_]) -> list[Any]:
        return [_plain(labels[row]) for row in np.flatnonzero(rows)]

    leader = None if stood.leader is None else _plain(labels[stood.leader])
    return {
        "kpi": answer.kpi,
        "part": answer.part,
        "dimension": stood.dimension,
        "above": on(stood.side == 1),
        "below": on(stood.side == -1),
        "left": on(stood.left),
        "leader": leader,
        "text": groups.told(answer, stood, lang),
    }


def _figure(answer: Answer, row: int, lang: str) -> Record:
    figures = answer.figures
    why = answer.why_missing(row)
    record: Record = {
        "kpi": answer.kpi,
        "version": answer.version,
        "unit": answer.unit,
        "group": {name: _plain(labels[row]) for name, labels in answer.groups.items()},
        "period": period(answer.periods[row]),
        "part": answer.part,
        "basis": answer.basis,
        "value": number(figures.value[row]),
        "low": number(figures.low[row]),
        "high": number(figures.high[row]),
        "level": answer.level,
        "n": whole(figures.n[row]),
        "numerator": None if figures.numerator is None else whole(figures.numerator[row]),
        "denominator": None if figures.denominator is None else whole(figures.denominator[row]),
        "maturity": None if answer.maturity is None else number(answer.maturity[row]),
        "notes": [locale.sentence(each, lang) for each in answer.notes(row)],
        "missing": locale.sentence(why, lang) if why else None,
    }
    if answer.compare:
        record["compare"] = _comparison(answer, row)
    return record


def _reversal(each: Warned) -> Record:
    """Two groups whose order reverses over one mix: raw rates, standardised ones, the interval."""
    found = each.reversal

    def plain(label: Any) -> Any:
        return period(label) if isinstance(label, Period) else _plain(label)

    return {
        "kpi": each.kpi,
        "part": each.part,
        "inside": found.inside,
        "first": plain(found.first),
        "second": plain(found.second),
        "raw": [number(rate) for rate in found.raw],
        "standardised": [number(found.found.first), number(found.found.second)],
        "difference": number(float(found.found.difference.value)),
        "difference_low": number(float(found.found.difference.low)),
        "difference_high": number(float(found.found.difference.high)),
        "text": each.text,
    }


def _comparison(answer: Answer, row: int) -> Record:
    found = answer.compare
    assert found is not None
    return {
        "period": period(found.periods[row]),
        "value": number(found.value[row]),
        "low": number(found.low[row]),
        "high": number(found.high[row]),
        "difference": number(found.difference[row]),
        "difference_low": number(found.difference_low[row]),
        "difference_high": number(found.difference_high[row]),
        "conclusive": bool(found.conclusive[row]),
    }


def period(asked: Period) -> Record | None:
    """Inclusive ends; None where nothing bounds it."""
    if asked.start is None and asked.end is None:
        return None
    return {
        "from": asked.start.isoformat() if asked.start else None,
        "to": asked.last.isoformat() if asked.last else None,
    }


def number(value: float) -> float | None:
    """A number that JSON has: None for what is not defined or not bounded."""
    return float(value) if math.isfinite(value) else None


def whole(value: float) -> float | int | None:
    """A count as a whole number."""
    if not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def import_report(done: Report, lang: str) -> Record:
    """What ``jalon import --json`` prints."""
    return {
        "import_id": done.import_id,
        "files": [file_report(each, lang) for each in done.files],
        "ignored": [problem(each, lang) for each in done.ignored],
        "proposals": [dict(each) for each in done.proposals],
        "unlinked": dict(done.unlinked),
    }


def file_report(each: FileReport, lang: str) -> Record:
    """One table of one file."""
    record: Record = {
        "file": each.file,
        "sheet": each.sheet,
        "table": each.table,
        "preset": each.preset,
        "encoding": each.encoding,
        "delimiter": each.delimiter,
        "header_row": each.header_row,
        "decimal": each.decimal,
        "date_order": each.date_order,
        "rows_read": each.rows_read,
        "rows_added": each.rows_added,
        "rows_updated": each.rows_updated,
        "rows_unchanged": each.rows_unchanged,
        "rows_quarantined": each.rows_quarantined,
        "rows_gone": each.rows_gone,
        "key": {**each.key, "columns": list(each.key["columns"])} if each.key else None,
        "columns": [dict(column) for column in each.columns],
        "unmapped": list(each.unmapped),
        "sums": dict(each.sums),
        "sums_read": dict(each.sums_read),
        "sums_quarantined": dict(each.sums_quarantined),
        "sums_doubled": dict(each.sums_doubled),
        "unread": dict(each.unread),
        "checks": {
            header: {**found, "examples": list(found["examples"])}
            for header, found in each.checks.items()
        },
        "quarantine": [_refused(problem, lang) for problem in each.quarantine],
        "notes": [locale.sentence(note, lang) for note in each.notes],
        "memory": dict(each.memory) or None,
        "evidence": [evidence(one, lang) for one in each.evidence],
    }
    if each.asks:
        record["asks"] = [problem(one, lang) for one in each.asks]
    if each.why:
        record["why"] = locale.sentence(each.why, lang)
    if each.must_ask:
        record["must_ask"] = problem(each.must_ask, lang)
    return record


def evidence(one: Evidence, lang: str) -> Record:
    """A decision of reading: what was chosen, on what it rests, and how sure it is."""
    return {
        "decision": one.decision,
        "choice": one.choice,
        "column": one.column,
        "certainty": one.certainty,
        "because": locale.text(f"because.{one.because}", lang, **one.facts),
    }


def _refused(each: Problem, lang: str) -> Record:
    return {
        "row": each.where.row,
        "header": each.where.column,
        "value": each.where.value,
        "reason": locale.text(each.code, lang, **{**each.where.as_dict(), **each.facts}),
        "code": each.code,
    }


def problem(each: Problem, lang: str) -> Record:
    """A problem: its code, sentence, place and what to do."""
    record: Record = {
        "code": "must_ask" if each.code.startswith("must_ask") else each.code,
        "message": locale.sentence(each, lang),
        "where": each.where.as_dict(),
        "hint": locale.hint(each, lang),
    }
    if "choices" in each.facts:
        record["choices"] = list(each.facts["choices"])
    if "previews" in each.facts:
        record["found"] = list(each.facts["examples"])
        record["previews"] = {name: list(read) for name, read in each.facts["previews"].items()}
        record["certainty"] = each.facts["certainty"]
    if "option" in each.facts:
        record["option"] = each.facts["option"]
    return record


def error(found: JalonError, lang: str) -> Record:
    """What ``--json`` prints of an error."""
    record = {"error": problem(found.problem, lang)}
    if len(found.problems) > 1:
        record["error"]["others"] = [problem(each, lang) for each in found.problems[1:]]
    return record


def card(definition: Definition, sql: Sequence[str]) -> Record:
    """The whole definition of a KPI."""
    measures = [each for part in (definition.parts or (None,)) for each in definition.rules(part)]
    first = measures[0]
    return {
        "id": definition.id,
        "label": definition.label.model_dump(),
        "question": definition.question.model_dump(),
        "words": _words(definition.said()),
        "formula": first.formula or dict(first.fields),
        "sql": list(sql),
        "table": first.table or None,
        "bases": list(dict.fromkeys(each.basis for each in measures if each.basis)),
        "parts": list(definition.parts),
        "rules": [{**_rule(each), **_said(definition, each)} for each in measures],
        "time": first.time.value,
        "date": first.date,
        "among": first.field("among"),
        "dimensions": list(definition.dimensions),
        "unit": first.unit,
        "better": definition.better,
        "caution": _words(definition.caution),
        "exclusions": _words(definition.exclusions),
        "example": [example.model_dump(mode="json") for example in definition.examples],
        "version": definition.version,
        "changes": [each.model_dump(mode="json") for each in definition.changes],
    }


def _words(said: Text | None) -> Record | None:
    return said.model_dump() if said else None


def _said(definition: Definition, measure: Measure) -> Record:
    """The formula in words of a part, where it is not that of the whole."""
    written = definition.said(measure.part)
    return {"words": _words(written)} if written and len(definition.parts) > 1 else {}


def _rule(measure: Measure) -> Record:
    """What is measured for one part on one basis."""
    said = {
        "part": measure.part,
        "basis": measure.basis or None,
        "table": measure.table or None,
        "date": measure.date,
        "estimate": measure.estimate,
        "formula": measure.formula,
        **dict(measure.fields),
    }
    return {name: value for name, value in said.items() if value is not None}


def rows(table: pa.Table, total: int) -> Record:
    """What ``jalon rows --json`` prints."""
    content = [[_plain(cell) for cell in row.values()] for row in table.to_pylist()]
    return {"columns": table.column_names, "rows": content, "total": total}
