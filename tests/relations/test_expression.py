"""The expression language: what is allowed works, what is not is a RequestError, never a crash."""

import contextlib
import datetime as dt

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.problems import RequestError
from jalon.relations.columns import readable
from jalon.relations.expression import columns_of, condition, parse

COLUMNS = readable("deal")

REFUSED = [
    # other statements and tables
    "select 1",
    "amount > 1; select 1",
    "amount > 1 union select 1",
    "amount > 1 limit 1",
    "amount > 1 from deal",
    "exists(select 1)",
    "amount > (select max(amount) from deal)",
    "amount > any(select 1)",
    "amount in (select 1)",
    "amount in (from deal)",
    "drop table deal",
    "pragma show_tables",
    "set memory_limit = 1",
    "account.name = 'x'",
    "a.b.c.d = 1",
    "main.deal.amount > 1",
    # functions that are not on the list
    "pragma_version() = 1",
    "getenv('HOME') = 'x'",
    "read_csv('x') = 1",
    "query('select 1') = 1",
    "query_table('deal') = 1",
    "repeat('x', 2000000000) = name",
    "lpad(name, 2000000000, 'x') = name",
    "range(1000000000) = 1",
    "hash(amount) > 1",
    "current_setting('x') = name",
    "now() > created_at",
    "current_date > created_at",
    "random() > amount",
    "regexp_matches(name, '(a+)+$')",
    "name ~ 'x'",
    "name similar to 'x'",
    "name glob 'x'",
    # aggregates, windows, lambdas, columns by place
    "count(*) > 1",
    "sum(amount) > 1",
    "row_number() over () > 1",
    "sum(amount) over () > 1",
    "list_filter([1], x -> x > 1) = 1",
    "list_filter([1], lambda x: x > 1) = 1",
    "columns(*) > 1",
    "columns('a.*') > 1",
    "#1 > 1",
    "* > 1",
    "*",
    # types made by hand
    "amount::int > 1",
    "cast(amount as int) > 1",
    "try_cast(amount as int) > 1",
    "name[1] = 'x'",
    "name[1:2] = 'x'",
    "(name).x = 'x'",
    "{'a': 1}.a = amount",
    "struct_pack(a := 1) = amount",
    "[1] = amount",
    "array[1] = amount",
    "map {'a': 1} = amount",
    "interval 1 day > amount",
    "created_at > date '2024-01-01'",
    "created_at at time zone 'utc' > '2024-01-01'",
    "name collate nocase = 'x'",
    "amount = $1",
    "amount = $price",
    "amount = ?",
    "amount = ?1",
    "amount = :price",
    "name = $$x$$",
    "name = E'\\''",
    # operators outside the list
    "amount % 2 = 1",
    "amount // 2 = 1",
    "amount ** 2 > 1",
    "amount ^ 2 > 1",
    "amount & 1 = 1",
    "amount << 1 = 1",
    "~ amount = 1",
    "name || 'x' = 'x'",
    "name like 'a' escape 'b'",
    "amount is not distinct from 1",
    "amount <=> 1",
    # shapes that an engine would refuse only while running
    "outcome is 'won'",
    "amount is 5",
    "amount in list_amount",
    "amount = (1, 2)",
    "amount in ((1, 2))",
    "(amount, amount) = (1, 2)",
    "date_diff('banana', created_at, closed_at) > 3",
    "date_diff('day'', created_at, closed_at) + (select 1) + date_diff(''day', created_at) > 3",
    "date_diff(outcome, created_at, closed_at) > 1",
    "amount > 99999999999999999999999999999999999999999999",
    "amount > 1e400",
    "amount > 1e31",
    "created_at < :as_of",
    "created_at < :end",
    "created_at >= :start",
    # only literals, or nothing
    "1 = 1",
    "true",
    "null",
    "not null",
    "'x' = 'x'",
    "",
    "   ",
    "-- only a comment",
    "/* only a comment */",
    "amount > 1 /* */ or 1 = 1 */",
    # broken
    "amount > 1 and",
    "amount >",
    "((((",
    "))))",
    "like 'x'",
    "name = 'x",
    'name = "x',
    "name = 'it's'",
    "\x00",
    "amount > 1\x00",
    "amount > 1 \x1b",
    "amount\u200b > 1",
    "ａｍｏｕｎｔ > 1",
    "amount ＞ 1",
    "case outcome when 'won' then 1 else 0 end = 1",
    "if invalid then 1 end",
    # names that do not exist, or are internal
    "nothing > 1",
    "_row > 1",
    "_import > 1",
    "source > 1 and _origin = 1",
    'outcome = "won"',
    "rowid > 1",
    "AMOUNT > 1",
    # size and depth
    "(" * 60 + "amount > 1" + ")" * 60,
    "abs(" * 60 + "amount" + ")" * 60 + " > 1",
    "not " * 60 + "invalid",
    "- " * 60 + "amount > 1",
    "-" * 61 + "amount > 1",
    "case " * 30,
    "case when invalid then " * 30 + "1" + " end" * 30 + " = 1",
    "1+" * 1000 + "amount > 0",
    "amount+" * 500 + "amount > 0",
    "amount > 0 or " * 280 + "invalid",
    "[" * 1999 + "]" * 1999,
    "{" * 1999,
    "amount" + "[1]" * 1000,
    "amount" + ".a" * 1900,
    "amount[" * 600,
    "name = '" + "x" * 5000 + "'",
    "amount in (" + ",".join(["1"] * 3000) + ")",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:50]))
def test_what_is_not_allowed_is_a_request_error(text):
    with pytest.raises(RequestError) as caught:
        condition(text, COLUMNS)
    assert caught.value.problem.code in {
        "expression_too_long",
        "expression_malformed",
        "expression_not_allowed",
        "expression_types",
        "expression_not_condition",
        "unknown_column",
    }


@pytest.mark.parametrize(
    "text",
    [
        "amount > 'abc'",
        "amount = '5'",
        "name > 5",
        "invalid > 3",
        "name like amount",
        "amount like '5%'",
        "abs(name) > 1",
        "lower(amount) = 'x'",
        "length(amount) > 1",
        "created_at > 5",
        "created_at + 1 > closed_at",
        "created_at > amount",
        "created_at > 'yesterday'",
        "created_at between '2024-01-01' and '2024-02-30'",
        "created_at in ('2024-01-01', 'x')",
        "year(amount) = 2024",
        "date_diff('day', amount, closed_at) > 1",
        "coalesce(amount, name) = 1",
        "greatest(amount, created_at) > 1",
        "nullif(amount, 'x') > 1",
        "amount and invalid",
        "not amount",
        "case when amount then 1 end = 1",
        "case when invalid then 1 else 'x' end = 1",
        "amount between 1 and 'x'",
        "amount in (1, 'x')",
        "-name > 1",
        "name / 2 > 1",
    ],
)
def test_types_that_disagree_are_refused_with_both_named(text):
    with pytest.raises(RequestError) as caught:
        condition(text, COLUMNS)
    assert caught.value.problem.code == "expression_types"
    assert {"expected", "found"} <= caught.value.problem.facts.keys()


@pytest.mark.parametrize("text", ["amount", "name", "amount + 1", "coalesce(amount, 0)"])
def test_a_value_is_not_a_condition(text):
    parse(text, COLUMNS)
    with pytest.raises(RequestError) as caught:
        condition(text, COLUMNS)
    assert caught.value.problem.code == "expression_not_condition"


def test_an_unknown_column_names_the_nearest_ones():
    with pytest.raises(RequestError) as caught:
        condition("amuont > 1", COLUMNS)
    assert caught.value.problem.facts["nearest"][0] == "amount"


ROWS = [
    {"name": "a", "outcome": "won", "amount": 150000, "list_amount": 0, "owner": "Zoé",
     "created_at": dt.date(2024, 1, 31), "closed_at": dt.date(2024, 3, 1)},
    {"name": "it's", "outcome": "lost", "amount": 10, "list_amount": 4, "owner": "Bob",
     "created_at": dt.date(2024, 1, 1), "closed_at": dt.date(2024, 1, 1)},
    {"name": "B%", "outcome": "won", "created_at": dt.date(2023, 12, 31),
     "closed_at": dt.date(2024, 12, 31)},
    {"outcome": "lost", "amount": 0, "list_amount": 0, "invalid": False,
     "closed_at": dt.datetime(2024, 3, 1, 17, 30)},
]  # fmt: skip

#: An allowed condition, and the rows of ROWS (from 0) that it keeps.
ALLOWED = [
    ("amount > 10", {0}),
    ("amount >= 10 and not invalid", {0, 1}),
    ("not (amount > 10)", {1, 3}),
    ("amount is null", {2}),
    ("amount isnull", {2}),
    ("amount is not null", {0, 1, 3}),
    ("invalid is not true", {0, 1, 2, 3}),
    ("amount = null", set()),
    ("amount <> 10", {0, 3}),
    ("amount in (0, 10)", {1, 3}),
    ("amount not in (0, 10)", {0}),
    ("amount not in (0, null)", set()),
    ("amount between 1 and 10", {1}),
    ("name = 'it''s'", {1}),
    ("name like 'B%'", {2}),
    ("name like '%%%'", {0, 1, 2}),
    ("name = 'x'' or ''1'' = ''1'", set()),
    ("name = '; drop table deal; --'", set()),
    ("name ilike 'A'", {0}),
    ("lower(trim(owner)) = 'zoé'", {0}),
    ("length(name) > 1", {1, 2}),
    ("owner in ('Zoé', 'Bob') or amount is null", {0, 1, 2}),
    ("coalesce(amount, 7) = 7", {2}),
    ("case when amount > 10 then 1 else 0 end = 1", {0}),
    ("closed_at > '2024-03-01'", {2, 3}),
    ("closed_at >= '2024-03-01'", {0, 2, 3}),
    ("closed_at in ('2024-03-01', '2024-01-01')", {0, 1}),
    ("closed_at between '2024-01-01' and '2024-03-01'", {0, 1}),
    ("closed_at > '2024-03-01 12:00'", {2, 3}),
    ("year(closed_at) = 2024 and month(closed_at) = 3", {0, 3}),
    ("date_diff('day', created_at, closed_at) = 30", {0}),
    ("date_diff('month', created_at, closed_at) = 12", {2}),
    ("amount / list_amount > 1", {1}),
    ("amount / list_amount is null", {0, 2, 3}),
    ("amount / (list_amount / amount) > 1", {1}),
    ("1 / (10 - amount) is null", {1, 2}),
    ("amount / 4 = 2.5", {1}),
    ("amount * amount > 1", {0, 1}),
    ("amount * amount * amount * amount > 1", {0, 1}),
    ("-amount * 2 < 0", {0, 1}),
    ("amount > 1e20", set()),
    ("amount > 1 -- a remark", {0, 1}),
    ("amount > 1 /* a remark */", {0, 1}),
    ("source_id = '2'", {2}),
    ("greatest(amount, 5) = 5", {2, 3}),
]


@pytest.fixture(scope="module")
def measurer():
    return Measurer(fill({"deal": ROWS}), built_in())


@pytest.mark.parametrize(("text", "kept"), ALLOWED)
def test_what_is_allowed_keeps_the_rows_that_sql_would(measurer, text, kept):
    rows, total = measurer.rows(Question(("win_rate",), where=text), limit=None)
    assert {int(each) for each in rows.column("source_id").to_pylist()} == kept
    assert total == len(kept)


def test_divisions_are_null_safe_at_every_depth():
    tree = parse("amount / (list_amount / probability)", COLUMNS)
    assert tree.sql("duckdb").count("NULLIF") == 2
    assert columns_of(tree) == {"amount", "list_amount", "probability"}


PIECES = st.sampled_from(
    [
        "amount", "name", "outcome", "invalid", "created_at", "closed_at", "'won'", "1", "0.5",
        "'2024-01-01'", "null", "(", ")", ",", "and", "or", "not", "=", "<", ">", "is", "in",
        "like", "between", "case", "when", "then", "else", "end", "+", "-", "*", "/", ".", "::",
        "int", ";", "--", "/*", "*/", "select", "from", "abs", "lower", "coalesce", "date_diff",
        "'day'", "$a", ":end", "?", "#1", "[", "]", "{", "}", "->", "lambda", "over", "'", '"',
        "\x00", "é", "💥",
    ]
)  # fmt: skip


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=14).map(" ".join))
def test_any_heap_of_words_is_a_condition_that_runs_or_a_request_error(measurer, text):
    try:
        condition(text, COLUMNS)
    except RequestError:
        return
    measurer.rows(Question(("win_rate",), where=text), limit=1)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_request_error(text):
    with contextlib.suppress(RequestError):
        condition(text, COLUMNS)


def test_a_text_literal_comes_back_as_it_was_written():
    for value in ("it''s", "a;b", "\\", "a\\''b", "%", "$$", "é 💥", "*/ --", "{{x}}"):
        sql = parse(f"name = '{value}'", COLUMNS).sql("duckdb")
        name = value.replace("''", "'")
        query = f"SELECT {sql} FROM (SELECT $name AS name)"
        assert duckdb.execute(query, {"name": name}).fetchone() == (True,)
