"""What is behind the lines of an invoice, as its customer reads it."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, func, select
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.billable_event import (
    EVENTS_MAX,
    EventFacts,
    factors_from_json,
)
from billing_app.models import BillableEvent


@inner
def list_billed(uow: UnitOfWork, invoice_id: int) -> tuple[EventFacts, ...]:
    """Return what was billed on an invoice, in the order of its lines."""
    return tuple(
        EventFacts(
            line_position=row.line_position,
            kind=row.kind,
            reference=row.reference,
            description=row.description,
            happened_at=row.happened_at,
            factors=factors_from_json(row.factors),
            rate=row.rate,
        )
        for row in uow.all(_EVENTS, invoice_id=invoice_id)
    )


_WANTED_ID = bindparam("invoice_id", type_=BigInteger)

# Most invoices have none, and asking for them is a statement more.
EVENT_COUNT = (
    select(func.count(col(BillableEvent.id)))
    .where(col(BillableEvent.invoice_id) == _WANTED_ID)
    .scalar_subquery()
)

_EVENTS = (
    select(
        col(BillableEvent.line_position),
        col(BillableEvent.kind),
        col(BillableEvent.reference),
        col(BillableEvent.description),
        col(BillableEvent.happened_at),
        col(BillableEvent.factors),
        col(BillableEvent.rate),
    )
    .where(
        col(BillableEvent.invoice_id) == _WANTED_ID,
        col(BillableEvent.line_position).is_not(None),
    )
    .order_by(
        col(BillableEvent.line_position),
        col(BillableEvent.happened_at),
        col(BillableEvent.id),
    )
    .limit(EVENTS_MAX)
)
