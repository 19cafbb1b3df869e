"""How long a row went without a contact: the gaps between what happened on it, and the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp, select


@dataclass(frozen=True)
class Contact:
    """Rows that are contacts: their query, the reference that says of whom, the moment, and the
    status that they must have (None: any)."""

    query: exp.Select
    by: str
    moment: str
    status: str | None


def _column(table: str | None, name: str) -> exp.Column:
    return exp.column(name, table, quoted=True)


def silences(
    contacts: Sequence[Contact],
    own: exp.Select,
    resolved: exp.Table,
    start: str | Literal[False],
    end: str | Literal[False],
    rows: str | None,
) -> exp.Select:
    """By row: ``last_contact_at``, and ``longest_silence_days`` between its start and its end.

    ``own`` gives the rows' own dates, ``resolved`` the key that each reference stands for. What
    happened before the start or after the end is no contact: a call of after-sales does not
    lengthen the silences of the sale. ``rows``: a temporary table of the ``_row`` wanted.
    """
    dated = [_touches(each, resolved) for each in contacts]
    dated += [_own_dates(name) for name in (start, end) if name]
    every = dated[0]
    for each in dated[1:]:
        every = exp.union(every, each, distinct=False)  # type: ignore[assignment]
    inside = select(*(_column("e", name) for name in ("row", "at", "told"))).from_(
        every.subquery("e")
    )
    inside = inside.join("own", on=_column("e", "row").eq(_column("own", "_row")))
    at = _column("e", "at")
    for name, outside in ((start, exp.LT), (end, exp.GT)):
        if name:
            wrong = outside(this=at.copy(), expression=_column("own", name))
            inside = inside.where(exp.Not(this=exp.Coalesce(this=wrong, expressions=[exp.false()])))
    if rows:
        ids = select("_row").from_(exp.to_identifier(rows, quoted=True))
        inside = inside.where(exp.In(this=_column("e", "row"), query=ids.subquery()))
    return _gaps(inside).with_("own", as_=own)


def _touches(contact: Contact, resolved: exp.Table) -> exp.Select:
    """The contacts, by the key of the row they are about."""
    query = (
        select(
            exp.alias_(_column("k", "key"), "row", quoted=True),
            exp.alias_(_column("c", contact.moment), "at", quoted=True),
            exp.alias_(exp.true(), "told", quoted=True),
        )
        .from_(contact.query.subquery("c"))
        .join(resolved.copy(), on=_column("c", contact.by).eq(_column("k", "id")), join_alias="k")
    )
    if contact.status:
        query = query.where(_column("c", "status").eq(contact.status))
    return query


def _own_dates(name: str) -> exp.Select:
    """A date of the rows themselves: it bounds silences and is no contact."""
    return select(
        exp.alias_(_column("own", "_row"), "row", quoted=True),
        exp.alias_(_column("own", name), "at", quoted=True),
        exp.alias_(exp.false(), "told", quoted=True),
    ).from_("own")


def _gaps(inside: exp.Select) -> exp.Select:
    """The longest gap between dates that follow each other, and the last contact."""
    at = _column("d", "at")
    order = exp.Order(expressions=[exp.Ordered(this=at.copy())])
    former = exp.Window(
        this=exp.Lag(this=at.copy()), partition_by=[_column("d", "row")], order=order
    )
    stepped = select(
        *(_column("d", name) for name in ("row", "at", "told")),
        exp.alias_(former, "former", quoted=True),
    ).from_(inside.subquery("d"))
    stepped = stepped.where(exp.Not(this=exp.Is(this=at.copy(), expression=exp.Null())))
    gap = exp.DateDiff(
        this=_column("g", "at"), expression=_column("g", "former"), unit=exp.var("day")
    )
    last = exp.Filter(
        this=exp.Max(this=_column("g", "at")), expression=exp.Where(this=_column("g", "told"))
    )
    longest = exp.Filter(
        this=exp.Max(this=gap),
        # A row without any contact is not one of long silence: nothing is told of it.
        expression=exp.Where(this=exp.Not(this=exp.Is(this=gap.copy(), expression=exp.Null()))),
    )
    return (
        select(
            _column("g", "row"),
            exp.alias_(last, "last_contact_at", quoted=True),
            exp.alias_(
                exp.Case().when(
                    exp.GT(
                        this=exp.CountIf(this=_column("g", "told")),
                        expression=exp.Literal.number(0),
                    ),
                    longest,
                ),
                "longest_silence_days",
                quoted=True,
            ),
        )
        .from_(stepped.subquery("g"))
        .group_by(_column("g", "row"))
    )
