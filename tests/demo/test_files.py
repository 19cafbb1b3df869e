import csv
import datetime as dt
import gzip
import hashlib
import re
from io import StringIO
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from jalon.demo.files import IMPOSSIBLE_DATES, UNREADABLE_AMOUNTS, write
from jalon.demo.layouts import layouts
from jalon.demo.world import World, build

LAYOUTS = {each.file: each for each in layouts({})}


@pytest.fixture(scope="session")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("exports")
    write(world, found)
    return found


def _rows(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(
        LAYOUTS[path.name].encoding
    )
    return list(csv.reader(StringIO(text, newline=""), delimiter=";"))


def test_the_same_world_writes_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "other"):
        paths = write(build(5, 0.1), tmp_path / name)
        digests.append([(p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths])
    assert digests[0] == digests[1]


def test_every_row_of_every_table_is_in_its_file(world: World, folder: Path) -> None:
    extra = {"transactions.csv": UNREADABLE_AMOUNTS, "factures.csv": IMPOSSIBLE_DATES + 1}
    for name, layout in LAYOUTS.items():
        if not name.endswith(".xlsx"):
            above = 1 + len(layout.title)
            count = len(world.tables[layout.table]["source_id"])
            assert len(_rows(folder / name)) == above + count + extra.get(name, 0), name


def test_every_row_has_as_many_cells_as_the_header(folder: Path) -> None:
    for name, layout in LAYOUTS.items():
        if not name.endswith(".xlsx"):
            rows = _rows(folder / name)[len(layout.title) :]
            assert {len(row) for row in rows} == {len(layout.columns)}, name


def test_deals_are_written_as_in_france_in_cp1252(world: World, folder: Path) -> None:
    rows = _rows(folder / "transactions.csv")
    deals = world.tables["deal"]
    for row, amount, created in zip(rows[1:], deals["amount"], deals["created_at"], strict=False):
        assert float(row[4].replace(" ", "").replace(",", ".")) == amount
        assert re.fullmatch(r"(\d{1,3})( \d{3})*,\d\d", row[4])
        assert dt.datetime.strptime(row[7], "%d/%m/%Y").date() == created.item().date()
    assert sum(row[4] == "voir devis" for row in rows) == UNREADABLE_AMOUNTS


def test_the_invoices_end_with_their_total(folder: Path) -> None:
    rows = _rows(folder / "factures.csv")
    amounts = [row[5].replace("\u00a0", "").rstrip("€").replace(",", ".") for row in rows[1:-1]]
    good = [a for a, row in zip(amounts, rows[1:-1], strict=True) if row[1] != "31/02/2025"]
    assert rows[-1][0] == "Total"
    assert float(rows[-1][5].replace(",", ".")) == pytest.approx(sum(map(float, good)))
    assert len(amounts) - len(good) == IMPOSSIBLE_DATES


def test_the_spend_has_lines_above_its_header(folder: Path) -> None:
    rows = _rows(folder / "depenses.csv")
    assert rows[0] == ["Ateliers Belledonne – Dépenses d'acquisition"]
    assert rows[2] == []
    assert rows[3][0] == "Identifiant"


def test_the_surveys_are_a_workbook_with_real_dates(world: World, folder: Path) -> None:
    sheet = CalamineWorkbook.from_path(folder / "enquetes.xlsx").get_sheet_by_index(0).to_python()
    assert len(sheet) == 1 + len(world.tables["survey_answer"]["source_id"])
    assert sheet[1][3].year >= 2023


def test_rescheduled_meetings_name_the_meeting_that_they_replace(folder: Path) -> None:
    rows = _rows(folder / "rendez-vous.csv")
    known = {row[0] for row in rows}
    former = [row[8] for row in rows[1:] if row[8]]
    assert former
    assert set(former) <= known


def test_the_ordinary_intake_reads_all_with_no_mapping_file(world: World, folder: Path) -> None:
    engine = pytest.importorskip("jalon.engines.duckdb").DuckDB.memory()
    intake = pytest.importorskip("jalon.intake.pipeline")
    looked = intake.look([folder], engine, intake.Brief())
    found = {Path(each.table.file).name: each.guess for each in looked.looked}
    for name, layout in LAYOUTS.items():
        assert [each.table for each in found[name].maps] == [layout.table], name
        fields = {each.field for each in found[name].maps[0].fields}
        wanted = {column.field for column in layout.columns} - {"naf_code", "period"}
        assert wanted - fields <= ({"naf_code"} if layout.table == "lead" else set()), name
