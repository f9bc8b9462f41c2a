"""Payments as staff list them, with what came in by currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.prefix import begins_as_typed
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment, month_start
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text, find_amounts
from billing_app.domain.payment import PaymentMethod, PaymentStatus
from billing_app.models import Allocation, Customer, Invoice, Member, Payment
from billing_app.queries.invoices import (
    TEXT_LENGTH_MAX,
    DateRange,
    has_decimals,
    parse_range,
    parse_row_id,
)
from billing_app.queries.names import holds_name
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Key,
    Page,
    Paging,
    make_page,
    make_walk,
)
from billing_app.queries.received import Received, sum_received, within

_FOUND_MAX = 1_000


class PaymentSort(StrEnum):
    """What a list of payments can be sorted by."""

    RECEIVED = "received"
    AMOUNT = "amount"


_SORTS: dict[PaymentSort, tuple[Any, type[Key]]] = {
    PaymentSort.RECEIVED: (Payment.received_on, date),
    PaymentSort.AMOUNT: (Payment.amount_minor, int),
}


_SHOWN: tuple[Any, ...] = (
    Payment.id,
    Payment.received_on,
    Payment.customer_id,
    Payment.method,
    Payment.method_detail,
    Payment.reference,
    Payment.status,
    Payment.hold_reason,
    Payment.amount_minor,
    Payment.allocated_minor,
    Payment.refunded_minor,
    Payment.currency,
)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments, in which order.

    Attributes:
        text: part of a customer's name, the beginning of an invoice's number or of a
            reference, or the very amount.
    """

    status: PaymentStatus | None = None
    method: PaymentMethod | None = None
    text: str = ""
    customer_id: int | None = None
    received: DateRange = field(default_factory=DateRange)
    sort: PaymentSort = PaymentSort.RECEIVED
    is_descending: bool = True
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice that a payment pays a part of."""

    id: int
    number: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment in a list. Amounts in minor units of `currency`.

    Attributes:
        credit_minor: settled money that no invoice has taken; the customer's.
        refunded_minor: returned to the customer so far.
        recorded_by: the member's name; empty when the customer paid online.
    """

    id: int
    received_on: date
    customer_id: int
    customer_name: str
    invoices: tuple[PaidInvoice, ...]
    method: str
    method_detail: str
    reference: str
    status: PaymentStatus
    hold_reason: str
    amount_minor: int
    credit_minor: int
    refunded_minor: int
    currency: str
    recorded_by: str
    sort_key: Key

    @property
    def net_minor(self) -> int:
        """What it adds to the money received; nothing while held, or taken back."""
        is_settled = self.status == PaymentStatus.SETTLED
        return self.amount_minor - self.refunded_minor if is_settled else 0


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """A page of payments, their capped count, and what came in by currency.

    Attributes:
        received: settled payments of the days in `days`, and what was refunded in
            them, whatever else is filtered but the customer.
    """

    page: Page[PaymentRow] = field(default_factory=lambda: Page())
    count: Count = field(default_factory=Count)
    days: DateRange = field(default_factory=DateRange)
    received: tuple[Received, ...] = ()
    moment: Moment = field(default_factory=Moment)


def parse_payment_filter(typed: Mapping[str, str]) -> PaymentFilter:
    """Read a filter from the parameters of an address.

    `status, method, q, customer, received, sort, after, before`, as for invoices.

    Raises:
        InvalidInput: a value that no page of ours would have put there.
    """
    wanted = typed.get("sort", "") or f"-{PaymentSort.RECEIVED}"
    sort = wanted.removeprefix("-")
    if sort not in {known.value for known in PaymentSort}:
        raise InvalidInput(f"The list can't be sorted by “{sort[:40]}”.", field="sort")
    status, method = typed.get("status", ""), typed.get("method", "")
    if status and status not in {known.value for known in PaymentStatus}:
        raise InvalidInput(f"There is no status “{status[:40]}”.", field="status")
    if method and method not in {known.value for known in PaymentMethod}:
        raise InvalidInput(f"There is no method “{method[:40]}”.", field="method")
    return PaymentFilter(
        status=PaymentStatus(status) if status else None,
        method=PaymentMethod(method) if method else None,
        text=clean_text(typed.get("q", ""), length_max=TEXT_LENGTH_MAX, field="q"),
        customer_id=parse_row_id(typed.get("customer", ""), "customer"),
        received=parse_range(typed.get("received", ""), "received"),
        sort=PaymentSort(sort),
        is_descending=wanted.startswith("-"),
        paging=Paging(after=typed.get("after", ""), before=typed.get("before", "")),
    )


@staff(Permission.VIEW)
def list_payments(uow: UnitOfWork, wanted: PaymentFilter) -> PaymentPage:
    """Return one page of payments, their capped count and sums by currency.

    Raises:
        InvalidInput: the place to go on from was not made by this list.
    """
    conditions = _conditions(uow, wanted)
    every = select(col(Payment.id)).where(*conditions).limit(COUNT_MAX + 1)
    days = wanted.received
    if days.is_open:
        days = DateRange(month_start(uow.today), uow.today)
    return PaymentPage(
        page=payment_page(uow, wanted, conditions),
        count=Count(uow.count(every)),
        days=days,
        received=sum_received(uow, days, wanted.customer_id),
        moment=Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.EXPORT)
def export_payments(uow: UnitOfWork, wanted: PaymentFilter) -> Page[PaymentRow]:
    """Return one page for an export; `older` leads to the next."""
    return payment_page(uow, wanted, _conditions(uow, wanted))


@inner
def payment_page(
    uow: UnitOfWork, wanted: PaymentFilter, conditions: Sequence[Any]
) -> Page[PaymentRow]:
    key, key_type = _SORTS[wanted.sort]
    row_id = col(Payment.id)
    walk = make_walk(col(key), row_id, key_type, wanted.is_descending, wanted.paging)
    # The page is cut before it is joined, so that only its rows are looked up.
    ids = (
        select(row_id)
        .where(*conditions, *walk.beyond())
        .order_by(*walk.order())
        .limit(wanted.paging.rows_wanted)
    )
    statement = (
        select(
            *_SHOWN,
            col(Customer.name).label("customer_name"),
            col(Member.name).label("recorded_by"),
            col(key).label("sort_key"),
        )
        .outerjoin(Customer, col(Customer.id) == col(Payment.customer_id))
        .outerjoin(Member, col(Member.id) == col(Payment.recorded_by))
        .where(row_id.in_([row.id for row in uow.all(ids)]))
        .order_by(*walk.order())
    )
    rows = uow.all(statement)
    paid = paid_invoices(uow, [row.id for row in rows])
    found = [_row(row, paid.get(row.id, ())) for row in rows]
    return make_page(
        found, wanted.paging, walk, lambda row: Cursor(row.sort_key, row.id)
    )


def _row(row: Any, invoices: tuple[PaidInvoice, ...]) -> PaymentRow:
    is_settled = row.status == PaymentStatus.SETTLED
    spent = row.allocated_minor + row.refunded_minor
    return PaymentRow(
        id=row.id,
        received_on=row.received_on,
        customer_id=row.customer_id,
        customer_name=row.customer_name or "",
        invoices=invoices,
        method=row.method,
        method_detail=row.method_detail,
        reference=row.reference,
        status=PaymentStatus(row.status),
        hold_reason=row.hold_reason,
        amount_minor=row.amount_minor,
        credit_minor=row.amount_minor - spent if is_settled else 0,
        refunded_minor=row.refunded_minor,
        currency=row.currency,
        recorded_by=row.recorded_by or "",
        sort_key=row.sort_key,
    )


@inner
def paid_invoices(
    uow: UnitOfWork, payment_ids: list[int]
) -> dict[int, tuple[PaidInvoice, ...]]:
    """Return the invoices that each payment pays now, oldest first."""
    statement = (
        select(col(Allocation.payment_id), col(Invoice.id), col(Invoice.number))
        .join(Invoice, col(Invoice.id) == col(Allocation.invoice_id))
        .where(col(Allocation.payment_id).in_(payment_ids))
        .group_by(col(Allocation.payment_id), col(Invoice.id), col(Invoice.number))
        .having(func.sum(Allocation.amount_minor) > 0)
        .order_by(col(Invoice.id))
    )
    paid: dict[int, tuple[PaidInvoice, ...]] = {}
    for payment_id, invoice_id, number in uow.all(statement):
        one = PaidInvoice(invoice_id, number or "")
        paid[payment_id] = (*paid.get(payment_id, ()), one)
    return paid


def _conditions(uow: UnitOfWork, wanted: PaymentFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.status is not None:
        conditions.append(col(Payment.status) == wanted.status.value)
    if wanted.method is not None:
        conditions.append(col(Payment.method) == wanted.method.value)
    if wanted.customer_id is not None:
        conditions.append(col(Payment.customer_id) == wanted.customer_id)
    conditions += within(col(Payment.received_on), wanted.received)
    if wanted.text:
        conditions.append(_matches_text(uow, wanted.text))
    return conditions


def _matches_text(uow: UnitOfWork, text: str) -> Any:
    """Match each way by an index of its own: the few there are, by their ids.

    Of many the next page is soon found without. Customers and invoices are looked up
    first, a thousand of each at most.
    """
    customers = (
        select(col(Customer.id))
        .where(holds_name(Customer.name_key, text))
        .limit(_FOUND_MAX)
    )
    invoices = (
        select(col(Invoice.id))
        .where(or_(*begins_as_typed(col(Invoice.number), text)))
        .limit(_FOUND_MAX)
    )
    ways = [
        col(Payment.customer_id).in_([row.id for row in uow.all(customers)]),
        col(Payment.invoice_id).in_([row.id for row in uow.all(invoices)]),
        *begins_as_typed(col(Payment.reference), text),
    ]
    amounts = [
        (col(Payment.amount_minor) == minor)
        & has_decimals(col(Payment.currency), decimals)
        for decimals, minor in find_amounts(text).items()
    ]
    row_id = col(Payment.id)
    looks = [
        *(select(row_id).where(way) for way in ways),
        # In the order of the amounts' own index, or SQLite takes another.
        *(select(row_id).where(way).order_by(row_id) for way in amounts),
    ]
    ids: set[int] = set()
    for look in looks:
        ids.update(row.id for row in uow.all(look.limit(_FOUND_MAX + 1)))
        if len(ids) > _FOUND_MAX:
            return or_(*ways, *amounts)
    return row_id.in_(ids)
