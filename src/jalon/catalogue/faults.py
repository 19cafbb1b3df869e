"""What pydantic finds wrong in a definition, as codes whose sentences say the mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from jalon.catalogue.definition import Change, Definition, Doubt, Example, Limit, Named, Rule

#: The code of each type of error; the others say what pydantic says.
_CODES = {
    "missing": "kpi_field_missing",
    "extra_forbidden": "kpi_field_unknown",
    "literal_error": "kpi_choice",
    "enum": "kpi_choice",
    "int_type": "kpi_number",
    "int_parsing": "kpi_number",
    "int_from_float": "kpi_number",
    "float_type": "kpi_number",
    "float_parsing": "kpi_number",
    "greater_than": "kpi_number",
    "greater_than_equal": "kpi_number",
    "less_than": "kpi_number",
    "less_than_equal": "kpi_number",
    "tuple_type": "kpi_list",
    "list_type": "kpi_list",
    "mapping_type": "kpi_map",
    "dict_type": "kpi_map",
    "model_type": "kpi_map",
    "string_type": "kpi_string",
    "date_type": "kpi_day",
    "date_parsing": "kpi_day",
    "date_from_datetime_parsing": "kpi_day",
}
_TEXTS = frozenset({"label", "question", "words", "caution", "exclusions", "why"})
_HOMES: Mapping[str, type[Any]] = {
    "parts": Rule,
    "bases": Rule,
    "examples": Example,
    "changes": Change,
    "limit": Limit,
    "doubt": Doubt,
    "named": Named,
}


def faults(error: ValidationError) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The code, the place (``label.en``) and the facts of each error."""
    for each in error.errors():
        steps = [str(step) for step in each["loc"]]
        path, code = ".".join(steps), _CODES.get(each["type"], "kpi_field")
        facts: dict[str, Any] = {"field": path, "detail": each["msg"]}
        if code == "kpi_field_missing" and steps[-1] in ("fr", "en") and len(steps) > 1:
            code, facts["field"] = "kpi_language", ".".join(steps[:-1])
            facts["language"] = f"language_{steps[-1]}"
        elif code in ("kpi_map", "kpi_string") and _TEXTS & set(steps):
            code = "kpi_text"
        elif code == "kpi_field_unknown":
            facts["nearest"] = get_close_matches(steps[-1], _fields(steps), 3, 0.6)
        elif code == "kpi_choice":
            expected = str(each.get("ctx", {}).get("expected", ""))
            facts |= {"found": str(each["input"]), "known": re.findall(r"'(\w+)'", expected)}
        else:
            facts["found"] = str(each["input"])[:80]
        yield code, path, facts


def _fields(steps: list[str]) -> list[str]:
    """The fields that may stand where one stands."""
    home = _HOMES.get(steps[0]) if len(steps) > 1 else Definition
    return [name for name in home.model_fields if name not in ("id", "own")] if home else []
