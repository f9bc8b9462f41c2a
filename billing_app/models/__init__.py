"""Tables, one file per noun. No behaviour and no relationships."""

from billing_app.models.base import CustomerVisible, Printed, WorkspaceOwned
from billing_app.models.billable_event import BillableEvent
from billing_app.models.collection import PaymentPromise, Reminder
from billing_app.models.conversation import Comment, Dispute, StaffNote, ThreadMark
from billing_app.models.credit_note import CreditNote
from billing_app.models.customer import Customer, CustomerContact
from billing_app.models.guest_draft import GuestDraft
from billing_app.models.invoice import Invoice, IssuedDocument, LineItem
from billing_app.models.late_fee import LateFee
from billing_app.models.log import AuditEntry, AuditSeal, InboundEvent, OutboxMessage
from billing_app.models.mail_refusal import MailRefusal
from billing_app.models.member import Member, Person, SignInFailure, StaffSession
from billing_app.models.payment import (
    Allocation,
    LedgerEntry,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    PaymentNote,
    Refund,
)
from billing_app.models.portal import (
    ContactTotp,
    OneTimeCode,
    PortalLink,
    PortalSession,
    PortalVisit,
)
from billing_app.models.printed_copy import PrintedCopy
from billing_app.models.product import Product
from billing_app.models.shared_draft import SharedDraft
from billing_app.models.workspace import (
    NumberSeries,
    StripeAccount,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)
from billing_app.models.write_off import WriteOff

__all__ = [
    "Allocation",
    "AuditEntry",
    "AuditSeal",
    "BillableEvent",
    "Comment",
    "ContactTotp",
    "CreditNote",
    "Customer",
    "CustomerContact",
    "CustomerVisible",
    "Dispute",
    "GuestDraft",
    "InboundEvent",
    "Invoice",
    "IssuedDocument",
    "LateFee",
    "LedgerEntry",
    "LineItem",
    "MailRefusal",
    "Member",
    "NumberSeries",
    "OneTimeCode",
    "OutboxMessage",
    "Payment",
    "PaymentAttempt",
    "PaymentAttemptPart",
    "PaymentNote",
    "PaymentPromise",
    "Person",
    "PortalLink",
    "PortalSession",
    "PortalVisit",
    "Printed",
    "PrintedCopy",
    "Product",
    "Refund",
    "Reminder",
    "SharedDraft",
    "SignInFailure",
    "StaffNote",
    "StaffSession",
    "StripeAccount",
    "TaxRate",
    "ThreadMark",
    "Workspace",
    "WorkspaceOwned",
    "WorkspaceSettings",
    "WriteOff",
]
