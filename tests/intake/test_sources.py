"""What is read of a file, and what is said of it."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from jalon.intake.sources import ReadOptions, drop, find, read
from jalon.model.problems import InputError


def _evidence(table, decision):
    return next((one for one in table.evidence if one.decision == decision), None)


def _codes(table):
    return [(problem.code, problem.where.row) for problem in table.rejected]


def _refused(path, engine, **options):
    with pytest.raises(InputError) as caught:
        read(path, engine, ReadOptions(**options))
    return caught.value.problem


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_reads_the_same_in_any_encoding_and_delimiter(
    read_text, rows_of, delimiter, encoding
):
    lines = ["Société;Ville;Montant €", "L’Étoile;Orléans;12", "Œuvre;;13"]
    table = read_text("\r\n".join(lines).replace(";", delimiter).encode(encoding))
    assert table.headers == ("Société", "Ville", "Montant €")
    assert rows_of(table) == [(2, "L’Étoile", "Orléans", "12"), (3, "Œuvre", None, "13")]
    assert (table.delimiter, table.encoding) == (delimiter, encoding)
    assert table.rows == 2


def test_a_file_of_utf8_with_one_stray_byte_is_not_read_as_cp1252(read_text, rows_of):
    body = "nom;ville\n" + "Élodie;Orléans\n" * 20
    table = read_text(body.encode() + "Zoé;Nîmes\n".encode("cp1252"))
    assert rows_of(table)[0][1:] == ("Élodie", "Orléans")
    assert rows_of(table)[-1][1:] == ("Zoé", "Nîmes")
    assert _evidence(table, "encoding").certainty < 0.8


def test_a_blank_line_does_not_shift_the_row_numbers(read_text, rows_of):
    table = read_text("a;b\n1;x\n\n2;y\n\n\n3;z\n\n")
    assert [row[0] for row in rows_of(table)] == [2, 4, 7]


def test_a_quoted_line_break_does_not_shift_the_row_numbers(read_text, rows_of):
    table = read_text('a;b\n1;"two\nlines"\n2;y\n')
    assert rows_of(table) == [(2, "1", "two\nlines"), (4, "2", "y")]


def test_a_quoted_line_break_and_a_blank_line_do_not_cancel_out(read_text, rows_of):
    table = read_text('a;b\n1;"two\nlines"\n\n2;y\n3;z\n')
    assert [row[0] for row in rows_of(table)] == [2, 5, 6]


def test_lines_ended_by_a_bare_carriage_return_are_lines(read_text, rows_of):
    table = read_text("a;b\r1;x\r2;y\r")
    assert [row[0] for row in rows_of(table)] == [2, 3]


def test_title_lines_above_the_header_are_skipped_and_said(read_text, rows_of):
    table = read_text("Export des affaires\nSociété X;\n\nid;nom;montant\n1;a;10\n2;b;20\n")
    assert table.headers == ("id", "nom", "montant")
    assert table.header_row == 4
    assert [row[0] for row in rows_of(table)] == [5, 6]
    assert _evidence(table, "header_row").facts["skipped"] == 2


def test_parameters_apart_from_the_header_are_no_names(read_text, rows_of):
    text = "Période;01/01/2026;\n\nAffaire;Client;Montant\nA1;X;1,5\nA2;Y;2,5\n"
    table = read_text(text)
    assert table.headers == ("Affaire", "Client", "Montant")
    assert rows_of(table) == [(4, "A1", "X", "1,5"), (5, "A2", "Y", "2,5")]


def test_a_file_without_header_is_recognised(read_text, rows_of):
    table = read_text("1;12,5;2026-01-02\n2;13,5;2026-01-03\n")
    assert table.header_row == 0
    assert table.headers == ("colonne 1", "colonne 2", "colonne 3")
    assert len(rows_of(table)) == table.rows == 2


def test_years_as_headers_are_headers(read_text):
    table = read_text("secteur;2024;2025\nBTP;12,5;13\nSanté;8;9,5\n")
    assert table.headers == ("secteur", "2024", "2025")


def test_empty_and_repeated_names_of_columns_are_made_unique(read_text):
    table = read_text("nom;;nom\na;b;c\n")
    assert table.headers == ("nom", "colonne 2", "nom (2)")


def test_trailing_columns_without_name_or_cell_are_dropped(read_text):
    assert read_text("a,b,,,\n1,2,,,\n3,4,,,\n").headers == ("a", "b")


def test_a_repeated_header_is_rejected_even_when_two_cells_differ(read_text):
    header = "Nom,Code,Statut,Date,Montant,Étape"
    table = read_text(
        f"{header}\nA,1,x,y,2,z\n{header}\nZoro,,Statut,Date,Montant,Étape\nB,1,x,y,2,z\n"
    )
    assert _codes(table) == [("repeated_header", 3), ("repeated_header", 4)]
    assert table.rows == 4


def test_a_cell_equal_to_its_header_is_no_repeated_header(read_text):
    assert not read_text("nom,statut,ville\nStatut,statut,Lyon\nA,b,c\n").rejected


def test_missing_cells_at_the_end_are_blank_and_said(read_text, rows_of):
    table = read_text("a;b;c\n1;2;3\n4\n5;6;7;;\n")
    assert rows_of(table)[1:] == [(3, "4", None, None), (4, "5", "6", "7")]
    assert _evidence(table, "short_rows").facts == {"rows": 1}


def test_a_row_with_too_many_cells_is_rejected_with_its_text(read_text):
    table = read_text("a;b\n1;2\n3;4;5\n6;7\n")
    problem = table.rejected[0]
    assert (problem.code, problem.where.row, problem.where.value) == ("too_many_cells", 3, "3;4;5")
    assert problem.facts == {"cells": 3, "expected": 2}
    assert table.rows == 3


def _reread(table):
    return [one.facts["rows"] for one in table.evidence if one.choice == "reread"]


def test_a_quote_never_closed_is_a_letter_where_the_row_is_whole(read_text, rows_of):
    table = read_text('a;b\n1;x\n2;"never closed\n3;y\n4;z\n')
    assert (_codes(table), _reread(table)) == ([], [1])
    assert rows_of(table)[1] == (3, "2", '"never closed')


def test_a_quote_closed_by_another_row_takes_no_row(read_text, rows_of):
    table = read_text('a;b;c\n1;"x;1\n2;y;2\n3;y;3\n4;"q";4\n')
    assert (_codes(table), _reread(table)) == ([], [1])
    assert [row[1:] for row in rows_of(table)] == [
        ("1", '"x', "1"), ("2", "y", "2"), ("3", "y", "3"), ("4", "q", "4")
    ]  # fmt: skip


def test_a_quote_that_hides_a_delimiter_costs_its_own_row_only(read_text, rows_of):
    table = read_text('a;b;c\n1;x;1\n2;y"z;2;"3;4\n3;y;3\n4;"q";4\n')
    assert _codes(table) == [("unclosed_quote", 3)]
    assert [row[0] for row in rows_of(table)] == [2, 4, 5]


def test_totals_and_footers_are_rejected_by_name(read_text):
    text = (
        "Client;Ville;Montant\nA;Lyon;10\nSous-total;;10\nB;Nice;5\n"
        "Total énergies SA;Paris;7\nTotal général;;22\n\nÉdité le 03/02/2026 par moi\n"
    )
    table = read_text(text)
    assert _codes(table) == [("total_row", 3), ("total_row", 6), ("footer", 8)]
    assert table.rows == 6


def test_a_salesforce_footer_is_rejected_whole(read_text):
    rows = "".join(f"A{i},Lyon,{i}\n" for i in range(5))
    footer = (
        "Deals 2026\nCopyright (c) 2000-2026 salesforce.com\nConfidential Information\nMy Company\n"
    )
    table = read_text(f"Name,City,Amount\n{rows}\n{footer}")
    assert [code for code, _ in _codes(table)] == ["footer"] * 4
    assert table.rows == 9


def test_runs_of_blanks_cut_cells_where_nothing_else_does(read_text, rows_of):
    table = read_text(" id  date value\n 00001 19970101  11.77\n 00002 19970112  12.00\n", "m.txt")
    assert rows_of(table)[0] == (2, "00001", "19970101", "11.77")
    assert table.headers == ("id", "date", "value")


def test_blanks_are_null_and_control_characters_are_replaced(read_text, rows_of):
    table = read_text('a;b;c\n"";  ;x\n1;y\x00\x1bz; kept \n')
    assert rows_of(table) == [(2, None, None, "x"), (3, "1", "y\ufffd\ufffdz", " kept ")]
    assert _evidence(table, "control_characters").facts == {"characters": 2}


def test_rows_of_blank_cells_are_no_records_and_said(read_text):
    table = read_text("a;b\n1;x\n;\n ; \n2;y\n")
    assert table.rows == 2
    assert _evidence(table, "blank_rows").facts == {"rows": 2}


def test_a_file_of_one_column_is_a_table(read_text, rows_of):
    table = read_text("email\na@b.fr\nc@d.fr\n")
    assert rows_of(table) == [(2, "a@b.fr"), (3, "c@d.fr")]


def test_a_decimal_comma_is_not_taken_for_the_delimiter(read_text):
    assert read_text("nom;prix;taux\na;1,5;2,5\nb;1,6;2,6\n").delimiter == ";"


@pytest.mark.parametrize(
    "end", [lambda n: ";voir ; relancer ; urgent" if n % 4 == 0 else ";ok",
            lambda n: ";note" if n % 3 == 0 else "",
            lambda n: ";oui, voir" if n % 4 == 0 else ""],
)  # fmt: skip
def test_amounts_alike_in_ragged_rows_are_not_taken_for_cells(read_text, end):
    rows = [f"A{n};{n * 100 + 1},50;{n * 120},60{end(n)}" for n in range(30)]
    table = read_text("\n".join(["Affaire;HT;TTC;Note", *rows]))
    assert (table.delimiter, table.headers) == (";", ("Affaire", "HT", "TTC", "Note"))
    assert table.rows == 30


def test_a_comma_between_whole_numbers_is_a_delimiter(read_text):
    table = read_text("id,nombre,codes\n1,2,3;4\n5,6,7;8\n9,10,11;12\n")
    assert (table.delimiter, table.headers) == (",", ("id", "nombre", "codes"))


def test_a_file_with_only_a_header_gives_no_row(read_text, rows_of):
    table = read_text("a;b;c\n")
    assert (table.rows, table.headers, rows_of(table)) == (0, ("a", "b", "c"), [])


@pytest.mark.parametrize("text", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(engine, tmp_path, text):
    (tmp_path / "f.csv").write_bytes(text)
    assert _refused(tmp_path / "f.csv", engine).code == "empty_file"


def test_a_missing_file_is_refused(engine, tmp_path):
    assert _refused(tmp_path / "no.csv", engine).code == "missing_file"


def test_an_encoding_that_cannot_be_right_is_refused(engine, tmp_path):
    (tmp_path / "f.csv").write_bytes("é;b\n1;2\n".encode("cp1252"))
    assert _refused(tmp_path / "f.csv", engine, encoding="utf-8").code == "unreadable_encoding"
    assert _refused(tmp_path / "f.csv", engine, encoding="klingon").facts["reason"] == "unknown"


def test_the_users_word_comes_before_what_the_file_shows(read_text, rows_of):
    table = read_text("x;y,z\n1;2,3\n4;5,6\n", delimiter=",", header_row=2)
    assert table.headers == ("1;2", "3")
    assert rows_of(table) == [(3, "4;5", "6")]


def test_a_folder_is_walked_and_what_is_no_table_is_listed(tmp_path):
    (tmp_path / "b.csv").write_text("a;b\n1;2\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_text("a;b\n1;2\n")
    (tmp_path / ".hidden.csv").write_text("a;b\n1;2\n")
    (tmp_path / "README.md").write_text("| a | b |\n|---|---|\n| 1 | 2 |\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    (tmp_path / "LICENSE.txt").write_text("Permission is granted, free of charge,\nto anyone.\n")
    (tmp_path / "table.xls").write_text("<html><table><tr><td>1</td></tr></table></html>")
    (tmp_path / "data.bin").write_bytes(os.urandom(5000))
    found = find([tmp_path])
    assert [path.name for path in found.files] == ["b.csv", "a.csv"]
    kinds = {Path(one.where.file).name: one.facts["kind"] for one in found.ignored}
    assert kinds == {
        "LICENSE.txt": "prose",
        "README.md": "prose",
        "data.bin": "binary",
        "logo.png": "picture",
        "table.xls": "html",
    }


def test_what_is_no_table_is_refused_when_named_alone(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    with pytest.raises(InputError) as caught:
        find([tmp_path / "a.png"])
    assert caught.value.problem.code == "not_a_table"
    assert caught.value.problem.facts["extension"] == "png"


def test_a_packed_file_is_read_as_its_content(engine, tmp_path, rows_of):
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(b"a;b\n1;2\n"))
    assert rows_of(read(tmp_path / "f.csv.gz", engine)[0]) == [(2, "1", "2")]


def test_a_packed_file_cut_short_is_refused(engine, tmp_path):
    packed = gzip.compress(os.urandom(100_000).hex().encode())
    (tmp_path / "f.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert _refused(tmp_path / "f.csv.gz", engine).code == "truncated"


def test_a_packed_file_that_unpacks_without_end_is_refused(engine, tmp_path):
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(b"a;b\n1;2\n" * 20_000_000))
    problem = _refused(tmp_path / "f.csv.gz", engine)
    assert problem.code == "too_large"
    assert problem.facts["limit"] == 64 * 2**20


def test_a_path_with_marks_of_a_pattern_is_one_file(engine, tmp_path, rows_of):
    (tmp_path / "a[1]*.csv").write_text("a;b\n1;2\n")
    assert len(rows_of(read(tmp_path / "a[1]*.csv", engine)[0])) == 1


def test_two_tables_of_one_engine_do_not_meet(read_text, rows_of, engine):
    first, second = read_text("a;b\n1;2\n"), read_text("a;b\n3;4\n")
    assert (rows_of(first), rows_of(second)) == ([(2, "1", "2")], [(2, "3", "4")])
    drop(first, engine)
    assert rows_of(second) == [(2, "3", "4")]


def _workbook(path: Path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()):
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(line, column, cell)
        if name in hidden:
            sheet.hide()
    book.close()


def test_a_workbook_gives_a_table_a_sheet_and_says_what_it_left(engine, tmp_path, rows_of):
    data = [["id", "montant", "gagné"], [1, 12.5, True], [None, None, None], [2, 3.0, False]]
    sheets = {"Notice": [["À lire"], ["Ceci est une note"]], "Affaires": data, "Caché": data}
    _workbook(tmp_path / "f.xlsx", {**sheets, "Vide": []}, hidden=("Caché",))
    tables = read(tmp_path / "f.xlsx", engine)
    assert [table.sheet for table in tables] == ["Affaires"]
    assert rows_of(tables[0]) == [(2, "1", "12.5", "true"), (4, "2", "3", "false")]
    left = {one.choice: one.because for one in tables[0].evidence if one.column is None}
    assert left["Notice"] == "not_a_table"
    assert (left["Caché"], left["Vide"]) == ("hidden", "empty")


def test_a_sheet_may_be_named_even_if_hidden(engine, tmp_path):
    data = [["id", "v"], [1, 2]]
    _workbook(tmp_path / "f.xlsx", {"A": data, "B": data}, hidden=("B",))
    assert [t.sheet for t in read(tmp_path / "f.xlsx", engine, ReadOptions(sheet="B"))] == ["B"]
    problem = _refused(tmp_path / "f.xlsx", engine, sheet="C")
    assert (problem.code, problem.facts["choices"]) == ("missing_sheet", ["A", "B"])


def test_a_small_table_beside_the_table_is_left_out_and_said(engine, tmp_path):
    rows = [["id", "v", None, "note", "w"], [1, 2, None, "x", 5], [None, None, None, "y", 6]]
    _workbook(tmp_path / "f.xlsx", {"A": rows})
    (table,) = read(tmp_path / "f.xlsx", engine)
    assert (table.headers, table.rows) == (("id", "v"), 1)
    assert _evidence(table, "columns_left_out").facts == {"columns": 2}


def test_a_workbook_whose_last_cell_is_far_away_is_refused_not_opened(engine, tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet = book.add_worksheet()
    sheet.write("A1", 1)
    sheet.write("XFD1048576", 2)
    book.close()
    problem = _refused(tmp_path / "f.xlsx", engine)
    assert (problem.code, problem.facts["reason"]) == ("too_large", "area")


def test_a_workbook_cut_short_is_refused(engine, tmp_path):
    _workbook(tmp_path / "f.xlsx", {"A": [["id", "v"], [1, 2]]})
    content = (tmp_path / "f.xlsx").read_bytes()
    (tmp_path / "f.xlsx").write_bytes(content[: len(content) // 2])
    assert _refused(tmp_path / "f.xlsx", engine).code == "truncated"


def test_a_parquet_file_gives_its_values_as_text(engine, tmp_path, rows_of):
    table = pa.table(
        {
            "d": pa.array([dt.date(2026, 1, 2), None]),
            "t": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5), None]),
            "m": pa.array([Decimal("12.50"), Decimal("-0.25")]),
            "f": pa.array([3.0, 0.1]),
            "b": pa.array([True, False]),
            "s": pa.array([" ", "é"]),
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    assert rows_of(read(tmp_path / "f.parquet", engine)[0]) == [
        (2, "2026-01-02", "2026-01-02 03:04:05", "12.50", "3", "true", None),
        (3, None, None, "-0.25", "0.1", "false", "é"),
    ]


def test_every_real_export_accounts_for_all_its_rows(engine, shared_data):
    found = find([shared_data])
    assert len(found.files) > 40
    assert {Path(one.where.file).suffix for one in found.ignored} >= {".md", ".pbix"}
    for path in found.files:
        for table in read(path, engine):
            kept = engine.rows(f"SELECT count(*) FROM {table.relation}")[0][0]
            assert kept + len(table.rejected) == table.rows > 0, path
            drop(table, engine)


def test_the_wrong_headers_of_real_exports_are_rejected(engine, shared_data):
    (deals,) = read(shared_data / "skylark_pipeline" / "deals.csv", engine)
    assert _codes(deals) == [("repeated_header", 52), ("repeated_header", 181)]
    (communes,) = read(shared_data / "csv_detective_fr" / "a_test_file.csv", engine)
    assert _codes(communes) == [("repeated_header", 2), ("repeated_header", 3)]


def test_a_hundred_thousand_rows_with_blank_lines_and_long_notes_keep_their_lines(
    read_text, engine
):
    lines, expected = ["id;note"], []
    physical = 1
    for number in range(100_000):
        expected.append(physical + 1)
        lines.append(f'{number};"one\ntwo"' if number % 1000 == 7 else f"{number};x")
        physical += 2 if number % 1000 == 7 else 1
        if number % 5000 == 11:
            lines.append("")
            physical += 1
    table = read_text("\n".join(lines) + "\n")
    found = engine.rows(f"SELECT _line FROM {table.relation} ORDER BY c0::INT")
    assert [row[0] for row in found] == expected


def test_quotes_within_cells_do_not_mislead_the_index_of_lines(read_text, rows_of):
    table = read_text('a;b\n1;12" pipe\n\n2;x\n3;15" pipe\n4;y\n')
    assert [row[0] for row in rows_of(table)] == [2, 4, 5, 6]
