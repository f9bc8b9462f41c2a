"""What may be said of a document to whoever holds it."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentKind,
    InvoiceDocument,
    ReceiptDocument,
    from_json,
)
from billing_app.domain.genuine import CheckedDocument
from billing_app.domain.invoice import InvoiceFacts, InvoiceState, compute_status
from billing_app.domain.payment import PaymentStatus
from billing_app.models import (
    CreditNote,
    Invoice,
    IssuedDocument,
    Payment,
    PrintedCopy,
)
from billing_app.queries.letterhead import bank_of, read_settings
from billing_app.queries.portal_rules import read_late_rules, read_workspace_settings


@job
def read_checked(
    uow: UnitOfWork, kind: DocumentKind, document_id: int, file: str
) -> CheckedDocument:
    """Return what a document's holder may compare, and what became of it.

    `file` is the digest of what they hold, or empty: it may be a later copy.

    Raises:
        NotFound: it does not exist in this workspace.
    """
    if kind == DocumentKind.CREDIT_NOTE:
        return _credit_note(uow, uow.get(CreditNote, document_id))
    row = uow.get(IssuedDocument, document_id)
    if kind == DocumentKind.RECEIPT:
        return _receipt(uow, row)
    return _invoice(uow, row, file)


def _invoice(uow: UnitOfWork, row: IssuedDocument, file: str) -> CheckedDocument:
    document = from_json(InvoiceDocument, row.content)
    copy = uow.first(
        select(col(PrintedCopy.as_of)).where(
            col(PrintedCopy.invoice_id) == row.invoice_id,
            col(PrintedCopy.file_digest) == file,
        )
    )
    facts = uow.one(
        select(
            col(Invoice.state),
            col(Invoice.prepaid_minor),
            col(Invoice.outstanding_minor),
            col(Invoice.processing_minor),
            col(Invoice.due_on),
            col(Invoice.credited_minor),
            col(Invoice.allocated_minor),
            col(Invoice.written_off_minor),
        ).where(col(Invoice.id) == row.invoice_id)
    )
    is_issued = facts.state == InvoiceState.ISSUED
    status = compute_status(
        InvoiceFacts(
            state=InvoiceState(facts.state),
            prepaid_minor=facts.prepaid_minor,
            outstanding_minor=facts.outstanding_minor,
            processing_minor=facts.processing_minor,
            due_on=facts.due_on,
            rules=read_late_rules(uow),
            credited_minor=facts.credited_minor,
            allocated_minor=facts.allocated_minor,
            written_off_minor=facts.written_off_minor,
        ),
        uow.today,
    )
    return CheckedDocument(
        kind=DocumentKind.INVOICE,
        number=document.number,
        seller=document.seller.name,
        issued_on=document.issued_on,
        total_minor=document.total_minor,
        currency=document.currency,
        status=read_workspace_settings(uow).word_of(status),
        bank=bank_of(read_settings(uow), document.currency).rows,
        file_digest=file if copy else row.pdf_digest,
        due_minor=facts.outstanding_minor if is_issued else None,
        copied_on=copy.as_of if copy else None,
    )


def _receipt(uow: UnitOfWork, row: IssuedDocument) -> CheckedDocument:
    document = from_json(ReceiptDocument, row.content)
    payment = uow.get(Payment, row.payment_id)
    return CheckedDocument(
        kind=DocumentKind.RECEIPT,
        number=document.number,
        seller=document.seller.name,
        issued_on=document.received_on,
        total_minor=document.amount_minor,
        currency=document.currency,
        status="Payment taken back" if payment.status == PaymentStatus.REVERSED else "",
        bank=(),
        file_digest=row.pdf_digest,
    )


def _credit_note(uow: UnitOfWork, row: CreditNote) -> CheckedDocument:
    document = from_json(CreditNoteDocument, row.content)
    return CheckedDocument(
        kind=DocumentKind.CREDIT_NOTE,
        number=document.number,
        seller=document.seller.name,
        issued_on=document.issued_on,
        total_minor=document.total_minor,
        currency=document.currency,
        status="",
        bank=(),
        file_digest=row.pdf_digest,
    )
