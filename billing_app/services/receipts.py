"""Issue a receipt for money that came: a document like the invoice's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.document import (
    InvoiceHead,
    ReceiptDocument,
    content_digest,
    from_json,
    to_json,
)
from billing_app.domain.payment import method_name
from billing_app.models import Invoice, IssuedDocument, Payment


@dataclass(frozen=True, slots=True)
class Received:
    """What came for one invoice, in minor units.

    Attributes:
        credit_minor: how much of it the invoice did not take.
        invoice_count: how many invoices the whole payment was for.
    """

    amount_minor: int
    credit_minor: int = 0
    invoice_count: int = 1

    @property
    def taken_minor(self) -> int:
        return self.amount_minor - self.credit_minor


@inner
def issue_receipt(
    uow: UnitOfWork, invoice: Invoice, payment: Payment, received: Received
) -> None:
    """Freeze what was received for an invoice, and what is left of it now.

    One receipt for each payment and invoice, seen by the customer once the
    invoice is.
    """
    assert invoice.id is not None
    assert payment.id is not None
    documents: Sequence[tuple[str, str]] = uow.all(
        _DOCUMENTS, invoice_id=invoice.id, payment_id=payment.id
    )
    content_by_kind: dict[str, str] = dict(documents)
    if "receipt" in content_by_kind:
        return
    printed = from_json(InvoiceHead, content_by_kind["invoice"])

    taken = uow.take_number("receipt", uow.today)
    content = to_json(
        ReceiptDocument(
            number=taken.number,
            invoice_number=printed.number,
            currency=payment.currency,
            language=printed.language,
            branding=printed.branding,
            seller=printed.seller,
            buyer=printed.buyer,
            received_on=payment.received_on,
            method=method_name(payment.method, payment.method_detail),
            reference=payment.reference,
            amount_minor=received.amount_minor,
            total_minor=invoice.total_minor,
            outstanding_minor=invoice.outstanding_minor,
            credit_minor=received.credit_minor,
            earlier_minor=_earlier(invoice, received.taken_minor),
            invoice_count=received.invoice_count,
            whole_minor=payment.amount_minor if received.invoice_count > 1 else 0,
        )
    )
    receipt = {
        "customer_id": payment.customer_id,
        "kind": "receipt",
        "invoice_id": invoice.id,
        "payment_id": payment.id,
        "number": taken.number,
        "content": content,
        "content_digest": content_digest(content),
        "pdf_digest": "",
        "pdf_error": "",
        "page_count": 0,
        "issued_at": uow.now,
        "shown_at": uow.now if invoice.published_at else None,
    }
    uow.append(IssuedDocument, [receipt])


# An invoice's own document is no payment's.
_DOCUMENTS = select(col(IssuedDocument.kind), col(IssuedDocument.content)).where(
    col(IssuedDocument.invoice_id) == bindparam("invoice_id"),
    col(IssuedDocument.payment_id).in_([0, bindparam("payment_id", type_=BigInteger)]),
)


@inner
def hide_receipts(uow: UnitOfWork, payment_id: int) -> None:
    """Stop showing receipts of a payment that was taken back. They are kept."""
    statement = select(IssuedDocument).where(
        col(IssuedDocument.payment_id) == payment_id,
        col(IssuedDocument.kind) == "receipt",
    )
    for document in uow.all(statement):
        document.shown_at = None
    uow.flush()


def _earlier(invoice: Invoice, part_minor: int) -> int:
    """Return what this part of a payment found paid already, or credited."""
    asked_minor = invoice.due_minor + invoice.prepaid_minor
    return asked_minor - invoice.outstanding_minor - part_minor
