"""The KPI expression language: SQL conditions and values over declared columns, and nothing else.

An expression is parsed as a condition (never as a statement), its size is bounded before parsing,
and every node, function and column must be on a list: what is not allowed is refused. Text is
canonical once checked, so it can be the key of a cache.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache

import sqlglot
from rapidfuzz import process
from sqlglot import exp
from sqlglot.errors import SqlglotError

from jalon.model.problems import Problem, RequestError, Where
from jalon.model.tables import Kind

LONGEST = 4_000
DEEPEST = 24
#: Levels of the parsed tree: a chain of additions is as deep as it is long.
TALLEST = 120
#: Digits of a number: longer ones compare with no column.
WIDEST = 30
UNITS = frozenset({"day", "week", "month", "quarter", "year", "hour", "minute", "second"})

_NODES = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.Paren,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.ILike,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Abs,
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.Length,
    exp.Least,
    exp.Greatest,
    exp.Nullif,
    exp.DateDiff,
    exp.TimestampDiff,
    exp.Year,
    exp.Month,
    exp.Hour,
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Var,
    exp.Placeholder,
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)

_FAMILIES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.CODE: "text",
    Kind.REFERENCE: "text",
    Kind.MONEY: "number",
    Kind.NUMBER: "number",
    Kind.INTEGER: "number",
    Kind.SHARE: "number",
    Kind.MOMENT: "moment",
    Kind.FLAG: "flag",
}

#: What an expression may name beside columns: the ends of a period and of what may be known, and
#: the number that the rows themselves give (``limit``).
PARAMETERS: Mapping[str, Kind] = {
    "start": Kind.MOMENT,
    "end": Kind.MOMENT,
    "as_of": Kind.MOMENT,
    "limit": Kind.NUMBER,
}


def parse(text: str, columns: Mapping[str, Kind], *, option: str = "--where") -> exp.Expr:
    """The checked tree of an expression over these columns; not to be changed in place.

    Columns come out quoted, division gives NULL on a zero divisor, date literals are typed.
    Raises RequestError (``expression_too_long``, ``expression_malformed``,
    ``expression_not_allowed``, ``unknown_column``, ``expression_types``).
    """
    return _parse(text, tuple(sorted(columns.items())), option)


@lru_cache(maxsize=4096)
def _parse(text: str, columns: tuple[tuple[str, Kind], ...], option: str) -> exp.Expr:
    _refuse_size(text, option)
    tree = _tree(text, option)
    _refuse_height(tree, option)
    _refuse_nodes(tree, text, option)
    known = dict(columns)
    tree = tree.transform(lambda node: _resolve(node, known, text, option))
    _Types(known, text, option).of(tree)
    return _safe_arithmetic(tree)


def condition(text: str, columns: Mapping[str, Kind], *, option: str = "--where") -> exp.Expr:
    """Like :func:`parse`, for an expression that must be true or false."""
    tree = parse(text, columns, option=option)
    if _Types(columns, text, option).of(tree) not in ("flag", "null"):
        raise RequestError.of("expression_not_condition", expression=text, option=option)
    return tree


def columns_of(tree: exp.Expr) -> set[str]:
    """The names of the columns that an expression reads."""
    return {column.name for column in tree.find_all(exp.Column)}


def names_in(text: str) -> set[str]:
    """The names that an unchecked, declared expression reads."""
    tree = _tree(text, "declaration")
    return columns_of(tree)


def unknown(name: str, known: Iterable[str], code: str, **facts: object) -> RequestError:
    """The error for a name that does not exist, with the nearest ones."""
    choices = sorted(known)
    near = [match for match, score, _ in process.extract(name, choices, limit=3) if score > 55]
    said = {"name": name, "nearest": near, "known": choices, **facts}
    return RequestError(Problem(code, said, Where(value=name)))


def _refuse_size(text: str, option: str) -> None:
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    words = text.casefold().split()
    chain = sum(words.count(word) for word in ("not", "case"))
    signs = text.count("- -") + text.count("--") + text.count("-(")
    if len(text) > LONGEST or max(deepest, chain, signs) > DEEPEST:
        raise RequestError.of(
            "expression_too_long", option=option, longest=LONGEST, deepest=DEEPEST
        )


def _tree(text: str, option: str) -> exp.Expr:
    if not text.strip():
        raise RequestError.of("expression_malformed", expression=text, option=option, near="")
    try:
        tree = sqlglot.parse_one(text, into=exp.Condition, dialect="duckdb")
    except (
        SqlglotError,
        RecursionError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
    ) as error:
        near = ""
        if isinstance(error, sqlglot.errors.ParseError) and error.errors:
            near = str(error.errors[0].get("highlight") or "")
        raise RequestError.of(
            "expression_malformed", expression=text, option=option, near=near
        ) from None
    return tree


def _refuse_height(tree: exp.Expr, option: str) -> None:
    level, height = [tree], 0
    while level:
        height += 1
        if height > TALLEST:
            raise RequestError.of(
                "expression_too_long", option=option, longest=LONGEST, deepest=DEEPEST
            )
        level = [child for node in level for child in node.iter_expressions()]


def _refuse_nodes(tree: exp.Expr, text: str, option: str) -> None:
    for node in tree.walk():
        qualified = isinstance(node, exp.Column) and (node.table or node.args.get("db"))
        if (
            not isinstance(node, _NODES)
            or type(node) is exp.Func
            or qualified
            or _odd(node, option)
        ):
            found = node.sql(dialect="duckdb")[:80]
            raise RequestError.of(
                "expression_not_allowed", Where(value=found), expression=text, option=option
            )
    if not tree.find(exp.Column) and not tree.find(exp.Placeholder):
        raise RequestError.of(
            "expression_not_allowed", Where(value=text), expression=text, option=option
        )


def _huge(number: str) -> bool:
    try:
        return not abs(float(number)) < 10**WIDEST
    except ValueError:
        return True


def _odd(node: exp.Expr, option: str) -> bool:
    """An allowed node in a shape that is not: only an engine would refuse it, while running."""
    if isinstance(node, exp.Is):
        return not isinstance(node.expression, (exp.Null, exp.Boolean))
    if isinstance(node, exp.In):
        return bool(node.args.get("field") or node.args.get("query") or node.args.get("unnest"))
    if isinstance(node, (exp.DateDiff, exp.TimestampDiff)):
        unit = node.args.get("unit")
        return unit is not None and unit.name.casefold() not in UNITS
    if isinstance(node, exp.Literal) and not node.is_string:
        return len(node.this) > WIDEST or _huge(node.this)
    return isinstance(node, exp.Placeholder) and option == "--where"


def _resolve(node: exp.Expr, known: Mapping[str, Kind], text: str, option: str) -> exp.Expr:
    if isinstance(node, exp.Column):
        if node.name not in known:
            raise unknown(node.name, known, "unknown_column", expression=text, option=option)
        return exp.column(exp.to_identifier(node.name, quoted=True))
    if isinstance(node, exp.Placeholder) and node.name not in PARAMETERS:
        raise unknown(str(node.name), PARAMETERS, "unknown_column", expression=text, option=option)
    if isinstance(node, (*_COMPARISONS, exp.In, exp.Between)):
        _date_literals(node, known, text, option)
    return node


def _date_literals(node: exp.Expr, known: Mapping[str, Kind], text: str, option: str) -> None:
    """Dates written as text, beside a moment, become timestamps."""
    operands = [each for each in node.iter_expressions() if isinstance(each, exp.Expr)]
    if not any(_is_moment(each, known) for each in operands):
        return
    for operand in operands:
        if isinstance(operand, exp.Literal) and operand.is_string:
            try:
                moment = dt.datetime.fromisoformat(operand.this)
            except ValueError:
                raise RequestError.of(
                    "expression_types",
                    Where(value=operand.this),
                    expression=text,
                    option=option,
                    expected="moment",
                    found="text",
                ) from None
            operand.replace(exp.cast(exp.Literal.string(moment.isoformat(" ")), "timestamp"))


def _is_moment(node: exp.Expr, known: Mapping[str, Kind]) -> bool:
    if isinstance(node, exp.Column):
        return known.get(node.name) is Kind.MOMENT
    return isinstance(node, exp.Placeholder) and PARAMETERS[str(node.name)] is Kind.MOMENT


def _safe_arithmetic(tree: exp.Expr) -> exp.Expr:
    """Products in floating point (decimals would overflow); quotients NULL on a zero divisor.

    All of them, nested ones too.
    """
    for node in reversed(list(tree.find_all(exp.Mul, exp.Div))):
        node.set("this", exp.cast(node.this, "double"))
        if isinstance(node, exp.Mul):
            node.set("expression", exp.cast(node.expression, "double"))
        elif not isinstance(node.expression, exp.Nullif):
            zero = exp.Literal.number(0)
            node.set("expression", exp.Nullif(this=node.expression, expression=zero))
    return tree


class _Types:
    """What an expression gives: number, text, moment, flag or null; raises where two disagree."""

    def __init__(self, known: Mapping[str, Kind], text: str, option: str) -> None:
        self.known, self.text, self.option = known, text, option

    def of(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            return _FAMILIES[self.known[node.name]]
        if isinstance(node, exp.Placeholder):
            return _FAMILIES[PARAMETERS[str(node.name)]]
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "number"
        if isinstance(node, exp.Cast):
            return "moment" if node.is_type("timestamp") else "number"
        if isinstance(node, exp.Case):
            return self._case(node)
        for kinds, operands, result in _TYPING:
            if isinstance(node, kinds):
                found = self.agree(node, operands)
                return found if result == "same" else result
        return self.agree(node, "any")

    def agree(self, node: exp.Expr, operands: str) -> str:
        """The common type of a node's operands, which must be ``operands`` unless that is any."""
        if operands == "ignored":
            return "null"
        found = {self.of(child) for child in node.iter_expressions() if not _is_unit(child)}
        return self._one(node, found, operands)

    def _one(self, node: exp.Expr, found: set[str], expected: str) -> str:
        found = found - {"null"}
        if expected != "any":
            found = found | {expected}
        if len(found) > 1:
            wanted = expected if expected != "any" else sorted(found)[0]
            raise RequestError.of(
                "expression_types",
                Where(value=node.sql(dialect="duckdb")[:80]),
                expression=self.text,
                option=self.option,
                expected=wanted,
                found=sorted(found - {wanted})[-1],
            )
        return next(iter(found), "null")

    def _case(self, node: exp.Case) -> str:
        branches = node.args["ifs"]
        self._one(node, {self.of(branch.this) for branch in branches}, "flag")
        results = {self.of(branch.args["true"]) for branch in branches}
        if node.args.get("default"):
            results |= {self.of(node.args["default"])}
        return self._one(node, results, "any")


def _is_unit(node: exp.Expr) -> bool:
    return isinstance(node, exp.Var)


#: Nodes, what their operands must be, and what they give ("same": what the operands are).
_TYPING: tuple[tuple[tuple[type[exp.Expr], ...], str, str], ...] = (
    ((exp.Boolean,), "ignored", "flag"),
    ((exp.Null,), "ignored", "null"),
    ((exp.And, exp.Or, exp.Not), "flag", "flag"),
    ((exp.Is, *_COMPARISONS, exp.In, exp.Between), "any", "flag"),
    ((exp.Like, exp.ILike), "text", "flag"),
    ((*_ARITHMETIC, exp.Neg, exp.Abs), "number", "same"),
    ((exp.Lower, exp.Upper, exp.Trim), "text", "same"),
    ((exp.Length,), "text", "number"),
    ((exp.DateDiff, exp.TimestampDiff), "moment", "number"),
    ((exp.Year, exp.Month, exp.Hour), "moment", "number"),
)
