"""A file read without mapping: text, typed, and what was set aside."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.engines.duckdb import DuckDB
from jalon.intake.reading import read_typed
from jalon.intake.sources import ReadOptions

ENGINE = DuckDB.memory()


def test_a_file_is_given_as_text_and_typed(tmp_path, engine):
    (tmp_path / "f.csv").write_text(
        "id;montant;le;gagné;nom\n1;1 234,50 €;31/01/2026;Oui;A\n2;abc;01/02/2026;Non;B\n"
        "3;5,5;02/02/2026;Non;C\n4;6,5;;Oui;D\n5;7,5;;Oui;E\nTotal;1 254;;;\n",
        encoding="utf-8",
    )
    (table,) = read_typed(tmp_path / "f.csv", engine)
    assert table.text.column("montant").to_pylist()[:2] == ["1 234,50 €", "abc"]
    assert table.table.column("montant").to_pylist()[:3] == [
        Decimal("1234.5"), None, Decimal("5.5")]  # fmt: skip
    assert table.table.column("le").to_pylist()[0] == dt.date(2026, 1, 31)
    assert table.table.column("gagné").to_pylist() == [True, False, False, True, True]
    assert table.table.column("id").to_pylist() == [1, 2, 3, 4, 5]
    assert [(p.code, p.where.row, p.where.value) for p in table.quarantine] == [
        ("total_row", 7, "Total;1 254"),
        ("unreadable_cell", 3, "abc"),
    ]
    assert table.lines.to_pylist() == [2, 3, 4, 5, 6]
    assert table.rows == 6


LETTERS = st.text(
    st.characters(codec="cp1252", exclude_categories=("Cc", "Cs", "Zs")), min_size=1, max_size=12
)
SPOKEN = st.builds(
    lambda mark, words: mark.join(words),
    st.sampled_from([" ", "\n"]),
    st.lists(LETTERS, min_size=1, max_size=3),
    # Nothing tells a name that begins with an apostrophe from one between quotes.
).filter(lambda name: not name.startswith("'"))
AMOUNTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2049, 12, 31))
ROWS = st.lists(st.tuples(SPOKEN, AMOUNTS, DATES), min_size=1, max_size=12)


@st.composite
def dialects(draw):
    return {
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"])),
        "delimiter": draw(st.sampled_from([",", ";", "\t", "|"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "decimal": draw(st.sampled_from([",", "."])),
        "date": draw(st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"])),
        "titles": draw(st.integers(0, 2)),
    }


def _written(rows, dialect):
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=dialect["delimiter"],
        quoting=dialect["quoting"],
        lineterminator=dialect["end"],
    )
    out.write(f"Export des affaires{dialect['end']}" * dialect["titles"])
    writer.writerow(["nom", "montant", "date"])
    for name, amount, day in rows:
        number = f"{amount:.2f}".replace(".", dialect["decimal"])
        writer.writerow([name, number, day.strftime(dialect["date"])])
    return out.getvalue().encode(dialect["encoding"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, dialects())
def test_a_table_written_in_any_dialect_reads_back_equal(rows, dialect):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_bytes(_written(rows, dialect))
        order = {"%d/%m/%Y": "DMY", "%m/%d/%Y": "MDY"}.get(dialect["date"])
        (table,) = read_typed(path, ENGINE, ReadOptions(date_order=order))
    assert table.table.column_names == ["nom", "montant", "date"]
    assert table.rows == len(rows) == table.text.num_rows
    assert table.text.column("nom").to_pylist() == [name for name, _, _ in rows]
    heights = [1 + name.count("\n") for name, _, _ in rows]
    first = 2 + dialect["titles"]
    assert table.lines.to_pylist() == [first + sum(heights[:at]) for at in range(len(rows))]
    assert table.table.column("montant").to_pylist() == [amount for _, amount, _ in rows]
    assert table.table.column("date").to_pylist() == [day for _, _, day in rows]


def test_every_real_export_is_typed(shared_data, engine):
    for name in ("zoho_crm", "insurance_broker", "skylark_pipeline", "csv_detective_fr"):
        for path in sorted((shared_data / name).glob("*.[cx][sl]*")):
            if path.name == "file.xls":
                continue
            for table in read_typed(path, engine):
                assert table.text.num_rows == table.table.num_rows
