"""What a page cannot say yet, and what to bring so that it can."""

from __future__ import annotations

from collections.abc import Iterable

from jalon import locale
from jalon.views.parts import Lack
from jalon.views.source import Source


def lacks(source: Source, kpis: Iterable[str]) -> tuple[Lack, ...]:
    """The KPIs that nothing here can measure, by what they need."""
    lang = source.lang
    grouped: dict[tuple[str, str], list[str]] = {}
    for kpi in dict.fromkeys(kpis):
        why = source.door.lacks(kpi)
        if why is None:
            continue
        table = str(why.facts.get("table", ""))
        column = why.facts.get("column")
        needs = locale.text(f"page.bring.{table}.name", lang)
        if column:
            named = locale.text("page.bring.column", lang, table=needs, column=column)
            needs = named
        grouped.setdefault((needs, table), []).append(source.label(kpi))
    return tuple(
        Lack(tuple(labels), needs, locale.text(f"page.bring.{table}", lang))
        for (needs, table), labels in grouped.items()
    )
