"""The accounting entries file that French law asks for (FEC): its sales and its customers.

The format is that of article A47 A-1 of the *Livre des procédures fiscales*: 18 columns, one row a
line of an entry, amounts in euros as debit and credit (or as an amount and its side), dates as
AAAAMMJJ, in a file called ``<SIREN>FEC<AAAAMMJJ>.txt``. A sale is an entry with a line on a 70
account; its customer is that of its line on a 411 account. What cannot be told is reported, line
by line, and no amount of it is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from jalon.engines.duckdb import DuckDB
from jalon.intake.ledger import ledger
from jalon.intake.sources.relation import unique_name
from jalon.intake.text_table import Evidence, Shape, TextTable
from jalon.intake.words import without_accents
from jalon.model.problems import Problem, Where

SOURCE = "fec"
ALWAYS = frozenset({"journalcode", "ecriturenum", "ecrituredate", "comptenum", "pieceref"})
AMOUNTS = (frozenset({"debit", "credit"}), frozenset({"montant", "sens"}))
NAME = re.compile(r"(?i)(\d{9})FEC\d{8}")
INVOICE = ("source_id", "account", "amount", "currency", "kind", "happened_at", "seller_siren")
ACCOUNT = ("source_id", "name")


@dataclass(frozen=True)
class _Made:
    """The lines of the file with what was decided of their entry."""

    table: TextTable
    engine: DuckDB
    lines: str

    def count(self, what: str, where: str) -> int:
        """A figure of the lines that meet a condition."""
        return int(self.engine.value(f"SELECT {what} FROM {self.lines} WHERE {where}") or 0)


def recognises(table: TextTable, _: DuckDB) -> bool:
    """Whether the headers are those of the law, in any case and order."""
    names = set(_names(table))
    return names >= ALWAYS and any(names >= each for each in AMOUNTS)


def reshape(table: TextTable, engine: DuckDB) -> list[TextTable]:
    """The sales (``invoice``), the customers (``account``), and the lines that are neither."""
    places = {name: index for index, name in reversed(list(enumerate(_names(table))))}
    made = _Made(table, engine, ledger(engine, table.relation, places))
    return [_invoices(made), _accounts(made), *_others(made)]


def own_siren(file: str) -> str | None:
    """The SIREN that the name of a FEC gives."""
    found = NAME.match(PurePath(file).name)
    return found[1] if found else None


def _names(table: TextTable) -> list[str]:
    return [re.sub(r"[^a-z]", "", without_accents(each.lower())) for each in table.headers]


def _invoices(made: _Made) -> TextTable:
    """Every line of a sale, the amounts of the 70 accounts adding up to its own."""
    table, siren = made.table, own_siren(made.table.file)
    relation = _kept(
        made,
        f"""SELECT _line, entry, customer, CASE WHEN account LIKE '70%' THEN balance::VARCHAR END,
            'EUR', CASE WHEN sales < 0 THEN 'credit_note' ELSE 'invoice' END, day,
            {f"'{siren}'" if siren else "NULL"}
        FROM {made.lines} WHERE verdict = 'sale'""",
        INVOICE,
    )
    rejected = (*table.rejected, *_reported(made))
    lines = made.count("count(*)", "verdict = 'sale'")
    facts: dict[str, object] = {
        "entries": made.count("count(DISTINCT entry)", "verdict = 'sale'"),
        "lines": lines,
    }
    evidence = Evidence("fec_sales", "70 / 411", "fec_sales_entries", facts)
    cash = made.count("count(DISTINCT entry)", "verdict = 'sale' AND customer IS NULL")
    notes = (Problem("sales_without_customer", {"entries": cash}),) if cash else ()
    return replace(
        table,
        sheet="invoice",
        relation=relation,
        headers=INVOICE,
        rows=lines + len(rejected),
        rejected=rejected,
        evidence=(*table.evidence, evidence),
        shape=Shape("invoice", SOURCE, lines=True, notes=notes),
    )


def _accounts(made: _Made) -> TextTable:
    """One row a customer of the 411 accounts, under the last name that it had."""
    relation = _kept(
        made,
        f"""SELECT min(_line), own_customer, arg_max(customer_name, _line)
        FROM {made.lines} WHERE own_customer IS NOT NULL GROUP BY own_customer""",
        ACCOUNT,
    )
    rows = int(made.engine.value(f"SELECT count(*) FROM {relation}"))
    return replace(
        made.table,
        sheet="account",
        relation=relation,
        headers=ACCOUNT,
        rows=rows,
        rejected=(),
        evidence=(),
        shape=Shape("account", SOURCE),
    )


def _others(made: _Made) -> list[TextTable]:
    """The lines that are no sales: they have no place, and are counted."""
    lines = made.count("count(*)", "verdict = 'other'")
    if not lines:
        return []
    closing = made.count("count(*)", "verdict = 'other' AND closing")
    why = Problem("fec_other_entries", {"lines": lines, "closing": closing})
    return [
        replace(
            made.table,
            sheet=None,
            relation=made.table.relation,
            headers=made.table.headers,
            rows=lines,
            rejected=(),
            shape=Shape(None, SOURCE, why=why),
        )
    ]


def _reported(made: _Made) -> list[Problem]:
    rows = made.engine.rows(
        f"SELECT _line, verdict, journal, number, sales, account, reference FROM {made.lines} "
        "WHERE starts_with(verdict, 'fec_') ORDER BY _line"
    )
    return [
        Problem(
            verdict,
            {"journal": journal, "entry": number or reference, "amount": f"{sales:.2f}"},
            Where(made.table.file, None, line, "CompteNum", account),
        )
        for line, verdict, journal, number, sales, account, reference in rows
    ]


def _kept(made: _Made, query: str, headers: tuple[str, ...]) -> str:
    """The answer of a query as the relation of a text table, its first column the line."""
    name = unique_name()
    names = ", ".join(("_line", *(f"c{index}" for index in range(len(headers)))))
    made.engine.execute(f"CREATE TEMP TABLE {name}_cells AS SELECT * FROM ({query}) AS q({names})")
    made.engine.execute(f"CREATE TEMP VIEW {name} AS FROM {name}_cells")
    return name
