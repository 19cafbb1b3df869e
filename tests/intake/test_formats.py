"""Each format of cells takes and refuses its own examples."""

from __future__ import annotations

import pytest

from jalon.intake.formats import formats, recognise

CASES = [
    (name, value, takes)
    for name, one in formats().items()
    for takes, values in ((True, one.accepted), (False, one.refused))
    for value in values
]


@pytest.mark.parametrize(("name", "value", "takes"), CASES)
def test_a_format_takes_and_refuses_its_examples(name, value, takes):
    assert formats()[name].accepts(value) is takes


def test_a_format_is_engine_ready(engine):
    for one in formats().values():
        sql = "SELECT regexp_full_match($value, $pattern)"
        for value in one.accepted:
            assert engine.rows(sql, {"value": value, "pattern": one.pattern})[0][0], one.name


def test_values_are_recognised_by_their_format():
    assert next(iter(recognise(["a@b.fr", "c@d.com"]))) == "email"
    assert recognise(["391378239", "455501452"])["siren"] == 1.0
    assert recognise(["bonjour"]) == {}
