"""The catalogue as records: what is measurable here, and what the rest needs."""

from __future__ import annotations

from typing import Any, Protocol

from jalon.catalogue.catalogue import Catalogue
from jalon.model.problems import Problem


class Able(Protocol):
    """What knows which KPIs its data can measure."""

    def lacks(self, kpi: str) -> Problem | None:
        """What a KPI would need; None where nothing."""


def entries(known: Catalogue, door: Able | None) -> list[dict[str, Any]]:
    """One entry a KPI; ``measurable`` is None without a workspace."""
    listed = []
    for name in known.public():
        definition = known[name]
        needs: list[str] = []
        measurable: bool | None = None
        if door is not None:
            why = door.lacks(name)
            measurable = why is None
            if why is not None:
                table = str(why.facts.get("table", ""))
                column = why.facts.get("column")
                needs = [f"{table}.{column}" if column else table]
        first = definition.rules()[0]
        listed.append(
            {
                "id": name,
                "label": definition.label.model_dump(),
                "table": first.table or None,
                "unit": first.unit,
                "measurable": measurable,
                "needs": needs,
            }
        )
    return listed
