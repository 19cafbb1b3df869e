"""Figures in words: a value and its unit, its interval, what it counts, how it moved."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from jalon import locale
from jalon.locale import numbers
from jalon.measure.figure import Answer
from jalon.model.periods import Period, forward
from jalon.model.problems import Problem
from jalon.views.parts import Badge, Change, Figure, Tone

#: From this many rows an estimate of a share or a mean is worth reading without a warning.
FEW = 30
#: Below this matured share a cohort is marked as still moving.
MATURE = 0.95
#: Estimates with a numerator that is a count of the denominator.
SHARES = ("percent",)


def value_label(dimension: str, value: Any, lang: str) -> str:
    """The name of a value of a dimension: its translation where it is a code of ours."""
    if value is None:
        return locale.text("page.unknown", lang)
    said = locale.text(f"value.{dimension}.{value}", lang)
    return str(value) if said.startswith("value.") else said


def part_label(part: str | None, lang: str) -> str:
    """The name of a part of a KPI."""
    if part is None:
        return ""
    said = locale.text(f"part.{part}", lang)
    return part if said.startswith("part.") else said


def figure(answer: Answer, row: int, lang: str, *, better: str = "context") -> Figure:
    """A row of an answer, worded."""
    found, why = answer.figures, answer.why_missing(row)
    value, low, high = (_known(each[row]) for each in (found.value, found.low, found.high))
    text, suffix = split(value, answer.unit, lang)
    maturity = None if answer.maturity is None else _known(answer.maturity[row])
    return Figure(
        kpi=answer.kpi,
        part=answer.part,
        unit=answer.unit,
        value=value,
        low=low,
        high=high,
        level=answer.level,
        n=_known(found.n[row]),
        version=answer.version,
        numerator=None if found.numerator is None else _known(found.numerator[row]),
        denominator=None if found.denominator is None else _known(found.denominator[row]),
        basis=answer.basis,
        maturity=maturity,
        text=text,
        suffix=suffix,
        between=between(low, high, answer.unit, lang),
        counted=counted(answer, row, lang),
        rests=rests(answer, row, lang),
        change=change(answer, row, lang, better),
        badges=_badges(answer, row, maturity, lang),
        notes=tuple(capital(locale.sentence(each, lang)) for each in answer.notes(row)),
        missing=capital(locale.sentence(why, lang)) if why and value is None else None,
        mend=locale.hint(_on_page(why), lang) if why and value is None else None,
    )


def headline(answer: Answer, lang: str, *, better: str = "context") -> Figure | None:
    """The one figure of an answer; None where it answers classes, of which none is the figure."""
    if answer.groups:
        return None
    if not len(answer):
        why = Problem("no_rows")
        answer = Answer.lacking(answer.kpi, answer.part, answer.unit, answer.level, why)
    return figure(answer, 0, lang, better=better)


def split(value: float | None, unit: str, lang: str) -> tuple[str, str]:
    """A value and its unit apart, for large type: ``1 062`` and ``k€``."""
    if value is None:
        return "–", ""
    if unit.isupper() and abs(value) >= 100_000:
        whole = numbers.bound(value, unit, lang)
    else:
        whole = numbers.figure(value, unit, lang)
    for space in ("\u00a0", "\u202f"):
        head, found, tail = whole.rpartition(space)
        if found and not any(each.isdigit() for each in tail):
            return head, tail
    return (whole[:-1], "%") if whole.endswith("%") else (whole, "")


def whole(value: float | None, unit: str, lang: str) -> str:
    """A value with its unit."""
    text, suffix = split(value, unit, lang)
    space = "\u00a0" if lang == "fr" and suffix else ""
    return f"{text}{space}{suffix}"


def between(low: float | None, high: float | None, unit: str, lang: str) -> str:
    """An interval: ``23,8 à 29,1``; its unit is the value's."""
    if low is None or high is None:
        return ""
    texts = [numbers.bare(each, unit, lang) for each in (low, high)]
    return locale.text("page.between", lang, low=texts[0], high=texts[1])


def counted(answer: Answer, row: int, lang: str) -> str:
    """On what a figure rests: ``275 sur 1 042`` or ``386 factures``."""
    found = answer.figures
    n = _known(found.n[row])
    if found.numerator is not None and found.denominator is not None and answer.unit in SHARES:
        k, among = _known(found.numerator[row]), _known(found.denominator[row])
        if k is not None and among is not None and among == n:
            texts = {"k": numbers.count(k, lang), "n": numbers.count(among, lang)}
            return locale.text("page.k_of_n", lang, **texts)
    if n is None or (found.numerator is not None and answer.unit in SHARES and answer.groups):
        return ""
    if answer.unit == "number" and n == _known(found.value[row]):
        return ""
    return numbers.count(n, lang)


def rests(answer: Answer, row: int, lang: str) -> str:
    """The same with the name of what is counted: ``386 factures``."""
    found = counted(answer, row, lang)
    if not found or not found[-1].isdigit() or locale.text("page.of", lang) in found:
        return found
    for name in (answer.kpi, answer.basis):
        said = locale.text(f"page.counted.{name}", lang, n=found)
        if not said.startswith("page."):
            return said
    return locale.text("page.n", lang, n=found)


def change(answer: Answer, row: int, lang: str, better: str) -> Change | None:
    """How a row moved against the compared period; None where nothing is compared."""
    beside = answer.compare
    if beside is None or _known(beside.difference[row]) is None:
        return None
    difference = float(beside.difference[row])
    low, high = _known(beside.difference_low[row]), _known(beside.difference_high[row])
    told = bool(beside.conclusive[row])
    apart = any(each.code == "maturity_differs" for each in answer.notes(row))
    noise = not told and low is not None and not apart
    arrow = "≈" if noise else "▲" if difference > 0 else "▼" if difference < 0 else "="
    text = moved(difference, float(beside.value[row]), answer.unit, lang)
    worked = any(each.code == "cut_at_working_day" for each in answer.notes(row))
    against = against_of(answer.periods[row], beside.periods[row], lang, worked=worked)
    tone = _tone(difference, better) if told else ("noise" if noise else "none")
    if apart:
        text = locale.text("page.change.apart", lang)
        arrow = ""
    return Change(arrow, text, tone, difference, low, high, told, against)


def against_of(now: Period, then: Period, lang: str, *, worked: bool = False) -> str:
    """The compared period in words: ``T3 2025``, cut at the same day where ours is not over.

    ``worked``: at the same working day.
    """
    if now.start and now.end and then.start and then.end:
        whole_end = forward(now.end, -_months(then.start, now.start))
        if now.start.day == then.start.day == 1 and then.end < whole_end:
            named = numbers.period(Period(then.start, whole_end), lang)
            code = "page.same_working_day" if worked else "page.same_day"
            return locale.text(code, lang, period=named)
    return numbers.period(then, lang)


def _months(first: dt.date, second: dt.date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


def moved(difference: float, former: float, unit: str, lang: str) -> str:
    """A difference in its unit: ``+0,9 pt``, ``−9 (−13 %)``, ``−4,1 %``."""
    if unit == "percent":
        points = signed(difference * 100, "number", lang)
        return locale.text("page.points", lang, points=points)
    share = ""
    if former > 0 and math.isfinite(difference / former):
        share = signed_percent(difference / former, lang)
    if unit.isupper() and share and abs(former) >= 10_000:
        return share
    text = signed(difference, unit, lang)
    return (
        f"{text} ({share})"
        if (share and unit in ("number",)) or (share and unit.isupper())
        else text
    )


def signed(value: float, unit: str, lang: str) -> str:
    """A value with its sign, + too."""
    text = numbers.step(abs(value), "number" if unit == "points" else unit, lang)
    return ("+" if value > 0 else "−" if value < 0 else "") + text.lstrip("+")


def signed_percent(share: float, lang: str) -> str:
    """A relative change: ``+4 %``, with a decimal below ten."""
    text = numbers.figure(abs(share), "percent", lang)
    if abs(share) >= 0.1:
        text = f"{round(abs(share) * 100)}" + ("\u202f%" if lang == "fr" else "%")
    return ("+" if share > 0 else "−" if share < 0 else "") + text


def _tone(difference: float, better: str) -> Tone:
    if better not in ("higher", "lower") or difference == 0:
        return "none"
    return "good" if (difference > 0) == (better == "higher") else "bad"


def _badges(answer: Answer, row: int, maturity: float | None, lang: str) -> tuple[Badge, ...]:
    badges = []
    if maturity is not None and maturity < MATURE:
        share = numbers.percent(maturity, lang)
        badges.append(
            Badge(
                locale.text("page.badge.mature", lang, share=share),
                "guess",
                locale.text("page.badge.mature.title", lang),
            )
        )
    for each in answer.notes(row):
        if each.code == "lifetime_horizon":
            months = numbers.count(each.facts["months"], lang)
            text = locale.text("page.badge.horizon", lang, months=months)
            badges.append(Badge(text, "plain", locale.sentence(each, lang)))
        if each.code == "maturity_behind":
            title = capital(locale.sentence(each, lang))
            badges.append(Badge(locale.text("page.badge.behind", lang), "guess", title))
    n = _known(answer.figures.n[row])
    rates = answer.unit in ("percent", "points", "months", "days", "hours", "per_year")
    known = _known(answer.figures.low[row]) is not None
    if n is not None and 0 < n < FEW and (rates or (answer.unit.isupper() and known)):
        title = locale.text("page.badge.few.title", lang, n=numbers.count(n, lang))
        badges.append(Badge(locale.text("page.badge.few", lang), "plain", title))
    return tuple(badges)


def _on_page(problem: Problem) -> Problem:
    """The same problem with the mend that a page offers, where that of a terminal differs."""
    return Problem(f"page.{problem.code}", problem.facts, problem.where)


def listing(names: Sequence[str], lang: str) -> str:
    """Names one after the other: ``a, b et c``."""
    if len(names) < 2:
        return "".join(names)
    last = locale.text("page.and", lang)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def capital(text: str) -> str:
    """A sentence with its capital."""
    return text[:1].upper() + text[1:]


def _known(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
