"""What means empty in a column, told once; sums that are equal to the cent, before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.engines.duckdb import DuckDB
from jalon.intake.map_file import parse
from jalon.intake.map_file import write as write_map
from jalon.intake.pipeline import Brief, look, prepare
from jalon.intake.report import report
from jalon.intake.rules import Rule, Rules, load_rules, save_rules
from jalon.model.problems import InputError
from jalon.store.store import Store

GOOD = "".join(f"g{n};C{n};{n}0,00;{n}/01/2025\n" for n in range(10, 25))
DEALS = f"Affaire;Compte;Montant;Créée le\nd1;C;NC ;13/01/2025\nd2;D;à voir;14/01/2025\n{GOOD}"
RULE = Rule(source="files", table="deal", header="Montant", values=("à voir", "nc"))


def test_rules_are_kept_by_column_and_their_values_add_up(tmp_path: Path) -> None:
    other = RULE.model_copy(update={"values": ("?",)})
    rules = Rules().plus(RULE).plus(other)
    save_rules(tmp_path / "maps", rules)
    assert load_rules(tmp_path / "maps") == rules
    assert rules.empty[0].values == ("à voir", "nc", "?")
    assert rules.minus(RULE).empty == (other,) and rules.minus(RULE).minus(other).empty == ()
    assert load_rules(tmp_path / "nowhere") == Rules()


def test_rules_that_cannot_be_read_are_said_not_ignored(tmp_path: Path) -> None:
    for text in ("empty: 3", "empty: [{source: a}]", "[", "empty: [{source: a, b: c}]"):
        (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as found:
            load_rules(tmp_path)
        assert found.value.problem.code == "rules_invalid"


def test_a_rule_empties_its_column_alone_whatever_the_case(
    write: Callable[[str, str], Path],
) -> None:
    engine = DuckDB.memory()
    path = write("deal.csv", DEALS)
    brief = Brief(rules=Rules((RULE,)))
    done = prepare([path], engine, brief).staged[0]
    assert done.refused == ()
    rows = engine.rows(f"SELECT amount FROM {done.stage.relation} ORDER BY _line LIMIT 2")
    assert rows == [(None,), (None,)]
    elsewhere = Rules((RULE.model_copy(update={"source": "hubspot"}),))
    assert prepare([path], DuckDB.memory(), Brief(rules=elsewhere)).staged[0].refused


def test_a_mapping_file_says_what_means_empty(write: Callable[[str, str], Path]) -> None:
    path = write("deal.csv", DEALS)
    told = parse("files: [{file: '*', table: deal, empty: {Montant: [à voir, 'x, y']}}]")
    engine = DuckDB.memory()
    prepared = prepare([path], engine, Brief(map_file=told))
    assert not prepared.staged[0].refused
    text = write_map(each.guess for each in prepared.looked)
    assert parse(text).entries[0].empty == {"Montant": ("à voir", "x, y")}
    with pytest.raises(InputError) as found:
        look(
            [path],
            engine,
            Brief(map_file=parse("files: [{file: '*', table: deal, empty: {Montan: [a]}}]")),
        )
    assert found.value.problem.code == "map_unknown_header"


# -- sums ----------------------------------------------------------------------------------------

#: Each example writes its own file over the last.
SHARED = [HealthCheck.function_scoped_fixture]
AMOUNT = st.one_of(
    st.decimals(-(10**9), 10**9, places=2).map(
        lambda value: (f"{value:f}".replace(".", ","), value)
    ),
    st.sampled_from([("voir devis", None), ("NC", Decimal(0)), ("", Decimal(0))]),
)
ROW = st.tuples(st.integers(1, 12), AMOUNT, st.sampled_from(["13/01/2025", "demain", "14/02/2025"]))


@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
@given(rows=st.lists(ROW, min_size=1, max_size=25), lines=st.booleans(), total=st.booleans())
def test_what_is_taken_in_and_what_is_set_apart_add_up_to_what_is_read(
    rows: list[Any], lines: bool, total: bool, tmp_path: Path
) -> None:
    text = "Commande;Client;Montant;Date\n"
    text += "".join(f"z{n};C;{n},25;13/01/2025\n" for n in range(40))
    text += "".join(f"f{key};C{key};{amount};{day}\n" for key, (amount, _), day in rows)
    read = sum((value or Decimal(0) for _, (_, value), _ in rows), Decimal(0))
    read += sum((Decimal(n) + Decimal("0.25") for n in range(40)), Decimal(0))
    if total:
        text += "Total;;123456,78;\n"
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    mapped = parse(
        "files: [{file: '*', table: invoice, decimal: ',', date_order: DMY, lines: "
        f"{str(lines).lower()}, columns: {{Commande: source_id, Client: account, "
        "Date: happened_at, Montant: amount}}]"
    )
    store = Store.memory()
    prepared = prepare([path], store.engine, Brief(map_file=mapped))
    loaded = store.write(1, "a", dt.datetime(2026, 1, 1), [s.stage for s in prepared.staged])
    found = report(store.engine, prepared, loaded, "a").files[0]
    told = {name: Decimal(getattr(found, name).get("amount", "0")) for name in SUMS}
    assert told["sums"] + told["sums_quarantined"] == told["sums_read"]
    assert told["sums_read"] + told["sums_doubled"] == read
    held = store.engine.value("SELECT sum(amount) FROM version.invoice WHERE _until IS NULL")
    assert told["sums"] == (held or 0)
    unread = sum(value is None for _, (_, value), _ in rows)
    assert found.unread.get("amount", 0) == unread
    counted = found.rows_added + found.rows_updated + found.rows_unchanged + found.rows_quarantined
    assert counted == found.rows_read


SUMS = ("sums", "sums_read", "sums_quarantined", "sums_doubled")
