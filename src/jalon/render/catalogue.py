"""The catalogue as records: what is measurable here, and what the rest needs."""

from __future__ import annotations

from typing import Any

from jalon.catalogue.catalogue import Catalogue
from jalon.measure.run import Measurer


def entries(known: Catalogue, measurer: Measurer | None) -> list[dict[str, Any]]:
    """One entry a KPI; ``measurable`` is None without a workspace."""
    listed = []
    for name in known.public():
        definition = known[name]
        needs: list[str] = []
        measurable: bool | None = None
        if measurer is not None:
            why = measurer.lacks(name)
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
