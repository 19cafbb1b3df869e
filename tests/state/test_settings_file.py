"""Settings are written again without losing what was not changed, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jalon.state.settings_file import digest, read, rewritten, write

FILE = """\
# Nos réglages
currency: EUR  # la nôtre

rates: {USD: 0.92}
dimensions:
  # ce que dit le marketing
  canal:
    of: source
    groups: {Digital: [a, b]}
  # fin des dimensions

# octobre, comme les comptables
fiscal_year_start: 10
"""
NAMES = st.sampled_from(["currency", "rates", "icp", "dimensions", "amount_bands", "zone"])
PLAIN = st.one_of(
    st.none(), st.integers(), st.text("aé:#{}[]'\"\n -", max_size=12), st.booleans()
)  # fmt: skip
VALUES = st.one_of(
    PLAIN,
    st.lists(st.integers(), min_size=1, max_size=4),
    st.dictionaries(st.text("abc", min_size=1, max_size=3), PLAIN, min_size=1, max_size=3),
)


def test_a_changed_setting_leaves_the_others_and_the_remarks() -> None:
    made = rewritten(FILE, {"currency": "USD", "rates": None, "icp": "sector = 'É'"})
    assert made == FILE.replace("EUR  #", "USD  #").replace("rates: {USD: 0.92}\n", "") + (
        "icp: sector = 'É'\n"
    )


def test_a_block_is_replaced_up_to_its_last_line() -> None:
    made = rewritten(FILE, {"dimensions": None})
    assert "canal" not in made
    assert "# fin des dimensions\n\n# octobre" in made
    assert yaml.safe_load(made) == {"currency": "EUR", "rates": {"USD": 0.92},
                                    "fiscal_year_start": 10}  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "# rien\n", "{currency: EUR, zone: UTC}", "currency: EUR", "a: &x [1]\nb: *x\n"]
)
@given(changes=st.dictionaries(NAMES, VALUES, max_size=3))
def test_whatever_the_file_it_then_says_what_was_asked(text: str, changes: dict) -> None:
    before = yaml.safe_load(text) or {}
    wanted = {name: each for name, each in {**before, **changes}.items() if each is not None}
    assert (yaml.safe_load(rewritten(text, changes)) or {}) == wanted


@given(changes=st.dictionaries(NAMES, VALUES, max_size=3))
def test_remarks_of_settings_that_do_not_change_stay(changes: dict) -> None:
    assert rewritten(FILE, changes).startswith("# Nos réglages\n")


def test_the_file_is_replaced_whole_or_left(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "settings.yaml"
    assert read(path) == ""
    write(path, FILE)
    assert read(path) == FILE
    assert digest(FILE) != digest(FILE + " ")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "currency: CHF\n")
    assert read(path) == FILE
    assert [each.name for each in tmp_path.iterdir()] == ["settings.yaml"]
