"""What a customer reads: named columns of their own invoice, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select
from sqlmodel import col

from billing_app.database.access import inner, visitor
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.documents.render import printed_parts
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.billable_event import EventFacts
from billing_app.domain.dates import Moment
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentKind,
    InvoiceDocument,
    from_json,
)
from billing_app.domain.e_invoice import find_gaps
from billing_app.domain.errors import NotFound
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_asking import AskingFacts
from billing_app.domain.portal_invoice import (
    CreditNoteFacts,
    DebitFacts,
    PdfState,
    PortalFacts,
    ReceivedFacts,
)
from billing_app.models import (
    Allocation,
    CreditNote,
    Dispute,
    Invoice,
    IssuedDocument,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
)
from billing_app.queries.attempts import SHARE_MINOR, concerns, part_for
from billing_app.queries.portal_asking import ASKING_COUNT, read_asking
from billing_app.queries.portal_disputes import list_disputes
from billing_app.queries.portal_events import EVENT_COUNT, list_billed

# Nobody pays one invoice more often; a program that does is not shown in full.
PAYMENTS_MAX = 200


@dataclass(frozen=True, slots=True)
class ReadInvoice:
    """An invoice as stored, and its document as text; the digest names its file.

    Attributes:
        events: what its lines charge for, in their order.
    """

    facts: PortalFacts
    content: str
    pdf_digest: str
    events: tuple[EventFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Voided:
    """That an invoice was made void, and on which day."""

    invoice_id: int
    on: date


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The printed form of a document; no `pdf_digest` while there is none.

    Attributes:
        voided: of an invoice that was made void: its reader gets a copy that says so.
    """

    id: int
    workspace_id: int
    number: str
    pdf_digest: str
    pdf: PdfState
    kind: DocumentKind = DocumentKind.INVOICE
    voided: Voided | None = None


@visitor
def read_invoice(uow: UnitOfWork, invoice_id: int | None = None) -> ReadInvoice:
    """Read the invoice of an invoice link, or one that a customer link names.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    wanted = _wanted(uow, invoice_id)
    found = uow.first(_INVOICE, invoice_id=wanted)
    if found is None:
        raise NotFound("Invoice not found.")
    return ReadInvoice(
        facts=PortalFacts(
            document=read_document(found.content),
            state=InvoiceState(found.state),
            outstanding_minor=found.outstanding_minor,
            processing_minor=found.processing_minor,
            received=tuple(_list_received(uow, wanted)) if found.received_count else (),
            debits=tuple(_list_debits(uow, wanted)) if found.processing_minor else (),
            pdf=pdf_state(found.pdf_digest, found.pdf_error),
            disputed_minor=found.disputed_minor,
            allocated_minor=found.allocated_minor,
            credited_minor=found.credited_minor,
            written_off_minor=found.written_off_minor,
            credit_notes=tuple(_list_credit_notes(uow, wanted))
            if found.credited_minor
            else (),
            disputes=tuple(list_disputes(uow, wanted)) if found.dispute_count else (),
            asking=read_asking(uow, wanted) if found.asking_count else AskingFacts(),
            voided_on=voided_day(uow, found.voided_at),
        ),
        content=found.content,
        pdf_digest=found.pdf_digest,
        events=list_billed(uow, wanted) if found.event_count else (),
    )


@visitor
def find_document(
    uow: UnitOfWork, payment_id: int = 0, invoice_id: int | None = None
) -> ReadDocument:
    """Find the printed invoice, or with a payment its receipt.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    wanted = _wanted(uow, invoice_id)
    found = uow.first(_DOCUMENT, invoice_id=wanted, payment_id=payment_id)
    if found is None:
        raise NotFound("Invoice not found.")
    voided_on = None if payment_id else voided_day(uow, found.voided_at)
    return ReadDocument(
        found.id,
        uow.actor.workspace_id,
        found.number,
        found.pdf_digest,
        pdf_state(found.pdf_digest, found.pdf_error),
        voided=Voided(wanted, voided_on) if voided_on else None,
    )


@visitor
def read_issued(uow: UnitOfWork, invoice_id: int | None = None) -> InvoiceDocument:
    """Read an invoice as it was issued.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    found = uow.first(_CONTENT, invoice_id=_wanted(uow, invoice_id))
    if found is None:
        raise NotFound("Invoice not found.")
    return read_document(found.content)


@visitor
def find_credit_note(
    uow: UnitOfWork, credit_note_id: int, invoice_id: int | None = None
) -> ReadDocument:
    """Find a printed credit note of an invoice.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    wanted = _wanted(uow, invoice_id)
    found = uow.first(
        _CREDIT_NOTE_FILE, invoice_id=wanted, credit_note_id=credit_note_id
    )
    if found is None:
        raise NotFound("Invoice not found.")
    return ReadDocument(
        found.id,
        uow.actor.workspace_id,
        found.number,
        found.pdf_digest,
        pdf_state(found.pdf_digest, found.pdf_error),
        DocumentKind.CREDIT_NOTE,
    )


@visitor
def read_credit_note(
    uow: UnitOfWork, credit_note_id: int, invoice_id: int | None = None
) -> CreditNoteDocument:
    """Read a credit note of an invoice as it was issued.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    wanted = _wanted(uow, invoice_id)
    found = uow.first(
        _CREDIT_NOTE_CONTENT, invoice_id=wanted, credit_note_id=credit_note_id
    )
    if found is None:
        raise NotFound("Invoice not found.")
    return _read_credit_note(found.content)


@lru_cache(maxsize=256)
def read_document(content: str) -> InvoiceDocument:
    """Read a stored document, which never changes."""
    return from_json(InvoiceDocument, content)


@lru_cache(maxsize=64)
def _read_credit_note(content: str) -> CreditNoteDocument:
    return from_json(CreditNoteDocument, content)


@inner
def voided_day(uow: UnitOfWork, voided_at: datetime | None) -> date | None:
    """Return the business's day on which an invoice was made void."""
    return Moment(voided_at, uow.workspace.zone).today if voided_at else None


@inner
def _wanted(uow: UnitOfWork, invoice_id: int | None) -> int:
    assert isinstance(uow.actor, PortalVisitor)
    wanted = uow.actor.invoice_id or invoice_id
    if wanted is None or invoice_id not in (None, wanted):
        raise NotFound("Invoice not found.")
    return wanted


@inner
def _list_received(uow: UnitOfWork, invoice_id: int) -> Iterator[ReceivedFacts]:
    """List what came for an invoice, latest first: also what became credit."""
    for row in uow.all(_RECEIVED, invoice_id=invoice_id):
        yield ReceivedFacts(
            payment_id=row.id,
            received_on=row.received_on,
            method=row.method,
            method_detail=row.method_detail,
            reference=row.reference,
            status=row.status,
            amount_minor=row.amount_minor,
            part_minor=row.part_minor,
            refunded_minor=row.refunded_minor,
            credit_minor=row.amount_minor - row.allocated_minor - row.refunded_minor,
            receipt_number=row.number or "",
        )


@inner
def _list_credit_notes(uow: UnitOfWork, invoice_id: int) -> Iterator[CreditNoteFacts]:
    """List what was credited of an invoice, latest first."""
    for row in uow.all(_CREDIT_NOTES, invoice_id=invoice_id):
        note = _read_credit_note(row.content)
        yield CreditNoteFacts(
            credit_note_id=row.id,
            number=row.number,
            issued_on=row.issued_on,
            credited_minor=row.total_minor + row.rounding_minor,
            reason=row.reason,
            is_e_invoice=not find_gaps(note),
            parts=printed_parts(note),
        )


@inner
def _list_debits(uow: UnitOfWork, invoice_id: int) -> Iterator[DebitFacts]:
    for amount_minor, created_at in uow.all(_DEBITS, invoice_id=invoice_id):
        yield DebitFacts(amount_minor, created_at)


def pdf_state(pdf_digest: str, pdf_error: str) -> PdfState:
    if pdf_digest:
        return PdfState.READY
    return PdfState.FAILED if pdf_error else PdfState.PENDING


# Every visit asks these, so they are written once: putting one together costs a
# quarter of a visit.
_WANTED_ID = bindparam("invoice_id", type_=BigInteger)

# Few invoices have any, and one statement less is worth a lot.
_DISPUTE_COUNT = (
    select(func.count(col(Dispute.id)))
    .where(col(Dispute.invoice_id) == _WANTED_ID)
    .scalar_subquery()
)

_RECEIVED_COUNT = (
    select(func.count(col(Payment.id)))
    .where(col(Payment.invoice_id) == _WANTED_ID)
    .scalar_subquery()
) + (
    select(func.count(col(Allocation.id)))
    .where(col(Allocation.invoice_id) == _WANTED_ID)
    .scalar_subquery()
)

_INVOICE = (
    select(
        col(Invoice.state),
        col(Invoice.outstanding_minor),
        col(Invoice.processing_minor),
        col(Invoice.disputed_minor),
        col(Invoice.allocated_minor),
        col(Invoice.credited_minor),
        col(Invoice.written_off_minor),
        col(Invoice.voided_at),
        _RECEIVED_COUNT.label("received_count"),
        _DISPUTE_COUNT.label("dispute_count"),
        ASKING_COUNT.label("asking_count"),
        EVENT_COUNT.label("event_count"),
        col(IssuedDocument.content),
        col(IssuedDocument.pdf_digest),
        col(IssuedDocument.pdf_error),
    )
    .join(IssuedDocument, col(IssuedDocument.invoice_id) == col(Invoice.id))
    .where(col(Invoice.id) == _WANTED_ID, col(IssuedDocument.kind) == "invoice")
)

_CONTENT = select(col(IssuedDocument.content)).where(
    col(IssuedDocument.invoice_id) == _WANTED_ID,
    col(IssuedDocument.kind) == "invoice",
)

_DOCUMENT = (
    select(
        col(IssuedDocument.id),
        col(IssuedDocument.number),
        col(IssuedDocument.pdf_digest),
        col(IssuedDocument.pdf_error),
        col(Invoice.voided_at),
    )
    .join(Invoice, col(IssuedDocument.invoice_id) == col(Invoice.id))
    .where(
        col(IssuedDocument.invoice_id) == _WANTED_ID,
        col(IssuedDocument.payment_id) == bindparam("payment_id", type_=BigInteger),
    )
)

_CREDIT_NOTES = (
    select(
        col(CreditNote.id),
        col(CreditNote.number),
        col(CreditNote.issued_on),
        col(CreditNote.total_minor),
        col(CreditNote.rounding_minor),
        col(CreditNote.reason),
        col(CreditNote.content),
    )
    .where(col(CreditNote.invoice_id) == _WANTED_ID)
    .order_by(col(CreditNote.id).desc())
    .limit(PAYMENTS_MAX)
)

_CREDIT_NOTE_FILE = select(
    col(CreditNote.id),
    col(CreditNote.number),
    col(CreditNote.pdf_digest),
    col(CreditNote.pdf_error),
).where(
    col(CreditNote.invoice_id) == _WANTED_ID,
    col(CreditNote.id) == bindparam("credit_note_id", type_=BigInteger),
)

_CREDIT_NOTE_CONTENT = select(col(CreditNote.content)).where(
    col(CreditNote.invoice_id) == _WANTED_ID,
    col(CreditNote.id) == bindparam("credit_note_id", type_=BigInteger),
)

_PAYMENT_COLUMNS = (
    col(Payment.id),
    col(Payment.received_on),
    col(Payment.method),
    col(Payment.method_detail),
    col(Payment.reference),
    col(Payment.status),
    col(Payment.amount_minor),
    col(Payment.allocated_minor),
    col(Payment.refunded_minor),
    col(IssuedDocument.number),
)

_RECEIVED = (
    select(
        *_PAYMENT_COLUMNS,
        func.coalesce(func.sum(Allocation.amount_minor), 0).label("part_minor"),
    )
    .outerjoin(
        Allocation,
        and_(
            col(Allocation.payment_id) == col(Payment.id),
            col(Allocation.invoice_id) == _WANTED_ID,
        ),
    )
    .outerjoin(
        IssuedDocument,
        and_(
            col(IssuedDocument.payment_id) == col(Payment.id),
            col(IssuedDocument.invoice_id) == _WANTED_ID,
        ),
    )
    .where(or_(col(Payment.invoice_id) == _WANTED_ID, col(Allocation.id).is_not(None)))
    .group_by(*_PAYMENT_COLUMNS)
    .order_by(col(Payment.received_on).desc(), col(Payment.id).desc())
    .limit(PAYMENTS_MAX)
)

_DEBITS = (
    select(SHARE_MINOR, col(PaymentAttempt.created_at))
    .outerjoin(PaymentAttemptPart, part_for(_WANTED_ID))
    .where(
        concerns(_WANTED_ID),
        col(PaymentAttempt.status) == AttemptStatus.PROCESSING,
    )
    .order_by(col(PaymentAttempt.id).desc())
)
