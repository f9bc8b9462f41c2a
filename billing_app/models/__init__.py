"""Tables, one file per noun. No behaviour and no relationships."""

from billing_app.models.base import CustomerVisible, WorkspaceOwned
from billing_app.models.customer import Customer, CustomerContact
from billing_app.models.invoice import Invoice, IssuedDocument, LineItem
from billing_app.models.log import AuditEntry, InboundEvent, OutboxMessage
from billing_app.models.member import Member, Person, SignInFailure, StaffSession
from billing_app.models.payment import (
    Allocation,
    LedgerEntry,
    Payment,
    PaymentAttempt,
    PaymentNote,
    Refund,
)
from billing_app.models.portal import PortalLink, PortalVisit
from billing_app.models.workspace import (
    NumberSeries,
    StripeAccount,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)

__all__ = [
    "Allocation",
    "AuditEntry",
    "Customer",
    "CustomerContact",
    "CustomerVisible",
    "InboundEvent",
    "Invoice",
    "IssuedDocument",
    "LedgerEntry",
    "LineItem",
    "Member",
    "NumberSeries",
    "OutboxMessage",
    "Payment",
    "PaymentAttempt",
    "PaymentNote",
    "Person",
    "PortalLink",
    "PortalVisit",
    "Refund",
    "SignInFailure",
    "StaffSession",
    "StripeAccount",
    "TaxRate",
    "Workspace",
    "WorkspaceOwned",
    "WorkspaceSettings",
]
