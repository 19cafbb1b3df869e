"""The lines of an accounting journal grouped into entries, and what each entry is.

The engine does the work: such files have millions of lines.
"""

from __future__ import annotations

from collections.abc import Mapping

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.relation import unique_name

#: Journals that only carry balances over, by code and by label.
OPENING_CODES = ("AN", "RAN", "ANO", "ANX", "OUV", "CLO")
OPENING_LABELS = r"\b[àa][ -]nouveau|ouverture|cl[oô]ture"


def ledger(engine: DuckDB, relation: str, places: Mapping[str, int]) -> str:
    """A temporary table of the lines of a FEC, with the verdict on their entry.

    ``places``: the column of each header, in lower case. Columns: ``_line``, ``journal``,
    ``number``, ``reference``, ``account``, ``balance`` (credit less debit), ``entry`` (the key of
    the entry), ``sales`` (the sum of its 70 accounts), ``customer``, ``day``, ``own_customer`` and
    ``customer_name`` (of a 411 line), ``closing``, and ``verdict``: ``sale``, ``other``, or the
    code of why a sale cannot be told.
    """
    name = unique_name()
    engine.execute(f"CREATE TEMP TABLE {name}_read AS {_read(relation, places)}")
    engine.execute(f"CREATE TEMP TABLE {name}_grouped AS {_grouped(f'{name}_read')}")
    engine.execute(f"CREATE TEMP TABLE {name} AS {_judged(f'{name}_grouped')}")
    engine.execute(f"DROP TABLE {name}_read")
    engine.execute(f"DROP TABLE {name}_grouped")
    return name


def _read(relation: str, places: Mapping[str, int]) -> str:
    def cell(name: str) -> str:
        return f"trim(c{places[name]})" if name in places else "NULL::VARCHAR"

    if "debit" in places:
        readable = f"{_amount(cell('debit'))} IS NOT NULL AND {_amount(cell('credit'))} IS NOT NULL"
        balance = f"{_amount(cell('credit'))} - {_amount(cell('debit'))}"
    else:
        side = f"upper({cell('sens')})"
        readable = (
            f"{_amount(cell('montant'))} IS NOT NULL AND {side} IN ('C', '-1', 'D', '+1', '1')"
        )
        balance = f"CASE WHEN {side} IN ('C', '-1') THEN 1 ELSE -1 END * {_amount(cell('montant'))}"
    collective = f"rtrim({cell('comptenum')}, '0') = '411'"
    own = (
        f"CASE WHEN {cell('comptenum')} LIKE '411%' THEN coalesce({cell('compauxnum')}, "
        f"CASE WHEN NOT {collective} THEN {cell('comptenum')} END) END"
    )
    return f"""
        SELECT _line, {cell("journalcode")} AS journal, {cell("ecriturenum")} AS number,
            {cell("pieceref")} AS reference, {cell("comptenum")} AS account,
            {_day(cell("ecrituredate"))} AS entered, {_day(cell("piecedate"))} AS piece_day,
            upper({cell("journalcode")}) IN {OPENING_CODES}
                OR regexp_matches(lower(coalesce({cell("journallib")}, '')), '{OPENING_LABELS}')
                AS opening,
            {readable} AS readable, coalesce({balance}, 0)::DECIMAL(18,4) AS balance,
            {own} AS own_customer, coalesce({cell("compauxlib")}, {cell("comptelib")})
                AS customer_name
        FROM {relation}"""


def _amount(cell: str) -> str:
    """An amount, 0 where blank; NULL where it cannot be read."""
    bare = f"regexp_replace(coalesce({cell}, '0'), '[ \\x{{a0}}\\x{{202f}}]', '', 'g')"
    pointed = f"replace(replace({bare}, '.', ''), ',', '.')"
    plain = f"CASE WHEN contains({bare}, ',') THEN {pointed} ELSE {bare} END"
    return f"TRY_CAST({plain} AS DECIMAL(18,4))"


def _day(cell: str) -> str:
    """A date as ISO 8601 writes it; what is none stays as found, to be set apart by its cell."""
    read = f"coalesce(try_strptime({cell}, '%Y%m%d'), try_strptime({cell}, '%d/%m/%Y'))"
    return f"coalesce(strftime({read}, '%Y-%m-%d'), {cell})"


def _grouped(lines: str) -> str:
    """Each line with its entry: the number; the piece where a number holds several that balance,
    or where each line has a number of its own."""
    return f"""
        WITH balanced AS (
            SELECT *,
                sum(balance) OVER numbered = 0 AS number_balances,
                sum(balance) OVER pieced = 0 AS piece_balances,
                sum(balance) OVER dated = 0 AS dated_balances,
            FROM {lines}
            WINDOW numbered AS (PARTITION BY journal, number, entered),
                pieced AS (PARTITION BY journal, number, entered, reference),
                dated AS (PARTITION BY journal, reference, entered)
        ), told AS (
            SELECT *,
                count(DISTINCT reference) OVER numbered > 1
                    AND bool_and(piece_balances AND reference IS NOT NULL) OVER numbered
                    AS by_piece,
                NOT number_balances AND reference IS NOT NULL
                    AND bool_and(dated_balances) OVER numbered AS by_date,
            FROM balanced WINDOW numbered AS (PARTITION BY journal, number, entered)
        )
        SELECT *, CASE WHEN number IS NULL THEN NULL
            WHEN by_piece THEN concat_ws(':', journal, number, replace(entered, '-', ''), reference)
            WHEN by_date THEN concat_ws(':', journal, replace(entered, '-', ''), reference)
            ELSE concat_ws(':', journal, number, replace(entered, '-', '')) END AS entry
        FROM told"""


def _judged(lines: str) -> str:
    return f"""
        WITH whole AS (
            SELECT *, coalesce(entry, concat_ws('|', 'none', journal, entered, reference)) AS unit
            FROM {lines}
        ), seen AS (
            SELECT *,
                bool_or(account LIKE '70%') OVER units AS sells,
                bool_or(opening OR account LIKE '12%' OR account LIKE '89%') OVER units AS closing,
                bool_and(readable) OVER units AS all_readable,
                sum(balance) OVER units = 0 AS unit_balances,
                bool_or(account LIKE '411%') OVER units AS receivable,
                bool_or(account LIKE '5%') OVER units AS cash,
                count(DISTINCT CASE WHEN account LIKE '411%' THEN coalesce(own_customer, '') END)
                    OVER units AS customers,
                max(own_customer) OVER units AS customer,
                sum(CASE WHEN account LIKE '70%' THEN balance ELSE 0 END) OVER units AS sales,
                coalesce(min(piece_day) FILTER (WHERE account LIKE '70%') OVER units,
                    min(entered) OVER units) AS day,
            FROM whole WINDOW units AS (PARTITION BY unit)
        )
        SELECT _line, journal, number, reference, account, balance, entry, sales::DECIMAL(18,4)
            AS sales, customer, day, own_customer, customer_name, closing,
            CASE WHEN NOT sells OR closing THEN 'other'
                WHEN number IS NULL THEN 'fec_no_number'
                WHEN NOT all_readable THEN 'fec_unreadable_amount'
                WHEN NOT unit_balances THEN 'fec_unbalanced'
                WHEN customers > 1 THEN 'fec_several_customers'
                WHEN NOT receivable AND NOT cash THEN 'fec_no_customer'
                ELSE 'sale' END AS verdict
        FROM seen"""
