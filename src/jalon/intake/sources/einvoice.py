"""Electronic invoices: those of one import make one table of sales and one of customers.

Factur-X (a PDF that carries its XML), UBL 2.1 and CII, read by the numbers of EN 16931. A row is a
document, numbered in the order of the files; the report has one entry for a folder of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jalon.engines.duckdb import DuckDB
from jalon.intake.sources.invoice_document import CORRECTED, LARGEST, PREPAYMENT, Document, document
from jalon.intake.sources.options import ReadOptions
from jalon.intake.sources.own_sales import Own, own_side, parties
from jalon.intake.sources.records import Record, lay
from jalon.intake.text_table import Evidence, Shape, TextTable
from jalon.model.problems import InputError, Problem, Where

SOURCE = "einvoice"
INVOICE = (
    "source_id",
    "account",
    "amount",
    "currency",
    "kind",
    "status",
    "happened_at",
    "seller_siren",
    "buyer_siren",
)
ACCOUNT = ("source_id", "name", "siren", "siret", "city", "postcode", "country")


@dataclass(frozen=True)
class _Numbered:
    """A document, and its number among the files."""

    line: int
    file: str
    document: Document


@dataclass
class Gathered:
    """The tables that documents make, and the files that are no invoice."""

    tables: list[TextTable] = field(default_factory=list)
    ignored: list[Problem] = field(default_factory=list)


@dataclass
class _Heap:
    """Documents read, those that cannot be, and whose sales they are."""

    engine: DuckDB
    file: str
    digest: str
    documents: list[_Numbered]
    unread: list[Problem]
    own: Own

    @property
    def evidence(self) -> list[Evidence]:
        """What the company's own side rests on."""
        return [self.own.evidence] if self.own.evidence else []

    @property
    def notes(self) -> tuple[Problem, ...]:
        """The company's own SIREN where nobody gave it."""
        return tuple(
            Problem(
                "own_siren_inferred",
                {"siren": each.choice, "certainty": each.certainty, **each.facts},
            )
            for each in self.evidence
            if each.certainty < 1
        )


def read(path: Path, engine: DuckDB, options: ReadOptions) -> list[TextTable]:
    """The tables of one invoice. Raises InputError where it is none, or cannot be read."""
    name = options.name or path.name
    try:
        content = _content(path)
        found = document(content)
    except InputError as error:
        raise InputError(each.at(file=name) for each in error.problems) from None
    digest = hashlib.sha256(content).hexdigest()
    own = own_side([found], options.own_siren)
    return _tables(_Heap(engine, name, digest, [_Numbered(1, name, found)], [], own))


def gather(files: Iterable[tuple[Path, str]], engine: DuckDB, options: ReadOptions) -> Gathered:
    """The tables of many invoices: ``files`` with their names to show; the whole has the name of
    the options.

    A document that cannot be read is a row set apart; a PDF or XML that is no invoice is ignored.
    """
    gathered = Gathered()
    file = options.name or ""
    documents: list[_Numbered] = []
    unread: list[Problem] = []
    digest = hashlib.sha256()
    line = 0
    for path, name in files:
        try:
            content = _content(path)
            found = document(content)
        except InputError as error:
            if error.problem.code == "unreadable_document":
                line += 1
                unread.append(error.problem.at(file=name, row=line))
            else:
                gathered.ignored.append(error.problem.at(file=name))
            continue
        line += 1
        digest.update(hashlib.sha256(content).digest())
        documents.append(_Numbered(line, name, found))
    if line:
        own = own_side([each.document for each in documents], options.own_siren)
        heap = _Heap(engine, file, digest.hexdigest(), documents, unread, own)
        gathered.tables = _tables(heap)
    return gathered


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise InputError.of("unreadable_document", reason="document_too_large", detail=size)
    return path.read_bytes()


def _tables(heap: _Heap) -> list[TextTable]:
    if heap.own.siren is None and heap.documents:
        return [_invoices(heap, heap.documents, [], ask=_ask(heap))]
    own = heap.own.siren
    received = [
        each
        for each in heap.documents
        if each.document.buyer.siren == own and each.document.seller.siren != own
    ]
    others = [each for each in heap.documents if own not in _sirens(each.document)]
    issued = [each for each in heap.documents if each.document.seller.siren == own]
    advances = [each for each in issued if each.document.code in PREPAYMENT]
    sold = [each for each in issued if each.document.code not in PREPAYMENT]
    strangers = [_stranger(each) for each in others]
    tables = []
    if sold or strangers or heap.unread:
        tables.append(_invoices(heap, sold, strangers))
    if sold:
        tables.append(_accounts(heap, sold))
    tables += _placeless(heap, received, Problem("received_invoices", _facts(heap, received)))
    tables += _placeless(heap, advances, Problem("prepayment_invoices", _facts(heap, advances)))
    return tables


def _sirens(each: Document) -> tuple[str | None, ...]:
    return each.seller.siren, each.buyer.siren


def _facts(heap: _Heap, some: Sequence[_Numbered]) -> dict[str, object]:
    return {"documents": len(some), "siren": heap.own.siren}


def _ask(heap: _Heap) -> Problem:
    known = parties([each.document for each in heap.documents])
    named = [f"{siren} ({name})" for siren, name in known.items()]
    facts = {"choices": list(known), "parties": named, "option": "--own-siren"}
    return Problem("must_ask_own_siren", facts, Where(file=heap.file))


def _stranger(each: _Numbered) -> Problem:
    facts = {"seller": each.document.seller.key or "", "buyer": each.document.buyer.key or ""}
    return Problem(
        "neither_seller_nor_buyer",
        facts,
        Where(each.file, None, each.line, None, each.document.number),
    )


def _invoices(
    heap: _Heap, sold: Sequence[_Numbered], strangers: Sequence[Problem], ask: Problem | None = None
) -> TextTable:
    numbers = {(each.document.seller.key, each.document.number) for each in sold}
    corrected = {
        (each.document.seller.key, number)
        for each in sold
        if each.document.code == CORRECTED
        for number in each.document.corrects
    }
    notes = [*heap.notes]
    for code, some in (
        ("invoices_corrected", corrected & numbers),
        ("corrects_absent_invoices", corrected - numbers),
    ):
        if some:
            notes.append(Problem(code, {"numbers": sorted(number for _, number in some)}))
    return lay(
        heap.engine,
        heap.file,
        Shape("invoice", SOURCE, ask=ask, notes=tuple(notes)),
        INVOICE,
        [_invoice(each, corrected) for each in sold],
        rejected=sorted([*heap.unread, *strangers], key=lambda each: each.where.row or 0),
        evidence=heap.evidence,
        digest=heap.digest,
    )


def _invoice(each: _Numbered, corrected: set[tuple[str | None, str]]) -> Record:
    found = each.document
    replaced = (found.seller.key, found.number) in corrected and found.code != CORRECTED
    return each.line, (
        found.key,
        found.buyer.key,
        f"{found.amount:.4f}",
        found.currency,
        "credit_note" if found.is_credit_note else "invoice",
        "cancelled" if replaced else None,
        found.issued.isoformat(),
        found.seller.siren,
        found.buyer.siren,
    )


def _accounts(heap: _Heap, sold: Sequence[_Numbered]) -> TextTable:
    """The buyers, as their last invoice says."""
    last: dict[str, _Numbered] = {}
    for each in sorted(sold, key=lambda one: (one.document.issued, one.line)):
        if each.document.buyer.key:
            last[each.document.buyer.key] = each
    records: list[Record] = []
    for key, each in sorted(last.items(), key=lambda item: item[1].line):
        who = each.document.buyer
        address = (who.city, who.postcode, who.country)
        records.append((each.line, (key, who.name or key, who.siren, who.siret, *address)))
    shape = Shape("account", SOURCE)
    return lay(heap.engine, heap.file, shape, ACCOUNT, records, digest=heap.digest)


def _placeless(heap: _Heap, some: Sequence[_Numbered], why: Problem) -> list[TextTable]:
    if not some:
        return []
    records = [_invoice(each, set()) for each in some]
    shape = Shape(None, SOURCE, why=why, notes=heap.notes)
    return [lay(heap.engine, heap.file, shape, INVOICE, records, evidence=heap.evidence)]
