"""A reversed order in words: who seems ahead, what the mix hides, the rates over the same mix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jalon import locale
from jalon.catalogue.catalogue import Catalogue
from jalon.locale import numbers
from jalon.measure.figure import Answer, Results
from jalon.measure.own import own_of
from jalon.measure.reversal import Reversal, over_time, reversals
from jalon.measure.standing import Standing, standing
from jalon.model.periods import Period
from jalon.relations.columns import label
from jalon.state.settings import Settings
from jalon.views import groups, wording

#: Reversals said of one table, the surest first.
SAID = 3


class Door(Protocol):
    """The part of a workspace, ours or another process's, that a warning reads."""

    @property
    def catalogue(self) -> Catalogue:
        """The KPIs."""

    @property
    def settings(self) -> Settings:
        """The company's settings."""

    def measure(self, kpis: Sequence[str], **asked: Any) -> Results:
        """Measure KPIs."""


#: A KPI's answer by dimensions, other words as a question takes them.
Measure = Callable[..., Answer]
#: The name of a dimension, in the reader's language.
Name = Callable[[str], str]


@dataclass(frozen=True)
class Warned:
    """A reversal of a KPI's groups or periods, and its sentence."""

    kpi: str
    part: str | None
    reversal: Reversal
    text: str


def of_groups(
    answer: Answer,
    standing: Standing,
    dimensions: Sequence[str],
    measure: Measure,
    name: Name,
    lang: str,
) -> tuple[Warned, ...]:
    """The pairs of groups whose order reverses inside another dimension."""
    if not standing.comparable:
        return ()
    found = reversals(answer, standing, dimensions, _asking(measure))
    return _warned(answer, found, standing.dimension, name, lang)


def of_periods(
    answer: Answer, dimensions: Sequence[str], measure: Measure, name: Name, lang: str
) -> tuple[Warned, ...]:
    """The same for a period beside the one that it is compared with."""
    found = over_time(answer, dimensions, _asking(measure))
    return _warned(answer, found, None, name, lang)


def of_answers(
    answers: Iterable[Answer], door: Door, asked: Mapping[str, Any], lang: str
) -> tuple[Warned, ...]:
    """All those of the answers to a question. ``asked``: the question's words, without its KPIs."""
    own = own_of(door.settings)
    warned: tuple[Warned, ...] = ()
    for answer in answers:
        dimensions = own.allowed(door.catalogue[answer.kpi].dimensions)
        plain = {**asked, "part": answer.part, "compare": None, "basis": answer.basis}

        def measure(kpi: str = answer.kpi, plain: dict[str, Any] = plain, **more: Any) -> Answer:
            return door.measure([kpi], **{**plain, **more})[kpi]

        def name(dimension: str) -> str:
            return own.label(dimension, lang) or label(dimension, lang)

        stood = standing(answer)
        if stood is not None:
            warned += of_groups(answer, stood, dimensions, measure, name, lang)
        warned += of_periods(answer, dimensions, measure, name, lang)
    return warned


def _warned(
    answer: Answer, found: Sequence[Reversal], dimension: str | None, name: Name, lang: str
) -> tuple[Warned, ...]:
    return tuple(
        Warned(answer.kpi, answer.part, each, said(each, dimension, name, lang))
        for each in found[:SAID]
    )


def said(each: Reversal, dimension: str | None, name: Name, lang: str) -> str:
    """A reversal in words. ``dimension``: that of the groups; None where they are periods."""

    def of(label: Any) -> str:
        if isinstance(label, Period):
            return numbers.period(label, lang)
        return wording.value_label(dimension or "", label, lang)

    first, second, inside = of(each.first), of(each.second), name(each.inside).lower()
    raw = [_rate(rate, lang) for rate in each.raw]
    over = [_rate(rate, lang) for rate in (each.found.first, each.found.second)]
    whole = each.found.agreeing == each.found.strata
    where = locale.text(
        "reversal.everywhere" if whole else "reversal.mostly",
        lang,
        inside=inside,
        groups=groups.plural(each.inside, lang),
        n=groups.spelled(each.found.agreeing, lang),
        all=groups.spelled(each.found.strata, lang),
    )
    facts = {"first": first, "second": second, "raw_first": raw[0], "raw_second": raw[1]}
    parts = [locale.text("reversal.said", lang, where=where, **facts)]
    parts.append(_mix(each, (first, second), lang))
    low, high = (
        wording.signed(-float(bound) * 100, "number", lang)
        for bound in (each.found.difference.high, each.found.difference.low)
    )
    parts.append(
        locale.text(
            "reversal.over",
            lang,
            inside=inside,
            second=second,
            first=first,
            over_first=over[0],
            over_second=over[1],
            low=low,
            high=high,
        )
    )
    return " ".join(parts)


def _mix(each: Reversal, names: tuple[str, str], lang: str) -> str:
    """Which part of the mix makes the raw order."""
    found = each.mix
    more = found.first > found.second
    higher = found.rate > found.whole
    who, other = names if more else names[::-1]
    shares = (found.first, found.second) if more else (found.second, found.first)
    return locale.text(
        "reversal.higher" if higher else "reversal.lower",
        lang,
        who=who,
        other=other,
        stratum=wording.value_label(each.inside, each.stratum, lang),
        share=numbers.percent(shares[0], lang),
        other_share=numbers.percent(shares[1], lang),
        rate=_rate(found.rate, lang),
        whole=_rate(found.whole, lang),
    )


def _rate(rate: float, lang: str) -> str:
    return wording.whole(rate, "percent", lang)


def _asking(measure: Measure) -> Callable[[tuple[str, ...], Period | None], Answer]:
    def ask(by: tuple[str, ...], period: Period | None) -> Answer:
        if period is None:
            return measure(by=",".join(by))
        return measure(by=",".join(by), start=period.start, end=period.last)

    return ask
