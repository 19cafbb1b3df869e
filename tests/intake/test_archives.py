"""Archives are read like folders: each member that is a table, within bounds."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.intake.map_file import parse
from jalon.intake.pipeline import Brief, look
from jalon.intake.sources import ReadOptions, find, read
from jalon.intake.sources.archive import name_of
from jalon.model.problems import InputError

CSV = b"id;montant\n1;10\n2;20\n"


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _zip_bytes(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def _workbook() -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet("Ventes")
    for line, row in enumerate([["id", "montant"], ["A", 1], ["B", 2]]):
        sheet.write_row(line, 0, row)
    book.close()
    return made.getvalue()


def _read(path, engine, **options):
    ignored = []
    tables = read(path, engine, ReadOptions(name=path.name, **options), ignored=ignored)
    return tables, {one.where.file: one.code for one in ignored}


def _refused(path, engine, **options):
    with pytest.raises(InputError) as caught:
        read(path, engine, ReadOptions(name=path.name, **options))
    return caught.value.problem


def _flagged(path: Path, flag: int) -> Path:
    """The archive with a flag set on all its members, in both of its places."""
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            flags = struct.unpack_from("<H", content, at + offset)[0]
            struct.pack_into("<H", content, at + offset, flags | flag)
            at = content.find(mark, at + 4)
    path.write_bytes(content)
    return path


def test_every_member_that_is_a_table_is_read_and_the_others_are_listed(engine, tmp_path, rows_of):
    members = {
        "clients.csv": CSV,
        "sub/affaires.csv.gz": gzip.compress(CSV),
        "sub/ventes.xlsx": _workbook(),
        "sub/inner.zip": _zip_bytes({"a.tsv": b"x\ty\n1\t2\n", "b.png": b"\x89PNG1234"}),
        "LISEZMOI.txt": b"Bonjour,\nvoici les exports.\n",
        "empty.csv": b"",
        "__MACOSX/._clients.csv": b"\0\5\26\7",
        ".DS_Store": b"\0\0\0\1Bud1",
        "sub/~$ventes.xlsx": b"lock",
    }
    tables, ignored = _read(_zip(tmp_path / "a.zip", members), engine)
    assert [table.file for table in tables] == [
        "a.zip/clients.csv",
        "a.zip/sub/affaires.csv.gz",
        "a.zip/sub/ventes.xlsx",
        "a.zip/sub/inner.zip/a.tsv",
    ]
    assert [table.rows for table in tables] == [2, 2, 2, 1]
    assert rows_of(tables[0]) == [(2, "1", "10"), (3, "2", "20")]
    assert ignored == {
        "a.zip/LISEZMOI.txt": "not_a_table",
        "a.zip/empty.csv": "empty_file",
        "a.zip/sub/inner.zip/b.png": "not_a_table",
    }


def test_the_digest_of_a_table_is_its_members(engine, tmp_path):
    (table,), _ = _read(_zip(tmp_path / "a.zip", {"c.csv": CSV}), engine)
    assert table.digest == hashlib.sha256(CSV).hexdigest()


def test_a_bad_row_says_its_member(engine, tmp_path):
    content = CSV + b"3;30;99\n"
    (table,), _ = _read(_zip(tmp_path / "a.zip", {"c.csv": content}), engine)
    assert [one.where.file for one in table.rejected] == ["a.zip/c.csv"]


def test_an_archive_without_a_table_is_refused_with_what_it_holds(engine, tmp_path):
    problem = _refused(_zip(tmp_path / "a.zip", {"logo.png": b"\x89PNG1234"}), engine)
    assert problem.code == "archive_without_table"
    assert problem.facts["members"] == ["logo.png"]
    assert _refused(_zip(tmp_path / "b.zip", {}), engine).code == "archive_without_table"


def test_an_archive_whose_only_table_cannot_be_read_says_why(engine, tmp_path):
    cut = gzip.compress(b"Affaire;Montant\n" + os.urandom(9000).hex().encode())[:-4000]
    path = _zip(tmp_path / "a.zip", {"a.csv.gz": cut, "LISEZMOI.md": b"# Notes"})
    problem = _refused(path, engine)
    assert (problem.code, problem.where.file) == ("truncated", "a.zip/a.csv.gz")


def test_an_archive_in_a_folder_is_read_with_the_rest(engine, tmp_path):
    (tmp_path / "d").mkdir()
    _zip(tmp_path / "d" / "a.zip", {"deals.csv": CSV, "notes.md": b"# Notes\n"})
    _zip(tmp_path / "d" / "b.zip", {"logo.png": b"\x89PNG1234"})
    (tmp_path / "d" / "c.csv").write_bytes(CSV)
    assert [path.name for path in find([tmp_path / "d"]).files] == ["a.zip", "b.zip", "c.csv"]
    prepared = look([tmp_path / "d"], engine, Brief())
    assert [one.table.file for one in prepared.looked] == ["a.zip/deals.csv", "c.csv"]
    assert {one.where.file: one.code for one in prepared.ignored} == {
        "a.zip/notes.md": "not_a_table",
        "b.zip": "archive_without_table",
    }


def test_the_mapping_file_speaks_to_a_member_by_its_name(engine, tmp_path):
    content = b"Exemple\nid;date;montant\nA;03/04/2026;10\n"
    path = _zip(tmp_path / "a.zip", {"x.csv": content, "y.csv": b"id;n\n1;2\n", "z.csv": b"id;n\n"})
    said = "files: [{file: a.zip/x.csv, table: deal, header_row: 2}]"
    prepared = look([path], engine, Brief(table="deal", map_file=parse(said)))
    assert [one.table.header_row for one in prepared.looked] == [2, 1]
    assert {one.where.file: one.code for one in prepared.ignored} == {"a.zip/z.csv": "header_only"}


def test_names_never_lead_out_of_the_archive(engine, tmp_path):
    names = ["../../x.csv", "/etc/y.csv", "C:\\temp\\z.csv", "a/../../w.csv"]
    folder = tmp_path / "work"
    folder.mkdir()
    path = _zip(tmp_path / "a.zip", dict.fromkeys(names, CSV))
    tables, _ = _read(path, engine, directory=folder)
    assert [table.file for table in tables] == [
        "a.zip/x.csv",
        "a.zip/etc/y.csv",
        "a.zip/temp/z.csv",
        "a.zip/a/w.csv",
    ]
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.zip", "work"]


PARTS = st.sampled_from(["..", ".", "/", "\\", "C:", "a", "é", "\0", "\x1b"])


@given(st.lists(PARTS | st.text(max_size=3), min_size=1, max_size=8).map("".join), st.booleans())
def test_a_shown_name_stays_below_its_archive(name, flagged):
    if not flagged:
        name = name.encode("utf-8", "replace").decode("cp437")
    member = zipfile.ZipInfo(name or "a")
    member.flag_bits = 0x800 if flagged else 0
    shown = name_of(member)
    assert shown
    assert not shown.startswith("/")
    assert not {"..", "."} & set(shown.split("/"))
    assert all(each.isprintable() for each in shown)


@pytest.mark.parametrize("encoding", ["utf-8", "cp850", "cp437", "cp1252"])
def test_french_names_are_right_whatever_packed_them(encoding):
    name = "Été/Société à Nîmes ç.csv"
    if encoding == "cp437":
        name = "Société à Nîmes ç.csv"
    member = zipfile.ZipInfo(name.encode(encoding).decode("cp437"))
    member.flag_bits = 0
    assert name_of(member) == name


def test_a_name_flagged_utf8_is_taken_as_it_is(engine, tmp_path):
    (table,), _ = _read(_zip(tmp_path / "a.zip", {"Chiffre d’affaires – été.csv": CSV}), engine)
    assert table.file == "a.zip/Chiffre d’affaires – été.csv"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_kept_apart(engine, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("c.csv", CSV)
        archive.writestr("c.csv", CSV + b"3;30\n")
    tables, _ = _read(tmp_path / "a.zip", engine)
    assert [(table.file, table.rows) for table in tables] == [
        ("a.zip/c.csv", 2),
        ("a.zip/c.csv (2)", 3),
    ]


def test_a_link_is_not_followed(engine, tmp_path):
    link = zipfile.ZipInfo("link.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("c.csv", CSV)
    tables, ignored = _read(tmp_path / "a.zip", engine)
    assert (len(tables), ignored) == (1, {"a.zip/link.csv": "member_link"})


def test_an_archive_under_a_password_is_refused(engine, tmp_path):
    path = _flagged(_zip(tmp_path / "a.zip", {"c.csv": CSV, "d.csv": CSV}), 1)
    assert _refused(path, engine).code == "encrypted_archive"


def test_a_member_with_a_wrong_sum_costs_itself_only(engine, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bad.csv", CSV)
        archive.writestr("good.csv", CSV + b"3;30\n")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1;10", b"9;10", 1))
    tables, ignored = _read(path, engine)
    assert [table.file for table in tables] == ["a.zip/good.csv"]
    assert ignored == {"a.zip/bad.csv": "truncated"}


def test_an_archive_cut_short_is_refused(engine, tmp_path):
    path = _zip(tmp_path / "a.zip", {"c.csv": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:3000])
    assert _refused(path, engine).code == "truncated"


def test_a_member_packed_in_an_unknown_way_is_listed(engine, tmp_path):
    path = _zip(tmp_path / "a.zip", {"c.csv": CSV, "d.csv": CSV})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", content, content.index(mark) + offset, 9)  # Deflate64
    path.write_bytes(content)
    tables, ignored = _read(path, engine)
    assert (len(tables), ignored) == (1, {"a.zip/c.csv": "member_method"})


def test_an_archive_two_levels_deep_is_not_opened(engine, tmp_path):
    inner = _zip_bytes({"deep.zip": _zip_bytes({"c.csv": CSV}), "d.csv": CSV})
    tables, ignored = _read(_zip(tmp_path / "a.zip", {"inner.zip": inner}), engine)
    assert [table.file for table in tables] == ["a.zip/inner.zip/d.csv"]
    assert ignored == {"a.zip/inner.zip/deep.zip": "nested_archive"}


def test_a_member_that_unpacks_without_end_costs_itself_only(engine, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros.csv", "w") as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
        archive.writestr("c.csv", CSV)
    tables, ignored = _read(path, engine)
    assert (len(tables), ignored) == (1, {"a.zip/zeros.csv": "too_large"})


def test_an_archive_larger_than_allowed_is_refused(engine, tmp_path):
    path = _zip(tmp_path / "a.zip", {"c.csv": CSV * 100, "d.csv": CSV * 100})
    problem = _refused(path, engine, max_bytes=3000)
    assert (problem.code, problem.facts["reason"]) == ("too_large", "unpacked")


def test_an_archive_of_countless_members_is_refused(engine, tmp_path):
    path = _zip(tmp_path / "a.zip", {f"{n}.csv": b"" for n in range(10_001)})
    problem = _refused(path, engine)
    assert (problem.code, problem.facts["reason"]) == ("too_large", "members")


def test_archives_inside_share_the_bounds_of_their_own(engine, tmp_path):
    inner = _zip_bytes({f"{n}.csv": b"" for n in range(6_000)})
    path = _zip(tmp_path / "a.zip", {"1.zip": inner, "2.zip": inner, "c.csv": CSV})
    tables, ignored = _read(path, engine)
    assert (len(tables), ignored["a.zip/2.zip"]) == (1, "too_large")


def test_a_file_of_an_office_suite_is_no_archive(engine, tmp_path):
    path = _zip(tmp_path / "a.docx", {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    problem = _refused(path, engine)
    assert (problem.code, problem.facts["kind"]) == ("not_a_table", "document")


def test_an_archive_packed_again_is_not_opened(engine, tmp_path):
    (tmp_path / "a.zip.gz").write_bytes(gzip.compress(_zip_bytes({"c.csv": CSV})))
    assert _refused(tmp_path / "a.zip.gz", engine).code == "not_a_table"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None
)
@given(
    st.dictionaries(
        st.from_regex(r"[a-zé]{1,6}\.csv", fullmatch=True), st.integers(1, 4), max_size=5
    )
)
def test_all_rows_of_all_members_are_read(engine, tmp_path, counts):
    members = {name: b"id;n\n" + b"1;2\n" * rows for name, rows in counts.items()}
    path = _zip(tmp_path / "a.zip", {**members, "zz/last.csv": CSV})
    tables, ignored = _read(path, engine)
    assert not ignored
    assert {table.file: table.rows for table in tables} == {
        "a.zip/zz/last.csv": 2,
        **{f"a.zip/{name}": rows for name, rows in counts.items()},
    }
