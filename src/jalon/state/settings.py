"""What a company says of itself: ``settings.yaml`` of the workspace."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jalon.model.problems import Where, WorkspaceError


class Company(BaseModel):
    """Who the company is, so that its side of an invoice or of a meeting is known.

    ``siren``: its nine digits. ``domains``: those of its own mail addresses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    siren: str | None = Field(default=None, pattern=r"^\d{9}$")
    domains: tuple[str, ...] = ()


class Settings(BaseModel):
    """The settings, each with its default.

    ``rates``: what one unit of another currency is worth in the company's, where no table of rates
    was imported. ``fiscal_year_start``: the month in which the year begins. ``bases``: by KPI (or
    ``*`` for all), the basis to use whatever the data hold. ``data_through``: by source, the last
    day that its data tell about, where the last event does not say it. ``zone``: of local times.
    ``company``: who the company is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    rates: dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[float, Field(gt=0)]] = {}
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    zone: str = "Europe/Paris"
    bases: dict[str, str] = {}
    data_through: dict[str, dt.date] = {}
    company: Company = Company()
    memory_limit: str | None = Field(default=None, pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")


def load(path: Path) -> Settings:
    """The settings of a file; the defaults where there is none.

    Raises WorkspaceError ``settings_wrong`` with the field.
    """
    if not path.exists():
        return Settings()
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        field, detail = "", str(error).splitlines()[0]
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field, detail = ".".join(str(each) for each in first["loc"]), first["msg"]
        where = Where(file=str(path), column=field or None)
        raise WorkspaceError.of("settings_wrong", where, field=field, detail=detail) from None
