"""What a customer's account did in a period, for the customer and for staff."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlmodel import col

from billing_app.database.access import exporting_visitor, inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, PortalVisitor
from billing_app.domain.aging import AgeBucket, age_of
from billing_app.domain.asked import undisputed_minor
from billing_app.domain.dates import Moment, end_of_day
from billing_app.domain.errors import LimitReached, NotFound
from billing_app.domain.invoice import OPEN_PHASES, InvoiceState
from billing_app.domain.payment import PaymentStatus
from billing_app.domain.statement import ENTRIES_MAX, Entry, EntryKind, Section, Span
from billing_app.models import CreditNote, Invoice, Payment, Refund, WriteOff
from billing_app.queries.portal_rules import read_late_rules

_TOO_MANY = (
    f"More than {ENTRIES_MAX:,} movements lie in this period. Choose a shorter one."
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose statement, over which days; instants are read in the zone.

    Attributes:
        grace_days: after the due date, before anything is late.
    """

    customer_id: int
    span: Span
    zone: str
    today: date
    grace_days: int


@exporting_visitor
def read_own_statement(
    uow: UnitOfWork, span: Span, moment: Moment, grace_days: int
) -> tuple[Section, ...]:
    """Return the movements of the visitor's own account, one section a currency.

    Raises:
        NotPermitted: a preview by somebody who may not export.
        NotFound: the link opens one invoice and no account.
        LimitReached: too many movements for one statement.
    """
    assert isinstance(uow.actor, PortalVisitor)
    if uow.actor.invoice_id is not None:
        raise NotFound("Invoice not found.")
    asked = _Asked(uow.actor.customer_id, span, moment.zone, moment.today, grace_days)
    return _sections(uow, asked)


@staff(Permission.EXPORT)
def read_statement(
    uow: UnitOfWork, customer_id: int, span: Span
) -> tuple[Section, ...]:
    """Return the same for staff, of what the customer may see."""
    grace_days = read_late_rules(uow).grace_days
    asked = _Asked(customer_id, span, uow.workspace.zone, uow.today, grace_days)
    return _sections(uow, asked)


@inner
def _sections(uow: UnitOfWork, asked: _Asked) -> tuple[Section, ...]:
    opening = _opening(uow, asked)
    entries: dict[str, list[Entry]] = defaultdict(list)
    found = 0
    for part in (_invoices, _voided, _credited, _adjusted, _payments, _refunds):
        rows = part(uow, asked)
        found += len(rows)
        if found > ENTRIES_MAX:
            raise LimitReached(_TOO_MANY)
        for currency, entry in rows:
            entries[currency].append(entry)
    ages, credit = _ages(uow, asked), _credit(uow, asked)
    names = {*opening, *entries, *ages, *credit}
    return tuple(
        Section(
            currency=currency,
            opening_minor=opening.get(currency, 0),
            entries=tuple(sorted(entries[currency], key=_order)),
            ages=tuple((b, ages.get(currency, {}).get(b, 0)) for b in AgeBucket),
            credit_minor=credit.get(currency, 0),
        )
        for currency in sorted(names)
    )


def _order(entry: Entry) -> tuple[date, int, str]:
    """Sort within a day as a bookkeeper would: first what is owed, then what came."""
    return entry.on, list(EntryKind).index(entry.kind), entry.reference


def _opening(uow: UnitOfWork, asked: _Asked) -> dict[str, int]:
    """Return the balance before the first day: what was billed, less what was taken
    back or paid.
    """
    first = asked.span.first
    started = _start_of(first, asked.zone)
    sums: dict[str, int] = defaultdict(int)
    billed = _billed(asked, _sum(Invoice.due_minor)).where(
        col(Invoice.issued_on) < first
    )
    void = _billed(asked, _sum(Invoice.due_minor)).where(
        col(Invoice.state) == InvoiceState.VOID, col(Invoice.voided_at) < started
    )
    credited = _taken_back(asked, _sum(CreditNote.amount_minor)).where(
        col(CreditNote.issued_on) < first
    )
    adjusted = _given_up(asked, _sum(WriteOff.amount_minor)).where(
        col(WriteOff.written_on) < first
    )
    paid = _received(asked, _sum(Payment.amount_minor)).where(
        col(Payment.received_on) < first
    )
    returned = _returned(asked, _sum(Refund.amount_minor)).where(
        col(Refund.refunded_on) < first
    )
    for sign, statement, currency in (
        (1, billed, Invoice.currency),
        (-1, void, Invoice.currency),
        (-1, credited, CreditNote.currency),
        (-1, adjusted, WriteOff.currency),
        (-1, paid, Payment.currency),
        (1, returned, Payment.currency),
    ):
        for name, minor in uow.all(statement.group_by(col(currency))):
            sums[name] += sign * minor
    return {name: minor for name, minor in sums.items() if minor}


def _invoices(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    statement = (
        _billed(
            asked,
            col(Invoice.issued_on),
            col(Invoice.number),
            col(Invoice.purchase_order),
            col(Invoice.due_minor),
        )
        .where(col(Invoice.issued_on).between(asked.span.first, asked.span.last))
        .order_by(col(Invoice.issued_on), col(Invoice.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (name, Entry(on, EntryKind.INVOICE, number, order, minor))
        for name, on, number, order, minor in uow.all(statement)
    ]


def _voided(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    zone = ZoneInfo(asked.zone)
    statement = (
        _billed(
            asked,
            col(Invoice.voided_at),
            col(Invoice.number),
            col(Invoice.due_minor),
        )
        .where(
            col(Invoice.state) == InvoiceState.VOID,
            col(Invoice.voided_at) >= _start_of(asked.span.first, asked.zone),
            col(Invoice.voided_at) < end_of_day(asked.span.last, asked.zone),
        )
        .order_by(col(Invoice.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (name, Entry(at.astimezone(zone).date(), EntryKind.VOID, number, "", -minor))
        for name, at, number, minor in uow.all(statement)
    ]


def _credited(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    statement = (
        _taken_back(
            asked,
            col(CreditNote.issued_on),
            col(CreditNote.number),
            col(Invoice.number).label("invoice_number"),
            col(CreditNote.amount_minor),
        )
        .where(col(CreditNote.issued_on).between(asked.span.first, asked.span.last))
        .order_by(col(CreditNote.issued_on), col(CreditNote.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (name, Entry(on, EntryKind.CREDIT_NOTE, number, invoice_number, -minor))
        for name, on, number, invoice_number, minor in uow.all(statement)
    ]


def _adjusted(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    """List what was given up, and what of it is asked for again."""
    statement = (
        _given_up(
            asked,
            col(WriteOff.written_on),
            col(Invoice.number),
            col(WriteOff.amount_minor),
        )
        .where(col(WriteOff.written_on).between(asked.span.first, asked.span.last))
        .order_by(col(WriteOff.written_on), col(WriteOff.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (name, Entry(on, EntryKind.ADJUSTMENT, number, "", -minor))
        for name, on, number, minor in uow.all(statement)
    ]


def _payments(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    statement = (
        _received(
            asked,
            col(Payment.received_on),
            col(Payment.reference),
            col(Payment.method),
            col(Payment.method_detail),
            col(Payment.amount_minor),
        )
        .where(col(Payment.received_on).between(asked.span.first, asked.span.last))
        .order_by(col(Payment.received_on), col(Payment.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (
            name,
            Entry(on, EntryKind.PAYMENT, reference, detail, -minor, way),
        )
        for name, on, reference, way, detail, minor in uow.all(statement)
    ]


def _refunds(uow: UnitOfWork, asked: _Asked) -> list[tuple[str, Entry]]:
    statement = (
        _returned(
            asked,
            col(Refund.refunded_on),
            col(Payment.reference),
            col(Refund.amount_minor),
        )
        .where(col(Refund.refunded_on).between(asked.span.first, asked.span.last))
        .order_by(col(Refund.refunded_on), col(Refund.id))
        .limit(ENTRIES_MAX + 1)
    )
    return [
        (name, Entry(on, EntryKind.REFUND, reference, "", minor))
        for name, on, reference, minor in uow.all(statement)
    ]


def _ages(uow: UnitOfWork, asked: _Asked) -> dict[str, dict[AgeBucket, int]]:
    """Return what is outstanding today by age; disputes apart."""
    phases = [*OPEN_PHASES, *(phase.archived for phase in OPEN_PHASES)]
    statement = (
        _billed(
            asked,
            col(Invoice.due_on),
            _sum(Invoice.outstanding_minor),
            _sum(Invoice.disputed_minor),
        )
        .where(col(Invoice.phase).in_(phases))
        .group_by(col(Invoice.currency), col(Invoice.due_on))
    )
    ages: dict[str, dict[AgeBucket, int]] = defaultdict(lambda: defaultdict(int))
    for name, due_on, outstanding, disputed in uow.all(statement):
        undisputed = undisputed_minor(outstanding, disputed)
        ages[name][age_of(due_on, asked.today, asked.grace_days)] += undisputed
        ages[name][AgeBucket.DISPUTED] += outstanding - undisputed
    return ages


def _credit(uow: UnitOfWork, asked: _Asked) -> dict[str, int]:
    left = (
        col(Payment.amount_minor)
        - col(Payment.allocated_minor)
        - col(Payment.refunded_minor)
    )
    statement = _received(asked, _sum(left)).group_by(col(Payment.currency))
    return {name: minor for name, minor in uow.all(statement) if minor}


# A visitor's session is limited to the same rows anyway; staff name the customer.


def _billed(asked: _Asked, *columns: Any) -> Any:
    return select(col(Invoice.currency), *columns).where(
        col(Invoice.customer_id) == asked.customer_id,
        col(Invoice.published_at).is_not(None),
    )


def _taken_back(asked: _Asked, *columns: Any) -> Any:
    return (
        select(col(CreditNote.currency), *columns)
        .select_from(CreditNote)
        .join(
            Invoice,
            and_(
                col(Invoice.workspace_id) == col(CreditNote.workspace_id),
                col(Invoice.id) == col(CreditNote.invoice_id),
            ),
        )
        .where(
            col(CreditNote.customer_id) == asked.customer_id,
            col(CreditNote.shown_at).is_not(None),
        )
    )


def _given_up(asked: _Asked, *columns: Any) -> Any:
    return (
        select(col(WriteOff.currency), *columns)
        .select_from(WriteOff)
        .join(
            Invoice,
            and_(
                col(Invoice.workspace_id) == col(WriteOff.workspace_id),
                col(Invoice.id) == col(WriteOff.invoice_id),
            ),
        )
        .where(
            col(WriteOff.customer_id) == asked.customer_id,
            col(Invoice.published_at).is_not(None),
        )
    )


def _received(asked: _Asked, *columns: Any) -> Any:
    return select(col(Payment.currency), *columns).where(
        col(Payment.customer_id) == asked.customer_id,
        col(Payment.status) == PaymentStatus.SETTLED,
    )


def _returned(asked: _Asked, *columns: Any) -> Any:
    return (
        select(col(Payment.currency), *columns)
        .select_from(Refund)
        .join(
            Payment,
            and_(
                col(Payment.workspace_id) == col(Refund.workspace_id),
                col(Payment.id) == col(Refund.payment_id),
            ),
        )
        .where(
            col(Payment.customer_id) == asked.customer_id,
            col(Payment.status) == PaymentStatus.SETTLED,
        )
    )


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _start_of(on: date, zone: str) -> datetime:
    return end_of_day(date.fromordinal(on.toordinal() - 1), zone)
