"""What customers have promised, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.promise import (
    PromiseFacts,
    PromiseState,
    compute_promise_state,
)
from billing_app.models import Allocation, Invoice, Payment, PaymentPromise

PROMISES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class StaffPromise:
    """One promise that was not replaced by a newer one.

    Attributes:
        promised_by: an address or a name; empty for the holder of a link.
        is_noted: staff wrote it down, such as after a call.
    """

    id: int
    customer_id: int
    invoice_id: int
    promised_on: date
    amount_minor: int
    currency: str
    promised_by: str
    is_noted: bool
    made_at: datetime
    state: PromiseState


@inner
def list_promises(
    uow: UnitOfWork, invoice_ids: Sequence[int]
) -> tuple[StaffPromise, ...]:
    """Return the promises of some invoices, latest first."""
    return _read(uow, col(PaymentPromise.invoice_id).in_(invoice_ids))


@inner
def list_promises_of_customers(
    uow: UnitOfWork, customer_ids: Sequence[int]
) -> tuple[StaffPromise, ...]:
    """Return the promises of some customers, latest first."""
    return _read(uow, col(PaymentPromise.customer_id).in_(customer_ids))


@inner
def list_broken(
    uow: UnitOfWork, since: date, count_max: int
) -> tuple[StaffPromise, ...]:
    """Return promises of some days that were not kept and are still owed.

    Of an invoice only the newest promise counts.
    """
    newest = (
        select(func.max(PaymentPromise.id))
        .where(col(PaymentPromise.withdrawn_at).is_(None))
        .group_by(col(PaymentPromise.invoice_id))
    )
    over = (
        select(col(PaymentPromise.id))
        .join(Invoice, col(Invoice.id) == col(PaymentPromise.invoice_id))
        .where(
            col(PaymentPromise.id).in_(newest),
            col(PaymentPromise.promised_on) >= since,
            col(PaymentPromise.promised_on) < uow.today,
            col(Invoice.outstanding_minor) > 0,
        )
        .order_by(col(PaymentPromise.promised_on).desc())
        .limit(PROMISES_MAX)
    )
    found = _read(uow, col(PaymentPromise.id).in_([row.id for row in uow.all(over)]))
    broken = (it for it in found if it.state == PromiseState.BROKEN)
    return tuple(islice(broken, count_max))


@inner
def find_open_day(uow: UnitOfWork, invoice_id: int) -> date | None:
    """Return the day that an invoice's open promise names, or None."""
    for promise in list_promises(uow, [invoice_id]):
        if promise.state == PromiseState.OPEN:
            return promise.promised_on
    return None


def _read(uow: UnitOfWork, condition: Any) -> tuple[StaffPromise, ...]:
    received = (
        select(func.coalesce(func.sum(Allocation.amount_minor), 0))
        .join(Payment, col(Payment.id) == col(Allocation.payment_id))
        .where(
            col(Allocation.invoice_id) == col(PaymentPromise.invoice_id),
            col(Allocation.created_at) >= col(PaymentPromise.made_at),
        )
        .correlate(PaymentPromise)
    )
    in_time = received.where(
        col(Payment.received_on) <= col(PaymentPromise.promised_on)
    )
    columns: tuple[Any, ...] = (
        PaymentPromise.id,
        PaymentPromise.customer_id,
        PaymentPromise.invoice_id,
        PaymentPromise.promised_on,
        PaymentPromise.amount_minor,
        PaymentPromise.currency,
        PaymentPromise.promised_by,
        PaymentPromise.noted_by,
        PaymentPromise.made_at,
        Invoice.processing_minor,
        Invoice.outstanding_minor,
        Invoice.written_off_minor,
    )
    statement = (
        select(
            *columns,
            received.scalar_subquery().label("received"),
            in_time.scalar_subquery().label("in_time"),
        )
        .join(Invoice, col(Invoice.id) == col(PaymentPromise.invoice_id))
        .where(condition, col(PaymentPromise.withdrawn_at).is_(None))
        .order_by(col(PaymentPromise.id).desc())
        .limit(PROMISES_MAX)
    )
    return tuple(_promise(row, uow.today) for row in uow.all(statement))


def _promise(row: Any, today: date) -> StaffPromise:
    facts = PromiseFacts(
        promised_on=row.promised_on,
        amount_minor=row.amount_minor,
        in_time_minor=int(row.in_time),
        received_minor=int(row.received),
        processing_minor=row.processing_minor,
        outstanding_minor=row.outstanding_minor,
        is_written_off=row.written_off_minor > 0,
    )
    return StaffPromise(
        id=row.id,
        customer_id=row.customer_id,
        invoice_id=row.invoice_id,
        promised_on=row.promised_on,
        amount_minor=row.amount_minor,
        currency=row.currency,
        promised_by=row.promised_by,
        is_noted=row.noted_by is not None,
        made_at=row.made_at,
        state=compute_promise_state(facts, today),
    )
