"""The staff's first page: what is open, what came in, what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import case, extract, func, select
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment, add_months, month_start
from billing_app.domain.invoice import OPEN_PHASES, InvoiceState
from billing_app.domain.payment import PaymentStatus
from billing_app.models import (
    Customer,
    Dispute,
    InboundEvent,
    Invoice,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    Refund,
)
from billing_app.queries.activity import Activity, list_recent_activity
from billing_app.queries.conversations import list_unread
from billing_app.queries.invoices import DateRange
from billing_app.queries.portal_rules import read_late_rules
from billing_app.queries.promises import list_broken
from billing_app.queries.received import OF_PAYMENT, sum_received
from billing_app.queries.setup_steps import SetupStep, list_missing_steps

MONTHS = 12
# Money that is still to come; archived invoices are owed, too.
OWED_PHASES = (*OPEN_PHASES, *(phase.archived for phase in OPEN_PHASES))
ATTENTION_MAX = 5
ACTIVITY_MAX = 8
# A failed card is worth a look while the customer still remembers it.
FAILED_LATELY = timedelta(days=14)
# A webhook takes seconds; one that waits longer waits for a person.
WAITING_LONG = timedelta(minutes=15)
# Later, the reminders and the aging say enough.
BROKEN_LATELY = timedelta(days=30)


class Bucket(StrEnum):
    """How old what is outstanding is, by the due date."""

    NOT_DUE = "not_due"
    TO_30 = "to_30"
    TO_60 = "to_60"
    TO_90 = "to_90"
    OVER_90 = "over_90"


@dataclass(frozen=True, slots=True)
class Sum:
    """Amounts in minor units of one currency, and how many rows they come from."""

    currency: str
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class MonthSums:
    """Invoiced and paid in one month, in the workspace's currency.

    What was refunded in it is no longer paid: there may be more of it than came.
    """

    first_day: date
    invoiced_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class BucketSum:
    """What is outstanding within one span of age, in the workspace's currency."""

    bucket: Bucket
    minor: int
    count: int


class AttentionKind(StrEnum):
    """What waits for a person."""

    MAIL_FAILED = "mail_failed"
    PAYMENT_HELD = "payment_held"
    ATTEMPT_FAILED = "attempt_failed"
    EVENT_WAITING = "event_waiting"
    DISPUTE_OPEN = "dispute_open"
    COMMENT_UNREAD = "comment_unread"
    PROMISE_BROKEN = "promise_broken"


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that waits for a person.

    Attributes:
        row_id: of the mail, payment, attempt, event, dispute, comment or promise.
        reason: what went wrong or was written, as stored.
        minor: the money it is about in minor units of `currency`; None without.
        count: how many comments; of which the newest is meant.
        promised_on: the day of a promise that was not kept.
    """

    kind: AttentionKind
    row_id: int
    invoice_id: int | None
    invoice_number: str
    customer_name: str
    reason: str
    minor: int | None
    currency: str
    at: datetime
    count: int = 1
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All figures of one instant. Sums list the workspace's own currency first.

    Attributes:
        oldest_due_on: the earliest due date that is over; None without overdue.
        paid: this month's payments, less what was refunded in it.
        paid_before: paid last month up to the same day, likewise.
        aging, months: in the workspace's currency alone.
        steps: what is to be filled in before the first invoice.
    """

    currency: str
    moment: Moment
    outstanding: tuple[Sum, ...]
    overdue: tuple[Sum, ...]
    oldest_due_on: date | None
    processing: tuple[Sum, ...]
    paid: tuple[Sum, ...]
    paid_before: tuple[Sum, ...]
    months: tuple[MonthSums, ...]
    aging: tuple[BucketSum, ...]
    attention: tuple[Attention, ...]
    activity: tuple[Activity, ...]
    steps: tuple[SetupStep, ...] = ()


@staff(Permission.VIEW)
def read_dashboard(uow: UnitOfWork) -> Dashboard:
    """Return the figures as of now, days and months in the workspace's zone."""
    currency = uow.workspace.currency
    open_sums = _open_sums(uow)
    late = [each for each in open_sums if each.bucket != Bucket.NOT_DUE]
    is_asked = _still_asked if read_late_rules(uow).debit_counts else _outstanding
    processing = ((x.currency, x.processing, x.processing_count) for x in open_sums)
    paid, paid_before = _paid_this_month_and_before(uow)
    return Dashboard(
        currency=currency,
        moment=Moment(uow.now, uow.workspace.zone),
        outstanding=_own_first(currency, map(_outstanding, open_sums)),
        overdue=_own_first(currency, map(is_asked, late)),
        oldest_due_on=min((each.oldest for each in late), default=None),
        processing=_own_first(currency, processing),
        paid=_own_first(currency, paid),
        paid_before=_own_first(currency, paid_before),
        months=_months(uow),
        aging=tuple(_aging(currency, open_sums)),
        attention=tuple(_attention(uow)),
        activity=list_recent_activity(uow, ACTIVITY_MAX),
        steps=list_missing_steps(uow),
    )


@dataclass(frozen=True, slots=True)
class _OpenSum:
    currency: str
    bucket: Bucket
    minor: int
    count: int
    processing: int
    processing_count: int
    oldest: date


@inner
def sum_by_age(uow: UnitOfWork) -> tuple[BucketSum, ...]:
    """Sum up what all customers owe in the workspace's currency, by age."""
    return tuple(_aging(uow.workspace.currency, _open_sums(uow)))


@inner
def age_bucket(uow: UnitOfWork) -> Any:
    """Return the column that says how old what an invoice asks for is."""
    rules = read_late_rules(uow)
    today, due = uow.today, col(Invoice.due_key)
    return case(
        (due >= rules.late_before(today), Bucket.NOT_DUE.value),
        (due >= today - timedelta(days=30), Bucket.TO_30.value),
        (due >= today - timedelta(days=60), Bucket.TO_60.value),
        (due >= today - timedelta(days=90), Bucket.TO_90.value),
        else_=Bucket.OVER_90.value,
    )


def _open_sums(uow: UnitOfWork) -> list[_OpenSum]:
    """Sum up open invoices by currency and age; archived ones are owed too."""
    bucket, due = age_bucket(uow), col(Invoice.due_key)
    processing = col(Invoice.processing_minor)
    rows = uow.all(
        select(
            col(Invoice.currency),
            bucket.label("bucket"),
            func.sum(Invoice.outstanding_minor),
            func.count(),
            func.sum(processing),
            func.sum(case((processing > 0, 1), else_=0)),
            func.min(due),
        )
        .where(col(Invoice.phase).in_(OWED_PHASES))
        .group_by(col(Invoice.currency), bucket)
    )
    return [
        _OpenSum(
            row[0], Bucket(row[1]), int(row[2]), row[3], int(row[4]), row[5], row[6]
        )
        for row in rows
    ]


def _outstanding(each: _OpenSum) -> tuple[str, int, int]:
    return each.currency, each.minor, each.count


def _still_asked(each: _OpenSum) -> tuple[str, int, int]:
    """Leave out what a bank debit is bringing."""
    return each.currency, each.minor - each.processing, each.count


def _aging(currency: str, sums: list[_OpenSum]) -> Iterator[BucketSum]:
    own = {each.bucket: each for each in sums if each.currency == currency}
    for bucket in Bucket:
        found = own.get(bucket)
        minor, count = (found.minor, found.count) if found else (0, 0)
        yield BucketSum(bucket, minor, count)


def _paid_this_month_and_before(
    uow: UnitOfWork,
) -> Iterator[list[tuple[str, int, int]]]:
    """Sum up this month's payments, then last month's up to the same day."""
    first, last = month_start(uow.today), uow.today
    for months in (0, -1):
        span = DateRange(add_months(first, months), add_months(last, months))
        yield [
            (each.currency, each.kept_minor, each.payment_count)
            for each in sum_received(uow, span)
        ]


def _months(uow: UnitOfWork) -> tuple[MonthSums, ...]:
    since = add_months(month_start(uow.today), 1 - MONTHS)
    invoiced = _by_month(
        uow,
        Invoice.issued_on,
        Invoice.total_minor,
        col(Invoice.issued_on).between(since, uow.today),
        col(Invoice.state) == InvoiceState.ISSUED.value,
        col(Invoice.currency) == uow.workspace.currency,
    )
    paid = _by_month(
        uow,
        Payment.received_on,
        Payment.amount_minor,
        col(Payment.received_on).between(since, uow.today),
        col(Payment.status) == PaymentStatus.SETTLED.value,
        col(Payment.currency) == uow.workspace.currency,
    )
    refunded = _by_month(
        uow,
        Refund.refunded_on,
        Refund.amount_minor,
        col(Refund.refunded_on).between(since, uow.today),
        OF_PAYMENT,
        col(Payment.status) == PaymentStatus.SETTLED.value,
        col(Payment.currency) == uow.workspace.currency,
    )
    firsts = [add_months(since, months) for months in range(MONTHS)]
    return tuple(
        MonthSums(
            first,
            invoiced.get((first.year, first.month), 0),
            paid.get((first.year, first.month), 0)
            - refunded.get((first.year, first.month), 0),
        )
        for first in firsts
    )


def _by_month(
    uow: UnitOfWork, day: Any, amount: Any, *conditions: Any
) -> dict[tuple[int, int], int]:
    year, month = extract("year", day), extract("month", day)
    rows = uow.all(
        select(year, month, func.sum(amount)).where(*conditions).group_by(year, month)
    )
    return {(int(row[0]), int(row[1])): int(row[2]) for row in rows}


def _attention(uow: UnitOfWork) -> Iterator[Attention]:
    yield from _open_disputes(uow)
    yield from _unread_comments(uow)
    yield from _failed_mails(uow)
    yield from _broken_promises(uow)
    yield from _held_payments(uow)
    yield from _failed_attempts(uow)
    yield from _waiting_events(uow)


def _failed_mails(uow: UnitOfWork) -> Iterator[Attention]:
    columns: tuple[Any, ...] = (
        OutboxMessage.id,
        OutboxMessage.invoice_id,
        Invoice.number,
        Invoice.customer_name,
        OutboxMessage.last_error,
        Invoice.outstanding_minor,
        Invoice.currency,
        OutboxMessage.failed_at,
    )
    rows = uow.all(
        select(*columns)
        .outerjoin(Invoice, col(Invoice.id) == col(OutboxMessage.invoice_id))
        .where(
            col(OutboxMessage.failed_at).is_not(None),
            col(OutboxMessage.done_at).is_(None),
            col(OutboxMessage.topic).startswith("mail."),
        )
        .order_by(col(OutboxMessage.failed_at).desc())
        .limit(ATTENTION_MAX)
    )
    return (_noticed(AttentionKind.MAIL_FAILED, row) for row in rows)


def _open_disputes(uow: UnitOfWork) -> Iterator[Attention]:
    columns: tuple[Any, ...] = (
        Dispute.id,
        Dispute.invoice_id,
        Invoice.number,
        Invoice.customer_name,
        Dispute.reason,
        Dispute.amount_minor,
        Dispute.currency,
        Dispute.opened_at,
    )
    rows = uow.all(
        select(*columns)
        .join(Invoice, col(Invoice.id) == col(Dispute.invoice_id))
        .where(col(Dispute.resolved_at).is_(None))
        .order_by(col(Dispute.id).desc())
        .limit(ATTENTION_MAX)
    )
    return (_noticed(AttentionKind.DISPUTE_OPEN, row) for row in rows)


def _unread_comments(uow: UnitOfWork) -> Iterator[Attention]:
    for it in list_unread(uow, ATTENTION_MAX):
        yield Attention(
            kind=AttentionKind.COMMENT_UNREAD,
            row_id=it.comment_id,
            invoice_id=it.invoice_id,
            invoice_number=it.invoice_number,
            customer_name=it.customer_name,
            reason=it.body,
            minor=None,
            currency="",
            at=it.at,
            count=it.count,
        )


def _broken_promises(uow: UnitOfWork) -> Iterator[Attention]:
    since = uow.today - BROKEN_LATELY
    promises = {it.invoice_id: it for it in list_broken(uow, since, ATTENTION_MAX)}
    rows = uow.all(
        select(col(Invoice.id), col(Invoice.number), col(Invoice.customer_name)).where(
            col(Invoice.id).in_(promises)
        )
    )
    names = {row.id: (row.number or "", row.customer_name) for row in rows}
    for invoice_id, it in promises.items():
        number, customer = names[invoice_id]
        yield Attention(
            kind=AttentionKind.PROMISE_BROKEN,
            row_id=it.id,
            invoice_id=invoice_id,
            invoice_number=number,
            customer_name=customer,
            reason="",
            minor=it.amount_minor,
            currency=it.currency,
            at=it.made_at,
            promised_on=it.promised_on,
        )


def _held_payments(uow: UnitOfWork) -> Iterator[Attention]:
    columns: tuple[Any, ...] = (
        Payment.id,
        Payment.invoice_id,
        Invoice.number,
        Customer.name,
        Payment.hold_reason,
        Payment.amount_minor,
        Payment.currency,
        Payment.created_at,
    )
    rows = uow.all(
        select(*columns)
        .outerjoin(Invoice, col(Invoice.id) == col(Payment.invoice_id))
        .outerjoin(Customer, col(Customer.id) == col(Payment.customer_id))
        .where(col(Payment.status) == PaymentStatus.HELD.value)
        .order_by(col(Payment.received_on).desc(), col(Payment.id).desc())
        .limit(ATTENTION_MAX)
    )
    return (_noticed(AttentionKind.PAYMENT_HELD, row) for row in rows)


def _failed_attempts(uow: UnitOfWork) -> Iterator[Attention]:
    columns: tuple[Any, ...] = (
        PaymentAttempt.id,
        PaymentAttempt.invoice_id,
        Invoice.number,
        Invoice.customer_name,
        PaymentAttempt.failure,
        PaymentAttempt.amount_minor,
        PaymentAttempt.currency,
        PaymentAttempt.changed_at,
    )
    rows = uow.all(
        select(*columns)
        .join(Invoice, col(Invoice.id) == col(PaymentAttempt.invoice_id))
        .where(
            col(PaymentAttempt.status) == "failed",
            col(PaymentAttempt.changed_at) > uow.now - FAILED_LATELY,
            col(Invoice.outstanding_minor) > 0,
        )
        .order_by(col(PaymentAttempt.id).desc())
        .limit(ATTENTION_MAX)
    )
    return (_noticed(AttentionKind.ATTEMPT_FAILED, row) for row in rows)


def _waiting_events(uow: UnitOfWork) -> Iterator[Attention]:
    late = (col(InboundEvent.status) == "waiting") & (
        col(InboundEvent.received_at) < uow.now - WAITING_LONG
    )
    rows = uow.all(
        select(
            col(InboundEvent.id),
            col(InboundEvent.kind),
            col(InboundEvent.last_error),
            col(InboundEvent.received_at),
        )
        .where(late | (col(InboundEvent.status) == "quarantined"))
        .order_by(col(InboundEvent.received_at).desc())
        .limit(ATTENTION_MAX)
    )
    for row in rows:
        yield Attention(
            kind=AttentionKind.EVENT_WAITING,
            row_id=row.id,
            invoice_id=None,
            invoice_number="",
            customer_name="",
            reason=row.last_error or row.kind,
            minor=None,
            currency="",
            at=row.received_at,
        )


def _noticed(kind: AttentionKind, row: Any) -> Attention:
    row_id, invoice_id, number, customer, reason, minor, currency, at = row
    return Attention(
        kind=kind,
        row_id=row_id,
        invoice_id=invoice_id,
        invoice_number=number or "",
        customer_name=customer or "",
        reason=reason,
        minor=minor if currency else None,
        currency=currency or "",
        at=at,
    )


def _own_first(currency: str, parts: Iterable[tuple[str, int, int]]) -> tuple[Sum, ...]:
    """Add up by currency: the workspace's own always, the others where there is any."""
    minor_by_currency: dict[str, int] = {currency: 0}
    count_by_currency: dict[str, int] = {currency: 0}
    for name, minor, count in parts:
        minor_by_currency[name] = minor_by_currency.get(name, 0) + int(minor)
        count_by_currency[name] = count_by_currency.get(name, 0) + count
    names = sorted(minor_by_currency, key=lambda name: (name != currency, name))
    return tuple(
        Sum(name, minor_by_currency[name], count_by_currency[name])
        for name in names
        if name == currency or count_by_currency[name]
    )
