"""Keep the printed file beside the document it was printed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.document import DocumentKind
from billing_app.domain.events import DocumentPrinted, Topic
from billing_app.models import (
    CreditNote,
    Invoice,
    IssuedDocument,
    Payment,
    Printed,
    PrintedCopy,
)
from billing_app.services.allocations import receipt_key


@dataclass(frozen=True, slots=True)
class ToPrint:
    """A document whose file may still be missing.

    Attributes:
        pdf_digest: empty until the file is there.
    """

    id: int
    kind: DocumentKind
    content: str
    content_digest: str
    pdf_digest: str
    issued_at: datetime


@job
def find_to_print(uow: UnitOfWork, invoice_id: int, payment_id: int) -> ToPrint | None:
    """Return the document of an invoice, or of one of its receipts."""
    document = uow.first(
        select(IssuedDocument).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.payment_id) == payment_id,
        )
    )
    return _to_print(DocumentKind(document.kind), document) if document else None


@job
def find_credit_note_to_print(uow: UnitOfWork, credit_note_id: int) -> ToPrint | None:
    """Return the document of a credit note."""
    note = uow.find(CreditNote, credit_note_id)
    return _to_print(DocumentKind.CREDIT_NOTE, note) if note else None


@job
def promise_print(
    uow: UnitOfWork,
    document_id: int,
    kind: DocumentKind = DocumentKind.INVOICE,
    *,
    is_awaited: bool = False,
) -> None:
    """See to it that a document is printed, where nobody has promised it yet.

    What was brought in from elsewhere is printed when somebody wants it.
    `is_awaited`: they wait for it now, so it goes before what nobody waits for.
    """
    document = uow.get(_TABLES[kind], document_id)
    if document.pdf_digest:
        return
    if isinstance(document, CreditNote):
        uow.promise(
            Topic.RENDER_CREDIT_NOTE,
            f"credit_note:{document_id}",
            document.invoice_id,
            is_awaited=is_awaited,
            credit_note_id=document_id,
        )
    elif document.payment_id:
        payment = uow.get(Payment, document.payment_id)
        uow.promise(
            Topic.RENDER_RECEIPT,
            receipt_key(payment, document.invoice_id),
            document.invoice_id,
            is_awaited=is_awaited,
            payment_id=document.payment_id,
        )
    else:
        key = f"invoice:{document.invoice_id}"
        uow.promise(
            Topic.RENDER_INVOICE, key, document.invoice_id, is_awaited=is_awaited
        )


@job
def attach_pdf(
    uow: UnitOfWork,
    document_id: int,
    pdf_digest: str,
    kind: DocumentKind = DocumentKind.INVOICE,
) -> None:
    """Note where the file is. The first one stays: a document is printed once.

    The audit trail says which one it was, and is sealed: who changes both the row and
    the file later still leaves a contradiction.
    """
    document = uow.get(_TABLES[kind], document_id, lock=True)
    if document.pdf_digest:
        return
    document.pdf_digest, document.pdf_error = pdf_digest, ""
    uow.flush()
    is_note = isinstance(document, CreditNote)
    uow.record(
        DocumentPrinted(
            invoice_id=document.invoice_id,
            customer_id=document.customer_id,
            number=document.number,
            content_digest=document.content_digest,
            pdf_digest=pdf_digest,
            payment_id=None if is_note else document.payment_id or None,
            credit_note_id=document.id if is_note else None,
        )
    )


@job
def note_copy(uow: UnitOfWork, invoice_id: int, file_digest: str, as_of: date) -> None:
    """Know the file of a copy again that is handed out; twice the same is one."""
    uow.get(Invoice, invoice_id, lock=True)
    known = select(PrintedCopy).where(col(PrintedCopy.file_digest) == file_digest)
    if uow.first(known) is None:
        uow.add(
            PrintedCopy(
                invoice_id=invoice_id,
                file_digest=file_digest,
                as_of=as_of,
                created_at=uow.now,
            )
        )


@job
def note_pdf_error(
    uow: UnitOfWork,
    document_id: int,
    sentence: str,
    kind: DocumentKind = DocumentKind.INVOICE,
) -> None:
    """Note why there is no file yet, for staff to read."""
    document = uow.get(_TABLES[kind], document_id, lock=True)
    document.pdf_error = sentence[:300]
    uow.flush()
    uow.touch(f"invoice:{document.invoice_id}")


_TABLES: dict[DocumentKind, type[IssuedDocument] | type[CreditNote]] = {
    DocumentKind.INVOICE: IssuedDocument,
    DocumentKind.RECEIPT: IssuedDocument,
    DocumentKind.CREDIT_NOTE: CreditNote,
}


def _to_print(kind: DocumentKind, document: Printed) -> ToPrint:
    assert document.id is not None
    return ToPrint(
        id=document.id,
        kind=kind,
        content=document.content,
        content_digest=document.content_digest,
        pdf_digest=document.pdf_digest,
        issued_at=document.issued_at,
    )
