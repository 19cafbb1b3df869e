"""Generated deals, as files: clean, in French, and with one row in a hundred changed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from jalon.demo.world import deals_only

TYPES = {
    "amount": "DECIMAL(18,4)",
    "probability": "DOUBLE",
    "created_at": "TIMESTAMP",
    "closed_at": "TIMESTAMP",
    "expected_close_at": "TIMESTAMP",
}


def table(rows: int) -> pa.Table:
    """Deals as text columns, dates ISO."""
    deals = deals_only(rows)
    columns = {}
    for name in deals.column_names:
        values = deals.column(name)
        if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
            values = pc.strftime(values, format="%Y-%m-%d")
        columns[name] = values
    return pa.table(columns)


def clean(deals: pa.Table, path: Path) -> Path:
    """A UTF-8 file with commas, dots and ISO dates."""
    pa_csv.write_csv(deals, path, pa_csv.WriteOptions(quoting_style="needed"))
    return path


def french(deals: pa.Table, path: Path) -> Path:
    """The same rows in cp1252, semicolons, decimal commas and jj/mm/aaaa."""
    columns = {}
    for name in deals.column_names:
        values = deals.column(name)
        if name in ("amount", "probability"):
            values = pc.replace_substring(pc.cast(values, pa.string()), ".", ",")
        elif name.endswith("_at"):
            values = pc.replace_substring_regex(values, r"^(\d{4})-(\d{2})-(\d{2})$", r"\3/\2/\1")
        columns[name] = values
    utf8 = path.with_suffix(".utf8")
    options = pa_csv.WriteOptions(delimiter=";", quoting_style="needed")
    pa_csv.write_csv(pa.table(columns), utf8, options)
    path.write_bytes(utf8.read_bytes().decode("utf-8").encode("cp1252", errors="replace"))
    utf8.unlink()
    return path


def changed(deals: pa.Table, path: Path) -> Path:
    """The clean file with the amount of one row in a hundred changed."""
    amounts = deals.column("amount").to_pylist()
    for place in range(0, len(amounts), 100):
        amounts[place] = (amounts[place] or 0) + 1
    place = deals.column_names.index("amount")
    return clean(deals.set_column(place, "amount", pa.array(amounts, deals["amount"].type)), path)
