"""What a mail about an invoice needs, read at the moment it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.document import (
    Branding,
    CreditNoteDocument,
    InvoiceDocument,
    ReceiptDocument,
    from_json,
)
from billing_app.domain.mail_settings import MailSettings
from billing_app.domain.payability import find_shut_gate
from billing_app.domain.payment import print_method
from billing_app.models import (
    CreditNote,
    Customer,
    CustomerContact,
    Invoice,
    IssuedDocument,
    Payment,
    PortalLink,
    Refund,
    WorkspaceSettings,
)
from billing_app.queries.payability import read_facts


@dataclass(frozen=True, slots=True)
class MailFacts:
    """Everything about one invoice that a mail may say.

    Attributes:
        token: of the live portal link, empty when none is live.
        to: the customer's address and, where copies are wanted, the contacts'.
        is_open: issued, not void, and something is outstanding.
    """

    customer_id: int
    document: InvoiceDocument
    outstanding_minor: int
    is_open: bool
    is_payable_online: bool
    token: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the business's name, its looks and its mail settings."""

    name: str
    branding: Branding
    reply_to: str
    mail: MailSettings
    password: str


@job
def read_mail_facts(uow: UnitOfWork, invoice_id: int) -> MailFacts:
    """Return what is true of an invoice now.

    Raises:
        NotFound: no such invoice.
    """
    invoice = uow.get(Invoice, invoice_id)
    document = uow.one(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    is_open = invoice.state == "issued" and invoice.outstanding_minor > 0
    assert invoice.customer_id is not None
    return MailFacts(
        customer_id=invoice.customer_id,
        document=from_json(InvoiceDocument, document),
        outstanding_minor=invoice.outstanding_minor,
        is_open=is_open,
        is_payable_online=find_shut_gate(read_facts(uow, invoice)) is None,
        token=_token(uow, invoice_id),
        to=list_recipients(uow, invoice.customer_id),
    )


@job
def read_receipt_facts(
    uow: UnitOfWork, invoice_id: int, payment_id: int
) -> ReceiptDocument | None:
    """Return the receipt of a payment, or None when it was taken back."""
    content = uow.first(
        _shown_receipts(payment_id).where(col(IssuedDocument.invoice_id) == invoice_id)
    )
    return from_json(ReceiptDocument, content) if content else None


@job
def list_receipts(uow: UnitOfWork, payment_id: int) -> tuple[ReceiptDocument, ...]:
    """Return the receipts of a payment that paid several invoices, oldest first."""
    receipts = (
        from_json(ReceiptDocument, content)
        for content in uow.all(_shown_receipts(payment_id))
    )
    return tuple(receipt for receipt in receipts if receipt.invoice_count > 1)


@job
def list_receipt_links(uow: UnitOfWork, payment_id: int) -> tuple[tuple[int, str], ...]:
    """Return the invoices that a payment has receipts for, oldest receipt first.

    Each with the token of its live link; those without one are left out.
    """
    ids = uow.all(_shown_receipts(payment_id, IssuedDocument.invoice_id))
    links = ((invoice_id, _token(uow, invoice_id)) for invoice_id in ids)
    return tuple((invoice_id, token) for invoice_id, token in links if token)


def _shown_receipts(payment_id: int, column: Any = IssuedDocument.content) -> Any:
    return (
        select(column)
        .where(
            col(IssuedDocument.payment_id) == payment_id,
            col(IssuedDocument.kind) == "receipt",
            col(IssuedDocument.shown_at).is_not(None),
        )
        .order_by(col(IssuedDocument.id))
    )


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money that was returned, in minor units; `is_online`: it went back by itself."""

    amount_minor: int
    refunded_on: date
    method: str
    is_online: bool


@job
def find_refund(uow: UnitOfWork, refund_id: int, language: str) -> RefundFacts | None:
    """Return a refund, or None where the money has come back meanwhile."""
    refund = uow.get(Refund, refund_id)
    payment = uow.get(Payment, refund.payment_id)
    if not payment.refunded_minor:
        return None
    return RefundFacts(
        amount_minor=refund.amount_minor,
        refunded_on=refund.refunded_on,
        method=print_method(payment.method, payment.method_detail, language),
        is_online=payment.provider is not None,
    )


@job
def read_credit_note(uow: UnitOfWork, credit_note_id: int) -> CreditNoteDocument | None:
    """Return a credit note as printed, or None while the customer can't see it."""
    note = uow.get(CreditNote, credit_note_id)
    return from_json(CreditNoteDocument, note.content) if note.shown_at else None


@staff(Permission.VIEW)
def has_own_server(uow: UnitOfWork) -> bool:
    """Say whether this workspace sends mail through a server of its own."""
    return MailSettings.from_stored(uow.one(select(WorkspaceSettings.mail))).has_server


@job
def read_sender(uow: UnitOfWork) -> Sender:
    """Return how this workspace sends mail. Holds the password: keep it short."""
    settings = uow.one(select(WorkspaceSettings))
    mail = MailSettings.from_stored(settings.mail)
    encrypted = settings.mail_password_encrypted
    return Sender(
        name=settings.legal_name or uow.workspace.name,
        branding=Branding(
            accent=settings.accent,
            logo_digest=settings.logo_digest,
            logo_width=settings.logo_width,
            logo_height=settings.logo_height,
        ),
        reply_to=mail.reply_to or settings.email,
        mail=mail,
        password=uow.cipher.decrypt(encrypted) if encrypted else "",
    )


def _token(uow: UnitOfWork, invoice_id: int) -> str:
    links = uow.all(
        select(PortalLink)
        .where(
            col(PortalLink.invoice_id) == invoice_id,
            col(PortalLink.revoked_at).is_(None),
        )
        .order_by(col(PortalLink.id).desc())
    )
    live = (x for x in links if x.expires_at is None or x.expires_at > uow.now)
    link = next(live, None)
    return uow.cipher.decrypt(link.token_encrypted) if link else ""


@inner
def list_recipients(uow: UnitOfWork, customer_id: int) -> tuple[str, ...]:
    """Return where mail to a customer goes: its own address, then its contacts'."""
    settings = uow.one(select(WorkspaceSettings.mail))
    first = uow.one(select(Customer.email).where(col(Customer.id) == customer_id))
    contacts = uow.all(
        select(col(CustomerContact.email), col(CustomerContact.kind))
        .where(col(CustomerContact.customer_id) == customer_id)
        .order_by(col(CustomerContact.kind) != "to", col(CustomerContact.id))
    )
    kinds = {"to"}
    if MailSettings.from_stored(settings).sends_copies:
        kinds.add("cc")
    others = (email for email, kind in contacts if kind in kinds)
    return tuple(dict.fromkeys(x for x in (first, *others) if x))
