"""What may be compared: states at two dates, lifetimes followed for as long, several at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from jalon.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    leads = ["source_id,company,created_at"]
    leads += [f"L{n},Co{n},{2023 + n % 3}-0{n % 6 + 1}-15" for n in range(60)]
    (tmp_path / "lead.csv").write_text("\n".join(leads) + "\n", encoding="utf-8")
    contracts = ["source_id,account,started_at,ended_at"]
    for n in range(120):
        ended = f"2025-0{n % 6 + 1}-20" if n % 3 == 0 else ""
        contracts.append(f"c{n},A{n},{2023 + n % 2}-0{n % 6 + 1}-10,{ended}")
    (tmp_path / "contract.csv").write_text("\n".join(contracts) + "\n", encoding="utf-8")
    deals = ["source_id,account,outcome,amount,created_at,closed_at"]
    for n in range(90):
        day = f"{2024 + n % 2}-0{n % 6 + 1}-12"
        deals.append(f"d{n},A{n},{'won' if n % 3 else 'lost'},{n + 1},{day},{day}")
    (tmp_path / "deal.csv").write_text("\n".join(deals) + "\n", encoding="utf-8")
    found = open_workspace(tmp_path / "w", create=True)
    found.import_([tmp_path / f"{name}.csv" for name in ("lead", "contract", "deal")])
    return found


def test_a_state_is_compared_with_the_state_a_year_before(workspace: Workspace) -> None:
    asked = {"start": "2024-07-01", "end": "2024-12-31", "compare": "last-year"}
    answer = workspace.measure(["list_size"], **asked)["list_size"]
    assert answer.compare is not None
    assert (answer.figures.value[0], answer.compare.value[0]) == (40, 20)


def test_a_state_by_quarter_is_compared_with_the_quarter_before(workspace: Workspace) -> None:
    asked = {"start": "2023-01-01", "end": "2023-12-31", "grain": "quarter", "compare": "previous"}
    answer = workspace.measure(["list_size"], **asked)["list_size"]
    assert answer.compare is not None
    values, former = answer.figures.value, answer.compare.value
    assert former[1:].tolist() == values[:-1].tolist()


def test_lifetimes_followed_for_different_times_are_not_compared(workspace: Workspace) -> None:
    asked = {"start": "2024-01-01", "end": "2024-12-31", "compare": "last-year"}
    answer = workspace.measure(["customer_lifetime"], **asked)["customer_lifetime"]
    assert answer.compare is not None
    assert not answer.compare.conclusive.any()
    assert "maturity_differs" in {each.code for each in answer.notes(0)}


def test_several_compared_at_once_are_as_each_alone(workspace: Workspace) -> None:
    asked = {"start": "2025-01-01", "end": "2025-12-31", "compare": "last-year"}
    kpis = ["win_rate", "revenue", "average_basket", "new_customers", "list_size"]
    together = workspace.measure(kpis, **asked)
    for kpi in kpis:
        workspace.measurer.forget()
        alone = workspace.measure([kpi], **asked)[kpi]
        assert alone.compare is not None
        beside = together[kpi].compare
        assert beside is not None
        assert beside.value.tolist() == pytest.approx(alone.compare.value.tolist(), nan_ok=True)
        assert beside.periods == alone.compare.periods
