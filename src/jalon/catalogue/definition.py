"""What a KPI definition says, and what it becomes once a basis and a part are chosen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator


class TimeKind(StrEnum):
    """``event``: its rows' date in the period. ``cohort``: entry in the period, then followed.
    ``stock``: the state at each period's end."""

    EVENT = "event"
    COHORT = "cohort"
    STOCK = "stock"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """A sentence in both languages."""

    fr: str
    en: str

    def of(self, lang: str) -> str:
        """In that language."""
        return self.en if lang == "en" else self.fr


class Limit(_Strict):
    """A number that the rows themselves give, which conditions name ``:limit``.

    The value of ``value`` that a share ``at`` of the rows of ``among`` do not pass, whatever the
    period, the filter and the groups; unknown under ``least`` rows.
    """

    value: str
    among: str
    at: float = Field(gt=0, le=1)
    least: int = Field(default=1, ge=1)


class Doubt(_Strict):
    """When to say that a figure is biased: where the rows that meet ``when`` are over a share of
    those and of the rows of ``among`` together. ``when`` may name ``:limit``."""

    note: str
    when: str
    among: str
    over: float = Field(gt=0, lt=1)
    limit: Limit | None = None


class Named(_Strict):
    """Where the names of numbered ``classes`` are: the ``label`` of the rows of a table that have
    the number as ``key``, the most frequent one."""

    classes: tuple[str, ...]
    table: str
    key: str
    label: str


class Change(_Strict):
    """A version: which, since when, and why; ``why`` is None where nobody gave a reason."""

    version: int = Field(ge=2)
    on: dt.date
    why: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _on_is_a_word(cls, said: Any) -> Any:
        """YAML 1.1 reads the key ``on`` as true."""
        if isinstance(said, dict) and True in said:
            return {("on" if name is True else name): each for name, each in said.items()}
        return said


class Rule(_Strict):
    """Which rows, which date, which statistics: what a basis or a part may say anew.

    ``words``: the formula as a person would say it.
    """

    words: Text | None = None

    basis: str | None = None
    table: str | None = None
    time: TimeKind | None = None
    date: str | None = None
    estimate: str | None = None
    success: str | None = None
    among: str | None = None
    value: str | None = None
    units: str | None = None
    per: str | None = None
    only: str | None = None
    age: str | None = None
    months: str | None = None
    discount: str | None = None
    against: str | None = None
    profile: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    plus: str | None = None
    minus: str | None = None
    duration: str | None = None
    ended: str | None = None
    followed: str | None = None
    won: str | None = None
    lost: str | None = None
    give: str | None = None
    at: str | None = None
    share: str | None = None
    bounded: str | None = None
    certain: str | None = None
    never_zero: str | None = None
    other: str | None = None
    exposed: str | None = None
    strata: str | None = None
    factors: str | None = None
    size: str | None = None
    open: str | None = None
    stale: str | None = None
    rate: str | None = None
    forecast: str | None = None
    actual: str | None = None
    features: str | None = None
    formula: str | None = None
    classes: Mapping[str, str] | None = None
    mature: str | None = None
    matured_by: str | None = Field(
        default=None, description="the KPI whose maturity is that of each group"
    )
    horizon: int | None = Field(
        default=None, ge=1, description="days after which a cohort is complete"
    )
    lags: tuple[int, int] | None = Field(
        default=None, description="months by which a formula's first operand may come before"
    )
    settled: int | None = Field(
        default=None, description="months that must have passed for all of a formula's operands"
    )
    needs: tuple[str, ...] | None = None
    some: tuple[str, ...] | None = None
    unit: str | None = None
    note: str | None = None
    past: str | None = Field(default=None, description="what to say of a state in the past")
    limit: Limit | None = None
    named: Named | None = None
    doubt: Doubt | None = None
    vintage: str | None = Field(default=None, description="a date whose last day is said")


class Import(_Strict):
    """Rows as they were on a day, imported then."""

    at: dt.date
    rows: Mapping[str, list[dict[str, Any]]]


class Example(_Strict):
    """A dozen rows and the figure worked out by hand. ``before``: what earlier imports told."""

    rows: Mapping[str, list[dict[str, Any]]]
    before: tuple[Import, ...] = ()
    gives: list[dict[str, Any]]
    ask: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}
    why: str = ""


class Definition(Rule):
    """A KPI. The fields of :class:`Rule` hold for all its bases and parts unless they say anew."""

    id: str
    label: Text
    question: Text
    better: Literal["higher", "lower", "context"]
    dimensions: tuple[str, ...] = ()
    bases: tuple[Rule, ...] = ()
    parts: Mapping[str, Rule] = {}
    caution: Text | None = None
    exclusions: Text | None = None
    internal: bool = False
    version: int = Field(default=1, ge=1)
    changes: tuple[Change, ...] = ()
    examples: tuple[Example, ...] = ()
    own: bool = False
    _rules: dict[tuple[str, str | None], list[Measure]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _version_of_the_last_change(cls, said: Any) -> Any:
        """The version that a definition does not give is that of its last change."""
        if isinstance(said, dict) and "version" not in said and said.get("changes"):
            last = said["changes"][-1] if isinstance(said["changes"], (list, tuple)) else None
            if isinstance(last, dict) and "version" in last:
                return {**said, "version": last["version"]}
        return said

    def said(self, part: str | None = None) -> Text | None:
        """The formula in words, of a part (the first by default); None where nobody wrote it."""
        chosen = part or next(iter(self.parts), "")
        return self.parts.get(chosen, Rule()).words or self.words

    def rules(self, part: str | None = None) -> list[Measure]:
        """What is measured for a part (the first by default), one for each basis, in order."""
        # A copy under another id shares what its original keeps.
        key = (self.id, part)
        if key not in self._rules:
            self._rules[key] = self._made(part)
        return list(self._rules[key])

    def _made(self, part: str | None) -> list[Measure]:
        chosen = part or next(iter(self.parts), None)
        override = self.parts.get(chosen, Rule()) if chosen else Rule()
        bases = self.bases or (Rule(),)
        # A part that settles its own basis gives the same measure for each: it is kept once.
        return list(dict.fromkeys(self._measure(chosen, base, override) for base in bases))

    def _measure(self, part: str | None, base: Rule, override: Rule) -> Measure:
        merged: dict[str, Any] = {}
        for rule in (self, base, override):
            said = {name: getattr(rule, name) for name in Rule.model_fields}
            merged |= {name: value for name, value in said.items() if value is not None}
        if merged.get("estimate") == "formula":
            merged = {name: each for name, each in merged.items() if name not in _OF_A_TABLE}
        fields = {name: value for name, value in merged.items() if name in _ESTIMATOR_FIELDS}
        return Measure(
            kpi=self.id,
            part=part,
            basis=merged.get("basis") or merged.get("table") or "",
            table=merged.get("table") or "",
            time=TimeKind(merged.get("time") or "event"),
            date=merged.get("date"),
            estimate=merged.get("estimate") or "",
            fields=tuple(sorted(fields.items())),
            classes=tuple((merged.get("classes") or {}).items()),
            mature=merged.get("mature"),
            matured_by=merged.get("matured_by"),
            horizon=merged.get("horizon"),
            needs=tuple(merged.get("needs") or ()),
            some=tuple(merged.get("some") or ()),
            unit=merged.get("unit") or "number",
            formula=merged.get("formula"),
            lags=merged.get("lags"),
            settled=merged.get("settled"),
            note=merged.get("note"),
            past=merged.get("past"),
            limit=merged.get("limit"),
            named=merged.get("named"),
            doubt=merged.get("doubt"),
            vintage=merged.get("vintage"),
        )


def limited(text: str, number: float) -> str:
    """An expression with ``:limit`` in figures."""
    return re.sub(r":limit\b", f"{number:.12g}", text)


@dataclass(frozen=True)
class Measure:
    """One KPI, one part, one basis: everything that a plan needs. ``found``: its limit, asked."""

    kpi: str
    part: str | None
    basis: str
    table: str
    time: TimeKind
    date: str | None
    estimate: str
    fields: tuple[tuple[str, str], ...]
    classes: tuple[tuple[str, str], ...]
    mature: str | None
    horizon: int | None
    needs: tuple[str, ...]
    some: tuple[str, ...]
    unit: str
    formula: str | None
    note: str | None
    past: str | None = None
    limit: Limit | None = None
    named: Named | None = None
    doubt: Doubt | None = None
    found: float | None = None
    vintage: str | None = None
    lags: tuple[int, int] | None = None
    settled: int | None = None
    matured_by: str | None = None

    def field(self, name: str) -> str | None:
        """A field of the estimator."""
        return dict(self.fields).get(name)


#: What a formula has no use for: its operands have their own.
_OF_A_TABLE = frozenset({"table", "date", "among", "value", "units", "needs", "some"})

_ESTIMATOR_FIELDS = frozenset(
    {
        "success",
        "among",
        "value",
        "units",
        "per",
        "only",
        "age",
        "months",
        "discount",
        "against",
        "profile",
        "numerator",
        "denominator",
        "plus",
        "minus",
        "duration",
        "ended",
        "followed",
        "won",
        "lost",
        "give",
        "at",
        "share",
        "bounded",
        "certain",
        "never_zero",
        "other",
        "exposed",
        "strata",
        "factors",
        "size",
        "open",
        "stale",
        "rate",
        "forecast",
        "actual",
        "features",
    }
)
