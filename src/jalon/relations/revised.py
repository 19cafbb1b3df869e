"""What the versions of a row tell beside its present value: the first, how often it moved later.

Only rows with several versions are looked into; of the others, the present value is the first.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from sqlglot import exp, select

from jalon.model.tables import Revision, Table
from jalon.relations.clock import Clock, known_at

ALIAS = "revised"


def _column(table: str, name: str) -> exp.Column:
    return exp.column(name, table, quoted=True)


def revised(
    table: Table,
    held: Sequence[Revision],
    clock: Clock,
    rows: str | None,
    values: Mapping[str, exp.Expr],
    joins: MutableMapping[str, tuple[exp.Expr, exp.Expr]],
) -> dict[str, exp.Expr]:
    """The columns of a table's revisions, the query that they need being added to ``joins``.

    ``held``: those of which rows have several versions. ``values``: the row's own columns.
    ``rows``: a temporary table of the ``_row`` wanted.
    """
    if held:
        on = exp.EQ(this=_column("b", "_row"), expression=_column(ALIAS, "_row"))
        joins[ALIAS] = (_figures(table, held, clock, rows).subquery(), on)
    found: dict[str, exp.Expr] = {}
    for each in table.revisions:
        alone: exp.Expr = values[each.column].copy()
        if each.does == "later":
            alone = exp.cast(exp.Literal.number(0), each.kind.sql)
        found[each.name] = alone
        if each in held:
            told = _column(ALIAS, each.name)
            found[each.name] = exp.Coalesce(this=told, expressions=[alone])
    return found


def _figures(
    table: Table, revisions: Sequence[Revision], clock: Clock, rows: str | None
) -> exp.Select:
    """By row with several versions, the figures of those known by the clock."""
    names = dict.fromkeys(each.column for each in revisions)
    versions = select(
        _column("v", "_row"),
        _column("v", "_import"),
        *(_column("v", name) for name in names),
        *(exp.alias_(_before(name), f"_before_{name}", quoted=True) for name in names),
    ).from_(exp.table_(table.name, "version", quoted=True, alias="v"))
    ended = exp.Not(this=exp.Is(this=_column("e", "_until"), expression=exp.Null()))
    several = select(_column("e", "_row")).where(ended)
    several = several.from_(exp.table_(table.name, "version", quoted=True, alias="e"))
    wanted = [several]
    if rows:
        wanted.append(select("_row").from_(exp.to_identifier(rows, quoted=True)))
    for query in wanted:
        versions = versions.where(exp.In(this=_column("v", "_row"), query=query.subquery()))
    if clock.known_at is not None:
        at = known_at()
        versions = versions.where(_column("v", "_import") <= at)
    return (
        select(
            _column("h", "_row"),
            *(exp.alias_(_figure(each), each.name, quoted=True) for each in revisions),
        )
        .from_(versions.subquery("h"))
        .group_by(_column("h", "_row"))
    )


def _before(name: str) -> exp.Expr:
    """The last value known before this version's."""
    known = exp.IgnoreNulls(this=exp.Lag(this=_column("v", name)))
    order = exp.Order(expressions=[exp.Ordered(this=_column("v", "_import"))])
    return exp.Window(this=known, partition_by=[_column("v", "_row")], order=order)


def _figure(each: Revision) -> exp.Expr:
    value = _column("h", each.column)
    if each.does == "later":
        moved = exp.Where(this=value > _column("h", f"_before_{each.column}"))
        return exp.Filter(this=exp.Count(this=exp.Star()), expression=moved)
    known = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
    return exp.Filter(
        this=exp.ArgMin(this=value, expression=_column("h", "_import")), expression=known
    )
