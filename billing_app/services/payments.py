"""Record, reverse and move money by hand; every step is added, none is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.errors import Conflict, DoneMeanwhile, InvalidInput
from billing_app.domain.events import (
    CreditAllocated,
    PaymentRecorded,
    PaymentReversed,
    Topic,
)
from billing_app.domain.formats import format_money
from billing_app.domain.import_records import PaymentRecord
from billing_app.domain.invoice import check_bulk, check_reason
from billing_app.domain.parsing import clean_text, parse_date
from billing_app.domain.payment import (
    NOTE_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    Part,
    PaymentMethod,
    PaymentStatus,
    check_received_on,
    parse_method,
    parse_received,
    rest_hindrance,
)
from billing_app.models import Invoice, Payment, PaymentNote
from billing_app.services.allocations import (
    Income,
    allocate,
    credit_of,
    free_credit,
    kept,
    list_parts,
    lock_payment,
    lock_payments,
    post_cash,
    print_receipt,
    receive,
)
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
        seen_outstanding_minor: what the form showed, where a person has looked: two
            who enter the same payment do not record it twice unasked.
    """

    amount: str
    received_on: str
    method: str
    reference: str = ""
    note: str = ""
    currency: str = ""
    request_key: str = ""
    mails_receipt: bool = False
    seen_outstanding_minor: int | None = None


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
        DoneMeanwhile: less is outstanding than was seen.
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
    _check_outstanding_is(invoice, form.seen_outstanding_minor)
    payment = _read_form(uow, invoice, form)
    payment.request_key = request_key

    part = Part(invoice_id, payment.amount_minor)
    receive(uow, [Income(payment, {invoice_id: invoice}, (part,))])
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


def _check_outstanding_is(invoice: Invoice, seen_minor: int | None) -> None:
    meanwhile = 0 if seen_minor is None else seen_minor - invoice.outstanding_minor
    if meanwhile > 0:
        gone = format_money(meanwhile, invoice.currency, "en")
        raise DoneMeanwhile(
            f"{gone} of this invoice was paid or credited meanwhile, maybe by a "
            "colleague. Press again to record this as well.",
            field="amount",
        )


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
    incomes: list[Income] = []
    for invoice in invoices:
        assert invoice.id is not None
        request_key = f"{key}:{invoice.id}" if key else None
        fate = _known_fate(uow, invoice, seen[invoice.id], request_key)
        if fate is None:
            incomes.append(_rest(uow, invoice, about, request_key))
        else:
            fates.append(fate)

    receive(uow, incomes)
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
) -> Income:
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
    return Income(payment, {invoice.id: invoice}, (part,))


def _tell_of_rest(uow: UnitOfWork, income: Income) -> RestFate:
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
    payments, invoices = lock_payments(uow, payment_ids)
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
    receive(uow, [Income(payment, {invoice_id: invoice}, (part,))])
    assert payment.id is not None
    uow.record(
        PaymentRecorded(
            invoice_id=invoice_id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            credit_minor=credit_of(payment),
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
    payment, invoices = lock_payment(uow, payment_id)
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
        post_cash(uow, payment, f"reversal:{payment_id}", -kept(payment))
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
    if missing > sum(free_credit(payment) for payment in payments):
        raise InvalidInput("That is more than the customer's credit.", field="amount")

    for payment in payments:
        minor = min(missing, free_credit(payment))
        if minor:
            _pay_from_credit(uow, payment, invoice, minor)
            missing -= minor


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
            payment_id=payment.id, body=body, written_by=member_id, created_at=uow.now
        )
    )


def _member_id(uow: UnitOfWork) -> int:
    assert isinstance(uow.actor, StaffActor)
    return uow.actor.member_id


def _pay_from_credit(
    uow: UnitOfWork, payment: Payment, invoice: Invoice, minor: int
) -> None:
    assert payment.id is not None
    allocate(uow, payment, invoice, minor)
    refresh(uow, invoice)
    issue_receipts(uow, [Received(invoice, payment, minor)])
    assert invoice.id is not None
    print_receipt(uow, payment, invoice.id)
    uow.record(
        CreditAllocated(
            invoice_id=invoice.id,
            customer_id=payment.customer_id,
            payment_id=payment.id,
            amount_minor=minor,
            currency=payment.currency,
        )
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


def _recorded(payment: Payment) -> RecordedPayment:
    assert payment.id is not None
    return RecordedPayment(payment.id, payment.allocated_minor, credit_of(payment))
