"""What was printed is read back exactly as it was."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.document import (
    BankRow,
    Branding,
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    Look,
    Party,
    ReceiptDocument,
    content_digest,
    from_json,
    to_json,
)

LINE = DocumentLine(
    name="Fuel", description="Jet A-1", quantity=Decimal("1.5"), unit="L",
    unit_price=Decimal("1.42000000"), base_quantity=Decimal(1), discount="",
    discount_minor=0, tax="21%", amount_minor=213, net_minor=213,
)  # fmt: skip
INVOICE = InvoiceDocument(
    number="INV-00001", currency="EUR", language="nl",
    branding=Branding(Look.CLASSIC, "#0f5c73", ""),
    seller=Party("Northwind B.V.", ("Heathrowbaan 4", "3045 AG Rotterdam"), "NL"),
    buyer=Party("Vermeer Optics"), issued_on=date(2026, 11, 12), due_on=None,
    delivery_on=None, purchase_order="", prices_inclusive=False, lines=(LINE,),
    adjustments=(), taxes=(DocumentTax("VAT", "S", Decimal(21), 213, 45),),
    line_sum_minor=213, net_minor=213, tax_minor=45, total_minor=258,
    prepaid_minor=0, rounding_minor=0, due_minor=258, notes="Grüße\n<b>", terms="",
    bank=(BankRow("IBAN", "NL91"),),
)  # fmt: skip


def test_a_document_survives_storage_unchanged():
    assert from_json(InvoiceDocument, to_json(INVOICE)) == INVOICE


def test_the_same_document_always_has_the_same_digest():
    again = from_json(InvoiceDocument, to_json(INVOICE))

    assert content_digest(to_json(again)) == content_digest(to_json(INVOICE))


def test_another_cent_is_another_digest():
    dearer = replace(INVOICE, total_minor=259)

    assert content_digest(to_json(dearer)) != content_digest(to_json(INVOICE))


# Text as a database can store it: no halves of surrogate pairs.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FACTOR = st.decimals(-(10**9), 10**9, places=8)
LINES = st.builds(
    DocumentLine, TEXT, TEXT, FACTOR, TEXT, FACTOR, FACTOR, TEXT, st.integers(),
    TEXT, st.integers(), st.integers(), TEXT, TEXT,
)  # fmt: skip


@given(st.lists(LINES, max_size=3), TEXT, st.none() | st.dates(), st.booleans())
def test_whatever_was_typed_survives_storage(
    lines: list[DocumentLine], notes: str, due_on: date | None, is_inclusive: bool
):
    document = replace(
        INVOICE,
        lines=tuple(lines),
        notes=notes,
        due_on=due_on,
        prices_inclusive=is_inclusive,
    )

    text = to_json(document)

    assert from_json(InvoiceDocument, text) == document
    assert to_json(from_json(InvoiceDocument, text)) == text


def test_a_receipt_survives_storage_unchanged():
    receipt = ReceiptDocument(
        number="R-1", invoice_number="INV-00001", currency="EUR", language="nl",
        branding=Branding(), seller=Party("Northwind"), buyer=Party("Vermeer"),
        received_on=date(2026, 11, 13), method="Card", reference="", amount_minor=258,
        total_minor=258, outstanding_minor=0,
    )  # fmt: skip

    assert from_json(ReceiptDocument, to_json(receipt)) == receipt


def test_a_document_stored_before_a_field_existed_is_read_with_its_default():
    older = to_json(INVOICE).replace(',"group_reference":""', "")

    assert from_json(InvoiceDocument, older) == INVOICE
