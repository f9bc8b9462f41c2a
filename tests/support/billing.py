"""Builders: an issued invoice to pay, payments as staff type them, who visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.billable_event import Factor, Grouping, NewEvent
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.models import BillableEvent, Invoice, Payment, PortalLink
from billing_app.services import drafts, invoices
from billing_app.services.billable_events import record_events
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.payments import (
    RecordedPayment,
    RecordPaymentForm,
    record_payment,
)
from tests.support.world import Place, World


def a_customer(world: World, place: Place, name: str = "Vermeer Optics") -> int:
    form = CustomerForm(name=name, email="ap@vermeer.example")
    return world.run(place.accounting, create_customer, form)


def an_invoice(
    world: World,
    place: Place,
    total: str = "100.00",
    *,
    customer_id: int = 0,
    currency: str = "",
    is_published: bool = True,
) -> int:
    """Issue an invoice over one untaxed line; return its id."""
    form = DraftForm(
        customer_id=customer_id or a_customer(world, place),
        currency=currency,
        lines=(LineForm(name="Charter flight", unit_price=total),),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    step = invoices.issue_and_publish if is_published else invoices.issue
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def an_event(
    customer_id: int, reference: str, happened_at: datetime, **changes: Any
) -> NewEvent:
    """Three pallets that stood for four days: 10.20 EUR."""
    event = NewEvent(
        customer_id=customer_id,
        kind="storage day",
        reference=reference,
        happened_at=happened_at,
        factors=(Factor(Decimal(3), "pallets"), Factor(Decimal(4), "days")),
        rate=Decimal("0.85"),
        currency="EUR",
        description="Chilled storage",
    )
    return replace(event, **changes)


def an_invoice_of_events(
    world: World,
    place: Place,
    *events: NewEvent,
    grouping: Grouping = Grouping.KIND,
    is_published: bool = True,
) -> int:
    """Issue an invoice over these events of one customer; return its id."""
    world.run(place.operations, record_events, events)
    wanted = {(x.kind, x.reference) for x in events}
    ids = [
        x.id
        for x in all_rows(world, place, BillableEvent)
        if (x.kind, x.reference) in wanted
    ]
    form = DraftForm(events[0].customer_id, currency=events[0].currency)
    draft = world.run(place.accounting, drafts.create_draft, form)
    draft = world.run(
        place.accounting,
        drafts.bill_events,
        draft.invoice_id,
        draft.version,
        ids,
        grouping,
    )
    step = invoices.issue_and_publish if is_published else invoices.issue
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def a_form(world: World, amount: str, **changes: Any) -> RecordPaymentForm:
    """A payment of today by bank transfer, as staff would type it."""
    typed = {"received_on": f"{world.clock.now:%Y-%m-%d}", "method": "bank_transfer"}
    return RecordPaymentForm(amount=amount, **{**typed, **changes})


def pay(
    world: World, place: Place, invoice_id: int, amount: str, **changes: Any
) -> RecordedPayment:
    form = a_form(world, amount, **changes)
    return world.run(place.accounting, record_payment, invoice_id, form)


def read_invoice(world: World, place: Place, invoice_id: int) -> Invoice:
    with world.reading(place.system) as uow:
        return uow.get(Invoice, invoice_id)


def read_payment(world: World, place: Place, payment_id: int) -> Payment:
    with world.reading(place.system) as uow:
        return uow.get(Payment, payment_id)


def all_rows(world: World, place: Place, table: Any) -> list[Any]:
    with world.reading(place.system) as uow:
        return list(uow.all(select(table).order_by(col(table.id))))


def outstanding(world: World, place: Place, invoice_id: int) -> int:
    return read_invoice(world, place, invoice_id).outstanding_minor


def visitor_of(world: World, place: Place, invoice_id: int) -> PortalVisitor:
    """Whoever holds the invoice's live link."""
    statement = select(PortalLink).where(
        col(PortalLink.invoice_id) == invoice_id, col(PortalLink.revoked_at).is_(None)
    )
    with world.reading(place.system) as uow:
        link = uow.one(statement)
    return PortalVisitor(place.workspace_id, link.customer_id, link.id, invoice_id)
