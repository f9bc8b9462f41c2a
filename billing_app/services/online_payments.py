"""Tries to pay online: prepare one before Stripe is asked, apply what it reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, bindparam
from sqlmodel import col, select

from billing_app.database import inbox
from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import Conflict, LimitReached, NotFound
from billing_app.domain.events import (
    AttemptExpired,
    AttemptFailed,
    AttemptProcessing,
    AttemptStarted,
    Topic,
    WebhookRetried,
)
from billing_app.domain.online_payment import (
    CHECKOUT_LIFETIME,
    CHECKOUT_REUSE_MIN,
    LIVE,
    AttemptStatus,
    Expected,
    Origin,
    Report,
    find_mismatch,
    next_status,
)
from billing_app.domain.payability import find_shut_gate, read_amount
from billing_app.domain.portal_settings import CardForm
from billing_app.models import (
    Invoice,
    Payment,
    PaymentAttempt,
    PortalLink,
    StripeAccount,
)
from billing_app.queries.attempts import Attempt, describe
from billing_app.queries.payability import read_facts
from billing_app.services import payments
from billing_app.services.outstanding import close_checkouts, refresh

# Far more tries than a person makes, far fewer than a program would.
ATTEMPTS_PER_HOUR = 30
_FAILURE_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Prepared:
    """The try to go on with, or an earlier one that is in its way."""

    attempt: Attempt
    is_in_the_way: bool


@job
def prepare(
    uow: UnitOfWork, invoice_id: int, origin: Origin, amount_text: str
) -> Prepared:
    """Store a try to pay before anybody is asked for money.

    While an earlier one may still be paid, that one is returned: to go on with
    when it is for the same amount, or as what is in the way.

    Raises:
        NotFound: the link was revoked meanwhile.
        NotPayable, InvalidInput: with a sentence for the customer.
        LimitReached: far too many tries.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if origin.link_id is not None:
        _check_link(uow, origin.link_id)
    amount = read_amount(amount_text, read_facts(uow, invoice))
    earlier = _find_live(uow, invoice_id)
    if earlier is not None:
        fits = (
            earlier.amount_minor == amount.minor
            and (earlier.link_id, earlier.back_path) == (origin.link_id, origin.path)
            and earlier.card_form == origin.card_form
            and earlier.expires_at - uow.now > CHECKOUT_REUSE_MIN
        )
        return Prepared(describe(uow, earlier, invoice), is_in_the_way=not fits)

    _check_pace(uow, invoice_id)
    account = uow.one(select(StripeAccount))
    assert invoice.customer_id is not None
    attempt = uow.add(
        PaymentAttempt(
            customer_id=invoice.customer_id,
            invoice_id=invoice_id,
            link_id=origin.link_id,
            session_id=origin.session_id,
            back_path=origin.path,
            card_form=origin.card_form,
            amount_minor=amount.minor,
            currency=amount.currency,
            idempotency_key=f"pay:{invoice_id}:{uow.new_token()}",
            account_id=account.account_id,
            is_livemode=account.is_livemode,
            created_at=uow.now,
            changed_at=uow.now,
            # Stripe counts in seconds, and a repeated request must be the same.
            expires_at=uow.now.replace(microsecond=0) + CHECKOUT_LIFETIME,
        )
    )
    assert attempt.id is not None
    uow.record(
        AttemptStarted(
            invoice_id=invoice_id,
            customer_id=invoice.customer_id,
            attempt_id=attempt.id,
            amount_minor=amount.minor,
        )
    )
    return Prepared(describe(uow, attempt, invoice), is_in_the_way=False)


@job
def attach(uow: UnitOfWork, attempt_id: int, checkout_id: str, url: str) -> bool:
    """Note Stripe's name for a payment page or a card form, and the page's address.

    Returns:
        Whether the page is still wanted: the invoice may have been paid, voided
        or changed while Stripe was asked.
    """
    invoice, attempt = _lock(uow, attempt_id)
    if not (attempt.checkout_id or attempt.intent_id):
        _name(attempt, checkout_id)
        attempt.checkout_url = url
        _move(uow, attempt, AttemptStatus.OPEN)
    facts = read_facts(uow, invoice)
    is_wanted = (
        attempt.status == AttemptStatus.OPEN
        and attempt.amount_minor <= facts.payable_minor
        and find_shut_gate(facts) is None
    )
    if not is_wanted:
        close_checkouts(uow, attempt.invoice_id)
    return is_wanted


@job
def mark_unknown(uow: UnitOfWork, attempt_id: int, why: str) -> None:
    """Note that Stripe was asked and gave no answer: the page may exist."""
    _, attempt = _lock(uow, attempt_id)
    if attempt.status == AttemptStatus.PREPARED:
        attempt.status = AttemptStatus.UNKNOWN
        attempt.failure = why[:_FAILURE_LENGTH_MAX]
        attempt.changed_at = uow.now


@job
def give_up(uow: UnitOfWork, attempt_id: int, why: str) -> None:
    """End a try that has no payment page, or none that anybody was shown."""
    _, attempt = _lock(uow, attempt_id)
    if attempt.status not in LIVE:
        return
    attempt.failure = why[:_FAILURE_LENGTH_MAX]
    _move(uow, attempt, AttemptStatus.FAILED)


@inner
def apply(uow: UnitOfWork, attempt_id: int, report: Report) -> AttemptStatus:
    """Bring a try to where Stripe says it is; book the money once it is there.

    Any number of reports, in any order, leave the same behind.

    Returns:
        Where it stands now.
    """
    return _apply(uow, *_lock(uow, attempt_id), report)


@inner
def apply_all(uow: UnitOfWork, reports: Sequence[tuple[int, Report]]) -> None:
    """Do `apply` for several tries; all are locked before the first one changes."""
    locked = _lock_all(uow, [attempt_id for attempt_id, _ in reports])
    for attempt_id, report in reports:
        _apply(uow, *locked[attempt_id], report)


def _apply(
    uow: UnitOfWork, invoice: Invoice, attempt: PaymentAttempt, report: Report
) -> AttemptStatus:
    if not (attempt.checkout_id or attempt.intent_id):
        _name(attempt, report.checkout_id)
    known = attempt.checkout_id or attempt.intent_id
    assert known == report.checkout_id, "another attempt's report"
    attempt.provider_payment_id = report.payment_id or attempt.provider_payment_id
    attempt.read_at = max(attempt.read_at or report.read_at, report.read_at)
    if report.has_money:
        _take_money(uow, invoice, attempt, report)
    else:
        attempt.failure = report.failure[:_FAILURE_LENGTH_MAX]
        _move(uow, attempt, report.status)
        refresh(uow, invoice)
    return AttemptStatus(attempt.status)


@job
def apply_report(uow: UnitOfWork, attempt_id: int, report: Report) -> AttemptStatus:
    """Do `apply` in a transaction of its own."""
    return apply(uow, attempt_id, report)


@job
def follow_up(uow: UnitOfWork, attempt_id: int, report: Report) -> None:
    """Book refunds and note disputes of money that has been booked.

    An answer that is older than one already applied is not believed.
    """
    attempt = uow.get(PaymentAttempt, attempt_id)
    payment = uow.first(
        select(Payment).where(
            col(Payment.attempt_id) == attempt_id,
            col(Payment.provider_payment_id) == report.payment_id,
        )
    )
    if payment is None or (attempt.read_at and report.read_at < attempt.read_at):
        return
    payments.follow_refunds(uow, payment.id, report.refunded_minor)
    if report.is_disputed:
        payments.note_dispute(uow, payment.id)


@staff(Permission.RECORD_PAYMENT)
def reopen_event(uow: UnitOfWork, event_id: int) -> None:
    """Take a webhook that was set aside up again; it may book money once handled.

    Raises:
        NotFound: no such webhook in this workspace.
        Conflict: it is handled.
    """
    if not inbox.reopen(uow, event_id):
        raise Conflict("This is handled already.")
    uow.record(WebhookRetried(event_id=event_id))


def _name(attempt: PaymentAttempt, checkout_id: str) -> None:
    if attempt.card_form == CardForm.EMBEDDED:
        attempt.intent_id = checkout_id
    else:
        attempt.checkout_id = checkout_id


def _lock(uow: UnitOfWork, attempt_id: int) -> tuple[Invoice, PaymentAttempt]:
    return _lock_all(uow, [attempt_id])[attempt_id]


def _lock_all(
    uow: UnitOfWork, attempt_ids: Sequence[int]
) -> dict[int, tuple[Invoice, PaymentAttempt]]:
    """Lock the invoices, then the attempts, each by id: the order everywhere."""
    invoices = {x.id: x for x in uow.all(_INVOICES, attempt_ids=attempt_ids)}
    attempts: Sequence[PaymentAttempt] = uow.all(_ATTEMPTS, attempt_ids=attempt_ids)
    if len(attempts) < len(set(attempt_ids)):
        raise NotFound("That payment does not exist.")
    return {x.id: (invoices[x.invoice_id], x) for x in attempts if x.id is not None}


_ATTEMPT_IDS = bindparam("attempt_ids", type_=BigInteger, expanding=True)
_IS_ONE = col(PaymentAttempt.id).in_(_ATTEMPT_IDS)
_INVOICES = (
    select(Invoice)
    .where(col(Invoice.id).in_(select(PaymentAttempt.invoice_id).where(_IS_ONE)))
    .order_by(col(Invoice.id))
    .with_for_update()
    # What was read before the lock was given may be stale by now.
    .execution_options(populate_existing=True)
)
_ATTEMPTS = (
    select(PaymentAttempt)
    .where(_IS_ONE)
    .order_by(col(PaymentAttempt.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _take_money(
    uow: UnitOfWork, invoice: Invoice, attempt: PaymentAttempt, report: Report
) -> None:
    expected = Expected(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        account_id=attempt.account_id,
        is_live=attempt.is_livemode,
    )
    mismatch = find_mismatch(expected, report)
    if mismatch:
        _move(uow, attempt, AttemptStatus.HELD)
        payments.hold(uow, attempt, report, mismatch)
        refresh(uow, invoice)
    else:
        _move(uow, attempt, AttemptStatus.SUCCEEDED)
        payments.settle(uow, invoice, attempt, report)


def _move(uow: UnitOfWork, attempt: PaymentAttempt, reported: AttemptStatus) -> None:
    """Move an attempt forwards and say so, or leave it where it is."""
    current = AttemptStatus(attempt.status)
    status = next_status(current, reported)
    if status == current:
        return
    attempt.status, attempt.changed_at = status, uow.now
    assert attempt.id is not None
    facts = {
        "invoice_id": attempt.invoice_id,
        "customer_id": attempt.customer_id,
        "attempt_id": attempt.id,
    }
    if status == AttemptStatus.PROCESSING:
        uow.record(AttemptProcessing(**facts))
    elif status == AttemptStatus.FAILED:
        uow.record(AttemptFailed(**facts, reason=attempt.failure))
        if attempt.intent_id:
            # A debit came back: without this the card form could still be paid.
            uow.promise(
                Topic.EXPIRE_CHECKOUT,
                f"attempt:{attempt.id}:failed",
                attempt.invoice_id,
                attempt_id=attempt.id,
            )
    elif status == AttemptStatus.EXPIRED:
        uow.record(AttemptExpired(**facts))


def _find_live(uow: UnitOfWork, invoice_id: int) -> PaymentAttempt | None:
    return uow.first(
        select(PaymentAttempt)
        .where(
            col(PaymentAttempt.invoice_id) == invoice_id,
            col(PaymentAttempt.status).in_(LIVE),
        )
        .order_by(col(PaymentAttempt.id))
        .with_for_update()
    )


def _check_link(uow: UnitOfWork, link_id: int) -> None:
    link = uow.get(PortalLink, link_id)
    is_over = link.expires_at is not None and link.expires_at <= uow.now
    if link.revoked_at is not None or is_over:
        raise NotFound("Invoice not found.")


def _check_pace(uow: UnitOfWork, invoice_id: int) -> None:
    recent = select(PaymentAttempt.id).where(
        col(PaymentAttempt.invoice_id) == invoice_id,
        col(PaymentAttempt.created_at) > uow.now - timedelta(hours=1),
    )
    if uow.count(recent) >= ATTEMPTS_PER_HOUR:
        raise LimitReached("That were too many tries. Please try again in an hour.")
