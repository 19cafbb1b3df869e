"""What a company says of its own rows, as columns that no file brings: its dimensions, its ideal
prospect, the fields that it requires, the deals that it leaves out.

Such a column is an expression over the table's own, put in its place when a query is compiled:
nothing is stored, so a changed setting needs no import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from typing import Any

from jalon.model.calendar import FRANCE, Calendar
from jalon.model.problems import JalonError, Problem, RequestError, Where
from jalon.model.tables import GROUPED, TABLES, Kind
from jalon.relations.columns import dimensions, readable
from jalon.relations.expression import condition
from jalon.state.settings import Settings

#: The fields required of a prospect where the company says nothing.
REQUIRED = {"company": 1.0, "contact_name": 1.0, "email": 1.0, "phone": 1.0, "sector": 1.0}


@dataclass(frozen=True)
class OwnDimension:
    """A dimension made of another: values put together (``groups``: name, values; a value that ends
    with ``*`` stands for all that begin so), or amounts cut into bands (``bands``: the limits)."""

    name: str
    of: str
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    bands: tuple[float, ...] = ()
    label: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OwnColumn:
    """A column of a table: its name, what it holds, its expression (None: not known)."""

    name: str
    kind: Kind
    text: str | None


@dataclass(frozen=True)
class Own:
    """The settings that make columns. ``icp``: the condition of an ideal prospect, over leads.
    ``required``: fields of a prospect and their weights. ``excluded``: the condition of the deals
    left out, beyond those marked invalid. ``calendar``: the days worked."""

    dimensions: tuple[OwnDimension, ...] = ()
    icp: str | None = None
    required: tuple[tuple[str, float], ...] = tuple(REQUIRED.items())
    excluded: str | None = None
    calendar: Calendar = FRANCE

    def columns(self, table: str) -> tuple[OwnColumn, ...]:
        """The columns that a table has by these settings."""
        return self._columns.get(table, ())

    def allowed(self, known: Sequence[str]) -> tuple[str, ...]:
        """The dimensions that may be asked where those of ``known`` may."""
        made = [each.name for each in self.dimensions if each.of in known or each.name in known]
        made += ["amount_band"] if "amount_band" in known else []
        return tuple(dict.fromkeys((*known, *made)))

    def label(self, name: str, lang: str) -> str | None:
        """The name of a dimension for a person; None where it is not one of these."""
        for each in self.dimensions:
            if each.name == name:
                return dict(each.label).get(lang) or name
        return None

    @cached_property
    def _columns(self) -> Mapping[str, tuple[OwnColumn, ...]]:
        made: dict[str, list[OwnColumn]] = {}
        for table in (*TABLES, *GROUPED):
            known = readable(table)
            made[table] = [
                OwnColumn(each.name, Kind.CODE, _expression(each))
                for each in self.dimensions
                if each.of in known
            ]
        made["lead"] += [
            OwnColumn("icp_fit", Kind.FLAG, self.icp),
            OwnColumn("completeness", Kind.SHARE, self._completeness()),
            OwnColumn("complete", Kind.FLAG, self._complete()),
        ]
        if self.excluded:
            text = f"invalid or coalesce({self.excluded}, false)"
            made["deal"].append(OwnColumn("invalid", Kind.FLAG, text))
        return {table: tuple(found) for table, found in made.items()}

    def _completeness(self) -> str:
        terms = [
            f"case when {name} is not null then {weight:g} else 0 end"
            for name, weight in self.required
        ]
        total = sum(weight for _, weight in self.required)
        return f"({' + '.join(terms)}) / {total:g}"

    def _complete(self) -> str:
        return " and ".join(f"{name} is not null" for name, _ in self.required)


def own_of(settings: Settings) -> Own:
    """The columns that a company's settings make."""
    made = [
        OwnDimension(
            name,
            each.of,
            tuple(each.groups.items()),
            each.bands,
            (("fr", each.label), ("en", each.label)) if each.label else (),
        )
        for name, each in settings.dimensions.items()
    ]
    if settings.amount_bands:
        made.append(OwnDimension("amount_band", "amount", bands=settings.amount_bands))
    required = settings.required_fields or REQUIRED
    days = settings.working_days
    calendar = Calendar(frozenset(days.week), days.holidays, frozenset(days.closed))
    return Own(
        tuple(made), settings.icp, tuple(required.items()), settings.excluded_deals, calendar
    )


def check(own: Own, file: str) -> None:
    """Refuse settings that name what is not there.

    Raises RequestError with each such setting, its place in ``file``, and what would do.
    """
    problems = list(wrong(own, file))
    if problems:
        raise RequestError(problems)


def wrong(own: Own, file: str) -> Iterator[Problem]:
    """Each setting that names what is not there, and what would do."""
    for name, _ in own.required:
        if name not in readable("lead"):
            known = sorted(readable("lead"))
            facts = {"name": name, "nearest": get_close_matches(name, known), "known": known}
            yield _problem(file, f"required_fields.{name}", "unknown_column", facts)
    for field, table, text in (("icp", "lead", own.icp), ("excluded_deals", "deal", own.excluded)):
        if text is not None:
            try:
                condition(text, readable(table), option=field)
            except JalonError as error:
                for found in error.problems:
                    yield _problem(file, field, found.code, found.facts)
    for each in own.dimensions:
        yield from _wrong_dimension(each, file)


def _wrong_dimension(each: OwnDimension, file: str) -> Iterator[Problem]:
    homes = [table for table in TABLES if each.of in readable(table)]
    place = f"dimensions.{each.name}"
    if not homes:
        known = sorted({name for table in TABLES for name in dimensions(table)})
        facts = {"name": each.of, "nearest": get_close_matches(each.of, known), "known": known}
        yield _problem(file, f"{place}.of", "unknown_column", facts)
        return
    taken = [table for table in homes if each.name in readable(table)]
    if taken and each.name != "amount_band":
        yield _problem(file, place, "dimension_taken", {"name": each.name, "table": taken[0]})


def _problem(file: str, field: str, code: str, facts: Mapping[str, Any]) -> Problem:
    return Problem(code, dict(facts), Where(file=file, column=field))


def _expression(each: OwnDimension) -> str:
    return _bands(each) if each.bands else _groups(each)


def _bands(each: OwnDimension) -> str:
    limits = sorted(each.bands)
    whens = [f"when {each.of} < {limits[0]:g} then '< {_short(limits[0])}'"]
    whens += [
        f"when {each.of} < {high:g} then '{_short(low)} – {_short(high)}'"
        for low, high in pairwise(limits)
    ]
    return (
        f"case when {each.of} is null then null {' '.join(whens)} else '≥ {_short(limits[-1])}' end"
    )


def _short(limit: float) -> str:
    if limit >= 1_000_000 and limit % 100_000 == 0:
        return f"{limit / 1_000_000:g} M"
    return f"{limit / 1000:g} k" if limit >= 1000 and limit % 100 == 0 else f"{limit:g}"


def _groups(each: OwnDimension) -> str:
    whens = []
    for name, values in each.groups:
        exact = [value for value in values if not value.endswith("*")]
        tests = [f"{each.of} in ({', '.join(map(_quoted, exact))})"] if exact else []
        starts = [value[:-1] for value in values if value not in exact]
        plain = [start.replace("%", "").replace("_", "") for start in starts]
        tests += [f"{each.of} like {_quoted(start + '%')}" for start in plain]
        whens.append(f"when {' or '.join(tests)} then {_quoted(name)}")
    return f"case {' '.join(whens)} else {each.of} end"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
