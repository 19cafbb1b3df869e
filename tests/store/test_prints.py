"""Rows known to be unchanged before they are typed: the same state as without that knowledge."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import jalon

HEADER = "source_id,account,outcome,amount,created_at,closed_at\n"


def deals(rows):
    return HEADER + "".join(
        f"D{n},A{n % 7},{outcome},{amount},2025-01-0{n % 9 + 1},2025-03-0{n % 9 + 1}\n"
        for n, (outcome, amount) in sorted(rows.items())
    )


def bring(workspace, folder: Path, text: str, name: str = "deal.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return workspace.import_(path).record["files"][0]


def state(workspace):
    table = workspace.rows("revenue", limit=None)
    rows = sorted(zip(*(table[n].to_pylist() for n in ("source_id", "amount")), strict=True))
    return rows, [r["value"] for r in workspace.measure(["win_rate", "revenue"]).records()]


def counts(report):
    return tuple(report[f"rows_{name}"] for name in ("added", "updated", "unchanged"))


@pytest.fixture
def rows():
    draw = random.Random(5)
    return {n: (draw.choice(["won", "lost"]), draw.randint(100, 999)) for n in range(60)}


def narrowed(workspace):
    """Whether the last stage kept rests on a former one."""
    last = one_id(workspace)
    place = Path(workspace._door.folder) / "stages" / last / "0.json"
    return '"rests_on": "' in place.read_text(encoding="utf-8")


def one_id(workspace):
    return workspace.imports()[-1].import_id


def test_only_the_rows_whose_text_changed_are_compared(workspace, tmp_path, rows):
    one = workspace("ws")
    bring(one, tmp_path, deals(rows))
    rows |= {3: ("won", 5000), 60: ("won", 77)}
    assert counts(bring(one, tmp_path, deals(rows))) == (1, 1, 59)
    assert narrowed(one)
    fresh = workspace("fresh")
    bring(fresh, tmp_path, deals(rows))
    assert state(one) == state(fresh)


def test_a_row_changed_by_another_mapping_is_not_taken_for_unchanged(workspace, tmp_path, rows):
    one = workspace("ws")
    bring(one, tmp_path, deals(rows))
    bring(one, tmp_path, "source_id,amount\nD3,1\n")
    report = bring(one, tmp_path, deals(rows))
    assert counts(report) == (0, 1, 59)
    fresh = workspace("fresh")
    bring(fresh, tmp_path, deals(rows))
    assert state(one) == state(fresh)


def test_a_key_twice_in_a_later_file_is_quarantined_as_ever(workspace, tmp_path, rows):
    one = workspace("ws")
    bring(one, tmp_path, deals(rows))
    report = bring(one, tmp_path, deals(rows) + "D3,A3,won,123456,2025-01-04,2025-03-04\n")
    assert counts(report) == (0, 0, 60)
    assert report["rows_quarantined"] == 1


def test_sums_are_of_all_rows_taken_in(workspace, tmp_path, rows):
    one = workspace("ws")
    first = bring(one, tmp_path, deals(rows))
    second = bring(one, tmp_path, deals(rows))
    assert first["sums"] == second["sums"]


@pytest.mark.parametrize("seed", range(6))
def test_undoing_any_of_a_chain_leaves_what_the_others_bring(workspace, tmp_path, rows, seed):
    draw = random.Random(seed)
    files = []
    for _ in range(4):
        rows = {n: row for n, row in rows.items() if draw.random() > 0.05}
        rows |= {n: ("won", draw.randint(1, 99)) for n in draw.sample(range(70), 4)}
        files.append(deals(rows))
    one = workspace("ws")
    imports = []
    for text in files:
        bring(one, tmp_path, text)
        imports.append(one_id(one))
    taken = draw.randrange(4)
    one.undo(imports[taken])
    other = workspace("other")
    for place, text in enumerate(files):
        if place != taken:
            bring(other, tmp_path, text)
    assert state(one) == state(other)
    again = deals(rows | {0: ("lost", 3)})
    assert counts(bring(one, tmp_path, again)) == counts(bring(other, tmp_path, again))
    assert state(one) == state(other)


def test_a_lost_database_is_made_again_from_stages_that_rest_on_others(tmp_path, rows):
    folder = tmp_path / "ws"
    with jalon.open(folder) as one:
        for amount in (1, 2, 3):
            rows |= {amount: ("won", amount)}
            bring(one, tmp_path, deals(rows))
        assert narrowed(one)
        before = state(one)
    for path in folder.glob("jalon.duckdb*"):
        path.unlink()
    with jalon.open(folder) as again:
        assert state(again) == before


def test_two_files_of_one_source_in_one_import_are_compared_whole(workspace, tmp_path, rows):
    one = workspace("ws")
    bring(one, tmp_path, deals(rows))
    both = tmp_path / "both"
    both.mkdir()
    (both / "deal.csv").write_text(deals(rows), encoding="utf-8")
    (both / "deals.csv").write_text(deals(rows | {1: ("won", 9)}), encoding="utf-8")
    one.import_(both)
    assert not narrowed(one)
