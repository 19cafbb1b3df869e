"""A text held in memory is the text that the engine reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources import drop, lines, read
from jalon.intake.sources import held as held_module
from jalon.model.problems import InputError

LETTERS = st.text(alphabet="ab1é \t\u00a0'", max_size=3)
QUOTED = st.text(alphabet='ab;" \n\té', max_size=4).map(
    lambda text: '"' + text.replace('"', '""') + '"'
)
ODD = st.text(alphabet='ab" ;\\\t', max_size=4)
CELLS = st.one_of(LETTERS, LETTERS, QUOTED, QUOTED, ODD)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=3, max_size=8)


def cells_of(path):
    """Each table of a file: its rows as found, and why others are not among them."""
    engine = DuckDB.memory()
    found = []
    try:
        for table in read(path, engine):
            shown = ", ".join(f"c{index}" for index in range(len(table.headers)))
            rows = engine.rows(f"SELECT _line, {shown} FROM {table.relation} ORDER BY _line")
            refused = [(each.code, each.where.row, each.where.value) for each in table.rejected]
            found.append((table.headers, rows, refused))
    except InputError as error:
        return error.problem.code
    finally:
        engine.close()
    return found


@settings(max_examples=120, derandomize=True, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_text_reads_the_same_held_in_memory_or_by_the_engine(tmp_path_factory, rows, end, last):
    path = tmp_path_factory.mktemp("held") / "deals.csv"
    body = end.join(";".join(row) for row in rows)
    path.write_bytes(f"nom;ville;note{end}{body}{end if last else ''}".encode())
    in_memory = cells_of(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_module, "LARGEST", -1)
        assert cells_of(path) == in_memory


def test_what_fits_is_held_and_what_does_not_is_written_by_the_engine(tmp_path, monkeypatch):
    path = tmp_path / "deals.csv"
    path.write_text('nom;ville\n"A;B"; \n\u00a0;"Lyon"\n', encoding="utf-8")
    made = []

    def noted(*given, **more):
        made.append(held_module.held(*given, **more))
        return made[-1]

    monkeypatch.setattr(lines, "held", noted)
    assert cells_of(path)[0][1] == [(2, "A;B", None), (3, None, "Lyon")]
    assert made[0].column("c1").to_pylist() == [None, "Lyon"]
    monkeypatch.setattr(held_module, "LARGEST", 10)
    cells_of(path)
    assert len(made) == 1


@pytest.mark.parametrize("beside", ['"Lyon" ;x', ' "Lyon";x', 'x;"" '])
def test_a_blank_beside_a_quote_is_left_to_the_engine(tmp_path, beside):
    path = tmp_path / "deals.csv"
    path.write_text(f'"a";"b"\n{beside}\n"c";"d"\n', encoding="utf-8")
    dialect = held_module.Dialect(";", '"')
    assert held_module.held(dialect, path, 2, 1, blanks=False, breaks=False) is None


def test_a_table_held_is_freed_with_its_rows(tmp_path):
    engine = DuckDB.memory()
    path = tmp_path / "deals.csv"
    path.write_text("nom;ville\nA;Lyon\nB;Brest\n", encoding="utf-8")
    (table,) = read(path, engine)
    drop(table, engine)
    assert engine.value("SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'text_%'") == 0
