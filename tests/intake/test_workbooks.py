"""Workbooks as people have them: of every format, with all that a sheet may hide or merge."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.intake.sources import ReadOptions, read
from jalon.intake.workbook import cells
from jalon.model.problems import InputError

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
DEALS = [["Affaire", "Client", "Montant"], ["A1", "Dupont", 100], ["A2", "Martin", 250.5]]
GOALS = [["Mois", "Objectif"], ["2026-01", 1000], ["2026-02", 1200]]


def _xlsx(path: Path, rows: dict[str, list[Any]] | list[list[Any]], **options: Any) -> Path:
    """A workbook of one sheet, from rows or from first cells to rows."""
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet("Feuil1")
    blocks = rows if isinstance(rows, dict) else {"A1": rows}
    for place, block in blocks.items():
        cell = openpyxl.utils.cell.coordinate_from_string(place)
        left = openpyxl.utils.column_index_from_string(cell[0]) - 1
        for line, row in enumerate(block, start=cell[1] - 1):
            for column, value in enumerate(row, start=left):
                sheet.write(line, column, value)
    book.close()
    return path


def _ods(path: Path, rows: str, columns: str = "") -> Path:
    table = f'<table:table table:name="Feuil1">{columns}{rows}</table:table>'
    spaces = " ".join(
        f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "table", "text", "style")
    )
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    space = f'xmlns:m="{OFFICE}:manifest:1.0"'
    entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", f"<m:manifest {space}>{entry}</m:manifest>")
        archive.writestr("content.xml", content)
    return path


def _row(*values: object, given: str = "", first: str = "") -> str:
    """A row of an OpenDocument sheet; None is a covered cell."""
    made = []
    for at, value in enumerate(values):
        own = f" {first}" if first and at == 0 else ""
        if value is None:
            made.append("<table:covered-table-cell/>")
        elif isinstance(value, str):
            said = f"<text:p>{escape(value)}</text:p>"
            made.append(
                f'<table:table-cell office:value-type="string"{own}>{said}</table:table-cell>'
            )
        else:
            made.append(f'<table:table-cell office:value-type="float" office:value="{value}"/>')
    return f"<table:table-row {given}>{''.join(made)}</table:table-row>"


def _edited(path: Path, part: str, old: str, new: str) -> Path:
    """A part of a workbook with one text replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    return path


def _evidence(table, decision):
    return next((one for one in table.evidence if one.decision == decision), None)


def _refused(path, engine, **options):
    with pytest.raises(InputError) as caught:
        read(path, engine, ReadOptions(**options))
    return caught.value.problem


# Formats


def test_every_format_of_workbook_gives_the_same_table(engine, tmp_path, rows_of):
    _xlsx(tmp_path / "f.xlsx", DEALS)
    (tmp_path / "f.xlsm").write_bytes((tmp_path / "f.xlsx").read_bytes())
    _ods(tmp_path / "f.ods", "".join(_row(*row) for row in DEALS))
    book = xlwt.Workbook()
    sheet = book.add_sheet("Feuil1")
    for line, row in enumerate(DEALS):
        for column, value in enumerate(row):
            sheet.write(line, column, value)
    book.save(str(tmp_path / "f.xls"))
    _xlsb(tmp_path / "f.xlsb", DEALS)
    for name in ("f.xlsx", "f.xlsm", "f.xlsb", "f.ods", "f.xls"):
        (table,) = read(tmp_path / name, engine)
        assert (table.sheet, table.headers) == ("Feuil1", ("Affaire", "Client", "Montant")), name
        assert rows_of(table) == [(2, "A1", "Dupont", "100"), (3, "A2", "Martin", "250.5")], name


def _record(kind: int, content: bytes = b"") -> bytes:
    """A record of a binary workbook ([MS-XLSB] 2.1.4): its number and length by seven bits."""
    number = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return number + bytes([len(content)]) + content


def _wide(said: str) -> bytes:
    return struct.pack("<I", len(said)) + said.encode("utf-16-le")


def _xlsb(path: Path, rows: list[list[Any]]) -> Path:
    made = b""
    for line, row in enumerate(rows):
        made += _record(0, struct.pack("<IIHBBB", line, 0, 300, 0, 0, 0) + bytes(4))
        for column, value in enumerate(row):
            head = struct.pack("<II", column, 0)
            is_text = isinstance(value, str)
            made += _record(6, head + _wide(value)) if is_text else b""
            made += b"" if is_text else _record(5, head + struct.pack("<d", value))
    size = struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)
    sheet = _record(129) + _record(148, size) + _record(145) + made + _record(146) + _record(130)
    named = _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Feuil1"))
    book = _record(131) + _record(143) + named + _record(144) + _record(132)
    space = "http://schemas.openxmlformats.org"
    kind = f"{space}/officeDocument/2006/relationships/worksheet"
    link = f'<Relationship Id="rId1" Type="{kind}" Target="worksheets/sheet1.bin"/>'
    links = f'<Relationships xmlns="{space}/package/2006/relationships">{link}</Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", links)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def test_a_workbook_under_another_formats_extension_is_read(engine, tmp_path, rows_of):
    _xlsx(tmp_path / "f.xlsx", DEALS).rename(tmp_path / "f.xls")
    assert len(rows_of(read(tmp_path / "f.xls", engine)[0])) == 2


def _compound(path: Path, stream: str) -> Path:
    """An older workbook whose stream has another name."""
    book = xlwt.Workbook()
    book.add_sheet("A").write(0, 0, "a")
    book.save(str(path))
    content, name = bytearray(path.read_bytes()), stream.encode("utf-16-le")
    at = content.index("Workbook".encode("utf-16-le"))
    content[at : at + 66] = name.ljust(64, b"\0") + struct.pack("<H", len(name) + 2)
    path.write_bytes(content)
    return path


def test_a_workbook_protected_by_a_password_is_refused(engine, tmp_path):
    assert _refused(_compound(tmp_path / "f.xlsx", "EncryptedPackage"), engine).code == "encrypted"


def test_an_older_workbook_protected_by_a_password_is_refused(engine, tmp_path):
    book = xlwt.Workbook()
    book.add_sheet("A").write(0, 0, "a")
    book.save(str(tmp_path / "f.xls"))
    content = bytearray((tmp_path / "f.xls").read_bytes())
    second = 512 + 4 + struct.unpack_from("<H", content, 514)[0]
    struct.pack_into("<H", content, second, 0x2F)  # FILEPASS
    (tmp_path / "f.xls").write_bytes(content)
    assert _refused(tmp_path / "f.xls", engine).code == "encrypted"


def test_another_compound_document_is_no_table(engine, tmp_path):
    problem = _refused(_compound(tmp_path / "f.doc", "WordDocument"), engine)
    assert (problem.code, problem.facts["kind"]) == ("not_a_table", "document")


@pytest.mark.parametrize("extension", ["xlsx", "ods", "xls"])
def test_a_workbook_of_noise_is_refused(engine, tmp_path, extension):
    head = b"\xd0\xcf\x11\xe0" if extension == "xls" else b"PK\x03\x04"
    (tmp_path / f"f.{extension}").write_bytes(head + bytes(range(256)) * 40)
    assert _refused(tmp_path / f"f.{extension}", engine).code in ("truncated", "not_a_table")


# Hidden rows and columns


def test_hidden_and_filtered_rows_are_read_and_said(engine, tmp_path, rows_of):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [*DEALS, ["A3", "Petit", 3], ["A4", "Grand", 4]]:
        sheet.append(row)
    sheet.row_dimensions[3].hidden = sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "f.xlsx")
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert len(rows_of(table)) == 4
    said = _evidence(table, "hidden_rows")
    assert said.facts == {"rows": 2, "first": [3, 4]}


def test_hidden_columns_are_read_and_said(engine, tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet = book.add_worksheet()
    for line, row in enumerate(DEALS):
        sheet.write_row(line, 1, row)
    sheet.set_column(2, 2, None, None, {"hidden": True})
    book.close()
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert table.headers == ("Affaire", "Client", "Montant")
    assert _evidence(table, "hidden_columns").facts == {"columns": 1, "names": ["Client"]}


@pytest.mark.parametrize("how", ["collapse", "filter"])
def test_hidden_rows_and_columns_of_an_opendocument_sheet_are_read_and_said(engine, tmp_path, how):
    rows = [_row(*DEALS[0]), _row(*DEALS[1], given=f'table:visibility="{how}"'), _row(*DEALS[2])]
    columns = '<table:table-column table:number-columns-repeated="2"/>'
    columns += '<table:table-column table:visibility="collapse"/>'
    blank = 'table:number-rows-repeated="1048573" table:visibility="filter"'
    rows.append(f"<table:table-row {blank}><table:table-cell/></table:table-row>")
    (table,) = read(_ods(tmp_path / "f.ods", "".join(rows), columns), engine)
    assert table.rows == 2
    assert _evidence(table, "hidden_rows").facts == {"rows": 1, "first": [2]}
    assert _evidence(table, "hidden_columns").facts["names"] == ["Montant"]


# Merged cells


def _merged(path: Path, rows: list[list[Any]], *ranges: str) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for one in ranges:
        book.active.merge_cells(one)
    book.save(path)
    return path


def test_a_value_merged_over_rows_is_given_to_each(engine, tmp_path, rows_of):
    rows = [["Client", "Affaire", "Montant"], ["Dupont", "A1", 1], [None, "A2", 2], [None, "A3", 3]]
    path = _merged(tmp_path / "f.xlsx", [*rows, ["Martin", "A4", 4]], "A2:A4")
    (table,) = read(path, engine)
    assert [row[1] for row in rows_of(table)] == ["Dupont", "Dupont", "Dupont", "Martin"]
    assert _evidence(table, "merged_cells").facts == {"cells": 1}


def test_a_merged_value_makes_no_row_of_a_blank_one(engine, tmp_path, rows_of):
    rows = [["Client", "Affaire", "Montant"], ["Dupont", "A1", 1], [], [None, "A3", 3]]
    (table,) = read(_merged(tmp_path / "f.xlsx", rows, "A2:A4"), engine)
    assert [row[0] for row in rows_of(table)] == [2, 4]


def test_values_merged_in_older_and_opendocument_workbooks_are_given_to_each_row(
    engine, tmp_path, rows_of
):
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for column, name in enumerate(("Client", "Montant")):
        sheet.write(0, column, name)
    sheet.write_merge(1, 2, 0, 0, "Dupont")
    sheet.write(1, 1, 1)
    sheet.write(2, 1, 2)
    book.save(str(tmp_path / "f.xls"))
    rows = _row("Client", "Montant") + _row("Dupont", 1, first='table:number-rows-spanned="2"')
    _ods(tmp_path / "f.ods", rows + _row(None, 2))
    for name in ("f.xls", "f.ods"):
        (table,) = read(tmp_path / name, engine)
        assert rows_of(table) == [(2, "Dupont", "1"), (3, "Dupont", "2")], name


def test_a_label_merged_over_columns_goes_to_each_name_beneath(engine, tmp_path, rows_of):
    rows = [
        ["Client", "Montant", None, "Adresse", None],
        [None, "HT", "TTC", "Ville", "Pays"],
        ["Dupont", 100, 120, "Lyon", "France"],
        ["Martin", 200, 240, "Nice", "France"],
    ]
    (table,) = read(_merged(tmp_path / "f.xlsx", rows, "A1:A2", "B1:C1", "D1:E1"), engine)
    assert table.headers == (
        "Client", "Montant HT", "Montant TTC", "Adresse Ville", "Adresse Pays",
    )  # fmt: skip
    assert [row[0] for row in rows_of(table)] == [3, 4]
    assert table.header_row == 1
    assert _evidence(table, "merged_cells") is None


def test_labels_over_words_are_known_by_their_merging(engine, tmp_path):
    rows = [
        ["Client", "Adresse", None, "Suivi"],
        [None, "Ville", "Pays", "Commercial"],
        ["Dupont", "Lyon", "France", "Anne"],
        ["Martin", "Nice", "France", "Paul"],
    ]
    (table,) = read(_merged(tmp_path / "f.xlsx", rows, "A1:A2", "B1:C1"), engine)
    assert table.headers == ("Client", "Adresse Ville", "Adresse Pays", "Suivi Commercial")


def test_a_title_merged_over_the_table_is_no_label(engine, tmp_path):
    rows = [["Ventes 2026", None, None], *DEALS]
    (table,) = read(_merged(tmp_path / "f.xlsx", rows, "A1:C1"), engine)
    assert (table.headers, table.header_row) == (("Affaire", "Client", "Montant"), 2)


# Cells


def test_formulas_without_their_value_are_said(engine, tmp_path, rows_of):
    book = openpyxl.Workbook()
    for row in [["Affaire", "HT", "TTC"], ["A1", 100, "=B2*1.2"], ["A2", 200, "=B3*1.2"]]:
        book.active.append(row)
    book.save(tmp_path / "f.xlsx")
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert rows_of(table) == [(2, "A1", "100", None), (3, "A2", "200", None)]
    said = _evidence(table, "formulas")
    assert (said.certainty, said.facts) == (0.3, {"cells": 2, "names": ["TTC"]})


def test_formulas_computed_are_read_as_their_value(engine, tmp_path, rows_of):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Affaire", "TTC", "Note"])
    sheet.write_row(1, 0, ["A1"])
    sheet.write_formula(1, 1, "=100*1.2", None, 120)
    sheet.write_formula(1, 2, '=IF(1,"","")', None, "")
    book.close()
    # As spreadsheet programs write a result that is an empty text.
    _edited(tmp_path / "f.xlsx", "xl/worksheets/sheet1.xml", '<c r="C2">', '<c r="C2" t="str">')
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert rows_of(table) == [(2, "A1", "120", None)]
    assert _evidence(table, "formulas") is None


def test_a_sheet_of_formulas_alone_is_left_out_and_says_why(engine, tmp_path):
    book = openpyxl.Workbook()
    for row in DEALS:
        book.active.append(row)
    book.create_sheet("Calcul").append(["=1+1", "=2+2"])
    book.save(tmp_path / "f.xlsx")
    (table,) = read(tmp_path / "f.xlsx", engine)
    said = _evidence(table, "sheet_left_out")
    assert (said.choice, said.because) == ("Calcul", "uncomputed")


@pytest.mark.parametrize("is_1904", [False, True])
def test_dates_are_right_in_both_date_systems(engine, tmp_path, rows_of, is_1904):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"), {"date_1904": is_1904})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    minute = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.write_row(0, 0, ["Jour", "Instant", "N"])
    sheet.write_datetime(1, 0, dt.datetime(2026, 1, 5), day)
    sheet.write_datetime(1, 1, dt.datetime(2026, 1, 5, 9, 30), minute)
    sheet.write_number(1, 2, 46027)
    book.close()
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert rows_of(table) == [(2, "2026-01-05", "2026-01-05 09:30:00", "46027")]


def test_dates_of_an_older_workbook_of_1904_are_right(engine, tmp_path, rows_of):
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("A")
    sheet.write(0, 0, "Jour")
    sheet.write(0, 1, "N")
    sheet.write(1, 0, dt.datetime(2026, 1, 5), xlwt.easyxf(num_format_str="DD/MM/YYYY"))
    sheet.write(1, 1, 1)
    book.save(str(tmp_path / "f.xls"))
    assert rows_of(read(tmp_path / "f.xls", engine)[0]) == [(2, "2026-01-05", "1")]


def test_times_durations_percentages_and_digits_kept_as_text(engine, tmp_path, rows_of):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet = book.add_worksheet()
    formats = ("hh:mm", "[h]:mm", "0.0%")
    time, duration, share = (book.add_format({"num_format": one}) for one in formats)
    sheet.write_row(0, 0, ["Heure", "Durée", "Taux", "Code"])
    sheet.write_datetime(1, 0, dt.time(9, 30), time)
    sheet.write_number(1, 1, 1.5, duration)
    sheet.write_number(1, 2, 0.125, share)
    sheet.write_string(1, 3, "00123")
    book.close()
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert rows_of(table) == [(2, "09:30:00", "36:00:00", "0.125", "00123")]


def test_error_cells_arrive_as_they_are_shown(engine, tmp_path, rows_of):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(1, 1, ["Affaire", "Montant", "Taux"])
    sheet.write_row(2, 1, ["A1", 5])
    sheet.write_formula(2, 3, "=NA()", None, "#N/A")
    sheet.write_row(3, 1, ["A2"])
    sheet.write_formula(3, 2, "=Z1", None, "#REF!")
    sheet.write_formula(3, 3, "=1/0", None, "#DIV/0!")
    book.close()
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert rows_of(table) == [(3, "A1", "5", "#N/A"), (4, "A2", "#REF!", "#DIV/0!")]


@given(
    st.lists(
        st.lists(
            st.none() | st.text(max_size=5) | st.floats(-1e9, 1e9) | st.booleans(), max_size=4
        ),
        max_size=8,
    ),
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 3), st.integers(0, 3)), max_size=3),
)
def test_merging_changes_no_cell_that_has_a_value(rows, merged):
    spans = [(row, column, row + down, column) for row, column, down in merged]
    plain = dict(cells.lines(rows, 4, 0, cells.Seen()))
    filled = dict(cells.lines(rows, 4, 0, cells.Seen(spans=spans)))
    assert plain.keys() == filled.keys()
    for line, row in plain.items():
        assert all(one in (None, other) for one, other in zip(row, filled[line], strict=True))


# Several tables in a sheet


def test_tables_one_under_the_other_are_each_a_table(engine, tmp_path, rows_of):
    path = _xlsx(tmp_path / "f.xlsx", {"A1": DEALS, "A6": GOALS})
    first, second = read(path, engine)
    assert (first.sheet, first.headers) == ("Feuil1", ("Affaire", "Client", "Montant"))
    assert rows_of(first) == [(2, "A1", "Dupont", "100"), (3, "A2", "Martin", "250.5")]
    assert (second.sheet, second.headers) == ("Feuil1!A6:B8", ("Mois", "Objectif"))
    assert rows_of(second) == [(7, "2026-01", "1000"), (8, "2026-02", "1200")]
    assert _evidence(second, "block").facts == {"range": "A6:B8", "tables": 2}


def test_a_title_over_the_second_table_is_no_row_of_the_first(engine, tmp_path, rows_of):
    title = [["Objectifs de l'année"]]
    for place in ("A6", "A7"):
        path = _xlsx(tmp_path / "f.xlsx", {"A1": DEALS, place: title, "A8": GOALS})
        first, second = read(path, engine)
        assert (len(rows_of(first)), len(rows_of(second))) == (2, 2)
        assert second.sheet == "Feuil1!A8:B10"


def test_blank_rows_inside_a_table_part_nothing(engine, tmp_path, rows_of):
    blocks = {"A1": DEALS, "A6": [["A3", "n/c", 5], ["A4", "Roux", 6]], "A10": [["Total", None, 9]]}
    (table,) = read(_xlsx(tmp_path / "f.xlsx", blocks), engine)
    assert [row[1] for row in rows_of(table)] == ["A1", "A2", "A3", "A4"]
    assert [one.code for one in table.rejected] == ["total_row"]


def test_the_same_header_again_begins_no_other_table(engine, tmp_path, rows_of):
    (table,) = read(_xlsx(tmp_path / "f.xlsx", {"A1": DEALS, "A6": DEALS}), engine)
    assert len(rows_of(table)) == 4
    assert [one.code for one in table.rejected] == ["repeated_header"]


def test_words_after_a_gap_are_no_header(engine, tmp_path, rows_of):
    rows = [["A3", "Roux", "à voir"], ["A4", "Petit", 12], ["A5", "Leroy", 13]]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", {"A1": DEALS, "A6": rows}), engine)
    assert len(rows_of(table)) == 5


def test_parameters_above_the_table_do_not_take_its_place(engine, tmp_path, rows_of):
    about = [["Société", "Exemple"], ["Du", "2026-01-01"], ["Au", "2026-01-31"]]
    tables = read(_xlsx(tmp_path / "f.xlsx", {"A1": about, "A6": DEALS}), engine)
    table = tables[-1]
    assert (table.sheet, table.header_row, len(rows_of(table))) == ("Feuil1", 6, 2)
    long = [DEALS[0], *([f"B{n}", "Roux", n, n, n] for n in range(9))]
    long[0] = [*DEALS[0], "Remise", "Part"]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", {"A1": about, "A6": long}), engine)
    assert (table.sheet, table.header_row, len(rows_of(table))) == ("Feuil1", 6, 9)


def test_tables_side_by_side_are_each_a_table(engine, tmp_path, rows_of):
    left = [*DEALS, *([f"B{n}", "Roux", n] for n in range(9))]
    first, second = read(_xlsx(tmp_path / "f.xlsx", {"A1": left, "E1": GOALS}), engine)
    assert (len(rows_of(first)), len(rows_of(second))) == (11, 2)
    assert (first.sheet, second.sheet) == ("Feuil1", "Feuil1!E1:F3")


def test_tables_side_by_side_of_the_same_names_are_two(engine, tmp_path, rows_of):
    first, second = read(_xlsx(tmp_path / "f.xlsx", {"B2": DEALS, "F2": DEALS}), engine)
    assert first.headers == second.headers == ("Affaire", "Client", "Montant")
    assert (first.sheet, second.sheet) == ("Feuil1", "Feuil1!F2:H4")
    assert rows_of(first) == rows_of(second)


def test_tables_that_begin_on_other_rows_are_two(engine, tmp_path, rows_of):
    wide = [
        ["Mois", "Canal", "Leads", "Coût"],
        ["2026-01", "Salon", 5, 10],
        ["2026-02", "Web", 6, 9],
    ]
    first, second = read(_xlsx(tmp_path / "f.xlsx", {"A1": DEALS, "E3": wide}), engine)
    assert (len(rows_of(first)), len(rows_of(second))) == (2, 2)
    assert second.sheet == "Feuil1!E3:H5"


def test_a_blank_column_inside_a_table_is_dropped_and_said(engine, tmp_path, rows_of):
    rows = [["Affaire", "Client", None, "Montant", "Ville"]]
    rows += [[f"A{n}", "Dupont", None, n, "Lyon" if n % 3 else None] for n in range(20)]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", rows), engine)
    assert table.headers == ("Affaire", "Client", "Montant", "Ville")
    assert rows_of(table)[1] == (3, "A1", "Dupont", "1", "Lyon")
    said = [one for one in table.evidence if one.because == "blank_columns"]
    assert [one.facts for one in said] == [{"columns": 1}]


def test_a_column_after_a_blank_one_is_kept_above_a_total_and_a_footer(engine, tmp_path, rows_of):
    rows = [["Affaire", "Client", "Montant", None, "Ville"]]
    rows += [["A1", "Dupont", 1, None, "Lyon"], ["A2", "Martin", 2, None, "Nice"]]
    rows += [["Total", None, 3], [], ["Édité le 28/11/2026"]]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", rows), engine)
    assert table.headers == ("Affaire", "Client", "Montant", "Ville")
    assert rows_of(table) == [(2, "A1", "Dupont", "1", "Lyon"), (3, "A2", "Martin", "2", "Nice")]
    assert [one.code for one in table.rejected] == ["total_row", "footer"]


def test_parameters_of_a_report_are_no_names_of_columns(engine, tmp_path):
    rows = [["Rapport"], ["Période", "2026-01-01"], [], *DEALS]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", rows), engine)
    assert (table.header_row, table.headers) == (4, ("Affaire", "Client", "Montant"))


def test_a_note_beside_or_below_is_no_table(engine, tmp_path, rows_of):
    blocks = {"A1": DEALS, "E1": [["Légende"], ["rouge : perdu"]], "A7": [["Relu en janvier"]]}
    (table,) = read(_xlsx(tmp_path / "f.xlsx", blocks), engine)
    assert table.headers == ("Affaire", "Client", "Montant")
    assert _evidence(table, "columns_left_out").facts == {"columns": 1}


def test_a_sheet_or_one_of_its_tables_may_be_asked(engine, tmp_path, rows_of):
    path = _xlsx(tmp_path / "f.xlsx", {"A1": DEALS, "A6": GOALS})
    assert len(read(path, engine, ReadOptions(sheet="Feuil1"))) == 2
    (table,) = read(path, engine, ReadOptions(sheet="Feuil1!A6:B8"))
    assert (table.sheet, table.headers) == ("Feuil1!A6:B8", ("Mois", "Objectif"))
    assert len(rows_of(table)) == 2
    assert _refused(path, engine, sheet="Feuil2!A1:B2").code == "missing_sheet"
    assert _refused(path, engine, sheet="Feuil1!X1:Y2").code == "empty_file"


def test_tables_above_and_beside_each_other_are_all_found(engine, tmp_path):
    tables = read(
        _xlsx(
            tmp_path / "f.xlsx",
            {
                "A1": DEALS,
                "E1": DEALS,
                "A8": GOALS,
                "D8": [["X", "Y", "Z"], *[["a", 1, n] for n in range(9)]],
            },
        ),
        engine,
    )
    assert [table.sheet for table in tables] == [
        "Feuil1", "Feuil1!E1:G3", "Feuil1!A8:B10", "Feuil1!D8:F17",
    ]  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None
)
@given(
    first=st.integers(2, 6),
    second=st.integers(2, 6),
    gap=st.integers(1, 3),
    left=st.integers(0, 2),
)
def test_no_row_is_lost_or_read_twice_among_tables(engine, tmp_path, first, second, gap, left):
    above = [DEALS[0], *([f"A{n}", "Dupont", n] for n in range(first))]
    below = [["Jour", "Appels", "Durée", "Qui"], *([n, n * 2, 3, "Anne"] for n in range(second))]
    column = "ABC"[left]
    path = _xlsx(tmp_path / "f.xlsx", {"A1": above, f"{column}{first + gap + 2}": below})
    tables = read(path, engine)
    assert [table.rows for table in tables] == [first, second]


# Bounds


def test_a_sheet_of_every_column_is_read(engine, tmp_path):
    rows = [[f"n{n}" for n in range(16_384)], [1] * 16_384]
    (table,) = read(_xlsx(tmp_path / "f.xlsx", rows), engine)
    assert (len(table.headers), table.rows) == (16_384, 1)


def test_a_sheet_that_unpacks_without_end_is_refused(engine, tmp_path):
    path = _xlsx(tmp_path / "f.xlsx", DEALS)
    archive = zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED)
    with archive, archive.open("xl/media/zeros.bin", "w", force_zip64=True) as part:
        for _ in range(1100):
            part.write(bytes(1 << 20))
    problem = _refused(path, engine)
    assert (problem.code, problem.facts["reason"]) == ("too_large", "unpacked")


def test_cells_repeated_without_end_are_refused_not_opened(engine, tmp_path):
    rows = '<table:table-row table:number-rows-repeated="1000000">'
    rows += '<table:table-cell table:number-columns-repeated="16000" office:value-type="float"'
    rows += ' office:value="1"/></table:table-row>'
    problem = _refused(_ods(tmp_path / "f.ods", rows), engine)
    assert (problem.code, problem.facts["reason"]) == ("too_large", "area")


def test_entities_that_multiply_are_refused(engine, tmp_path):
    path = _ods(tmp_path / "f.ods", _row("a", "b"))
    start = "<office:document-content"
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + start
    assert _refused(_edited(path, "content.xml", start, bomb), engine).code == "truncated"


def test_far_cells_under_another_prefix_are_refused_not_opened(engine, tmp_path):
    path = _xlsx(tmp_path / "f.xlsx", {"A1": [["a"]], "XFD1048576": [["b"]]})
    part = "xl/worksheets/sheet1.xml"
    for tag in ("c", "v", "row", "sheetData", "worksheet"):
        _edited(path, part, f"</{tag}>", f"</x:{tag}>")
        _edited(path, part, f"<{tag} " if tag not in ("v", "sheetData") else f"<{tag}>",
                f"<x:{tag} " if tag not in ("v", "sheetData") else f"<x:{tag}>")  # fmt: skip
    _edited(path, part, "xmlns=", "xmlns:x=")
    assert _refused(path, engine).facts["reason"] == "area"
