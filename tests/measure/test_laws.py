"""Laws that hold whatever the data: what adds up, what is kept, what is filtered, what is past."""

import datetime as dt
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.catalogue.catalogue import built_in
from jalon.estimates.estimator import Aggregate
from jalon.measure import compile as compiler
from jalon.measure.compile import Scan
from jalon.measure.example import fill
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.measure.summary import Summary
from jalon.model.periods import Grain, Period
from jalon.relations.clock import Clock
from jalon.store.stage import Stage

from .world import FIRST, rows_of, store_of

CATALOGUE = built_in()
PUBLIC = CATALOGUE.public()
SEEDS = st.integers(0, 3)
#: KPIs whose values add up, and the proportions whose counts do.
ADDING = ["meetings_booked", "meetings_held", "revenue", "new_customers"]
COUNTING = ["win_rate", "created_win_rate", "no_show_rate", "nps", "csat", "usable_reason_rate"]
YEAR = Period(dt.date(2024, 1, 1), dt.date(2025, 3, 1))

laws = settings(max_examples=20, derandomize=True, deadline=None)


def ask(store, kpi, **asked):
    return Measurer(store, CATALOGUE).measure(Question((kpi,), **asked)).answers[0]


def parts_of(kpi):
    return list(CATALOGUE[kpi].parts) or [None]


def figures(answer):
    """The figures of an answer by group and period, ready to compare."""
    found = {}
    f = answer.figures
    for row in range(len(answer)):
        key = (
            tuple((name, labels[row]) for name, labels in sorted(answer.groups.items())),
            answer.periods[row],
        )
        columns = (f.value, f.low, f.high, f.n, f.numerator, f.denominator, answer.maturity)
        values = tuple(np.nan if each is None else float(each[row]) for each in columns)
        why = answer.why_missing(row)
        found[key] = (values, why.code if why else None)
    return found


def assert_same(one, other, rel=1e-9):
    one, other = figures(one), figures(other)
    assert one.keys() == other.keys()
    for key, (values, why) in one.items():
        assert values == pytest.approx(other[key][0], rel=rel, abs=1e-9, nan_ok=True), key
        assert why == other[key][1], key


def total(answer, name):
    return float(np.nansum(getattr(answer.figures, name)))


# -- what adds up ----------------------------------------------------------------------------------


@laws
@given(SEEDS, st.sampled_from(ADDING + COUNTING), st.data())
def test_the_total_is_the_sum_of_groups_and_of_periods(seed, kpi, data):
    store = store_of(seed)
    by = data.draw(st.sampled_from(CATALOGUE[kpi].dimensions))
    grain = data.draw(st.sampled_from([g for g in Grain if g is not Grain.NONE]))
    names = ["n", "numerator"] + (["value"] if kpi in ADDING else ["denominator"])
    whole = ask(store, kpi, period=YEAR)
    if whole.missing:
        return
    for other in (
        ask(store, kpi, period=YEAR, by=(by,)),
        ask(store, kpi, period=YEAR, grain=grain),
        ask(store, kpi, period=YEAR, grain=grain, by=(by,)),
    ):
        for name in names:
            assert total(other, name) == pytest.approx(total(whole, name), rel=1e-9)


@laws
@given(SEEDS, st.sampled_from(ADDING), st.data())
def test_the_untimed_total_is_the_sum_of_groups_undated_ones_included(seed, kpi, data):
    by = data.draw(st.sampled_from(CATALOGUE[kpi].dimensions))
    store = store_of(seed)
    assert total(ask(store, kpi, by=(by,)), "value") == pytest.approx(
        total(ask(store, kpi), "value")
    )


@laws
@given(SEEDS, st.sampled_from([None, "owner", "sector"]), st.sampled_from(["number", "amount"]))
def test_shares_of_a_whole_add_up_to_one_within_the_other_dimensions(seed, by, part):
    answer = ask(store_of(seed), "stated_loss_reasons", by=(by,) if by else (), part=part)
    wholes = {}
    for row in range(len(answer)):
        key = answer.groups[by][row] if by else None
        wholes[key] = wholes.get(key, 0) + answer.figures.value[row]
    assert list(wholes.values()) == pytest.approx([1] * len(wholes))


@laws
@given(
    st.lists(
        st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from(["p", "q"]),
                  st.integers(-9, 9)),
        max_size=20,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_summaries_merged_over_any_partition_equal_the_whole(rows, draw):
    def summary(groups):
        keys = {
            name: (np.array([labels.index(g[i]) for g in groups], np.int64), labels)
            for i, (name, labels) in enumerate(
                [("a", ["x", "y", None]), ("b", ["p", "q"]), ("part", [0, 1, 2])]
            )
        }
        return Summary(keys, {"s": np.array([g[3] for g in groups], float)}, len(groups))

    split = summary([(a, b, draw.randrange(3), v) for a, b, v in rows])
    for names in ([], ["a"], ["b"], ["a", "b"], ["b", "a"]):
        rolled = split.rolled(names)
        expected = {}
        for a, b, v in rows:
            key = tuple({"a": a, "b": b}[name] for name in names)
            expected[key] = expected.get(key, 0) + v
        if not names:
            expected = expected or {(): 0}
        labels = list(zip(*(rolled.labels(n) for n in names), strict=True)) if names else [()]
        assert dict(zip(labels, rolled.sums["s"], strict=True)) == expected
        assert rolled.groups == len(expected)
        twice = split.rolled(["a", "b"]).rolled(names)
        assert sorted(twice.sums["s"]) == sorted(rolled.sums["s"])


def test_labels_made_coarser_join_their_groups():
    keys = {"d": (np.array([0, 1, 2], np.int64), [dt.date(2024, 1, 3), dt.date(2024, 1, 9), None])}
    rolled = Summary(keys, {"s": np.array([1.0, 2.0, 4.0])}, 3).rolled(
        ["d"], {"d": lambda day: day and day.replace(day=1)}
    )
    assert dict(zip(rolled.labels("d"), rolled.sums["s"], strict=True)) == {
        dt.date(2024, 1, 1): 3.0,
        None: 4.0,
    }


@settings(max_examples=40, derandomize=True, deadline=None)
@given(SEEDS, st.sampled_from(PUBLIC), st.data())
def test_a_measurer_that_has_measured_finer_first_answers_as_a_fresh_one(seed, kpi, data):
    store = store_of(seed)
    dimensions = CATALOGUE[kpi].dimensions
    several = st.lists(st.sampled_from(dimensions), max_size=2, unique=True)
    by = tuple(data.draw(several)) if dimensions else ()
    finer = data.draw(several) if dimensions else []
    part = data.draw(st.sampled_from(parts_of(kpi)))
    period = data.draw(st.sampled_from([Period(), YEAR, Period(dt.date(2024, 2, 10), None)]))
    fiscal = data.draw(st.sampled_from([1, 4]))
    warm = Measurer(store, CATALOGUE)
    for grain in (Grain.DAY, Grain.MONTH, Grain.NONE):
        dims = tuple(dict.fromkeys([*by, *finer]))
        warm.measure(Question((kpi,), dims, grain, period, part=part, fiscal_month=fiscal))
    for grain in (Grain.NONE, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR):
        question = Question((kpi,), by, grain, period, part=part, fiscal_month=fiscal)
        fresh = Measurer(store, CATALOGUE).measure(question)
        assert_same(warm.measure(question).answers[0], fresh.answers[0])


def test_kpis_asked_together_answer_as_each_asked_alone():
    store = store_of(0)
    together = Measurer(store, CATALOGUE).measure(Question(tuple(PUBLIC), period=YEAR))
    assert [each.kpi for each in together.answers] == PUBLIC
    for answer in together.answers:
        assert_same(answer, ask(store, answer.kpi, period=YEAR))


@pytest.mark.parametrize("seed", [0])
def test_the_order_of_rows_changes_nothing(seed):
    rows = rows_of(seed)
    draw = random.Random(seed)
    shuffled = {name: draw.sample(content, len(content)) for name, content in rows.items()}
    store = fill(dict(reversed(shuffled.items())))
    for kpi in PUBLIC:
        for part in parts_of(kpi):
            for by in ((), CATALOGUE[kpi].dimensions[:1]):
                asked = {"part": part, "by": by}
                assert_same(ask(store, kpi, **asked), ask(store_of(seed), kpi, **asked))


# -- cells, filters, rows --------------------------------------------------------------------------

ATOMS = st.sampled_from(
    [
        "outcome = 'won'", "outcome in ('won', 'lost')", "outcome <> 'open'", "sector = 'Bio'",
        "sector is null", "owner in ('Ann', null)", "not invalid", "invalid", "amount > 9000",
        "amount is not null", "amount between 100 and 20000", "probability * amount > 2000",
        "closed_at > '2024-06-01'", "closed_at is null", "created_at < closed_at",
        "loss_reason_stated is null", "team = 'T1'", "stage = '1' or source = 'Web'",
        "coalesce(sector, 'Bio') = 'Bio'", "case when invalid then amount else 1 end > 5",
        "source not in ('Web', 'Salon')", "source = sector", "amount_band = '5-20 k'",
        "date_diff('day', created_at, closed_at) > 30", "customer is null",
        "invalid = (amount > 5)",
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]}) and ({ab[1]})"),
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]}) or ({ab[1]})"),
    ),
    max_leaves=5,
)


def flat_sql(store, select, *, group=None, where="true"):
    tail = f" GROUP BY {group}" if group else ""
    return store.engine.rows(f"SELECT {select} FROM flat.deal WHERE {where}{tail}")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(SEEDS, st.lists(CONDITIONS, min_size=1, max_size=4), st.sampled_from([(), ("sector",),
       ("owner", "team")]), st.one_of(st.none(), CONDITIONS))  # fmt: skip
def test_cells_equal_plain_filtered_aggregates_nulls_included(seed, among, dims, where):
    store = store_of(seed)
    scan = Scan("deal", ("flat", "deal"), None, False, tuple((d, d) for d in dims), Grain.NONE, 1,
                (False, False), where)  # fmt: skip
    asked, hand = {}, []
    for i, each in enumerate(among):
        asked[f"n{i}"] = Aggregate("count", among=each)
        asked[f"x{i}"] = Aggregate("sum", "amount", among=each)
        asked[f"xx{i}"] = Aggregate("square", "amount", among=each)
        asked[f"xy{i}"] = Aggregate("cross", "amount", "probability", among=each)
        kept = f"FILTER (WHERE {each})"
        hand += [
            f"count(*) {kept}", f"coalesce(sum(amount) {kept}, 0)",
            f"coalesce(sum(amount::double * amount::double) {kept}, 0)",
            f"coalesce(sum(amount::double * probability) {kept}, 0)",
        ]  # fmt: skip
    table = store.answer(compiler.sums(scan, tuple(asked.items())).sql, {}, {})
    keys = ", ".join(dims)
    expected = flat_sql(store, ", ".join([*dims, *hand]), group=keys or None, where=where or "true")
    got = {tuple(r[d] for d in dims): [float(r[a]) for a in asked] for r in table.to_pylist()}
    want = {tuple(r[: len(dims)]): [float(v) for v in r[len(dims) :]] for r in expected}
    assert got.keys() == want.keys()
    for key, values in want.items():
        assert got[key] == pytest.approx(values, rel=1e-9)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(SEEDS, CONDITIONS)
def test_a_where_equals_hand_written_sql(seed, where):
    store = store_of(seed)
    answer = ask(store, "win_rate", where=where)
    among = f"({where}) AND outcome IN ('won', 'lost') AND NOT invalid"
    select = "count(*) FILTER (WHERE outcome = 'won'), count(*)"
    ((won, closed),) = flat_sql(store, select, where=among)
    assert (answer.figures.numerator[0], answer.figures.n[0]) == (won, closed)
    rows, count = Measurer(store, CATALOGUE).rows(Question(("win_rate",), where=where), limit=None)
    assert rows.num_rows == count == closed


ROWED = [
    kpi
    for kpi in PUBLIC
    if all(rule.estimate in ("proportion", "mean", "count", "sum", "net", "median", "ratio")
           for part in parts_of(kpi) for rule in CATALOGUE[kpi].rules(part))
]  # fmt: skip


@pytest.mark.parametrize("kpi", ROWED)
def test_a_figure_and_its_rows_agree(kpi):
    for seed in (0, 1):
        measurer = Measurer(store_of(seed), CATALOGUE)
        for part in parts_of(kpi):
            for period in (Period(), YEAR, Period(None, dt.date(2024, 7, 1))):
                question = Question((kpi,), part=part, period=period)
                answer = measurer.measure(question).answers[0]
                if answer.missing and answer.missing.code.startswith("needs"):
                    continue
                rows, count = measurer.rows(question, limit=None)
                assert rows.num_rows == count == answer.figures.n.sum()
                page, same = measurer.rows(question, limit=2, offset=1)
                assert same == count
                assert page.num_rows == min(2, max(count - 1, 0))


# -- clocks ----------------------------------------------------------------------------------------


def masked(rows, day):
    """The same company at the end of a past day: an oracle in plain Python."""
    born = {
        "account": "created_at", "lead": "created_at", "deal": "created_at", "meeting": "booked_at",
        "invoice": "happened_at", "spend": "happened_at", "survey_answer": "sent_at",
    }  # fmt: skip
    past = {}
    for name, content in rows.items():
        start = born.get(name)
        kept = [dict(r) for r in content if not start or not r[start] or r[start] <= day]
        for row in kept:
            if name == "deal" and row["closed_at"] and row["closed_at"] > day:
                row |= {
                    "outcome": "open", "closed_at": None, "loss_reason_stated": None,
                    "probability": None,
                }  # fmt: skip
            if name == "meeting" and row["due_at"] and row["due_at"] > day:
                row["status"] = "booked"
            if name == "survey_answer" and row["answered_at"] and row["answered_at"] > day:
                row |= {"score": None}
        past[name] = kept
    return past


#: Figures that do not rest on how long something was followed.
TIMELESS = [
    "win_rate", "created_win_rate", "value_win_rate", "stated_loss_reasons", "usable_reason_rate",
    "revenue", "average_basket", "new_customers", "meetings_booked", "meetings_held",
    "team_meeting_share", "lead_conversion_rate", "list_size", "duplicate_rate",
    "completeness_rate", "weighted_pipeline", "cac", "campaign_roi", "accounts_by_sector",
    "sector_conversion_rate", "nps", "csat",
]  # fmt: skip


@pytest.mark.parametrize("kpi", TIMELESS)
@pytest.mark.parametrize("seed", [0, 2])
def test_as_of_equals_masking_what_came_later_by_hand(seed, kpi):
    day = FIRST + dt.timedelta(days=170 + 40 * seed)
    past = past_store(seed, day)
    for part in parts_of(kpi):
        for by in ((), CATALOGUE[kpi].dimensions[:1]):
            asked = {"part": part, "by": by}
            one = ask(store_of(seed), kpi, clock=Clock(as_of=day), **asked)
            other = ask(past, kpi, **asked)
            one.maturity = other.maturity = None
            one.periods = [Period()] * len(one)
            other.periods = [Period()] * len(other)
            assert_same(one, other)


_PAST = {}


def past_store(seed, day):
    if (seed, day) not in _PAST:
        _PAST[seed, day] = fill(masked(rows_of(seed), day))
    return _PAST[seed, day]


def test_as_of_the_last_day_changes_no_event():
    store = store_of(0)
    last = FIRST + dt.timedelta(days=600)
    for kpi in TIMELESS:
        now, then = ask(store, kpi), ask(store, kpi, clock=Clock(as_of=last))
        now.maturity = then.maturity = None
        now.periods = then.periods = [Period()] * len(now)
        assert_same(now, then)


def write(store, number, rows):
    """A further import of the same source."""
    other = fill({"deal": rows})
    table = other.engine.run("SELECT * FROM temp.example_deal")
    store.engine.connection.register("lent_more", table)
    store.engine.execute(f"CREATE TEMP TABLE more_{number} AS FROM lent_more")
    fields = tuple(each for each in table.column_names if each[0] != "_" and each != "source_id")
    stage = Stage("deal", "example", fields, f"more_{number}")
    store.write(number, f"more-{number}", dt.datetime(2100, 1, number), [stage])


def test_known_at_reads_the_versions_known_then():
    def deal(key, outcome, amount):
        closed = None if outcome == "open" else dt.date(2025, 1, 2)
        return {"id": key, "outcome": outcome, "amount": amount, "closed_at": closed}

    store = fill({"deal": [deal("1", "won", 10), deal("2", "open", 10), deal("3", "lost", 10)]})
    write(store, 2, [deal("1", "won", 99), deal("2", "lost", 10), deal("4", "won", 5)])
    write(store, 3, [deal("4", "lost", 5)])

    def won(**clock):
        answer = ask(store, "win_rate", clock=Clock(**clock))
        return answer.figures.numerator[0], answer.figures.n[0]

    assert won(known_at=1) == (1, 2)
    assert won(known_at=2) == (2, 4)
    assert won(known_at=3) == won() == (1, 4)
    assert won(known_at=1, fallback=True) == (2, 3)
    assert ask(store, "revenue", clock=Clock(known_at=1)).figures.value[0] == 10
    assert ask(store, "revenue", clock=Clock(known_at=2)).figures.value[0] == 104


def test_the_store_answers_anew_after_an_import():
    store = fill({"deal": [{"id": "1", "outcome": "won", "closed_at": dt.date(2025, 1, 2)}]})
    measurer = Measurer(store, CATALOGUE)
    assert measurer.measure(Question(("win_rate",)))["win_rate"].figures.n[0] == 1
    write(store, 2, [{"id": "2", "outcome": "lost", "closed_at": dt.date(2025, 1, 2)}])
    assert measurer.measure(Question(("win_rate",)))["win_rate"].figures.n[0] == 2


# -- comparisons -----------------------------------------------------------------------------------


@laws
@given(SEEDS, st.sampled_from(ADDING + COUNTING), st.sampled_from(["previous", "last-year"]),
       st.data())  # fmt: skip
def test_a_comparison_is_the_value_less_the_former_value(seed, kpi, compare, data):
    store = store_of(seed)
    by = data.draw(st.sampled_from([(), CATALOGUE[kpi].dimensions[:1]]))
    period = Period(dt.date(2024, 10, 1), dt.date(2025, 1, 1))
    then = (
        Period(dt.date(2024, 7, 1), dt.date(2024, 10, 1))
        if compare == "previous"
        else Period(dt.date(2023, 10, 1), dt.date(2024, 1, 1))
    )
    answer = ask(store, kpi, period=period, by=by, compare=compare)
    if answer.missing:
        return
    former = {
        key[0]: values for key, (values, _) in figures(ask(store, kpi, period=then, by=by)).items()
    }
    found = answer.compare
    now = figures(answer)
    for row, (key, (values, _)) in enumerate(now.items()):
        assert found.periods[row] == then
        if key[0] not in former:
            assert np.isnan(found.value[row])
            continue
        assert found.value[row] == pytest.approx(former[key[0]][0], nan_ok=True)
        gap = values[0] - former[key[0]][0]
        assert found.difference[row] == pytest.approx(gap, nan_ok=True)
        low, high = found.difference_low[row], found.difference_high[row]
        assert np.isnan(low) or low - 1e-9 <= gap <= high + 1e-9
        assert bool(found.conclusive[row]) == bool(low > 0 or high < 0)


def test_a_period_that_is_not_over_is_compared_with_the_same_days_of_the_former():
    days = [(2, 3), (2, 20), (3, 3), (3, 10)]
    store = fill(
        {"invoice": [{"account": "A", "amount": 10 * i + 10, "happened_at": dt.date(2025, m, d)}
                     for i, (m, d) in enumerate(days)]}
    )  # fmt: skip
    march = Period(dt.date(2025, 3, 1), dt.date(2025, 4, 1))
    found = ask(store, "revenue", period=march, compare="previous").compare
    assert found.periods == [Period(dt.date(2025, 2, 1), dt.date(2025, 2, 11))]
    assert (found.value[0], found.difference[0]) == (10, 60)
