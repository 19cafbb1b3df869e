import pandas as pd
import pytest

from jalon.demo.world import World, build


@pytest.fixture(scope="session")
def world() -> World:
    return build()


@pytest.fixture(scope="session")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(columns) for name, columns in world.tables.items()}


@pytest.fixture(scope="session")
def deals(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Deals with what is known of their account, their quote and their first meeting."""
    accounts = tables["account"].set_index("source_id")
    found = tables["deal"].copy()
    found["sector"] = found.account.map(accounts.sector)
    found["won"] = (found.outcome == "won").astype(float)
    steps = tables["stage_change"]
    asked = steps[steps.stage == "Qualifié"].set_index("deal").entered_at
    sent = tables["quote"].groupby("deal").sent_at.min()
    found["wait"] = (found.source_id.map(sent) - found.source_id.map(asked)).dt.days
    return found.merge(_first_held(tables), left_on="source_id", right_index=True, how="left")


def _first_held(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    ours = tables["meeting_attendee"].query("side == 'ours'").groupby("meeting").person.nunique()
    held = tables["meeting"].query("status == 'held'").sort_values("due_at")
    first = held.groupby("deal").first()
    sellers = first.source_id.map(ours).fillna(1)
    return pd.DataFrame({"first_held": first.due_at, "joint": (sellers >= 2).astype(float)})
