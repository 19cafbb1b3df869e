"""The page that leads from another tool's figure to ours, rule by rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jalon import locale
from jalon.catalogue.catalogue import Catalogue
from jalon.estimates.estimator import Figures
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.measure.reconcile import Reconciliation, Step
from jalon.model.periods import Period
from jalon.model.problems import RequestError
from jalon.relations.columns import label
from jalon.views import paths, wording
from jalon.views.frame import USUAL, frame
from jalon.views.parts import Change, Figure, Frame, Link, Row, Table
from jalon.views.plain import plain
from jalon.views.source import Source
from jalon.views.tables import exports

#: What another tool may show, by the unit of the KPI.
EXAMPLES = {"fr": {"percent": "45,2 %", "money": "1,2 M€"}, "en": {"percent": "45.2%"}}


@dataclass(frozen=True)
class ReconcileView:
    """``frame``: menu and filters. ``question``: what may be asked here. ``figure``: ours.
    ``typed``: what was typed, and ``kept``: the rest of the address. ``example``: what may be.
    ``wrong``: why what was typed is no figure. ``reading``: what was found, ``check``: what to look
    at in the other tool. ``tables``: from theirs to ours. ``others``: other ways, in words.
    ``back``: the KPI."""

    frame: Frame
    question: str
    figure: Figure | None
    typed: str
    kept: tuple[tuple[str, str], ...]
    example: str
    wrong: str
    reading: str
    check: str
    tables: tuple[Table, ...]
    others: tuple[str, ...]
    back: Link


def reconcile_view(
    source: Source, kpi: str, *, typed: str = "", part: str | None = None
) -> ReconcileView:
    """The page. ``typed``: their figure, as their tool shows it. Raises RequestError."""
    lang, asked = source.lang, source.asked
    answer = source.measure([kpi], part=part)[kpi]
    figure = wording.headline(answer, lang)
    found, wrong = None, ""
    if typed and figure is not None and figure.missing is None:
        try:
            found = source.door.reconcile(kpi, typed, part=part, **source.question(kpi))
        except RequestError as error:
            said = locale.sentence(error.problem, lang)
            mend = locale.hint(error.problem, lang) or ""
            wrong = f"{wording.capital(said)} {mend}".strip()
    path = paths.reconcile(kpi)
    words = Words(source.door.catalogue, lang)
    extra = tuple((k, v) for k, v in (("part", part), ("theirs", typed)) if v)
    made = _table(source, words, found, part) if found else None
    return ReconcileView(
        frame=frame(
            source,
            path,
            locale.text("reconcile.title", lang, kpi=source.label(kpi)),
            filters=tuple(each for each in USUAL if each in source.door.catalogue[kpi].dimensions),
            kept=extra,
        ),
        question=locale.text("reconcile.question", lang),
        figure=figure,
        typed=typed,
        kept=(*asked.pairs(), *((("part", part),) if part else ())),
        example=_example(figure, lang),
        wrong=wrong,
        reading=words.reading(found) if found else "",
        check=locale.text("reconcile.check", lang) if found and not found.exact else "",
        tables=(made,) if made else (),
        others=tuple(words.way(each) for each in found.others) if found else (),
        back=Link(locale.text("reconcile.back", lang), asked.href(paths.kpi(kpi), part=part)),
    )


def _example(figure: Figure | None, lang: str) -> str:
    """Our own figure as another tool might round it."""
    known = EXAMPLES[lang] if lang in EXAMPLES else EXAMPLES["fr"]
    unit = figure.unit if figure else "number"
    shown = known.get(unit) or (known.get("money") if unit.isupper() else None) or "37"
    return locale.text("reconcile.example", lang, example=shown)


def _table(source: Source, words: Words, found: Reconciliation, part: str | None) -> Table | None:
    rows = words.rows(found)
    if len(rows) < 3 and not found.steps:
        return None
    lang = source.lang
    return Table(
        name="reconciliation",
        title=locale.text("reconcile.theirs", lang),
        note=f"→ {locale.text('reconcile.ours', lang)}",
        head=locale.text("reconcile.head", lang),
        value_head=locale.text("reconcile.value", lang),
        counted_head=locale.text("reconcile.rows", lang),
        rows=rows,
        exports=exports(
            source.asked, paths.reconcile(found.kpi), part=part, theirs=words.typed(found)
        ),
    )


class Words:
    """A reconciliation in words, on a page and on a terminal."""

    def __init__(self, catalogue: Catalogue, lang: str) -> None:
        self.catalogue, self.lang = catalogue, lang

    def reading(self, found: Reconciliation) -> str:
        """What was found, in a sentence or two."""
        if found.exact and found.steps:
            return locale.text("reconcile.exact", self.lang, rules=len(found.steps))
        if found.steps:
            left = wording.moved(found.left, 0.0, found.unit, self.lang)
            return locale.text("reconcile.near", self.lang, left=left)
        if abs(found.left) <= found.theirs.slack:
            return locale.text("reconcile.same", self.lang)
        return locale.text("reconcile.none", self.lang, tried=found.tried)

    def rows(self, found: Reconciliation) -> tuple[Row, ...]:
        """Their figure, the rules undone one by one, ours."""
        first = locale.text("reconcile.theirs", self.lang)
        lines: list[tuple[str, float, float, float | None]] = [
            (first, found.theirs.value, math.nan, None)
        ]
        if found.reached is not None and not found.exact:
            moved = found.reached - found.theirs.value
            lines.append(
                (locale.text("reconcile.reached", self.lang), found.reached, math.nan, moved)
            )
        lines += [
            (wording.capital(self.rule(each)), each.value, each.n, each.change)
            for each in found.steps
        ]
        lines.append((locale.text("reconcile.ours", self.lang), found.ours, found.n, None))
        return tuple(self._row(found, *each) for each in lines)

    def rule(self, step: Step) -> str:
        """A rule of theirs, in words."""
        facts = {name: self._fact(name, value, step) for name, value in step.facts.items()}
        said = locale.text(f"reconcile.rule.{step.code}", self.lang, **facts)
        if step.of is None:
            return said
        kpi = self.catalogue[step.of].label.of(self.lang)
        return locale.text("reconcile.of", self.lang, kpi=kpi, rule=said)

    def way(self, steps: Sequence[Step]) -> str:
        """The rules of a way in one sentence."""
        said = [self.rule(each) for each in steps]
        if len(said) > 1:
            first = ", ".join(said[:-1])
            return locale.text("reconcile.together", self.lang, first=first, last=said[-1])
        return said[0]

    def typed(self, found: Reconciliation) -> str:
        """Their figure, as it may be typed again."""
        return f"{found.theirs.value:.10g}"

    def _fact(self, name: str, value: Any, step: Step) -> Any:
        lang, table = self.lang, str(step.facts.get("table", ""))
        known: dict[str, Callable[[Any], Any]] = {
            "column": lambda each: label(each, lang).lower(),
            "date": lambda each: label(each, lang).lower(),
            "condition": lambda each: plain(each, table, lang),
            "rate": lambda each: (
                numbers.plain(round(100 * each, 1), lang) + ("%" if lang == "en" else "\u202f%")
            ),
            "value": lambda each: wording.value_label(step.facts["column"], each, lang),
            "values": lambda each: [
                wording.value_label(step.facts["column"], one, lang) for one in each
            ],
            "part": lambda each: wording.part_label(each, lang),
            "basis": lambda each: locale.text(f"reconcile.basis.{each}", lang),
        }
        how = known.get(name)
        if name == "ours":
            how = known["part" if step.code == "is_part" else "basis"]
        return how(value) if how else value

    def _row(
        self, found: Reconciliation, text: str, value: float, n: float, moved: float | None
    ) -> Row:
        nothing = np.full(1, np.nan)
        figures = Figures(np.array([value]), nothing, nothing, np.array([n]))
        answer = Answer(
            found.kpi, found.part, found.basis, found.unit, 0.95, {}, [Period()], figures
        )
        figure = replace(
            wording.figure(answer, 0, self.lang),
            counted="" if math.isnan(n) else numbers.count(n, self.lang),
            badges=(),
        )
        if moved is None:
            return Row(text, None, None, figure)
        said = wording.moved(moved, 0.0, found.unit, self.lang)
        change = Change("", said, "none", moved, None, None, False, "")
        return Row(text, None, None, replace(figure, change=change))
