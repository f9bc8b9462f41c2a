"""Take down by when a customer says they will pay."""

from __future__ import annotations

from datetime import date, timedelta

from sqlmodel import col, select

from billing_app.database.access import acting_visitor, inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, PortalVisitor, StaffActor
from billing_app.domain.asked import asked_minor
from billing_app.domain.errors import LimitReached, NotFound
from billing_app.domain.events import PromiseMade
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.portal_proof import check_may_write
from billing_app.domain.portal_settings import WriteAuth
from billing_app.domain.promise import (
    PROMISES_A_DAY_MAX,
    check_promisable,
    parse_promised_on,
)
from billing_app.domain.speech import later
from billing_app.models import Invoice, PaymentPromise


@acting_visitor
def make_promise(
    uow: UnitOfWork, promised_on: str, write_auth: WriteAuth, email: str
) -> date:
    """Promise as a customer to pay what is open by a day.

    `email` is the address that was proven, empty for the holder of a link.

    Raises:
        VerificationRequired: writing asks for more proof.
        InvalidInput: no day, or one too early or too late.
        Conflict: nothing is left to pay.
        LimitReached: promised too often within a day.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    check_may_write(write_auth, visitor)
    if visitor.invoice_id is None:
        raise NotFound("Invoice not found.")
    day = parse_promised_on(promised_on, uow.today)
    invoice = uow.get(Invoice, visitor.invoice_id, lock=True)
    _check_rate(uow, visitor.invoice_id)
    _add(
        uow,
        invoice,
        day,
        promised_by=email,
        link_id=visitor.link_id,
        session_id=visitor.session_id,
    )
    return day


@staff(Permission.SEND_REMINDER)
def note_promise(
    uow: UnitOfWork, invoice_id: int, promised_on: str, promised_by: str = ""
) -> None:
    """Write down a promise that a customer has made by phone.

    Raises:
        InvalidInput: no day, or one too early or too late.
        Conflict: nothing is left to pay.
    """
    actor = uow.actor
    assert isinstance(actor, StaffActor)
    day = parse_promised_on(promised_on, uow.today)
    invoice = uow.get(Invoice, invoice_id, lock=True)
    _add(
        uow,
        invoice,
        day,
        promised_by=promised_by.strip()[:200],
        noted_by=actor.member_id,
    )


@inner
def _add(
    uow: UnitOfWork,
    invoice: Invoice,
    day: date,
    *,
    promised_by: str,
    link_id: int | None = None,
    session_id: int | None = None,
    noted_by: int | None = None,
) -> None:
    """Add a promise for all that is asked for; an open one gives way to it."""
    asked = asked_minor(
        invoice.outstanding_minor, invoice.processing_minor, invoice.disputed_minor
    )
    check_promisable(InvoiceState(invoice.state), asked)
    assert invoice.id is not None
    assert invoice.customer_id is not None
    for older in _open_promises(uow, invoice.id):
        if older.promised_on == day and older.amount_minor == asked:
            return
        older.withdrawn_at = uow.now
    promise = uow.add(
        PaymentPromise(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            promised_on=day,
            amount_minor=asked,
            currency=invoice.currency,
            promised_by=promised_by,
            link_id=link_id,
            session_id=session_id,
            noted_by=noted_by,
            made_at=uow.now,
        )
    )
    assert promise.id is not None
    uow.record(
        PromiseMade(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            promise_id=promise.id,
            promised_on=day.isoformat(),
            amount_minor=asked,
            currency=invoice.currency,
        )
    )


@inner
def _open_promises(uow: UnitOfWork, invoice_id: int) -> list[PaymentPromise]:
    """Return the promises whose day is still to come; past ones stay on record."""
    return list(
        uow.all(
            select(PaymentPromise).where(
                col(PaymentPromise.invoice_id) == invoice_id,
                col(PaymentPromise.withdrawn_at).is_(None),
                col(PaymentPromise.promised_on) >= uow.today,
            )
        )
    )


@inner
def _check_rate(uow: UnitOfWork, invoice_id: int) -> None:
    made = uow.count(
        select(PaymentPromise.id).where(
            col(PaymentPromise.invoice_id) == invoice_id,
            col(PaymentPromise.made_at) > uow.now - timedelta(days=1),
            col(PaymentPromise.made_at) <= uow.now + timedelta(days=1),
            col(PaymentPromise.noted_by).is_(None),
        )
    )
    if made >= PROMISES_A_DAY_MAX:
        raise LimitReached(
            later("You have changed the date several times today. Try again tomorrow.")
        )
