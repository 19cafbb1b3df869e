"""Columns that each say when a deal entered a stage, recognised by their headers.

CRMs whose exports carry the history of stages give a column of dates a stage: HubSpot (« Date
entered "Proposal" (Sales Pipeline) », its French form, ``hs_date_entered_<stage>``), Pipedrive,
Zoho and reports made by hand (« Date d'entrée dans l'étape Proposition »).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jalon.intake.keys import SURE
from jalon.intake.mapping import Combine, FieldMap, How, TableMap

ENTERED = "entered_at"
_STEP = r"(?:l')?(?:étape|etape|phase|statut|stade)"
_HEADERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^date d'entrée? (?:dans|en|à|au) (?:la |le )?{_STEP}\s*[:–-]?\s*(?P<stage>.+)$",
        r"^date d'entrée? (?:dans|en|à|au) ?(?P<stage>[\"«“].+)$",
        rf"^entrée? (?:dans|en|à|au) (?:la |le )?{_STEP}\s*[:–-]?\s*(?P<stage>.+?)(?: le)?$",
        r"^(?:hs_)(?:v2_)?date_entered_(?P<stage>.+)$",
        r"^date entered (?:the )?(?:stage\s*)?[:–-]?\s*(?P<stage>.+)$",
        r"^entered (?:the )?stage\s*[:–-]?\s*(?P<stage>.+)$",
        r"^stage\s+(?P<stage>.+?)\s+entered(?: (?:at|on|date))?$",
        r"^(?P<stage>.+?)\s*[:–-]\s*(?:date entered|entered (?:at|on)|date d'entrée)$",
    )
)
_PIPELINE = re.compile(r"\s*\((?P<pipeline>[^()]+)\)$")
#: What a header may say of no stage in particular.
_NO_STAGE = frozenset(
    {"", "at", "on", "date", "le", "current stage", "stage", "étape", "actuelle", "en cours", "by"}
)


def stage_columns(headers: Sequence[str]) -> dict[int, str]:
    """By column, the stage whose date of entry it holds, as its header writes it."""
    found = {index: name for index, each in enumerate(headers) if (name := _stage(each))}
    pipelines = {m["pipeline"] if (m := _PIPELINE.search(n)) else None for n in found.values()}
    if len(pipelines) == 1 and None not in pipelines:
        found = {index: _PIPELINE.sub("", name) for index, name in found.items()}
    return _different({index: _bare(name) for index, name in found.items()})


def _stage(header: str) -> str | None:
    plain = " ".join(header.replace("’", "'").split())
    for each in _HEADERS:
        match = each.match(plain)
        if match:
            named = match["stage"].strip()
            return None if _bare(named).casefold() in _NO_STAGE else named
    return None


def _bare(name: str) -> str:
    return name.strip(" \"'«»“”:\u00a0\u202f")


def _different(named: Mapping[int, str]) -> dict[int, str]:
    """Two columns of one stage (two pipelines) keep apart."""
    seen: dict[str, int] = {}
    made = {}
    for index, name in named.items():
        seen[name] = seen.get(name, 0) + 1
        made[index] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return made


def as_known(stages: Mapping[int, str], known: Iterable[str]) -> dict[int, str]:
    """The stages under the names that the deals have, where only case and signs differ."""
    names = {_letters(each): each for each in known}
    return {index: names.get(_letters(name), name) for index, name in stages.items()}


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def history_of(deal: TableMap, stages: Mapping[int, str]) -> TableMap | None:
    """How the same file fills ``stage_change``; None where nothing says which deal a row is."""
    known = deal.of("source_id")
    columns = deal.key or (known.columns if known and deal.key_how == SURE else ())
    if not columns:
        return None
    fields = (
        FieldMap("deal", columns, How.NAME, Combine.JOIN if len(columns) > 1 else Combine.FIRST),
        FieldMap(ENTERED, tuple(stages), How.NAME),
    )
    return replace(
        deal,
        table="stage_change",
        fields=fields,
        values={},
        constants={},
        key=deal.key,
        links={},
        lines=False,
        stages=dict(stages),
    )
