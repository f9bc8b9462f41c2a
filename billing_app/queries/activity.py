"""What happened lately, as staff read it: the audit trail in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.activity import (
    QUIET_EVENTS,
    ActorKind,
    actor_kind,
    describe,
)
from billing_app.models import AuditEntry, Customer, Invoice

_SHOWN: tuple[Any, ...] = (
    AuditEntry.id,
    AuditEntry.event,
    AuditEntry.actor,
    AuditEntry.actor_name,
    AuditEntry.details,
    AuditEntry.at,
    AuditEntry.invoice_id,
    AuditEntry.customer_id,
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened.

    Attributes:
        event: its stored name, which picks an icon.
        who: a member's name; empty for customers and for the product itself.
        amount_minor: money it is about, in minor units of `currency`, or None.
    """

    id: int
    event: str
    text: str
    detail: str
    at: datetime
    kind: ActorKind
    who: str
    invoice_id: int | None
    invoice_number: str
    customer_name: str
    amount_minor: int | None
    currency: str


@inner
def list_recent_activity(uow: UnitOfWork, limit: int) -> tuple[Activity, ...]:
    """Return what happened in the workspace, latest first, without the noise."""
    latest = (
        select(*_SHOWN)
        .where(col(AuditEntry.event).not_in(QUIET_EVENTS))
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
        .subquery()
    )
    number, name = col(Invoice.number), col(Customer.name)
    statement = (
        select(*latest.c, number.label("number"), name.label("customer_name"))
        .outerjoin(Invoice, col(Invoice.id) == latest.c.invoice_id)
        .outerjoin(Customer, col(Customer.id) == latest.c.customer_id)
        .order_by(latest.c.id.desc())
    )
    return tuple(
        _activity(row, row.number or "", row.customer_name or "")
        for row in uow.all(statement)
    )


def _activity(row: Any, invoice_number: str, customer_name: str) -> Activity:
    described = describe(row.event, row.details)
    return Activity(
        id=row.id,
        event=row.event,
        text=described.text,
        detail=described.detail,
        at=row.at,
        kind=actor_kind(row.actor),
        who=row.actor_name,
        invoice_id=row.invoice_id,
        invoice_number=invoice_number,
        customer_name=customer_name,
        amount_minor=described.amount_minor,
        currency=described.currency,
    )
