"""A canonical table with everything found and worked out, as one query over the versions.

The store writes these queries into flat current tables; a past clock runs the same ones with its
masks. References have become labels and integer keys, dimensions are found along their paths,
children are aggregated by key before the join (so that no path multiplies rows).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from sqlglot import exp, parse_one, select

from jalon.model.tables import (
    GROUPED,
    SILENCE_COLUMNS,
    TABLES,
    Child,
    Column,
    Earliest,
    Kind,
    Revision,
    Silences,
    Table,
)
from jalon.relations.clock import NOW, Clock, known_at
from jalon.relations.columns import readable
from jalon.relations.expression import parse
from jalon.relations.revised import revised
from jalon.relations.silences import Contact, silences

MEETING_CHAIN = "held_finally"


@dataclass(frozen=True)
class Present:
    """What the store holds: by table, the columns with at least one value.

    What is absent is not joined: a workspace of deals alone pays for no empty table. ``gone``: the
    tables with rows that their source no longer has; ``revised``: those with rows of which there
    are several versions.
    """

    columns: Mapping[str, Set[str]] = field(default_factory=dict)
    gone: Set[str] = frozenset()
    revised: Set[str] = frozenset()

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the table (and that column) has anything."""
        filled = self.columns.get(table)
        return filled is not None and (column is None or column in filled)


def column(table: str | None, name: str) -> exp.Column:
    """A quoted column, qualified where a table is given."""
    return exp.column(
        exp.to_identifier(name, quoted=True),
        table=exp.to_identifier(table, quoted=True) if table else None,
    )


def stored(schema: str, name: str, alias: str | None = None) -> exp.Table:
    """A table of the store."""
    return exp.table_(
        exp.to_identifier(name, quoted=True),
        db=exp.to_identifier(schema, quoted=True),
        alias=exp.to_identifier(alias, quoted=True) if alias else None,
    )


def null(kind: Kind) -> exp.Expr:
    """A typed NULL, for what the store does not hold."""
    return exp.cast(exp.Null(), "varchar" if kind is Kind.REFERENCE else kind.sql)


def flat_query(
    name: str, present: Present, clock: Clock = NOW, rows: str | None = None
) -> exp.Select:
    """The query that gives a table flat. ``rows``: a temporary table of the ``_row`` wanted.

    What the clock says is a parameter, ``as_of`` and ``known_at``: of the clock the query depends
    only on whether each is set, and on ``fallback``.
    """
    if name in GROUPED:
        raise ValueError(f"{name} is grouped: see relations.grouped")
    return _Flat(TABLES[name], present, clock, rows).query()


def parted(query: exp.Select) -> tuple[exp.Select, list[exp.Expr]]:
    """A flat query without the columns that are NULL for all rows, and those columns."""
    empty = [each for each in query.selects if _is_null(each.unalias())]
    held = query.copy()
    held.set("expressions", [each for each in held.selects if not _is_null(each.unalias())])
    return held, [each.copy() for each in empty]


def _is_null(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and isinstance(value.this, exp.Null)


def base(name: str, clock: Clock, columns: Set[str], *, gone: bool = False) -> exp.Select:
    """The imported columns of a table in the versions of a clock, masked; references as stored.

    ``gone``: with the last version of the rows that are gone, for what still refers to them.
    """
    table = TABLES[name]
    wanted = [each for each in table.columns if each.name in columns]
    query = select(*(column("v", each) for each in ("_row", "_origin", "source_id", "_import")))
    for each in wanted:
        query = query.select(
            exp.alias_(_masked(table, each, clock), exp.to_identifier(each.name, quoted=True))
        )
    versions = _versions(clock)
    if gone:
        versions = exp.or_(versions, _last_of_gone(name, clock))
    query = query.from_(stored("version", name, "v")).where(versions)
    if clock.instant is not None and table.born:
        born = column("v", table.born)
        query = query.where(exp.or_(exp.Is(this=born, expression=exp.Null()), born < _as_of()))
    return query


def _as_of() -> exp.Placeholder:
    return exp.Placeholder(this="as_of")


def _versions(clock: Clock) -> exp.Expr:
    until = column("v", "_until")
    if clock.known_at is None:
        return exp.Is(this=until, expression=exp.Null())
    at = known_at()
    known = exp.and_(
        column("v", "_import") <= at,
        exp.or_(exp.Is(this=until.copy(), expression=exp.Null()), until > at),
    )
    if not clock.fallback:
        return known
    earliest = exp.and_(column("v", "_first"), column("v", "_import") > at)
    return exp.or_(known, earliest)


def _last_of_gone(name: str, clock: Clock) -> exp.Expr:
    """Whether a version is the last of a row that was gone by the clock."""
    until = exp.Is(this=column("g", "until"), expression=exp.Null())
    gone = (
        select(exp.Tuple(expressions=[column("g", "row"), column("g", "since")]))
        .from_(stored("meta", "gone", "g"))
        .where(column("g", "table").eq(name))
    )
    if clock.known_at is None:
        gone = gone.where(until)
    else:
        at = known_at()
        still = exp.or_(until, column("g", "until") > at)
        gone = gone.where(column("g", "since") <= at).where(still)
    last = exp.Tuple(expressions=[column("v", "_row"), column("v", "_until")])
    return exp.In(this=last, query=gone.subquery())


def _masked(table: Table, each: Column, clock: Clock) -> exp.Expr:
    """The column, unless what dates it comes after the clock.

    Where nothing dates the value, it stands only if the version was known on that day: a closing
    without a date is never back-dated.
    """
    value = column("v", each.name)
    if clock.instant is None or each.dated_by is None or each.dated_by not in table:
        return value
    dated = column("v", each.dated_by)
    hidden: exp.Expr = dated >= _as_of()
    if clock.known_at is not None and each.dated_by != each.name:
        undated = exp.Is(this=dated.copy(), expression=exp.Null())
        unknown = column("v", "_import") > known_at()
        hidden = exp.or_(hidden, exp.and_(undated, unknown))
    before = exp.Literal.string(each.before) if each.before else exp.Null()
    return exp.Case().when(hidden, before).else_(value)


class _Flat:
    """One flat query under construction: its joins are shared by all that need them."""

    def __init__(self, table: Table, present: Present, clock: Clock, rows: str | None) -> None:
        self.table, self.present, self.clock, self.rows = table, present, clock, rows
        self.joins: dict[str, tuple[exp.Expr, exp.Expr]] = {}
        self.parents: dict[str, set[str]] = defaultdict(set)

    def query(self) -> exp.Select:
        values = self._values()
        names = self._needed()
        query = select(*(column("b", each) for each in ("_row", "_origin", "source_id", "_import")))
        for name, value in values.items():
            query = query.select(exp.alias_(value, exp.to_identifier(name, quoted=True)))
        main = base(self.table.name, self.clock, names)
        if self.rows:
            ids = select("_row").from_(exp.to_identifier(self.rows, quoted=True))
            main = main.where(exp.In(this=column("v", "_row"), query=ids.subquery()))
        query = query.from_(main.subquery("b"))
        for alias, (source, on) in self.joins.items():
            built = self._parent(alias) if isinstance(source, exp.Identifier) else source
            query = query.join(built, on=on, join_type="left", join_alias=alias)
        return query

    def _as_they_were(self, values: Mapping[str, exp.Expr]) -> dict[str, exp.Expr]:
        """Under a past clock, the values that a history tells in place of today's."""
        if self.clock.instant is None:
            return {}
        return {
            each.name: exp.Coalesce(
                this=values[each.history].copy(), expressions=[values[each.name].copy()]
            )
            for each in self.table.columns
            if each.history
        }

    def _needed(self) -> set[str]:
        return {
            each.name for each in self.table.columns if self.present.has(self.table.name, each.name)
        }

    def _values(self) -> dict[str, exp.Expr]:
        table = self.table
        values: dict[str, exp.Expr] = {}
        for each in table.columns:
            if each.kind is Kind.REFERENCE:
                values[each.name], values[f"{each.name}_key"] = self._reference(each)
            else:
                values[each.name] = self._own(each)
        for dimension, paths in table.paths.items():
            values[dimension] = self._dimension(dimension, paths)
        values |= self._children()
        values |= {each.name: self._earliest(each) for each in table.earliest}
        values |= revised(table, self._revised(), self.clock, self.rows, values, self.joins)
        values |= self._as_they_were(values)
        if table.customer:
            values["customer"] = self._customer()
        values["observed_at"] = self._observed()
        if table.name == "meeting":
            values[MEETING_CHAIN], values[f"{MEETING_CHAIN}_at"] = self._chain()
        if table.silences:
            values |= self._silences(table.silences)
        known = readable(table.name)
        for derived in table.derived:
            tree = parse(derived.expression, known, option=f"{table.name}.{derived.name}")
            values[derived.name] = tree.transform(
                lambda node: (
                    exp.paren(values[node.name].copy()) if isinstance(node, exp.Column) else node
                )
            )
        return values

    def _revised(self) -> list[Revision]:
        """The revisions of columns that hold something, where rows have several versions."""
        name = self.table.name
        if name not in self.present.revised:
            return []
        return [each for each in self.table.revisions if self.present.has(name, each.column)]

    def _own(self, each: Column) -> exp.Expr:
        if not self.present.has(self.table.name, each.name):
            if each.default is not None:
                return exp.convert(each.default)
            return null(each.kind)
        value: exp.Expr = column("b", each.name)
        if each.default is not None:
            value = exp.Coalesce(this=value, expressions=[exp.convert(each.default)])
        return value

    def _reference(self, each: Column) -> tuple[exp.Expr, exp.Expr]:
        """Label and key of what a reference of the row points to."""
        if not self.present.has(self.table.name, each.name):
            return null(Kind.TEXT), exp.cast(exp.Null(), "bigint")
        alias = self._resolved((each.name,))
        return column(alias, "label"), column(alias, "key")

    def _resolved(self, steps: tuple[str, ...]) -> str:
        """Join what the reference at the end of these steps resolves to; the join's alias."""
        alias = "r_" + "_".join(steps)
        if alias not in self.joins:
            holder = "b" if len(steps) == 1 else self._row_of(steps[:-1])
            on = exp.EQ(this=column(holder, steps[-1]), expression=column(alias, "id"))
            source = stored("meta", "resolved") if self.clock.known_at is None else _resolved_at()
            self.joins[alias] = (source, on)
        return alias

    def _row_of(self, steps: tuple[str, ...]) -> str:
        """Join the row that these references lead to; the join's alias."""
        alias = "p_" + "_".join(steps)
        if alias not in self.joins:
            resolved = self._resolved(steps)
            on = exp.EQ(this=column(resolved, "key"), expression=column(alias, "_row"))
            self.joins[alias] = (exp.to_identifier(self._target(steps)), on)
        return alias

    def _target(self, steps: tuple[str, ...]) -> str:
        name = self.table.name
        for step in steps:
            name = TABLES[name].column(step).to or ""
        return name

    def _parent(self, alias: str) -> exp.Expr:
        source = self.joins[alias][0]
        name = source.name
        filled = {each for each in self.parents[alias] if self.present.has(name, each)}
        return base(name, self.clock, filled, gone=name in self.present.gone).subquery()

    def _at_path(self, path: str) -> exp.Expr | None:
        """The value at the end of a path, or None where the store holds nothing there."""
        *steps, name = path.split(".")
        holder = self.table.name
        for step in steps:
            if not self.present.has(holder, step):
                return None
            holder = TABLES[holder].column(step).to or ""
        if not self.present.has(holder, name):
            return None
        if not steps:
            own = self.table.column(name)
            return self._reference(own)[0] if own.kind is Kind.REFERENCE else self._own(own)
        alias = self._row_of(tuple(steps))
        self.parents[alias].add(name)
        for length in range(1, len(steps)):
            self.parents[self._row_of(tuple(steps[:length]))].add(steps[length])
        if TABLES[holder].column(name).kind is Kind.REFERENCE:
            return column(self._resolved((*steps, name)), "label")
        return column(alias, name)

    def _dimension(self, dimension: str, paths: tuple[str, ...]) -> exp.Expr:
        found = [value for value in map(self._at_path, paths) if value is not None]
        if not found:
            own = dimension in self.table
            return null(self.table.column(dimension).kind if own else Kind.CODE)
        if len(found) == 1:
            return found[0]
        return exp.Coalesce(this=found[0], expressions=found[1:])

    def _customer(self) -> exp.Expr:
        """Who buys, as a number: the linked row, else a digest of the text as found."""
        found: list[exp.Expr] = []
        for path in self.table.customer:
            *steps, name = path.split(".")
            if self._at_path(path) is None:
                continue
            holder = TABLES[self._target(tuple(steps))] if steps else self.table
            if holder.column(name).kind is Kind.REFERENCE:
                found.append(column(self._resolved((*steps, name)), "key"))
            else:
                value = self._at_path(path)
                assert value is not None
                found.append(digest(value))
        if not found:
            return exp.cast(exp.Null(), "bigint")
        return found[0] if len(found) == 1 else exp.Coalesce(this=found[0], expressions=found[1:])

    def _observed(self) -> exp.Expr:
        on = exp.EQ(this=column("b", "_origin"), expression=column("o", "id"))
        self.joins["o"] = (stored("meta", "origin"), on)
        through = column("o", "through")
        if self.clock.instant is None:
            return through
        day = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("day"))
        last = exp.Sub(this=exp.cast(_as_of(), "timestamp"), expression=day)
        return exp.Least(this=through, expressions=[last])

    def _children(self) -> dict[str, exp.Expr]:
        groups: dict[tuple[str, str], list[Child]] = defaultdict(list)
        values: dict[str, exp.Expr] = {}
        for child in self.table.children:
            if self.present.has(child.table, child.by):
                groups[child.table, child.by].append(child)
                value: exp.Expr = column(f"c_{child.table}_{child.by}", child.name)
            else:
                value = null(child.kind)
            counted = child.does in ("count", "distinct")
            zero = exp.Coalesce(this=value, expressions=[exp.Literal.number(0)])
            values[child.name] = zero if counted else value
        for (name, by), children in groups.items():
            alias = f"c_{name}_{by}"
            on = exp.EQ(this=column("b", "_row"), expression=column(alias, "parent_key"))
            self.joins[alias] = (self._aggregated(name, by, children).subquery(), on)
        return values

    def _earliest(self, told: Earliest) -> exp.Expr:
        """What the earliest row that points here tells, read of its own table made flat."""
        if not self.present.has(told.table, told.by):
            return null(told.kind)
        whole = _Flat(TABLES[told.table], self.present, self.clock, None).query().subquery("e")
        key, value = column("e", f"{told.by}_key"), column("e", told.column)
        tree = parse(told.where, readable(told.table), option=f"{self.table.name}.{told.name}")
        where = tree.transform(
            lambda node: column("e", node.name) if isinstance(node, exp.Column) else node
        )
        query = (
            select(
                exp.alias_(key, "row", quoted=True),
                exp.alias_(
                    exp.ArgMin(this=value, expression=column("e", told.at)), "told", quoted=True
                ),
            )
            .from_(whole)
            .where(where)
            .group_by(key.copy())
        )
        if self.rows:
            ids = select("_row").from_(exp.to_identifier(self.rows, quoted=True))
            query = query.where(exp.In(this=key.copy(), query=ids.subquery()))
        alias = f"e_{told.name}"
        on = exp.EQ(this=column("b", "_row"), expression=column(alias, "row"))
        self.joins[alias] = (query.subquery(), on)
        return column(alias, "told")

    def _aggregated(self, name: str, by: str, children: list[Child]) -> exp.Select:
        """The figures about one child table, by the key of their parent."""
        inner = _Child(self, name, by)
        figures = [exp.alias_(inner.figure(child), child.name, quoted=True) for child in children]
        query = select(exp.alias_(column(inner.key, "key"), "parent_key", quoted=True), *figures)
        return inner.joined(query).group_by(column(inner.key, "key"))

    def _chain(self) -> tuple[exp.Expr, exp.Expr]:
        """Whether a meeting, or one that it was moved to, was held at last; and when."""
        held: exp.Expr = column("b", "status").eq("held")
        if not self.present.has("meeting", "status"):
            return exp.cast(exp.Null(), "boolean"), null(Kind.MOMENT)
        due = self._own(self.table.column("due_at"))
        own_day = exp.Case().when(held.copy(), due)
        if not self.present.has("meeting", "rescheduled_from"):
            return held, own_day
        on = exp.EQ(this=column("b", "_row"), expression=column("chain", "root"))
        self.joins["chain"] = (_held_roots(self.clock).subquery(), on)
        found = exp.Not(this=exp.Is(this=column("chain", "root"), expression=exp.Null()))
        either = exp.Coalesce(this=exp.or_(found, held), expressions=[exp.false()])
        return either, exp.Coalesce(this=column("chain", "held_at"), expressions=[own_day])

    def _silences(self, told: Silences) -> dict[str, exp.Expr]:
        """The last contact and the longest silence; unknown where no contact is told."""
        known = [
            (name, moment, status)
            for name, moment, status in told.of
            if self.present.has(name, told.by)
            and self.present.has(name, moment)
            and (status is None or self.present.has(name, "status"))
        ]
        if not known:
            return {name: null(kind) for name, kind in SILENCE_COLUMNS.items()}
        resolved = stored("meta", "resolved") if self.clock.known_at is None else _resolved_at()
        contacts = [
            Contact(base(name, self.clock, {told.by, moment, "status"}), told.by, moment, status)
            for name, moment, status in known
        ]
        ends = {
            each: self.present.has(self.table.name, each) and each
            for each in (told.start, told.end)
        }
        own = base(self.table.name, self.clock, {each for each in ends.values() if each})
        query = silences(contacts, own, resolved, ends[told.start], ends[told.end], self.rows)
        on = exp.EQ(this=column("b", "_row"), expression=column("silences", "row"))
        self.joins["silences"] = (query.subquery(), on)
        return {name: column("silences", name) for name in SILENCE_COLUMNS}


class _Child:
    """The rows of a child table with what their conditions read: labels, and the parent's."""

    def __init__(self, flat: _Flat, name: str, by: str) -> None:
        self.flat, self.table, self.by = flat, TABLES[name], by
        self.key = "k"
        self.own: set[str] = {by}
        self.labels: set[str] = set()
        self.parent_labels: set[str] = set()

    def figure(self, child: Child) -> exp.Expr:
        value = self._named(child.column) if child.column else None
        figure: exp.Expr
        if child.does == "count":
            figure = exp.Count(this=exp.Star())
        elif child.does == "distinct":
            figure = exp.Count(this=exp.Distinct(expressions=[value]))
        elif child.does == "last":
            born = self._named(self.table.born or "")
            figure = exp.ArgMax(this=value, expression=born)
        elif child.does == "second":
            figure = exp.Anonymous(this="min", expressions=[value, exp.Literal.number(2)])
        else:
            figure = {"min": exp.Min, "max": exp.Max, "sum": exp.Sum}[child.does](this=value)
        if not child.where:
            return self._picked(child, figure)
        known = {**readable(self.table.name), **self._names()}
        tree = parse(child.where, known, option=f"{self.table.name}.{child.name}")
        tree = tree.transform(
            lambda node: self._named(node.name) if isinstance(node, exp.Column) else node
        )
        return self._picked(child, exp.Filter(this=figure, expression=exp.Where(this=tree)))

    def _picked(self, child: Child, figure: exp.Expr) -> exp.Expr:
        """The second of the two lowest values, where that is what is asked."""
        if child.does != "second":
            return figure
        return exp.Anonymous(this="list_extract", expressions=[figure, exp.Literal.number(2)])

    def _names(self) -> dict[str, Kind]:
        names = {f"{each.name}_name": Kind.TEXT for each in self.table.references()}
        parent = TABLES[self.table.column(self.by).to or ""]
        return names | {f"parent_{each.name}_name": Kind.TEXT for each in parent.references()}

    def _named(self, name: str) -> exp.Expr:
        if name.startswith("parent_"):
            reference = name.removeprefix("parent_").removesuffix("_name")
            if not self.flat.present.has(self.flat.table.name, reference):
                return null(Kind.TEXT)
            self.parent_labels.add(reference)
            return column(f"pl_{reference}", "label")
        if name not in self.table:
            reference = name.removesuffix("_name")
            self.labels.add(reference)
            return column(f"l_{reference}", "label")
        each = self.table.column(name)
        if not self.flat.present.has(self.table.name, name):
            return exp.convert(each.default) if each.default is not None else null(each.kind)
        self.own.add(name)
        value: exp.Expr = column("c", name)
        if each.default is not None:
            value = exp.Coalesce(this=value, expressions=[exp.convert(each.default)])
        return value

    def joined(self, query: exp.Select) -> exp.Select:
        clock = self.flat.clock
        source = stored("meta", "resolved") if clock.known_at is None else _resolved_at()
        own = base(self.table.name, clock, self.own | self.labels)
        query = query.from_(own.subquery("c"))
        query = query.join(source, on=column("c", self.by).eq(column("k", "id")), join_alias="k")
        for each in sorted(self.labels):
            on = column("c", each).eq(column(f"l_{each}", "id"))
            query = query.join(source.copy(), on=on, join_type="left", join_alias=f"l_{each}")
        if self.parent_labels:
            parents = base(self.flat.table.name, clock, self.parent_labels).subquery()
            on = column("k", "key").eq(column("parent", "_row"))
            query = query.join(parents, on=on, join_type="left", join_alias="parent")
        for each in sorted(self.parent_labels):
            on = column("parent", each).eq(column(f"pl_{each}", "id"))
            query = query.join(source.copy(), on=on, join_type="left", join_alias=f"pl_{each}")
        if self.flat.rows:
            ids = select("_row").from_(exp.to_identifier(self.flat.rows, quoted=True))
            query = query.where(exp.In(this=column("k", "key"), query=ids.subquery()))
        return query


def folded(text: str) -> str:
    """The SQL of a name as compared: case, runs of spaces and apostrophes do not count."""
    plain = f"replace(nfc_normalize({text}), '’', '''')"
    return f"lower(trim(regexp_replace({plain}, '[\\s\u00a0\u202f]+', ' ', 'g')))"


def digest(value: exp.Expr) -> exp.Expr:
    """A negative number for a customer known by its text alone, equal for texts that fold alike.

    NULL without text: the engine's hash of NULL is a number like another.
    """
    name = parse_one(folded(value.sql("duckdb")), dialect="duckdb")
    hashed = exp.Anonymous(this="hash", expressions=[name])
    halved = exp.cast(
        exp.BitwiseRightShift(this=hashed, expression=exp.Literal.number(1)), "bigint"
    )
    known = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return exp.Case().when(known, exp.Neg(this=halved))


def _resolved_at() -> exp.Table:
    return stored("temp", "resolved_at")


def _held_roots(clock: Clock) -> exp.Select:
    """The meetings whose chain of reschedulings ends held, with the day it was first held."""
    source = stored("meta", "resolved") if clock.known_at is None else _resolved_at()
    meetings = base("meeting", clock, {"status", "rescheduled_from", "due_at"})
    told = ("status", "due_at")
    steps = (
        select(
            exp.alias_(column("m", "_row"), "row", quoted=True),
            exp.alias_(column("r", "key"), "former", quoted=True),
            *(column("m", name) for name in told),
        )
        .from_(meetings.subquery("m"))
        .join(source, on=column("m", "rescheduled_from").eq(column("r", "id")), join_alias="r")
    )
    start = select(
        exp.alias_(column("s", "former"), "root", quoted=True),
        *(column("s", name) for name in told),
    ).from_(steps.subquery("s"))
    onward = (
        select(
            exp.alias_(column("s", "former"), "root", quoted=True),
            *(column("w", name) for name in told),
        )
        .from_(exp.to_table("walk", alias="w"))
        .join(
            steps.copy().subquery(), on=column("w", "root").eq(column("s", "row")), join_alias="s"
        )
    )
    walk = exp.union(start, onward, distinct=True)
    return (
        select(
            column(None, "root"),
            exp.alias_(exp.Min(this=column(None, "due_at")), "held_at", quoted=True),
        )
        .from_("walk")
        .where(column(None, "status").eq("held"))
        .group_by(column(None, "root"))
        .with_("walk", as_=walk, recursive=True)
    )
