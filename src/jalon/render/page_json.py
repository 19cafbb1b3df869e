"""A view as JSON: the figures of its page, the same to the digit."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, get_type_hints

from pydantic import BaseModel, create_model

from jalon.views.parts import Frame


def record(view: Any) -> dict[str, Any]:
    """What a view says, under the names of its fields; of its frame, what is not furniture."""
    said = {each.name: _plain(getattr(view, each.name)) for each in fields(view)}
    frame: Frame = view.frame
    said["frame"] = {
        "title": frame.title,
        "lang": frame.lang,
        "through": frame.through,
        "asked": frame.printed,
    }
    return said


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def model(view: type) -> type[BaseModel]:
    """The shape of a view's JSON, for the OpenAPI description."""
    hints = get_type_hints(view)
    named = {each.name: (hints[each.name], ...) for each in fields(view) if each.name != "frame"}
    made: type[BaseModel] = create_model(f"{view.__name__}Json", frame=(Surroundings, ...), **named)  # type: ignore[call-overload]
    return made


class Surroundings(BaseModel):
    """Of a page's frame, what its JSON says."""

    title: str
    lang: str
    through: str
    asked: str
