"""Electronic invoices: the same to the cent in each syntax, and whose sales they are."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import facturx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from typer.testing import CliRunner

import jalon
from jalon.intake.sources.invoice_document import Party, document
from jalon.model.problems import InputError, MustAskError

OWN, LYON, PARIS = "552100554", "732829320", "391378239"
NAMES = {OWN: "Nous SA", LYON: "Client de Lyon", PARIS: "Client de Paris"}
DAY = dt.date(2026, 9, 15)


def party(siren: str, **more: Any) -> dict[str, Any]:
    """A company with its SIREN in BT-30 or BT-47."""
    told = {
        "name": NAMES[siren],
        "legal_identifier": siren,
        "legal_identifier_schemeid": "0002",
        "country_code": "FR",
        "city": "Lyon",
        "postcode": "69001",
    }
    return {k: v for k, v in {**told, **more}.items() if v is not None}


def fields(
    number: str,
    net: str,
    *,
    code: str = "380",
    currency: str = "EUR",
    day: dt.date = DAY,
    seller: dict[str, Any] | str = OWN,
    buyer: dict[str, Any] | str = LYON,
    corrects: str | None = None,
) -> dict[str, Any]:
    """The business terms of EN 16931 of an invoice of one line at 20 %."""
    vat = (Decimal(net) * Decimal("0.20")).quantize(Decimal("0.01"))
    total = str(Decimal(net) + vat)
    line = {"BT-126": "1", "BT-129": "1", "BT-130": "C62", "BT-131": net, "BT-146": net}
    data: dict[str, Any] = {
        "BT-1": number,
        "BT-3": code,
        "BT-5": currency,
        **dict.fromkeys(("BT-2", "BT-9", "BT-72"), day),
        **dict.fromkeys(("BT-106", "BT-109"), net),
        "BT-110": str(vat),
        **dict.fromkeys(("BT-112", "BT-115"), total),
        "BG-4": party(seller, vat_identifier=f"FR32{seller}")
        if isinstance(seller, str)
        else seller,
        "BG-7": party(buyer) if isinstance(buyer, str) else buyer,
        "BG-23": [{"BT-116": net, "BT-117": str(vat), "BT-118": "S", "BT-119": "20"}],
        "BG-25": [{**line, "BT-151": "S", "BT-152": "20", "BT-153": "Prestation"}],
    }
    return {**data, "BG-3": [{"BT-25": corrects}]} if corrects else data


def cii(data: dict[str, Any]) -> bytes:
    """The invoice in UN/CEFACT's syntax."""
    made = facturx.generate_xml(
        data, "factur-x", "en16931", check_xsd=False, check_schematron=False
    )
    return bytes(made)


def ubl(data: dict[str, Any]) -> bytes:
    """The invoice or credit note in OASIS's syntax."""
    made = facturx.generate_xml(data, "ubl-2.1", "en16931", check_xsd=False, check_schematron=False)
    return bytes(made)


def pdf(xml: bytes | None) -> bytes:
    """A page, with its invoice inside where there is one."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(out)
    if xml is None:
        return out.getvalue()
    return bytes(facturx.generate_from_binary(out.getvalue(), xml, check_xsd=False))


def factur_x(data: dict[str, Any]) -> bytes:
    return pdf(cii(data))


SYNTAXES: dict[str, Callable[[dict[str, Any]], bytes]] = {"cii": cii, "ubl": ubl, "pdf": factur_x}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[jalon.Workspace]:
    with jalon.open(tmp_path / "jalon-data") as workspace:
        yield workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "factures"
    made.mkdir()
    return made


def put(folder: Path, *contents: bytes) -> Path:
    for number, content in enumerate(contents, 1):
        suffix = "pdf" if content.startswith(b"%PDF") else "xml"
        (folder / f"{number:03}.{suffix}").write_bytes(content)
    return folder


def revenue(workspace: jalon.Workspace) -> Decimal:
    (found,) = workspace.measure("revenue").records()
    return Decimal(str(found["value"] or 0))


def entry(done: Any, table: str | None) -> dict[str, Any]:
    return next(each for each in done.record["files"] if each["table"] == table)


def three(**more: Any) -> list[bytes]:
    """Sales to two customers: enough to see whose they are."""
    return [
        cii(fields("F1", "1000.10", **more)),
        ubl(fields("F2", "500.05", buyer=PARIS, **more)),
        factur_x(fields("F3", "200.00", **more)),
    ]


# --- one document -------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("code", ["380", "381", "384", "389"])
def test_each_syntax_says_the_same_document(syntax: str, code: str) -> None:
    found = document(SYNTAXES[syntax](fields("F-2026/1", "1234.56", code=code, currency="CHF")))
    assert (found.number, found.issued, found.currency) == ("F-2026/1", DAY, "CHF")
    assert found.amount == Decimal("1234.56")
    assert found.is_credit_note == (code == "381")
    assert found.key == f"{OWN}:F-2026/1"
    assert found.seller == Party(NAMES[OWN], OWN, None, f"FR32{OWN}", "Lyon", "69001", "FR")
    assert found.buyer == Party(NAMES[LYON], LYON, None, None, "Lyon", "69001", "FR")


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    "told",
    [
        {"legal_identifier": LYON},
        {"legal_identifier": f"{LYON}00074", "legal_identifier_schemeid": "0009"},
        {"legal_identifier": None, "identifiers": {"0009": f"{LYON}00074"}},
        {"legal_identifier": None, "identifiers": {"0002": LYON}},
        {"legal_identifier": None, "vat_identifier": f"FR44{LYON}"},
        {
            "legal_identifier": None,
            "einvoicing_addr": f"{LYON}_TEST",
            "einvoicing_addr_schemeid": "0225",
        },
    ],
)
def test_the_siren_is_found_wherever_the_document_says_it(
    syntax: str, told: dict[str, Any]
) -> None:
    who = party(LYON, **told)
    if "legal_identifier" not in who:
        who.pop("legal_identifier_schemeid")
    assert document(SYNTAXES[syntax](fields("F1", "10.00", buyer=who))).buyer.siren == LYON


@pytest.mark.parametrize("vat", ["DE123456789", "FR44000000001"])
def test_a_number_that_is_no_siren_is_not_taken_for_one(vat: str) -> None:
    who = party(LYON, legal_identifier=None, legal_identifier_schemeid=None, vat_identifier=vat)
    found = document(cii(fields("F1", "10.00", buyer=who))).buyer
    assert found.siren is None
    assert found.key == vat


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 10**10), st.sampled_from(["cii", "ubl"]))
def test_amounts_are_exact(cents: int, syntax: str) -> None:
    net = f"{cents // 100}.{cents % 100:02}"
    assert document(SYNTAXES[syntax](fields("F1", net))).amount == Decimal(net)


LAUGHS = b"".join(
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)),
        b"]><Invoice>&a11;</Invoice>",
    ]
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    b"<Invoice><ID>&e;</ID></Invoice>"
)
REMOTE = b'<?xml version="1.0"?><!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd"><Invoice/>'
UBL = b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
EMPTY = b'<?xml version="1.0"?><Invoice xmlns="%s"/>' % UBL


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (LAUGHS, "unreadable_document", None),
        (OUTSIDE, "unreadable_document", "document_type_declared"),
        (REMOTE, "unreadable_document", "document_type_declared"),
        (EMPTY, "unreadable_document", None),
        (cii(fields("F1", "1.00"))[:-40], "unreadable_document", "broken_xml"),
        (cii(fields("F1", "1.00")).replace(b"20260915", b"20269999"), "unreadable_document", None),
        (b'<?xml version="1.0"?><feed/>', "not_an_einvoice", None),
        (b'<?xml version="1.0"?><feed>', "broken_xml", None),
        (pdf(None), "pdf_without_invoice", None),
        (b"%PDF-1.4 x", "broken_pdf", None),
    ],
)
def test_what_is_no_invoice_is_refused_for_its_reason(
    content: bytes, code: str, reason: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        document(content)
    assert caught.value.problem.code == code
    assert reason in (None, caught.value.problem.facts.get("reason"))


# --- a heap of documents ------------------------------------------------------------------------


def test_a_folder_of_invoices_is_one_table_right_to_the_cent(
    world: jalon.Workspace, folder: Path
) -> None:
    credits = [ubl(fields("A1", "100.00", code="381")), cii(fields("A2", "50.01", code="381"))]
    done = world.import_([put(folder, *three(), *credits)])
    sold = entry(done, "invoice")
    assert (sold["file"], sold["rows_read"], sold["rows_added"]) == ("factures", 5, 5)
    assert revenue(world) == Decimal("1000.10") + Decimal("500.05") + 200 - 100 - Decimal("50.01")
    rows = world.rows("revenue").to_pylist()
    assert {each["account"] for each in rows} == {NAMES[LYON], NAMES[PARIS]}
    assert {each["seller_siren"] for each in rows} == {OWN}
    assert rows[0]["happened_at"] == dt.datetime(2026, 9, 15)
    assert entry(done, "account")["rows_added"] == 2
    assert any("552100554" in note for note in sold["notes"])


def test_an_archive_of_invoices_is_one_table(world: jalon.Workspace, tmp_path: Path) -> None:
    path = tmp_path / "septembre.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(three()):
            archive.writestr(f"{number}.{'pdf' if content.startswith(b'%PDF') else 'xml'}", content)
    sold = entry(world.import_([path]), "invoice")
    assert (sold["file"], sold["rows_read"]) == ("septembre.zip", 3)
    assert revenue(world) == Decimal("1700.15")


def test_a_folder_may_hold_other_tables_too(world: jalon.Workspace, folder: Path) -> None:
    put(folder, *three())
    (folder / "deal.csv").write_text("source_id;outcome;amount\nd1;won;10\nd2;open;20\n")
    done = world.import_([folder])
    assert entry(done, "deal")["rows_added"] == 2
    assert entry(done, "invoice")["rows_added"] == 3


def test_received_invoices_are_purchases_and_no_sales(world: jalon.Workspace, folder: Path) -> None:
    received = cii(fields("F1", "77.00", seller=LYON, buyer=OWN))
    done = world.import_([put(folder, *three(), received)])
    assert entry(done, "invoice")["rows_read"] == 3
    assert "achats" in entry(done, None)["why"]
    assert revenue(world) == Decimal("1700.15")


def test_a_folder_of_received_invoices_loads_nothing_and_says_so(
    world: jalon.Workspace, folder: Path
) -> None:
    sellers = [LYON, PARIS, LYON]
    received = [cii(fields(f"F{n}", "7.00", seller=s, buyer=OWN)) for n, s in enumerate(sellers)]
    done = world.import_([put(folder, *received)])
    assert [each["table"] for each in done.record["files"]] == [None]
    assert "3" in entry(done, None)["why"]


def told(tmp_path: Path, siren: str) -> jalon.Workspace:
    """The workspace of a company that has given its SIREN in its settings."""
    place = tmp_path / "jalon-told"
    place.mkdir(exist_ok=True)
    (place / "settings.yaml").write_text(f"company: {{siren: {siren}}}\n")
    return jalon.open(place)


def test_the_documents_of_a_folder_add_up(tmp_path: Path, folder: Path) -> None:
    others = [
        cii(fields("F1", "7.00", seller=LYON, buyer=OWN)),
        cii(fields("P1", "30.00", code="386")),
        cii(fields("X1", "9.00", seller=LYON, buyer=PARIS)),
        cii(fields("B1", "1.00"))[:-40],
        pdf(None),
        b'<?xml version="1.0"?><feed/>',
    ]
    with told(tmp_path, OWN) as workspace:
        done = workspace.import_([put(folder, *three(), *others)])
        assert revenue(workspace) == Decimal("1700.15")
    sold = entry(done, "invoice")
    became = [sold[f"rows_{n}"] for n in ("added", "updated", "unchanged", "quarantined")]
    assert sold["rows_read"] == sum(became) == 5
    assert {each["code"] for each in sold["quarantine"]} == {
        "neither_seller_nor_buyer",
        "unreadable_document",
    }
    assert len([each for each in done.record["files"] if each["table"] is None]) == 2
    ignored = {each["code"]: each["where"]["file"] for each in done.record["ignored"]}
    assert ignored == {"pdf_without_invoice": "008.pdf", "not_an_einvoice": "009.xml"}


def test_one_document_alone_must_ask_whose_it_is(world: jalon.Workspace, tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_bytes(ubl(fields("F1", "10.00")))
    with pytest.raises(MustAskError) as caught:
        world.import_([tmp_path / "f.xml"])
    problem = caught.value.problem
    assert problem.code == "must_ask_own_siren"
    assert problem.facts["choices"] == [OWN, LYON]
    assert problem.facts["option"] == "--own-siren"


@pytest.mark.parametrize(("own", "value"), [(OWN, 10), (LYON, None)])
def test_the_option_says_whose_sale_it_is(tmp_path: Path, own: str, value: int | None) -> None:
    from jalon.cli.app import build  # noqa: PLC0415

    (tmp_path / "f.xml").write_bytes(ubl(fields("F1", "10.00")))
    place = ["--workspace", str(tmp_path / "w")]
    ran = CliRunner().invoke(
        build(), ["import", str(tmp_path / "f.xml"), "--own-siren", own, *place]
    )
    assert ran.exit_code == (0 if value else 1), ran.output
    if value:
        with jalon.open(tmp_path / "w") as workspace:
            assert revenue(workspace) == value


def test_documents_of_two_companies_only_must_ask(world: jalon.Workspace, folder: Path) -> None:
    with pytest.raises(MustAskError):
        world.import_([put(folder, *(cii(fields(f"F{n}", "10.00")) for n in range(4)))])


def test_a_document_given_twice_counts_once(world: jalon.Workspace, folder: Path) -> None:
    same = fields("F3", "200.00")
    done = world.import_([put(folder, *three(), cii(same), ubl(same))])
    sold = entry(done, "invoice")
    assert (sold["rows_read"], sold["rows_added"], sold["rows_unchanged"]) == (5, 3, 2)
    assert revenue(world) == Decimal("1700.15")


def test_one_number_with_two_amounts_is_set_apart(world: jalon.Workspace, folder: Path) -> None:
    done = world.import_([put(folder, *three(), cii(fields("F3", "201.00")))])
    assert [each["code"] for each in entry(done, "invoice")["quarantine"]] == ["key_twice"]
    assert revenue(world) == Decimal("1700.15")


def test_a_corrected_invoice_replaces_the_one_it_names(
    world: jalon.Workspace, folder: Path
) -> None:
    corrected = cii(fields("F4", "900.00", code="384", corrects="F1"))
    world.import_([put(folder, *three(), corrected)])
    assert revenue(world) == Decimal("500.05") + 200 + 900


def test_sellers_may_use_the_same_numbers(tmp_path: Path, folder: Path) -> None:
    with told(tmp_path, OWN) as workspace:
        workspace.import_([put(folder, *three())])
    again = tmp_path / "autres"
    again.mkdir()
    with told(tmp_path, LYON) as workspace:
        workspace.import_([put(again, cii(fields("F1", "5.00", seller=LYON, buyer=PARIS)))])
        assert revenue(workspace) == Decimal("1705.15")


def test_the_same_folder_again_changes_nothing(world: jalon.Workspace, folder: Path) -> None:
    put(folder, *three())
    world.import_([folder])
    again = entry(world.import_([folder]), "invoice")
    assert (again["rows_added"], again["rows_updated"], again["rows_unchanged"]) == (0, 0, 3)


def test_currencies_are_kept_apart(world: jalon.Workspace, folder: Path) -> None:
    world.import_([put(folder, *three(), cii(fields("F9", "10.00", currency="USD")))])
    (found,) = world.measure("revenue").records()
    assert found["value"] is None
    assert {each["currency"] for each in world.rows("revenue").to_pylist()} == {"EUR", "USD"}
