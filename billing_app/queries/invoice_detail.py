"""One invoice with everything around it, for the staff's page about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, case, cast, func, or_, select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.custom_fields import FilledField, filled_from_json
from billing_app.domain.dates import Moment
from billing_app.domain.document import DocumentKind, InvoiceDocument, from_json
from billing_app.domain.events import Topic
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
    is_overdue,
)
from billing_app.domain.mail_files import ChosenFiles
from billing_app.domain.mail_settings import KEPT
from billing_app.domain.payment import PaymentStatus
from billing_app.domain.portal_settings import NotifyOn, VisibleOn
from billing_app.models import (
    Allocation,
    Customer,
    Invoice,
    IssuedDocument,
    LineItem,
    Member,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    PaymentNote,
    PortalLink,
    WriteOff,
)
from billing_app.queries.accounting import paid_invoices
from billing_app.queries.attempts import SHARE_MINOR, concerns, part_for
from billing_app.queries.credit_notes import (
    InvoiceLink,
    StaffCreditNote,
    find_follower,
    list_credit_notes,
)
from billing_app.queries.customers import list_credit
from billing_app.queries.disputes import StaffDispute, list_disputes
from billing_app.queries.portal import voided_day
from billing_app.queries.portal_rules import read_late_rules, read_workspace_settings
from billing_app.queries.promises import StaffPromise, list_promises

SHOWN_MAX = 200
_CREDIT = case(
    (
        col(Payment.status) == PaymentStatus.SETTLED,
        col(Payment.amount_minor)
        - col(Payment.allocated_minor)
        - col(Payment.refunded_minor),
    ),
    else_=0,
).label("credit_minor")


@dataclass(frozen=True, slots=True)
class StaffPayment:
    """Money that came for the invoice. Amounts in minor units of `currency`.

    Attributes:
        allocated_minor: the part that pays this invoice.
        credit_minor: what was paid for this invoice beyond what it asked for.
        returnable_minor: the customer's credit in all of it.
        refunded_minor: returned so far, of all of it.
        is_online: it came through Stripe, and is returned there.
        others: numbers of the other invoices that the same payment pays.
        recorded_by: the member's name; empty when the customer paid online.
        notes: staff only, oldest first.
        receipt: the number of its receipt for this invoice; empty where it has none.
    """

    id: int
    received_on: date
    method: str
    method_detail: str
    reference: str
    status: str
    hold_reason: str
    amount_minor: int
    allocated_minor: int
    credit_minor: int
    returnable_minor: int
    refunded_minor: int
    currency: str
    is_online: bool
    recorded_by: str
    notes: tuple[str, ...]
    others: tuple[str, ...] = ()
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class StaffAttempt:
    """A try to pay online that has not become a payment."""

    id: int
    status: str
    failure: str
    amount_minor: int
    currency: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """The live link, without its secret."""

    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailFacts:
    """A mail about the invoice.

    Attributes:
        state: sent, kept in the mailbox, failed, retrying or waiting.
        error: what the mail server said last; empty once it is sent.
        files: what it brings along; None before that was chosen.
    """

    id: int
    topic: str
    state: str
    error: str
    attempts: int
    at: datetime
    files: ChosenFiles | None = None


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """Everything the page about one invoice shows. Amounts in minor units.

    Attributes:
        version: what services that change the invoice want to be given.
        customer_word: what the customer's badge says, where that is another word.
        may_publish: the business shows invoices before they are marked as sent.
        mails_when_published: publishing mails the customer, not a later step.
        document: as issued; None for a draft.
        write_off_reason: why the rest was given up; empty where it was not.
        was_written_off: now, or once and undone.
        credit_minor: what the customer has of credit in this currency.
    """

    id: int
    version: int
    number: str
    status: InvoiceStatus
    customer_word: str
    is_late: bool
    state: InvoiceState
    customer_id: int | None
    customer_name: str
    customer_email: str
    customer_phone: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    due_minor: int
    outstanding_minor: int
    processing_minor: int
    disputed_minor: int
    allocated_minor: int
    credited_minor: int
    written_off_minor: int
    write_off_reason: str
    was_written_off: bool
    credit_minor: int
    credit_notes: tuple[StaffCreditNote, ...]
    replaces: InvoiceLink | None
    replaced_by: InvoiceLink | None
    issued_on: date | None
    due_on: date | None
    purchase_order: str
    job: str
    own_fields: tuple[FilledField, ...]
    line_fields: tuple[tuple[int, FilledField], ...]
    void_reason: str
    voided_on: date | None
    cancelled_at: datetime | None
    cancel_reason: str
    may_publish: bool
    mails_when_published: bool
    published_at: datetime | None
    sent_at: datetime | None
    archived_at: datetime | None
    first_viewed_at: datetime | None
    document: InvoiceDocument | None
    has_pdf: bool
    pdf_error: str
    link: LinkFacts | None
    payments: tuple[StaffPayment, ...]
    attempts: tuple[StaffAttempt, ...]
    disputes: tuple[StaffDispute, ...]
    mails: tuple[MailFacts, ...]
    promises: tuple[StaffPromise, ...]
    moment: Moment


@staff(Permission.VIEW)
def read_invoice(uow: UnitOfWork, invoice_id: int) -> InvoiceDetail:
    """Return one invoice and what belongs to it.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    write_off_reason = _last_write_off_reason(uow, invoice_id)
    document, has_pdf, pdf_error = _document(uow, invoice_id)
    customer = _customer(uow, invoice.customer_id)
    facts = InvoiceFacts(
        InvoiceState(invoice.state),
        invoice.prepaid_minor,
        invoice.outstanding_minor,
        invoice.processing_minor,
        invoice.due_on,
        read_late_rules(uow),
        invoice.credited_minor,
        invoice.allocated_minor,
        invoice.written_off_minor,
        invoice.cancelled_at is not None,
    )
    portal, status = read_workspace_settings(uow), compute_status(facts, uow.today)
    customer_word = portal.word_of(status)
    return InvoiceDetail(
        id=invoice_id,
        version=invoice.version,
        number=invoice.number or "",
        status=status,
        customer_word="" if customer_word == status else customer_word,
        is_late=is_overdue(facts, uow.today),
        state=facts.state,
        customer_id=invoice.customer_id,
        customer_name=invoice.customer_name,
        customer_email=customer.email if customer else "",
        customer_phone=customer.phone if customer else "",
        currency=invoice.currency,
        net_minor=invoice.net_minor,
        tax_minor=invoice.tax_minor,
        total_minor=invoice.total_minor,
        due_minor=invoice.due_minor,
        outstanding_minor=invoice.outstanding_minor,
        processing_minor=invoice.processing_minor,
        disputed_minor=invoice.disputed_minor,
        allocated_minor=invoice.allocated_minor,
        credited_minor=invoice.credited_minor,
        written_off_minor=invoice.written_off_minor,
        write_off_reason=write_off_reason if invoice.written_off_minor else "",
        was_written_off=bool(write_off_reason),
        credit_minor=dict(list_credit(uow, invoice.customer_id or 0)).get(
            invoice.currency, 0
        ),
        credit_notes=list_credit_notes(uow, invoice_id)
        if invoice.credited_minor
        else (),
        replaces=_replaced(uow, invoice.replaces_id),
        replaced_by=find_follower(uow, invoice_id) if invoice.credited_minor else None,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        purchase_order=invoice.purchase_order,
        job=invoice.job,
        own_fields=filled_from_json(invoice.custom_fields),
        line_fields=_kept_from_customers(uow, invoice_id),
        void_reason=invoice.void_reason,
        voided_on=voided_day(uow, invoice.voided_at),
        cancelled_at=invoice.cancelled_at,
        cancel_reason=invoice.cancel_reason,
        may_publish=portal.visible_on != VisibleOn.SEND,
        mails_when_published=portal.notify_on == NotifyOn.PUBLISH,
        published_at=invoice.published_at,
        sent_at=invoice.sent_at,
        archived_at=invoice.archived_at,
        first_viewed_at=invoice.first_viewed_at,
        document=document,
        has_pdf=has_pdf,
        pdf_error=pdf_error,
        link=_live_link(uow, invoice_id),
        payments=_payments(uow, invoice_id),
        attempts=_attempts(uow, invoice_id),
        disputes=list_disputes(uow, invoice_id),
        mails=_mails(uow, invoice_id),
        promises=list_promises(uow, [invoice_id]),
        moment=Moment(uow.now, uow.workspace.zone),
    )


def _last_write_off_reason(uow: UnitOfWork, invoice_id: int) -> str:
    """Return why the rest was given up, or asked for again; empty where neither."""
    reasons = select(col(WriteOff.staff_reason)).where(
        col(WriteOff.invoice_id) == invoice_id
    )
    latest = uow.first(reasons.order_by(col(WriteOff.id).desc()).limit(1))
    return latest.staff_reason if latest else ""


def _customer(uow: UnitOfWork, customer_id: int | None) -> Customer | None:
    return None if customer_id is None else uow.find(Customer, customer_id)


def _replaced(uow: UnitOfWork, invoice_id: int | None) -> InvoiceLink | None:
    replaced = None if invoice_id is None else uow.find(Invoice, invoice_id)
    return replaced and InvoiceLink(invoice_id or 0, replaced.number or "")


def _document(
    uow: UnitOfWork, invoice_id: int
) -> tuple[InvoiceDocument | None, bool, str]:
    columns: tuple[Any, ...] = (
        IssuedDocument.content,
        IssuedDocument.pdf_digest,
        IssuedDocument.pdf_error,
    )
    row = uow.first(
        select(*columns).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if row is None:
        return None, False, ""
    return from_json(InvoiceDocument, row.content), bool(row.pdf_digest), row.pdf_error


def _kept_from_customers(
    uow: UnitOfWork, invoice_id: int
) -> tuple[tuple[int, FilledField], ...]:
    """Return the fields of lines that no document has, each with its line's place."""
    filled = select(col(LineItem.position), col(LineItem.custom_fields)).where(
        col(LineItem.invoice_id) == invoice_id,
        cast(col(LineItem.custom_fields), String) != "[]",
    )
    return tuple(
        (position + 1, field)
        for position, stored in uow.all(filled.order_by(col(LineItem.position)))
        for field in filled_from_json(stored)
        if field.is_staff_only
    )


def _live_link(uow: UnitOfWork, invoice_id: int) -> LinkFacts | None:
    columns: tuple[Any, ...] = (
        PortalLink.created_at,
        PortalLink.expires_at,
        PortalLink.last_used_at,
    )
    row = uow.first(
        select(*columns)
        .where(
            col(PortalLink.invoice_id) == invoice_id,
            col(PortalLink.revoked_at).is_(None),
            or_(
                col(PortalLink.expires_at).is_(None),
                col(PortalLink.expires_at) > uow.now,
            ),
        )
        .order_by(col(PortalLink.id).desc())
        .limit(1)
    )
    return row and LinkFacts(row.created_at, row.expires_at, row.last_used_at)


def _payments(uow: UnitOfWork, invoice_id: int) -> tuple[StaffPayment, ...]:
    """Read what pays the invoice and what was meant to."""
    parts: dict[int, int] = dict(
        uow.all(
            select(col(Allocation.payment_id), func.sum(Allocation.amount_minor))
            .where(col(Allocation.invoice_id) == invoice_id)
            .group_by(col(Allocation.payment_id))
        )
    )
    columns: tuple[Any, ...] = (
        Payment.id,
        Payment.invoice_id,
        Payment.received_on,
        Payment.method,
        Payment.method_detail,
        Payment.reference,
        Payment.status,
        Payment.hold_reason,
        Payment.amount_minor,
        Payment.allocated_minor,
        Payment.refunded_minor,
        Payment.currency,
        Payment.provider,
        Payment.disputed_at,
        Member.name,
        _CREDIT,
    )
    statement = (
        select(*columns)
        .outerjoin(Member, col(Member.id) == col(Payment.recorded_by))
        .where(or_(col(Payment.id).in_(parts), col(Payment.invoice_id) == invoice_id))
        .order_by(col(Payment.received_on), col(Payment.id))
        .limit(SHOWN_MAX)
    )
    rows = uow.all(statement)
    ids = [row.id for row in rows]
    notes, paid = _notes(uow, ids), paid_invoices(uow, ids)
    receipts = _receipts(uow, invoice_id)
    return tuple(
        StaffPayment(
            id=row.id,
            received_on=row.received_on,
            method=row.method,
            method_detail=row.method_detail,
            reference=row.reference,
            status=row.status,
            hold_reason=row.hold_reason,
            amount_minor=row.amount_minor,
            allocated_minor=int(parts.get(row.id, 0)),
            credit_minor=row.credit_minor if row.invoice_id == invoice_id else 0,
            returnable_minor=_credit_in(row),
            refunded_minor=row.refunded_minor,
            currency=row.currency,
            is_online=row.provider is not None,
            recorded_by=row.name or "",
            notes=tuple(notes.get(row.id, ())),
            others=tuple(
                each.number for each in paid.get(row.id, ()) if each.id != invoice_id
            ),
            receipt=receipts.get(row.id, ""),
        )
        for row in rows
    )


def _receipts(uow: UnitOfWork, invoice_id: int) -> dict[int, str]:
    """Return the number of the receipt of each payment of the invoice that has one."""
    return dict(
        uow.all(
            select(col(IssuedDocument.payment_id), col(IssuedDocument.number)).where(
                col(IssuedDocument.invoice_id) == invoice_id,
                col(IssuedDocument.kind) == DocumentKind.RECEIPT,
            )
        )
    )


def _credit_in(row: Any) -> int:
    """Return what can be returned of a payment: nothing while a bank claims it."""
    if row.status != PaymentStatus.SETTLED or row.disputed_at is not None:
        return 0
    return row.amount_minor - row.allocated_minor - row.refunded_minor


def _notes(uow: UnitOfWork, payment_ids: list[int]) -> dict[int, list[str]]:
    notes: dict[int, list[str]] = {}
    rows = uow.all(
        select(col(PaymentNote.payment_id), col(PaymentNote.body))
        .where(col(PaymentNote.payment_id).in_(payment_ids))
        .order_by(col(PaymentNote.id))
    )
    for payment_id, body in rows:
        notes.setdefault(payment_id, []).append(body)
    return notes


def _attempts(uow: UnitOfWork, invoice_id: int) -> tuple[StaffAttempt, ...]:
    columns: tuple[Any, ...] = (
        PaymentAttempt.id,
        PaymentAttempt.status,
        PaymentAttempt.failure,
        SHARE_MINOR,
        PaymentAttempt.currency,
        PaymentAttempt.changed_at,
    )
    rows = uow.all(
        select(*columns)
        .outerjoin(PaymentAttemptPart, part_for(invoice_id))
        .where(
            concerns(invoice_id),
            col(PaymentAttempt.status).not_in(("succeeded", "expired", "prepared")),
        )
        .order_by(col(PaymentAttempt.id).desc())
        .limit(SHOWN_MAX)
    )
    return tuple(StaffAttempt(*row) for row in rows)


def _mails(uow: UnitOfWork, invoice_id: int) -> tuple[MailFacts, ...]:
    messages = uow.all(
        select(OutboxMessage)
        .where(
            col(OutboxMessage.invoice_id) == invoice_id,
            col(OutboxMessage.topic).startswith("mail."),
            # Whether anybody was mailed about a comment is decided on the way.
            or_(
                col(OutboxMessage.topic) != Topic.MAIL_COMMENT,
                col(OutboxMessage.failed_at).is_not(None),
            ),
        )
        .order_by(col(OutboxMessage.id).desc())
        .limit(SHOWN_MAX)
    )
    return tuple(_mail(row.OutboxMessage) for row in messages)


def _mail(message: OutboxMessage) -> MailFacts:
    assert message.id is not None
    state = "waiting"
    if message.done_at is not None:
        state = "kept" if message.details.get(KEPT) else "sent"
    elif message.failed_at is not None:
        state = "failed"
    elif message.attempts:
        state = "retrying"
    return MailFacts(
        id=message.id,
        topic=message.topic,
        state=state,
        error="" if message.done_at is not None else message.last_error,
        attempts=message.attempts,
        at=message.done_at or message.failed_at or message.created_at,
        files=ChosenFiles.from_details(message.details),
    )
