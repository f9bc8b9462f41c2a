"""Tries to pay online: prepare one before Stripe is asked, apply what it reports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import select as columns
from sqlmodel import col, select

from billing_app.database import inbox
from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.combined_payment import Split, check_count, read_split
from billing_app.domain.errors import Conflict, LimitReached, NotFound
from billing_app.domain.events import (
    AttemptDeclined,
    AttemptExpired,
    AttemptFailed,
    AttemptProcessing,
    AttemptShared,
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
from billing_app.domain.payment import Part
from billing_app.domain.portal_settings import CardForm
from billing_app.domain.speech import later
from billing_app.models import (
    Invoice,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    PortalLink,
    StripeAccount,
)
from billing_app.queries.attempts import Attempt, concern_any, describe, list_parts
from billing_app.queries.payability import read_askings, read_facts
from billing_app.services import settlements
from billing_app.services.outstanding import close_checkouts, refresh_all
from billing_app.services.settlements import Booking

# Far more tries than a person makes, far fewer than a program would.
ATTEMPTS_PER_HOUR = 30
_FAILURE_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Prepared:
    """The try to go on with, or the earlier ones that are in its way."""

    attempt: Attempt | None
    in_the_way: tuple[Attempt, ...] = ()


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
    parts = (Part(invoice_id, amount.minor),)
    return _prepare(uow, invoice, Split(amount, parts), origin)


@job
def prepare_together(
    uow: UnitOfWork, invoice_ids: Collection[int], origin: Origin, amount_text: str
) -> Prepared:
    """Do `prepare` for several invoices of one customer, which one payment pays.

    What was typed goes to the oldest first; nothing typed pays all of them.

    Raises:
        NotFound: the link was revoked meanwhile, or an invoice is not there.
        NotPayable, InvalidInput: with a sentence for the customer.
        LimitReached: too many invoices, or far too many tries.
    """
    check_count(len(invoice_ids))
    invoices = _lock_invoices(uow, invoice_ids)
    if origin.link_id is not None:
        _check_link(uow, origin.link_id)
    customer_id = next(iter(invoices.values())).customer_id
    assert customer_id is not None
    assert all(x.customer_id == customer_id for x in invoices.values())
    askings = read_askings(uow, customer_id, list(invoices.values()))
    wanted = read_split(askings, amount_text)
    return _prepare(uow, invoices[wanted.parts[0].invoice_id], wanted, origin)


def _prepare(
    uow: UnitOfWork, invoice: Invoice, wanted: Split, origin: Origin
) -> Prepared:
    """Store a try for locked invoices; `invoice` is the first it pays."""
    earlier = _lock_live(uow, [part.invoice_id for part in wanted.parts])
    if len(earlier) == 1 and _is_same(uow, earlier[0], wanted, origin):
        return Prepared(describe(uow, earlier[0]))
    if earlier:
        return Prepared(None, tuple(describe(uow, attempt) for attempt in earlier))

    assert invoice.id is not None
    assert invoice.customer_id is not None
    _check_pace(uow, invoice.id, origin)
    account = uow.one(select(StripeAccount))
    attempt = uow.add(
        PaymentAttempt(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            link_id=origin.link_id,
            session_id=origin.session_id,
            back_path=origin.path,
            card_form=origin.card_form,
            amount_minor=wanted.amount.minor,
            currency=wanted.amount.currency,
            idempotency_key=f"pay:{invoice.id}:{uow.new_token()}",
            account_id=account.account_id,
            is_livemode=account.is_livemode,
            created_at=uow.now,
            changed_at=uow.now,
            # Stripe counts in seconds, and a repeated request must be the same.
            expires_at=uow.now.replace(microsecond=0) + CHECKOUT_LIFETIME,
        )
    )
    assert attempt.id is not None
    if len(wanted.parts) > 1:
        _write_parts(uow, attempt, wanted.parts)
    uow.record(
        AttemptStarted(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            attempt_id=attempt.id,
            amount_minor=wanted.amount.minor,
            invoice_count=len(wanted.parts),
        )
    )
    _tell_others(uow, attempt, wanted.parts, "started")
    return Prepared(describe(uow, attempt))


def _write_parts(
    uow: UnitOfWork, attempt: PaymentAttempt, parts: Sequence[Part]
) -> None:
    assert attempt.id is not None
    uow.add_all(
        [
            PaymentAttemptPart(
                customer_id=attempt.customer_id,
                attempt_id=attempt.id,
                invoice_id=part.invoice_id,
                amount_minor=part.minor,
            )
            for part in parts
        ]
    )


def _is_same(
    uow: UnitOfWork, earlier: PaymentAttempt, wanted: Split, origin: Origin
) -> bool:
    """Say whether an earlier try is for the same, and its page will last."""
    single = (Part(earlier.invoice_id, earlier.amount_minor),)
    return (
        earlier.amount_minor == wanted.amount.minor
        and (earlier.link_id, earlier.back_path) == (origin.link_id, origin.path)
        and earlier.card_form == origin.card_form
        and earlier.expires_at - uow.now > CHECKOUT_REUSE_MIN
        and (list_parts(uow, earlier) or single) == wanted.parts
    )


@job
def attach(uow: UnitOfWork, attempt_id: int, checkout_id: str, url: str) -> bool:
    """Note Stripe's name for a payment page or a card form, and the page's address.

    Returns:
        Whether the page is still wanted: an invoice may have been paid, voided or
        changed while Stripe was asked.
    """
    locked = _lock(uow, attempt_id)
    attempt = locked.attempt
    if not (attempt.checkout_id or attempt.intent_id):
        _name(attempt, checkout_id)
        attempt.checkout_url = url
        _move(uow, locked, AttemptStatus.OPEN)
    is_wanted = attempt.status == AttemptStatus.OPEN and _is_asked(uow, locked)
    if not is_wanted:
        close_checkouts(uow, attempt.invoice_id)
    return is_wanted


def _is_asked(uow: UnitOfWork, locked: _Locked) -> bool:
    """Say whether each invoice still asks for its part of an attempt."""
    invoices, customer_id = locked.invoices, locked.attempt.customer_id
    if len(locked.parts) == 1:
        facts = read_facts(uow, locked.first)
        is_little = locked.attempt.amount_minor <= facts.payable_minor
        return is_little and find_shut_gate(facts) is None
    asked = {
        asking.invoice_id: 0 if asking.refusal else asking.asked_minor
        for asking in read_askings(uow, customer_id, list(invoices.values()))
    }
    return all(part.minor <= asked[part.invoice_id] for part in locked.parts)


@job
def mark_unknown(uow: UnitOfWork, attempt_id: int, why: str) -> None:
    """Note that Stripe was asked and gave no answer: the page may exist."""
    attempt = _lock(uow, attempt_id).attempt
    if attempt.status == AttemptStatus.PREPARED:
        attempt.status = AttemptStatus.UNKNOWN
        attempt.failure = why[:_FAILURE_LENGTH_MAX]
        attempt.changed_at = uow.now


@job
def give_up(uow: UnitOfWork, attempt_id: int, why: str) -> None:
    """End a try that has no payment page, or none that anybody was shown."""
    locked = _lock(uow, attempt_id)
    if locked.attempt.status not in LIVE:
        return
    locked.attempt.failure = why[:_FAILURE_LENGTH_MAX]
    _move(uow, locked, AttemptStatus.FAILED)


@inner
def apply(uow: UnitOfWork, attempt_id: int, report: Report) -> AttemptStatus:
    """Bring a try to where Stripe says it is; book the money once it is there.

    Any number of reports, in any order, leave the same behind.

    Returns:
        Where it stands now.
    """
    locked = _lock(uow, attempt_id)
    _apply_all(uow, [(locked, report)])
    return AttemptStatus(locked.attempt.status)


@inner
def apply_all(uow: UnitOfWork, reports: Sequence[tuple[int, Report]]) -> None:
    """Do `apply` for several tries; all are locked before the first one changes."""
    locked = _lock_all(uow, [attempt_id for attempt_id, _ in reports])
    _apply_all(uow, [(locked[attempt_id], report) for attempt_id, report in reports])


def _apply_all(uow: UnitOfWork, reports: Sequence[tuple[_Locked, Report]]) -> None:
    bookings: list[Booking] = []
    for locked, report in reports:
        _note_report(locked.attempt, report)
        if report.declined:
            _note_decline(uow, locked, report.declined)
        if not report.has_money:
            locked.attempt.failure = report.failure[:_FAILURE_LENGTH_MAX]
            _move(uow, locked, report.status)
            refresh_all(uow, list(locked.invoices.values()))
        elif mismatch := find_mismatch(_expected(locked.attempt), report):
            _move(uow, locked, AttemptStatus.HELD)
            settlements.hold(uow, locked.attempt, report, mismatch)
            refresh_all(uow, list(locked.invoices.values()))
        else:
            _move(uow, locked, AttemptStatus.SUCCEEDED)
            booking = Booking(locked.attempt, report, locked.invoices, locked.parts)
            bookings.append(booking)
    settlements.settle_all(uow, bookings)


def _note_report(attempt: PaymentAttempt, report: Report) -> None:
    if not (attempt.checkout_id or attempt.intent_id):
        _name(attempt, report.checkout_id)
    known = attempt.checkout_id or attempt.intent_id
    assert known == report.checkout_id, "another attempt's report"
    attempt.provider_payment_id = report.payment_id or attempt.provider_payment_id
    attempt.read_at = max(attempt.read_at or report.read_at, report.read_at)


def _note_decline(uow: UnitOfWork, locked: _Locked, why: str) -> None:
    """Write down that a card was declined; nothing moves by it."""
    attempt = locked.attempt
    assert attempt.id is not None
    uow.record(
        AttemptDeclined(
            invoice_id=attempt.invoice_id,
            customer_id=attempt.customer_id,
            attempt_id=attempt.id,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            reason=why,
        )
    )
    _tell_others(uow, attempt, locked.parts, f"card declined: {why}")


def _expected(attempt: PaymentAttempt) -> Expected:
    return Expected(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        account_id=attempt.account_id,
        is_live=attempt.is_livemode,
    )


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
    settlements.follow_refunds(uow, payment.id, report.refunded_minor)
    if report.is_disputed:
        settlements.note_dispute(uow, payment.id)


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


@dataclass(frozen=True, slots=True)
class _Locked:
    """An attempt, and the invoices it pays by id; `parts` begin with the first."""

    attempt: PaymentAttempt
    invoices: dict[int, Invoice]
    parts: tuple[Part, ...]

    @property
    def first(self) -> Invoice:
        return self.invoices[self.attempt.invoice_id]


def _lock(uow: UnitOfWork, attempt_id: int) -> _Locked:
    return _lock_all(uow, [attempt_id])[attempt_id]


def _lock_all(uow: UnitOfWork, attempt_ids: Sequence[int]) -> dict[int, _Locked]:
    """Lock the invoices, then the attempts, each by id: the order everywhere.

    What an attempt pays never changes, so it may be read before.
    """
    parts: dict[int, tuple[Part, ...]] = {}
    for attempt_id, *whole, part_id, part_minor in uow.all(
        _PARTS, attempt_ids=attempt_ids
    ):
        invoice_id, minor = whole
        part = Part(part_id or invoice_id, part_minor or minor)
        parts[attempt_id] = (*parts.get(attempt_id, ()), part)
    wanted = {part.invoice_id for each in parts.values() for part in each}
    invoices = _lock_invoices(uow, wanted)
    attempts: Sequence[PaymentAttempt] = uow.all(_ATTEMPTS, attempt_ids=attempt_ids)
    if len(attempts) < len(set(attempt_ids)):
        raise NotFound("That payment does not exist.")
    return {
        attempt.id: _Locked(
            attempt,
            {part.invoice_id: invoices[part.invoice_id] for part in parts[attempt.id]},
            parts[attempt.id],
        )
        for attempt in attempts
        if attempt.id is not None
    }


def _lock_invoices(uow: UnitOfWork, invoice_ids: Collection[int]) -> dict[int, Invoice]:
    """Lock invoices in the order of their ids, so that no two wait for each other."""
    rows: Sequence[Invoice] = uow.all(_INVOICES, invoice_ids=sorted(set(invoice_ids)))
    if len(rows) < len(set(invoice_ids)):
        raise NotFound("That invoice does not exist.")
    return {row.id: row for row in rows if row.id is not None}


_INVOICES = (
    select(Invoice)
    .where(
        col(Invoice.id).in_(bindparam("invoice_ids", type_=BigInteger, expanding=True))
    )
    .order_by(col(Invoice.id))
    .with_for_update()
    # What was read before the lock was given may be stale by now.
    .execution_options(populate_existing=True)
)
_IS_ONE = col(PaymentAttempt.id).in_(
    bindparam("attempt_ids", type_=BigInteger, expanding=True)
)
_ATTEMPTS = (
    select(PaymentAttempt)
    .where(_IS_ONE)
    .order_by(col(PaymentAttempt.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)
# One row for each invoice; without parts it is the attempt's own, for all of it.
_PARTS = (
    columns(
        col(PaymentAttempt.id),
        col(PaymentAttempt.invoice_id),
        col(PaymentAttempt.amount_minor),
        col(PaymentAttemptPart.invoice_id),
        col(PaymentAttemptPart.amount_minor),
    )
    .outerjoin(
        PaymentAttemptPart,
        col(PaymentAttemptPart.attempt_id) == col(PaymentAttempt.id),
    )
    .where(_IS_ONE)
    .order_by(col(PaymentAttempt.id), col(PaymentAttemptPart.id))
)


def _move(uow: UnitOfWork, locked: _Locked, reported: AttemptStatus) -> None:
    """Move an attempt forwards and say so, or leave it where it is."""
    attempt, parts = locked.attempt, locked.parts
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
        _tell_others(uow, attempt, parts, "bank debit on its way")
    elif status == AttemptStatus.FAILED:
        uow.record(AttemptFailed(**facts, reason=attempt.failure))
        _tell_others(uow, attempt, parts, f"failed: {attempt.failure}".rstrip(": "))
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


def _tell_others(
    uow: UnitOfWork, attempt: PaymentAttempt, parts: Sequence[Part], said: str
) -> None:
    """Write into the story of the other invoices what becomes of their part."""
    assert attempt.id is not None
    for part in parts[1:]:
        uow.record(
            AttemptShared(
                invoice_id=part.invoice_id,
                attempt_id=attempt.id,
                amount_minor=part.minor,
                currency=attempt.currency,
                invoice_count=len(parts),
                said=said,
            )
        )


def _lock_live(
    uow: UnitOfWork, invoice_ids: Collection[int]
) -> Sequence[PaymentAttempt]:
    """Lock what may still be paid for any of the invoices, in the order of ids."""
    return uow.all(
        select(PaymentAttempt)
        .where(concern_any(invoice_ids), col(PaymentAttempt.status).in_(LIVE))
        .order_by(col(PaymentAttempt.id))
        .with_for_update()
    )


def _check_link(uow: UnitOfWork, link_id: int) -> None:
    link = uow.get(PortalLink, link_id)
    is_over = link.expires_at is not None and link.expires_at <= uow.now
    if link.revoked_at is not None or is_over:
        raise NotFound("Invoice not found.")


def _check_pace(uow: UnitOfWork, invoice_id: int, origin: Origin) -> None:
    """Count the tries of whoever asks: who is signed in never waits for a link's.

    A link may have been passed on, and who has it could keep the customer out.
    """
    recent = select(PaymentAttempt.id).where(
        col(PaymentAttempt.invoice_id) == invoice_id,
        col(PaymentAttempt.session_id) == origin.session_id,
        col(PaymentAttempt.created_at) > uow.now - timedelta(hours=1),
        col(PaymentAttempt.created_at) <= uow.now + timedelta(hours=1),
    )
    if uow.count(recent) >= ATTEMPTS_PER_HOUR:
        raise LimitReached(
            later("That were too many tries. Please try again in an hour.")
        )
