"""Bring home what Stripe has, holds, returns or claims back of a payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import col, select

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import Conflict, DoneMeanwhile, InvalidInput
from billing_app.domain.events import (
    PaymentDisputed,
    PaymentHeld,
    PaymentRefunded,
    PaymentReleased,
    PaymentSettled,
    PaymentShared,
    RefundFailed,
    RefundRequested,
)
from billing_app.domain.formats import format_money
from billing_app.domain.online_payment import Report
from billing_app.domain.payment import Part, PaymentStatus, parse_received, take_back
from billing_app.models import Invoice, Payment, PaymentAttempt, Refund
from billing_app.services.allocations import (
    Income,
    allocate,
    credit_of,
    list_parts,
    lock_payment,
    post_cash,
    print_receipt,
    receive,
)
from billing_app.services.outstanding import refresh


@dataclass(frozen=True, slots=True)
class Booking:
    """Money that Stripe has for an attempt, and the locked invoices it is for."""

    attempt: PaymentAttempt
    report: Report
    invoices: Mapping[int, Invoice]
    parts: Sequence[Part]


@inner
def settle_all(uow: UnitOfWork, bookings: Sequence[Booking]) -> None:
    """Book money that Stripe has for locked invoices, each once.

    Each invoice gets its part. What it no longer asks for stays the customer's
    credit: money that comes late or twice is never lost, and a void invoice takes
    none.
    """
    while bookings:
        together, bookings = _split_off(bookings)
        _settle_together(uow, together)


def _split_off(
    bookings: Sequence[Booking],
) -> tuple[Sequence[Booking], Sequence[Booking]]:
    """Return those that share no invoice, and those that wait for what these leave."""
    together: list[Booking] = []
    later: list[Booking] = []
    seen: set[int] = set()
    for booking in bookings:
        waits = not seen.isdisjoint(booking.invoices)
        (later if waits else together).append(booking)
        seen |= booking.invoices.keys()
    return together, later


def _settle_together(uow: UnitOfWork, bookings: Sequence[Booking]) -> None:
    known = _list_known(uow, [_provider_payment_id(x.report) for x in bookings])
    new = [x for x in bookings if _provider_payment_id(x.report) not in known]
    incomes = [
        Income(
            _online_payment(uow, x.attempt, x.report, PaymentStatus.SETTLED),
            x.invoices,
            x.parts,
        )
        for x in new
    ]
    receive(uow, incomes)
    for income in incomes:
        payment = income.payment
        assert payment.id is not None
        _tell_others(uow, payment, income.parts)
        uow.record(
            PaymentSettled(
                invoice_id=payment.invoice_id,
                customer_id=payment.customer_id,
                payment_id=payment.id,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                credit_minor=credit_of(payment),
                invoice_count=len(income.parts),
            )
        )


def _tell_others(uow: UnitOfWork, payment: Payment, parts: Sequence[Part]) -> None:
    """Write a payment into the story of its other invoices, and print their receipts.

    The customer gets one mail for all of it.
    """
    assert payment.id is not None
    for part in parts[1:]:
        uow.record(
            PaymentShared(
                invoice_id=part.invoice_id,
                payment_id=payment.id,
                amount_minor=part.minor,
                currency=payment.currency,
                invoice_count=len(parts),
            )
        )
        print_receipt(uow, payment, part.invoice_id)


@inner
def hold(uow: UnitOfWork, attempt: PaymentAttempt, report: Report, reason: str) -> None:
    """Keep money that is not what we asked for, until a person has looked."""
    if _list_known(uow, [_provider_payment_id(report)]):
        return
    payment = _online_payment(uow, attempt, report, PaymentStatus.HELD)
    payment.hold_reason = reason
    uow.add(payment)

    assert payment.id is not None
    uow.record(
        PaymentHeld(
            invoice_id=attempt.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            reason=reason,
        )
    )


@staff(Permission.RECORD_PAYMENT)
def release_payment(uow: UnitOfWork, payment_id: int) -> None:
    """Accept money that was held for review; it becomes the customer's credit.

    Raises:
        NotFound: no such payment in this workspace.
        Conflict: it is not held.
    """
    payment = uow.get(Payment, payment_id, lock=True)
    if payment.status != PaymentStatus.HELD:
        raise Conflict("This payment is not held.")

    payment.status = PaymentStatus.SETTLED
    post_cash(uow, payment, f"payment:{payment_id}", payment.amount_minor)

    uow.record(
        PaymentReleased(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    )


@dataclass(frozen=True, slots=True)
class Refunding:
    """A refund that Stripe has to be asked for. Amount in minor units."""

    payment_id: int
    provider_payment_id: str
    checkout_id: str
    attempt_id: int
    amount_minor: int
    currency: str
    idempotency_key: str


@staff(Permission.RECORD_PAYMENT)
def start_refund(
    uow: UnitOfWork,
    payment_id: int,
    amount: str,
    seen_refunded_minor: int | None = None,
) -> Refunding | None:
    """Return the customer's credit in a payment, or a part of it.

    `seen_refunded_minor` is what the page showed to be refunded of it, where a person
    has looked: two who enter the same refund do not book it twice unasked.

    Returns:
        What to ask Stripe for; None where the money came otherwise, was returned by
        hand, and is written down with this.

    Raises:
        NotFound: no such payment in this workspace.
        InvalidInput: not an amount, or more than the customer's credit in it.
        DoneMeanwhile: more is refunded than was seen.
        Conflict: it does not count, the customer's bank has claimed it, or Stripe was
            asked for another refund of it and has not answered.
    """
    payment, _ = lock_payment(uow, payment_id)
    if payment.status != PaymentStatus.SETTLED or payment.disputed_at is not None:
        raise Conflict("This payment can't be refunded.")
    if seen_refunded_minor is not None:
        _check_refunded_is(payment, seen_refunded_minor)
    minor = parse_received(amount, payment.currency).minor
    if minor > credit_of(payment):
        raise InvalidInput(
            "That is more than the customer's credit in it.", field="amount"
        )
    if not payment.provider:
        follow_refunds(uow, payment_id, payment.refunded_minor + minor)
        return None
    assert payment.attempt_id is not None
    attempt = uow.get(PaymentAttempt, payment.attempt_id)
    _open_refund(uow, payment, minor)
    # Stripe's answer may come first through its webhook, which knows no member.
    uow.record(
        RefundRequested(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
            amount_minor=minor,
            currency=payment.currency,
        )
    )
    return Refunding(
        payment_id=payment_id,
        provider_payment_id=payment.provider_payment_id or "",
        checkout_id=attempt.checkout_id or attempt.intent_id or "",
        attempt_id=payment.attempt_id,
        amount_minor=minor,
        currency=payment.currency,
        idempotency_key=payment.refund_key,
    )


def _check_refunded_is(payment: Payment, seen_minor: int) -> None:
    meanwhile = payment.refunded_minor - seen_minor
    if meanwhile > 0:
        refunded = format_money(meanwhile, payment.currency, "en")
        raise DoneMeanwhile(
            f"{refunded} of this payment was refunded meanwhile, maybe by a colleague. "
            "Press again to refund this as well.",
            field="amount",
        )


def _open_refund(uow: UnitOfWork, payment: Payment, minor: int) -> None:
    """Give a refund its key. The same amount again is the same one until it ends.

    Two at once could be more than the credit, and a refund that failed must not have
    the key of the next: Stripe would only repeat what it said.
    """
    if payment.refund_key and payment.refunding_minor != minor:
        asked = format_money(payment.refunding_minor, payment.currency, "en")
        raise Conflict(
            f"Stripe was asked to refund {asked} of this payment and has not answered"
            " yet. Look again in a minute, or ask for the same amount again."
        )
    if not payment.refund_key:
        payment.refund_key = f"refund:{uow.new_token()}"
        payment.refunding_minor = minor


@job
def end_refund(uow: UnitOfWork, payment_id: int, key: str) -> None:
    """Note that Stripe has answered; the next refund is one of its own."""
    payment = uow.get(Payment, payment_id, lock=True)
    if payment.refund_key == key:
        _close_refund(payment)


def _close_refund(payment: Payment) -> None:
    payment.refund_key, payment.refunding_minor = "", 0


@inner
def follow_refunds(uow: UnitOfWork, payment_id: int, refunded_minor: int) -> None:
    """Bring a payment to what Stripe says was returned of it in all."""
    payment, invoices = lock_payment(uow, payment_id)
    refunded_minor = min(refunded_minor, payment.amount_minor)
    change = refunded_minor - payment.refunded_minor
    if change == 0 or payment.status != PaymentStatus.SETTLED:
        return
    refund = uow.add(
        Refund(
            customer_id=payment.customer_id,
            payment_id=payment_id,
            amount_minor=change,
            refunded_on=uow.today,
            created_at=uow.now,
        )
    )
    given, _ = take_back(
        max(change, 0), credit_of(payment), list_parts(uow, payment_id)
    )
    for part in given:
        allocate(uow, payment, invoices[part.invoice_id], -part.minor)
    payment.refunded_minor = refunded_minor
    if change >= payment.refunding_minor:
        _close_refund(payment)
    post_cash(uow, payment, f"refund:{refund.id}", -change)
    for invoice in invoices.values():
        refresh(uow, invoice)

    assert refund.id is not None
    uow.record(
        RefundFailed(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
            amount_minor=-change,
            currency=payment.currency,
        )
        if change < 0
        else PaymentRefunded(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
            refund_id=refund.id,
            amount_minor=change,
            currency=payment.currency,
        )
    )


@inner
def note_dispute(uow: UnitOfWork, payment_id: int) -> None:
    """Mark, once, that the customer's bank wants the money back."""
    payment = uow.get(Payment, payment_id, lock=True)
    if payment.disputed_at is not None:
        return
    payment.disputed_at = uow.now
    uow.record(
        PaymentDisputed(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
        )
    )


def _online_payment(
    uow: UnitOfWork, attempt: PaymentAttempt, report: Report, status: PaymentStatus
) -> Payment:
    return Payment(
        customer_id=attempt.customer_id,
        invoice_id=attempt.invoice_id,
        amount_minor=report.amount_minor,
        currency=report.currency,
        received_on=uow.today,
        method=report.method,
        method_detail=report.method_detail,
        status=status,
        provider="stripe",
        provider_payment_id=_provider_payment_id(report),
        attempt_id=attempt.id,
        created_at=uow.now,
    )


def _provider_payment_id(report: Report) -> str:
    return report.payment_id or report.checkout_id


def _list_known(uow: UnitOfWork, provider_payment_ids: Sequence[str]) -> frozenset[str]:
    """Return those of Stripe's payments that are booked already."""
    return frozenset(uow.all(_KNOWN, provider_payment_ids=provider_payment_ids))


_KNOWN = select(Payment.provider_payment_id).where(
    col(Payment.provider) == "stripe",
    col(Payment.provider_payment_id).in_(
        bindparam("provider_payment_ids", expanding=True)
    ),
)
