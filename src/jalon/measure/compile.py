"""A scan of one table by one date, compiled to one query: pure functions, trees to SQL.

The default form is *cells*: an inner grouping by the dimensions and by the few-valued columns that
the conditions test, an outer one that evaluates each condition on cells. Dates and filter values
are parameters, so that a new period or value is not a new plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sqlglot import exp, parse_one, select

from jalon.estimates.estimator import Aggregate
from jalon.measure.own import OwnColumn
from jalon.model.periods import Grain
from jalon.model.tables import Kind
from jalon.relations.columns import few_valued, named, readable
from jalon.relations.expression import columns_of, parse
from jalon.relations.flat import column, stored

PERIOD = "period"

#: How many months the periods of a grain have, where they are whole months.
MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


@dataclass(frozen=True)
class Scan:
    """What one query reads and how it groups.

    ``where`` is canonical and checked, its values taken out as parameters (``scan.filter_of``).
    ``source``: schema and name of the relation read, ``table`` whose columns it has. ``date``
    places rows in periods; with ``stock`` each period is a state, and conditions may use ``:start``
    and ``:end``. ``dims``: the columns grouped by, under their names in the result. ``changed``:
    the currency into which amounts are changed at the rate of their row's day, by the table
    ``rates`` lent to the query. ``own``: the columns that the company's settings make.
    """

    table: str
    source: tuple[str, str]
    date: str | None
    stock: bool
    dims: tuple[tuple[str, str], ...]
    grain: Grain
    fiscal_month: int
    bounded: tuple[bool, bool]
    where: str | None
    horizon: int | None = None
    changed: str | None = None
    own: tuple[OwnColumn, ...] = ()


@dataclass
class Compiled:
    """A query, and the names of the parameters that it takes."""

    sql: str
    parameters: frozenset[str]
    names: tuple[str, ...] = ()


def sums(scan: Scan, aggregates: tuple[tuple[str, Aggregate], ...]) -> Compiled:
    """The query of statistics that add: one row a group, one column an aggregate."""
    return _sums(scan, aggregates)


def histogram(
    scan: Scan,
    keys: tuple[tuple[str, str], ...],
    among: str | None,
    added: tuple[tuple[str, str], ...] = (),
) -> Compiled:
    """The query that counts rows by group and keys; ``added``: what it sums beside, by name.

    Rows of which a key is not known are counted too, under NULL.
    """
    return _histogram(scan, keys, among, added)


def values(scan: Scan, value: str, among: str | None) -> Compiled:
    """The query of the ranks of a value; it reads ``ranks (n, low, middle, next, high)``."""
    return _values(scan, value, among)


def units(
    scan: Scan,
    unit: str,
    added: tuple[tuple[str, str], ...],
    among: str | None,
    aggregates: tuple[tuple[str, Aggregate], ...],
) -> Compiled:
    """The query of statistics over units: rows added up by ``unit`` first, then the units.

    ``added``: by name, what is summed over the rows of a unit; ``aggregates`` read these names.
    Rows of no known unit are left out.
    """
    return _units(scan, unit, added, among, aggregates)


def rows(
    scan: Scan,
    among: str | None,
    columns: tuple[str, ...],
    sort: tuple[str, bool] | None = None,
) -> Compiled:
    """The rows behind a figure: the same scan without its aggregates, by date or as sorted.

    ``sort``: a column, and whether the largest come first; rows without a value come last.
    """
    query = _filtered(scan, among).select(*(column("f", each) for each in columns))
    order: list[exp.Expr] = [column("f", each) for each in filter(None, (scan.date,))]
    if sort:
        name, descending = sort
        order.insert(0, exp.Ordered(this=column("f", name), desc=descending, nulls_first=False))
    query = query.order_by(
        *order, column("f", "_row") if not _grouped(scan) else column("f", "customer")
    )
    return _done(query)


def count(scan: Scan, among: str | None) -> Compiled:
    """How many rows there are behind a figure."""
    return _done(_filtered(scan, among).select(exp.Count(this=exp.Star())))


def extreme(source: tuple[str, str], which: str, name: str) -> Compiled:
    """The first (``min``) or last (``max``) value of a column of a whole relation."""
    found = {"min": exp.Min, "max": exp.Max}[which](this=column("f", name))
    return _done(exp.Select().select(found).from_(stored(*source, "f")))


def columns(source: tuple[str, str], names: tuple[str, ...]) -> Compiled:
    """Some columns of a whole relation."""
    return _done(
        exp.Select().select(*(column("f", name) for name in names)).from_(stored(*source, "f"))
    )


def filled(source: tuple[str, str], names: tuple[str, ...]) -> Compiled:
    """How many cells of each column hold something."""
    counts = [exp.alias_(exp.Count(this=column("f", name)), name, quoted=True) for name in names]
    return _done(exp.Select().select(*counts).from_(stored(*source, "f")))


def _grouped(scan: Scan) -> bool:
    return scan.table.startswith("customer")


def _done(query: exp.Expr, names: tuple[str, ...] = ()) -> Compiled:
    used = frozenset(str(each.name) for each in query.find_all(exp.Placeholder))
    return Compiled(query.sql("duckdb"), used, names)


def _tree(scan: Scan, text: str) -> exp.Expr:
    """An expression over the relation read, its columns qualified."""
    kinds = {**named(scan.table), **{each.name: each.kind for each in scan.own}}
    tree = parse(text, kinds, option="definition")
    return tree.transform(lambda node: _placed(scan, node))


def _own(scan: Scan, name: str) -> exp.Expr | None:
    """The expression of a column that settings make; None for another."""
    for each in scan.own:
        if each.name == name and each.text is None:
            return exp.cast(exp.Null(), each.kind.sql)
        if each.name == name:
            return exp.paren(_tree(replace(scan, own=()), each.text or ""))
    return None


def _placed(scan: Scan, node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column):
        own = _own(scan, node.name)
        if own is not None:
            return own
        placed = column("f", node.name)
        money = readable(scan.table).get(node.name) is Kind.MONEY
        return _changed(placed, scan.changed) if scan.changed and money else placed
    if isinstance(node, exp.Placeholder) and scan.stock and node.name in ("start", "end"):
        return column("period", node.name)
    return node


def _changed(amount: exp.Expr, currency: str) -> exp.Expr:
    """An amount in another currency: itself where its row is in that one, or says none."""
    foreign = exp.NEQ(this=column("f", "currency"), expression=exp.Literal.string(currency))
    rate = exp.Case().when(foreign, column("fx", "rate")).else_(exp.Literal.number(1))
    return exp.paren(exp.Mul(this=exp.cast(amount, "double"), expression=rate))


def _rated(query: exp.Select, date: str | None) -> exp.Select:
    """The rate of each row's currency on its day; the last one for a row without a date."""
    last = exp.cast(exp.Literal.string("9999-01-01"), "timestamp")
    day = exp.Coalesce(this=column("f", date), expressions=[last]) if date else last
    on = exp.and_(
        column("f", "currency").eq(column("fx", "currency")),
        exp.GTE(this=day, expression=column("fx", "start")),
        exp.LT(this=day.copy(), expression=column("fx", "end")),
    )
    return query.join(exp.to_table("rates", alias="fx"), on=on, join_type="left")


def _source(scan: Scan) -> exp.Select:
    """FROM and WHERE of a scan, nothing selected yet."""
    query = exp.Select().from_(stored(*scan.source, "f"))
    if scan.changed:
        query = _rated(query, scan.date)
    if scan.stock:
        query = query.join(exp.to_table("periods", alias="period"), join_type="cross")
    elif scan.date:
        start, end = scan.bounded
        date = column("f", scan.date)
        if start:
            query = query.where(date >= exp.Placeholder(this="start"))
        if end:
            query = query.where(date < exp.Placeholder(this="end"))
        if scan.grain is not Grain.NONE:
            query = query.where(exp.Not(this=exp.Is(this=date, expression=exp.Null())))
        if scan.horizon:
            query = query.where(_old_enough(scan.date, scan.horizon))
    if scan.where:
        checked = parse_one(scan.where, dialect="duckdb")
        query = query.where(checked.transform(lambda node: _placed(scan, node)))
    return query


def _old_enough(date: str, days: int) -> exp.Expr:
    """The row has been followed for so many days."""
    followed = exp.DateDiff(
        this=column("f", "observed_at"), expression=column("f", date), unit=exp.var("day")
    )
    return followed >= exp.Literal.number(days)


def _filtered(scan: Scan, among: str | None) -> exp.Select:
    query = _source(scan)
    return query.where(_tree(scan, among)) if among else query


def _keys(scan: Scan) -> dict[str, exp.Expr]:
    """What a scan groups by, by name; periods as :func:`_shown` reads them."""
    keys: dict[str, exp.Expr] = {}
    if scan.stock:
        keys[PERIOD] = column("period", "start")
    elif scan.date and scan.grain is not Grain.NONE:
        keys[PERIOD] = _bucket(column("f", scan.date), scan.grain, scan.fiscal_month)
    for name, dimension in scan.dims:
        keys[name] = _own(scan, dimension) or column("f", dimension)
    return keys


def _shown(scan: Scan, name: str, key: exp.Expr) -> exp.Expr:
    """A key as the result shows it: a period by its first day."""
    months = MONTHS.get(scan.grain)
    if name != PERIOD or scan.stock or months is None:
        return key
    first = _plus(_times(exp.paren(key.copy()), months), _ahead(scan.grain, scan.fiscal_month))
    day = [exp.IntDiv(this=exp.paren(first), expression=exp.Literal.number(12))]
    month = exp.Mod(this=exp.paren(first.copy()), expression=exp.Literal.number(12))
    parts = [*day, _plus(month, 1), exp.Literal.number(1)]
    return exp.Anonymous(this="make_date", expressions=parts)


def _named(scan: Scan, keys: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    """Keys to select, as the result shows them."""
    return [
        exp.alias_(_shown(scan, name, value), name, quoted=True) for name, value in keys.items()
    ]


def _bucket(date: exp.Expr, grain: Grain, fiscal_month: int) -> exp.Expr:
    """The period of a date: its first day, or its number where it is made of whole months.

    Numbers are grouped three times faster than truncated dates.
    """
    months = MONTHS.get(grain)
    if months is None:
        day = exp.cast(date, "date")
        return day if grain is Grain.DAY else exp.cast(_trunc(grain.value, day), "date")
    past = -1 - _ahead(grain, fiscal_month)
    month = exp.Month(this=date.copy())
    number = _plus(exp.Add(this=_times(exp.Year(this=date), 12), expression=month), past)
    if months == 1:
        return number
    return exp.IntDiv(this=exp.paren(number), expression=exp.Literal.number(months))


def _ahead(grain: Grain, fiscal_month: int) -> int:
    """By how many months the quarters and years of a fiscal year follow those of the calendar."""
    return 0 if grain is Grain.MONTH else fiscal_month - 1


def _plus(value: exp.Expr, number: int) -> exp.Expr:
    return exp.Add(this=value, expression=exp.Literal.number(number)) if number else value


def _times(value: exp.Expr, number: int) -> exp.Expr:
    return exp.Mul(this=value, expression=exp.Literal.number(number)) if number != 1 else value


def _trunc(unit: str, date: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="date_trunc", expressions=[exp.Literal.string(unit), date])


# -- sums ----------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _sums(scan: Scan, aggregates: tuple[tuple[str, Aggregate], ...]) -> Compiled:
    names = tuple(name for name, _ in aggregates)
    if any(each.does == "distinct" for _, each in aggregates):
        return _done(_plain(scan, aggregates), names)
    return _done(_Cells(scan).query(aggregates), names)


def _plain(scan: Scan, aggregates: tuple[tuple[str, Aggregate], ...]) -> exp.Expr:
    """Filtered aggregates over rows: what distinct counts need."""
    keys = _keys(scan)
    query = _source(scan).select(*_named(scan, keys))
    for name, each in aggregates:
        value = _over_rows(scan, each)
        if each.among:
            value = exp.Filter(this=value, expression=exp.Where(this=_tree(scan, each.among)))
        query = query.select(exp.alias_(value, name, quoted=True))
    return query.group_by(*(value.copy() for value in keys.values())) if keys else query


def _over_rows(scan: Scan, each: Aggregate) -> exp.Expr:
    if each.does == "count":
        return exp.Count(this=exp.Star())
    assert each.of is not None
    value = _tree(scan, each.of)
    if each.does == "distinct":
        return exp.Count(this=exp.Distinct(expressions=[value]))
    return exp.Sum(this=_statistic(each, lambda text: _tree(scan, text)))


def _statistic(each: Aggregate, tree: Callable[[str], exp.Expr]) -> exp.Expr:
    """The value whose sum an aggregate is. Squares in floating point: decimals would overflow."""
    assert each.of is not None
    value = tree(each.of)
    if each.does == "sum":
        return value
    double = exp.cast(value, "double")
    if each.does == "square":
        return exp.Mul(this=exp.paren(double), expression=exp.paren(double.copy()))
    if each.does == "cross":
        assert each.by is not None
        other = exp.cast(tree(each.by), "double")
        return exp.Mul(this=exp.paren(double), expression=exp.paren(other))
    positive = exp.Case().when(exp.GT(this=double.copy(), expression=exp.Literal.number(0)), double)
    log = exp.Ln(this=positive)
    if each.does == "log":
        return log
    return exp.Mul(this=log, expression=log.copy())


@dataclass
class _Cells:
    """The two-level form: rows to cells, cells to groups.

    A condition is a conjunction: what it asks of few-valued columns is asked of cells, which have
    them as keys; what it asks of others, of the rows that a cell adds up.
    """

    scan: Scan
    tested: dict[str, str] = field(default_factory=dict)
    added: dict[tuple[str, str], tuple[str, exp.Expr]] = field(default_factory=dict)

    def query(self, aggregates: tuple[tuple[str, Aggregate], ...]) -> exp.Expr:
        keys = _keys(self.scan)
        figures = [exp.alias_(self._outer(each), name, quoted=True) for name, each in aggregates]
        shown = {name: column(None, name) for name in keys}
        outer = select(*_named(self.scan, shown), *figures)
        outer = outer.from_(self._inner(keys).subquery("cells"))
        return outer.group_by(*(column(None, name) for name in keys)) if keys else outer

    def _inner(self, keys: Mapping[str, exp.Expr]) -> exp.Select:
        groups: dict[str, exp.Expr] = dict(keys)
        groups |= {alias: column("f", name) for name, alias in self.tested.items()}
        columns = {**groups, **dict(self.added.values())}
        query = _source(self.scan).select(
            *(exp.alias_(value, name, quoted=True) for name, value in columns.items())
        )
        return query.group_by(*(value.copy() for value in groups.values())) if groups else query

    def _outer(self, each: Aggregate) -> exp.Expr:
        of_cells, of_rows = self._parted(_tree(self.scan, each.among) if each.among else None)
        value: exp.Expr = exp.Sum(this=column(None, self._sum(each, of_rows)))
        if of_cells is not None:
            tested = of_cells.transform(self._cell_column)
            value = exp.Filter(this=value, expression=exp.Where(this=tested))
        total = exp.Coalesce(this=value, expressions=[exp.Literal.number(0)])
        # Sums are exact until here; as doubles they reach numpy without a detour.
        return exp.cast(total, "double")

    def _parted(self, tree: exp.Expr | None) -> tuple[exp.Expr | None, exp.Expr | None]:
        """What a condition asks of cells, and of rows."""
        few = few_valued(self.scan.table) | _flags(self.scan.table)
        parts: dict[bool, list[exp.Expr]] = {True: [], False: []}
        for part in _conjuncts(tree) if tree is not None else ():
            names = columns_of(part)
            parts[bool(names) and names <= few].append(exp.paren(part))
        cells, rows = (exp.and_(*found) if found else None for found in parts.values())
        return cells, rows

    def _sum(self, each: Aggregate, among: exp.Expr | None) -> str:
        """The name of the sum of a cell's rows, or of those that meet a condition."""
        if each.does == "count":
            value: exp.Expr = exp.Count(this=exp.Star())
        else:
            value = exp.Sum(this=_statistic(each, lambda text: _tree(self.scan, text)))
        key = (value.sql("duckdb"), among.sql("duckdb") if among is not None else "")
        if key not in self.added:
            if among is not None:
                value = exp.Filter(this=value, expression=exp.Where(this=among))
            self.added[key] = (f"s{len(self.added)}", value)
        return self.added[key][0]

    def _cell_column(self, node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.table != "f":
            return node
        alias = self.tested.setdefault(node.name, f"t{len(self.tested)}")
        return column(None, alias)


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """The conditions that must all hold for a condition to hold."""
    bare = tree.unnest()
    if isinstance(bare, exp.And):
        return [each for side in (bare.left, bare.right) for each in _conjuncts(side)]
    return [tree]


def _flags(table: str) -> frozenset[str]:
    return frozenset(name for name, kind in readable(table).items() if kind is Kind.FLAG)


# -- histogram and ranks ---------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _histogram(
    scan: Scan,
    keys: tuple[tuple[str, str], ...],
    among: str | None,
    added: tuple[tuple[str, str], ...],
) -> Compiled:
    groups = _keys(scan)
    counted = {name: _tree(scan, text) for name, text in keys}
    every = {**groups, **counted}
    query = _filtered(scan, among).select(*_named(scan, every))
    query = query.select(exp.alias_(exp.Count(this=exp.Star()), "count", quoted=True))
    for name, text in added:
        total = exp.Coalesce(
            this=exp.Sum(this=_tree(scan, text)), expressions=[exp.Literal.number(0)]
        )
        query = query.select(exp.alias_(exp.cast(total, "double"), name, quoted=True))
    return _done(query.group_by(*(value.copy() for value in every.values())), tuple(counted))


@lru_cache(maxsize=256)
def _values(scan: Scan, value: str, among: str | None) -> Compiled:
    keys = _keys(scan)
    number = exp.cast(_tree(scan, value), "double")
    listed = exp.Anonymous(
        this="list_sort", expressions=[exp.Anonymous(this="list", expressions=[number])]
    )
    inner = _filtered(scan, among).select(
        *_named(scan, keys),
        exp.alias_(listed, "sorted", quoted=True),
        exp.alias_(exp.Count(this=exp.Star()), "rows", quoted=True),
    )
    if keys:
        inner = inner.group_by(*(each.copy() for each in keys.values()))
    outer = select(*(column("g", name) for name in keys), column("g", "rows"))
    for name in ("low", "middle", "next", "high"):
        ranked = exp.Anonymous(
            this="list_extract", expressions=[column("g", "sorted"), column("r", name)]
        )
        outer = outer.select(exp.alias_(ranked, name, quoted=True))
    on = column("g", "rows").eq(column("r", "n"))
    outer = outer.from_(inner.subquery("g")).join(exp.to_table("ranks", alias="r"), on=on)
    return _done(outer)


@lru_cache(maxsize=256)
def group_sizes(scan: Scan, among: str | None) -> Compiled:
    """The distinct sizes of the groups of a scan: which ranks will be needed."""
    keys = _keys(scan)
    inner = _filtered(scan, among).select(exp.alias_(exp.Count(this=exp.Star()), "n", quoted=True))
    if keys:
        inner = inner.group_by(*(each.copy() for each in keys.values()))
    return _done(select(column(None, "n")).distinct().from_(inner.subquery("g")))


# -- units -----------------------------------------------------------------------------------------

#: How many of the largest units ``top`` adds up.
TOP = 10


@lru_cache(maxsize=256)
def _units(
    scan: Scan,
    unit: str,
    added: tuple[tuple[str, str], ...],
    among: str | None,
    aggregates: tuple[tuple[str, Aggregate], ...],
) -> Compiled:
    keys = {**_keys(scan), "unit": _tree(scan, unit)}
    inner = _filtered(scan, among)
    inner = inner.where(
        exp.Not(this=exp.Is(this=exp.paren(_tree(scan, unit)), expression=exp.Null()))
    )
    inner = inner.select(*_named(scan, keys))
    for name, text in added:
        total = exp.Coalesce(
            this=exp.Sum(this=_tree(scan, text)), expressions=[exp.Literal.number(0)]
        )
        inner = inner.select(exp.alias_(exp.cast(total, "double"), name, quoted=True))
    inner = inner.group_by(*(value.copy() for value in keys.values()))
    known = dict.fromkeys((name for name, _ in added), Kind.NUMBER)
    groups = [column("u", name) for name in keys if name != "unit"]
    outer = select(*groups).from_(inner.subquery("u"))
    for name, each in aggregates:
        outer = outer.select(exp.alias_(_over_units(each, known), name, quoted=True))
    outer = outer.group_by(*(group.copy() for group in groups)) if groups else outer
    return _done(outer, tuple(name for name, _ in aggregates))


def _over_units(each: Aggregate, known: Mapping[str, Kind]) -> exp.Expr:
    """An aggregate over units, 0 where there are none."""

    def tree(text: str) -> exp.Expr:
        return parse(text, known, option="definition").transform(
            lambda node: column("u", node.name) if isinstance(node, exp.Column) else node
        )

    if each.does == "count":
        value: exp.Expr = exp.Count(this=exp.Star())
    elif each.does == "top":
        value = exp.Anonymous(this="list", expressions=[tree(each.of or "")])
    else:
        value = exp.Sum(this=_statistic(each, tree))
    if each.among:
        value = exp.Filter(this=value, expression=exp.Where(this=tree(each.among)))
    if each.does == "top":
        ranked = exp.Anonymous(this="list_reverse_sort", expressions=[value])
        bounds = [exp.Literal.number(1), exp.Literal.number(TOP)]
        first = exp.Anonymous(this="list_slice", expressions=[ranked, *bounds])
        value = exp.Anonymous(this="list_sum", expressions=[first])
    return exp.cast(exp.Coalesce(this=value, expressions=[exp.Literal.number(0)]), "double")
