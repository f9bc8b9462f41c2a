"""The printed files of an invoice and its credit notes, for staff."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentKind,
    InvoiceDocument,
    from_json,
)
from billing_app.domain.errors import NotFound
from billing_app.models import CreditNote, Invoice, IssuedDocument
from billing_app.queries.portal import ReadDocument, Voided, pdf_state, voided_day


@staff(Permission.VIEW)
def find_credit_note_file(uow: UnitOfWork, credit_note_id: int) -> ReadDocument:
    """Find the printed form of a credit note.

    Raises:
        NotFound: it does not exist in this workspace.
    """
    note = uow.get(CreditNote, credit_note_id)
    assert note.id is not None
    return ReadDocument(
        note.id,
        uow.actor.workspace_id,
        note.number,
        note.pdf_digest,
        pdf_state(note.pdf_digest, note.pdf_error),
        DocumentKind.CREDIT_NOTE,
    )


@staff(Permission.VIEW)
def read_credit_note(uow: UnitOfWork, credit_note_id: int) -> CreditNoteDocument:
    """Read a credit note as it was issued.

    Raises:
        NotFound: it does not exist in this workspace.
    """
    note = uow.get(CreditNote, credit_note_id)
    return from_json(CreditNoteDocument, note.content)


@staff(Permission.VIEW)
def find_invoice_file(uow: UnitOfWork, invoice_id: int) -> ReadDocument:
    """Find the printed form of an issued invoice.

    Raises:
        NotFound: it does not exist, or is still a draft.
    """
    statement = select(
        col(IssuedDocument.id),
        col(IssuedDocument.number),
        col(IssuedDocument.pdf_digest),
        col(IssuedDocument.pdf_error),
        col(Invoice.voided_at),
    ).join(Invoice, col(IssuedDocument.invoice_id) == col(Invoice.id))
    found = uow.first(
        statement.where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if found is None:
        raise NotFound("That invoice has no document yet.")
    voided_on = voided_day(uow, found.voided_at)
    return ReadDocument(
        found.id,
        uow.actor.workspace_id,
        found.number,
        found.pdf_digest,
        pdf_state(found.pdf_digest, found.pdf_error),
        voided=Voided(invoice_id, voided_on) if voided_on else None,
    )


@staff(Permission.VIEW)
def find_receipt_file(
    uow: UnitOfWork, invoice_id: int, payment_id: int
) -> ReadDocument:
    """Find the printed receipt of a payment of an invoice.

    Raises:
        NotFound: there is none in this workspace.
    """
    found = uow.first(
        select(
            col(IssuedDocument.id),
            col(IssuedDocument.number),
            col(IssuedDocument.pdf_digest),
            col(IssuedDocument.pdf_error),
        ).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.payment_id) == payment_id,
            col(IssuedDocument.kind) == DocumentKind.RECEIPT,
        )
    )
    if found is None:
        raise NotFound("Receipt not found.")
    return ReadDocument(
        found.id,
        uow.actor.workspace_id,
        found.number,
        found.pdf_digest,
        pdf_state(found.pdf_digest, found.pdf_error),
    )


@staff(Permission.VIEW)
def read_issued(uow: UnitOfWork, invoice_id: int) -> InvoiceDocument:
    """Read an invoice as it was issued.

    Raises:
        NotFound: it does not exist, or is still a draft.
    """
    found = uow.first(
        select(col(IssuedDocument.content)).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if found is None:
        raise NotFound("That invoice has no document yet.")
    return from_json(InvoiceDocument, found.content)
