"""Versions, undo and the two clocks: what a re-import changes, and what it gives back."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jalon

Make = Callable[..., jalon.Workspace]
Write = Callable[..., Path]
Record = dict[str, Any]

HEAD = "source_id,name,account,owner,outcome,amount,created_at,closed_at"


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """Opens workspaces by the public door, and closes them."""
    opened: list[jalon.Workspace] = []

    def make(name: str = "jalon-data") -> jalon.Workspace:
        opened.append(jalon.open(tmp_path / name))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def deals(rows: int, changed: int = 0) -> str:
    """A file of deals, won and lost; ``changed`` of them are 1,000 dearer."""
    lines = [HEAD]
    for n in range(rows):
        amount = f"{n % 97}.{n % 100:02d}" if n >= changed else f"{n % 97 + 1000}.{n % 100:02d}"
        outcome = "won" if n % 3 else "lost"
        day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        lines.append(f"d{n},Affaire {n},Compte {n % 9},Ann,{outcome},{amount},2025-01-01,{day}")
    return "\n".join(lines) + "\n"


def counts(done: Any, place: int = 0) -> tuple[int, int, int, int]:
    """Added, updated, unchanged, quarantined; they add up to the rows read."""
    each = done.record["files"][place]
    found = tuple(each[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined"))
    assert each["rows_read"] == sum(found)
    return found  # type: ignore[return-value]


def versions(workspace: jalon.Workspace, table: str = "deal") -> int:
    return int(workspace._door.store.engine.value(f"SELECT count(*) FROM version.{table}"))


def value(workspace: jalon.Workspace, kpi: str, **asked: Any) -> Any:
    (found,) = workspace.measure(kpi, **asked).records()
    return found["value"]


def state(workspace: jalon.Workspace) -> dict[str, Any]:
    """All that a reader can see, without the numbers of rows and imports."""
    engine = workspace._door.store.engine
    present = {
        row[0]
        for row in engine.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'flat' "
            "AND table_name IN ('deal', 'account', 'invoice', 'rep')"
        )
    }
    wanted = {
        "deal": "source_id, name, account, sector, owner, team, outcome, amount, created_at, "
        "closed_at, invalid",
        "account": "source_id, name, sector, status",
        "invoice": "source_id, account, sector, amount, happened_at",
        "rep": "source_id, name, team",
    }
    found: dict[str, Any] = {
        name: engine.rows(f"SELECT {wanted[name]} FROM flat.{name} ORDER BY ALL")
        for name in sorted(present)
    }
    for kpi in ("win_rate", "revenue", "new_customers", "average_basket"):
        for each in workspace.measure(kpi, by="sector"):
            figure = {n: each[n] for n in ("basis", "n", "missing")}
            figure |= {n: rounded(each[n]) for n in ("value", "low", "high")}
            found[kpi, each["group"].get("sector")] = figure
    return found


def rounded(figure: float | None) -> float | None:
    """Sums of doubles depend on the order of rows in their last digits."""
    return None if figure is None else float(f"{figure:.10g}")


def test_an_unchanged_export_changes_nothing(world: Make, write: Write) -> None:
    workspace = world()
    file = write("deal.csv", deals(200))
    assert counts(workspace.import_(file)) == (200, 0, 0, 0)
    before, held = state(workspace), versions(workspace)
    assert counts(workspace.import_(file)) == (0, 0, 200, 0)
    assert versions(workspace) == held
    assert state(workspace) == before


def test_only_changed_rows_get_a_version_and_the_former_figure_is_still_known(
    world: Make, write: Write
) -> None:
    workspace = world()
    first = workspace.import_(write("deal.csv", deals(300)))
    before = state(workspace)
    later = workspace.import_(write("deal.csv", deals(300, changed=3)))
    assert counts(later) == (0, 3, 297, 0)
    assert versions(workspace) == 303
    revenue = value(workspace, "revenue")
    assert value(workspace, "revenue", known_at=first.import_id) == before["revenue", None]["value"]
    assert revenue == pytest.approx(before["revenue", None]["value"] + 2000)
    workspace.undo(str(later.import_id))
    assert state(workspace) == before
    assert versions(workspace) == 300


def test_an_import_is_named_by_the_end_of_its_id_too(world: Make, write: Write) -> None:
    workspace = world()
    done = workspace.import_(write("deal.csv", deals(3)))
    assert workspace.undo(str(done.import_id)[-4:]).undone
    with pytest.raises(jalon.RequestError) as caught:
        workspace.undo(str(done.import_id))
    assert caught.value.problem.code == "already_undone"


@pytest.mark.parametrize("wrong", ["20990101-000000-abcd", "", "x", "%"])
def test_an_unknown_import_is_refused_and_nothing_is_undone(
    world: Make, write: Write, wrong: str
) -> None:
    workspace = world()
    workspace.import_(write("deal.csv", deals(3)))
    workspace.import_(write("deal.csv", deals(4)))
    with pytest.raises(jalon.RequestError) as caught:
        workspace.undo(wrong)
    assert caught.value.problem.code == "unknown_import"
    assert not any(each.undone for each in workspace.imports())


def test_undoing_the_first_import_keeps_what_a_later_unchanged_export_confirmed(
    world: Make, write: Write
) -> None:
    workspace = world()
    first = workspace.import_(write("deal.csv", deals(100)))
    assert counts(workspace.import_(write("deal.csv", deals(100, changed=1)))) == (0, 1, 99, 0)
    workspace.undo(str(first.import_id))
    alone = world("alone")
    alone.import_(write("deal.csv", deals(100, changed=1)))
    assert state(workspace) == state(alone)
    assert len(state(workspace)["deal"]) == 100


def test_undoing_every_import_leaves_an_empty_workspace_that_can_be_filled_again(
    world: Make, write: Write
) -> None:
    workspace = world()
    file = write("deal.csv", deals(20))
    done = [workspace.import_(file), workspace.import_(write("deal.csv", deals(20, changed=5)))]
    for each in done:
        workspace.undo(str(each.import_id))
    assert value(workspace, "win_rate") is None
    assert "deal" not in state(workspace)
    assert [each.undone for each in workspace.imports()] == [True, True]
    assert counts(workspace.import_(file)) == (20, 0, 0, 0)
    fresh = world("fresh")
    fresh.import_(file)
    assert state(workspace) == state(fresh)


# --- undo of any import in any sequence ---------------------------------------------------------

CELLS = {
    "deal": {
        "name": ["Alpha", "Bêta"],
        "account": ["a1", "a2", "Cé SA", "inconnu"],
        "owner": ["Ann", "Bob"],
        "outcome": ["won", "lost", "open"],
        "amount": ["10.01", "0.10", "999.99"],
        "closed_at": ["2025-01-05", "2025-06-30 14:30", ""],
    },
    "account": {"name": ["Cé SA", "Dé", "É"], "sector": ["Bio", "Tech", ""]},
    "rep": {"name": ["Ann", "Bob"], "team": ["Nord", "Sud"]},
}


@st.composite
def exports(draw: st.DrawFn) -> tuple[str, str]:
    """A file of one table: some of its keys, some of its columns."""
    table = draw(st.sampled_from(["deal", "deal", "deal", "account", "rep"]))
    cells = CELLS[table]
    needed = ["name"] if table != "deal" else ["outcome"]
    spare = [each for each in cells if each not in needed]
    columns = [*needed, *draw(st.lists(st.sampled_from(spare), min_size=1, unique=True))]
    prefix = table[0]
    keys = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True))
    lines = [",".join(["source_id", *columns])]
    for key in keys:
        row = [draw(st.sampled_from(cells[each])) for each in columns]
        lines.append(",".join([f"{prefix}{key}", *row]))
    return table, "\n".join(lines) + "\n"


def imported(folder: Path, files: Sequence[tuple[str, str]]) -> jalon.Workspace:
    workspace = jalon.open(folder / "jalon-data")
    for number, (table, text) in enumerate(files):
        path = folder / str(number) / f"{table}.csv"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        workspace.import_(path)
    return workspace


@settings(max_examples=7, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(exports(), min_size=2, max_size=4), st.data())
def test_undo_of_any_import_gives_the_state_without_it(
    files: list[tuple[str, str]], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(files) - 1))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        kept = files[:gone] + files[gone + 1 :]
        with imported(Path(one), files) as undone, imported(Path(two), kept) as without:
            undone.undo(undone.imports()[gone].import_id)
            assert state(undone) == state(without)


# --- the order of files -------------------------------------------------------------------------

ACCOUNTS = "source_id,name,sector\na1,Alpha,Bio\na2,Bêta,Tech\na3,Gamma,\n"
DEALS = (
    "source_id,account,outcome,amount,closed_at\n"
    "d1,a1,won,100.10,2025-01-05\nd2,Bêta,lost,50,2025-02-05\nd3,Gamma,won,7.07,2025-02-06\n"
    "d4,Inconnu,won,1,2025-03-01\n"
)
INVOICES = (
    "source_id,account,amount,happened_at\n"
    "i1,a1,12.34,2025-01-10\ni2,a2,0.01,2025-01-11\ni3,alpha,8,2025-04-01\n"
)


def test_the_order_of_files_changes_no_figure(world: Make, write: Write) -> None:
    files = {
        "account": write("account.csv", ACCOUNTS),
        "deal": write("deal.csv", DEALS),
        "invoice": write("invoice.csv", INVOICES),
    }
    whole = world("whole")
    whole.import_(files["account"].parent)
    expected = state(whole)
    assert expected["win_rate", "Bio"]["value"] == 1
    for number, order in enumerate(list(permutations(files))[1::2]):
        workspace = world(f"order-{number}")
        for name in order:
            workspace.import_(files[name])
        assert state(workspace) == expected, order


def test_accounts_imported_after_their_deals_are_linked(world: Make, write: Write) -> None:
    workspace = world()
    done = workspace.import_(write("deal.csv", DEALS))
    (alone,) = workspace.measure("win_rate", by="sector").records()
    assert alone["group"] == {"sector": None}
    done = workspace.import_(write("account.csv", ACCOUNTS))
    assert done.record["unlinked"] == {"account": 1}
    found = {e["group"]["sector"]: e["n"] for e in workspace.measure("win_rate", by="sector")}
    assert found == {"Bio": 1, "Tech": 1, None: 2}


# --- columns, keys and identical rows -----------------------------------------------------------


def test_a_column_absent_from_a_later_file_keeps_its_value(world: Make, write: Write) -> None:
    workspace = world()
    workspace.import_(
        write("deal.csv", "source_id,name,outcome,amount\nd1,A,open,10\nd2,B,won,5\n")
    )
    later = write("deal.csv", "source_id,name,outcome\nd1,A,won\nd2,B,won\n")
    assert counts(workspace.import_(later)) == (0, 1, 1, 0)
    assert value(workspace, "revenue") == 15


def test_a_blank_cell_of_a_present_column_does_empty_it(world: Make, write: Write) -> None:
    workspace = world()
    workspace.import_(write("deal.csv", "source_id,name,outcome,amount\nd1,A,won,10\nd2,B,won,5\n"))
    workspace.import_(write("deal.csv", "source_id,name,outcome,amount\nd1,A,won,\nd2,B,won,5\n"))
    assert value(workspace, "revenue") == 5


def test_a_key_twice_is_quarantined_unless_the_rows_are_equal(world: Make, write: Write) -> None:
    workspace = world()
    done = workspace.import_(
        write(
            "deal.csv",
            "source_id,name,outcome,amount\n"
            "d1,A,won,10\nd2,B,won,5\nd1,A,won,10\nd2,B,won,6\nd2,B,lost,5\n",
        )
    )
    assert counts(done) == (2, 0, 1, 2)
    (each,) = done.record["files"]
    assert [(q["row"], q["code"]) for q in each["quarantine"]] == [
        (5, "key_twice"),
        (6, "key_twice"),
    ]
    assert all("d2" in q["reason"] for q in each["quarantine"])
    assert each["sums"]["amount"] == "15.00"
    assert value(workspace, "revenue") == 15


def test_identical_rows_without_id_are_all_kept_and_recognised_again(
    world: Make, write: Write
) -> None:
    workspace = world()
    text = "account,amount,happened_at\n" + "Alpha,10.10,2025-01-05\n" * 3 + "Bêta,1,2025-01-06\n"
    file = write("invoice.csv", text)
    assert counts(workspace.import_(file)) == (4, 0, 0, 0)
    assert value(workspace, "revenue") == pytest.approx(31.3)
    assert counts(workspace.import_(file)) == (0, 0, 4, 0)
    more = write("invoice.csv", text + "Alpha,10.10,2025-01-05\n")
    assert counts(workspace.import_(more)) == (1, 0, 4, 0)
    assert value(workspace, "revenue") == pytest.approx(41.4)


def test_a_key_told_by_the_map_gives_versions_and_blank_parts_keep_their_place(
    world: Make, write: Write, tmp_path: Path
) -> None:
    told = tmp_path / "map.yaml"
    told.write_text(
        "files: [{file: invoice.csv, table: invoice, key: [account, ref]}]\n", encoding="utf-8"
    )
    head = "account,ref,amount,happened_at\n"
    rows = "A,,1,2025-01-05\n,A,2,2025-01-05\nA,B,4,2025-01-05\n,,8,2025-01-05\n,,8,2025-01-05\n"
    file = write("invoice.csv", head + rows)
    workspace = world()
    assert counts(workspace.import_(file, map=told)) == (5, 0, 0, 0)
    assert value(workspace, "revenue") == 23
    assert counts(workspace.import_(file, map=told)) == (0, 0, 5, 0)
    edited = write("invoice.csv", head + rows.replace("A,B,4", "A,B,5"))
    assert counts(workspace.import_(edited, map=told)) == (0, 1, 4, 0)
    assert value(workspace, "revenue") == 24


def test_the_same_key_of_two_sources_is_two_rows(world: Make, write: Write) -> None:
    workspace = world()
    file = write("deal.csv", "source_id,name,outcome,amount\nd1,A,won,10\n")
    workspace.import_(file, source="paris")
    assert counts(workspace.import_(file, source="lyon")) == (1, 0, 0, 0)
    assert value(workspace, "revenue") == 20


# --- clocks -------------------------------------------------------------------------------------


def test_as_of_hides_later_events_and_opens_what_closed_later(world: Make, write: Write) -> None:
    workspace = world()
    workspace.import_(
        write(
            "deal.csv",
            "source_id,name,outcome,amount,created_at,closed_at\n"
            "d1,A,won,10,2025-01-01,2025-02-01\n"
            "d2,B,lost,20,2025-01-01,2025-03-01\n"
            "d3,C,won,40,2025-03-01,2025-04-01\n",
        )
    )
    found = {
        day: workspace.measure("win_rate", as_of=day).records()[0]
        for day in ("2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01", "2025-12-31")
    }
    assert {day: (e["n"], e["numerator"]) for day, e in found.items()} == {
        "2025-01-31": (0, 0),
        "2025-02-01": (1, 1),
        "2025-02-28": (1, 1),
        "2025-03-01": (2, 1),
        "2025-12-31": (3, 2),
    }
    assert value(workspace, "revenue", as_of="2025-03-31") == 10
    assert value(workspace, "revenue", as_of="2025-04-01") == 50


def test_as_of_reads_the_version_known_then_and_the_earliest_where_none_was(
    world: Make, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = world()
    head = "source_id,name,outcome,amount,created_at,closed_at\n"
    first, second = "d1,A,won,10,2025-01-01,2025-02-01\n", "d1,A,won,99,2025-01-01,2025-02-01\n"
    at(monkeypatch, dt.datetime(2025, 3, 1, 12))
    one = workspace.import_(write("deal.csv", head + first))
    at(monkeypatch, dt.datetime(2025, 4, 1, 12))
    workspace.import_(write("deal.csv", head + second))
    assert value(workspace, "revenue") == 99
    assert value(workspace, "revenue", as_of="2025-04-01") == 99
    assert value(workspace, "revenue", as_of="2025-03-31") == 10
    assert value(workspace, "revenue", as_of="2025-02-15") == 10
    assert value(workspace, "revenue", as_of="2025-01-15") in (None, 0)
    assert value(workspace, "revenue", known_at=one.import_id) == 10
    assert value(workspace, "revenue", known_at="2025-03-15T00:00:00") == 10
    assert value(workspace, "revenue", known_at="2025-03-15") == 10
    assert value(workspace, "revenue", known_at="2025-02-15") in (None, 0)
    assert value(workspace, "revenue", known_at="2025-04-01") == 99


def at(monkeypatch: pytest.MonkeyPatch, moment: dt.datetime) -> None:
    """Imports made from now on are made at that moment."""

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return moment

    monkeypatch.setattr("jalon.workspace.dt.datetime", Clock)


def test_a_past_clock_reads_the_links_known_then(world: Make, write: Write) -> None:
    workspace = world()
    one = workspace.import_(write("deal.csv", DEALS))
    workspace.import_(write("account.csv", ACCOUNTS))
    now = state(workspace)
    then = workspace.measure("win_rate", known_at=one.import_id).records()
    assert then[0]["n"] == now["win_rate", "Bio"]["n"] + now["win_rate", "Tech"]["n"] + 2
