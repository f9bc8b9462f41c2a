"""Record, settle, reverse and move money; every step is added, none is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, bindparam, func
from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import (
    CreditAllocated,
    PaymentDisputed,
    PaymentHeld,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReleased,
    PaymentReversed,
    PaymentSettled,
    PaymentShared,
    RefundFailed,
    RefundRequested,
    Topic,
)
from billing_app.domain.import_records import PaymentRecord
from billing_app.domain.invoice import check_bulk, check_reason
from billing_app.domain.ledger import (
    postings_for_allocation,
    postings_for_payment,
)
from billing_app.domain.online_payment import Report
from billing_app.domain.parsing import clean_text, parse_date
from billing_app.domain.payment import (
    NOTE_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    Part,
    PaymentMethod,
    PaymentStatus,
    allocatable,
    check_received_on,
    parse_method,
    parse_received,
    rest_hindrance,
    take_back,
)
from billing_app.models import (
    Allocation,
    Invoice,
    Payment,
    PaymentAttempt,
    PaymentNote,
    Refund,
)
from billing_app.services.ledger import post
from billing_app.services.outstanding import refresh, refresh_all
from billing_app.services.receipts import Received, hide_receipts, issue_receipts

_REQUEST_KEY_LENGTH_MAX = 64
# The id of an invoice stands behind it.
_REST_KEY_LENGTH_MAX = 40


@dataclass(frozen=True, slots=True)
class RecordPaymentForm:
    """What staff typed about money that came; all text, nothing checked yet.

    Attributes:
        currency: what the form showed; empty where there was nothing to choose.
        reference: the customer sees it.
        note: only staff ever see it.
        mails_receipt: the customer gets the receipt by mail, as for a card.
        request_key: new for each opened form, the same for each press of its
            button.
    """

    amount: str
    received_on: str
    method: str
    reference: str = ""
    note: str = ""
    currency: str = ""
    request_key: str = ""
    mails_receipt: bool = False


@dataclass(frozen=True, slots=True)
class RecordedPayment:
    """What became of the money, in minor units.

    Attributes:
        credit_minor: more than the invoice asked for; now the customer's credit.
    """

    payment_id: int
    allocated_minor: int
    credit_minor: int


@staff(Permission.RECORD_PAYMENT)
def record_payment(
    uow: UnitOfWork, invoice_id: int, form: RecordPaymentForm
) -> RecordedPayment:
    """Write down money that came for an invoice.

    Pressed twice, the same form records once.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: a field can't be used; its name is the error's `field`.
        Conflict: a draft or a void invoice, which nobody can pay, or what this form
            recorded was taken back.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    request_key = form.request_key.strip()[:_REQUEST_KEY_LENGTH_MAX] or None
    known = _find_by_request(uow, request_key, invoice_id)
    if known is not None:
        if known.status == PaymentStatus.REVERSED:
            raise Conflict("This payment was taken back. Open the form anew for more.")
        return _recorded(known)
    _check_can_be_paid(invoice.state)
    payment = _read_form(uow, invoice, form)
    payment.request_key = request_key

    part = Part(invoice_id, payment.amount_minor)
    _receive(uow, [_Income(payment, {invoice_id: invoice}, (part,))])
    _note(uow, payment, form.note)

    recorded = _recorded(payment)
    uow.record(
        PaymentRecorded(
            invoice_id=invoice_id,
            customer_id=payment.customer_id,
            payment_id=recorded.payment_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            credit_minor=recorded.credit_minor,
        )
    )
    if form.mails_receipt:
        payment_id = recorded.payment_id
        key = f"payment:{payment_id}"
        uow.promise(Topic.MAIL_RECEIPT, key, invoice_id, payment_id=payment_id)
    return recorded


@dataclass(frozen=True, slots=True)
class RestForm:
    """What staff typed about several invoices that were paid, each by itself.

    Attributes:
        reference: the customers see it.
        request_key: as of `RecordPaymentForm`.
    """

    received_on: str
    method: str
    reference: str = ""
    request_key: str = ""


@dataclass(frozen=True, slots=True)
class RestFate:
    """What became of one of them: a payment, or why there is none."""

    invoice_id: int
    number: str
    payment_id: int | None = None
    refusal: str = ""


@staff(Permission.RECORD_PAYMENT)
def record_rests(
    uow: UnitOfWork, seen: Mapping[int, int], form: RestForm
) -> tuple[RestFate, ...]:
    """Write down that these invoices were paid: each its own payment for its rest.

    `seen` is what was shown to be left of each, in minor units, by id: at most 200.
    One that can't be paid is left as it is and says why. Pressed twice, the same form
    records once.

    Raises:
        NotFound: one is not in this workspace.
        InvalidInput: a field can't be used; its name is the error's `field`.
    """
    check_bulk(list(seen))
    received_on = parse_date(form.received_on, field="received_on", what="payment date")
    check_received_on(received_on, uow.today)
    about = (received_on, parse_method(form.method), _reference(form.reference))
    key = form.request_key.strip()[:_REST_KEY_LENGTH_MAX]
    # All of them before anything is booked, which is the order everywhere.
    invoices = [uow.get(Invoice, it, lock=True) for it in sorted(seen)]
    fates: list[RestFate] = []
    incomes: list[_Income] = []
    for invoice in invoices:
        assert invoice.id is not None
        request_key = f"{key}:{invoice.id}" if key else None
        fate = _known_fate(uow, invoice, seen[invoice.id], request_key)
        if fate is None:
            incomes.append(_rest(uow, invoice, about, request_key))
        else:
            fates.append(fate)

    _receive(uow, incomes)
    fates += [_tell_of_rest(uow, income) for income in incomes]
    return tuple(sorted(fates, key=lambda fate: fate.invoice_id))


@inner
def _known_fate(
    uow: UnitOfWork, invoice: Invoice, seen_minor: int, request_key: str | None
) -> RestFate | None:
    """Return what became of an invoice already, or why it can't be paid just so."""
    assert invoice.id is not None
    number = invoice.number or "a draft"
    known = _find_by_request(uow, request_key, invoice.id)
    if known is not None and known.status == PaymentStatus.REVERSED:
        return RestFate(invoice.id, number, refusal="had this payment taken back")
    if known is not None:
        return RestFate(invoice.id, number, known.id)
    hindrance = rest_hindrance(
        invoice.state,
        is_cancelled=invoice.cancelled_at is not None,
        outstanding_minor=invoice.outstanding_minor,
        processing_minor=invoice.processing_minor,
        seen_minor=seen_minor,
    )
    return RestFate(invoice.id, number, refusal=hindrance) if hindrance else None


def _rest(
    uow: UnitOfWork,
    invoice: Invoice,
    about: tuple[date, PaymentMethod, str],
    request_key: str | None,
) -> _Income:
    assert invoice.id is not None
    assert invoice.customer_id is not None
    received_on, method, reference = about
    payment = Payment(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        amount_minor=invoice.outstanding_minor,
        currency=invoice.currency,
        received_on=received_on,
        method=method,
        reference=reference,
        request_key=request_key,
        recorded_by=_member_id(uow),
        created_at=uow.now,
    )
    part = Part(invoice.id, payment.amount_minor)
    return _Income(payment, {invoice.id: invoice}, (part,))


def _tell_of_rest(uow: UnitOfWork, income: _Income) -> RestFate:
    payment = income.payment
    (invoice,) = income.invoices.values()
    assert payment.id is not None
    assert invoice.id is not None
    uow.record(
        PaymentRecorded(
            invoice_id=invoice.id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    )
    return RestFate(invoice.id, invoice.number or "", payment.id)


@staff(Permission.RECORD_PAYMENT)
def reverse_many(uow: UnitOfWork, payment_ids: Sequence[int], reason: str) -> int:
    """Take back those of these payments that still count, at most 200 at once.

    Returns:
        How many were taken back.

    Raises:
        As `reverse_payment`.
    """
    check_bulk(list(payment_ids))
    reason = check_reason(reason)
    payments, invoices = _lock_payments(uow, payment_ids)
    counting = [x for x in payments if x.status != PaymentStatus.REVERSED]
    for payment in counting:
        _reverse(uow, payment, invoices, reason)
    return len(counting)


@inner
def receive_imported(
    uow: UnitOfWork, invoice_id: int, record: PaymentRecord, request_key: str
) -> None:
    """Book money that another program knows of; its customer has been told there.

    What is more than outstanding stays the customer's credit.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    assert invoice.customer_id is not None
    payment = Payment(
        customer_id=invoice.customer_id,
        invoice_id=invoice_id,
        amount_minor=parse_received(record.amount, invoice.currency).minor,
        currency=invoice.currency,
        received_on=record.received_on,
        method=record.method,
        reference=record.reference,
        request_key=request_key,
        recorded_by=_member_id(uow) if isinstance(uow.actor, StaffActor) else None,
        created_at=uow.now,
    )
    part = Part(invoice_id, payment.amount_minor)
    _receive(uow, [_Income(payment, {invoice_id: invoice}, (part,))])
    assert payment.id is not None
    uow.record(
        PaymentRecorded(
            invoice_id=invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            credit_minor=_credit(payment),
        ),
        has_effects=False,
    )


@staff(Permission.RECORD_PAYMENT)
def reverse_payment(uow: UnitOfWork, payment_id: int, reason: str) -> None:
    """Take a payment back: it bounced, or was never there.

    Everything stays on record, with its equal and opposite beside it.

    Raises:
        NotFound: no such payment in this workspace.
        Conflict: already taken back, or Stripe has the money and refunds it.
    """
    reason = check_reason(reason)
    payment, invoices = _lock_payment(uow, payment_id)
    if payment.status == PaymentStatus.REVERSED:
        raise Conflict("This payment was already taken back.")
    _reverse(uow, payment, invoices, reason)


@inner
def _reverse(
    uow: UnitOfWork, payment: Payment, invoices: Mapping[int, Invoice], reason: str
) -> None:
    """Take back a locked payment that counts; its locked invoices are among these."""
    assert payment.id is not None
    payment_id = payment.id
    is_settled = payment.status == PaymentStatus.SETTLED
    if is_settled and payment.provider and payment.disputed_at is None:
        raise Conflict("Refund it in Stripe; it shows here as soon as that is done.")

    parts = list_parts(uow, payment_id)
    if is_settled:
        for part in parts:
            allocate(uow, payment, invoices[part.invoice_id], -part.minor)
        _post_cash(uow, payment, f"reversal:{payment_id}", -_kept(payment))
    payment.status = PaymentStatus.REVERSED
    hide_receipts(uow, payment_id)
    refresh_all(uow, [invoices[part.invoice_id] for part in parts])

    uow.record(
        PaymentReversed(
            invoice_id=payment.invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment_id,
            reason=reason,
        )
    )


@staff(Permission.RECORD_PAYMENT)
def allocate_credit(
    uow: UnitOfWork, invoice_id: int, amount: str, seen_outstanding_minor: int
) -> None:
    """Pay an invoice from the customer's credit, oldest money first.

    `seen_outstanding_minor` is what the page showed, so that a second press of
    the button does not pay twice.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: not an amount, more than outstanding, or more than the credit.
        Conflict: nobody can pay it, or it changed since it was shown.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    _check_can_be_paid(invoice.state)
    if invoice.outstanding_minor != seen_outstanding_minor:
        raise Conflict("This invoice has changed meanwhile. Please look again.")
    missing = parse_received(amount, invoice.currency).minor
    if missing > invoice.outstanding_minor:
        raise InvalidInput("That is more than is outstanding.", field="amount")
    payments = _lock_payments_with_credit(uow, invoice)
    if missing > sum(_credit(payment) for payment in payments):
        raise InvalidInput("That is more than the customer's credit.", field="amount")

    for payment in payments:
        minor = min(missing, _credit(payment))
        if minor:
            _pay_from_credit(uow, payment, invoice, minor)
            missing -= minor


@dataclass(frozen=True, slots=True)
class Refunding:
    """A refund that Stripe has to be asked for. Amount in minor units."""

    provider_payment_id: str
    checkout_id: str
    attempt_id: int
    amount_minor: int
    currency: str
    idempotency_key: str


@staff(Permission.RECORD_PAYMENT)
def start_refund(uow: UnitOfWork, payment_id: int, amount: str) -> Refunding | None:
    """Return the customer's credit in a payment, or a part of it.

    Returns:
        What to ask Stripe for; None where the money came otherwise, was returned by
        hand, and is written down with this.

    Raises:
        NotFound: no such payment in this workspace.
        InvalidInput: not an amount, or more than the customer's credit in it.
        Conflict: it does not count, or the customer's bank has claimed it.
    """
    payment, _ = _lock_payment(uow, payment_id)
    if payment.status != PaymentStatus.SETTLED or payment.disputed_at is not None:
        raise Conflict("This payment can't be refunded.")
    minor = parse_received(amount, payment.currency).minor
    if minor > _credit(payment):
        raise InvalidInput(
            "That is more than the customer's credit in it.", field="amount"
        )
    if not payment.provider:
        follow_refunds(uow, payment_id, payment.refunded_minor + minor)
        return None
    assert payment.attempt_id is not None
    attempt = uow.get(PaymentAttempt, payment.attempt_id)
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
        provider_payment_id=payment.provider_payment_id or "",
        checkout_id=attempt.checkout_id or attempt.intent_id or "",
        attempt_id=payment.attempt_id,
        amount_minor=minor,
        currency=payment.currency,
        # The same press again is the same refund; the next one begins from there.
        idempotency_key=f"refund:{payment_id}:{payment.refunded_minor}:{minor}",
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
    _post_cash(uow, payment, f"payment:{payment_id}", payment.amount_minor)

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
        _Income(
            _online_payment(uow, x.attempt, x.report, PaymentStatus.SETTLED),
            x.invoices,
            x.parts,
        )
        for x in new
    ]
    _receive(uow, incomes)
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
                credit_minor=_credit(payment),
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
        _print_receipt(uow, payment, part.invoice_id)


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


@inner
def follow_refunds(uow: UnitOfWork, payment_id: int, refunded_minor: int) -> None:
    """Bring a payment to what Stripe says was returned of it in all."""
    payment, invoices = _lock_payment(uow, payment_id)
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
    given, _ = take_back(max(change, 0), _credit(payment), list_parts(uow, payment_id))
    for part in given:
        allocate(uow, payment, invoices[part.invoice_id], -part.minor)
    payment.refunded_minor = refunded_minor
    _post_cash(uow, payment, f"refund:{refund.id}", -change)
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


@inner
def allocate(uow: UnitOfWork, payment: Payment, invoice: Invoice, minor: int) -> None:
    """Give a locked invoice a part of a locked payment; negative takes it back.

    Leaves it to the caller to `refresh` the invoice.
    """
    _write_allocations(uow, [_Given(payment, invoice, minor)])
    payment.allocated_minor += minor
    uow.flush()


@dataclass(frozen=True, slots=True)
class _Given:
    """What a stored payment gives a locked invoice; negative takes it back."""

    payment: Payment
    invoice: Invoice
    minor: int

    def __post_init__(self) -> None:
        assert self.payment.currency == self.invoice.currency
        assert self.payment.customer_id == self.invoice.customer_id


def _write_allocations(uow: UnitOfWork, given: Sequence[_Given]) -> None:
    allocations = [
        {
            "customer_id": each.payment.customer_id,
            "payment_id": each.payment.id,
            "invoice_id": each.invoice.id,
            "amount_minor": each.minor,
            "created_at": uow.now,
        }
        for each in given
    ]
    allocation_ids = uow.insert_all(
        Allocation, allocations, key=("payment_id", "invoice_id")
    )
    for allocation_id, each in zip(allocation_ids, given, strict=True):
        post(
            uow,
            f"allocation:{allocation_id}",
            postings_for_allocation(each.minor),
            each.payment.currency,
            invoice_id=each.invoice.id,
            payment_id=each.payment.id,
            customer_id=each.payment.customer_id,
        )


@inner
def list_parts(uow: UnitOfWork, payment_id: int) -> tuple[Part, ...]:
    """Return what each invoice has of a payment now, first paid first."""
    total = func.sum(Allocation.amount_minor)
    statement = (
        select(col(Allocation.invoice_id), total)
        .where(col(Allocation.payment_id) == payment_id)
        .group_by(col(Allocation.invoice_id))
        .having(total != 0)
        .order_by(func.min(Allocation.id))
    )
    return tuple(
        Part(invoice_id, int(minor)) for invoice_id, minor in uow.all(statement)
    )


@inner
def release(uow: UnitOfWork, invoice: Invoice, minor: int) -> None:
    """Make a part of what a locked invoice was paid credit again, latest first.

    Leaves it to the caller to `refresh` the invoice.
    """
    taken: dict[int, int] = {}
    for payment_id, given in uow.all(_GIVEN, invoice_id=invoice.id):
        part = min(int(given), minor - sum(taken.values()))
        if part > 0:
            taken[payment_id] = part
    assert sum(taken.values()) == minor
    # Always in the same order, so that two of these never wait for each other.
    for payment_id, part in sorted(taken.items()):
        payment = uow.get(Payment, payment_id, lock=True)
        allocate(uow, payment, invoice, -part)


_ALLOCATED = func.sum(Allocation.amount_minor)
_GIVEN = (
    select(col(Allocation.payment_id), _ALLOCATED)
    .where(col(Allocation.invoice_id) == bindparam("invoice_id", type_=BigInteger))
    .group_by(col(Allocation.payment_id))
    .having(_ALLOCATED != 0)
    .order_by(func.min(Allocation.id).desc())
)


def _check_can_be_paid(state: str) -> None:
    if state == "draft":
        raise Conflict("This is still a draft. Issue it before it can be paid.")
    if state == "void":
        raise Conflict("This invoice is void and can't be paid.")


def _read_form(uow: UnitOfWork, invoice: Invoice, form: RecordPaymentForm) -> Payment:
    currency = form.currency.strip().upper() or invoice.currency
    if currency != invoice.currency:
        raise InvalidInput(
            f"This invoice is in {invoice.currency}; record the amount that came "
            f"in {invoice.currency}.",
            field="currency",
        )
    received_on = parse_date(form.received_on, field="received_on", what="payment date")
    check_received_on(received_on, uow.today)
    assert invoice.customer_id is not None
    return Payment(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        amount_minor=parse_received(form.amount, currency).minor,
        currency=currency,
        received_on=received_on,
        method=parse_method(form.method),
        reference=_reference(form.reference),
        recorded_by=_member_id(uow),
        created_at=uow.now,
    )


def _reference(text: str) -> str:
    return clean_text(text, length_max=REFERENCE_LENGTH_MAX, field="reference")


def _note(uow: UnitOfWork, payment: Payment, text: str) -> None:
    body = clean_text(text, length_max=NOTE_LENGTH_MAX, multiline=True, field="note")
    if not body:
        return
    assert payment.id is not None
    member_id = _member_id(uow)
    uow.add(
        PaymentNote(
            payment_id=payment.id,
            body=body,
            written_by=member_id,
            created_at=uow.now,
        )
    )


def _member_id(uow: UnitOfWork) -> int:
    assert isinstance(uow.actor, StaffActor)
    return uow.actor.member_id


@dataclass(frozen=True, slots=True)
class _Income:
    """A payment that is not stored yet, and what its locked invoices are to get."""

    payment: Payment
    invoices: Mapping[int, Invoice]
    parts: Sequence[Part]

    def shares(self) -> list[Received]:
        """Return what each invoice takes of its part: no more than it asks for."""
        shares: list[Received] = []
        for part in self.parts:
            invoice = self.invoices[part.invoice_id]
            taken_minor = allocatable(part.minor, invoice.outstanding_minor)
            shares.append(
                Received(
                    invoice,
                    self.payment,
                    amount_minor=part.minor,
                    credit_minor=part.minor - taken_minor,
                    invoice_count=len(self.parts),
                )
            )
        return shares


def _receive(uow: UnitOfWork, incomes: Sequence[_Income]) -> None:
    """Book new payments, give each invoice what it asks for, issue the receipts.

    No invoice is in two of them, since each asks for all that it takes at once.
    """
    received: list[Received] = []
    for income in incomes:
        shares = income.shares()
        # Before it is stored, so that it is stored once.
        income.payment.allocated_minor = sum(share.taken_minor for share in shares)
        received += shares
    uow.add_all([income.payment for income in incomes])
    for income in incomes:
        payment = income.payment
        _post_cash(uow, payment, f"payment:{payment.id}", payment.amount_minor)
    _write_allocations(
        uow,
        [
            _Given(x.payment, x.invoice, x.taken_minor)
            for x in received
            if x.taken_minor
        ],
    )
    refresh_all(uow, [share.invoice for share in received])
    issue_receipts(uow, received)


def _pay_from_credit(
    uow: UnitOfWork, payment: Payment, invoice: Invoice, minor: int
) -> None:
    assert payment.id is not None
    allocate(uow, payment, invoice, minor)
    refresh(uow, invoice)
    issue_receipts(uow, [Received(invoice, payment, minor)])
    assert invoice.id is not None
    _print_receipt(uow, payment, invoice.id)
    uow.record(
        CreditAllocated(
            invoice_id=invoice.id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount_minor=minor,
            currency=payment.currency,
        )
    )


def _print_receipt(uow: UnitOfWork, payment: Payment, invoice_id: int) -> None:
    """Promise to print the receipt of a part; the first one's follows from an event."""
    uow.promise(
        Topic.RENDER_RECEIPT,
        f"payment:{payment.id}:invoice:{invoice_id}",
        invoice_id,
        payment_id=payment.id,
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


def _post_cash(uow: UnitOfWork, payment: Payment, journal: str, minor: int) -> None:
    post(
        uow,
        journal,
        postings_for_payment(minor),
        payment.currency,
        payment_id=payment.id,
        customer_id=payment.customer_id,
    )


def _find_by_request(
    uow: UnitOfWork, request_key: str | None, invoice_id: int
) -> Payment | None:
    if request_key is None:
        return None
    return uow.first(
        select(Payment).where(
            col(Payment.request_key) == request_key,
            col(Payment.invoice_id) == invoice_id,
        )
    )


def _list_known(uow: UnitOfWork, provider_payment_ids: Sequence[str]) -> frozenset[str]:
    """Return those of Stripe's payments that are booked already."""
    return frozenset(uow.all(_KNOWN, provider_payment_ids=provider_payment_ids))


_KNOWN = select(Payment.provider_payment_id).where(
    col(Payment.provider) == "stripe",
    col(Payment.provider_payment_id).in_(
        bindparam("provider_payment_ids", expanding=True)
    ),
)


def _lock_payment(
    uow: UnitOfWork, payment_id: int
) -> tuple[Payment, dict[int, Invoice]]:
    (payment,), invoices = _lock_payments(uow, [payment_id])
    return payment, invoices


def _lock_payments(
    uow: UnitOfWork, payment_ids: Sequence[int]
) -> tuple[list[Payment], dict[int, Invoice]]:
    """Lock payments after the invoices they pay, which is the order everywhere."""
    in_order = sorted(set(payment_ids))
    paid = sorted({x.invoice_id for it in in_order for x in list_parts(uow, it)})
    invoices = {it: uow.get(Invoice, it, lock=True) for it in paid}
    payments = [uow.get(Payment, it, lock=True) for it in in_order]
    now_paid = {x.invoice_id for it in in_order for x in list_parts(uow, it)}
    if now_paid - invoices.keys():
        raise Conflict("This payment has just changed. Please try again.")
    return payments, invoices


def _lock_payments_with_credit(uow: UnitOfWork, invoice: Invoice) -> Sequence[Payment]:
    statement = (
        select(Payment)
        .where(
            col(Payment.customer_id) == invoice.customer_id,
            col(Payment.currency) == invoice.currency,
            col(Payment.status) == PaymentStatus.SETTLED,
            col(Payment.amount_minor)
            > col(Payment.allocated_minor) + col(Payment.refunded_minor),
        )
        .order_by(col(Payment.received_on), col(Payment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return uow.all(statement)


def _kept(payment: Payment) -> int:
    return payment.amount_minor - payment.refunded_minor


def _credit(payment: Payment) -> int:
    """Return what of a settled payment is the customer's credit."""
    return _kept(payment) - payment.allocated_minor


def _recorded(payment: Payment) -> RecordedPayment:
    assert payment.id is not None
    return RecordedPayment(payment.id, payment.allocated_minor, _credit(payment))
