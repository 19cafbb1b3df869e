"""Customers, one row each, worked out from their orders, deals or contracts."""

from __future__ import annotations

from collections.abc import Set

from sqlglot import exp, select

from jalon.model.tables import Grouped
from jalon.relations.columns import readable
from jalon.relations.expression import parse
from jalon.relations.flat import column


def grouped_query(group: Grouped, source: exp.Expr, filled: Set[str]) -> exp.Select:
    """The customers of a flat table, one row each.

    ``source`` is the flat table (or its query), ``filled`` its dimensions that hold something. The
    first order of a customer decides its dimensions. A customer without a stated end is taken for
    lost when silent for longer than 9 gaps between orders in 10 were (``lost_at``), and to have
    ended with its last order (``ended_at``).
    """
    at = column("f", group.at)
    where = parse(group.where, readable(group.of), option=group.name).transform(
        lambda node: column("f", node.name) if isinstance(node, exp.Column) else node
    )
    if group.beside:
        return _beside(group, source, exp.Case().when(where, at))
    rows = select(
        column("f", "customer"),
        exp.alias_(at, "at", quoted=True),
        exp.alias_(exp.cast(at, "date"), "day", quoted=True),
        exp.alias_(column("f", group.amount), "amount", quoted=True),
        column("f", "observed_at"),
        *(column("f", each) for each in sorted(filled)),
    )
    if group.until:
        rows = rows.select(exp.alias_(column("f", group.until), "until", quoted=True))
    rows = rows.from_(exp.alias_(source, "f", quoted=True)).where(where)
    rows = rows.where(exp.Not(this=exp.Is(this=column("f", "customer"), expression=exp.Null())))
    return _Customers(group, rows, filled).query()


def _beside(group: Grouped, source: exp.Expr, at: exp.Expr) -> exp.Select:
    """Every row, with the first moment of its customer's rows or the last of all.

    ``at`` is the moment of the rows that count, unknown for the others.
    """
    query = select("f.*").from_(exp.alias_(source, "f", quoted=True))
    if group.beside == "last_at":
        return query.select(_alias(exp.Window(this=exp.Max(this=at)), "last_at"))
    customer = column("f", "customer")
    first = exp.Window(this=exp.Min(this=at), partition_by=[customer])
    known = exp.Not(this=exp.Is(this=customer.copy(), expression=exp.Null()))
    query = query.select(
        _alias(exp.Case().when(known, first), "first_at"),
        _alias(column("f", group.amount), "sold"),
    )
    age = _days(column("s", "first_at"), column("s", group.at))
    return select("s.*", _alias(age, "age_days")).from_(query.subquery("s"))


class _Customers:
    def __init__(self, group: Grouped, rows: exp.Select, filled: Set[str]) -> None:
        self.group, self.rows, self.filled = group, rows, filled

    def query(self) -> exp.Select:
        query = select("g.*")
        silence = exp.alias_(self._silence(), "silence_days", quoted=True)
        ended, lost = self._ends()
        query = query.select(silence)
        outer = select("e.*").from_(query.from_(self._customers().subquery("g")).subquery("e"))
        outer = outer.select(
            exp.alias_(ended, "ended_at", quoted=True), exp.alias_(lost, "lost_at", quoted=True)
        )
        life = _days(
            column("x", "first_at"),
            exp.Coalesce(this=column("x", "ended_at"), expressions=[column("x", "observed_at")]),
        )
        return (
            select("x.*")
            .select(
                exp.alias_(
                    exp.Greatest(this=life, expressions=[exp.Literal.number(0)]),
                    "lifetime_days",
                    quoted=True,
                )
            )
            .from_(outer.subquery("x"))
        )

    def _customers(self) -> exp.Select:
        query = select(
            column(None, "customer"),
            _alias(exp.Min(this=column(None, "at")), "first_at"),
            _alias(exp.Max(this=column(None, "at")), "last_at"),
            _alias(exp.Count(this=exp.Star()), "orders"),
            _alias(exp.Count(this=exp.Distinct(expressions=[column(None, "day")])), "order_days"),
            _alias(exp.Sum(this=column(None, "amount")), "total_amount"),
            _alias(exp.Max(this=column(None, "observed_at")), "observed_at"),
            _alias(self._second(), "second_at"),
        )
        for each in sorted(self.filled):
            first = exp.ArgMin(this=column(None, each), expression=column(None, "at"))
            query = query.select(_alias(first, each))
        if self.group.until:
            query = query.select(
                _alias(exp.Max(this=column(None, "until")), "until"),
                _alias(exp.Count(this=exp.Star()), "stated"),
                _alias(exp.Count(this=column(None, "until")), "stated_ends"),
            )
        return query.from_(self._ranked().subquery("q")).group_by(column(None, "customer"))

    def _ranked(self) -> exp.Select:
        """Orders with the day of the customer's former order: gaps are between days."""
        return self.rows.select(
            _alias(
                exp.Window(
                    this=exp.DenseRank(),
                    partition_by=[column("f", "customer")],
                    order=exp.Order(
                        expressions=[exp.Ordered(this=exp.cast(column("f", self.group.at), "date"))]
                    ),
                ),
                "nth",
            )
        )

    def _second(self) -> exp.Expr:
        return exp.Filter(
            this=exp.Min(this=column(None, "at")),
            expression=exp.Where(this=column(None, "nth").eq(2)),
        )

    def _silence(self) -> exp.Expr:
        """The 90th percentile of the days between two order days of a customer."""
        if self.group.until:
            return exp.cast(exp.Null(), "bigint")
        days = (
            select(column("d", "customer"), column("d", "day"))
            .distinct()
            .from_(self.rows.copy().subquery("d"))
        )
        former = exp.Window(
            this=exp.Lag(this=column("d", "day")),
            partition_by=[column("d", "customer")],
            order=exp.Order(expressions=[exp.Ordered(this=column("d", "day"))]),
        )
        gaps = select(_alias(_days(former, column("d", "day")), "gap")).from_(days.subquery("d"))
        return (
            select(
                exp.Anonymous(
                    this="quantile_disc", expressions=[column(None, "gap"), exp.Literal.number(0.9)]
                )
            )
            .from_(gaps.subquery("gaps"))
            .subquery()
        )

    def _ends(self) -> tuple[exp.Expr, exp.Expr]:
        if self.group.until:
            over = exp.and_(
                column("e", "stated").eq(column("e", "stated_ends")),
                column("e", "until") <= column("e", "observed_at"),
            )
            end = exp.Case().when(over, column("e", "until"))
            return end, end.copy()
        silent = _days(column("e", "last_at"), column("e", "observed_at")) > column(
            "e", "silence_days"
        )
        lost = exp.Anonymous(
            this="date_add",
            expressions=[
                column("e", "last_at"),
                exp.Anonymous(
                    this="to_days", expressions=[exp.cast(column("e", "silence_days"), "int")]
                ),
            ],
        )
        return (
            exp.Case().when(silent, column("e", "last_at")),
            exp.Case().when(silent.copy(), lost),
        )


def _alias(value: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(value, name, quoted=True)


def _days(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return exp.DateDiff(this=end, expression=start, unit=exp.var("day"))
