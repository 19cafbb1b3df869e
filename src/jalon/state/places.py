"""What stands where in a workspace's folder."""

from __future__ import annotations

DATABASE = "jalon.duckdb"
STATE = "state.sqlite"
SETTINGS = "settings.yaml"
KPIS = "kpis"
STAGES = "stages"
#: Rules of reading and mappings that are remembered.
MAPS = "maps"
#: Where a running server is reached; readable by its owner alone.
SERVER = "server.json"
