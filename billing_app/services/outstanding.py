"""Keep what an invoice still asks for beside the facts it follows from."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.events import Topic
from billing_app.domain.online_payment import LIVE, AttemptStatus
from billing_app.domain.payment import compute_outstanding
from billing_app.models import Allocation, Invoice, PaymentAttempt


@inner
def refresh(uow: UnitOfWork, invoice: Invoice) -> None:
    """Bring the three derived amounts of a locked invoice up to its facts.

    Their only writer. Whatever changes them also closes the payment pages that
    still ask for the old amount.
    """
    assert invoice.id is not None
    uow.flush()
    before = _amounts(invoice)
    invoice.allocated_minor, invoice.processing_minor = _facts(uow, invoice.id)
    invoice.outstanding_minor = compute_outstanding(
        invoice.state, invoice.due_minor, invoice.allocated_minor
    )
    uow.flush()
    if _amounts(invoice) != before:
        close_checkouts(uow, invoice.id)
        uow.touch(f"invoice:{invoice.id}")


@inner
def close_checkouts(uow: UnitOfWork, invoice_id: int) -> None:
    """Promise to close every payment page of an invoice that may still be open."""
    statement = select(PaymentAttempt.id).where(
        col(PaymentAttempt.invoice_id) == invoice_id,
        col(PaymentAttempt.status).in_(LIVE),
    )
    for attempt_id in uow.all(statement):
        uow.promise(
            Topic.EXPIRE_CHECKOUT,
            f"attempt:{attempt_id}",
            invoice_id,
            attempt_id=attempt_id,
        )


def _amounts(invoice: Invoice) -> tuple[int, int, int]:
    return (
        invoice.allocated_minor,
        invoice.processing_minor,
        invoice.outstanding_minor,
    )


def _facts(uow: UnitOfWork, invoice_id: int) -> tuple[int, int]:
    """Return what is allocated to an invoice and what is on its way."""
    allocated = (
        select(func.coalesce(func.sum(Allocation.amount_minor), 0))
        .where(col(Allocation.invoice_id) == invoice_id)
        .scalar_subquery()
    )
    processing = (
        select(func.coalesce(func.sum(PaymentAttempt.amount_minor), 0))
        .where(
            col(PaymentAttempt.invoice_id) == invoice_id,
            col(PaymentAttempt.status) == AttemptStatus.PROCESSING,
        )
        .scalar_subquery()
    )
    found = uow.one(select(allocated, processing))
    return int(found[0]), int(found[1])
