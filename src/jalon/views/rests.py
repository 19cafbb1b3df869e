"""The imports that a figure rests on."""

from __future__ import annotations

from typing import Any

from jalon import locale
from jalon.locale import numbers
from jalon.model.tables import GROUPED
from jalon.views import paths
from jalon.views.parts import Link
from jalon.views.source import Source

#: Imports named at most, the last first; and how many are looked at.
NAMED, LOOKED_AT = 3, 20


def rests_on(source: Source, workspace: Any, kpi: str, part: str | None) -> tuple[Link, ...]:
    """The last imports in force that brought rows to the tables of a KPI."""
    lang = source.lang
    tables = {rule.table for rule in source.door.catalogue[kpi].rules(part)}
    # Customers are worked out from what they ordered, won or signed.
    tables |= {GROUPED[table].of for table in tables & GROUPED.keys()}
    found: list[Link] = []
    for each in [i for i in reversed(workspace.imports()) if not i.undone][:LOOKED_AT]:
        _, facts, _ = workspace.account_of(each.import_id)
        files = [one for one in (facts or {}).get("files", ()) if one["table"] in tables]
        if files and len(found) < NAMED:
            named = {one["file"] for one in files}
            text = locale.text(
                "page.kpi.import", lang, files=sorted(named), at=numbers.moment(each.at, lang)
            )
            found.append(Link(text, source.asked.href(f"{paths.DATA}/imports/{each.import_id}")))
    return tuple(found)
