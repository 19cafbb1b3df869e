"""Rows counted by keys roll up to what counting them by fewer groups would have given."""

from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.measure.counted import Counted

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", None]),
        st.sampled_from(["p", "q", "r"]),
        st.one_of(st.none(), st.integers(-3, 4), st.sampled_from([10**15, 0.5])),
        st.sampled_from(["won", "lost", None]),
        st.integers(1, 3),
    ),
    max_size=25,
)


def counted(rows, names):
    """The rows as an engine would count them by these groups."""
    found, sums = Counter(), Counter()
    for a, b, days, end, n in rows:
        if days is None or end is None:
            continue
        key = (*({"a": a, "b": b}[name] for name in names), float(days), end)
        found[key] += n
        sums[key] += 2.5 * n
    columns = [*names, "days", "end"]
    types = [pa.string()] * len(names) + [pa.float64(), pa.string()]
    table = {name: pa.array([key[i] for key in found], types[i]) for i, name in enumerate(columns)}
    table |= {
        "count": pa.array(list(found.values()), pa.int64()),
        "s": pa.array([sums[key] for key in found], pa.float64()),
    }
    return Counted.of(pa.table(table), ["days", "end"], ["s"])


def content(found):
    """By group, the counts and sums of each pair of keys."""
    names = list(found.groups.keys)
    labels = [found.groups.labels(name) for name in names]
    histogram = found.histogram
    told = {}
    for row, group in enumerate(histogram.group):
        key = (*(each[group] for each in labels), histogram.keys["days"][row])
        told.setdefault(key, []).append((histogram.count[row], histogram.sums["s"][row]))
    return {key: sorted(values) for key, values in told.items()}


@settings(max_examples=150, derandomize=True, deadline=None)
@given(ROWS, st.sampled_from([["a"], ["b"], [], ["b", "a"]]))
def test_rolled_up_they_are_as_counted_by_fewer_groups(rows, names):
    fine = counted(rows, ["a", "b"])
    rolled, asked = fine.rolled(names), counted(rows, names)
    assert content(rolled) == content(asked)
    assert rolled.groups.groups == (asked.groups.groups if names else 1)
    assert rolled.histogram.groups == rolled.groups.groups


def test_rows_of_which_a_key_is_not_known_are_left_out():
    table = pa.table({"g": ["x", "y", "y"], "days": [1, None, 3], "count": [4, 5, 6]})
    found = Counted.of(table, ["days"], [])
    assert found.groups.labels("g") == ["x", "y"]
    assert found.histogram.count.tolist() == [4, 6]


def test_groups_made_coarser_join_their_rows():
    table = pa.table({"g": ["x1", "x2", "y1"], "days": [7, 7, 7], "count": [1, 2, 4]})
    rolled = Counted.of(table, ["days"], []).rolled(["g"], {"g": lambda label: label[0]})
    assert rolled.groups.labels("g") == ["x", "y"]
    assert rolled.histogram.count.tolist() == [3, 4]
