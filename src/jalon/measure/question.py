"""A question, as asked: which KPIs, broken down how, over which period, seen from when."""

from __future__ import annotations

from dataclasses import dataclass

from jalon.model.periods import ALWAYS, Grain, Period
from jalon.relations.clock import NOW, Clock


@dataclass(frozen=True)
class Question:
    """Everything that decides the figures. ``basis`` overrides the definitions' order of bases."""

    kpis: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: Grain = Grain.NONE
    period: Period = ALWAYS
    where: str | None = None
    part: str | None = None
    clock: Clock = NOW
    compare: str | None = None
    level: float = 0.95
    basis: str | None = None
    fiscal_month: int = 1
