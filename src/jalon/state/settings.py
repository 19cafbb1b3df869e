"""What a company says of itself: ``settings.yaml`` of the workspace."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jalon.model.problems import Where, WorkspaceError


class Company(BaseModel):
    """Who the company is, so that its side of an invoice or of a meeting is known.

    ``siren``: its nine digits. ``domains``: those of its own mail addresses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    siren: str | None = Field(default=None, pattern=r"^\d{9}$")
    domains: tuple[str, ...] = ()


class OwnDimension(BaseModel):
    """A dimension made of another.

    ``of``: the column that it is made of. ``groups``: names, and the values that each puts together
    (``62*``: all those that begin so). ``bands``: the limits between which amounts are put.
    ``label``: its name for a person, where the key is not one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    of: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    groups: dict[str, tuple[str, ...]] = {}
    bands: Annotated[tuple[float, ...], Field(max_length=50)] = ()
    label: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.groups) == bool(self.bands):
            raise ValueError("groups or bands, one of the two")
        return self


class Settings(BaseModel):
    """The settings, each with its default.

    ``rates``: what one unit of another currency is worth in the company's, where no table of rates
    was imported. ``fiscal_year_start``: the month in which the year begins. ``bases``: by KPI (or
    ``*`` for all), the basis to use whatever the data hold. ``data_through``: by source, the last
    day that its data tell about, where the last event does not say it. ``zone``: of local times.
    ``company``: who the company is. ``icp``: the condition that an ideal prospect meets.
    ``required_fields``: the fields of a prospect that completeness counts, with their weights.
    ``excluded_deals``: the condition of the deals left out everywhere (tests, duplicates), beyond
    those marked so. ``amount_bands``: the limits of the bands of amounts. ``dimensions``: the
    company's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    rates: dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[float, Field(gt=0)]] = {}
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    zone: str = "Europe/Paris"
    bases: dict[str, str] = {}
    data_through: dict[str, dt.date] = {}
    company: Company = Company()
    icp: str | None = None
    required_fields: dict[str, Annotated[float, Field(gt=0)]] = {}
    excluded_deals: str | None = None
    amount_bands: Annotated[tuple[float, ...], Field(max_length=50)] = ()
    dimensions: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], OwnDimension] = {}
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
