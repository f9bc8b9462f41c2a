"""What we write by EN 16931 comes back as a draft with the same totals."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from billing_app.cli import main
from billing_app.documents.e_invoice_reader import BYTES_MAX, read_e_invoice
from billing_app.documents.pdf_attachment import find_invoice_xml
from billing_app.domain.address import at_address
from billing_app.domain.document import InvoiceDocument, Party
from billing_app.domain.draft import DraftRules, read_draft
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.money import Money
from billing_app.domain.party_ids import with_ids
from billing_app.domain.read_e_invoice import check_can_become_draft, make_draft
from billing_app.domain.terms import Adjustment, TaxTerms
from billing_app.models import Customer, Invoice
from billing_app.queries.letterhead import buyer_party
from billing_app.services.drafts import cancel_draft
from billing_app.workflows.import_e_invoice import draft_of, looks_like_e_invoice
from tests.documents.test_e_invoice import (
    AUTHORITY,
    BELGIAN,
    EXEMPT,
    LOW,
    REVERSED,
    VAT,
    WRITERS,
    ZERO,
    drafted,
    line,
)
from tests.support.documents import a_header
from tests.support.world import World

FOREIGN = with_ids(
    at_address(
        Party("Long Island Freight", country="US", email="ap@freight.example"),
        "Suite 4\n48 Vernon Boulevard\nBack door",
        "11101",
        "Long Island City",
        "NY",
    ),
    "0088:4006381333931",
    "Gate 7",
)
RULES = DraftRules(
    taxes={str(i): tax for i, tax in enumerate((VAT, LOW, ZERO, EXEMPT, REVERSED), 1)}
)
D = Decimal


def discount(amount: str) -> tuple[Adjustment, ...]:
    return (Adjustment(amount=Money.from_decimal(D(amount), "EUR"), reason="Off"),)


CASES: dict[str, Callable[[], InvoiceDocument]] = {
    "one rate": lambda: drafted(line("100.00", VAT), line("0.335", VAT, quantity="3")),
    "rates": lambda: drafted(line("10", VAT), line("20", LOW), line("5", ZERO)),
    "exempt": lambda: drafted(line("10", EXEMPT)),
    "reverse charge": lambda: drafted(line("1000", REVERSED)),
    "a discount": lambda: drafted(
        line("10", VAT), line("20", VAT), allowances=discount("3.33")
    ),
    "discounts on lines": lambda: drafted(
        line("10", VAT, allowances=(Adjustment(percent=D(10)),)), line("20", VAT)
    ),
    "a charge": lambda: drafted(line("10", VAT), charges=discount("4.50")),
    "a price for a thousand": lambda: drafted(
        line("250", VAT, quantity="1500", base_quantity=D(1000))
    ),
    "a price for three": lambda: drafted(
        line("10", VAT, quantity="6", base_quantity=D(3))
    ),
}


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("case", CASES)
def test_comes_to_the_same_total(syntax: str, case: str):
    document = CASES[case]()

    read = read_e_invoice(WRITERS[syntax](document))
    check_can_become_draft(read)
    made = make_draft(read, 1, RULES)
    totals = read_draft(made.form, read.currency, RULES).totals

    assert totals.net_total.minor == document.net_minor
    assert totals.tax_total.minor == document.tax_minor
    assert totals.total.minor == document.total_minor
    assert not [said for said in made.left_out if "asks for" in said]


@pytest.mark.parametrize("syntax", WRITERS)
def test_says_what_the_paper_says(syntax: str):
    document = CASES["one rate"]()

    read = read_e_invoice(WRITERS[syntax](document))

    assert read.number == document.number
    assert read.issued_on == document.issued_on.isoformat()
    assert read.due_on == (document.due_on.isoformat() if document.due_on else "")
    assert read.buyer.name == document.buyer.name
    assert read.buyer.country == document.buyer.country
    assert read.buyer.vat_id == document.buyer.vat_id
    assert read.buyer.street == document.buyer.street
    assert read.buyer.postal_code == document.buyer.postal_code
    assert read.buyer.town == document.buyer.town
    assert [x.name for x in read.lines] == [x.name for x in document.lines]
    assert [x.unit for x in read.lines] == ["HUR", "HUR"]


@pytest.mark.feature("A04")
@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("buyer", [AUTHORITY, BELGIAN, FOREIGN], ids=lambda x: x.name)
def test_the_buyer_comes_back_as_it_was_written(
    world: World, syntax: str, buyer: Party
):
    document = drafted(line("100", VAT), header=a_header(buyer=buyer))
    xml = WRITERS[syntax](document)

    made = draft_of(world.runtime, world.northwind.accounting, xml)

    with world.reading(world.northwind.viewer) as uow:
        (customer,) = uow.all(select(Customer))
        # Without a person to name, the contact is the business itself.
        again = replace(buyer_party(customer), contact_name="")
        assert again == buyer
        assert uow.get(Invoice, made.invoice_id).customer_id == customer.id
    with world.reading(world.kestrel.owner) as uow:
        assert uow.all(select(Customer)) == []


class TestWhatADraftLacks:
    def made(self, document: InvoiceDocument, *taxes: TaxTerms) -> tuple[str, ...]:
        rules = DraftRules(taxes={str(i): tax for i, tax in enumerate(taxes, 1)})
        read = read_e_invoice(WRITERS["cii"](document))
        return make_draft(read, 1, rules).left_out

    def test_its_number(self):
        [said, *_] = self.made(drafted(line("10", VAT)), VAT)

        assert said.startswith("Its number ")

    def test_a_rate_that_is_not_here(self):
        said = self.made(drafted(line("10", VAT)), LOW)

        assert said[0].startswith("Line 1 is taxed with 21 % (S): add that rate")
        assert said[-1].endswith("12.10 in all, and the draft comes to 10.00.")

    def test_a_line_below_zero(self):
        said = self.made(drafted(line("10", VAT), line("-2", VAT)), VAT)

        assert said[0] == "Line 2 is below zero (-2.00), which no line can be."


def test_a_credit_note_is_refused():
    for write in WRITERS.values():
        with pytest.raises(InvalidInput, match="credit note"):
            check_can_become_draft(read_e_invoice(write(drafted(line("-10", VAT)))))


LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">&d;</Invoice>
"""
READS_A_FILE = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">&f;</Invoice>
"""


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (LAUGHS, "declares entities"),
            (READS_A_FILE, "declares entities"),
            (
                LAUGHS.decode()
                .replace("?>", ' encoding="UTF-16"?>', 1)
                .encode("utf-16"),
                "declares entities",
            ),
            (b"<a>" * 10_000 + b"</a>" * 10_000, "not XML"),
            (b"<a>", "not XML"),
            (b"<a/>", "no invoice in UBL"),
            (b"<a>" + b"<b/>" * 300_000 + b"</a>", "more parts"),
            (b"<a>" + b" " * BYTES_MAX + b"</a>", "larger than 5 MB"),
            (
                READS_A_FILE.partition(b"]>")[2].replace(b"&f;", b""),
                "lacks a part",
            ),
        ],
    )
    def test_are_refused_in_a_sentence(self, content: bytes, says: str):
        with pytest.raises(InvalidInput, match=says):
            read_e_invoice(content)

    @pytest.mark.parametrize(
        "amount", ["NaN", "Infinity", "1e999999", "ten", "9" * 40, "1e-999999"]
    )
    def test_numbers_are_numbers(self, amount: str):
        xml = WRITERS["ubl"](CASES["rates"]()).decode()

        with pytest.raises(InvalidInput):
            read_e_invoice(xml.replace(">20<", f">{amount}<").encode())

    def test_a_word_of_200_kb_is_refused(self):
        xml = WRITERS["ubl"](CASES["rates"]()).decode()

        with pytest.raises(InvalidInput, match="more than 20,000 characters"):
            read_e_invoice(xml.replace("Line 2", "x" * 200_000).encode())

    @pytest.mark.parametrize("content", [b"%PDF-1.7 and nothing", b"%PDF", b"%PDF\0"])
    def test_a_pdf_that_is_none_is_refused(self, content: bytes):
        with pytest.raises(InvalidInput, match="can't be read"):
            find_invoice_xml(content)


def a_pdf(xml: bytes = b"", name: str = "factur-x.xml") -> bytes:
    from io import BytesIO

    from pypdf import PdfWriter

    writer, written = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    if xml:
        writer.add_attachment(name, xml)
    writer.write(written)
    return written.getvalue()


def test_the_invoice_in_a_pdf_is_found():
    xml = WRITERS["cii"](CASES["one rate"]())

    assert find_invoice_xml(a_pdf(xml)) == xml


def test_a_pdf_for_people_alone_is_refused():
    for pdf in (a_pdf(), a_pdf(b"<a/>", "other.xml")):
        with pytest.raises(InvalidInput, match="carries no e-invoice"):
            find_invoice_xml(pdf)


class TestDraft:
    def test_is_made_with_its_customer_in_this_workspace_alone(self, world: World):
        document = CASES["one rate"]()
        content = a_pdf(WRITERS["cii"](document))

        made = draft_of(world.runtime, world.northwind.accounting, content)

        with world.reading(world.northwind.viewer) as uow:
            invoice = uow.get(Invoice, made.invoice_id)
            assert invoice.state == "draft"
            assert invoice.total_minor == document.total_minor
            [customer] = uow.all(select(Customer))
            assert customer.name == document.buyer.name == made.customer_name
            assert customer.vat_id == document.buyer.vat_id
        with world.reading(world.kestrel.owner) as uow:
            assert uow.all(select(Invoice)) == uow.all(select(Customer)) == []

    def test_is_made_once_of_a_file_while_nobody_changed_it(self, world: World):
        """And its customer is found again."""
        actor, content = world.northwind.accounting, WRITERS["ubl"](CASES["rates"]())
        first = draft_of(world.runtime, actor, content)
        again = draft_of(world.runtime, actor, content)
        world.run(actor, cancel_draft, first.invoice_id, 1, "Not ours")
        third = draft_of(world.runtime, actor, content)

        assert (first.is_new, again.is_new, third.is_new) == (True, False, True)
        assert again.invoice_id == first.invoice_id
        with world.reading(world.northwind.viewer) as uow:
            assert len(uow.all(select(Customer))) == 1
            assert len(uow.all(select(Invoice))) == 2

    def test_is_refused_to_who_may_not(self, world: World):
        content = WRITERS["ubl"](CASES["one rate"]())

        with pytest.raises(NotPermitted):
            draft_of(world.runtime, world.northwind.viewer, content)

    def test_is_made_by_the_command(
        self,
        world: World,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ):
        # The command changes it; this puts it back.
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        path = tmp_path / "invoice.xml"
        path.write_bytes(WRITERS["ubl"](CASES["one rate"]()))
        data = str(world.runtime.settings.data_dir)

        assert main(["import", str(path), "--data", data]) == 0

        assert "Made a draft for Vermeer Optics" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("begin", "is_one"),
    [(b"%PDF-1.7", True), (b"\xef\xbb\xbf <?xml", True), (b"Name;Date", False)],
)
def test_a_file_is_told_by_its_begin(begin: bytes, is_one: Any):
    assert looks_like_e_invoice(begin) is is_one
