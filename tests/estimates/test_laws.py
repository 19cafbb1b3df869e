"""Laws over all estimators: merging equals pooling, the interval holds the value."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.catalogue.catalogue import built_in
from jalon.engines.duckdb import DuckDB
from jalon.estimates.estimator import Histogram, Shape
from jalon.estimates.registry import estimators

ESTIMATORS = estimators()
SUMS = sorted(n for n, e in ESTIMATORS.items() if e.shape is Shape.SUMS)
HISTOGRAMS = sorted(n for n, e in ESTIMATORS.items() if e.shape is Shape.HISTOGRAM)
#: Those whose value is a quotient: without a row there is none. The others count or add.
ADDING = {"count", "sum"}
#: Those whose classes are those of all groups together.
CLASSED = {"distribution", "steps"}

#: A row of a toy table: two values (maybe unknown), two conditions.
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-50, 400).map(lambda v: v / 4)),
        st.one_of(st.none(), st.integers(0, 80).map(lambda v: v / 4)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)
#: Fields for each estimator over that table; a new estimator needs its line here.
FIELDS = {
    "proportion": [{"success": "s"}, {"success": "s", "among": "a"}],
    "count": [{}, {"among": "a"}, {"certain": "yes"}],
    "sum": [{"value": "x"}, {"value": "y", "among": "a"}, {"value": "x", "certain": "yes"}],
    "mean": [{"value": "x"}, {"value": "y", "among": "a"}, {"value": "y / 20", "bounded": "share"},
             {"value": "y / 20", "bounded": "0 1"}],
    "ratio": [
        {"numerator": "x", "denominator": "y"},
        {"numerator": "y / 2", "denominator": "y", "bounded": "share", "never_zero": "s"},
    ],
    "net": [{"plus": "x > 50", "minus": "x <= 10"}, {"plus": "s", "minus": "not s", "among": "a"}],
    "cost": [{"value": "y", "units": "case when s then 1 else 0 end"}],
    "distribution": [{}, {"among": "a"}, {"value": "y"}],
    "lifetime": [{"duration": "y", "ended": "s"}, {"duration": "y", "ended": "s", "give": "median"},
                 {"duration": "y", "ended": "s", "at": "5"}],
    "lifetime_value": [{"per": "x", "value": "y", "age": "y * 5", "followed": "x * 5",
                        "months": "12", "discount": "0.1"}],
    "cycle": [{"duration": "y", "won": "s", "lost": "a and not s"}],
    "wait": [{"duration": "y", "ended": "s"}],
    "diversity": [{"value": "coalesce(x, -1)", "give": "simpson"}],
    "curve": [{"duration": "y", "won": "s", "lost": "a and not s", "at": "5"}],
    "adjusted_gap": [{"success": "s", "exposed": "a", "strata": "coalesce(x > 40, false)"}],
    "adjusted_effects": [{"success": "s", "size": "y + 1", "factors": "f: a", "strata": "x > 40"}],
    "top_lift": [{"success": "s", "features": "a; x > 40", "months": "y", "at": "30"}],
    "kappa": [{"value": "s", "other": "a"}, {"value": "s", "other": "a", "among": "a or s"}],
    "steps": [{"value": "case when x > 40 then 2 when x <= 40 then 1 end", "won": "s"}],
}  # fmt: skip
CASES = [(name, fields) for name in FIELDS for fields in FIELDS[name]]
ENGINE = DuckDB.memory()

laws = settings(max_examples=40, derandomize=True, deadline=None)


def test_every_estimator_is_tried_by_these_laws_or_asked_at_the_grain_needed():
    apart = (Shape.DISTINCT, Shape.RANKS, Shape.UNITS, Shape.TARGET, Shape.SNAPSHOTS)
    unmerged = {n for n, e in ESTIMATORS.items() if e.shape in apart}
    assert ESTIMATORS.keys() - FIELDS.keys() <= unmerged | {"distinct"}


def test_every_estimate_of_the_catalogue_is_registered():
    catalogue = built_in()
    for definition in catalogue.definitions.values():
        for part in definition.parts or (None,):
            for rule in definition.rules(part):
                assert rule.estimate in {*ESTIMATORS, "formula"}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_an_estimator_says_what_it_estimates_and_its_optional_fields_are_its_own(name):
    estimator = ESTIMATORS[name]
    assert estimator.__doc__
    assert estimator.optional <= estimator.fields.keys()
    kinds = {"condition", "number", "any", "values", "conditions", "word", "kpis"}
    assert set(estimator.fields.values()) <= kinds


def sums(estimator, fields, rows):
    """The statistics of some rows, in plain Python: what an engine would answer."""
    found = {}
    for name, each in estimator.aggregates(fields).items():
        kept = [r for r in rows if each.among is None or truth(each.among, r)]
        if each.does == "count":
            found[name] = float(len(kept))
            continue
        values = [value(each.of, r) for r in kept]
        if each.does == "cross":
            pairs = [(v, value(each.by, r)) for v, r in zip(values, kept, strict=True)]
            found[name] = math.fsum(v * w for v, w in pairs if v is not None and w is not None)
            continue
        made = {
            "sum": lambda v: v,
            "square": lambda v: v * v,
            "log": lambda v: math.log(v) if v > 0 else 0.0,
            "log_square": lambda v: math.log(v) ** 2 if v > 0 else 0.0,
        }[each.does]
        found[name] = math.fsum(made(v) for v in values if v is not None)
    return found


KNOWN = {}


def value(text, row):
    """An expression over a row, by the engine; kept."""
    key = (text, row)
    if key not in KNOWN:
        x, y, s, a = row
        sql = f"SELECT ({text}) FROM (SELECT $x::DOUBLE AS x, $y::DOUBLE AS y, $s AS s, $a AS a)"
        KNOWN[key] = ENGINE.rows(sql, {"x": x, "y": y, "s": s, "a": a})[0][0]
    return KNOWN[key]


def truth(text, row):
    return value(text, row) is True


def finish(name, fields, groups, level=0.95):
    """The figures of several groups of rows."""
    estimator = ESTIMATORS[name]
    if estimator.shape is Shape.HISTOGRAM:
        keys, added = estimator.keys(fields), estimator.added(fields)
        lines, totals = {}, {name: {} for name in added}
        for group, rows in enumerate(groups):
            for row in rows:
                values = tuple(value(text, row) for text in keys.values())
                if None not in values:
                    lines[group, *values] = lines.get((group, *values), 0) + 1
                    for what, text in added.items():
                        more, so_far = value(text, row) or 0.0, totals[what]
                        so_far[group, *values] = so_far.get((group, *values), 0.0) + more
        columns = np.array([[*key, n] for key, n in lines.items()], float).reshape(
            -1, len(keys) + 2
        )
        histogram = Histogram(
            columns[:, 0].astype(np.int64), len(groups),
            {key: columns[:, i + 1] for i, key in enumerate(keys)}, columns[:, -1],
            {what: np.array(list(each.values()), float) for what, each in totals.items()},
        )  # fmt: skip
        return estimator.finish_histogram(histogram, level, fields)
    found = [sums(estimator, fields, rows) for rows in groups]
    return finish_sums(name, fields, found, level)


def finish_sums(name, fields, found, level=0.95):
    columns = {key: np.array([each[key] for each in found]) for key in found[0]}
    if name == "distribution":
        columns |= {f"whole_{key}": np.full(len(found), v.sum()) for key, v in columns.items()}
    return ESTIMATORS[name].finish(columns, level, fields)


def columns_of(figures):
    none = np.full(len(figures.value), np.nan)
    return np.array(
        [none if each is None else each for each in (
            figures.value, figures.low, figures.high, figures.n, figures.numerator,
            figures.denominator)]
    )  # fmt: skip


@pytest.mark.parametrize(("name", "fields"), [c for c in CASES if c[0] in SUMS])
@laws
@given(ROWS, st.integers(0, 25))
def test_merging_the_statistics_of_two_parts_equals_pooling_their_rows(name, fields, rows, cut):
    estimator = ESTIMATORS[name]
    left, right = sums(estimator, fields, rows[:cut]), sums(estimator, fields, rows[cut:])
    merged = {key: left[key] + right[key] for key in left}
    one = columns_of(finish_sums(name, fields, [merged]))
    other = columns_of(finish(name, fields, [rows]))
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "fields"), [c for c in CASES if c[0] in HISTOGRAMS])
@laws
@given(ROWS, st.randoms(use_true_random=False))
def test_a_histograms_rows_may_be_in_any_order_and_split(name, fields, rows, draw):
    shuffled = draw.sample(rows, len(rows))
    one = columns_of(finish(name, fields, [rows]))
    np.testing.assert_allclose(one, columns_of(finish(name, fields, [shuffled])), rtol=1e-9)


@pytest.mark.parametrize(("name", "fields"), CASES)
@laws
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_groups_finished_together_equal_groups_finished_alone(name, fields, groups):
    if name in CLASSED:
        return
    together = columns_of(finish(name, fields, groups))
    for place, rows in enumerate(groups):
        alone = columns_of(finish(name, fields, [rows]))[:, 0]
        np.testing.assert_allclose(together[:, place], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "fields"), CASES)
@laws
@given(st.lists(ROWS, min_size=1, max_size=4), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_holds_the_value_and_grows_with_the_level(name, fields, groups, level):
    found = finish(name, fields, groups, level)
    value, low, high = found.value, found.low, found.high
    slack = 1e-6 * (1 + np.abs(value))
    assert not (low > value + slack).any()
    assert not (high < value - slack).any()
    assert not (low > high).any()
    wider = finish(name, fields, groups, 0.999)
    assert not (wider.low > low + slack).any()
    assert not (wider.high < high - slack).any()


@pytest.mark.parametrize(("name", "fields"), CASES)
@laws
@given(ROWS)
def test_shares_stay_within_0_and_1_and_points_within_100(name, fields, rows):
    found = finish(name, fields, [rows])
    share = name == "proportion" or "bounded" in fields or fields.get("at")
    bounds = (0, 1) if share else (-100, 100) if name == "net" else None
    if bounds:
        for side in (found.low, found.high):
            assert not (side < bounds[0] - 1e-12).any()
            assert not (side > bounds[1] + 1e-12).any()


@pytest.mark.parametrize(("name", "fields"), CASES)
def test_an_empty_group_is_missing_where_the_figure_is_a_rate_and_zero_where_it_counts(
    name, fields
):
    rows = (1.0, 2.0, True, True)
    found = finish(name, fields, [[], [rows] * 12])
    if name == "distribution":
        assert found.value[0] == 0
        nothing = finish(name, fields, [[]])
        assert np.isnan(nothing.value[0])
        assert nothing.missing[0]
        return
    if name in ADDING:
        assert found.value[0] == 0
        return
    assert np.isnan(found.value[0])
    assert found.missing[0]
    assert not found.missing[1] or np.isnan(found.value[1])


@laws
@given(ROWS)
def test_a_value_is_missing_exactly_where_a_reason_is_given(rows):
    for name, fields in CASES:
        found = finish(name, fields, [rows])
        if found.missing is None:
            assert not np.isnan(found.value[0])
        elif found.missing[0]:
            assert np.isnan(found.value[0])


def test_a_file_of_zero_losses_has_no_value_rate_and_one_that_tells_has_one():
    fields = {"numerator": "x", "denominator": "y", "never_zero": "not s"}
    untold = [(5.0, 5.0, True, True), (0.0, 0.0, False, True)]
    assert finish("ratio", fields, [untold]).missing[0] == "all_amounts_zero"
    told = [(5.0, 5.0, True, True), (0.0, 5.0, False, True)]
    assert finish("ratio", fields, [told]).value[0] == 0.5
    only_won = [(5.0, 5.0, True, True)]
    assert finish("ratio", fields, [only_won]).value[0] == 1
