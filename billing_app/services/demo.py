"""Furnish a workspace of the demo, and put away the work of its past."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import prod
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Role
from billing_app.domain.events import MemberAdded, Topic
from billing_app.domain.portal_settings import PortalSettings
from billing_app.models import (
    BillableEvent,
    Customer,
    CustomerContact,
    Invoice,
    Member,
    NumberSeries,
    OutboxMessage,
    Person,
    Reminder,
    StripeAccount,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)
from billing_app.services import reminders

# Between two old documents that are made after the start.
_PAUSE = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class StripeKeys:
    """The keys of a Stripe account; never of a live one here."""

    secret_key: str
    webhook_secret: str
    publishable_key: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Furnishing:
    """What the owner would have entered in Settings.

    Attributes:
        letterhead: columns of WorkspaceSettings.
    """

    letterhead: dict[str, Any]
    portal: PortalSettings
    invoice_pattern: str
    stripe: StripeKeys


@job
def furnish(uow: UnitOfWork, furnishing: Furnishing) -> None:
    """Fill in the settings of a new workspace."""
    settings = uow.one(select(WorkspaceSettings))
    for name, value in furnishing.letterhead.items():
        setattr(settings, name, value)
    settings.portal = furnishing.portal.to_stored()
    series = uow.one(select(NumberSeries).where(col(NumberSeries.code) == "invoice"))
    series.pattern = furnishing.invoice_pattern
    keys = furnishing.stripe
    uow.add(
        StripeAccount(
            secret_key_encrypted=uow.cipher.encrypt(keys.secret_key),
            secret_key_last4=keys.secret_key[-4:],
            webhook_secret_encrypted=uow.cipher.encrypt(keys.webhook_secret),
            webhook_secret_last4=keys.webhook_secret[-4:],
            publishable_key=keys.publishable_key,
            account_id=keys.account_id,
            charges_enabled=True,
            checked_at=uow.now,
        )
    )


@job
def add_person(
    uow: UnitOfWork, name: str, email: str, role: Role, password_hash: str
) -> int:
    """Add a member with a sign-in of their own; return the member's id."""
    person = uow.add(
        Person(name=name, email=email, password_hash=password_hash, created_at=uow.now)
    )
    assert person.id is not None
    member = uow.add(
        Member(
            person_id=person.id, name=name, email=email, role=role, created_at=uow.now
        )
    )
    assert member.id is not None
    uow.record(MemberAdded(member_id=member.id))
    return member.id


@dataclass(frozen=True, slots=True)
class NewContact:
    """A further person at a customer, with their rights."""

    customer_id: int
    name: str
    email: str
    kind: str
    may_pay: bool
    may_see_all: bool


@job
def add_contact(uow: UnitOfWork, contact: NewContact) -> None:
    """Add the person as staff would on the customer's page."""
    uow.add(CustomerContact(**asdict(contact)))


@dataclass(frozen=True, slots=True)
class Happened:
    """What a line charges for; `rate` and all `factors` multiply to its amount.

    Attributes:
        line: counted from 1.
    """

    line: int
    kind: str
    reference: str
    description: str
    happened_at: datetime
    rate: Decimal
    factors: tuple[tuple[str, str], ...]


@job
def bill_events(
    uow: UnitOfWork, invoice_id: int, happened: tuple[Happened, ...]
) -> None:
    """Note what happened behind the lines of an invoice that was just issued."""
    invoice = uow.get(Invoice, invoice_id)
    assert invoice.customer_id is not None
    for event in happened:
        quantity = prod(
            (Decimal(value) for value, _ in event.factors), start=Decimal(1)
        )
        uow.add(
            BillableEvent(
                customer_id=invoice.customer_id,
                kind=event.kind,
                reference=event.reference,
                description=event.description,
                happened_at=event.happened_at,
                quantity=quantity,
                unit=event.factors[-1][1],
                rate=event.rate,
                factors=[list(factor) for factor in event.factors],
                amount=quantity * event.rate,
                currency=invoice.currency,
                invoice_id=invoice_id,
                line_position=event.line,
                billed_at=invoice.issued_at,
                shown_at=invoice.published_at,
                created_at=event.happened_at,
            )
        )


@job
def tax_ids(uow: UnitOfWork) -> dict[str, str]:
    """Return the id of each tax by its name, as a form sends it."""
    return {rate.name: str(rate.id) for rate in uow.all(select(TaxRate))}


@job
def let_reminders_leave(uow: UnitOfWork) -> None:
    """Note that the reminders which wait were mailed to their customers just now."""
    statement = (
        select(Reminder.id, Reminder.email, Customer.email)
        .join(Customer, col(Customer.id) == col(Reminder.customer_id))
        .where(col(Reminder.sent_at).is_(None))
        .order_by(col(Reminder.id))
    )
    for reminder_id, chosen, usual in uow.all(statement):
        reminders.note_reminder_sent(uow, reminder_id, chosen or usual)


@job
def put_away_past(uow: UnitOfWork, before: datetime) -> None:
    """Count mails promised before that instant as sent; let the rest come slowly.

    Newest first and with pauses, so that what people do in the demo is not behind
    two hundred old documents.
    """
    waiting = uow.all(
        select(OutboxMessage)
        .where(col(OutboxMessage.done_at).is_(None))
        .order_by(col(OutboxMessage.id).desc())
    )
    for index, message in enumerate(waiting):
        if message.topic.startswith("mail.") and message.created_at < before:
            message.done_at, message.attempts = message.created_at, 1
            _note_sent(uow, message)
        else:
            message.available_at = uow.now + index * _PAUSE
    uow.flush()


def _note_sent(uow: UnitOfWork, message: OutboxMessage) -> None:
    """Call the invoice sent that such a mail is about; the trail is of today."""
    if message.topic not in (Topic.MAIL_INVOICE, Topic.MAIL_LINK):
        return
    assert message.invoice_id is not None
    invoice = uow.get(Invoice, message.invoice_id)
    is_shown = invoice.state == "issued" and invoice.published_at is not None
    if is_shown and invoice.sent_at is None:
        invoice.sent_at = message.created_at


@dataclass(frozen=True, slots=True)
class StripeConnection:
    """How the stand-in Stripe knows a workspace, and where it reports to."""

    slug: str
    name: str
    currency: str
    country: str
    secret_key: str
    webhook_secret: str
    publishable_key: str


@job
def find_stripe_connection(uow: UnitOfWork) -> StripeConnection | None:
    """Return the workspace's keys in plain, or None where there are none."""
    account = uow.first(select(StripeAccount))
    if account is None or not account.secret_key_encrypted:
        return None
    workspace: Workspace = uow.workspace
    settings = uow.one(select(WorkspaceSettings))
    return StripeConnection(
        slug=workspace.slug,
        name=workspace.name,
        currency=workspace.currency,
        country=settings.country or "US",
        secret_key=uow.cipher.decrypt(account.secret_key_encrypted),
        webhook_secret=uow.cipher.decrypt(account.webhook_secret_encrypted),
        publishable_key=account.publishable_key,
    )
