"""Issue a receipt for money that came: a document like the invoice's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
from billing_app.domain.payment import print_method
from billing_app.models import Invoice, IssuedDocument, Payment


@dataclass(frozen=True, slots=True)
class Received:
    """What came for one locked invoice, in minor units.

    Attributes:
        credit_minor: how much of it the invoice did not take.
        invoice_count: how many invoices the whole payment was for.
    """

    invoice: Invoice
    payment: Payment
    amount_minor: int
    credit_minor: int = 0
    invoice_count: int = 1

    @property
    def taken_minor(self) -> int:
        return self.amount_minor - self.credit_minor


@inner
def issue_receipts(uow: UnitOfWork, received: Sequence[Received]) -> None:
    """Freeze what was received for invoices, and what is left of each now.

    One receipt for each payment and invoice, seen by the customer once the
    invoice is.
    """
    documents: dict[tuple[int | None, int | None], str] = {
        (invoice_id, payment_id): content
        for invoice_id, payment_id, content in uow.all(
            _DOCUMENTS,
            invoice_ids=[each.invoice.id for each in received],
            payment_ids=[0, *(each.payment.id for each in received)],
        )
    }
    new = [x for x in received if (x.invoice.id, x.payment.id) not in documents]
    if not new:
        return
    customer_ids = [each.payment.customer_id for each in new]
    numbers = uow.take_numbers("receipt", uow.today, customer_ids)
    receipts = [
        _receipt(uow, each, taken.number, documents[each.invoice.id, 0])
        for each, taken in zip(new, numbers, strict=True)
    ]
    uow.append(IssuedDocument, receipts)


def _receipt(
    uow: UnitOfWork, received: Received, number: str, invoice_content: str
) -> dict[str, Any]:
    invoice, payment = received.invoice, received.payment
    printed = from_json(InvoiceHead, invoice_content)
    content = to_json(
        ReceiptDocument(
            number=number,
            invoice_number=printed.number,
            currency=payment.currency,
            language=printed.language,
            branding=printed.branding,
            seller=printed.seller,
            buyer=printed.buyer,
            received_on=payment.received_on,
            method=print_method(
                payment.method, payment.method_detail, printed.language
            ),
            reference=payment.reference,
            amount_minor=received.amount_minor,
            total_minor=invoice.total_minor,
            outstanding_minor=invoice.outstanding_minor,
            credit_minor=received.credit_minor,
            earlier_minor=_earlier(invoice, received.taken_minor),
            written_off_minor=invoice.written_off_minor,
            invoice_count=received.invoice_count,
            whole_minor=payment.amount_minor if received.invoice_count > 1 else 0,
        )
    )
    return {
        "customer_id": payment.customer_id,
        "kind": "receipt",
        "invoice_id": invoice.id,
        "payment_id": payment.id,
        "number": number,
        "content": content,
        "content_digest": content_digest(content),
        "pdf_digest": "",
        "pdf_error": "",
        "page_count": 0,
        "issued_at": uow.now,
        "shown_at": uow.now if invoice.published_at else None,
    }


# An invoice's own document is no payment's, which is 0; the rest are receipts.
_DOCUMENTS = select(
    col(IssuedDocument.invoice_id),
    col(IssuedDocument.payment_id),
    col(IssuedDocument.content),
).where(
    col(IssuedDocument.invoice_id).in_(
        bindparam("invoice_ids", type_=BigInteger, expanding=True)
    ),
    col(IssuedDocument.payment_id).in_(
        bindparam("payment_ids", type_=BigInteger, expanding=True)
    ),
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
    asked_minor = invoice.due_minor + invoice.prepaid_minor - invoice.written_off_minor
    return asked_minor - invoice.outstanding_minor - part_minor
