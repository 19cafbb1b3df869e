"""Statistics are kept within a number of bytes, those unused for longest giving way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.measure.kept import Kept


def of(size):
    return np.zeros(size, np.int8)


def keys_of(kept):
    return [key for key, _ in kept.items()]


def test_the_answer_used_last_is_kept_and_the_one_unused_for_longest_gives_way():
    kept = Kept(100)
    for name in "abcd":
        kept.put((name,), of(25), ())
    assert kept.get(("a",)).value.nbytes == 25
    kept.put(("e",), of(10), ())
    assert keys_of(kept) == [("c",), ("d",), ("a",), ("e",)]
    assert kept.get(("b",)) is None


def test_an_answer_too_large_for_its_share_is_not_kept_nor_drives_others_out():
    kept = Kept(100)
    kept.put(("small",), of(20), ("SELECT 1",))
    kept.put(("large",), of(26), ())
    assert keys_of(kept) == [("small",)]
    assert kept.get(("small",)).sql == ("SELECT 1",)
    kept.put(("small",), of(26), ())
    assert keys_of(kept) == []


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=30))
def test_the_bytes_kept_never_exceed_what_is_allowed(puts):
    kept = Kept(100)
    for key, size in puts:
        kept.put((key,), of(size), ())
        assert sum(told.value.nbytes for _, told in kept.items()) <= 100
    kept.clear()
    assert keys_of(kept) == []
    kept.put((0,), of(25), ())
    assert keys_of(kept) == [(0,)]
