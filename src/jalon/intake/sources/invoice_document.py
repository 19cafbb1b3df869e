"""One electronic invoice: a PDF with its XML inside (Factur-X), or the XML alone (UBL 2.1, CII).

The fields are those of EN 16931, called by its numbers: BT-1 the number, BT-2 the day of issue,
BT-3 the type (UNTDID 1001), BT-5 the currency, BT-109 the total without VAT, BG-4 the seller, BG-7
the buyer, BT-25 the invoice that this one corrects.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any

from facturx import parse_ubl_cii_xml
from facturx.generate_xml import CREDIT_NOTE_TYPE_CODES
from lxml import etree
from pypdf import PdfReader

from jalon.intake.formats.siren import luhn
from jalon.model.problems import InputError

ATTACHED = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
ROOTS = ("Invoice", "CreditNote", "CrossIndustryInvoice")
ROOT = re.compile(rb"<([A-Za-z0-9]+:)?(Invoice|CreditNote|CrossIndustryInvoice)[\s>]")
HEAD = 1 << 16
#: ISO/IEC 6523: the register of an identifier.
SIREN, SIRET, ROUTING = "0002", "0009", "0225"
CORRECTED = "384"
PREPAYMENT = ("386", "500")
#: Bytes of a document, the files attached to it included.
LARGEST = 50 * 2**20

# A damaged PDF is told in the report: what the library says of it goes nowhere.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Party:
    """The seller or the buyer; ``None`` where the document does not say."""

    name: str | None = None
    siren: str | None = None
    siret: str | None = None
    vat: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None

    @property
    def key(self) -> str | None:
        """What names it best: its SIREN, else its VAT number, else its name."""
        return self.siren or self.vat or self.name


@dataclass(frozen=True)
class Document:
    """An invoice or credit note, its amount without VAT as written."""

    number: str
    issued: dt.date
    code: str
    currency: str
    amount: Decimal
    seller: Party
    buyer: Party
    corrects: tuple[str, ...] = ()

    @property
    def is_credit_note(self) -> bool:
        """Whether its type is one of a credit note."""
        return self.code in CREDIT_NOTE_TYPE_CODES

    @property
    def key(self) -> str:
        """Its number under its seller: two sellers may use the same numbers."""
        return f"{self.seller.key or ''}:{self.number}"


def document(content: bytes) -> Document:
    """The invoice that those bytes are.

    Raises InputError: ``pdf_without_invoice``, ``not_an_einvoice``, ``broken_pdf``, ``broken_xml``
    where no invoice is seen, ``unreadable_document`` where one cannot be read, with the reason.
    """
    if content.startswith(b"%PDF"):
        content = _attached(content)
    root = _root(content)
    if etree.QName(root).localname not in ROOTS:
        raise InputError.of("not_an_einvoice", root=etree.QName(root).localname, roots=list(ROOTS))
    try:
        # The level only says which fields to read: those of a header are in this one.
        fields = parse_ubl_cii_xml(root, level="basicwl", check_xsd=False)
    except Exception as error:  # the library raises plain exceptions
        raise InputError.of(
            "unreadable_document", reason="not_of_the_standard", detail=str(error)[:200]
        ) from None
    return _document(fields)


def _attached(content: bytes) -> bytes:
    """The XML inside a PDF."""
    try:
        reader = PdfReader(BytesIO(content))
        found = {each.name.lower(): each for each in reader.attachment_list}
        name = next((name for name in ATTACHED if name in found), None)
        if name is not None:
            return bytes(found[name].content)
    except Exception as error:  # a PDF may be broken in any way
        raise InputError.of("broken_pdf", detail=str(error)[:200]) from None
    raise InputError.of("pdf_without_invoice", names=list(ATTACHED))


def _root(content: bytes) -> Any:
    """The root of an XML, parsed without entities, document types or network."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        tree = etree.parse(BytesIO(content), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if ROOT.search(content[:HEAD]):
            raise InputError.of(
                "unreadable_document", reason="broken_xml", detail=str(error)[:200]
            ) from None
        raise InputError.of("broken_xml", detail=str(error)[:200]) from None
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise InputError.of(
            "unreadable_document", reason="document_type_declared", detail="DOCTYPE"
        )
    return tree.getroot()


def _document(fields: dict[str, Any]) -> Document:
    amount = _amount(fields.get("BT-109"))
    lacks = [
        bt for bt in ("BT-1", "BT-2", "BT-5") if not isinstance(_one(fields.get(bt)), str | dt.date)
    ]
    if amount is None:
        lacks.append("BT-109")
    if lacks or amount is None:
        raise InputError.of("unreadable_document", reason="fields_missing", detail=", ".join(lacks))
    referred = (each.get("BT-25") for each in fields.get("BG-3") or ())
    return Document(
        str(_one(fields["BT-1"])).strip(),
        _one(fields["BT-2"]),
        str(_one(fields.get("BT-3")) or "380"),
        str(_one(fields["BT-5"])).upper(),
        amount,
        _party(fields.get("BG-4") or {}),
        _party(fields.get("BG-7") or {}),
        tuple(str(each) for each in referred if each),
    )


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(_one(value)).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _party(fields: dict[str, Any]) -> Party:
    legal, scheme = (
        _one(fields.get("legal_identifier")),
        _one(fields.get("legal_identifier_schemeid")),
    )
    known: dict[str | None, str] = dict(fields.get("identifiers") or {})
    known.setdefault(
        _one(fields.get("einvoicing_addr_schemeid")), _one(fields.get("einvoicing_addr"))
    )
    known = {**known, **({scheme: legal} if legal else {})}
    vat = re.sub(r"[\s.-]", "", str(_one(fields.get("vat_identifier")) or "")).upper() or None
    siret = _digits(known.get(SIRET), 14) or _digits(legal, 14)
    siren = (
        _digits(known.get(SIREN), 9)
        or (siret and siret[:9])
        or (_digits(legal, 9) if scheme in (None, "") else None)
        or (_digits(vat[4:], 9) if vat and vat.startswith("FR") else None)
        or _digits(str(known.get(ROUTING) or "")[:9], 9)
    )
    return Party(
        _text(fields.get("name")) or _text(fields.get("biz_name")),
        siren or None,
        siret,
        vat,
        _text(fields.get("city")),
        _text(fields.get("postcode")),
        _text(fields.get("country_code")),
    )


def _text(value: Any) -> str | None:
    text = " ".join(str(_one(value) or "").split())
    return text or None


def _digits(value: Any, length: int) -> str | None:
    """The digits of a SIREN or SIRET with a right check; None where they are none."""
    bare = re.sub(r"[\s.]", "", str(_one(value) or ""))
    right = len(bare) == length and bare.isdecimal() and luhn(bare[:9])
    return bare if right else None
