"""What the demo tells about itself: every invoice with the links that open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Role
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
)
from billing_app.domain.money import Money
from billing_app.models import Customer, Invoice, Member, PortalLink


@dataclass(frozen=True, slots=True)
class DemoInvoiceView:
    """One invoice.

    Attributes:
        number: None for a draft.
        token: of its live portal link, None where no link opens it.
    """

    number: str | None
    status: InvoiceStatus
    total: Money
    outstanding: Money
    customer: str
    due_on: date | None
    is_archived: bool
    token: str | None


@dataclass(frozen=True, slots=True)
class DemoCustomerView:
    """A customer, and the token of their portal link where there is one."""

    name: str
    token: str | None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A member who can sign in."""

    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoWorkspaceView:
    """A workspace with all that can be opened in it."""

    slug: str
    name: str
    profile: str
    currency: str
    people: tuple[DemoPerson, ...]
    customers: tuple[DemoCustomerView, ...]
    invoices: tuple[DemoInvoiceView, ...]


@job
def read_demo_workspace(uow: UnitOfWork) -> DemoWorkspaceView:
    """Read it whole; for a demo's few invoices only."""
    workspace = uow.workspace
    members = uow.all(
        select(col(Member.email), col(Member.role))
        .where(col(Member.removed_at).is_(None))
        .order_by(col(Member.id))
    )
    by_invoice, by_customer = _read_tokens(uow)
    customers = uow.all(
        select(col(Customer.id), col(Customer.name)).order_by(col(Customer.id))
    )
    return DemoWorkspaceView(
        slug=workspace.slug,
        name=workspace.name,
        profile=workspace.profile,
        currency=workspace.currency,
        people=tuple(DemoPerson(email, Role(role)) for email, role in members),
        customers=tuple(
            DemoCustomerView(name, by_customer.get(customer_id))
            for customer_id, name in customers
        ),
        invoices=_read_invoices(uow, by_invoice),
    )


def _read_invoices(
    uow: UnitOfWork, tokens: dict[int, str]
) -> tuple[DemoInvoiceView, ...]:
    rows = uow.all(
        select(
            col(Invoice.id),
            col(Invoice.number),
            col(Invoice.state),
            col(Invoice.currency),
            col(Invoice.total_minor),
            col(Invoice.prepaid_minor),
            col(Invoice.outstanding_minor),
            col(Invoice.processing_minor),
            col(Invoice.credited_minor),
            col(Invoice.allocated_minor),
            col(Invoice.written_off_minor),
            col(Invoice.cancelled_at),
            col(Invoice.due_on),
            col(Invoice.customer_name),
            col(Invoice.published_at),
            col(Invoice.archived_at),
        )
        .where(col(Invoice.deleted_at).is_(None))
        .order_by(col(Invoice.id).desc())
    )
    return tuple(
        DemoInvoiceView(
            number=row.number,
            status=compute_status(
                InvoiceFacts(
                    state=InvoiceState(row.state),
                    prepaid_minor=row.prepaid_minor,
                    outstanding_minor=row.outstanding_minor,
                    processing_minor=row.processing_minor,
                    due_on=row.due_on,
                    credited_minor=row.credited_minor,
                    allocated_minor=row.allocated_minor,
                    written_off_minor=row.written_off_minor,
                    is_cancelled=row.cancelled_at is not None,
                ),
                uow.today,
            ),
            total=Money(row.total_minor, row.currency),
            outstanding=Money(row.outstanding_minor, row.currency),
            customer=row.customer_name,
            due_on=row.due_on,
            is_archived=row.archived_at is not None,
            token=tokens.get(row.id) if row.published_at else None,
        )
        for row in rows
    )


def _read_tokens(uow: UnitOfWork) -> tuple[dict[int, str], dict[int, str]]:
    """Return the live tokens by invoice, and those of customer links by customer."""
    rows = uow.all(
        select(
            col(PortalLink.invoice_id),
            col(PortalLink.customer_id),
            col(PortalLink.token_encrypted),
            col(PortalLink.expires_at),
        )
        .where(col(PortalLink.revoked_at).is_(None))
        .order_by(col(PortalLink.id))
    )
    by_invoice: dict[int, str] = {}
    by_customer: dict[int, str] = {}
    for row in rows:
        if row.expires_at is not None and row.expires_at <= uow.now:
            continue
        token = uow.cipher.decrypt(row.token_encrypted)
        if row.invoice_id is None:
            by_customer[row.customer_id] = token
        else:
            by_invoice[row.invoice_id] = token
    return by_invoice, by_customer
