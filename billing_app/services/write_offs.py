"""Give up what an invoice still asks for, and ask for it again."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam
from sqlmodel import col, func, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.errors import Conflict
from billing_app.domain.events import InvoiceWrittenOff, WriteOffUndone
from billing_app.domain.invoice import (
    InvoiceState,
    check_may_write_off,
    check_reason,
)
from billing_app.domain.ledger import postings_for_write_off
from billing_app.domain.parsing import clean_text
from billing_app.domain.payment import PaymentStatus
from billing_app.models import Invoice, Payment, PaymentAttempt, WriteOff
from billing_app.queries.attempts import concerns
from billing_app.services import ledger
from billing_app.services.outstanding import refresh


@staff(Permission.WRITE_OFF)
def write_off(
    uow: UnitOfWork, invoice_id: int, reason: str, seen_outstanding_minor: int
) -> None:
    """Give up what is left of an issued invoice: nobody is asked for it any more.

    `seen_outstanding_minor` is what the page showed, so that nothing is given up
    that nobody has looked at. Money that comes later is the customer's credit.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: no reason.
        WrongState: a draft or void.
        Conflict: nothing is left, a debit is on its way, a payment for it is held,
            it is disputed, or it changed since it was shown.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    check_may_write_off(
        InvoiceState(invoice.state),
        invoice.outstanding_minor,
        invoice.processing_minor,
        invoice.disputed_minor,
        is_held=uow.first(_HELD, invoice_id=invoice_id) is not None,
    )
    reason = check_reason(clean_text(reason, length_max=2_000, field="reason"))
    if invoice.outstanding_minor != seen_outstanding_minor:
        raise Conflict("This invoice has changed meanwhile. Please look again.")
    minor = invoice.outstanding_minor

    _give_up(uow, invoice, minor, reason)
    uow.record(
        InvoiceWrittenOff(
            invoice_id=invoice_id,
            customer_id=invoice.customer_id,
            amount_minor=minor,
            currency=invoice.currency,
            reason=reason,
        )
    )


@staff(Permission.WRITE_OFF)
def undo_write_off(uow: UnitOfWork, invoice_id: int, reason: str) -> None:
    """Ask again for all that was given up of an invoice, as when money has come.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: no reason.
        Conflict: nothing of it is written off.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    reason = check_reason(clean_text(reason, length_max=2_000, field="reason"))
    minor = _given_up(uow, invoice_id)
    if minor <= 0:
        raise Conflict("Nothing of this invoice is written off.")

    _give_up(uow, invoice, -minor, reason)
    uow.record(
        WriteOffUndone(
            invoice_id=invoice_id,
            customer_id=invoice.customer_id,
            amount_minor=minor,
            currency=invoice.currency,
            reason=reason,
        )
    )


@inner
def _give_up(uow: UnitOfWork, invoice: Invoice, minor: int, reason: str) -> None:
    assert invoice.id is not None
    assert invoice.customer_id is not None
    assert isinstance(uow.actor, StaffActor)
    row = uow.add(
        WriteOff(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            amount_minor=minor,
            currency=invoice.currency,
            staff_reason=reason,
            written_on=uow.today,
            written_by=uow.actor.member_id,
            created_at=uow.now,
        )
    )
    ledger.post(
        uow,
        f"write_off:{row.id}",
        postings_for_write_off(minor),
        invoice.currency,
        invoice_id=invoice.id,
        customer_id=invoice.customer_id,
    )
    refresh(uow, invoice)


# Money for several invoices may be held, too.
_HELD = (
    select(Payment.id)
    .join(PaymentAttempt, col(PaymentAttempt.id) == col(Payment.attempt_id))
    .where(
        col(Payment.status) == PaymentStatus.HELD,
        concerns(bindparam("invoice_id", type_=BigInteger)),
    )
    .limit(1)
)


def _given_up(uow: UnitOfWork, invoice_id: int) -> int:
    """Add up what is written off, from the rows that never change."""
    total = func.coalesce(func.sum(WriteOff.amount_minor), 0)
    return int(uow.one(select(total).where(col(WriteOff.invoice_id) == invoice_id)))
