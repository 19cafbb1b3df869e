"""What a company says of itself: ``settings.yaml`` of the workspace."""

from __future__ import annotations

import datetime as dt
import difflib
import zoneinfo
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from jalon.model.problems import Problem, Where, WorkspaceError
from jalon.state.yaml_faults import fault


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


class WorkingDays(BaseModel):
    """The days worked. ``week``: those of the week, Monday being 1. ``holidays``: whether French
    public holidays are days off. ``closed``: other days on which the company is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    week: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (
        1,
        2,
        3,
        4,
        5,
    )
    holidays: bool = True
    closed: Annotated[tuple[dt.date, ...], Field(max_length=1000)] = ()


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
    company's own. ``working_days``: those by which a pace is counted.
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
    working_days: WorkingDays = WorkingDays()
    memory_limit: str | None = Field(default=None, pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")

    @field_validator("zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone is called {name}") from None
        return name


def load(path: Path) -> Settings:
    """The settings of a file; the defaults where there is none.

    Raises WorkspaceError ``settings_wrong`` with each setting that is wrong, and its line.
    """
    if not path.exists():
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise WorkspaceError(fault(error, "", str(path))) from None
    settings, problems = understood(text, str(path))
    if problems:
        raise WorkspaceError(problems)
    return settings


def understood(text: str, file: str) -> tuple[Settings, list[Problem]]:
    """The settings that a text says, and all that is wrong in it.

    A setting that is wrong has its default, so that the others can be looked at too.
    """
    try:
        said = yaml.safe_load(text)
        lines = lines_of(text)
    except yaml.YAMLError as error:
        return Settings(), [fault(error, text, file)]
    if said is not None and not isinstance(said, dict):
        return Settings(), [Problem("settings_no_names", {}, Where(file=file))]
    try:
        return Settings.model_validate(said or {}), []
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors()}
        right = {name: each for name, each in (said or {}).items() if name not in wrong}
        return Settings.model_validate(right), list(_problems(error, file, lines))


def lines_of(text: str) -> Mapping[str, int]:
    """The line of each setting of a text, by its name (``company.siren``)."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return dict(_lines(root, "")) if isinstance(root, yaml.MappingNode) else {}


def _lines(node: yaml.MappingNode, above: str) -> Iterator[tuple[str, int]]:
    for key, value in node.value:
        name = f"{above}{key.value}"
        yield name, key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            yield from _lines(value, f"{name}.")


def _problems(error: ValidationError, file: str, lines: Mapping[str, int]) -> Iterator[Problem]:
    seen: set[str] = set()
    for each in error.errors():
        steps = [str(step) for step in each["loc"] if step != "[key]" and not isinstance(step, int)]
        field = ".".join(steps)
        if field in seen:
            continue
        seen.add(field)
        near = [".".join(steps[:size]) for size in range(len(steps), 0, -1)]
        row = next((lines[name] for name in near if name in lines), None)
        where = Where(file=file, row=row, column=field or None)
        if each["type"] == "extra_forbidden":
            near = difflib.get_close_matches(steps[-1], _siblings(steps), 3)
            yield Problem("setting_unknown", {"field": field, "nearest": near}, where)
        else:
            facts = {"field": field, "detail": each["msg"], "expected": _expected(steps)}
            yield Problem("settings_wrong", facts, where)


def _siblings(steps: list[str]) -> list[str]:
    """The settings that may stand where one stands."""
    homes: dict[str, type[BaseModel]] = {
        "company": Company,
        "working_days": WorkingDays,
        "dimensions": OwnDimension,
    }
    home = homes.get(steps[0]) if len(steps) > 1 else Settings
    return list(home.model_fields) if home else []


def _expected(steps: list[str]) -> str:
    """The word for what a setting takes."""
    exact = ".".join(steps)
    if exact in _EXPECTED:
        return _EXPECTED[exact]
    last = "bands" if steps[0] == "dimensions" and "bands" in steps else steps[0]
    return _EXPECTED.get(last, "setting")


#: What each setting takes, by its name or that of what it belongs to.
_EXPECTED = {
    "currency": "setting_currency",
    "rates": "setting_rate",
    "fiscal_year_start": "setting_month",
    "zone": "setting_zone",
    "bases": "setting_text",
    "data_through": "setting_day",
    "company.siren": "setting_siren",
    "company": "setting_company",
    "icp": "setting_condition",
    "excluded_deals": "setting_condition",
    "required_fields": "setting_weight",
    "amount_bands": "setting_bands",
    "bands": "setting_bands",
    "dimensions": "setting_dimension",
    "working_days": "setting_days",
    "memory_limit": "setting_memory",
}
