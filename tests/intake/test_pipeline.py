"""Whole imports of messy files: the counts add up, the sums are exact, the rest is said."""

from __future__ import annotations

import gzip
import random
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jalon

Write = Callable[..., Path]

QUICK = settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


def adds_up(each: dict[str, Any]) -> None:
    became = [each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined")]
    assert each["rows_read"] == sum(became), each
    assert each["rows_quarantined"] == len(each["quarantine"])


def revenue(workspace: jalon.Workspace) -> float:
    (found,) = workspace.measure("revenue").records()
    return float(found["value"] or 0)


# --- random messy files -------------------------------------------------------------------------

HEAD = "source_id;account;outcome;amount;closed_at"
cents = st.integers(-10_000_000, 10_000_000)
LINES = st.one_of(
    st.tuples(st.just("good"), st.integers(1, 40), cents),
    st.tuples(st.just("good"), st.integers(1, 40), cents),
    st.tuples(st.just("amount"), st.integers(1, 40), st.sampled_from(["abc", "12,3,4", "--", "€"])),
    st.tuples(st.just("date"), st.integers(1, 40), st.sampled_from(["31/02/2025", "demain"])),
    st.tuples(st.just("outcome"), st.integers(1, 40), st.sampled_from(["", "peut-être"])),
    st.tuples(st.just("header"), st.just(0), st.just("")),
    st.tuples(st.just("wide"), st.integers(1, 40), st.just("")),
    st.tuples(st.just("short"), st.integers(1, 40), st.just("")),
    st.tuples(st.just("blank"), st.just(0), st.just("")),
    st.tuples(st.just("total"), st.just(0), cents),
)


def written(kind: str, key: int, what: Any) -> str:
    return {
        "good": lambda: f"d{key};Alpha;won;{french(what)};05/01/2025",
        "amount": lambda: f"d{key};Alpha;won;{what};05/01/2025",
        "date": lambda: f"d{key};Alpha;won;1,00;{what}",
        "outcome": lambda: f"d{key};Alpha;{what};1,00;05/01/2025",
        "header": lambda: HEAD,
        "wide": lambda: f"d{key};Alpha;won;1,00;05/01/2025;reste;encore",
        "short": lambda: f"d{key};Alpha;won",
        "blank": lambda: "",
        "total": lambda: f"Total;;;{french(what)};",
    }[kind]()


def french(amount: int) -> str:
    sign, amount = "-" if amount < 0 else "", abs(amount)
    return f"{sign}{amount // 100:,}".replace(",", " ") + f",{amount % 100:02d}"


@QUICK
@given(st.lists(LINES, max_size=25), st.lists(LINES, max_size=25))
def test_counts_add_up_whatever_the_file(one: list[Any], two: list[Any]) -> None:
    """A well-formed beginning settles how the file is read; what follows is anything."""
    start = [f"d{n};Alpha;won;1 234,5{n % 10};17/0{n % 9 + 1}/2025" for n in range(100, 130)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deal.csv"
        with jalon.open(Path(folder) / "jalon-data") as workspace:
            for lines in (one, two, two):
                text = "\n".join([HEAD, *start, *(written(*each) for each in lines)]) + "\n"
                path.write_text(text, encoding="utf-8")
                (each,) = workspace.import_(path).record["files"]
                adds_up(each)
                filled = sum(kind != "blank" for kind, _, _ in lines)
                assert each["rows_read"] == len(start) + filled
                for refused in each["quarantine"]:
                    assert 1 < refused["row"] <= len(start) + len(lines) + 1
                    assert refused["reason"] != refused["code"]
            assert each["rows_added"] == each["rows_updated"] == 0


@QUICK
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 999), st.integers(0, 10**7)), min_size=6)
)
def test_order_lines_become_invoices_to_the_cent(lines: list[tuple[int, int, int]]) -> None:
    """Lines of one invoice number add up, quantity times unit price, in any order."""
    rows = [(f"F{key}", 1 + quantity % 9, price) for key, quantity, price in lines]
    # Twice the first number, so that numbers do repeat.
    rows.append((rows[0][0], 2, 199))
    total = sum(Decimal(quantity * price) / 100 for _, quantity, price in rows)
    head = "Invoice Number,Customer,Invoice Date,Quantity,Unit Price"
    text = [f"{key},Alpha,2025-01-05,{q},{p // 100}.{p % 100:02d}" for key, q, p in rows]
    shuffled = list(text)
    random.Random(1).shuffle(shuffled)
    for body in (text, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "invoice lines.csv"
            path.write_text("\n".join([head, *body]) + "\n", encoding="utf-8")
            with jalon.open(Path(folder) / "jalon-data") as workspace:
                done = workspace.import_(path, table="invoice")
                (each,) = done.record["files"]
                adds_up(each)
                assert each["rows_read"] == each["rows_added"] == len(rows)
                assert Decimal(each["sums"]["amount"]) == total
                (found,) = workspace.measure("average_basket").records()
                assert found["n"] == len({key for key, _, _ in rows})
                (again,) = workspace.import_(path, table="invoice").record["files"]
                assert again["rows_unchanged"] == len(rows)


@QUICK
@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=60))
def test_sums_are_exact_to_the_cent(amounts: list[int]) -> None:
    rows = [f"d{n},won,{a / 100:.2f},2025-01-05" for n, a in enumerate(amounts)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deal.csv"
        path.write_text("\n".join(["source_id,outcome,amount,closed_at", *rows]) + "\n")
        with jalon.open(Path(folder) / "jalon-data") as workspace:
            (each,) = workspace.import_(path).record["files"]
            assert each["rows_added"] == len(amounts)
            assert Decimal(each["sums"]["amount"]) == Decimal(sum(amounts)) / 100


# --- one thing at a time ------------------------------------------------------------------------


def test_french_cp1252_and_clean_english_read_the_same(
    world: jalon.Workspace, write: Write
) -> None:
    french_file = write(
        "deal.csv",
        "source_id;name;account;outcome;amount;closed_at\n"
        "d1;« Été »;L’Œuvre;won;1 234,50 €;17/02/2025\nd2;Noël;Crêpes;lost;-5,00 €;05/03/2025\n",
        "cp1252",
    )
    english = write(
        "english/deal.csv",
        "source_id,name,account,outcome,amount,closed_at\n"
        "d1,« Été »,L’Œuvre,won,1234.50,2025-02-17\nd2,Noël,Crêpes,lost,-5,2025-03-05\n",
    )
    (first,) = world.import_(french_file).record["files"]
    assert (first["encoding"], first["rows_added"]) == ("cp1252", 2)
    (second,) = world.import_(english).record["files"]
    # Only the currency, which the clean file does not tell, could differ; it keeps its value.
    assert (second["rows_unchanged"], second["rows_quarantined"]) == (2, 0)


def test_a_file_read_as_text_and_as_workbook_or_parquet_is_the_same(
    world: jalon.Workspace, write: Write, tmp_path: Path
) -> None:
    file = write(
        "deal.csv",
        "source_id,name,outcome,amount,closed_at\n"
        + "".join(f"d{n},Affaire {n},won,{n}.5,2025-01-{n % 28 + 1:02d}\n" for n in range(40)),
    )
    frame = pd.read_csv(file, parse_dates=["closed_at"])
    frame.to_parquet(tmp_path / "deal.parquet")
    with pd.ExcelWriter(tmp_path / "deal.xlsx", engine="xlsxwriter") as book:
        frame.to_excel(book, index=False)
    (tmp_path / "deal.csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    world.import_(file)
    for name in ("deal.parquet", "deal.xlsx", "deal.csv.gz"):
        (each,) = world.import_(tmp_path / name).record["files"]
        assert (each["rows_read"], each["rows_unchanged"]) == (40, 40), name


def test_a_refused_row_says_its_physical_line_under_blank_and_quoted_lines(
    world: jalon.Workspace, write: Write
) -> None:
    text = 'source_id,name,outcome,amount\n\nd1,"deux\nlignes",won,1\n\nd2,B,won,abc\nd3,C,won,2\n'
    (each,) = world.import_(write("deal.csv", text)).record["files"]
    adds_up(each)
    assert [(q["row"], q["value"]) for q in each["quarantine"]] == [(6, "abc")]


def test_a_failed_import_leaves_no_trace_and_the_next_one_works(
    world: jalon.Workspace, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write("deal.csv", "source_id,outcome,amount\nd1,won,10\n")
    world.import_(file)
    with monkeypatch.context() as patch:
        patch.setattr("jalon.store.store.refresh", _breaks)
        with pytest.raises(RuntimeError):
            world.import_(write("later/deal.csv", "source_id,outcome,amount\nd1,won,99\n"))
    assert revenue(world) == 10
    assert len(world.imports()) == 1
    assert len(list((tmp_path / "jalon-data" / "stages").iterdir())) == 1
    assert world.import_(file).record["files"][0]["rows_unchanged"] == 1


def _breaks(*_: object) -> None:
    raise RuntimeError("the machine stops")


def test_progress_tells_the_files_and_the_steps(world: jalon.Workspace, write: Write) -> None:
    said: list[str] = []
    world._door.import_([write("deal.csv", "source_id,outcome\nd1,won\n")], None, said.append)
    assert said[0] == "deal.csv"
    assert "deal" in said
