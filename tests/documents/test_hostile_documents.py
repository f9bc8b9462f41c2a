"""Whatever stands in a text of a document is shown as that text, and is nothing more.

The texts come from the classes themselves, so that none can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from billing_app.documents.e_invoice import NotAnEInvoice, write_cii, write_ubl
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.printable import printable
from billing_app.documents.render import (
    render_print,
    render_sheet,
    render_standing,
    render_statement,
)
from billing_app.domain.aging import AgeBucket
from billing_app.domain.behind import Behind, BehindEvent
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentField,
    DocumentTaxSet,
    InvoiceDocument,
    JobShare,
    LineAdjustment,
    LineTax,
    Look,
    PaidPart,
    ReceiptDocument,
    Standing,
    TaxInCurrency,
)
from billing_app.domain.errors import BillingError
from billing_app.domain.statement import (
    Entry,
    EntryKind,
    Section,
    Span,
    StatementDocument,
)
from tests.documents.test_e_credit_note import CREDITED
from tests.support.documents import (
    BUYER,
    MADE_AT,
    SELLER,
    a_line,
    a_logo,
    a_receipt,
    a_swiss_invoice,
)
from tests.support.hostile import (
    Page,
    attachments_of,
    attempts,
    calls_of,
    listening,
    planted,
    read_page,
    text_fields,
)

DAY = date(2026, 11, 12)
RATE = TaxInCurrency("EUR", 100, Decimal("1.05"), DAY, "ECB")
OWN = (DocumentField("Trip", "NW-1187"),)
LINE = a_line(
    "Charter", 1_000, group="Trip 1", description="One leg", unit="h",
    group_reference="NW-1187", discount="10%", discount_minor=100,
    taxes=(LineTax("S", Decimal(21)),), adjustments=(LineAdjustment("Agreed", -100),),
)  # fmt: skip
SHARE = replace(LINE, share=JobShare(Decimal(50), 2_000))
PARTY = replace(
    SELLER, contact_name="Ms Blom", registration="KvK 7", website="northwind.example"
)

_SWISS = a_swiss_invoice()
INVOICE = replace(
    _SWISS,
    seller=PARTY,
    buyer=replace(PARTY, country="DE", name="Vermeer"),
    lines=(LINE, SHARE),
    taxes=tuple(replace(x, exemption_reason="Exempt by law") for x in _SWISS.taxes),
    tax_sets=(DocumentTaxSet("S", Decimal(21), 100, 0),),
    fields=OWN,
    tax_in_currency=RATE,
)
CREDIT_NOTE = replace(
    CREDITED["a line of it"], seller=PARTY, buyer=PARTY, lines=(LINE,), fields=OWN,
    tax_in_currency=RATE,
)  # fmt: skip
RECEIPT = a_receipt()
STATEMENT = StatementDocument(
    language="en",
    branding=INVOICE.branding,
    seller=PARTY,
    buyer=BUYER,
    span=Span(DAY, DAY),
    made_on=DAY,
    sections=(
        Section(
            "EUR",
            0,
            tuple(Entry(DAY, x, "INV-1", "PO 7", 100, "cash") for x in EntryKind),
            ((AgeBucket.OVER_90, 100),),
        ),
    ),
)
DOCUMENTS: dict[str, Any] = {
    "invoice": INVOICE,
    "credit note": CREDIT_NOTE,
    "receipt": RECEIPT,
    "statement": STATEMENT,
}
BEHIND = Behind(
    1, (BehindEvent("Stay", "W1", "Chilled", "2 March", "3 × 4", "12"),), 2, "8", "20"
)
STANDING = Standing(100, 0, 500, parts=(PaidPart(DAY, "By hand", 100),))

# Nobody types these: they name a row, a rate, a country or an account, and what is
# none of those is refused before. Even so they are tried, one by one.
CODES = {
    *("InvoiceDocument.currency", "InvoiceDocument.language", "InvoiceDocument.iban"),
    *("InvoiceDocument.bic", "InvoiceDocument.reference", "InvoiceDocument.mode"),
    *("CreditNoteDocument.currency", "CreditNoteDocument.language"),
    *("ReceiptDocument.currency", "ReceiptDocument.language"),
    *("StatementDocument.language", "Section.currency", "Entry.method"),
    "Party.country",
    *("Branding.accent", "Branding.logo_digest", "DocumentField.kind"),
    *("LineTax.category", "DocumentTax.category", "DocumentTaxSet.category"),
    *("DocumentTax.exemption_code", "TaxInCurrency.currency", "PostalAddress.country"),
}

# Parts of an address go into a payment code, which holds no long ones.
IN_A_CODE = "PostalAddress."

_PLACE = re.compile(r"\[\w+\.\w+\]")

Write = Callable[[str, str], str]


def plain(place: str, old: str) -> str:
    is_kept = place in CODES or place.startswith(IN_A_CODE)
    return old if is_kept else f"[{place}] " + "word " * 120


def hostile(there: str) -> Write:
    def write(place: str, old: str) -> str:
        if place.startswith(IN_A_CODE):
            return "<svg onload=x()>"
        return old if place in CODES else f"[{place}] {attempts(there)}"

    return write


def written(document: Any, write: Write, **changes: Any) -> Any:
    return replace(planted(document, write), **changes)


def look_of(document: Any, look: Look) -> Any:
    return replace(document, branding=replace(document.branding, look=look))


def paper(document: Any) -> str:
    if isinstance(document, StatementDocument):
        return render_statement(document, a_logo(), MADE_AT)
    return render_print(document, a_logo(), MADE_AT, "https://billing.example/check/AB")


def screen(document: Any, write: Write) -> str:
    """The sheet as the live page has it: with what is behind, and why each total."""
    behind = (planted(BEHIND, write),) * len(document.lines)
    standing = planted(STANDING, write)
    return render_sheet(document, "", standing, behind, explains=True)


def is_only_text(tried: Page, usual: Page, there: str) -> None:
    """The page is built of the usual parts, and every text of it says all it holds."""
    assert tried.elements <= usual.elements
    assert not [x for x in tried.links if there in x]
    assert not [x for x in tried.addresses if there in x or "passwd" in x or "x()" in x]
    places = set(_PLACE.findall(usual.text))
    assert places == set(_PLACE.findall(tried.text))
    assert "49" not in tried.text.replace("1749", "")
    words = " ".join(printable(attempts(there)).split())
    for place in places:
        # What was recorded of an event was made printable then.
        text = printable(tried.text) if "Behind" in place else tried.text
        assert f"{place} {words}" in text, place


def test_every_text_of_a_document_is_tried():
    tried: set[str] = set()

    def note(place: str, old: str) -> str:
        tried.add(place)
        return old

    for document in DOCUMENTS.values():
        planted(document, note)

    kinds = (InvoiceDocument, CreditNoteDocument, ReceiptDocument, StatementDocument)
    there_are = set().union(*map(text_fields, kinds)) - {"Branding.look"}
    assert tried >= there_are
    assert there_are >= CODES


@pytest.mark.feature("F027")
@pytest.mark.parametrize("look", Look)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_page_shows_texts_as_texts(kind: str, look: Look):
    there = "http://127.0.0.1:9/"
    document = look_of(DOCUMENTS[kind], look)

    usual = read_page(paper(written(document, plain)))
    tried = read_page(paper(written(document, hostile(there))))

    assert "Party.name" in usual.text
    is_only_text(tried, usual, there)


@pytest.mark.parametrize("look", Look)
def test_a_live_page_shows_texts_as_texts(look: Look):
    there = "http://127.0.0.1:9/"
    document = look_of(INVOICE, look)

    usual = read_page(screen(written(document, plain), plain))
    tried = read_page(screen(written(document, hostile(there)), hostile(there)))

    assert "BehindEvent.description" in usual.text
    assert "DocumentLine.name" in usual.text
    is_only_text(tried, usual, there)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_code_that_is_none_is_refused_or_text(kind: str):
    """As a forged export of a workspace may have it."""
    there = "http://127.0.0.1:9/"
    document = DOCUMENTS[kind]
    usual = read_page(paper(document)).elements

    for code in CODES:

        def write(place: str, old: str, code: str = code) -> str:
            return f"{attempts(there)}" if place == code else old

        try:
            tried = read_page(paper(planted(document, write)))
        except (BillingError, AssertionError, LookupError, ValueError, TypeError):
            continue
        assert tried.elements - usual <= {("bdi", frozenset({"dir"}))}, code
        assert not [x for x in tried.addresses if there in x or "x()" in x], code


@pytest.mark.parametrize(
    ("kind", "look", "language"),
    [
        ("invoice", Look.MODERN, "ar"),
        ("invoice", Look.CLASSIC, "en"),
        ("invoice", Look.COMPACT, "en"),
        ("credit note", Look.CLASSIC, "ar"),
        ("receipt", Look.COMPACT, "en"),
        ("statement", Look.MODERN, "en"),
    ],
)
def test_paper_asks_nobody_and_holds_nothing_foreign(
    renderer: PdfRenderer, kind: str, look: Look, language: str
):
    with listening() as (there, callers):
        document = written(
            look_of(DOCUMENTS[kind], look), hostile(there), language=language
        )

        pdf = renderer.render(paper(document), "00" * 32)

        assert callers == []
    assert attachments_of(pdf) == {}
    assert all(x.startswith("https://billing.example/") for x in calls_of(pdf))


def test_a_copy_with_its_payments_asks_nobody(renderer: PdfRenderer):
    with listening() as (there, callers):
        document = written(INVOICE, hostile(there))
        standing = planted(STANDING, hostile(there))

        html = render_standing(document, standing, None, MADE_AT)
        pdf = renderer.render(html, "00" * 32)

        assert callers == []
    assert attachments_of(pdf) == {}
    assert calls_of(pdf) == []


@pytest.mark.parametrize("write_xml", [write_cii, write_ubl])
def test_the_file_for_machines_has_texts_as_texts(
    renderer: PdfRenderer, write_xml: Callable[..., bytes]
):
    """And it is the only file inside of the one for people."""
    with listening() as (there, callers):
        words = " ".join(printable(attempts(there)).split())
        for document in (CREDITED["a line of it"], CREDITED["francs by lines"]):
            tried = written(document, hostile(there))
            try:
                xml = write_xml(tried)
            except NotAnEInvoice:
                pytest.fail("nothing typed keeps a document from being one")
            root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False))
            said = " ".join(" ".join(root.itertext()).split())
            assert root.getroottree().docinfo.internalDTD is None
            assert f"[DocumentLine.name] {words}" in said

            pdf = renderer.render(paper(tried), "00" * 32, xml)

            assert attachments_of(pdf) == {"factur-x.xml": xml}
        assert callers == []
